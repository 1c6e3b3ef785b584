// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VMM process of a domain: its life from the making of the domain to the
 * last reader of its console. After vmm_sandbox() it makes system calls on
 * descriptors it has, accepts connections and removes its files from the
 * runtime directory; it opens nothing.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cgroup_weight.h"
#include "console_hub.h"
#include "cpulist.h"
#include "device.h"
#include "disk_option.h"
#include "domains.h"
#include "duration.h"
#include "flat.h"
#include "fs_option.h"
#include "hvctl.h"
#include "net_option.h"
#include "runtime.h"
#include "vmm/vmm.h"
#include "vmmproc_impl.h"
#include "vsock_option.h"

#define NAME_TRIES	100
#define DRAIN_MS	10000	/* for readers that are slow to take the rest */

void vmmproc_log(const char *fmt, ...)
{
	uint64_t us = boottime_ns() / 1000;
	char line[1024];
	va_list args;
	int len;

	len = snprintf(line, sizeof(line), "[%5llu.%06llu] ",
		       (unsigned long long)us / 1000000,
		       (unsigned long long)us % 1000000);
	va_start(args, fmt);
	vsnprintf(line + len, sizeof(line) - len, fmt, args);
	va_end(args);
	fprintf(stderr, "%s\n", line);
}

static void send_report(struct vmmproc *proc, enum report_kind kind, int code,
			int err, const char *text)
{
	struct report report = {
		.kind = kind,
		.code = code,
		.err = err,
		.id = proc->id,
	};

	snprintf(report.name, sizeof(report.name), "%s", proc->name);
	snprintf(report.text, sizeof(report.text), "%s", text);
	if (proc->options->report_fd < 0) {
		proc->options->report(&report);
		return;
	}
	/* Nobody there to hear that it is ready: nobody wants the domain. */
	if (control_send(proc->options->report_fd, &report, sizeof(report), -1) &&
	    kind == REPORT_READY)
		proc->over = true;
}

__printf(4, 5)
static int give_up(struct vmmproc *proc, int code, int err, const char *fmt, ...)
{
	char text[REPORT_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	send_report(proc, REPORT_FAILED, code, err, text);
	return code;
}

static void console_output(void *ctx, const uint8_t *data, size_t len)
{
	struct vmmproc *proc = ctx;

	console_hub_output(proc->console, data, len);
}

static size_t console_input(void *ctx, const uint8_t *data, size_t len)
{
	struct vmmproc *proc = ctx;

	/* What is typed at a guest that is gone is gone too. */
	return proc->vmm ? vmm_console_input(proc->vmm, data, len) : len;
}

/* From any thread, and from vmm_stop(). */
static void guest_ended(void *ctx, enum vmm_outcome outcome)
{
	struct vmmproc *proc = ctx;
	uint64_t one = 1;
	int none = -1;

	if (!atomic_compare_exchange_strong(&proc->outcome, &none, outcome))
		return;
	if (write(proc->ended.fd, &one, sizeof(one)) < 0)
		return;
}

/* From any thread. */
static void guest_halted(void *ctx)
{
	struct vmmproc *proc = ctx;
	uint64_t one = 1;

	if (write(proc->ended.fd, &one, sizeof(one)) < 0)
		return;
}

/* From any thread. */
static void device_lost(void *ctx, const char *text)
{
	struct vmmproc *proc = ctx;

	vmmproc_log("%s", text);
	pthread_mutex_lock(&proc->lost_lock);
	/* Without room for it the log tells. */
	config_list_add(&proc->lost, text);
	pthread_mutex_unlock(&proc->lost_lock);
}

static const struct vmm_ops vmm_callbacks = {
	.console_output = console_output,
	.ended = guest_ended,
	.halted = guest_halted,
	.device_lost = device_lost,
};

void vmmproc_destroy_guest(struct vmmproc *proc)
{
	if (proc->vmm)
		vmm_stop(proc->vmm, VMM_DESTROYED);
}

static int pin_vcpus(struct vmmproc *proc)
{
	const struct domain_config *config = proc->options->config;
	cpu_set_t cpus;
	unsigned int i;

	if (!config->cpus || cpulist_parse(config->cpus, &cpus))
		return 0;
	for (i = 0; i < config_vcpus_max(config); i++) {
		if (vmm_pin(proc->vmm, i, &cpus))
			return -1;
	}
	return 0;
}

static int start_guest(struct vmmproc *proc)
{
	proc->paused = proc->options->paused;
	proc->started = !proc->paused;
	proc->began_ns = boottime_ns();
	if (pin_vcpus(proc))
		return -1;
	if (proc->paused && vmm_pause(proc->vmm))
		return -1;
	return vmm_start(proc->vmm);
}

static void ended_ready(struct watch *watch, uint32_t events)
{
	struct vmmproc *proc = container_of(watch, struct vmmproc, ended);
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) != sizeof(count))
		return;
	if (atomic_load(&proc->outcome) >= 0)
		proc->over = true;
	else
		vmmproc_halted(proc);
}

