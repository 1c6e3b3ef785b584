/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the three files of the local APIC share. SDM volume 3, table 11-1 and
 * the figures of 11.5 to 11.8.
 */
#ifndef HVMOD_CORE_APIC_IMPL_H
#define HVMOD_CORE_APIC_IMPL_H

#include "domain.h"

enum apic_reg {
	REG_ID			= 0x02,
	REG_VERSION		= 0x03,
	REG_TPR			= 0x08,
	REG_PPR			= 0x0a,
	REG_EOI			= 0x0b,
	REG_LDR			= 0x0d,
	REG_DFR			= 0x0e,
	REG_SVR			= 0x0f,
	REG_ISR			= 0x10,
	REG_TMR			= 0x18,
	REG_IRR			= 0x20,
	REG_ESR			= 0x28,
	REG_LVT_CMCI		= 0x2f,
	REG_ICR			= 0x30,
	REG_ICR_HIGH		= 0x31,
	REG_TIMER_INITIAL	= 0x38,
	REG_TIMER_CURRENT	= 0x39,
	REG_TIMER_DIVIDE	= 0x3e,
	REG_SELF_IPI		= 0x3f,
};

#define LVT_MASKED		BIT(16)
#define LVT_TIMER_MODE		(3 << 17)
#define TIMER_ONE_SHOT		(0 << 17)
#define TIMER_PERIODIC		(1 << 17)
#define TIMER_TSC_DEADLINE	(2 << 17)
#define SVR_ENABLED		BIT(8)
#define ICR_BUSY		BIT(12)
#define ICR_RESERVED		(GENMASK(31, 20) | GENMASK(17, 16) | GENMASK(13, 12))	/* x2APIC */
#define ESR_SEND_VECTOR		BIT(5)
#define ESR_ILLEGAL_REGISTER	BIT(7)

enum delivery_mode {
	DELIVER_FIXED		= 0,
	DELIVER_LOWEST		= 1,
	DELIVER_SMI		= 2,
	DELIVER_NMI		= 4,
	DELIVER_INIT		= 5,
	DELIVER_STARTUP		= 6,
	DELIVER_EXTINT		= 7,
};

static inline u32 x2apic_ldr(u32 id)
{
	return id >> 4 << 16 | BIT(id & 15);
}

/* apic.c: SDM volume 3, 11.8.3.1 */
u32 apic_processor_priority(const struct apic *apic);

/* apic_msg.c: false if the vector is not allowed */
bool apic_send_ipi(struct vcpu *vcpu, u64 icr);

/* To these vCPUs, as KVM_HC_SEND_IPI wants it. Return: how many took it, or -22. */
long apic_send_to(struct vcpu *vcpu, u64 targets, u64 icr);

/* apic_timer.c */
void apic_timer_start(struct vcpu *vcpu, u32 initial);
void apic_timer_stop(struct vcpu *vcpu);
u32 apic_timer_current(struct vcpu *vcpu);

#endif
