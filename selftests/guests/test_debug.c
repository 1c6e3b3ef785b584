// SPDX-License-Identifier: GPL-2.0-only
/*
 * #DB where its delivery does more than jump (SDM volume 3, 18.3.1): in the shadow of
 * MOV SS and of STI under single-stepping, and with the debug registers guarded.
 */
#include "guest.h"

#define TRAP_DB		1
#define TF		0x100ULL
#define DR6_BD		(1UL << 13)
#define DR6_BS		(1UL << 14)
#define DR7_GD		(1UL << 13)
#define DR7_NONE	0x400UL

/* What the handler found. */
static struct {
	unsigned int count;
	uint64_t rip, dr6, dr7;
} seen;

/* Of the debug registers DR7 first: with GD still set that is the next #DB. */
static void on_debug(struct frame *frame)
{
	seen.count++;
	seen.rip = frame->rip;
	asm volatile("mov %%dr7, %0" : "=r"(seen.dr7));
	asm volatile("mov %%dr6, %0" : "=r"(seen.dr6));
	asm volatile("mov %0, %%dr6" : : "r"(0xffff0ff0UL));
	frame->rflags &= ~TF;
}

static void fresh(void)
{
	seen.count = 0;
}

static void test_int1(void)
{
	uint64_t behind;

	fresh();
	asm volatile(".byte 0xf1\n"
		     "1:	lea 1b(%%rip), %0" : "=r"(behind) : : "memory");
	ok(seen.count == 1 && seen.rip == behind, "INT1 is #DB, behind it");
	fresh();
	asm volatile("pushfq\n\t"
		     "orq %1, (%%rsp)\n\t"
		     "popfq\n\t"
		     "mov %w2, %%ss\n\t"
		     ".byte 0xf1\n"
		     "1:	lea 1b(%%rip), %0"
		     : "=r"(behind) : "i"(TF), "r"(SELECTOR_DATA) : "memory", "cc");
	ok(seen.count == 1 && seen.rip == behind, "single-stepped in the shadow of MOV SS too");
}

static void test_sti(void)
{
	uint64_t behind;

	fresh();
	asm volatile("cli\n\t"
		     "pushfq\n\t"
		     "orq %1, (%%rsp)\n\t"
		     "popfq\n\t"
		     "sti\n"
		     "1:	lea 1b(%%rip), %0\n\t"
		     "cli"
		     : "=r"(behind) : "i"(TF) : "memory", "cc");
	ok(seen.count == 1 && seen.rip == behind && seen.dr6 & DR6_BS, "a single step over STI, DR6.BS");
}

static void test_general_detect(void)
{
	uint64_t dr0, at;

	fresh();
	asm volatile("mov %0, %%dr7" : : "r"(DR7_NONE | DR7_GD) : "memory");
	asm volatile("lea 1f(%%rip), %1\n"
		     "1:	mov %%dr0, %0" : "=r"(dr0), "=&r"(at) : : "memory");
	ok(seen.count == 1 && seen.rip == at && seen.dr6 & DR6_BD && seen.dr7 == DR7_NONE,
	   "a guarded debug register is #DB, DR6.BD, and is not guarded in its handler");
	asm volatile("mov %0, %%dr7" : : "r"(DR7_NONE));
}

void test_debug(void)
{
	trap_handle(TRAP_DB, on_debug);
	test_int1();
	test_sti();
	test_general_detect();
	trap_handle(TRAP_DB, NULL);
}
