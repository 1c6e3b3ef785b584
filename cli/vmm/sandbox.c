// SPDX-License-Identifier: GPL-2.0-only
/*
 * No new privileges, no capabilities, and a system call filter that kills the
 * process for whatever is not in the tables; files are fence.c's. A guest that
 * takes the VMM over keeps the descriptors that are open and no way to get
 * others.
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <linux/vhost.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <hvmod.h>

#include "compiler.h"
#include "sandbox.h"
#include "vmm.h"

/* Whatever their arguments. */
static const int calls_allowed[] = {
	/* the control socket, the console and the log */
	SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev),
	SCMP_SYS(recvfrom), SCMP_SYS(sendto), SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg), SCMP_SYS(accept4), SCMP_SYS(getsockopt),
	SCMP_SYS(shutdown), SCMP_SYS(close), SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), SCMP_SYS(lseek),
	/* disks */
	SCMP_SYS(preadv), SCMP_SYS(pwritev), SCMP_SYS(fdatasync),
	SCMP_SYS(fallocate),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(restart_syscall),
	SCMP_SYS(timerfd_gettime), SCMP_SYS(timerfd_settime),
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	/* threads */
	SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(gettid),
	/* signals */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
	/* itself */
	SCMP_SYS(getpid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(getrandom), SCMP_SYS(sysinfo), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/*
 * Refused with an error that the C library copes with: it falls back from
 * clone3() to clone(), whose flags a filter can see, and lives without the
 * files that it looks for.
 */
static const struct {
	int call;
	int error;
} calls_refused[] = {
	{ SCMP_SYS(clone3), ENOSYS },
	{ SCMP_SYS(open), EACCES },
	{ SCMP_SYS(openat), EACCES },
	{ SCMP_SYS(openat2), EACCES },
};

/* What a running domain needs, its taps and vhost too, and what stdio asks a terminal. */
static const uint32_t ioctls_allowed[] = {
	HVMOD_VCPU_RUN, HVMOD_VCPU_KICK, HVMOD_VCPU_GET_STATE,
	HVMOD_VCPU_SET_STATE, HVMOD_VCPU_APIC, HVMOD_VCPU_PLUG, HVMOD_MSI, HVMOD_IRQFD,
	HVMOD_DOORBELL, HVMOD_MEM_DISCARD, HVMOD_MEM_BALLOON,
	HVMOD_DOMAIN_SET_STATE, HVMOD_DOMAIN_RENAME,
	TUNSETOFFLOAD, VHOST_SET_FEATURES, VHOST_SET_VRING_NUM,
	VHOST_SET_VRING_BASE, VHOST_SET_VRING_ADDR, VHOST_SET_VRING_CALL,
	VHOST_SET_VRING_KICK, VHOST_VSOCK_SET_RUNNING,
	VHOST_NET_SET_BACKEND, TCGETS,
};

#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
			 CLONE_THREAD)
#define LOW_32		0xFFFFFFFFU

/* A filter sees no path: what may be removed is Landlock's to say, or nothing may. */
static int allow_calls(scmp_filter_ctx filter, bool fenced)
{
	size_t i;
	int ret = seccomp_rule_add(filter, fenced ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES),
				   SCMP_SYS(unlinkat), 0);

	for (i = 0; i < ARRAY_SIZE(calls_allowed) && !ret; i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls_allowed[i],
				       0);
	for (i = 0; i < ARRAY_SIZE(calls_refused) && !ret; i++)
		ret = seccomp_rule_add(filter,
				       SCMP_ACT_ERRNO(calls_refused[i].error),
				       calls_refused[i].call, 0);
	return ret;
}

/* The kernel takes the low 32 bits of a request. */
static int allow_ioctls(scmp_filter_ctx filter)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(ioctls_allowed) && !ret; i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl),
				       1, SCMP_A1(SCMP_CMP_MASKED_EQ, LOW_32,
						  ioctls_allowed[i]));
	return ret;
}