static void signal_ready(struct watch *watch, uint32_t events)
{
	struct vmmproc *proc = container_of(watch, struct vmmproc, signals);
	struct signalfd_siginfo info;

	(void)events;
	if (read(watch->fd, &info, sizeof(info)) != sizeof(info))
		return;
	vmmproc_log("signal %u", info.ssi_signo);
	vmmproc_destroy_guest(proc);
}

static void leash_ready(struct watch *watch, uint32_t events)
{
	struct vmmproc *proc = container_of(watch, struct vmmproc, leash);

	(void)events;
	loop_remove(&proc->loop, watch);
	watch->fd = -1;
	proc->over = !proc->vmm;
	vmmproc_destroy_guest(proc);
}

static int watch_signals(struct vmmproc *proc)
{
	sigset_t mask;

	signal(SIGPIPE, SIG_IGN);
	if (proc->options->daemon)
		signal(SIGHUP, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	if (!proc->options->daemon)
		sigaddset(&mask, SIGHUP);
	/* Before any thread is made: each inherits the mask. */
	sigprocmask(SIG_SETMASK, &mask, NULL);
	proc->signals.fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	proc->signals.ready = signal_ready;
	if (proc->signals.fd < 0)
		return -1;
	return loop_add(&proc->loop, &proc->signals, EPOLLIN);
}

static int prepare_loop(struct vmmproc *proc)
{
	proc->ended.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	proc->ended.ready = ended_ready;
	if (proc->ended.fd < 0 || loop_init(&proc->loop) ||
	    loop_add(&proc->loop, &proc->ended, EPOLLIN) || watch_signals(proc) ||
	    dumper_init(proc))
		return -1;
	if (proc->options->leash) {
		proc->leash.fd = proc->options->report_fd;
		proc->leash.ready = leash_ready;
		if (loop_add(&proc->loop, &proc->leash, EPOLLRDHUP))
			return -1;
	}
	proc->console = console_hub_new(&proc->loop, console_input, proc);
	if (!proc->console)
		return -1;
	if (proc->options->console_fd < 0)
		return 0;
	return console_hub_attach(proc->console, proc->options->console_fd, 0);
}

static int create_code(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
		return HVCTL_UNSUPPORTED;
	case EACCES:
	case EPERM:
		return HVCTL_PERMISSION;
	default:
		return HVCTL_FAILED;
	}
}

/* What the VMM gets points into @option. */
static unsigned int parse_disks(const struct domain_config *config,
				struct disk_option *option, struct vmm_disk *disk)
{
	unsigned int i;

	for (i = 0; i < config->disk.count; i++) {
		disk_parse(config->disk.text[i], &option[i]);
		disk[i] = (struct vmm_disk){
			.path = option[i].path,
			.serial = option[i].serial,
			.read_only = option[i].read_only,
			.direct = option[i].direct,
			.vhost_user = option[i].vhost_user,
		};
	}
	return i;
}

static unsigned int parse_nets(const struct domain_config *config,
			       struct net_option *option, struct vmm_net *net)
{
	unsigned int i;

	for (i = 0; i < config->net.count; i++) {
		net_parse(config->net.text[i], &option[i]);
		net[i] = (struct vmm_net){
			.kind = option[i].kind,
			.name = *option[i].name ? option[i].name : NULL,
			.fd = option[i].fd,
			.vhost = option[i].vhost,
		};
		memcpy(net[i].mac, option[i].mac, sizeof(net[i].mac));
	}
	return i;
}

static unsigned int parse_fs(const struct domain_config *config,
			     struct fs_option *option, struct vmm_fs *fs)
{
	unsigned int i;

	for (i = 0; i < config->fs.count; i++) {
		fs_parse(config->fs.text[i], &option[i]);
		fs[i] = (struct vmm_fs){
			.tag = option[i].tag,
			.socket = option[i].socket,
		};
	}
	return i;
}

static bool in_background(const struct vmmproc *proc)
{
	return proc->options->daemon && !proc->options->leash;
}

static enum vmm_action action(uint32_t wanted, enum vmm_action other)
{
	switch (wanted) {
	case CONFIG_DESTROY:
		return VMM_ACTION_DESTROY;
	case CONFIG_RESTART:
		return VMM_ACTION_RESTART;
	case CONFIG_PRESERVE:
		return VMM_ACTION_PRESERVE;
	default:
		return other;
	}
}

