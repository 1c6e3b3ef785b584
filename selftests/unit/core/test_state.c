// SPDX-License-Identifier: GPL-2.0-only
/* A vCPU's state: there and back, and each value that is not allowed. */
#include "world.h"

#define PAGE	0x300000ULL	/* for GATE_VCPU_GET and _SET */

static struct vcpu *vcpu;
static u64 handle;
static const u32 groups[] = { HVMOD_STATE_REGS, HVMOD_STATE_SREGS, HVMOD_STATE_MSRS,
			      HVMOD_STATE_XSAVE, HVMOD_STATE_APIC, HVMOD_STATE_EVENTS };
static u8 saved[ARRAY_SIZE(groups)][PAGE_SIZE];
static u64 saved_bytes[ARRAY_SIZE(groups)];

static u64 get(u32 group, void *data)
{
	struct answer r = gate_call(0, GATE_VCPU_GET, handle, 0, group, PAGE);

	if (r.rax)
		model_fatal("GET of %#x: %ld", group, r.rax);
	memcpy(data, ram(PAGE), r.rdx);
	return r.rdx;
}

static enum hvmod_why put(u32 group, const void *data, u64 bytes, u64 flags)
{
	struct answer r;

	*(u64 *)ram(PAGE) = bytes;
	memcpy((u8 *)ram(PAGE) + 8, data, bytes < 4000 ? bytes : 4000);
	r = gate_call(0, GATE_VCPU_SET, handle, 0, group | flags, PAGE);
	check((r.rax == 0) == (r.rdx == 0) && (r.rax == 0 || r.rax == -HV_EINVAL));
	return r.rdx;
}

static void save_all(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++)
		saved_bytes[i] = get(groups[i], saved[i]);
}

static bool unchanged(void)
{
	u8 now[PAGE_SIZE];

	for (u32 i = 0; i < ARRAY_SIZE(groups); i++)
		/* The TSC goes on, and stands in the first MSR. */
		if (get(groups[i], now) != saved_bytes[i] || memcmp(now, saved[i], saved_bytes[i]))
			return false;
	return true;
}

static void fresh(void)
{
	world_start(&skylake_server, 1, NULL);
	handle = make_domain();
	vcpu = make_vcpu(handle, 0);
	gate_call(0, GATE_MAP, handle, 0, GUEST_RAM, 512);
}

