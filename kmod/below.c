// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hypervisor below Linux: whether the core can stand between the two, and
 * what has to be otherwise meanwhile.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/percpu.h>
#include <asm/hypervisor.h>
#include <asm/kvm_para.h>

#include "hvmod.h"

/* Of VMware's interface nothing that Linux does after it has booted goes by VMCALL and is waited for. */
int hv_below_check(u32 *flags)
{
	switch (x86_hyper_type) {
	case X86_HYPER_KVM:
		*flags |= HV_BOOT_KVM;
		return 0;
	case X86_HYPER_NATIVE:
	case X86_HYPER_VMWARE:
		return 0;
	default:
		pr_err("Linux calls the hypervisor below it, which the core can't hand down; KVM's and VMware's guests can have hvmod, others with 'nopv' on Linux's command line\n");
		return -EOPNOTSUPP;
	}
}

#define APF_EXITS	(KVM_ASYNC_PF_ENABLED | KVM_ASYNC_PF_DELIVERY_AS_PF_VMEXIT)

static DEFINE_PER_CPU(bool, apf_exits_off);

/*
 * KVM tells a guest that a page is being fetched by a #PF, to a hypervisor in
 * it by an exit that it has not asked for. Without that bit it waits for the
 * page itself while Domain-0 runs. Interrupts are off.
 */
void hv_below_enter(void)
{
	u64 value;

	if (x86_hyper_type != X86_HYPER_KVM || rdmsrq_safe(MSR_KVM_ASYNC_PF_EN, &value) ||
	    (value & APF_EXITS) != APF_EXITS)
		return;
	value &= ~KVM_ASYNC_PF_DELIVERY_AS_PF_VMEXIT;
	this_cpu_write(apf_exits_off, !wrmsrq_safe(MSR_KVM_ASYNC_PF_EN, value));
}

/* Interrupts are off. */
void hv_below_leave(void)
{
	u64 value;

	if (!this_cpu_read(apf_exits_off) || rdmsrq_safe(MSR_KVM_ASYNC_PF_EN, &value))
		return;
	this_cpu_write(apf_exits_off, false);
	if (value & KVM_ASYNC_PF_ENABLED)
		wrmsrq_safe(MSR_KVM_ASYNC_PF_EN, value | KVM_ASYNC_PF_DELIVERY_AS_PF_VMEXIT);
}
