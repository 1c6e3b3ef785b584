// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every row of the instruction table against this machine's processor: random
 * encodings and operands run natively and emulated, then registers, flags,
 * memory and exceptions are compared. HVMOD_SEED=N gives other operands,
 * HVMOD_RUNS=N more of them.
 */
#include <cpuid.h>
#include <string.h>

#include "alu.h"
#include "attempt.h"
#include "compiler.h"
#include "tap.h"

#define RUNS		200
#define YMM_OFFSET	576
#define DEFAULT_SEED	20261121

static struct arena arena;

/*
 * Flags that SDM volume 2 leaves undefined for the instruction. @count is that
 * of a shift, masked.
 */
static uint64_t undefined_flags(const struct insn *insn, unsigned int count)
{
	static const uint64_t always[OPS] = {
		[OP_AND] = RFLAGS_AF, [OP_OR] = RFLAGS_AF,
		[OP_XOR] = RFLAGS_AF, [OP_TEST] = RFLAGS_AF,
		[OP_SHL] = RFLAGS_AF, [OP_SHR] = RFLAGS_AF,
		[OP_SAR] = RFLAGS_AF, [OP_SHLD] = RFLAGS_AF,
		[OP_SHRD] = RFLAGS_AF,
#define OF_PRODUCT (RFLAGS_SF | RFLAGS_ZF | RFLAGS_AF | RFLAGS_PF)
		[OP_MUL] = OF_PRODUCT, [OP_IMUL] = OF_PRODUCT,
		[OP_IMUL2] = OF_PRODUCT,
		[OP_DIV] = RFLAGS_STATUS, [OP_IDIV] = RFLAGS_STATUS,
#define OF_BIT (RFLAGS_OF | RFLAGS_SF | RFLAGS_AF | RFLAGS_PF)
		[OP_BT] = OF_BIT, [OP_BTS] = OF_BIT, [OP_BTR] = OF_BIT,
		[OP_BTC] = OF_BIT, [OP_TZCNT] = OF_BIT, [OP_LZCNT] = OF_BIT,
		[OP_BSF] = OF_BIT | RFLAGS_CF, [OP_BSR] = OF_BIT | RFLAGS_CF,
		[OP_ANDN] = RFLAGS_AF | RFLAGS_PF,
		[OP_BZHI] = RFLAGS_AF | RFLAGS_PF,
		[OP_BLSR] = RFLAGS_AF | RFLAGS_PF,
		[OP_BLSI] = RFLAGS_AF | RFLAGS_PF,
		[OP_BLSMSK] = RFLAGS_AF | RFLAGS_PF,
		[OP_BEXTR] = RFLAGS_AF | RFLAGS_PF | RFLAGS_SF,
	};
	unsigned int op = insn->opcode->op;
	uint64_t flags = always[op];

	if (op >= OP_ROL && op <= OP_SHRD) {
		if (!count)
			return 0;
		if (count != 1)
			flags |= RFLAGS_OF;
		if ((op == OP_SHL || op == OP_SHR) && count >= 8u * insn->width)
			flags |= RFLAGS_CF;
		if (op >= OP_SHLD && count > 8u * insn->width)
			flags |= RFLAGS_STATUS;
	}
	return flags;
}

static unsigned int shift_count(const struct attempt *t,
				const struct insn *insn)
{
	unsigned int mask = insn->width == 8 ? 0x3F : 0x1F;

	switch (insn->opcode->form) {
	case FORM_E_CL:
	case FORM_E_G_CL:
		return t->native.regs.gpr[HVMOD_GPR_RCX] & mask;
	case FORM_E_1:
		return 1;
	default:
		return insn->imm & mask;
	}
}

static bool result_undefined(const struct attempt *t, const struct insn *insn)
{
	unsigned int op = insn->opcode->op;

	return (op == OP_SHLD || op == OP_SHRD) &&
	       shift_count(t, insn) > 8u * insn->width;
}

