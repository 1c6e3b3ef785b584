// SPDX-License-Identifier: GPL-2.0-only
/* An MMIO exit from its registers to its registers. */
#include <string.h>

#include "mmio.h"
#include "paging.h"
#include "tap.h"

#define CODE		0x2FF8ULL	/* near the end of a page */
#define CR0_PAGED	0x80010001ULL
#define DEVICE		0xFEC00000ULL
#define WINDOW		0xFFFF800000000000ULL	/* where the guest maps it */

static struct guest_memory memory;
static struct hvmod_run run;
static struct bus bus;
static char why[256];
static unsigned int reads;
static unsigned int writes;
static uint64_t at;
static uint64_t value;
static unsigned int bytes;

static uint64_t device_read(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	reads++;
	at = offset;
	bytes = size;
	return 0x1122334455667788ULL;
}

static void device_write(void *ctx, uint64_t offset, unsigned int size,
			 uint64_t what)
{
	(void)ctx;
	writes++;
	at = offset;
	bytes = size;
	value = what;
}

static void begin(const char *insn, unsigned int length)
{
	memset(memory.range[0].host, 0x90, TEST_MEMORY);
	memset(memory.range[0].host + TEST_ROOT, 0, 0x10000);
	memset(&run, 0, sizeof(run));
	why[0] = '\0';
	reads = 0;
	writes = 0;
	guest_write(&memory, CODE, insn, length);
	map64(&memory, 4, CODE, 0x2000 | P);
	put64(&memory, TEST_ROOT + 0x3000 + 3 * 8, 0x3000 | P);
	/* The window has tables of its own, behind those of map64(). */
	put64(&memory, TEST_ROOT + 256 * 8, (TEST_ROOT + 0x4000) | P | W);
	put64(&memory, TEST_ROOT + 0x4000, (TEST_ROOT + 0x5000) | P | W);
	put64(&memory, TEST_ROOT + 0x5000, (TEST_ROOT + 0x6000) | P | W);
	put64(&memory, TEST_ROOT + 0x6000, DEVICE | P | W);
	run.sregs.cr0 = CR0_PAGED;
	run.sregs.cr3 = TEST_ROOT;
	run.sregs.cr4 = 0x20;
	run.sregs.efer = 0x500;
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0xA09B;
	run.regs.rip = CODE;
	run.regs.gpr[HVMOD_GPR_RBX] = WINDOW;
	run.regs.gpr[HVMOD_GPR_RAX] = 0xAAAAAAAABBBBBBBBULL;
	run.mmio.gpa = DEVICE + 0x10;
	run.mmio.access = 1;
}

static enum mmio_result go(void)
{
	return mmio_emulate(&memory, &bus, &run, why, sizeof(why));
}

static void test_good(void)
{
	begin("\x89\x43\x10", 3);			/* mov %eax, 0x10(%rbx) */
	ok(go() == MMIO_DONE && writes == 1 && at == 0x10 && bytes == 4 &&
	   value == 0xBBBBBBBB, "a store reaches the device");
	ok(run.regs.rip == CODE + 3 && run.dirty == HVMOD_STATE_REGS,
	   "and RIP goes on");
	begin("\x8b\x43\x10", 3);			/* mov 0x10(%rbx), %eax */
	ok(go() == MMIO_DONE && reads == 1 &&
	   run.regs.gpr[HVMOD_GPR_RAX] == 0x55667788, "a load reaches the register");
	begin("\x48\xc7\x43\x10\xff\xff\xff\xff", 8);	/* movq $-1, 0x10(%rbx) */
	ok(go() == MMIO_DONE && bytes == 8 && value == UINT64_MAX, "8 bytes of constant");
	begin("\xc7\x83\x10\x00\x00\x00\x78\x56\x34\x12", 10);
	ok(go() == MMIO_DONE && value == 0x12345678 && run.regs.rip == CODE + 10,
	   "an instruction across two pages");
	begin("\x8a\x43\x10", 3);
	run.mmio.gpa = 0xFEB00010;
	put64(&memory, TEST_ROOT + 0x6000, 0xFEB00000 | P);
	ok(go() == MMIO_DONE && !reads && run.regs.gpr[HVMOD_GPR_RAX] == 0xAAAAAAAABBBBBBFFULL,
	   "nobody there: all ones");
	begin("\x88\x43\x10", 3);
	run.mmio.gpa = 0xFEB00010;
	put64(&memory, TEST_ROOT + 0x6000, 0xFEB00000 | P | W);
	ok(go() == MMIO_DONE && !writes && run.regs.rip == CODE + 3, "nobody there: lost");
}

