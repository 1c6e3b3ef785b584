// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands in for cli/vmm: a guest that does what the words of its command line
 * say. It echoes what is typed, and ends when a line is the name of an outcome.
 *
 *	end=OUTCOME	end so, right after the start; debug needs a debug-exit port
 *	panic=-1	be a Linux without a root file system: it panics, and so resets, or crashes with reboot=t
 *	flood=BYTES	write so much at the start
 *	deaf		ignore the power button, and keep all vCPUs
 *	immortal	ignore vmm_stop()
 *	stuck		never return from vmm_pause()
 *	full		take no input
 *	die		the VMM process kills itself at the start
 *	lose		the process that serves its directory has gone
 *	lazy[=TENTHS]	write a core slowly, in a minute or so many tenths of a second
 *	slow		take two seconds to let go, after the domain has gone
 *	stiff		give no memory away
 *	talks		tell of its memory at the start, and when it is asked
 *	mumbles		tell of its memory at the start
 *	loop		want a restart after each restart
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler.h"
#include "duration.h"
#include "fake_kernel.h"
#include "vmm/vmm.h"

struct vmm {
	const struct vmm_ops *ops;
	void *ctx;
	char name[HVMOD_NAME_MAX];
	char cmdline[2048];
	uint32_t id;
	uint16_t debug_exit;
	uint32_t vsock_cid;
	uint64_t memory;
	uint64_t target;
	uint64_t told_ns;
	int domain;
	int input[2];
	pthread_t thread;
	pthread_mutex_t lock;
	bool started;
	bool paused;
	bool ended;
	enum vmm_outcome outcome;
	enum vmm_action halted;
	bool reboot;
	enum vmm_action on_poweroff;
	enum vmm_action on_reboot;
	enum vmm_action on_crash;
	unsigned int vcpus;		/* at most */
	unsigned int vcpus_there;
	unsigned int vcpus_wanted;
	cpu_set_t cpus[64];
	char error[64];
};

static const struct {
	const char *word;
	enum vmm_outcome outcome;
	uint32_t reason;
} outcomes[] = {
	{ "poweroff", VMM_POWEROFF, HVMOD_REASON_POWEROFF },
	{ "reset", VMM_RESET, HVMOD_REASON_RESET },
	{ "crash", VMM_CRASHED, HVMOD_REASON_TRIPLE_FAULT },
	{ "panic", VMM_PANIC, HVMOD_REASON_PANIC },
	{ "watchdog", VMM_WATCHDOG, HVMOD_REASON_WATCHDOG },
	{ "destroyed", VMM_DESTROYED, HVMOD_REASON_DESTROYED },
	{ "fail", VMM_FAILED, HVMOD_REASON_INTERNAL },
	{ "debug", VMM_DEBUG_EXIT + 43, HVMOD_REASON_POWEROFF },
};

static const char *word(const struct vmm *vmm, const char *key)
{
	return strstr(vmm->cmdline, key);
}

static enum vmm_action action_for(const struct vmm *vmm, enum vmm_outcome outcome)
{
	switch (outcome) {
	case VMM_POWEROFF:
		return vmm->reboot ? VMM_ACTION_RESTART : vmm->on_poweroff;
	case VMM_RESET:
		return vmm->on_reboot;
	case VMM_CRASHED:
	case VMM_PANIC:
	case VMM_WATCHDOG:
		return vmm->on_crash;
	default:
		return VMM_ACTION_DESTROY;
	}
}

/* Return: true if it is preserved or wants to begin again. */
static bool halt(struct vmm *vmm, size_t i)
{
	enum vmm_action action = action_for(vmm, outcomes[i].outcome);

	if (action == VMM_ACTION_DESTROY)
		return false;
	pthread_mutex_lock(&vmm->lock);
	vmm->halted = action;
	vmm->outcome = outcomes[i].outcome;
	pthread_mutex_unlock(&vmm->lock);
	if (action == VMM_ACTION_PRESERVE)
		fake_domain_state(vmm->domain, outcomes[i].outcome == VMM_CRASHED ?
				  HVMOD_STATE_CRASHED : HVMOD_STATE_SHUTDOWN, outcomes[i].reason);
	vmm->ops->halted(vmm->ctx);
	return true;
}

