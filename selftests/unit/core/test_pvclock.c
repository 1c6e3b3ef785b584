// SPDX-License-Identifier: GPL-2.0-only
/* kvmclock: the page, its scale, and bad addresses. */
#include "world.h"

#define WALL	0x4b564d00
#define SYSTEM	0x4b564d01

struct page_time {
	u32 version, pad0;
	u64 tsc_timestamp, system_time;
	u32 mul;
	s8 shift;
	u8 flags, pad[2];
};

static struct vcpu *vcpu;

/* -1 #GP, 0 left to the driver, 1 done */
static int wr(u32 msr, u64 value)
{
	u64 *gpr = vcpu->ctx.gpr;

	gpr[RCX] = msr;
	gpr[RAX] = (u32)value;
	gpr[RDX] = value >> 32;
	if (guest_exit(EXIT_WRMSR, 0))
		return injected_gp() ? -1 : 1;
	return 0;
}

/* As the guest reads it. */
static u64 to_ns(const struct page_time *t, u64 tsc)
{
	u64 delta = tsc - t->tsc_timestamp;

	delta = t->shift < 0 ? delta >> -t->shift : delta << t->shift;
	return t->system_time + (u64)((unsigned __int128)delta * t->mul >> 32);
}

static void scale(void)
{
	static const u64 khz[] = { 100000, 999999, 1000000, 1000001, 1193182, 1999999, 2000000,
				   2000001, 2095078, 2500000, 2893433, 3000000, 3999999, 4000000,
				   4700000, 8000000, 9999999 };

	for (u32 i = 0; i < ARRAY_SIZE(khz); i++) {
		const struct world_options o = { .tsc_khz = khz[i] };
		const struct page_time *t;
		u64 day = khz[i] * 1000 * 86400, exact = 86400000000000ULL, ns;
		u64 last = 0;
		bool forward = true;

		world_start(&skylake_server, 1, &o);
		vcpu = running_guest();
		t = ram(GUEST_RAM + 0x3040);
		check(wr(SYSTEM, 0x3041) == 1);
		ns = to_ns(t, day) - t->system_time;
		ok(t->version == 2 && t->flags == 1 && t->mul >> 31,
		   "%lu kHz: even version, stable, a normalised multiplier", khz[i]);
		ok((ns > exact ? ns - exact : exact - ns) < 50000,
		   "%lu kHz: a day is right to 50 us (%ld ns off)", khz[i], (long)(ns - exact));
		for (u64 tsc = 1000; tsc < 20000; tsc += 7) {
			forward &= to_ns(t, tsc) >= last;
			last = to_ns(t, tsc);
		}
		ok(forward, "%lu kHz: never backwards", khz[i]);
	}
}

static void wall(void)
{
	struct { u32 version, sec, nsec; } *w;

	world_start(&skylake_server, 1, NULL);
	vcpu = running_guest();
	w = ram(GUEST_RAM + 0x4000);
	w->version = 7;
	ok(wr(WALL, 0x4000) == 1 && w->sec == 1700000000 && w->nsec == 123456789 && w->version == 8,
	   "the wall clock at guest time 0");
	wr(WALL, 0x4000);
	ok(w->version == 10, "a second time: another version");
}

static void bad_addresses(void)
{
	static const u64 gp[] = { 0xff0, 0xfff0, 3, 2, 1ULL << 46, 1ULL << 52, ~3ULL, 0x1fffff };
	u64 rip;

	world_start(&skylake_server, 1, NULL);
	vcpu = running_guest();
	guest_protected_mode();
	for (u32 i = 0; i < ARRAY_SIZE(gp); i++) {
		int got;

		rip = vmread(GUEST_RIP);
		got = wr(SYSTEM, gp[i] | 1);
		if (!got) {
			check(left.rax == HV_RUN_INTERRUPT);
			guest_run(vcpu);
			got = injected_gp() ? -1 : 0;
		}
		ok(gp[i] == 3 || gp[i] == 2 || got == -1, "%#lx is #GP", gp[i]);
		check(got != -1 || vmread(GUEST_RIP) == rip);
		if (got == -1)
			check(vcpu->pvclock != (gp[i] | 1));
	}
	ok(wr(SYSTEM, 0xfffffffffffffffeULL) == 1, "without the enable bit nothing is looked at");
	rip = vmread(GUEST_RIP);
	ok(wr(SYSTEM, 0x40000001) == 0 && left.rax == HV_RUN_FAULT && left.rdx == 0x40000000 &&
	   left.rcx == 2, "a page that is not mapped: the driver is asked for it");
	guest_run(vcpu);
	ok(vmread(GUEST_RIP) == rip, "and the instruction again");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	gate_call(0, GATE_MAP, vcpu->domain->handle, BIT(30), GUEST_RAM + BIT(21), 1);
	guest_run(vcpu);
	ok(wr(SYSTEM, 0x40000001) == 1 && *(u32 *)ram(GUEST_RAM + BIT(21)) == 2, "once it is there");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	gate_call(0, GATE_MAP, vcpu->domain->handle, BIT(30) + 0x1000, GUEST_RAM + BIT(21) + 0x1000,
		  1 | HV_MAP_READONLY);
	guest_run(vcpu);
	ok(wr(SYSTEM, 0x40001001) == 0 && left.rax == HV_RUN_FAULT && left.rcx == 2 &&
	   !*(u32 *)ram(GUEST_RAM + BIT(21) + 0x1000), "a read-only page is not written");
}

/* The page is written once, so nothing may dangle when the memory goes. */
static void unmapped_later(void)
{
	world_start(&skylake_server, 1, NULL);
	vcpu = running_guest();
	wr(SYSTEM, 0x3001);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(!gate_call(0, GATE_UNMAP, vcpu->domain->handle, 0, 512, 0).rax, "unmapped");
	memset(ram(GUEST_RAM + 0x3000), 0x5a, PAGE_SIZE);
	guest_run(vcpu);
	guest_exit(EXIT_CPUID, 0);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	guest_run(vcpu);
	ok(*(u64 *)ram(GUEST_RAM + 0x3000) == 0x5a5a5a5a5a5a5a5aULL &&
	   *(u64 *)ram(GUEST_RAM + 0x3008) == 0x5a5a5a5a5a5a5a5aULL, "and not touched any more");
}

int main(void)
{
	scale();
	wall();
	bad_addresses();
	unmapped_later();
	return tap_done();
}
