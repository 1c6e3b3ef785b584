/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC of a vCPU, xAPIC and x2APIC. SDM volume 3, chapter 11.
 */
#ifndef HVMOD_CORE_APIC_H
#define HVMOD_CORE_APIC_H

#include "types.h"

#define APIC_BASE_BSP		BIT(8)
#define APIC_BASE_EXTD		BIT(10)
#define APIC_BASE_ENABLE	BIT(11)
#define APIC_DEFAULT_BASE	0xfee00000ULL

enum apic_lvt { LVT_CMCI, LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVTS };

/**
 * struct apic - registers
 * @irr: requests; set by any processor, so always with atomic operations
 * @deadline: host TSC at which the timer fires, 0 if it is not armed
 * @tsc_deadline: what the guest wrote into IA32_TSC_DEADLINE
 * @wake: vCPUs that the last write reached and that may sleep or run elsewhere
 */
struct apic {
	u64 base;
	u32 id;
	u32 tpr;
	u32 ldr;
	u32 dfr;
	u32 svr;
	u32 esr;
	u32 esr_pending;
	u32 timer_initial;
	u32 timer_divide;
	u32 lvt[LVTS];
	u64 icr;
	u64 deadline;
	u64 tsc_deadline;
	u64 wake;
	u32 irr[8];
	u32 isr[8];
	u32 tmr[8];
};

struct vcpu;
struct domain;

/** apic_reset() - as after RESET or INIT; the id stays */
void apic_reset(struct apic *apic);

static inline bool apic_is_xapic(const struct apic *apic)
{
	return (apic->base & (APIC_BASE_ENABLE | APIC_BASE_EXTD)) == APIC_BASE_ENABLE;
}

static inline bool apic_is_x2apic(const struct apic *apic)
{
	return (apic->base & APIC_BASE_EXTD);
}

/** apic_deliverable() - highest request above the processor priority, or -1 */
int apic_deliverable(const struct apic *apic);

/** apic_accept() - move a vector from request to in-service */
void apic_accept(struct apic *apic, int vector);

/** apic_end_highest() - what EOI does to the in-service register. Return: the vector, or -1 */
int apic_end_highest(struct apic *apic);

/** apic_last_edge() - is an accepted vector edge-triggered, with no request behind it? */
bool apic_last_edge(const struct apic *apic, u32 vector);

/** apic_set_irq() - request a vector. Return: false if it was pending already */
bool apic_set_irq(struct vcpu *vcpu, u32 vector, bool level);

/** apic_base_valid() - may IA32_APIC_BASE go from one value to another? */
bool apic_base_valid(u64 old, u64 new);

/** apic_set_base() - a valid value into IA32_APIC_BASE */
void apic_set_base(struct apic *apic, u64 value);

/**
 * apic_read(), apic_write() - a register by its number (offset / 16)
 *
 * Return: 0, or -1 where x2APIC has #GP.
 */
int apic_read(struct vcpu *vcpu, u32 reg, u64 *value);
int apic_write(struct vcpu *vcpu, u32 reg, u64 value);

/** apic_page_read(), apic_page_write() - the xAPIC's view, by offset */
u32 apic_page_read(struct vcpu *vcpu, u32 offset);
void apic_page_write(struct vcpu *vcpu, u32 offset, u32 value);

/** apic_take_wake() - vCPUs to wake or kick since the last call, a bit each */
u64 apic_take_wake(struct vcpu *vcpu);

/** apic_msi() - a message to a domain. Return: how many took it */
u32 apic_msi(struct domain *domain, u64 address, u32 data, u64 *wake);

/** apic_set_tsc_deadline() - WRMSR of IA32_TSC_DEADLINE */
void apic_set_tsc_deadline(struct vcpu *vcpu, u64 guest_tsc);

/** apic_timer_fired() - the deadline has passed: request the vector, re-arm */
void apic_timer_fired(struct vcpu *vcpu, u64 now);

#endif
