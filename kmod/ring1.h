/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the driver reaches ring -1: the VMCALL gate of core/gate.h, and the
 * launch that puts it there.
 */
#ifndef HVMOD_RING1_H
#define HVMOD_RING1_H

#include <linux/types.h>
#include <asm/asm.h>
#include <asm/extable_fixup_types.h>
#include "core/gate.h"

/**
 * struct hv_result - the two further values of a gate operation
 */
struct hv_result {
	u64 rdx;
	u64 rcx;
};

/**
 * hv_gate() - one operation of the gate
 * @op: what to do
 * @a: first argument (RDI)
 * @b: second argument (RSI)
 * @c: third argument (RDX)
 * @d: fourth argument (RCX)
 * @result: where RDX and RCX go, or NULL
 *
 * Any context.
 *
 * Return: RAX, see enum hv_gate; -EIO where there is no core under the
 * processor (the machine goes down, or is about to sleep).
 */
static inline long hv_gate(enum hv_gate op, u64 a, u64 b, u64 c, u64 d,
			   struct hv_result *result)
{
	long rax = HV_GATE_BASE + op;
	u64 rdx = c, rcx = d;

	/* Where there is no core, VMCALL is #UD, or KVM's that Linux is a guest of. */
	asm volatile("1:	vmcall\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_IMM_REG | EX_DATA_IMM(-5), %%rax)
		     : "+a" (rax), "+d" (rdx), "+c" (rcx)
		     : "D" (a), "S" (b)
		     : "memory", "cc");
	if (rax == -HV_KVM_ENOSYS)
		return -HV_EIO;
	if (result) {
		result->rdx = rdx;
		result->rcx = rcx;
	}
	return rax;
}

/**
 * hv_launch() - load the core and launch it on every online processor
 * @flags: HV_BOOT_*
 *
 * All or nothing; the reason of a failure is printed. Process context. From
 * then on processors that come online are launched too, or refused.
 *
 * Return: 0 or a negative errno.
 */
int hv_launch(u32 flags);

/**
 * hv_leave() - take every processor out of VMX and free what the core had
 *
 * No domain may exist. All pages that were donated are back with Linux after
 * it.
 */
void hv_leave(void);

/**
 * hv_get() - keep the core as it is
 *
 * For a domain's whole life: the machine does not sleep meanwhile. Process
 * context, may sleep.
 *
 * Return: 0, or -EBUSY: the core is away, as the machine is about to sleep.
 */
int hv_get(void);

/**
 * hv_put() - undo hv_get()
 */
void hv_put(void);

/**
 * hv_features() - HVMOD_FEATURE_* of the launched core
 */
u64 hv_features(void);

/**
 * hv_pool_grow() - donate memory to the core
 *
 * After a gate operation gave -ENOMEM; process context, interrupts on, not
 * inside cpus_read_lock(). All processors have synchronised when it returns.
 *
 * Return: 0 or -ENOMEM.
 */
int hv_pool_grow(void);

/**
 * hv_sync() - GATE_SYNC on every processor
 *
 * Process context. After it no DomU reaches pages that GATE_UNMAP took away.
 */
void hv_sync(void);

#endif