static int allow_some_arguments(scmp_filter_ctx filter)
{
	const struct {
		int call;
		struct scmp_arg_cmp argument;
	} rules[] = {
		/* threads, no processes */
		{ SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, THREAD_FLAGS,
					   THREAD_FLAGS) },
		/* signals to itself */
		{ SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid()) },
		/* what stdio asks: others have signals sent, or let go of locks */
		{ SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_MASKED_EQ, LOW_32, F_GETFD) },
		{ SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_MASKED_EQ, LOW_32, F_GETFL) },
		/* where a thread itself runs */
		{ SCMP_SYS(sched_setaffinity), SCMP_A0(SCMP_CMP_EQ, 0) },
		/* data, no code */
		{ SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		/* names for threads and mappings */
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME) },
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA) },
	};
	size_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(rules) && !ret; i++)
		ret = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
					     rules[i].call, 1,
					     &rules[i].argument);
	return ret;
}

/* A number of more than one digit does not go through; the kernel takes 32 bits of a descriptor. */
static int add_narrow(scmp_filter_ctx filter, int fd)
{
	const struct scmp_arg_cmp is_fd = SCMP_A0(SCMP_CMP_MASKED_EQ, LOW_32, (unsigned int)fd);
	int ret = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(write), 2,
				   is_fd, SCMP_A2(SCMP_CMP_NE, 1));

	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(writev), 1, is_fd);
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(pwritev), 1, is_fd);
	return ret;
}

/* A filter of its own, before the other: whichever forbids more counts. */
static int filter_narrow(const struct vmm_keep *keep)
{
	scmp_filter_ctx filter;
	unsigned int i;
	int ret;

	if (!keep->narrows)
		return 0;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return -ENOMEM;
	ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	for (i = 0; i < keep->narrows && !ret; i++)
		ret = add_narrow(filter, keep->narrow[i]);
	if (!ret)
		ret = seccomp_load(filter);
	seccomp_release(filter);
	return ret;
}

/* Every thread of the process gets the filter. */
static int filter_calls(bool fenced)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int ret;

	if (!filter)
		return -ENOMEM;
	ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* Every exit of a guest goes through here: look for ioctl() first. */
	if (!ret)
		ret = seccomp_syscall_priority(filter, SCMP_SYS(ioctl),
					       UINT8_MAX);
	if (!ret)
		ret = allow_calls(filter, fenced);
	if (!ret)
		ret = allow_ioctls(filter);
	if (!ret)
		ret = allow_some_arguments(filter);
	if (!ret)
		ret = seccomp_load(filter);
	seccomp_release(filter);
	return ret;
}

/* Only who may change the bounding set can empty it. */
static int drop_capabilities(void)
{
	capng_select_t sets = CAPNG_SELECT_CAPS;

	if (capng_get_caps_process())
		return -EIO;
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		sets = CAPNG_SELECT_BOTH;
	capng_clear(sets);
	if (capng_apply(sets))
		return -EPERM;
	if (capng_get_caps_process())
		return -EIO;
	return capng_have_capabilities(CAPNG_SELECT_CAPS) > CAPNG_NONE ?
	       -EPERM : 0;
}

/**
 * sandbox_apply() - no new privileges, no capabilities, no other system calls
 * @keep: what can be done nevertheless
 *
 * Where the kernel can't fence it in, nothing can be removed.
 *
 * Return: 0, or -1 with errno; what was dropped stays dropped
 */
int sandbox_apply(const struct vmm_keep *keep)
{
	bool fenced;
	int ret;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	fenced = !sandbox_fence(keep->files, keep->directories);
	ret = drop_capabilities();
	if (!ret)
		ret = filter_narrow(keep);
	if (!ret)
		ret = filter_calls(fenced);
	if (!ret)
		return 0;
	errno = -ret;
	return -1;
}

int vmm_sandbox(struct vmm *vmm, const struct vmm_keep *keep)
{
	(void)vmm;
	return sandbox_apply(keep);
}
