// SPDX-License-Identifier: GPL-2.0-only
/*
 * The local APIC: registers and priorities. Messages are in apic_msg.c, the
 * timer in apic_timer.c.
 */
#include "apic_impl.h"

#define APIC_VERSION	(0x14 | (LVTS - 1) << 16)

static int highest(const u32 *map)
{
	for (int i = 7; i >= 0; i--) {
		u32 word = READ_ONCE(map[i]);

		if (word)
			return i * 32 + 31 - __builtin_clz(word);
	}
	return -1;
}

void apic_reset(struct apic *apic)
{
	u32 id = apic->id;
	u64 base = apic->base;

	*apic = (struct apic){ .id = id, .base = base, .dfr = ~0U, .svr = 0xff };
	for (int i = 0; i < LVTS; i++)
		apic->lvt[i] = LVT_MASKED;
	if (apic_is_x2apic(apic))
		apic->ldr = x2apic_ldr(id);
}

u32 apic_processor_priority(const struct apic *apic)
{
	int isr = highest(apic->isr);
	u32 service = isr < 0 ? 0 : isr & 0xf0;

	return (apic->tpr & 0xf0) >= service ? apic->tpr : service;
}

int apic_deliverable(const struct apic *apic)
{
	int vector = highest(apic->irr);

	if (vector < 0 || !(apic->svr & SVR_ENABLED) ||
	    (u32)(vector & 0xf0) <= (apic_processor_priority(apic) & 0xf0))
		return -1;
	return vector;
}

void apic_accept(struct apic *apic, int vector)
{
	__atomic_fetch_and(&apic->irr[vector / 32], ~BIT(vector % 32), __ATOMIC_RELAXED);
	apic->isr[vector / 32] |= BIT(vector % 32);
}

int apic_end_highest(struct apic *apic)
{
	int vector = highest(apic->isr);

	if (vector >= 0)
		apic->isr[vector / 32] &= ~BIT(vector % 32);
	return vector;
}

bool apic_last_edge(const struct apic *apic, u32 vector)
{
	return highest(apic->irr) < 0 && !(apic->tmr[vector / 32] & BIT(vector % 32));
}

/* The request is visible before the flag: see deliver_events(). */
bool apic_set_irq(struct vcpu *vcpu, u32 vector, bool level)
{
	struct apic *apic = &vcpu->apic;
	u32 bit = BIT(vector % 32), old;

	if (level)
		__atomic_fetch_or(&apic->tmr[vector / 32], bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&apic->tmr[vector / 32], ~bit, __ATOMIC_RELAXED);
	old = __atomic_fetch_or(&apic->irr[vector / 32], bit, __ATOMIC_SEQ_CST);
	__atomic_store_n(&vcpu->event, 1, __ATOMIC_SEQ_CST);
	return !(old & bit);
}

static void apic_error(struct vcpu *vcpu, u32 bit)
{
	u32 lvt = vcpu->apic.lvt[LVT_ERROR];

	vcpu->apic.esr_pending |= bit;
	if (!(lvt & LVT_MASKED) && (lvt & 0xff) >= 16)
		apic_set_irq(vcpu, lvt & 0xff, false);
}

/* A level-triggered one leaves to the VMM, whose IOAPIC waits for it. */
static void apic_eoi(struct vcpu *vcpu)
{
	struct apic *apic = &vcpu->apic;
	int vector;

	apic_settle(vcpu);
	vector = apic_end_highest(apic);
	if (vector < 0)
		return;
	vcpu->event = 1;
	if (apic->tmr[vector / 32] & BIT(vector % 32))
		vcpu->eoi = vector;
}

static const u8 lvt_reg[LVTS] = { REG_LVT_CMCI, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37 };

static const u32 lvt_mask[LVTS] = {
	0x107ff, 0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff,
};

static int lvt_of(u32 reg)
{
	for (int i = 0; i < LVTS; i++)
		if (lvt_reg[i] == reg)
			return i;
	return -1;
}

int apic_read(struct vcpu *vcpu, u32 reg, u64 *value)
{
	struct apic *apic = &vcpu->apic;
	bool x2 = apic_is_x2apic(apic);
	int lvt = lvt_of(reg);

	if (lvt >= 0) {
		*value = apic->lvt[lvt];
		return 0;
	}
	switch (reg) {
	case REG_ID:
		*value = x2 ? apic->id : apic->id << 24;
		return 0;
	case REG_VERSION:
		*value = APIC_VERSION;
		return 0;
	case REG_TPR:
		apic_settle(vcpu);
		*value = apic->tpr;
		return 0;
	case REG_PPR:
		apic_settle(vcpu);
		*value = apic_processor_priority(apic);
		return 0;
	case REG_LDR:
		*value = apic->ldr;
		return 0;
	case REG_DFR:
		*value = apic->dfr;
		return x2 ? -1 : 0;
	case REG_SVR:
		*value = apic->svr;
		return 0;
	case REG_ISR ... REG_ISR + 7:
		apic_settle(vcpu);
		*value = apic->isr[reg - REG_ISR];
		return 0;
	case REG_TMR ... REG_TMR + 7:
		*value = apic->tmr[reg - REG_TMR];
		return 0;
	case REG_IRR ... REG_IRR + 7:
		apic_settle(vcpu);
		*value = READ_ONCE(apic->irr[reg - REG_IRR]);
		return 0;
	case REG_ESR:
		*value = apic->esr;
		return 0;
	case REG_ICR:
		*value = x2 ? apic->icr : (u32)apic->icr;
		return 0;
	case REG_ICR_HIGH:
		*value = apic->icr >> 32;
		return x2 ? -1 : 0;
	case REG_TIMER_INITIAL:
		*value = apic->timer_initial;
		return 0;
	case REG_TIMER_CURRENT:
		*value = apic_timer_current(vcpu);
		return 0;
	case REG_TIMER_DIVIDE:
		*value = apic->timer_divide;
		return 0;
	}
	return -1;
}