static void round_trip(void)
{
	struct hvmod_regs regs;
	struct hvmod_sregs sregs;
	struct hvmod_apic_state apic;
	struct hvmod_events events;

	fresh();
	ok(get(HVMOD_STATE_REGS, &regs) == sizeof(regs) && regs.rip == 0xfff0 && regs.rflags == 2 &&
	   regs.gpr[RDX] == 0x50654, "after reset: RIP, RFLAGS, RDX");
	ok(get(HVMOD_STATE_SREGS, &sregs) == sizeof(sregs) && sregs.segment[1].base == 0xffff0000 &&
	   sregs.segment[1].selector == 0xf000 && sregs.cr0 == 0x60000010 && !sregs.cr4 && !sregs.efer,
	   "segments and control registers");
	get(HVMOD_STATE_APIC, &apic);
	ok(apic.base == 0xfee00900 && apic.reg[0xf] == 0xff && apic.reg[0x32] == 0x10000, "the APIC");
	get(HVMOD_STATE_EVENTS, &events);
	ok(!events.activity && !events.injection, "no events");
	for (int i = 0; i < 16; i++)
		regs.gpr[i] = 0x0101010101010101ULL * i;
	regs.rip = 0xffffffff81000000ULL;
	regs.rflags = 0x246;
	sregs.cr0 = 0x80050033;
	sregs.cr3 = 0x2000;
	sregs.cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXSAVE | CR4_SMEP;
	sregs.efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
	sregs.cr2 = 0x1234567;
	sregs.cr8 = 3;
	sregs.segment[1] = (struct hvmod_segment){ 0, ~0U, 0x10, 0xa09b, 0, 0 };
	sregs.segment[6] = (struct hvmod_segment){ .unusable = 1 };
	ok(!put(HVMOD_STATE_REGS, &regs, sizeof(regs), 0) &&
	   !put(HVMOD_STATE_SREGS, &sregs, sizeof(sregs), 0), "long mode is taken");
	struct hvmod_regs regs2;
	struct hvmod_sregs sregs2;

	get(HVMOD_STATE_REGS, &regs2);
	get(HVMOD_STATE_SREGS, &sregs2);
	ok(!memcmp(&regs, &regs2, sizeof(regs)) && !memcmp(&sregs, &sregs2, sizeof(sregs)),
	   "and comes back as it went");
	guest_run(vcpu);
	ok(vmread(ENTRY_CONTROLS) & ENTRY_IA32E && model.me->cr2 == 0x1234567, "and runs");
	memset(model.me->fpu + 160, 0x77, 256);
	vcpu->ctx.gpr[RCX] = 0x277;
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	save_all();
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++)
		ok(!put(groups[i], saved[i], saved_bytes[i], HV_SET_CHECK), "group %#x: its own check",
		   groups[i]);
	ok(unchanged(), "a check changes nothing");
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++)
		check(!put(groups[i], saved[i], saved_bytes[i], 0));
	ok(unchanged(), "all groups, out and in again");
	/* Into another domain. */
	handle = make_domain();
	vcpu = make_vcpu(handle, 0);
	gate_call(0, GATE_MAP, handle, 0, GUEST_RAM + BIT(21), 512);
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++)
		ok(!put(groups[i], saved[i], saved_bytes[i], 0), "group %#x into another domain",
		   groups[i]);
	ok(unchanged(), "the same state there");
	guest_run(vcpu);
	ok(model.me->fpu[160] == 0x77, "vector registers too");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
}

static void sizes(void)
{
	fresh();
	save_all();
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++) {
		ok(put(groups[i], saved[i], saved_bytes[i] - 1, 0) == HVMOD_WHY_BAD_BLOB &&
		   put(groups[i], saved[i], 4000, 0) == HVMOD_WHY_BAD_BLOB, "group %#x: a wrong size",
		   groups[i]);
	}
	ok(put(0, saved[0], 8, 0) == HVMOD_WHY_BAD_BLOB && put(3, saved[0], 8, 0) == HVMOD_WHY_BAD_BLOB &&
	   put(BIT(31), saved[0], 8, 0) == HVMOD_WHY_BAD_BLOB, "no such group");
	*(u64 *)ram(PAGE) = 4089;
	ok(gate_call(0, GATE_VCPU_SET, handle, 0, 1, PAGE).rax == -HV_EINVAL, "more than a page");
	*(u64 *)ram(PAGE) = ~0ULL;
	ok(gate_call(0, GATE_VCPU_SET, handle, 0, 1, PAGE).rax == -HV_EINVAL, "much more");
	ok(gate_call(0, GATE_VCPU_SET, handle, 0, 1, OWN_START).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_GET, handle, 0, 1, OWN_START).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_GET, handle, 0, 1, RUN_PAGE).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_GET, handle, 0, 1, GUEST_RAM).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_GET, handle, 0, 1, PAGE + 8).rax == -HV_EINVAL &&
	   gate_call(0, GATE_VCPU_GET, handle, 0, 1, 0xa0000).rax == -HV_EINVAL,
	   "a page that is not plain memory of Domain-0");
	ok(unchanged(), "nothing changed");
}

/* Every bit of a field, flipped alone: taken or refused, never half. */
static void flip(u32 group, void *data, u64 bytes, u64 *field, u64 allowed, enum hvmod_why why,
		 const char *name)
{
	u64 was = *field;
	bool wrong = false;

	for (int bit = 0; bit < 64; bit++) {
		if (allowed & BIT(bit))
			continue;
		*field = was ^ BIT(bit);
		if (put(group, data, bytes, 0) != why) {
			printf("# bit %d of %s\n", bit, name);
			wrong = true;
		}
		if (put(group, data, bytes, HV_SET_CHECK) != why)
			wrong = true;
	}
	*field = was;
	ok(!wrong && unchanged(), "%s: each reserved bit is refused and nothing changes", name);
}

