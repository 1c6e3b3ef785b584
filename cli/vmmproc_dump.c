// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VMM process of a domain: writing a core. A thread does it: a slow disk
 * must not keep the process from answering.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control.h"
#include "vmm/vmm.h"
#include "vmmproc_impl.h"

static void *dump(void *data)
{
	struct dumper *dumper = data;
	uint64_t one = 1;

	dumper->error = vmm_dump(dumper->vmm, dumper->fd, &dumper->cancel) ? errno : 0;
	while (write(dumper->done.fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	return NULL;
}

static void finish(struct vmmproc *proc)
{
	struct dumper *dumper = &proc->dumper;

	pthread_join(dumper->thread, NULL);
	close(dumper->fd);
	dumper->active = false;
}

static void done_ready(struct watch *watch, uint32_t events)
{
	struct vmmproc *proc = container_of(watch, struct vmmproc, dumper.done);
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) != sizeof(count) ||
	    !proc->dumper.active)
		return;
	finish(proc);
	vmmproc_log("core: %s", proc->dumper.error ? strerror(proc->dumper.error) : "written");
	control_finish(proc->control, CONTROL_DUMP, proc->dumper.error, 0, "");
	vmmproc_halted(proc);
}

int dumper_init(struct vmmproc *proc)
{
	proc->dumper.done.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	proc->dumper.done.ready = done_ready;
	if (proc->dumper.done.fd < 0)
		return -1;
	return loop_add(&proc->loop, &proc->dumper.done, EPOLLIN);
}

int dumper_start(struct vmmproc *proc, int fd)
{
	struct dumper *dumper = &proc->dumper;
	int err;

	if (dumper->active)
		return -ETXTBSY;
	dumper->vmm = proc->vmm;
	dumper->fd = fd;
	dumper->cancel = 0;
	err = pthread_create(&dumper->thread, NULL, dump, dumper);
	dumper->active = !err;
	return -err;
}

void dumper_cancel(struct vmmproc *proc)
{
	if (proc->dumper.active)
		__atomic_store_n(&proc->dumper.cancel, 1, __ATOMIC_RELAXED);
}

void dumper_end(struct vmmproc *proc)
{
	if (!proc->dumper.active)
		return;
	dumper_cancel(proc);
	finish(proc);
	if (proc->control)
		control_finish(proc->control, CONTROL_DUMP, ECANCELED, 0, "");
}