/* Before its vCPUs run. */
static int cap_domain(struct vmmproc *proc, int device)
{
	const struct domain_config *config = proc->options->config;
	struct hvmod_quota quota = {
		.size = sizeof(quota),
		.id = proc->id,
		.flags = HVMOD_QUOTA_CPU,
		.cpu_cap = config->cap,
		.cpu_period_us = config->cpu_period_us,
	};

	if ((!config->cap && !config->cpu_period_us) || !device_set_quota(device, &quota))
		return HVCTL_OK;
	if (errno == ENOTTY)
		return give_up(proc, HVCTL_UNSUPPORTED, errno,
			       "cannot set its processor time: the loaded module has no quotas");
	return give_up(proc, create_code(errno), errno, "cannot set its processor time: %s",
		       strerror(errno));
}

/* Another hvctl may take the default name between our question and the call. */
static int make_domain(struct vmmproc *proc, int device)
{
	const struct domain_config *config = proc->options->config;
	char text[REPORT_TEXT_MAX] = "";
	struct disk_option option[CONFIG_LIST_MAX];
	struct vmm_disk disk[CONFIG_LIST_MAX];
	struct net_option net_option[CONFIG_LIST_MAX];
	struct vmm_net net[CONFIG_LIST_MAX];
	struct fs_option fs_option[CONFIG_LIST_MAX];
	struct vmm_fs fs[CONFIG_LIST_MAX];
	struct vmm_config vmm = {
		.name = proc->name,
		.vcpus = config->vcpus,
		.vcpus_max = config->maxvcpus,
		.memory = config->maxmem ? config->maxmem : config->memory,
		.balloon = config->maxmem ? config->maxmem - config->memory : 0,
		.kernel = config->kernel,
		.initrd = config->ramdisk,
		.cmdline = config->cmdline,
		.debug_exit = (uint16_t)config->debug_exit,
		.disk = disk,
		.disks = parse_disks(config, option, disk),
		.net = net,
		.nets = parse_nets(config, net_option, net),
		.fs = fs,
		.fs_count = parse_fs(config, fs_option, fs),
		.on_poweroff = action(config->on_poweroff, VMM_ACTION_DESTROY),
		/* In the foreground the outcome is the exit status. */
		.on_reboot = action(config->on_reboot, in_background(proc) ?
				    VMM_ACTION_RESTART : VMM_ACTION_DESTROY),
		.on_crash = action(config->on_crash, VMM_ACTION_DESTROY),
	};
	const char *why = config->flat ? parse_flat(config->flat, &vmm.flat_address,
						    &vmm.flat) : NULL;
	int tries = config->name ? 1 : NAME_TRIES;
	int err = EEXIST;

	if (why)
		return give_up(proc, HVCTL_USAGE, EINVAL, "cannot use flat=%s: %s",
			       config->flat, why);
	if (config->vsock)
		vsock_parse(config->vsock, &vmm.vsock_cid);
	while (tries-- && err == EEXIST) {
		if (config->name)
			snprintf(proc->name, sizeof(proc->name), "%s", config->name);
		else if (domain_default_name(device, proc->name))
			return give_up(proc, HVCTL_FAILED, errno, "cannot list domains: %s",
			       strerror(errno));
		/* Before there is memory that counts. */
		cgroup_enter(&proc->cgroup, proc->name);
		if (config->cpu_weight && cgroup_set_weight(0, config->cpu_weight)) {
			cgroup_leave(&proc->cgroup);
			return give_up(proc, HVCTL_UNSUPPORTED, EOPNOTSUPP,
				       "cannot use cpu_weight=%u: %s", config->cpu_weight,
				       cgroup_why_no_weight());
		}
		proc->vmm = vmm_create(&vmm, &vmm_callbacks, proc, text, sizeof(text));
		if (proc->vmm) {
			proc->id = vmm_id(proc->vmm);
			return cap_domain(proc, device);
		}
		err = errno;
		cgroup_leave(&proc->cgroup);
	}
	send_report(proc, REPORT_FAILED, create_code(err), err, text);
	return create_code(err);
}

void vmmproc_set_title(const struct vmmproc *proc)
{
	char title[HVMOD_NAME_MAX + 8];

	snprintf(title, sizeof(title), "hvmod:%s", proc->name);
	prctl(PR_SET_NAME, title);
}

static int open_log(struct vmmproc *proc)
{
	int fd;

	if (!proc->options->daemon)
		return 0;
	fd = runtime_log(proc->dir, proc->id);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		return -1;
	return close(fd);
}

static int open_control(struct vmmproc *proc)
{
	int fd = control_listen(proc->dir, proc->id);

	if (fd < 0)
		return -1;
	proc->control = control_serve(&proc->loop, fd, vmmproc_request,
				      vmmproc_gone, proc);
	if (proc->control)
		return 0;
	close(fd);
	return -1;
}