static void fill_vectors(const struct native *native)
{
	uint64_t bv = 7;
	unsigned int i;

	arena.vectors = (struct vectors){ .xcr0 = 7, .bytes = 2688 };
	memcpy(arena.vectors.area + 512, &bv, sizeof(bv));
	for (i = 0; i < 16; i++) {
		memcpy(arena.vectors.area + 160 + 16 * i, native->ymm[i], 16);
		memcpy(arena.vectors.area + YMM_OFFSET + 16 * i,
		       native->ymm[i] + 16, 16);
	}
}

static bool vectors_equal(const struct native *native)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		if (memcmp(arena.vectors.area + 160 + 16 * i, native->ymm[i],
			   16) ||
		    memcmp(arena.vectors.area + YMM_OFFSET + 16 * i,
			   native->ymm[i] + 16, 16))
			return false;
	}
	return true;
}

static void show(const struct attempt *t, const struct native *after,
		 const struct hvmod_run *run, enum mmio_result result,
		 const struct guest_fault *fault)
{
	uint64_t base = (uintptr_t)arena.native;
	unsigned int i;

	printf("#");
	for (i = 0; i < t->length; i++)
		printf(" %02x", t->bytes[i]);
	printf(" operand at page %llu + 0x%llx\n",
	       (unsigned long long)t->target / PAGE,
	       (unsigned long long)t->target % PAGE);
	printf("# processor: exception %d error 0x%x cr2 +0x%llx flags 0x%llx\n",
	       after->vector, after->error,
	       (unsigned long long)(after->cr2 - base),
	       (unsigned long long)after->regs.rflags);
	printf("# emulated: result %d exception %u error 0x%x cr2 +0x%llx flags 0x%llx\n",
	       result, fault->vector, fault->error,
	       (unsigned long long)(fault->linear - base),
	       (unsigned long long)run->regs.rflags);
	for (i = 0; i < 16; i++) {
		if (after->regs.gpr[i] != run->regs.gpr[i])
			printf("# register %u: was 0x%llx, processor 0x%llx, emulated 0x%llx\n",
			       i, (unsigned long long)t->native.regs.gpr[i],
			       (unsigned long long)after->regs.gpr[i],
			       (unsigned long long)run->regs.gpr[i]);
	}
}

static bool faults_equal(const struct native *after, enum mmio_result result,
			 const struct guest_fault *fault)
{
	if (after->vector < 0)
		return result == MMIO_DONE;
	if (result != MMIO_FAULT || fault->vector != (uint32_t)after->vector)
		return false;
	return fault->vector != VECTOR_PF || (fault->error == after->error &&
					      fault->linear == after->cr2);
}

/* Return: 1 equal, 0 not, -1 could not be tried. */
static int try(const struct opcode *row, unsigned int code_width,
	       unsigned int *faults)
{
	enum mmio_result result;
	struct guest_fault fault;
	struct hvmod_run run = {};
	struct native after;
	struct attempt t;
	uint64_t code = code_width == 8 ? (uintptr_t)arena.native : 0;
	struct insn insn;
	uint64_t ignored;
	bool equal;

	if (!attempt_make(&t, row, code_width, &insn))
		return -1;
	if (!insn.opcode) {
		printf("# not decoded: row %u %02x /%u\n", row->map, row->byte,
		       row->digit);
		return 0;
	}

	native_place(arena.native + t.code, (uint64_t *)arena.native, t.bytes,
		     t.length, code_width);
	fill_vectors(&t.native);
	run.regs = t.native.regs;
	code += t.code;
	run.regs.rip = code;
	after = t.native;
	native_run(code, &after);
	result = arena_emulate(&arena, &run, code_width, &fault);
	*faults += after.vector >= 0;

	ignored = ~(RFLAGS_STATUS | RFLAGS_DF) |
		  undefined_flags(&insn, shift_count(&t, &insn));
	/* SDM: of 0 the destination is undefined; processors differ. */
	if (row->op == OP_BSF || row->op == OP_BSR) {
		if (run.regs.rflags & RFLAGS_ZF)
			after.regs.gpr[t.reg] = run.regs.gpr[t.reg];
	}
	equal = faults_equal(&after, result, &fault) &&
		!memcmp(after.regs.gpr, run.regs.gpr, sizeof(run.regs.gpr)) &&
		!((after.regs.rflags ^ run.regs.rflags) & ~ignored) &&
		vectors_equal(&after) &&
		(after.vector >= 0 ||
		 run.regs.rip == code + t.length);
	if (result_undefined(&t, &insn)) {
		arena_copy(&arena);
		return -1;
	}
	if (equal && arena_equal(&arena))
		return 1;
	show(&t, &after, &run, result, &fault);
	if (!arena_equal(&arena))
		printf("# memory differs\n");
	arena_copy(&arena);
	return 0;
}

