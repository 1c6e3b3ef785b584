// SPDX-License-Identifier: GPL-2.0-only
/* Ending a domain whatever its guest and its VMM process do. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ask.h"
#include "destroy.h"
#include "domains.h"
#include "duration.h"
#include "output.h"

#define POLITE_MS	2000
#define KILLED_MS	10000	/* until the kernel has all memory back */
#define ENDED_MS	1000	/* from the domain's end to its process's */

/* Return: 0 if the VMM process has been asked; else a negative errno value. */
static int ask_to_end(struct verb_context *ctx, int64_t deadline)
{
	static struct control_reply reply;
	int fd = control_connect(ctx->device, &ctx->domain, deadline);
	int err;

	if (fd < 0)
		return -errno;
	err = control_ask(fd, CONTROL_DESTROY, 0, -1) ||
	      control_answer(fd, CONTROL_DESTROY, &reply, deadline) ?
	      errno : reply.status;
	close(fd);
	return -err;
}

/*
 * The descriptor holds the process, so that its number can't come to mean
 * another one; that the domain is still there and still its own then proves
 * that it is the right process. Return: the descriptor or a negative errno value
 */
static int open_vmm(struct verb_context *ctx)
{
	struct hvmod_domain_info now;
	int fd, err = ESRCH;

	if (!ctx->domain.owner_pid)
		return -ESRCH;
	fd = syscall(SYS_pidfd_open, ctx->domain.owner_pid, 0);
	if (fd < 0)
		return -errno;
	if (domain_by_id(ctx->device, ctx->domain.id, &now))
		err = errno == ENOENT ? ESRCH : errno;
	else if (now.owner_pid == ctx->domain.owner_pid)
		return fd;
	close(fd);
	return -err;
}

/* @vmm: the VMM process, or a negative errno value: why there is no hold of it */
static int tell(int vmm, int number)
{
	if (vmm < 0)
		return vmm;
	return syscall(SYS_pidfd_send_signal, vmm, number, NULL, 0) ? -errno : 0;
}

static int destroy(struct verb_context *ctx, int vmm)
{
	int64_t polite = deadline_in(POLITE_MS);
	int err = ask_to_end(ctx, polite);

	/* Whoever is not allowed to ask is not allowed to kill. */
	if (err == -EACCES || err == -EPERM)
		return ask_fail(ctx, "destroy", -err);
	if (err == -ETIMEDOUT)
		polite = deadline_in(0);
	/* There is no socket, or not one of ours: it may be well, and tidy up. */
	else if (err && err != -ESRCH && err != -ESHUTDOWN && err != -ECONNRESET)
		polite = deadline_in(tell(vmm, SIGTERM) ? 0 : POLITE_MS);
	if (!domain_wait_gone(ctx->device, ctx->domain.id, polite))
		return HVCTL_OK;
	if (globals.verbose)
		note("%s: its VMM process does not answer and is killed", ctx->domain.name);
	err = tell(vmm, SIGKILL);
	if (err && err != -ESRCH)
		return ask_fail(ctx, "destroy", -err);
	if (!domain_wait_gone(ctx->device, ctx->domain.id, deadline_in(KILLED_MS)))
		return HVCTL_OK;
	return fail(HVCTL_TIMEOUT, ETIMEDOUT, ctx->domain.name,
		    "see 'dmesg'; another process may hold the domain's descriptors",
		    "cannot destroy: its VMM process was killed, but it is still there");
}

int destroy_domain(struct verb_context *ctx)
{
	struct pollfd vmm = { .fd = open_vmm(ctx), .events = POLLIN };
	int ret = destroy(ctx, vmm.fd);

	if (vmm.fd < 0)
		return ret;
	/*
	 * It has closed its descriptors when it has ended, and the module can go.
	 * One that goes on without its domain is nobody's business.
	 */
	if (!ret)
		poll(&vmm, 1, ENDED_MS);
	close(vmm.fd);
	return ret;
}
