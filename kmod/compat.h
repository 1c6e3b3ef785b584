/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the supported kernels, 6.1 to 7.2. The driver is
 * written for the newest; what older ones lack is made up for here, each with
 * the version that brought it.
 */
#ifndef HVMOD_COMPAT_H
#define HVMOD_COMPAT_H

#include <linux/version.h>

#ifdef __ASSEMBLY__

#include <asm/unwind_hints.h>

/* 6.4: UNWIND_HINT_EMPTY was split in two */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
.macro UNWIND_HINT_UNDEFINED
	UNWIND_HINT_EMPTY
.endm
#endif

#else /* __ASSEMBLY__ */

#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/thread_info.h>
#include <net/genetlink.h>
#include <asm/msr.h>
#include <asm/tlbflush.h>

/* 6.16: CPUID has a header of its own */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#include <asm/cpuid/api.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "hvmod needs Linux 6.1 or newer"
#endif

/* 6.3: vm_flags can't be written directly any more */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

/*
 * 6.3: KVM's first machine fails for CPUID's sake. Before, KVM has a look at
 * CR4.VMXE in Linux's own note of CR4: "busy" is what it makes of that, where
 * VMXON would fail with a warning. Interrupts are off; the core is entered.
 */
static inline void hv_mark_vmx(bool taken)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	if (taken)
		cr4_set_bits_irqsoff(X86_CR4_VMXE);
	else
		cr4_clear_bits_irqsoff(X86_CR4_VMXE);
#endif
}

/* 6.6: a dump's attributes are in a struct genl_info */
static inline struct nlattr **hv_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_info_dump(cb)->attrs;
#endif
}

/* Kernels without it do not tell how long a thread waited for a processor. */
static inline u64 hv_run_delay(struct task_struct *task)
{
#ifdef CONFIG_SCHED_INFO
	return task->sched_info.run_delay;
#else
	return 0;
#endif
}

/* 6.8: eventfd_signal() always adds 1 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define eventfd_signal(eventfd)	eventfd_signal(eventfd, 1)
#endif

/* 6.13: lazy preemption */
#ifdef _TIF_NEED_RESCHED_LAZY
#define HV_TIF_RESCHED	(_TIF_NEED_RESCHED | _TIF_NEED_RESCHED_LAZY)
#else
#define HV_TIF_RESCHED	_TIF_NEED_RESCHED
#endif

/* 6.16: rdmsrl() was renamed */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define rdmsrq(msr, value)		rdmsrl(msr, value)
#define rdmsrq_safe(msr, value)		rdmsrl_safe(msr, value)
#define wrmsrq_safe(msr, value)		wrmsrl_safe(msr, value)
#endif

#endif /* __ASSEMBLY__ */

#endif
