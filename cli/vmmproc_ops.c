// SPDX-License-Identifier: GPL-2.0-only
/* The VMM process of a domain: what it does for those who ask. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "compiler.h"
#include "console_hub.h"
#include "control.h"
#include "cpulist.h"
#include "duration.h"
#include "name.h"
#include "output.h"
#include "vmm/vmm.h"
#include "vmmproc_impl.h"
#include "vsock_option.h"

static void add_text(struct json_object *object, const char *key, const char *text)
{
	if (text)
		json_object_object_add(object, key, json_object_new_string(text));
}

void vmmproc_record(struct vmmproc *proc)
{
	const struct domain_config *config = proc->options->config;
	char cid[VSOCK_TEXT_MAX];
	char port[16];

	snprintf(port, sizeof(port), "0x%x", config->debug_exit);
	proc->record = json_object_new_object();
	add_text(proc->record, "kernel", config->kernel);
	add_text(proc->record, "ramdisk", config->ramdisk);
	add_text(proc->record, "cmdline", config->cmdline);
	if (config->disk.count)
		json_object_object_add(proc->record, "disk",
				       config_list_json(&config->disk));
	if (config->net.count)
		json_object_object_add(proc->record, "net",
				       config_list_json(&config->net));
	if (config->fs.count)
		json_object_object_add(proc->record, "fs",
				       config_list_json(&config->fs));
	add_text(proc->record, "vsock", vsock_format(vmm_vsock_cid(proc->vmm), cid));
	add_text(proc->record, "flat", config->flat);
	add_text(proc->record, "debug_exit", config->debug_exit ? port : NULL);
	add_text(proc->record, "cpus", config->cpus);
	add_text(proc->record, "on_poweroff", config_action_word(config->on_poweroff));
	add_text(proc->record, "on_reboot", config_action_word(config->on_reboot));
	add_text(proc->record, "on_crash", config_action_word(config->on_crash));
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
	proc->started = true;
	vmmproc_log("unpaused");
	return 0;
}

static int op_start(struct vmmproc *proc)
{
	if (proc->started)
		return -EALREADY;
	proc->began_ns = boottime_ns();
	return op_unpause(proc);
}

static int op_reset(struct vmmproc *proc)
{
	int ret = vmmproc_reset(proc);

	if (!ret)
		vmmproc_log("reset from outside");
	return ret;
}

static int op_reboot(struct vmmproc *proc)
{
	if (proc->paused)
		return -EBUSY;
	vmmproc_log("power button pressed, for a reboot");
	vmm_reboot_at_poweroff(proc->vmm, true);
	return vmm_power_button(proc->vmm) ? -errno : 0;
}

static int op_nmi(struct vmmproc *proc, struct control_reply *reply)
{
	int taken = vmm_nmi(proc->vmm);

	if (taken < 0)
		return -errno;
	reply->value = taken;
	vmmproc_log("NMI sent, %d vCPUs took it", taken);
	return 0;
}

static int op_sysrq(struct vmmproc *proc, uint32_t key)
{
	if (key < ' ' || key > '~')
		return -EINVAL;
	if (vmm_sysrq(proc->vmm, key))
		return -errno;
	vmmproc_log("sysrq %c sent", key);
	return 0;
}

static int op_rename(struct vmmproc *proc, const char *name)
{
	if (name_error(name))
		return -EINVAL;
	if (vmm_rename(proc->vmm, name))
		return -errno;
	vmmproc_log("renamed to %s", name);
	snprintf(proc->name, sizeof(proc->name), "%.*s", HVMOD_NAME_MAX - 1, name);
	vmmproc_set_title(proc);
	return 0;
}

static int op_set_vcpus(struct vmmproc *proc, uint32_t count, struct control_reply *reply)
{
	if (proc->dumper.active)
		return -ETXTBSY;
	reply->value = config_vcpus_max(proc->options->config);
	if (vmm_set_vcpus(proc->vmm, count))
		return errno == EBUSY ? -EDQUOT : -errno;
	vmmproc_log("%u vCPUs wanted", count);
	return 0;
}

/* The first that can't be is the last that is tried. */
static int op_pin(struct vmmproc *proc, uint32_t vcpu, const char *list)
{
	uint32_t count = config_vcpus_max(proc->options->config);
	uint32_t first = vcpu == CONTROL_ALL_VCPUS ? 0 : vcpu;
	uint32_t last = vcpu == CONTROL_ALL_VCPUS ? count - 1 : vcpu;
	cpu_set_t cpus;

	if (first >= count || cpulist_parse(list, &cpus))
		return -EINVAL;
	for (; first <= last; first++) {
		if (vmm_pin(proc->vmm, first, &cpus))
			return -errno;
	}
	if (vcpu == CONTROL_ALL_VCPUS)
		add_text(proc->record, "cpus", list);
	vmmproc_log("vCPUs pinned to %s", list);
	return 0;
}