static int enter_sandbox(struct vmmproc *proc)
{
	int doors[CGROUP_DOORS_MAX];
	const struct vmm_keep keep = {
		.files = proc->dir,
		.directories = proc->cgroup.slice,
		.narrow = doors,
		.narrows = cgroup_doors(&proc->cgroup, doors),
	};

	return vmm_sandbox(proc->vmm, &keep);
}

/* The domain exists; make it answer, lock the process in, let the guest go. */
static int bring_up(struct vmmproc *proc)
{
	vmmproc_set_title(proc);
	vmmproc_record(proc);
	if (open_log(proc))
		return give_up(proc, HVCTL_FAILED, errno, "cannot open its log: %s",
			       strerror(errno));
	vmmproc_log("created as domain %u, %s", proc->id, proc->name);
	if (open_control(proc))
		return give_up(proc, HVCTL_FAILED, errno, "cannot make its control socket: %s",
			       strerror(errno));
	if (enter_sandbox(proc))
		return give_up(proc, HVCTL_FAILED, errno, "cannot enter its sandbox: %s",
			       strerror(errno));
	if (start_guest(proc))
		return give_up(proc, HVCTL_FAILED, errno, "cannot start its vCPUs: %s",
			       strerror(errno));
	send_report(proc, REPORT_READY, HVCTL_OK, 0, "");
	return HVCTL_OK;
}

static void run_loop(struct vmmproc *proc)
{
	while (!proc->over && loop_once(&proc->loop, console_hub_poll(proc->console)) >= 0)
		;
}

/* The guest is gone, but whoever reads its console shall get all of it. */
static void drain_console(struct vmmproc *proc)
{
	int64_t deadline = deadline_in(proc->options->leash ? -1 : DRAIN_MS);
	int left;

	proc->over = false;
	console_hub_end(proc->console);
	while (!proc->over && console_hub_busy(proc->console)) {
		left = deadline_left(deadline);
		if (!left || loop_once(&proc->loop, left) < 0)
			break;
	}
}

static int take_down(struct vmmproc *proc)
{
	int outcome = atomic_load(&proc->outcome);
	char text[REPORT_TEXT_MAX];
	bool meant;

	if (outcome < 0)
		outcome = VMM_DESTROYED;
	snprintf(text, sizeof(text), "%s", vmm_outcome_text(proc->vmm));
	dumper_end(proc);
	vmmproc_log("ended: %s%s%s", outcome_word(outcome), *text ? ": " : "", text);
	vmm_destroy(proc->vmm);
	proc->vmm = NULL;
	cgroup_leave(&proc->cgroup);
	meant = outcome == VMM_POWEROFF || outcome == VMM_DESTROYED ||
		outcome >= VMM_DEBUG_EXIT;
	runtime_remove(proc->dir, proc->id, meant);
	loop_remove(&proc->loop, &proc->ended);
	control_finish(proc->control, CONTROL_WAIT, 0, outcome, text);
	send_report(proc, REPORT_ENDED, outcome, 0, text);
	drain_console(proc);
	return VMM_STATUS(outcome);
}

static void release(struct vmmproc *proc)
{
	dumper_end(proc);
	close(proc->dumper.done.fd);
	if (proc->vmm)
		vmm_destroy(proc->vmm);
	cgroup_leave(&proc->cgroup);
	if (proc->control)
		control_stop(proc->control);
	console_hub_free(proc->console);
	config_list_free(&proc->lost);
	json_object_put(proc->record);
	close(proc->signals.fd);
	close(proc->ended.fd);
	loop_close(&proc->loop);
	close(proc->dir);
}

int vmmproc_main(int device, const struct vmmproc_options *options)
{
	struct vmmproc proc = {
		.options = options,
		.outcome = -1,
		.cgroup.slice = -1,
		.lost_lock = PTHREAD_MUTEX_INITIALIZER,
	};
	char path[PATH_MAX];
	int code;

	if (options->config->name)
		snprintf(proc.name, sizeof(proc.name), "%s", options->config->name);
	proc.dir = runtime_open(path, sizeof(path));
	if (proc.dir < 0) {
		int err = errno;

		return give_up(&proc, err == EACCES ? HVCTL_PERMISSION : HVCTL_FAILED,
			       err, "cannot use the runtime directory %s: %s\nhint: %s", path,
			       strerror(err), runtime_hint());
	}
	if (prepare_loop(&proc))
		return give_up(&proc, HVCTL_FAILED, errno,
			       "cannot set up the VMM process: %s", strerror(errno));
	runtime_sweep(proc.dir, device);
	code = make_domain(&proc, device);
	close(device);
	if (!code) {
		code = bring_up(&proc);
		if (!code) {
			run_loop(&proc);
			code = take_down(&proc);
		} else {
			runtime_remove(proc.dir, proc.id, true);
		}
	}
	release(&proc);
	return code;
}