static void test_modes(void)
{
	begin("\xa3\x10\x00\xc0\xfe", 5);		/* mov %eax, 0xfec00010 */
	run.sregs.cr0 = 1;
	run.sregs.efer = 0;
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0xC09B;
	ok(go() == MMIO_DONE && at == 0x10 && run.regs.rip == CODE + 5, "32-bit, no paging");
	begin("\xa3\x10\x00\xc0\xfe", 5);
	run.sregs.cr0 = 1;
	run.sregs.efer = 0;
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0xC09B;
	run.sregs.segment[HVMOD_SEG_CS].base = 0xFFFF0000;
	run.regs.rip = CODE + 0x10000;
	ok(go() == MMIO_DONE && run.regs.rip == CODE + 0x10005, "a code segment with a base wraps");
	begin("\x65\x89\x04\x25\x10\x00\x00\x00", 8);	/* mov %eax, %gs:0x10 */
	run.sregs.segment[HVMOD_SEG_GS].base = WINDOW;
	ok(go() == MMIO_DONE && at == 0x10, "a GS base in 64-bit code");
	begin("\x89\x43\x10", 3);
	run.sregs.segment[HVMOD_SEG_DS].base = 0x1000;
	ok(go() == MMIO_DONE, "a DS base does not count there");
	begin("\xc7\x83\x10\x00\x00\x00\x78\x56\x34\x12", 10);
	put64(&memory, TEST_ROOT + 0x3000 + 3 * 8, 0);
	ok(go() == MMIO_RETRY && !writes && run.regs.rip == CODE && !run.dirty,
	   "half of the instruction is gone: the guest tries again");
}

static void test_bad(void)
{
	begin("\x01\x43\x10", 3);			/* add %eax, 0x10(%rbx) */
	ok(go() == MMIO_FAILED && strstr(why, " 01 43 10") &&
	   strstr(why, "64-bit"), "unknown: %s", why);
	begin("\x89\x43\x20", 3);
	ok(go() == MMIO_RETRY && !writes, "the operand is not where the exit was: again");
	begin("\x89\x43\x10", 3);
	put64(&memory, TEST_ROOT + 0x6000, 0);
	ok(go() == MMIO_RETRY, "the operand has no translation: again");
	begin("\x89\x43\x10", 3);
	put64(&memory, TEST_ROOT + 0x6000, DEVICE | P);
	run.mmio.access = 2;
	ok(go() == MMIO_RETRY, "the page became read-only: again");
	begin("\x89\x83\xfe\x0f\x00\x00", 6);		/* mov %eax, 0xffe(%rbx) */
	run.mmio.gpa = DEVICE + 0xFFE;
	ok(go() == MMIO_FAILED && !writes && strstr(why, "crosses"), "across a page: %s", why);
	begin("\x89\x43\x10", 3);
	run.mmio.access = 4;
	ok(go() == MMIO_FAILED && strstr(why, "runs code"), "a fetch: %s", why);
	begin("\x89\x43\x10", 3);
	run.regs.rip = 1ULL << 50;
	ok(go() == MMIO_RETRY, "RIP has no translation: again");
}

static void test_fuzz(void)
{
	unsigned int results[3] = {};
	uint64_t seed = 6;
	unsigned int i;

	for (i = 0; i < 200000; i++) {
		uint8_t code[16];
		unsigned int n;

		if (i % 1000 == 0)
			begin("", 0);
		run.dirty = 0;
		for (n = 0; n < sizeof(code); n++)
			code[n] = (uint8_t)tap_random(&seed);
		if (i & 1) {
			code[0] = 0x88 + i / 2 % 4;
			code[1] = 0x03 | (code[1] & 0x38);
		}
		guest_write(&memory, CODE, code, sizeof(code));
		for (n = 0; n < 16; n++)
			run.regs.gpr[n] = tap_random(&seed);
		run.regs.gpr[HVMOD_GPR_RBX] = WINDOW + 0x10;
		run.regs.rip = CODE;
		run.mmio.gpa = DEVICE + 0x10;
		run.mmio.access = 1;
		run.sregs.segment[HVMOD_SEG_CS].attributes =
			i & 6 ? 0xA09B : (uint16_t)tap_random(&seed);
		results[go()]++;
		check(why[sizeof(why) - 1] == '\0');
	}
	ok(results[MMIO_DONE] && results[MMIO_RETRY] && results[MMIO_FAILED],
	   "200000 random instructions: %u done, %u again, %u refused",
	   results[0], results[1], results[2]);
}

int main(void)
{
	const struct bus_device device = {
		DEVICE, DEVICE + 0xFFF, device_read, device_write, NULL,
	};

	test_memory(&memory);
	bus_add(&bus, &device);
	test_good();
	test_modes();
	test_bad();
	test_fuzz();
	test_memory_free(&memory);
	return tap_done();
}