static bool processor_has(const struct opcode *row)
{
	switch (row->op) {
	case OP_MOVBE:
		return __builtin_cpu_supports("movbe");
	case OP_ADCX:
	case OP_ADOX:
		return __builtin_cpu_supports("adx");
	case OP_CRC32:
		return __builtin_cpu_supports("sse4.2");
	case OP_PDEP:
	case OP_PEXT:
	case OP_MULX:
	case OP_RORX:
	case OP_SARX:
	case OP_SHLX:
	case OP_SHRX:
	case OP_BZHI:
		return __builtin_cpu_supports("bmi2");
	case OP_ANDN:
	case OP_BEXTR:
	case OP_BLSR:
	case OP_BLSMSK:
	case OP_BLSI:
	case OP_TZCNT:
		return __builtin_cpu_supports("bmi");
	case OP_LZCNT:
		return __builtin_cpu_supports("lzcnt");
	default:
		return row->map < MAP_VEX || __builtin_cpu_supports("avx2");
	}
}

static void test_row(const struct opcode *row, unsigned int code_width,
		     unsigned int runs)
{
	unsigned int faults = 0;
	unsigned int tries;
	unsigned int good = 0;
	unsigned int bad = 0;
	char name[64];

	snprintf(name, sizeof(name), "%u-bit code, map %u, %02x /%u, prefix %u",
		 8 * code_width, row->map, row->byte, row->digit, row->prefix);
	if (row->flags & (code_width == 8 ? OPCODE_NO_64 : OPCODE_64))
		return;
	if (!processor_has(row)) {
		tap_skip(name, "this processor does not have it");
		return;
	}
	for (tries = 0; tries < 20 * runs && good < runs && bad < 3; tries++) {
		int result = try(row, code_width, &faults);

		good += result > 0;
		bad += !result;
	}
	ok(good == runs && !bad, "%s: %u runs as the processor, %u exceptions",
	   name, good, faults);
}

static bool ymm_is_where_it_is_put(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid_count(0xD, 2, &a, &b, &c, &d) && b == YMM_OFFSET;
}

int main(void)
{
	const char *text = getenv("HVMOD_SEED");
	const char *count = getenv("HVMOD_RUNS");
	unsigned int runs = count ? (unsigned int)atoi(count) : RUNS;
	uint64_t seed = text ? strtoull(text, NULL, 0) : DEFAULT_SEED;
	size_t i;

	printf("# HVMOD_SEED=%llu HVMOD_RUNS=%u\n", (unsigned long long)seed,
	       runs);
	if (!__builtin_cpu_supports("avx")) {
		tap_skip("the instruction table", "a processor without AVX");
		return tap_done();
	}
	ok(ymm_is_where_it_is_put(), "where the upper halves of YMM are");
	arena_init(&arena);
	attempt_begin(&arena, seed);
	native_init();
	for (i = 0; i < opcode_count; i++)
		test_row(&opcodes[i], 8, runs);
	if (native_segments((uint32_t)(uintptr_t)arena.native, ARENA_LIMIT)) {
		for (i = 0; i < opcode_count; i++)
			test_row(&opcodes[i], 4, runs);
		for (i = 0; i < opcode_count; i++)
			test_row(&opcodes[i], 2, runs);
	} else {
		tap_skip("16- and 32-bit code", "this kernel has no modify_ldt()");
	}
	arena_free(&arena);
	return tap_done();
}
