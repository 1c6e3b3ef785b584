// SPDX-License-Identifier: GPL-2.0-only
/* An MMIO exit from its registers to its registers. */
#include <errno.h>
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
static struct guest_fault fault;
static struct vectors vectors;
static bool vectors_fail;
static unsigned int reads;
static unsigned int writes;
static uint64_t at;
static uint64_t value;
static unsigned int bytes;
static bool odd;	/* a device saw a size that there is not */

static uint64_t device_read(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	reads++;
	odd |= size & (size - 1) || size > 8;
	at = offset;
	bytes = size;
	return 0x1122334455667788ULL;
}

static void device_write(void *ctx, uint64_t offset, unsigned int size,
			 uint64_t what)
{
	(void)ctx;
	writes++;
	odd |= size & (size - 1) || size > 8;
	at = offset;
	bytes = size;
	value = what;
}

static void begin(const char *insn, unsigned int length)
{
	unsigned int i;

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
	for (i = HVMOD_SEG_ES; i <= HVMOD_SEG_GS; i++) {
		run.sregs.segment[i].attributes = 0xC093;
		run.sregs.segment[i].limit = UINT32_MAX;
	}
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0xA09B;
	run.regs.rip = CODE;
	run.regs.gpr[HVMOD_GPR_RBX] = WINDOW;
	run.regs.gpr[HVMOD_GPR_RAX] = 0xAAAAAAAABBBBBBBBULL;
	run.mmio.gpa = DEVICE + 0x10;
	run.mmio.access = 1;
}

static int get_vectors(void *ctx, struct vectors *to)
{
	(void)ctx;
	*to = vectors;
	errno = EIO;
	return vectors_fail ? -1 : 0;
}

static int put_vectors(void *ctx, const struct vectors *from)
{
	(void)ctx;
	vectors = *from;
	return 0;
}

static enum mmio_result go(void)
{
	const struct mmio_env env = {
		&memory, &bus, get_vectors, put_vectors, NULL,
	};

	return mmio_emulate(&env, &run, &fault, why, sizeof(why));
}

