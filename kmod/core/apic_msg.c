// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt messages: IPIs (ICR) and MSIs. SDM volume 3, 11.6 and 11.11.
 *
 * The vCPUs of a domain live as long as one of them runs or machine.lock is
 * held; a target is touched only by atomic operations.
 */
#include "apic_impl.h"

struct message {
	u32 destination;
	bool logical;
	bool broadcast;
	enum delivery_mode mode;
	u32 vector;
	bool level;
};

static bool matches(const struct apic *apic, const struct message *m)
{
	u32 destination = m->destination;

	/* One that is off has left the bus. */
	if (!(apic->base & APIC_BASE_ENABLE))
		return false;
	if (m->broadcast)
		return true;
	if (!m->logical)
		return apic->id == destination;
	if (apic_is_x2apic(apic))
		return apic->ldr >> 16 == destination >> 16 && apic->ldr & destination & 0xffff;
	if (apic->dfr >> 28 == 0xf)
		return apic->ldr >> 24 & destination;
	return apic->ldr >> 28 == destination >> 4 && apic->ldr >> 24 & destination & 0xf;
}

static bool take(struct vcpu *vcpu, const struct message *m)
{
	switch (m->mode) {
	case DELIVER_FIXED:
	case DELIVER_LOWEST:
		return (vcpu->apic.svr & SVR_ENABLED) && apic_set_irq(vcpu, m->vector, m->level);
	case DELIVER_NMI:
		__atomic_store_n(&vcpu->nmi_pending, true, __ATOMIC_SEQ_CST);
		__atomic_store_n(&vcpu->event, 1, __ATOMIC_SEQ_CST);
		return true;
	case DELIVER_INIT:
		/* A SIPI from before it does not count. */
		__atomic_store_n(&vcpu->sipi_pending, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&vcpu->init_pending, true, __ATOMIC_SEQ_CST);
		return true;
	case DELIVER_STARTUP:
		__atomic_store_n(&vcpu->sipi_pending, m->vector | SIPI_PENDING, __ATOMIC_SEQ_CST);
		return true;
	default:
		return false;
	}
}

static u32 deliver(struct domain *domain, const struct message *m, struct vcpu *except, u64 *wake)
{
	struct vcpu *lowest = NULL;
	u32 taken = 0;

	for (u32 i = 0; i < HV_VCPUS_MAX; i++) {
		struct vcpu *vcpu = READ_ONCE(domain->vcpu[i]);

		if (!vcpu || vcpu == except || !matches(&vcpu->apic, m))
			continue;
		if (m->mode == DELIVER_LOWEST) {
			if (vcpu->apic.svr & SVR_ENABLED &&
			    (!lowest || apic_processor_priority(&vcpu->apic) <
					apic_processor_priority(&lowest->apic)))
				lowest = vcpu;
			continue;
		}
		if (take(vcpu, m)) {
			*wake |= BIT(i);
			taken++;
		}
	}
	if (lowest && take(lowest, m)) {
		*wake |= BIT(lowest->index);
		taken++;
	}
	return taken;
}

bool apic_send_ipi(struct vcpu *vcpu, u64 icr)
{
	bool x2 = apic_is_x2apic(&vcpu->apic);
	struct message m = {
		.destination = x2 ? icr >> 32 : icr >> 56,
		.logical = icr & BIT(11),
		.mode = icr >> 8 & 7,
		.vector = icr & 0xff,
	};
	u32 shorthand = icr >> 18 & 3;
	u64 wake = 0;

	if ((m.mode == DELIVER_FIXED || m.mode == DELIVER_LOWEST) && m.vector < 16)
		return false;
	/* INIT level de-assert is not a message on these processors. */
	if (m.mode == DELIVER_INIT && !(icr & BIT(14)) && icr & BIT(15))
		return true;
	m.broadcast = shorthand >= 2 || m.destination == (x2 ? ~0U : 0xff);
	if (shorthand == 1)
		take(vcpu, &m);
	else
		deliver(vcpu->domain, &m, shorthand == 3 ? vcpu : NULL, &wake);
	vcpu->apic.wake |= wake & ~BIT(vcpu->index);
	return true;
}

#define ICR_SHORTHAND	(3 << 18)
#define ICR_LOGICAL	BIT(11)

long apic_send_to(struct vcpu *vcpu, u64 targets, u64 icr)
{
	const struct message m = { .mode = icr >> 8 & 7, .vector = icr & 0xff };
	long taken = 0;

	if (icr & (ICR_SHORTHAND | ICR_LOGICAL) || (m.mode != DELIVER_FIXED && m.mode != DELIVER_NMI) ||
	    (m.mode == DELIVER_FIXED && m.vector < 16))
		return -HV_EINVAL;
	for (; targets; targets &= targets - 1) {
		u32 i = __builtin_ctzll(targets);
		struct vcpu *target = READ_ONCE(vcpu->domain->vcpu[i]);

		if (!target || !(target->apic.base & APIC_BASE_ENABLE) || !take(target, &m))
			continue;
		taken++;
		if (target != vcpu)
			vcpu->apic.wake |= BIT(i);
	}
	return taken;
}

u32 apic_msi(struct domain *domain, u64 address, u32 data, u64 *wake)
{
	struct message m = {
		.destination = (address >> 12 & 0xff) | (address >> 40 << 8),
		.logical = address & BIT(2),
		.mode = data >> 8 & 7,
		.vector = data & 0xff,
		.level = data & BIT(15),
	};

	if ((u32)address >> 20 != 0xfee)
		return 0;
	if (m.mode == DELIVER_STARTUP || (m.mode <= DELIVER_LOWEST && m.vector < 16))
		return 0;
	m.broadcast = m.destination == 0xff;
	return deliver(domain, &m, NULL, wake);
}

u64 apic_take_wake(struct vcpu *vcpu)
{
	u64 wake = vcpu->apic.wake;

	vcpu->apic.wake = 0;
	return wake;
}