static void hostile_sregs(void)
{
	struct hvmod_sregs s;
	struct hvmod_regs r;
	u64 segment[4];

	fresh();
	save_all();
	memcpy(&s, saved[1], sizeof(s));
	memcpy(&r, saved[0], sizeof(r));
#define FLIP(f, allowed, why)	flip(HVMOD_STATE_SREGS, &s, sizeof(s), &s.f, allowed, why, #f)
	s.cr0 = CR0_PE;
	FLIP(cr0, CR0_DEFINED & ~CR0_NW, HVMOD_WHY_BAD_CR);
	s.cr0 = CR0_PE | CR0_CD | CR0_NW;
	FLIP(cr0, ~CR0_CD, HVMOD_WHY_BAD_CR);
	s.cr0 = CR0_PG;
	ok(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_CR, "PG without PE");
	s.cr0 = CR0_PE;
	FLIP(cr4, guest_cr4_allowed() & ~CR4_PCIDE, HVMOD_WHY_BAD_CR);
	FLIP(efer, EFER_SCE | EFER_LME | EFER_NXE, HVMOD_WHY_BAD_CR);
	FLIP(cr3, BIT(46) - 1, HVMOD_WHY_BAD_CR);
	FLIP(cr8, 15, HVMOD_WHY_BAD_CR);
	FLIP(gdt_base, BIT(47) - 1, HVMOD_WHY_BAD_SEGMENT);
	FLIP(idt_base, BIT(47) - 1, HVMOD_WHY_BAD_SEGMENT);
	s.cr0 = CR0_PE | CR0_PG;
	s.efer = EFER_LME;
	ok(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_CR, "LME and PG without LMA");
	s.efer |= EFER_LMA;
	ok(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_CR, "LMA without PAE");
	s.efer = EFER_LMA;
	s.cr4 = CR4_PAE;
	ok(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_CR, "LMA without LME");
	s.efer = 0;
	s.cr3 = 0x40000000;
	ok(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_CR && unchanged(),
	   "PAE paging with PDPTEs that are not there");
	memcpy(&s, saved[1], sizeof(s));
	for (int i = 0; i < 8; i++) {
		memcpy(segment, &s.segment[i], sizeof(s.segment[i]));
		for (int bit = 8; bit < 12; bit++) {
			s.segment[i].attributes ^= 1 << bit;
			check(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_SEGMENT);
			s.segment[i].attributes ^= 1 << bit;
		}
		s.segment[i].reserved = 1;
		check(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_SEGMENT);
		s.segment[i].reserved = 0;
		s.segment[i].unusable = 2;
		check(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_SEGMENT);
		s.segment[i].unusable = 0;
		s.segment[i].base = BIT(50);
		check(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_SEGMENT);
		memcpy(&s.segment[i], segment, sizeof(s.segment[i]));
	}
	s.segment[7].unusable = 1;
	ok(put(HVMOD_STATE_SREGS, &s, sizeof(s), 0) == HVMOD_WHY_BAD_SEGMENT, "TR unusable");
	ok(unchanged(), "segments: nothing changed");
	flip(HVMOD_STATE_REGS, &r, sizeof(r), &r.rflags, 0x3f7fd7, HVMOD_WHY_BAD_REGS, "rflags");
	flip(HVMOD_STATE_REGS, &r, sizeof(r), &r.rip, BIT(47) - 1, HVMOD_WHY_BAD_REGS, "rip");
}