static void end(struct vmm *vmm, size_t i)
{
	bool first;

	pthread_mutex_lock(&vmm->lock);
	first = !vmm->ended;
	vmm->ended = true;
	pthread_mutex_unlock(&vmm->lock);
	if (!first)
		return;
	if (outcomes[i].outcome == VMM_FAILED)
		strcpy(vmm->error, "instruction 0f 0b at rip 0x1000\nhint: \033[31mreport it");
	fake_domain_state(vmm->domain, outcomes[i].reason == HVMOD_REASON_TRIPLE_FAULT ?
			  HVMOD_STATE_CRASHED : HVMOD_STATE_SHUTDOWN, outcomes[i].reason);
	vmm->ops->ended(vmm->ctx, outcomes[i].outcome);
}

static void print(struct vmm *vmm, const char *text, size_t len)
{
	vmm->ops->console_output(vmm->ctx, (const uint8_t *)text, len);
}

static void flood(struct vmm *vmm, size_t bytes)
{
	char line[] = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop\r\n";

	for (; bytes >= sizeof(line) - 1; bytes -= sizeof(line) - 1)
		print(vmm, line, sizeof(line) - 1);
}

static bool end_by_name(struct vmm *vmm, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(outcomes); i++) {
		if (outcomes[i].outcome > VMM_DEBUG_EXIT && !vmm->debug_exit)
			continue;
		if (strlen(outcomes[i].word) == len && !memcmp(outcomes[i].word, name, len)) {
			if (!halt(vmm, i))
				end(vmm, i);
			return vmm->ended;
		}
	}
	return false;
}

static void *guest_main(void *data)
{
	struct vmm *vmm = data;
	char line[256], text[128];
	const char *how;
	size_t len = 0;
	char c;

	snprintf(text, sizeof(text), "guest %s booted\r\n", vmm->name);
	print(vmm, text, strlen(text));
	if (word(vmm, "flood="))
		flood(vmm, atol(word(vmm, "flood=") + 6));
	if (word(vmm, "die"))
		kill(getpid(), SIGKILL);
	if (word(vmm, "lose"))
		vmm->ops->device_lost(vmm->ctx, "fs /run/data.socket: virtiofsd has gone");
	print(vmm, "ready\r\n", 7);
	if (word(vmm, "panic=-1") &&
	    end_by_name(vmm, word(vmm, "reboot=t") ? "crash" : "reset", 5))
		return NULL;
	how = word(vmm, "end=");
	if (how && end_by_name(vmm, how + 4, strcspn(how + 4, " ")))
		return NULL;
	while (read(vmm->input[0], &c, 1) == 1) {
		print(vmm, &c, 1);
		if (c != '\n' && c != '\r') {
			if (len < sizeof(line))
				line[len++] = c;
			continue;
		}
		if (end_by_name(vmm, line, len))
			return NULL;
		len = 0;
	}
	return NULL;
}

static int check_kernel(const char *path, char *err, size_t size)
{
	char head[8] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, head, 7) < 0 || strcmp(head, "KERNEL\n")) {
		if (fd >= 0)
			close(fd);
		snprintf(err, size,
			 "kernel %s: not a bzImage\nhint: give a bzImage, such as /boot/vmlinuz-*",
			 path);
		errno = ENOEXEC;
		return -1;
	}
	close(fd);
	return 0;
}

struct vmm *vmm_create(const struct vmm_config *config, const struct vmm_ops *ops,
		       void *ctx, char *err, size_t err_size)
{
	struct vmm *vmm;
	size_t i;

	if (check_kernel(config->kernel, err, err_size))
		return NULL;
	vmm = calloc(1, sizeof(*vmm));
	vmm->ops = ops;
	vmm->ctx = ctx;
	vmm->debug_exit = config->debug_exit;
	vmm->vsock_cid = config->vsock_cid;
	snprintf(vmm->name, sizeof(vmm->name), "%s", config->name);
	snprintf(vmm->cmdline, sizeof(vmm->cmdline), "%s",
		 config->cmdline ? config->cmdline : "");
	pthread_mutex_init(&vmm->lock, NULL);
	vmm->on_poweroff = config->on_poweroff;
	vmm->on_reboot = config->on_reboot;
	vmm->on_crash = config->on_crash;
	vmm->vcpus = config->vcpus_max ? config->vcpus_max : config->vcpus;
	vmm->vcpus_there = vmm->vcpus_wanted = config->vcpus;
	for (i = 0; i < 64; i++)
		CPU_SET(0, &vmm->cpus[i]);
	vmm->domain = fake_domain_create(config->name, config->vcpus, vmm->vcpus,
					 config->memory, &vmm->id);
	if (vmm->domain < 0) {
		int error = errno;

		snprintf(err, err_size, "the kernel refuses: %s", strerror(error));
		free(vmm);
		errno = error;
		return NULL;
	}
	vmm->memory = config->memory;
	vmm_memory_set(vmm, config->memory - config->balloon);
	if (pipe2(vmm->input, O_CLOEXEC))
		abort();
	fcntl(vmm->input[1], F_SETFL, O_NONBLOCK);
	return vmm;
}

