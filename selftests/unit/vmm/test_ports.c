// SPDX-License-Identifier: GPL-2.0-only
/* IN, OUT, INS, OUTS. */
#include <string.h>

#include "compiler.h"
#include "paging.h"
#include "ports.h"
#include "tap.h"

#define CODE		0x2000ULL	/* linear and physical */
#define DATA		0x5000ULL
#define CR0_PAGED	0x80010001ULL
#define RFLAGS_DF	0x400ULL

static struct guest_memory memory;
static struct hvmod_run run;
static struct bus bus;
static struct guest_fault fault;
static uint64_t written[600];
static unsigned int writes;
static unsigned int reads;

static uint64_t device_read(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	(void)offset;
	(void)size;
	return 0xA0A0A0A000000000ULL | (0x10U + reads++) * 0x01010101U;
}

static void device_write(void *ctx, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	(void)ctx;
	(void)offset;
	(void)size;
	if (writes < ARRAY_SIZE(written))
		written[writes] = value;
	writes++;
}

/* 32-bit code without paging, or 64-bit code with 4 levels. */
static void begin(const char *insn, unsigned int length, bool in,
		  unsigned int size, bool rep, bool long_mode)
{
	unsigned int i;

	memset(memory.range[0].host, 0, TEST_MEMORY);
	memset(&run, 0, sizeof(run));
	memset(&fault, 0, sizeof(fault));
	writes = 0;
	reads = 0;
	guest_write(&memory, CODE, insn, length);
	run.regs.rip = CODE;
	run.next_rip = CODE + length;
	run.io.port = 0x500;
	run.io.size = (uint8_t)size;
	run.io.in = in;
	run.io.rep = rep;
	run.io.string = 1;
	run.io.linear = DATA;
	run.regs.gpr[in ? HVMOD_GPR_RDI : HVMOD_GPR_RSI] = DATA;
	run.sregs.cr0 = 1;
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0xC09B;
	if (!long_mode)
		return;
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0xA09B;
	run.sregs.cr0 = CR0_PAGED;
	run.sregs.cr3 = TEST_ROOT;
	run.sregs.cr4 = 0x20;
	run.sregs.efer = 0x500;
	for (i = 1; i < 8; i++)
		map64(&memory, 4, i << 12, i << 12 | P | W);
}

static enum string_result go(void)
{
	return ports_string(&memory, &bus, &run, &fault);
}

static void test_plain(void)
{
	memset(&run, 0, sizeof(run));
	run.io.port = 0x500;
	run.io.size = 4;
	run.io.in = 1;
	run.io.data = UINT64_MAX;
	reads = 0;
	ports_access(&bus, &run);
	ok(run.io.data == 0x10101010, "IN: the value, zero-extended");
	run.io.port = 0x600;
	run.io.size = 2;
	ports_access(&bus, &run);
	ok(run.io.data == 0xFFFF, "IN from nobody: all ones");
	run.io.port = 0x500;
	run.io.in = 0;
	run.io.size = 1;
	run.io.data = 0x1234;
	writes = 0;
	ports_access(&bus, &run);
	ok(writes == 1 && written[0] == 0x34, "OUT: cut to its size");
	run.io.port = 0xFFFF;
	run.io.size = 4;
	ports_access(&bus, &run);
	ok(writes == 1, "OUT across the last port: nobody");
}

static void test_single(void)
{
	begin("\x6e", 1, false, 1, false, false);
	put32(&memory, DATA, 0x44332211);
	run.regs.gpr[HVMOD_GPR_RCX] = 7;
	ok(go() == STRING_DONE && writes == 1 && written[0] == 0x11, "OUTSB");
	ok(run.regs.rip == CODE + 1 && run.regs.gpr[HVMOD_GPR_RSI] == DATA + 1 &&
	   run.regs.gpr[HVMOD_GPR_RCX] == 7 &&
	   (run.dirty & HVMOD_STATE_REGS), "moves RIP and RSI, not RCX");
	begin("\x6d", 1, true, 4, false, false);
	run.regs.rflags = RFLAGS_DF;
	ok(go() == STRING_DONE && get32(&memory, DATA) == 0x10101010, "INSL");
	ok(run.regs.gpr[HVMOD_GPR_RDI] == DATA - 4, "downwards with DF");
}