static int op_dump(struct vmmproc *proc, int *pass_fd)
{
	int ret;

	if (*pass_fd < 0)
		return -EBADF;
	ret = dumper_start(proc, *pass_fd);
	if (ret)
		return ret;
	*pass_fd = -1;
	vmmproc_log("core: begun");
	return 1;
}

static int op_mem_set(struct vmmproc *proc, uint32_t mib,
		      struct control_reply *reply)
{
	if (vmm_memory_set(proc->vmm, (uint64_t)mib << 20)) {
		reply->value = (uint32_t)(vmm_memory_max(proc->vmm) >> 20);
		return -errno;
	}
	vmmproc_log("memory: it shall have %u MiB", mib);
	return 0;
}

void vmmproc_gone(void *ctx, uint16_t op)
{
	if (op == CONTROL_DUMP)
		dumper_cancel(ctx);
}

static int op_power_button(struct vmmproc *proc)
{
	if (proc->paused)
		return -EBUSY;
	vmmproc_log("power button pressed");
	/* The last wish counts: of a reboot that the guest did not hear nothing is left. */
	vmm_reboot_at_poweroff(proc->vmm, false);
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

static struct json_object *affinities(struct vmmproc *proc)
{
	struct json_object *array = json_object_new_array();
	char text[CPULIST_MAX];
	cpu_set_t cpus;
	unsigned int i;

	for (i = 0; !vmm_affinity(proc->vmm, i, &cpus); i++)
		json_object_array_add(array, json_object_new_string(cpulist_format(&cpus, text)));
	return array;
}

/* A guest tells what it likes, or nothing more after its driver has gone. */
static void record_memory(struct vmmproc *proc)
{
	struct vmm_guest_memory memory;
	const struct {
		const char *key;
		const uint64_t *value;
	} fields[] = {
		{ "mem_guest_total_bytes", &memory.total },
		{ "mem_guest_available_bytes", &memory.available },
		{ "mem_guest_free_bytes", &memory.free },
		{ "mem_guest_told_ns", &memory.told_ns },
	};
	bool told = !vmm_guest_memory(proc->vmm, &memory);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		json_object_object_del(proc->record, fields[i].key);
		if (told && *fields[i].value != VMM_MEMORY_UNKNOWN)
			json_add_number(proc->record, fields[i].key,
					*fields[i].value);
	}
}

static void add_lost(struct vmmproc *proc)
{
	pthread_mutex_lock(&proc->lost_lock);
	if (proc->lost.count)
		json_object_object_add(proc->record, "failed_devices",
				       config_list_json(&proc->lost));
	pthread_mutex_unlock(&proc->lost_lock);
}

static int op_info(struct vmmproc *proc, struct control_reply *reply)
{
	const char *text;

	json_object_object_add(proc->record, "vcpu_cpus", affinities(proc));
	json_object_object_add(proc->record, "vcpus_wanted",
			       json_object_new_int64(vmm_vcpus_wanted(proc->vmm)));
	json_object_object_add(proc->record, "mem_target_bytes",
			       json_object_new_uint64(vmm_memory_target(proc->vmm)));
	record_memory(proc);
	json_object_object_add(proc->record, "restarts",
			       json_object_new_int64(proc->restarts));
	json_object_object_add(proc->record, "console_bytes",
			       json_object_new_int64(console_hub_bytes(proc->console)));
	add_lost(proc);
	text = json_object_to_json_string_ext(proc->record, JSON_C_TO_STRING_PLAIN);
	if (!text || strlen(text) > CONTROL_TEXT_MAX)
		return -EMSGSIZE;
	control_set_text(reply, text);
	return 0;
}

static int answer_preserved(struct vmmproc *proc, struct control_reply *reply)
{
	enum vmm_outcome outcome;

	vmm_halted(proc->vmm, &outcome);
	reply->value = outcome;
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
		return proc->preserved ? answer_preserved(proc, reply) : 1;
	case CONTROL_CONSOLE:
		return op_console(proc, request->flags, pass_fd);
	case CONTROL_INFO:
		return op_info(proc, reply);
	case CONTROL_START:
		return op_start(proc);
	case CONTROL_RESET:
		return op_reset(proc);
	case CONTROL_REBOOT:
		return op_reboot(proc);
	case CONTROL_NMI:
		return op_nmi(proc, reply);
	case CONTROL_SYSRQ:
		return op_sysrq(proc, request->value);
	case CONTROL_RENAME:
		return op_rename(proc, request->text);
	case CONTROL_PIN:
		return op_pin(proc, request->value, request->text);
	case CONTROL_DUMP:
		return op_dump(proc, pass_fd);
	case CONTROL_SET_VCPUS:
		return op_set_vcpus(proc, request->value, reply);
	case CONTROL_MEM_SET:
		return op_mem_set(proc, request->value, reply);
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