uint32_t vmm_id(const struct vmm *vmm)
{
	return vmm->id;
}

/* 7 is free. */
uint32_t vmm_vsock_cid(const struct vmm *vmm)
{
	return vmm->vsock_cid == VMM_VSOCK_AUTO ? 7 : vmm->vsock_cid;
}

/* Else it is the VMM's own, which kills for any call that is not allowed. */
#ifndef REAL_SANDBOX
int vmm_sandbox(struct vmm *vmm, const struct vmm_keep *keep)
{
	(void)vmm;
	(void)keep;
	return 0;
}
#endif

int vmm_start(struct vmm *vmm)
{
	vmm->started = true;
	if (vmm->paused)
		return 0;
	fake_domain_state(vmm->domain, HVMOD_STATE_RUNNING, 0);
	return pthread_create(&vmm->thread, NULL, guest_main, vmm) ? -1 : 0;
}

size_t vmm_console_input(struct vmm *vmm, const uint8_t *data, size_t len)
{
	ssize_t n = word(vmm, "full") ? 0 : write(vmm->input[1], data, len > 7 ? 7 : len);

	return n < 0 ? 0 : n;
}

int vmm_pause(struct vmm *vmm)
{
	while (word(vmm, "stuck"))
		poll(NULL, 0, 1000);
	vmm->paused = true;
	fake_domain_state(vmm->domain, HVMOD_STATE_PAUSED, 0);
	return 0;
}

int vmm_unpause(struct vmm *vmm)
{
	vmm->paused = false;
	fake_domain_state(vmm->domain, HVMOD_STATE_RUNNING, 0);
	if (vmm->thread)
		return 0;
	return pthread_create(&vmm->thread, NULL, guest_main, vmm) ? -1 : 0;
}

int vmm_power_button(struct vmm *vmm)
{
	if (!word(vmm, "deaf") && !halt(vmm, 0))
		end(vmm, 0);
	return 0;
}

void vmm_stop(struct vmm *vmm, enum vmm_outcome outcome)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(outcomes) && !word(vmm, "immortal"); i++) {
		if (outcomes[i].outcome == outcome)
			end(vmm, i);
	}
}

enum vmm_action vmm_halted(struct vmm *vmm, enum vmm_outcome *outcome)
{
	enum vmm_action action;

	pthread_mutex_lock(&vmm->lock);
	action = vmm->ended ? VMM_ACTION_DESTROY : vmm->halted;
	*outcome = vmm->outcome;
	pthread_mutex_unlock(&vmm->lock);
	return action;
}

/* Its thread goes on: what it prints tells that it began again. */
int vmm_reset(struct vmm *vmm)
{
	char text[128];

	if (vmm->halted == VMM_ACTION_PRESERVE || vmm->ended) {
		errno = ESHUTDOWN;
		return -1;
	}
	pthread_mutex_lock(&vmm->lock);
	vmm->halted = VMM_ACTION_DESTROY;
	vmm->reboot = false;
	pthread_mutex_unlock(&vmm->lock);
	snprintf(text, sizeof(text), "guest %s began again\r\n", vmm->name);
	print(vmm, text, strlen(text));
	if (word(vmm, "loop"))
		halt(vmm, 1);
	return 0;
}

void vmm_reboot_at_poweroff(struct vmm *vmm, bool reboot)
{
	vmm->reboot = reboot;
}

int vmm_nmi(struct vmm *vmm)
{
	print(vmm, "NMI\r\n", 5);
	return vmm->vcpus;
}

