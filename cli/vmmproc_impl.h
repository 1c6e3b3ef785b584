/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the VMM process share. */
#ifndef HVCTL_VMMPROC_IMPL_H
#define HVCTL_VMMPROC_IMPL_H

#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>

#include "cgroup.h"
#include "compiler.h"
#include "config_list.h"
#include "control.h"
#include "loop.h"
#include "vmmproc.h"

/**
 * struct dumper - the writing of a core, in a thread of its own
 * @active: there is a thread to join
 * @thread: the thread
 * @vmm: the guest
 * @fd: where the core goes
 * @cancel: nobody wants it any more; atomic
 * @error: errno value that came of it, valid once @done was signalled
 * @done: eventfd
 */
struct dumper {
	bool active;
	pthread_t thread;
	struct vmm *vmm;
	int fd;
	int cancel;
	int error;
	struct watch done;
};

/**
 * struct vmmproc - a VMM process
 * @options: how it was started
 * @name: name of the domain
 * @id: its id
 * @vmm: the guest, NULL when it has ended
 * @paused: its vCPUs are held
 * @started: its guest has run
 * @preserved: its guest ended and is kept as it is
 * @began_ns: CLOCK_BOOTTIME of its guest's last beginning
 * @quick_ends: how many times in a row it began again just after that
 * @restarts: how many times it began again in all
 * @lost_lock: protects @lost
 * @lost: devices whose process has gone
 * @dumper: writes a core
 * @outcome: -1 until it ended; written by any thread, then @ended is signalled
 * @over: the main loop shall end
 * @loop: event loop
 * @ended: eventfd
 * @signals: signalfd
 * @leash: the report channel, while its other end matters
 * @console: the console
 * @control: the control socket
 * @record: what CONTROL_INFO tells
 * @cgroup: its control group
 * @dir: the runtime directory
 */
struct vmmproc {
	const struct vmmproc_options *options;
	char name[HVMOD_NAME_MAX];
	uint32_t id;
	struct vmm *vmm;
	bool paused;
	bool started;
	bool preserved;
	uint64_t began_ns;
	unsigned int quick_ends;
	unsigned int restarts;
	pthread_mutex_t lost_lock;
	struct config_list lost;
	struct dumper dumper;
	atomic_int outcome;
	bool over;
	struct loop loop;
	struct watch ended;
	struct watch signals;
	struct watch leash;
	struct console_hub *console;
	struct control_server *control;
	struct json_object *record;
	struct cgroup cgroup;
	int dir;
};

/** vmmproc_log() - a line for the log */
void vmmproc_log(const char *fmt, ...) __printf(1, 2);

/** vmmproc_destroy_guest() - end the guest, if it has not ended */
void vmmproc_destroy_guest(struct vmmproc *proc);

/** vmmproc_set_title() - name the process after its domain */
void vmmproc_set_title(const struct vmmproc *proc);

/**
 * vmmproc_reset() - let the guest begin again
 * @proc: the VMM process
 *
 * Return: 0, or a negative errno value; -ETXTBSY: its memory is being dumped.
 */
int vmmproc_reset(struct vmmproc *proc);

/** vmmproc_halted() - do what follows when the guest has halted, if it has */
void vmmproc_halted(struct vmmproc *proc);

/** vmmproc_gone() - a control_gone_t */
void vmmproc_gone(void *ctx, uint16_t op);

/** dumper_init() - Return: 0, or -1 with errno */
int dumper_init(struct vmmproc *proc);

/**
 * dumper_start() - begin to write a core
 * @proc: the VMM process
 * @fd: where to; taken over if it works
 *
 * control_finish() tells how it ended. Return: 0, or a negative errno value.
 */
int dumper_start(struct vmmproc *proc, int fd);

/** dumper_cancel() - end it early, if there is one */
void dumper_cancel(struct vmmproc *proc);

/** dumper_end() - end it before its guest goes; waits for the thread */
void dumper_end(struct vmmproc *proc);

/** vmmproc_record() - write down what CONTROL_INFO will tell */
void vmmproc_record(struct vmmproc *proc);

/** vmmproc_request() - a control_handler_t; its context is the VMM process */
bool vmmproc_request(void *ctx, const struct control_request *request, int *pass_fd,
		     struct control_reply *reply);

#endif