/* The instruction raises an exception and changes nothing. */
static bool raises(uint32_t vector, uint32_t error)
{
	struct hvmod_regs before = run.regs;

	return go() == MMIO_FAULT && fault.vector == vector &&
	       fault.error == error && !reads && !writes &&
	       !memcmp(&before, &run.regs, sizeof(before));
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

/* 32-bit code without paging, at the same place. */
static void begin_32(const char *insn, unsigned int length)
{
	begin(insn, length);
	run.sregs.cr0 = 1;
	run.sregs.efer = 0;
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0xC09B;
	run.regs.gpr[HVMOD_GPR_RBX] = DEVICE;
}

static void test_again(void)
{
	begin("\xdd\x43\x10", 3);			/* fldl 0x10(%rbx) */
	ok(go() == MMIO_RETRY && strstr(why, " dd 43 10") &&
	   strstr(why, "64-bit"), "unknown: %s", why);
	begin("\x89\x43\x20", 3);
	ok(go() == MMIO_DONE && at == 0x20,
	   "what is done is what is there now, not what exited");
	begin("\x89\x43\x10", 3);
	put64(&memory, TEST_ROOT + 0x6000, 0x5000 | P | W);
	ok(go() == MMIO_RETRY && !run.dirty && get64(&memory, 0x5010) != 0xBBBBBBBB &&
	   strstr(why, "does not lead to"), "memory is left to the processor");
	begin("\xf0\x01\x43\x10", 4);			/* lock add */
	put64(&memory, TEST_ROOT + 0x6000, 0x5000 | P | W);
	ok(go() == MMIO_RETRY && !run.dirty, "so that LOCK there is one");
	begin("\xff\x73\x10", 3);			/* push 0x10(%rbx) */
	put64(&memory, TEST_ROOT + 0x6000, 0x5000 | P | W);
	run.regs.gpr[HVMOD_GPR_RSP] = WINDOW + 0x100;
	ok(go() == MMIO_RETRY && !run.dirty &&
	   run.regs.gpr[HVMOD_GPR_RSP] == WINDOW + 0x100, "the stack too");
	begin("\x89\x43\x10", 3);
	run.mmio.access = 4;
	ok(go() == MMIO_FAILED && strstr(why, "runs code"), "a fetch: %s", why);
	begin("\x89\x43\x10", 3);
	run.regs.rip = 1ULL << 50;
	ok(go() == MMIO_RETRY, "RIP has no translation: again");
	begin("\x89\x43\x10", 3);
	put64(&memory, TEST_ROOT + 0x5000, 0x7FFF000000 | P);
	ok(go() == MMIO_FAILED && strstr(why, "page table"), "no page table: %s", why);
}

static void test_faults(void)
{
	begin("\x89\x43\x10", 3);
	put64(&memory, TEST_ROOT + 0x6000, 0);
	ok(raises(VECTOR_PF, 2) && fault.linear == WINDOW + 0x10 &&
	   run.dirty == HVMOD_STATE_REGS, "no translation: #PF");
	begin("\x89\x43\x10", 3);
	put64(&memory, TEST_ROOT + 0x6000, DEVICE | P);
	run.sregs.cr0 |= 0x10000;
	ok(raises(VECTOR_PF, 3), "read-only: #PF");
	begin("\x01\x83\xfe\x0f\x00\x00", 6);		/* add %eax, 0xffe(%rbx) */
	ok(raises(VECTOR_PF, 2) && fault.linear == WINDOW + 0x1000,
	   "the second of two pages: #PF, before the device is read");
	begin("\x89\x43\x10", 3);
	run.regs.gpr[HVMOD_GPR_RBX] = 1ULL << 50;
	ok(raises(VECTOR_GP, 0), "not canonical: #GP");
	begin("\x89\x45\x10", 3);
	run.regs.gpr[HVMOD_GPR_RBP] = 1ULL << 50;
	ok(raises(VECTOR_SS, 0), "by RBP: #SS");
	begin("\xf6\x73\x10", 3);			/* divb 0x10(%rbx) */
	run.regs.gpr[HVMOD_GPR_RAX] = 0xFFFF;
	ok(go() == MMIO_FAULT && fault.vector == VECTOR_DE && reads == 1 &&
	   run.regs.gpr[HVMOD_GPR_RAX] == 0xFFFF, "a quotient too big: #DE");
	begin("\x89\x43\x11", 3);
	run.sregs.segment[HVMOD_SEG_SS].attributes = 0xC0F3;
	put64(&memory, TEST_ROOT + 256 * 8, (TEST_ROOT + 0x4000) | P | W | U);
	run.sregs.cr0 |= 0x40000;
	run.regs.rflags = 0x40002;
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0xA0FB;
	ok(go() == MMIO_RETRY, "a supervisor page is no code of a program");
	begin_32("\x89\x43\x11", 3);
	run.sregs.cr0 |= 0x40000;
	run.regs.rflags = 0x40002;
	run.sregs.segment[HVMOD_SEG_SS].attributes = 0xC0F3;
	ok(raises(VECTOR_AC, 0), "misaligned with AM and AC: #AC");
}

static void test_segments(void)
{
	begin_32("\x89\x43\x10", 3);
	run.sregs.segment[HVMOD_SEG_DS].limit = DEVICE + 0x13;
	ok(go() == MMIO_DONE && writes == 1, "the last bytes below a limit");
	begin_32("\x89\x43\x10", 3);
	run.sregs.segment[HVMOD_SEG_DS].limit = DEVICE + 0x12;
	ok(raises(VECTOR_GP, 0), "one less: #GP");
	begin_32("\x89\x43\x10", 3);
	run.sregs.segment[HVMOD_SEG_DS].attributes = 0xC091;
	ok(raises(VECTOR_GP, 0), "a read-only segment: #GP");
	begin_32("\x8b\x43\x10", 3);
	run.sregs.segment[HVMOD_SEG_DS].attributes = 0xC091;
	ok(go() == MMIO_DONE && reads == 1, "can be read");
	begin_32("\x8b\x43\x10", 3);
	run.sregs.segment[HVMOD_SEG_DS].unusable = 1;
	ok(raises(VECTOR_GP, 0), "a null selector: #GP");
	begin_32("\x8b\x45\x10", 3);
	run.regs.gpr[HVMOD_GPR_RBP] = DEVICE;
	run.sregs.segment[HVMOD_SEG_SS].unusable = 1;
	ok(raises(VECTOR_SS, 0), "in SS: #SS");
	begin_32("\x2e\x8b\x43\x10", 4);		/* mov %cs:0x10(%ebx), %eax */
	run.sregs.segment[HVMOD_SEG_CS].limit = UINT32_MAX;
	ok(go() == MMIO_DONE && reads == 1, "readable code is read");
	begin_32("\x2e\x8b\x43\x10", 4);
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0xC099;
	ok(raises(VECTOR_GP, 0), "code that is to be run alone is not");
	begin_32("\x2e\x89\x43\x10", 4);
	ok(raises(VECTOR_GP, 0), "code is not written");
	begin_32("\x89\x43\x10", 3);
	run.sregs.segment[HVMOD_SEG_DS].attributes = 0xC097;
	run.sregs.segment[HVMOD_SEG_DS].limit = DEVICE + 0xF;
	ok(go() == MMIO_DONE && writes == 1, "above the limit of one that expands down");
	begin_32("\x89\x43\x10", 3);
	run.sregs.segment[HVMOD_SEG_DS].attributes = 0xC097;
	run.sregs.segment[HVMOD_SEG_DS].limit = DEVICE + 0x10;
	ok(raises(VECTOR_GP, 0), "not at it");
	begin_32("\x89\x43\x10", 3);
	run.sregs.segment[HVMOD_SEG_DS].base = 0x1000;
	run.regs.gpr[HVMOD_GPR_RBX] = DEVICE - 0x1000;
	ok(go() == MMIO_DONE && at == 0x10, "a base is added");
	begin_32("\x89\x07", 2);			/* mov %ax, (%bx) in real mode */
	run.sregs.cr0 = 0;
	run.sregs.segment[HVMOD_SEG_DS].base = DEVICE - 0x8000;
	run.sregs.segment[HVMOD_SEG_DS].limit = 0xFFFF;
	run.sregs.segment[HVMOD_SEG_CS].attributes = 0x9B;
	run.regs.gpr[HVMOD_GPR_RBX] = 0x12348010;
	ok(go() == MMIO_DONE && at == 0x10 && bytes == 2 &&
	   run.regs.rip == CODE + 2, "real mode: offsets have 16 bits");
}

/* A string between memory and the device, which is at the end of its page. */
static void begin_string(const char *insn, unsigned int length, uint64_t count)
{
	begin(insn, length);
	put64(&memory, TEST_ROOT + 0x3000 + 5 * 8, 0x5000 | P | W);
	run.regs.gpr[HVMOD_GPR_RCX] = count;
	run.regs.gpr[HVMOD_GPR_RSI] = 0x5000;
	run.regs.gpr[HVMOD_GPR_RDI] = WINDOW + 0x100;
}

static void test_strings(void)
{
	begin_string("\xf3\xa5", 2, 3);			/* rep movsl */
	put32(&memory, 0x5008, 0x12345678);
	ok(go() == MMIO_DONE && writes == 3 && bytes == 4 && at == 0x108 &&
	   value == 0x12345678 && run.regs.rip == CODE + 2 &&
	   !run.regs.gpr[HVMOD_GPR_RCX] &&
	   run.regs.gpr[HVMOD_GPR_RSI] == 0x500C &&
	   run.regs.gpr[HVMOD_GPR_RDI] == WINDOW + 0x10C, "rep movs to a device");
	begin_string("\xf3\xaa", 2, 1000);		/* rep stosb */
	ok(go() == MMIO_DONE && writes == 256 && run.regs.rip == CODE &&
	   run.regs.gpr[HVMOD_GPR_RCX] == 744, "256 repetitions an exit");
	ok(go() == MMIO_DONE && go() == MMIO_DONE && go() == MMIO_DONE &&
	   writes == 1000 && run.regs.rip == CODE + 2, "the rest in the next ones");
	begin_string("\xf3\xab", 2, 600);		/* rep stosl, to the page's end */
	run.regs.gpr[HVMOD_GPR_RDI] = WINDOW + 0x1000 - 8;
	ok(go() == MMIO_FAULT && fault.vector == VECTOR_PF && fault.error == 2 &&
	   fault.linear == WINDOW + 0x1000 && writes == 2 &&
	   run.regs.gpr[HVMOD_GPR_RCX] == 598 && run.regs.rip == CODE &&
	   run.dirty == HVMOD_STATE_REGS, "a fault keeps what was done before");
	begin_string("\xf3\xa5", 2, 20);
	put64(&memory, TEST_ROOT + 0x6008, 0x6000 | P | W);
	run.regs.gpr[HVMOD_GPR_RDI] = WINDOW + 0x1000 - 8;
	ok(go() == MMIO_DONE && writes == 2 && run.regs.rip == CODE &&
	   run.regs.gpr[HVMOD_GPR_RCX] == 18, "what goes on in memory is the processor's");
	begin_string("\xf3\xa6", 2, 5);			/* repe cmpsb */
	run.regs.gpr[HVMOD_GPR_RSI] = WINDOW;
	ok(go() == MMIO_DONE && reads == 10 && run.regs.gpr[HVMOD_GPR_RCX] == 0,
	   "an equal string");
	begin_string("\xf2\xae", 2, 5);			/* repne scasb */
	run.regs.gpr[HVMOD_GPR_RAX] = 0x88;
	ok(go() == MMIO_DONE && reads == 1 && run.regs.gpr[HVMOD_GPR_RCX] == 4 &&
	   run.regs.rip == CODE + 2 && (run.regs.rflags & 0x40), "repne ends at an equal one");
	begin_string("\xf3\xab", 2, 0);
	ok(go() == MMIO_RETRY && !writes, "no repetition, no access");
}

static void test_widths(void)
{
	begin("\x0f\xab\x43\x10", 4);			/* bts %eax, 0x10(%rbx) */
	run.regs.gpr[HVMOD_GPR_RAX] = 0xFFFFFFFF;	/* bit -1: a word before */
	ok(go() == MMIO_DONE && reads == 1 && writes == 1 && at == 0xC &&
	   value == 0xD5667788 && (run.regs.rflags & 1) == 0,
	   "a bit number reaches other words");
	begin("\x48\x0f\xc7\x0b", 4);			/* cmpxchg16b (%rbx) */
	ok(go() == MMIO_DONE && reads == 2 && writes == 2 && bytes == 8 && at == 8,
	   "16 bytes are two accesses");
	begin("\x48\x0f\xc7\x4b\x08", 5);
	ok(raises(VECTOR_GP, 0), "not aligned: #GP");
	begin("\x89\x83\xfd\x0f\x00\x00", 6);		/* mov %eax, 0xffd(%rbx) */
	put64(&memory, TEST_ROOT + 0x6008, 0x6000 | P | W);
	ok(go() == MMIO_DONE && writes == 2 && at == 0xFFE && bytes == 2 &&
	   value == 0xBBBB && memory.range[0].host[0x6000] == 0xBB &&
	   memory.range[0].host[0x6001] == 0x90,
	   "half in a device, half in memory");
	begin("\x0f\xae\x7b\x10", 4);			/* clflush 0x10(%rbx) */
	ok(go() == MMIO_DONE && !reads && !writes && run.regs.rip == CODE + 4,
	   "a device has no cache lines");
	begin("\xc7\x43\x10\x01\x00\x00\x00", 7);
	run.regs.rflags = 0x10002;
	ok(go() == MMIO_DONE && run.regs.rflags == 2, "RF is for one instruction");
}

static void begin_vector(const char *insn, unsigned int length)
{
	begin(insn, length);
	memset(&vectors, 0x5A, sizeof(vectors));
	memset(vectors.area + 512, 0, 64);
	vectors.area[512] = 2;
	vectors.xcr0 = 7;
	vectors.bytes = 2688;
	vectors_fail = false;
	run.sregs.cr4 |= 0x40200;
}

static void test_vectors(void)
{
	uint64_t two[2];

	begin_vector("\x0f\x10\x4b\x10", 4);		/* movups 0x10(%rbx), %xmm1 */
	ok(go() == MMIO_DONE && reads == 2 && bytes == 8 && at == 0x18,
	   "MOVUPS: two loads of 8 bytes");
	memcpy(two, vectors.area + 176, 16);
	ok(two[0] == 0x1122334455667788 && two[1] == two[0] &&
	   vectors.area[512] == 2 && vectors.area[192] == 0x5A, "into XMM1 alone");
	begin_vector("\x0f\x10\x4b\x13", 4);
	ok(go() == MMIO_DONE && reads == 5 && bytes == 1 && at == 0x22 && !odd,
	   "not aligned: 1, 4, 8, 2 and 1 bytes");
	begin_vector("\xc5\xf8\x10\x4b\x10", 5);		/* vmovups, 128 bits */
	ok(go() == MMIO_DONE && vectors.area[512] == 6 &&
	   !vectors.area[576] && !vectors.area[592],
	   "VEX: the upper halves that were not in use are zero by bytes now");
	begin_vector("\x0f\x11\x4b\x10", 4);
	vectors.area[512] = 0;
	ok(go() == MMIO_DONE && writes == 2 && !value, "what is not in use is zero");
	begin_vector("\x0f\x28\x4b\x18", 4);
	ok(raises(VECTOR_GP, 0), "MOVAPS, not aligned: #GP");
	begin_vector("\x0f\x10\x4b\x10", 4);
	run.sregs.cr0 |= 8;
	ok(raises(VECTOR_NM, 0), "TS: #NM");
	run.sregs.cr0 |= 4;
	ok(raises(VECTOR_UD, 0), "EM: #UD");
	begin_vector("\x0f\x10\x4b\x10", 4);
	run.sregs.cr4 = 0x20;
	ok(raises(VECTOR_UD, 0), "no OSFXSR: #UD");
	begin_vector("\xc5\xf8\x10\x4b\x10", 5);
	vectors.xcr0 = 3;
	ok(raises(VECTOR_UD, 0), "AVX without its bit in XCR0: #UD");
	begin_vector("\xc5\xf8\x10\x4b\x10", 5);
	run.sregs.cr4 = 0x220;
	ok(raises(VECTOR_UD, 0), "AVX without OSXSAVE: #UD");
	begin_vector("\x0f\x10\x4b\x10", 4);
	vectors_fail = true;
	ok(go() == MMIO_FAILED && !reads && strstr(why, "vector registers"),
	   "no registers to be had: %s", why);
	begin_vector("\x0f\x6f\x43\x10", 4);		/* movq to %mm0 */
	ok(go() == MMIO_RETRY && strstr(why, "unknown"), "MMX: %s", why);
}

static void test_fuzz(void)
{
	unsigned int results[4] = {};
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
	ok(results[MMIO_DONE] && results[MMIO_RETRY] && results[MMIO_FAULT] &&
	   !results[MMIO_FAILED],
	   "200000 random instructions: %u done, %u exceptions, %u again",
	   results[MMIO_DONE], results[MMIO_FAULT], results[MMIO_RETRY]);
}

int main(void)
{
	const struct bus_device device = {
		DEVICE, DEVICE + 0xFFF, device_read, device_write, NULL, 0,
	};

	test_memory(&memory);
	bus_add(&bus, &device);
	test_good();
	test_modes();
	test_again();
	test_faults();
	test_segments();
	test_strings();
	test_widths();
	test_vectors();
	test_fuzz();
	ok(!odd, "devices saw 1, 2, 4 and 8 bytes alone");
	test_memory_free(&memory);
	return tap_done();
}