static void hostile_msrs(void)
{
	struct hvmod_msr_value v[3] = { { MSR_STAR, 0, 5 }, { MSR_LSTAR, 0, 6 }, { 0 } };
	static const struct { u32 msr; u64 value; } bad[] = {
		{ MSR_LSTAR, BIT(60) }, { 0x10a, 0 }, { MSR_PAT, 2 }, { MSR_DEBUGCTL, 1 },
		{ MSR_SFMASK, BIT(40) }, { MSR_APIC_BASE, 1 }, { 0x808, 0 }, { ~0U, 0 },
		{ MSR_FEATURE_CONTROL, 1 }, { MSR_EFER, BIT(20) }, { MSR_MTRRCAP, 0 },
		{ MSR_KERNEL_GS_BASE, BIT(47) },
	};

	fresh();
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		v[2].index = bad[i].msr;
		v[2].value = bad[i].value;
		save_all();
		ok(put(HVMOD_STATE_MSRS, v, sizeof(v), HV_SET_CHECK) == HVMOD_WHY_BAD_MSR && unchanged(),
		   "MSR %#x = %#lx fails the check", bad[i].msr, bad[i].value);
		ok(put(HVMOD_STATE_MSRS, v, sizeof(v), 0) == HVMOD_WHY_BAD_MSR && unchanged(),
		   "and the SET, with nothing changed");
	}
	v[2] = (struct hvmod_msr_value){ MSR_CSTAR, 1, 0 };
	ok(put(HVMOD_STATE_MSRS, v, sizeof(v), 0) == HVMOD_WHY_BAD_MSR && unchanged(), "reserved");
	/* A check is a check, for each MSR that can be written at all. */
	static const u32 all[] = { MSR_TSC, MSR_TSC_ADJUST, MSR_APIC_BASE, MSR_TSC_DEADLINE, MSR_EFER,
				   0x4b564d00, 0x4b564d01, MSR_STAR, MSR_MISC_ENABLE, MSR_PAT };

	save_all();
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		u64 adjust = vcpu->tsc_adjust, offset = vcpu->tsc_offset;

		v[0] = (struct hvmod_msr_value){ all[i], 0, all[i] == MSR_APIC_BASE ? 0xfee00900 : 0x500 };
		put(HVMOD_STATE_MSRS, v, sizeof(v[0]), HV_SET_CHECK);
		ok(unchanged() && vcpu->tsc_adjust == adjust && vcpu->tsc_offset == offset,
		   "a check of MSR %#x changes nothing", all[i]);
	}
}

/* Both are of one moment: writing one does not move the other. */
static void tsc_adjust(void)
{
	struct hvmod_msr_value v[2] = { { MSR_TSC_ADJUST, 0, 5000 }, { MSR_TSC, 0, 1ULL << 40 } };
	u64 offset;

	fresh();
	offset = vcpu->tsc_offset;
	ok(put(HVMOD_STATE_MSRS, v, sizeof(v[0]), 0) == HVMOD_WHY_NONE && vcpu->tsc_adjust == 5000 &&
	   vcpu->tsc_offset == offset, "IA32_TSC_ADJUST is put back without moving the TSC");
	ok(put(HVMOD_STATE_MSRS, v + 1, sizeof(v[0]), 0) == HVMOD_WHY_NONE && vcpu->tsc_adjust == 5000 &&
	   vcpu->tsc_offset == (1ULL << 40) - model.tsc, "and the TSC without moving it");
	save_all();
	for (u32 i = 0; i < msr_saved_count(); i++)
		if (msr_saved_index(i) == MSR_TSC_ADJUST) {
			ok(((struct hvmod_msr_value *)saved[2])[i].value == 5000, "it is in what is saved");
			return;
		}
	ok(false, "IA32_TSC_ADJUST is among the MSRs that are saved");
}

