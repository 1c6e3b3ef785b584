// SPDX-License-Identifier: GPL-2.0-only
/* The VMM process of a domain: what it does for those who ask. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "console_hub.h"
#include "control.h"
#include "vmm/vmm.h"
#include "vmmproc_impl.h"

void vmmproc_record(struct vmmproc *proc)
{
	const struct domain_config *config = proc->options->config;
	char port[16];

	snprintf(port, sizeof(port), "0x%x", config->debug_exit);
	proc->record = json_object_new_object();
	json_object_object_add(proc->record, "kernel",
			       json_object_new_string(config->kernel));
	if (config->ramdisk)
		json_object_object_add(proc->record, "ramdisk",
				       json_object_new_string(config->ramdisk));
	if (config->disk.count)
		json_object_object_add(proc->record, "disk",
				       config_list_json(&config->disk));
	if (config->net.count)
		json_object_object_add(proc->record, "net",
				       config_list_json(&config->net));
	if (config->flat)
		json_object_object_add(proc->record, "flat",
				       json_object_new_string(config->flat));
	if (config->debug_exit)
		json_object_object_add(proc->record, "debug_exit",
				       json_object_new_string(port));
	if (config->cmdline)
		json_object_object_add(proc->record, "cmdline",
				       json_object_new_string(config->cmdline));
}

static int op_pause(struct vmmproc *proc)
{
	if (proc->paused)
		return -EALREADY;
	if (vmm_pause(proc->vmm))
		return -errno;
	proc->paused = true;
	vmmproc_log("paused");
	return 0;
}

static int op_unpause(struct vmmproc *proc)
{
	if (!proc->paused)
		return -EALREADY;
	if (vmm_unpause(proc->vmm))
		return -errno;
	proc->paused = false;
	vmmproc_log("unpaused");
	return 0;
}

static int op_power_button(struct vmmproc *proc)
{
	if (proc->paused)
		return -EBUSY;
	vmmproc_log("power button pressed");
	return vmm_power_button(proc->vmm) ? -errno : 0;
}

static bool is_stream(int fd)
{
	socklen_t len = sizeof(int);
	int domain, type;

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
	       domain == AF_UNIX && type == SOCK_STREAM;
}

static int op_console(struct vmmproc *proc, uint32_t flags, int *pass_fd)
{
	int fd = *pass_fd;

	if (fd < 0 || !is_stream(fd))
		return -EBADF;
	*pass_fd = -1;
	return console_hub_attach(proc->console, fd, flags) ? -errno : 0;
}

static int op_info(struct vmmproc *proc, struct control_reply *reply)
{
	const char *text;

	json_object_object_add(proc->record, "console_bytes",
			       json_object_new_int64(console_hub_bytes(proc->console)));
	text = json_object_to_json_string_ext(proc->record, JSON_C_TO_STRING_PLAIN);
	if (!text || strlen(text) > CONTROL_TEXT_MAX)
		return -EMSGSIZE;
	control_set_text(reply, text);
	return 0;
}

/* Return: 0 or a negative errno value, 1 if the answer comes at the end. */
static int serve(struct vmmproc *proc, const struct control_request *request,
		 int *pass_fd, struct control_reply *reply)
{
	if (!proc->vmm)
		return -ESRCH;
	switch (request->op) {
	case CONTROL_PAUSE:
		return op_pause(proc);
	case CONTROL_UNPAUSE:
		return op_unpause(proc);
	case CONTROL_POWER_BUTTON:
		return op_power_button(proc);
	case CONTROL_DESTROY:
		vmmproc_destroy_guest(proc);
		return 0;
	case CONTROL_WAIT:
		return 1;
	case CONTROL_CONSOLE:
		return op_console(proc, request->flags, pass_fd);
	case CONTROL_INFO:
		return op_info(proc, reply);
	default:
		return -EOPNOTSUPP;
	}
}

bool vmmproc_request(void *ctx, const struct control_request *request, int *pass_fd,
		     struct control_reply *reply)
{
	int ret = serve(ctx, request, pass_fd, reply);

	if (ret < 0)
		reply->status = -ret;
	return ret <= 0;
}