int vmm_sysrq(struct vmm *vmm, uint8_t key)
{
	char text[] = "sysrq: ?\r\n";

	text[7] = key;
	print(vmm, text, strlen(text));
	return 0;
}

int vmm_rename(struct vmm *vmm, const char *name)
{
	return fake_domain_rename(vmm->domain, name);
}

/* The guest does as it is told, at once. */
int vmm_memory_set(struct vmm *vmm, uint64_t bytes)
{
	if (!bytes || bytes > vmm->memory) {
		errno = ERANGE;
		return -1;
	}
	vmm->target = bytes;
	if (!word(vmm, "stiff"))
		fake_domain_memory(vmm->domain, bytes);
	return 0;
}

uint64_t vmm_memory_target(const struct vmm *vmm)
{
	return vmm->target;
}

uint64_t vmm_memory_max(const struct vmm *vmm)
{
	return vmm->memory;
}

/* Of what it told at the start nobody knows how much is free. */
int vmm_guest_memory(struct vmm *vmm, struct vmm_guest_memory *memory)
{
	if (!word(vmm, "talks") && !word(vmm, "mumbles")) {
		errno = ENODATA;
		return -1;
	}
	*memory = (struct vmm_guest_memory){
		.told_ns = vmm->told_ns ? vmm->told_ns : 1,
		.total = 60 << 20,
		.available = 20 << 20,
		.free = vmm->told_ns ? 10 << 20 : VMM_MEMORY_UNKNOWN,
	};
	if (word(vmm, "talks"))
		vmm->told_ns = boottime_ns();
	return 0;
}

/* There are processors 0 to 7. */
int vmm_pin(struct vmm *vmm, unsigned int vcpu, const cpu_set_t *cpus)
{
	unsigned int i, there = 0;

	for (i = 0; i < 8; i++)
		there += !!CPU_ISSET(i, cpus);
	if (vcpu >= vmm->vcpus || !there) {
		errno = EINVAL;
		return -1;
	}
	vmm->cpus[vcpu] = *cpus;
	return 0;
}

/* Its quota has 5 of them. */
int vmm_set_vcpus(struct vmm *vmm, unsigned int count)
{
	if (!count || count > vmm->vcpus) {
		errno = EINVAL;
		return -1;
	}
	if (count > 5) {
		errno = EBUSY;
		return -1;
	}
	vmm->vcpus_wanted = count;
	if (count > vmm->vcpus_there || !word(vmm, "deaf"))
		vmm->vcpus_there = count;
	fake_domain_vcpus(vmm->domain, vmm->vcpus_there);
	return 0;
}

unsigned int vmm_vcpus_wanted(struct vmm *vmm)
{
	return vmm->vcpus_wanted;
}

int vmm_affinity(struct vmm *vmm, unsigned int vcpu, cpu_set_t *cpus)
{
	if (vcpu >= vmm->vcpus)
		return -1;
	*cpus = vmm->cpus[vcpu];
	return 0;
}

int vmm_dump(struct vmm *vmm, int fd, const int *cancel)
{
	const char *lazy = word(vmm, "lazy");
	unsigned int tenths = !lazy ? 0 : lazy[4] == '=' ? atoi(lazy + 5) : 600;
	unsigned int i;

	for (i = 0; i < tenths; i++) {
		if (__atomic_load_n(cancel, __ATOMIC_RELAXED)) {
			errno = ECANCELED;
			return -1;
		}
		poll(NULL, 0, 100);
	}
	return write(fd, "a core of ", 10) == 10 &&
	       write(fd, vmm->name, strlen(vmm->name)) > 0 ? 0 : -1;
}

const char *vmm_error(const struct vmm *vmm)
{
	return vmm->error;
}

const char *vmm_outcome_text(const struct vmm *vmm)
{
	return vmm->ended && !*vmm->error ? "by what the test said" : vmm->error;
}

void vmm_destroy(struct vmm *vmm)
{
	close(vmm->input[1]);
	if (vmm->thread)
		pthread_join(vmm->thread, NULL);
	close(vmm->input[0]);
	close(vmm->domain);
	if (word(vmm, "slow"))
		poll(NULL, 0, 2000);
	pthread_mutex_destroy(&vmm->lock);
	free(vmm);
}