static void test_repeat(void)
{
	unsigned int i;

	begin("\xf3\x66\x6f", 3, false, 2, true, true);
	for (i = 0; i < 5; i++)
		put32(&memory, DATA + 2 * i, 0x100 + i);
	run.regs.gpr[HVMOD_GPR_RCX] = 5;
	ok(go() == STRING_DONE && writes == 5, "REP OUTSW: five");
	for (i = 0; i < 5; i++)
		check(written[i] == 0x100 + i);
	ok(run.regs.rip == CODE + 3 && run.regs.gpr[HVMOD_GPR_RCX] == 0 &&
	   run.regs.gpr[HVMOD_GPR_RSI] == DATA + 10, "and the registers behind it");

	begin("\xf3\x6c", 2, true, 1, true, true);
	run.regs.gpr[HVMOD_GPR_RCX] = 600;
	ok(go() == STRING_DONE && reads == 256 && run.regs.rip == CODE &&
	   run.regs.gpr[HVMOD_GPR_RCX] == 344, "REP INSB: at most 256 an exit, RIP stays");
	run.io.linear = DATA + 256;
	go();
	run.io.linear = DATA + 512;
	ok(go() == STRING_DONE && reads == 600 && run.regs.rip == CODE + 2 &&
	   run.regs.gpr[HVMOD_GPR_RDI] == DATA + 600, "and the rest later");
	ok(*(uint8_t *)guest_pointer(&memory, DATA + 599, 1) == (uint8_t)(0x10 + 599),
	   "in order");

	begin("\xf3\x6c", 2, true, 1, true, true);
	ok(go() == STRING_DONE && !reads && run.regs.rip == CODE + 2, "REP with RCX 0: nothing");
}

static void test_address_size(void)
{
	begin("\x67\xf3\x6c", 3, true, 1, true, true);
	run.regs.gpr[HVMOD_GPR_RDI] = 0x1234567800000000ULL | DATA;
	run.regs.gpr[HVMOD_GPR_RCX] = 0x9999999900000002ULL;
	ok(go() == STRING_DONE && reads == 2 && run.regs.rip == CODE + 3 &&
	   run.regs.gpr[HVMOD_GPR_RDI] == DATA + 2 &&
	   run.regs.gpr[HVMOD_GPR_RCX] == 0, "32-bit addresses in 64-bit code");

	begin("\x67\x6c", 2, true, 1, false, false);
	run.regs.gpr[HVMOD_GPR_RDI] = 0xABCDFFFF;
	run.io.linear = 0x20000 + 0xFFFF;
	ok(go() == STRING_DONE && run.regs.gpr[HVMOD_GPR_RDI] == 0xABCD0000,
	   "16-bit addresses wrap and leave the upper half");
	ok(*(uint8_t *)guest_pointer(&memory, 0x2FFFF, 1) == 0x10, "the segment's base counts");
}

static void test_faults(void)
{
	begin("\xf3\x6c", 2, true, 1, true, true);
	run.regs.gpr[HVMOD_GPR_RDI] = 0x7FFE;
	run.io.linear = 0x7FFE;
	run.regs.gpr[HVMOD_GPR_RCX] = 10;
	ok(go() == STRING_FAULT && fault.vector == VECTOR_PF &&
	   fault.error == 2 && fault.linear == 0x8000, "page fault: error and address");
	ok(reads == 2 && run.regs.gpr[HVMOD_GPR_RCX] == 8 &&
	   run.regs.gpr[HVMOD_GPR_RDI] == 0x8000 && run.regs.rip == CODE,
	   "what was done before counts, and no port is read for what was not");

	begin("\x6e", 1, false, 1, false, true);
	run.regs.gpr[HVMOD_GPR_RSI] = 1ULL << 50;
	run.io.linear = 1ULL << 50;
	ok(go() == STRING_FAULT && fault.vector == VECTOR_GP && !fault.error &&
	   !writes, "non-canonical: #GP");

	begin("\x6c", 1, true, 4, false, true);
	map64(&memory, 4, 0x3000, 0x3000 | P);
	run.regs.gpr[HVMOD_GPR_RDI] = 0x3FFE;
	run.io.linear = 0x2FFE;
	ok(go() == STRING_FAULT && fault.linear == 0x3000 && fault.error == 3 &&
	   !reads, "across into a read-only page");

	begin("\x6e", 1, false, 1, false, false);
	run.io.linear = 0xFEC00000;
	run.regs.gpr[HVMOD_GPR_RSI] = 0xFEC00000;
	ok(go() == STRING_OUTSIDE && !writes, "the operand in a device");
}

static void test_fuzz(void)
{
	uint64_t seed = 5;
	unsigned int i;

	for (i = 0; i < 20000; i++) {
		uint64_t r = tap_random(&seed);
		unsigned int n;

		begin("\x67\xf3\x6c", 1 + r % 3, r & 8, 1U << (r >> 4) % 3,
		      r & 64, r & 128);
		for (n = 0; n < 16; n++)
			run.regs.gpr[n] = tap_random(&seed) >> (r >> 8 & 63);
		run.regs.rflags = r >> 16;
		run.io.linear = tap_random(&seed) >> (r >> 20 & 63);
		run.regs.rip = r & 1 << 30 ? CODE : tap_random(&seed);
		run.next_rip = run.regs.rip + (r >> 31 & 31);
		go();
	}
	ok(true, "20000 random string instructions");
}

int main(void)
{
	const struct bus_device device = {
		0x500, 0x503, device_read, device_write, NULL, 0,
	};

	test_memory(&memory);
	bus_add(&bus, &device);
	test_plain();
	test_single();
	test_repeat();
	test_address_size();
	test_faults();
	test_fuzz();
	test_memory_free(&memory);
	return tap_done();
}