static int write_lvt(struct vcpu *vcpu, int lvt, u64 value)
{
	struct apic *apic = &vcpu->apic;
	u32 old = apic->lvt[lvt];

	if (apic_is_x2apic(apic) && value & ~(u64)lvt_mask[lvt] & ~BIT(12))
		return -1;
	value &= lvt_mask[lvt];
	if (!(apic->svr & SVR_ENABLED))
		value |= LVT_MASKED;
	apic->lvt[lvt] = value;
	if (lvt == LVT_TIMER && (old ^ value) & LVT_TIMER_MODE)
		apic_timer_stop(vcpu);
	return 0;
}

static void write_svr(struct apic *apic, u32 value)
{
	apic->svr = value & 0x11ff;
	if (!(value & SVR_ENABLED))
		for (int i = 0; i < LVTS; i++)
			apic->lvt[i] |= LVT_MASKED;
}

int apic_write(struct vcpu *vcpu, u32 reg, u64 value)
{
	struct apic *apic = &vcpu->apic;
	bool x2 = apic_is_x2apic(apic);
	int lvt = lvt_of(reg);

	if (x2 && reg != REG_ICR && value >> 32)
		return -1;
	if (lvt >= 0)
		return write_lvt(vcpu, lvt, value);
	switch (reg) {
	case REG_TPR:
		if (x2 && value > 0xff)
			return -1;
		apic_settle(vcpu);
		apic->tpr = value & 0xff;
		vcpu->event = 1;
		return 0;
	case REG_EOI:
		if (x2 && value)
			return -1;
		apic_eoi(vcpu);
		return 0;
	case REG_LDR:
		if (x2)
			return -1;
		apic->ldr = value & 0xff000000;
		return 0;
	case REG_DFR:
		if (x2)
			return -1;
		apic->dfr = value | 0x0fffffff;
		return 0;
	case REG_SVR:
		if (x2 && value & ~0x11ffULL)
			return -1;
		apic_settle(vcpu);
		write_svr(apic, value);
		vcpu->event = 1;
		return 0;
	case REG_ESR:
		if (x2 && value)
			return -1;
		apic->esr = apic->esr_pending;
		apic->esr_pending = 0;
		return 0;
	case REG_ICR:
		if (x2 && value & ICR_RESERVED)
			return -1;
		apic->icr = x2 ? value : (apic->icr & 0xffffffff00000000ULL) | (u32)value;
		apic->icr &= ~ICR_BUSY;
		if (!apic_send_ipi(vcpu, apic->icr))
			apic_error(vcpu, ESR_SEND_VECTOR);
		return 0;
	case REG_ICR_HIGH:
		if (x2)
			return -1;
		apic->icr = (u32)apic->icr | (value & 0xff000000) << 32;
		return 0;
	case REG_TIMER_INITIAL:
		apic_timer_start(vcpu, value);
		return 0;
	case REG_TIMER_DIVIDE:
		if (x2 && value & ~0xbULL)
			return -1;
		apic->timer_divide = value & 0xb;
		return 0;
	case REG_SELF_IPI:
		if (!x2 || value > 0xff)
			return -1;
		if (value < 16)
			apic_error(vcpu, ESR_SEND_VECTOR);
		else
			apic_set_irq(vcpu, value, false);
		return 0;
	}
	return -1;
}

u32 apic_page_read(struct vcpu *vcpu, u32 offset)
{
	u64 value;

	if (!apic_read(vcpu, offset >> 4, &value))
		return value;
	apic_error(vcpu, ESR_ILLEGAL_REGISTER);
	return 0;
}

void apic_page_write(struct vcpu *vcpu, u32 offset, u32 value)
{
	if (apic_write(vcpu, offset >> 4, value))
		apic_error(vcpu, ESR_ILLEGAL_REGISTER);
}

/* Turned off it forgets everything: SDM volume 3, 11.4.3. */
void apic_set_base(struct apic *apic, u64 value)
{
	apic->base = value;
	if (!(value & APIC_BASE_ENABLE))
		apic_reset(apic);
	if (apic_is_x2apic(apic))
		apic->ldr = x2apic_ldr(apic->id);
}

/* SDM volume 3, figure 11-27: which changes of mode are #GP. */
bool apic_base_valid(u64 old, u64 new)
{
	u64 mode = new & (APIC_BASE_ENABLE | APIC_BASE_EXTD);
	u64 was = old & (APIC_BASE_ENABLE | APIC_BASE_EXTD);

	if (new & ~(APIC_BASE_ENABLE | APIC_BASE_EXTD | APIC_BASE_BSP | 0xfffff000ULL))
		return false;
	if (mode == APIC_BASE_EXTD)
		return false;
	if (!was && mode == (APIC_BASE_ENABLE | APIC_BASE_EXTD))
		return false;
	return !(was & APIC_BASE_EXTD && mode == APIC_BASE_ENABLE);
}