static void hostile_xsave(void)
{
	u64 *xcr0 = (u64 *)saved[3];
	u64 *header = (u64 *)(saved[3] + 8 + 512);
	u32 *mxcsr = (u32 *)(saved[3] + 8 + 24);

	fresh();
	save_all();
	flip(HVMOD_STATE_XSAVE, saved[3], saved_bytes[3], xcr0, 2, HVMOD_WHY_BAD_XSAVE, "xcr0");
	u8 keep[PAGE_SIZE];

	memcpy(keep, saved[3], sizeof(keep));
	for (int bit = 0; bit < 64; bit++) {
		memcpy(keep, saved[3], sizeof(keep));
		((u64 *)(keep + 520))[0] ^= BIT(bit);
		check(!put(HVMOD_STATE_XSAVE, keep, saved_bytes[3], HV_SET_CHECK) ==
		      !!(machine.guest_xcr0 & BIT(bit)));
	}
	for (u32 i = 1; i < 8; i++) {
		memcpy(keep, saved[3], sizeof(keep));
		((u64 *)(keep + 520))[i] = BIT(i * 7);
		check(put(HVMOD_STATE_XSAVE, keep, saved_bytes[3], 0) == HVMOD_WHY_BAD_XSAVE);
	}
	for (int bit = 16; bit < 32; bit++) {
		memcpy(keep, saved[3], sizeof(keep));
		((u32 *)(keep + 8))[6] ^= BIT(bit);
		check(put(HVMOD_STATE_XSAVE, keep, saved_bytes[3], 0) == HVMOD_WHY_BAD_XSAVE);
	}
	ok(unchanged() && header && mxcsr, "header and MXCSR: nothing that XRSTOR would fault on");
}

/* More than 32 bits of nanoseconds. */
static void apic_timer_left(void)
{
	struct hvmod_apic_state a;
	u64 ns = 60000000000ULL;

	fresh();
	get(HVMOD_STATE_APIC, &a);
	a.timer_left = ns;
	ok(!put(HVMOD_STATE_APIC, &a, sizeof(a), 0), "a timer with a minute left");
	get(HVMOD_STATE_APIC, &a);
	ok(a.timer_left <= ns && a.timer_left > ns - 1000000, "has it still");
}

static void hostile_apic(void)
{
	struct hvmod_apic_state a, good;

	fresh();
	save_all();
	memcpy(&good, saved[4], sizeof(good));
	a = good;
	flip(HVMOD_STATE_APIC, &a, sizeof(a), &a.base, 0xfffffd00, HVMOD_WHY_BAD_APIC, "base");
	a.base = APIC_DEFAULT_BASE | APIC_BASE_EXTD;
	ok(put(HVMOD_STATE_APIC, &a, sizeof(a), 0) == HVMOD_WHY_BAD_APIC, "EXTD without ENABLE");
	a = good;
	for (int bit = 0; bit < 16; bit++) {
		a = good;
		a.reg[0x20] = BIT(bit);
		check(put(HVMOD_STATE_APIC, &a, sizeof(a), 0) == HVMOD_WHY_BAD_APIC);
		a = good;
		a.reg[0x10] = BIT(bit);
		check(put(HVMOD_STATE_APIC, &a, sizeof(a), 0) == HVMOD_WHY_BAD_APIC);
	}
	ok(unchanged(), "vectors below 16");
	/* What the registers cannot hold does not get into them. */
	memset(&a, 0xff, sizeof(a));
	a.base = good.base;
	a.reg[0x20] = a.reg[0x10] = 0xffff0000;
	if (!put(HVMOD_STATE_APIC, &a, sizeof(a), 0)) {
		get(HVMOD_STATE_APIC, &a);
		ok(!(a.reg[0x8] & ~0xffU) && !(a.reg[0x3e] & ~0xbU) && !(a.reg[0xf] & ~0x11ffU) &&
		   !(a.reg[0x32] & ~0x710ffU), "registers have no more bits than they have");
	} else {
		ok(true, "registers with bits that they don't have are refused");
	}
	guest_run(vcpu);
	guest_exit(EXIT_PREEMPTION_TIMER, 0);
	vcpu->ctx.gpr[RCX] = 0x808;
	guest_exit(EXIT_RDMSR, 0);
	ok(true, "and nothing breaks");
}

