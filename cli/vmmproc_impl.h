/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the VMM process share. */
#ifndef HVCTL_VMMPROC_IMPL_H
#define HVCTL_VMMPROC_IMPL_H

#include <json-c/json.h>
#include <stdatomic.h>

#include "compiler.h"
#include "control.h"
#include "loop.h"
#include "vmmproc.h"

/**
 * struct vmmproc - a VMM process
 * @options: how it was started
 * @name: name of the domain
 * @id: its id
 * @vmm: the guest, NULL when it has ended
 * @paused: its vCPUs are held
 * @outcome: -1 until it ended; written by any thread, then @ended is signalled
 * @over: the main loop shall end
 * @loop: event loop
 * @ended: eventfd
 * @signals: signalfd
 * @leash: the report channel, while its other end matters
 * @console: the console
 * @control: the control socket
 * @record: what CONTROL_INFO tells
 * @dir: the runtime directory
 */
struct vmmproc {
	const struct vmmproc_options *options;
	char name[HVMOD_NAME_MAX];
	uint32_t id;
	struct vmm *vmm;
	bool paused;
	atomic_int outcome;
	bool over;
	struct loop loop;
	struct watch ended;
	struct watch signals;
	struct watch leash;
	struct console_hub *console;
	struct control_server *control;
	struct json_object *record;
	int dir;
};

/** vmmproc_log() - a line for the log */
void vmmproc_log(const char *fmt, ...) __printf(1, 2);

/** vmmproc_destroy_guest() - end the guest, if it has not ended */
void vmmproc_destroy_guest(struct vmmproc *proc);

/** vmmproc_record() - write down what CONTROL_INFO will tell */
void vmmproc_record(struct vmmproc *proc);

/** vmmproc_request() - a control_handler_t; its context is the VMM process */
bool vmmproc_request(void *ctx, const struct control_request *request, int *pass_fd,
		     struct control_reply *reply);

#endif