/* A processor with FRED says of an event that it was nested. No DomU has FRED. */
static void nested_event(void)
{
	struct hvmod_events e;

	world_start(&panther_lake, 1, NULL);
	vcpu = running_guest();
	handle = vcpu->domain->handle;
	guest_protected_mode();
	exit_vectoring = INFO_VALID | INFO_HARDWARE | INFO_ERROR_CODE | BIT(13) | 14;
	exit_vectoring_error = 2;
	exit_gpa = 0x40000000;
	guest_exit(EXIT_EPT_VIOLATION, 2);
	get(HVMOD_STATE_EVENTS, &e);
	ok(e.injection == (INFO_VALID | INFO_HARDWARE | INFO_ERROR_CODE | 14) && e.injection_error == 2 &&
	   put(HVMOD_STATE_EVENTS, &e, sizeof(e), 0) == HVMOD_WHY_NONE,
	   "a cut off nested event is saved, and may be restored");
	guest_run(vcpu);
	ok(injected() == 14, "it is delivered again");
}

static void hostile_events(void)
{
	struct hvmod_events good, e;
	u32 taken = 0, refused = 0, broken = 0;

	fresh();
	guest_run(vcpu);
	guest_protected_mode();
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	save_all();
	memcpy(&good, saved[5], sizeof(good));
	for (u32 activity = 0; activity < 6; activity++) {
		e = good;
		e.activity = activity;
		check(!put(HVMOD_STATE_EVENTS, &e, sizeof(e), HV_SET_CHECK) ==
		      (activity == 0 || activity == 1 || activity == 3));
	}
	for (int bit = 0; bit < 32; bit++) {
		e = good;
		e.interruptibility = BIT(bit);
		check(!put(HVMOD_STATE_EVENTS, &e, sizeof(e), HV_SET_CHECK) ==
		      (bit == 0 || bit == 1 || bit == 3));
	}
	e = good;
	e.interruptibility = 3;
	check(put(HVMOD_STATE_EVENTS, &e, sizeof(e), 0) == HVMOD_WHY_BAD_EVENT);
	e = good;
	e.nmi_pending = 2;
	check(put(HVMOD_STATE_EVENTS, &e, sizeof(e), 0) == HVMOD_WHY_BAD_EVENT);
	e = good;
	e.reserved[1] = 1;
	ok(put(HVMOD_STATE_EVENTS, &e, sizeof(e), 0) == HVMOD_WHY_BAD_EVENT && unchanged(),
	   "activity, interruptibility, reserved fields");
	/* Each event: taken only if VM entry will take it. */
	for (u32 type = 0; type < 8; type++)
		for (u32 vector = 0; vector < 256; vector++)
			for (u32 code = 0; code < 2; code++) {
				const char *why;

				e = good;
				e.injection = INFO_VALID | type << 8 | vector | code << 11;
				e.injection_length = 2;
				/* Right in real mode, so left to VM entry. */
				if (type == 3 && vector < 32 && !code && 0x27d00 >> vector & 1)
					continue;
				if (put(HVMOD_STATE_EVENTS, &e, sizeof(e), 0)) {
					refused++;
					continue;
				}
				taken++;
				vmptrld(vcpu->ctx.vmcs);
				model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
				why = model_entry_checks();
				broken += why != NULL;
				vmptrld(this_cpu()->dom0.vmcs);
			}
	ok(taken > 256 && refused > 1024 && !broken, "%u events taken, %u refused, %u that VM entry refuses",
	   taken, refused, broken);
}

/* VM entry refuses a shadow in which a single-step trap is or is not pending against TF. */
static void single_step_in_shadow(void)
{
	static const u32 shadows[] = { BLOCKED_BY_STI, BLOCKED_BY_MOV_SS };
	struct hvmod_events e;
	struct hvmod_regs regs;

	for (u32 i = 0; i < 4; i++) {
		fresh();
		get(HVMOD_STATE_REGS, &regs);
		get(HVMOD_STATE_EVENTS, &e);
		regs.rflags = RFLAGS_FIXED | RFLAGS_IF | RFLAGS_TF;
		e.interruptibility = shadows[i & 1];
		hostile_states = true;
		entries_refused = 0;
		check(!put(i & 2 ? HVMOD_STATE_REGS : HVMOD_STATE_EVENTS, i & 2 ? (void *)&regs : (void *)&e,
			   i & 2 ? sizeof(regs) : sizeof(e), 0));
		check(!put(i & 2 ? HVMOD_STATE_EVENTS : HVMOD_STATE_REGS, i & 2 ? (void *)&e : (void *)&regs,
			   i & 2 ? sizeof(e) : sizeof(regs), 0));
		guest_run(vcpu);
		ok(!entries_refused && vmread(GUEST_PENDING_DEBUG) & PENDING_BS,
		   "TF and the shadow of %s from the VMM, in either order", i & 1 ? "MOV SS" : "STI");
		guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
		regs.rflags &= ~RFLAGS_TF;
		check(!put(HVMOD_STATE_REGS, &regs, sizeof(regs), 0));
		guest_run(vcpu);
		ok(!entries_refused && !vmread(GUEST_PENDING_DEBUG), "TF taken away again");
		hostile_states = false;
	}
}

static void run_page_dirty(void)
{
	struct answer r;

	fresh();
	save_all();
	vcpu->run->dirty = BIT(2);
	r = gate_call(0, GATE_VCPU_RUN, handle, 0, 0, 0);
	ok(r.rax == -HV_EINVAL && vcpu->run->why == HVMOD_WHY_BAD_BLOB && !vcpu->run->dirty &&
	   !vcpu->busy && unchanged(), "dirty: a group that is not in the page");
	vcpu->run->dirty = 3;
	gate_call(0, GATE_VCPU_EXPORT, handle, 0, 3, 0);
	vcpu->run->regs.rip = 0x5000;
	vcpu->run->sregs.cr4 = BIT(30);
	r = gate_call(0, GATE_VCPU_RUN, handle, 0, 0, 0);
	ok(r.rax == -HV_EINVAL && vcpu->run->why == HVMOD_WHY_BAD_CR && unchanged(),
	   "bad control registers: the good general ones are not loaded either");
	gate_call(0, GATE_VCPU_EXPORT, handle, 0, 3, 0);
	vcpu->run->regs.rip = BIT(60);
	vcpu->run->dirty = 3;
	r = gate_call(0, GATE_VCPU_RUN, handle, 0, 0, 0);
	ok(r.rax == -HV_EINVAL && vcpu->run->why == HVMOD_WHY_BAD_REGS && unchanged(), "bad RIP");
}

/* Registers that are set are not those that an IN was to put its value into. */
static void set_at_an_in(void)
{
	struct hvmod_regs regs = { .rip = 0x4000, .rflags = 2, .gpr[RAX] = 0x2badb002 };

	fresh();
	vcpu->in.size = 4;
	vcpu->run->io.data = 0xff;
	ok(put(HVMOD_STATE_REGS, &regs, sizeof(regs), HV_SET_CHECK) == HVMOD_WHY_NONE && vcpu->in.size == 4,
	   "a check leaves an IN as it is");
	ok(put(HVMOD_STATE_REGS, &regs, sizeof(regs), 0) == HVMOD_WHY_NONE && !vcpu->in.size &&
	   vcpu->ctx.gpr[RAX] == 0x2badb002, "registers that are set: the IN is no more");
}

int main(void)
{
	model.tsc_step = 0;
	round_trip();
	sizes();
	hostile_sregs();
	hostile_msrs();
	tsc_adjust();
	hostile_xsave();
	apic_timer_left();
	hostile_apic();
	hostile_events();
	single_step_in_shadow();
	nested_event();
	run_page_dirty();
	set_at_an_in();
	return tap_done();
}
