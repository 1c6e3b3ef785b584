// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder: encodings made by the assembler of this build, their operands
 * and what they do, the order of the table, a fuzz run, and names and lengths
 * as objdump has them. What each row does is in test_native.c.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "compiler.h"
#include "decode.h"
#include "execute.h"
#include "tap.h"

/* The bytes of an instruction, between two symbols. */
#define INSN(name, mode, text)						\
	extern const uint8_t name[], name##_end[];			\
	asm(".pushsection .rodata\n" mode "\n"				\
	    #name ": " text "\n" #name "_end:\n"			\
	    ".code64\n.popsection\n")

#define M64 ".code64"
#define M32 ".code32"
#define M16 ".code16"

/* Register values in every case: 0x1111111111111100 * (n + 1) + 0x80 + n. */
#define R(n)	(0x1111111111111100ULL * ((n) + 1) + 0x80 + (n))
#define RIP	0x10000000ULL

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14,
	R15 };
enum { ES, CS, SS, DS, FS, GS };

INSN(st8, M64, "mov %al, (%rbx)");
INSN(st8_high, M64, "mov %ch, (%rbx)");
INSN(st8_rex, M64, "mov %dil, (%rbx)");
INSN(st8_r9, M64, "mov %r9b, (%rbx)");
INSN(st16, M64, "mov %dx, 0x10(%rcx)");
INSN(st32, M64, "mov %eax, 0xb0(%rdi)");
INSN(st32_r8, M64, "mov %r8d, -8(%r12)");
INSN(st64, M64, "mov %rsi, (%r13)");
INSN(st_sib, M64, "mov %eax, 0x12345678(%rax,%r11,4)");
INSN(st_sib_no_base, M64, "mov %eax, 0x1000(,%rcx,8)");
INSN(st_sib_rsp, M64, "mov %eax, 4(%rsp)");
INSN(st_sib_r12i, M64, "mov %eax, (%rbp,%r12,1)");
INSN(st_absolute, M64, "mov %eax, 0xfffffffffee000b0");
INSN(st_rip, M64, "mov %eax, 0x200(%rip)");
INSN(st_gs, M64, "mov %eax, %gs:8(%rdx)");
INSN(st_fs_absolute, M64, "mov %rax, %fs:0x28");
INSN(st_ds64, M64, ".byte 0x3e; mov %eax, (%rbp)");
INSN(st_addr32, M64, "mov %eax, 0x10(%ebx)");
INSN(st_addr32_wrap, M64, "mov %eax, 0x7fffffff(%edi,%edi,2)");
INSN(imm8, M64, "movb $0x80, (%rbx)");
INSN(imm16, M64, "movw $0x8001, (%rbx)");
INSN(imm32, M64, "movl $0x80000001, (%rbx)");
INSN(imm64, M64, "movq $-2, (%rbx)");
INSN(imm_rip, M64, "movl $7, 0x10(%rip)");
INSN(ld8, M64, "mov (%rbx), %cl");
INSN(ld8_high, M64, "mov (%rbx), %ah");
INSN(ld8_rex, M64, "mov (%rbx), %sil");
INSN(ld16, M64, "mov (%rbx), %r10w");
INSN(ld32, M64, "mov (%rbx), %eax");
INSN(ld32_r15, M64, "mov 0x20(%r15), %r15d");
INSN(ld64, M64, "mov (%rbx), %r14");
INSN(moffs_ld, M64, "movabs 0x1122334455667788, %rax");
INSN(moffs_ld8, M64, "movabs 0x1122334455667788, %al");
INSN(moffs_st32, M64, "movabs %eax, 0x1122334455667788");
INSN(moffs_addr32, M64, ".byte 0x67, 0xa1, 0x20, 0, 0xe0, 0xfe");
INSN(movzx8_32, M64, "movzbl (%rbx), %edx");
INSN(movzx8_16, M64, "movzbw (%rbx), %dx");
INSN(movzx16_64, M64, "movzwq (%rbx), %r8");
INSN(movzx_rexb, M64, "movzbl (%r9), %esi");
INSN(movsx8_32, M64, "movsbl (%rbx), %edx");
INSN(movsx8_16, M64, "movsbw (%rbx), %dx");
INSN(movsx8_64, M64, "movsbq (%rbx), %rdx");
INSN(movsx16_32, M64, "movswl (%rbx), %edx");
INSN(movsxd, M64, "movslq (%rbx), %rdx");
INSN(movnti32, M64, "movnti %eax, (%rbx)");
INSN(movnti64, M64, "movnti %r9, (%rbx)");
INSN(p32_st, M32, "mov %eax, 0xfee000b0");
INSN(p32_mod, M32, "mov %eax, 0x10(%esp,%ecx,2)");
INSN(p32_ebp, M32, "mov (%ebp), %edi");
INSN(p32_es, M32, "mov %es:(%ebx), %edi");
INSN(p32_16, M32, "movw $0x1234, (%esi)");
INSN(p32_a16, M32, "mov %eax, -2(%bp,%di)");
INSN(p32_a16_abs, M32, "addr16 mov %ebx, 0x1234");
INSN(p32_moffs, M32, "mov 0xfec00010, %eax");
INSN(p16_st, M16, "mov %ax, (%bx,%si)");
INSN(p16_ld, M16, "mov 0x100(%si), %dx");
INSN(p16_disp8, M16, "mov -1(%bp), %cl");
INSN(p16_abs, M16, "mov %bx, 0x1234");
INSN(p16_o32, M16, "movl $0x12345678, (%di)");
INSN(p16_a32, M16, "mov %ax, 0x12345678(%eax)");
INSN(p16_moffs, M16, "mov %al, 0x10");
INSN(p16_fs, M16, "mov %fs:(%bx), %ax");

#define CASE(name, width) .title = #name, .bytes = name,		\
	.end = name##_end, .code = (width)

struct decode_case {
	const char *title;
	const uint8_t *bytes;
	const uint8_t *end;
	unsigned int code;
	bool store;
	unsigned int width;
	unsigned int segment;
	uint64_t offset;
	uint64_t value;		/* stored; or loaded from 0x8182838485868788 */
	unsigned int reg;	/* the register that is loaded */
};

/* Memory holds these bytes at every load. */
#define MEMORY	0x8182838485868788ULL
#define LOW32(x) ((x) & 0xFFFFFFFFULL)
#define LOW16(x) ((x) & 0xFFFFULL)

static const struct decode_case cases[] = {
	{ CASE(st8, 8), true, 1, DS, R(RBX), 0x80 },
	{ CASE(st8_high, 8), true, 1, DS, R(RBX), 0x22 },
	{ CASE(st8_rex, 8), true, 1, DS, R(RBX), 0x87 },
	{ CASE(st8_r9, 8), true, 1, DS, R(RBX), R(R9) & 0xFF },
	{ CASE(st16, 8), true, 2, DS, R(RCX) + 0x10, LOW16(R(RDX)) },
	{ CASE(st32, 8), true, 4, DS, R(RDI) + 0xb0, LOW32(R(RAX)) },
	{ CASE(st32_r8, 8), true, 4, DS, R(R12) - 8, LOW32(R(R8)) },
	{ CASE(st64, 8), true, 8, DS, R(R13), R(RSI) },
	{ CASE(st_sib, 8), true, 4, DS, R(RAX) + 4 * R(R11) + 0x12345678, LOW32(R(RAX)) },
	{ CASE(st_sib_no_base, 8), true, 4, DS, 8 * R(RCX) + 0x1000, LOW32(R(RAX)) },
	{ CASE(st_sib_rsp, 8), true, 4, SS, R(RSP) + 4, LOW32(R(RAX)) },
	{ CASE(st_sib_r12i, 8), true, 4, SS, R(RBP) + R(R12), LOW32(R(RAX)) },
	{ CASE(st_absolute, 8), true, 4, DS, 0xfffffffffee000b0, LOW32(R(RAX)) },
	{ CASE(st_rip, 8), true, 4, DS, RIP + 6 + 0x200, LOW32(R(RAX)) },
	{ CASE(st_gs, 8), true, 4, GS, R(RDX) + 8, LOW32(R(RAX)) },
	{ CASE(st_fs_absolute, 8), true, 8, FS, 0x28, R(RAX) },
	{ CASE(st_ds64, 8), true, 4, SS, R(RBP), LOW32(R(RAX)) },
	{ CASE(st_addr32, 8), true, 4, DS, LOW32(R(RBX) + 0x10), LOW32(R(RAX)) },
	{ CASE(st_addr32_wrap, 8), true, 4, DS, LOW32(3 * R(RDI) + 0x7fffffff), LOW32(R(RAX)) },
	{ CASE(imm8, 8), true, 1, DS, R(RBX), 0x80 },
	{ CASE(imm16, 8), true, 2, DS, R(RBX), 0x8001 },
	{ CASE(imm32, 8), true, 4, DS, R(RBX), 0x80000001 },
	{ CASE(imm64, 8), true, 8, DS, R(RBX), -2ULL },
	{ CASE(imm_rip, 8), true, 4, DS, RIP + 10 + 0x10, 7 },
	{ CASE(ld8, 8), false, 1, DS, R(RBX), (R(RCX) & ~0xFFULL) | 0x88, RCX },
	{ CASE(ld8_high, 8), false, 1, DS, R(RBX), (R(RAX) & ~0xFF00ULL) | 0x8800, RAX },
	{ CASE(ld8_rex, 8), false, 1, DS, R(RBX), (R(RSI) & ~0xFFULL) | 0x88, RSI },
	{ CASE(ld16, 8), false, 2, DS, R(RBX), (R(R10) & ~0xFFFFULL) | 0x8788, R10 },
	{ CASE(ld32, 8), false, 4, DS, R(RBX), 0x85868788, RAX },
	{ CASE(ld32_r15, 8), false, 4, DS, R(R15) + 0x20, 0x85868788, R15 },
	{ CASE(ld64, 8), false, 8, DS, R(RBX), MEMORY, R14 },
	{ CASE(moffs_ld, 8), false, 8, DS, 0x1122334455667788, MEMORY, RAX },
	{ CASE(moffs_ld8, 8), false, 1, DS, 0x1122334455667788, (R(RAX) & ~0xFFULL) | 0x88, RAX },
	{ CASE(moffs_st32, 8), true, 4, DS, 0x1122334455667788, LOW32(R(RAX)) },
	{ CASE(moffs_addr32, 8), false, 4, DS, 0xfee00020, 0x85868788, RAX },
	{ CASE(movzx8_32, 8), false, 1, DS, R(RBX), 0x88, RDX },
	{ CASE(movzx8_16, 8), false, 1, DS, R(RBX), (R(RDX) & ~0xFFFFULL) | 0x88, RDX },
	{ CASE(movzx16_64, 8), false, 2, DS, R(RBX), 0x8788, R8 },
	{ CASE(movzx_rexb, 8), false, 1, DS, R(R9), 0x88, RSI },
	{ CASE(movsx8_32, 8), false, 1, DS, R(RBX), 0xFFFFFF88, RDX },
	{ CASE(movsx8_16, 8), false, 1, DS, R(RBX), (R(RDX) & ~0xFFFFULL) | 0xFF88, RDX },
	{ CASE(movsx8_64, 8), false, 1, DS, R(RBX), 0xFFFFFFFFFFFFFF88, RDX },
	{ CASE(movsx16_32, 8), false, 2, DS, R(RBX), 0xFFFF8788, RDX },
	{ CASE(movsxd, 8), false, 4, DS, R(RBX), 0xFFFFFFFF85868788, RDX },
	{ CASE(movnti32, 8), true, 4, DS, R(RBX), LOW32(R(RAX)) },
	{ CASE(movnti64, 8), true, 8, DS, R(RBX), R(R9) },
	{ CASE(p32_st, 4), true, 4, DS, 0xfee000b0, LOW32(R(RAX)) },
	{ CASE(p32_mod, 4), true, 4, SS, LOW32(R(RSP) + 2 * R(RCX) + 0x10), LOW32(R(RAX)) },
	{ CASE(p32_ebp, 4), false, 4, SS, LOW32(R(RBP)), 0x85868788, RDI },
	{ CASE(p32_es, 4), false, 4, ES, LOW32(R(RBX)), 0x85868788, RDI },
	{ CASE(p32_16, 4), true, 2, DS, LOW32(R(RSI)), 0x1234 },
	{ CASE(p32_a16, 4), true, 4, SS, LOW16(R(RBP) + R(RDI) - 2), LOW32(R(RAX)) },
	{ CASE(p32_a16_abs, 4), true, 4, DS, 0x1234, LOW32(R(RBX)) },
	{ CASE(p32_moffs, 4), false, 4, DS, 0xfec00010, 0x85868788, RAX },
	{ CASE(p16_st, 2), true, 2, DS, LOW16(R(RBX) + R(RSI)), LOW16(R(RAX)) },
	{ CASE(p16_ld, 2), false, 2, DS, LOW16(R(RSI) + 0x100), (R(RDX) & ~0xFFFFULL) | 0x8788, RDX },
	{ CASE(p16_disp8, 2), false, 1, SS, LOW16(R(RBP) - 1), (R(RCX) & ~0xFFULL) | 0x88, RCX },
	{ CASE(p16_abs, 2), true, 2, DS, 0x1234, LOW16(R(RBX)) },
	{ CASE(p16_o32, 2), true, 4, DS, LOW16(R(RDI)), 0x12345678 },
	{ CASE(p16_a32, 2), true, 2, DS, LOW32(R(RAX) + 0x12345678), LOW16(R(RAX)) },
	{ CASE(p16_moffs, 2), true, 1, DS, 0x10, 0x80 },
	{ CASE(p16_fs, 2), false, 2, FS, LOW16(R(RBX)), (R(RAX) & ~0xFFFFULL) | 0x8788, RAX },
};

INSN(no_reg_reg, M64, "mov %eax, %ebx");
INSN(no_lea, M64, "lea 8(%rbx), %eax");
INSN(no_segment, M64, "mov (%rbx), %ds");
INSN(no_call, M64, "call *(%rbx)");
INSN(no_in, M64, "insb; nop");
INSN(no_fence, M64, "mfence");
INSN(no_imm_ext, M64, ".byte 0xc7, 0x4b, 0x10, 1, 0, 0, 0");	/* /1 */
INSN(no_pop_ext, M64, ".byte 0x8f, 0x4b, 0x10");		/* /1 */
INSN(no_lock_mov, M64, ".byte 0xf0, 0x89, 0x03");
INSN(no_lock_cmp, M64, ".byte 0xf0, 0x39, 0x03");
INSN(no_lock_load, M64, ".byte 0xf0, 0x03, 0x03");
INSN(no_lock_shift, M64, ".byte 0xf0, 0xd1, 0x23");
INSN(no_rex_then_prefix, M64, ".byte 0x48, 0x66, 0x0f, 0xff, 0x03");
INSN(no_82_in_64, M64, ".byte 0x82, 0x03, 0x01");
INSN(no_movsxd16, M64, ".byte 0x66, 0x63, 0x03");
INSN(no_movnti16, M64, ".byte 0x66, 0x0f, 0xc3, 0x03");
INSN(no_arpl, M32, "arpl %ax, (%ebx)");
INSN(no_lds, M32, "lds (%ebx), %eax");
INSN(no_les16, M16, "les (%bx), %ax");
INSN(no_x87, M64, "fldl (%rbx)");
INSN(no_mmx, M64, "movq (%rbx), %mm0");
INSN(no_sum, M64, "paddd (%rbx), %xmm0");
INSN(no_avx512, M64, "vmovdqu64 (%rbx), %zmm0");
INSN(no_vex_66, M64, ".byte 0x66, 0xc5, 0xf8, 0x10, 0x03");
INSN(no_vex_rex, M64, ".byte 0x40, 0xc5, 0xf8, 0x10, 0x03");
INSN(no_vex_lock, M64, ".byte 0xf0, 0xc5, 0xf8, 0x10, 0x03");
INSN(no_vex_rep, M64, ".byte 0xf3, 0xc5, 0xf8, 0x10, 0x03");
INSN(no_vex_vvvv, M64, ".byte 0xc5, 0xf0, 0x10, 0x03");
INSN(no_vex_l, M64, ".byte 0xc5, 0xfc, 0x12, 0x03");
INSN(no_vex_map, M64, ".byte 0xc4, 0xe4, 0x78, 0x10, 0x03");
INSN(no_too_long, M64, ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x89,0x03");

static const struct {
	const char *title;
	const uint8_t *bytes;
	const uint8_t *end;
	unsigned int code;
} unknown[] = {
	{ CASE(no_reg_reg, 8) }, { CASE(no_lea, 8) }, { CASE(no_segment, 8) },
	{ CASE(no_call, 8) }, { CASE(no_in, 8) }, { CASE(no_fence, 8) },
	{ CASE(no_imm_ext, 8) }, { CASE(no_pop_ext, 8) },
	{ CASE(no_lock_mov, 8) }, { CASE(no_lock_cmp, 8) },
	{ CASE(no_lock_load, 8) }, { CASE(no_lock_shift, 8) },
	{ CASE(no_rex_then_prefix, 8) }, { CASE(no_82_in_64, 8) },
	{ CASE(no_movsxd16, 8) }, { CASE(no_movnti16, 8) },
	{ CASE(no_arpl, 4) }, { CASE(no_lds, 4) }, { CASE(no_les16, 2) },
	{ CASE(no_x87, 8) }, { CASE(no_mmx, 8) }, { CASE(no_sum, 8) },
	{ CASE(no_avx512, 8) }, { CASE(no_vex_66, 8) },
	{ CASE(no_vex_rex, 8) }, { CASE(no_vex_lock, 8) },
	{ CASE(no_vex_rep, 8) }, { CASE(no_vex_vvvv, 8) },
	{ CASE(no_vex_l, 8) }, { CASE(no_vex_map, 8) },
	{ CASE(no_too_long, 8) },
};

static void fill(struct hvmod_regs *regs)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		regs->gpr[i] = R(i);
	regs->rip = RIP;
	regs->rflags = 2;
}

/* A copy that ends where the bytes end, so that ASan sees one read too many. */
static int decode_exact(const uint8_t *bytes, size_t count, unsigned int code,
			struct insn *insn)
{
	uint8_t *copy = malloc(count);
	int ret;

	memcpy(copy, bytes, count);
	ret = insn_decode(copy, count, code, insn);
	free(copy);
	return ret;
}

static bool case_good(const struct decode_case *c)
{
	size_t length = (size_t)(c->end - c->bytes);
	struct hvmod_regs before;
	struct hvmod_regs regs;
	struct insn insn;
	uint64_t memory[OPERAND_WORDS] = {};
	size_t cut;

	fill(&regs);
	for (cut = 0; cut < length; cut++) {
		if (decode_exact(c->bytes, cut, c->code, &insn) != -EAGAIN)
			return false;
	}
	if (decode_exact(c->bytes, length, c->code, &insn) ||
	    insn.length != length ||
	    !!(insn.opcode->flags & OPCODE_WRITE) != c->store ||
	    insn.width != c->width || insn.segment != c->segment ||
	    insn_offset(&insn, &regs) != c->offset)
		return false;
	before = regs;
	memory[0] = MEMORY & bus_mask(insn.width);
	if (!execute(&insn, &regs, memory))
		return false;
	if (c->store)
		return memory[0] == c->value &&
		       !memcmp(&regs, &before, sizeof(regs));
	if (regs.gpr[c->reg] != c->value)
		return false;
	regs.gpr[c->reg] = before.gpr[c->reg];
	return !memcmp(&regs, &before, sizeof(regs));
}

static void test_cases(void)
{
	struct insn insn;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		ok(case_good(&cases[i]), "known: %s", cases[i].title);
	for (i = 0; i < ARRAY_SIZE(unknown); i++)
		ok(decode_exact(unknown[i].bytes,
				(size_t)(unknown[i].end - unknown[i].bytes),
				unknown[i].code, &insn) == -EINVAL,
		   "unknown: %s", unknown[i].title);
}

static void test_table(void)
{
	unsigned int bad = 0;
	size_t i;

	for (i = 1; i < opcode_count; i++) {
		const struct opcode *a = &opcodes[i - 1];
		const struct opcode *b = &opcodes[i];

		bad += (a->map << 8 | a->byte) > (b->map << 8 | b->byte);
		bad += a->map == b->map && a->byte == b->byte &&
		       a->prefix == b->prefix && a->digit == b->digit;
	}
	ok(!bad, "the rows are in order and each is there once");
	for (i = 0; i < opcode_count; i++) {
		const struct opcode *row = &opcodes[i];

		bad += row->op >= OPS || row->digit > DIGIT_ANY ||
		       row->width > WIDTH_VL ||
		       ((row->flags & OPCODE_LOCK) &&
			(row->flags & OPCODE_RW) != OPCODE_RW);
	}
	ok(!bad, "what has LOCK reads and writes its operand");
}

static void put(uint8_t **at, unsigned int byte)
{
	*(*at)++ = (uint8_t)byte;
}

/* Random bytes, with the opcode of some row in every second try. */
static void random_bytes(uint64_t *seed, uint8_t *bytes)
{
	static const uint8_t some[] = { 0x66, 0x67, 0x48, 0x41, 0x64, 0xF0,
					0xF2, 0xF3 };
	const struct opcode *row = &opcodes[tap_random(seed) % opcode_count];
	uint64_t r = tap_random(seed);
	uint8_t *at = bytes;
	unsigned int i;

	for (i = 0; i < INSN_BYTES_MAX; i++)
		bytes[i] = (uint8_t)tap_random(seed);
	if (r & 1)
		return;
	for (i = r >> 1 & 3; i; i--)
		put(&at, some[tap_random(seed) % sizeof(some)]);
	if (row->map >= MAP_VEX) {
		put(&at, 0xC4);
		put(&at, 0xE0 | (row->map - MAP_VEX));
		put(&at, (unsigned int)(r >> 8 & 0x80) | 0x78 |
			 (unsigned int)(r >> 16 & 7));
	}
	if (row->map > MAP_1 && row->map < MAP_VEX)
		put(&at, 0x0F);
	if (row->map == MAP_0F38)
		put(&at, 0x38);
	put(&at, row->byte);
}

#define FUZZ_RUNS	300000
#define SLOTS		4000

static uint8_t slots[3][SLOTS][16];
static uint8_t slot_length[3][SLOTS];
static uint8_t slot_op[3][SLOTS];
static unsigned int slots_used[3];

/* What objdump calls the operations; SHL may be sal there. */
static const char *const names[OPS] = {
	[OP_MOV] = "mov", [OP_MOVZX] = "movz", [OP_MOVSX] = "movs",
	[OP_MOVBE] = "movbe", [OP_ADD] = "add", [OP_OR] = "or",
	[OP_ADC] = "adc", [OP_SBB] = "sbb", [OP_AND] = "and",
	[OP_SUB] = "sub", [OP_XOR] = "xor", [OP_CMP] = "cmp",
	[OP_TEST] = "test", [OP_INC] = "inc", [OP_DEC] = "dec",
	[OP_NOT] = "not", [OP_NEG] = "neg", [OP_ROL] = "rol",
	[OP_ROR] = "ror", [OP_RCL] = "rcl", [OP_RCR] = "rcr",
	[OP_SHL] = "sh", [OP_SHR] = "shr", [OP_SAR] = "sar",
	[OP_SHLD] = "shld", [OP_SHRD] = "shrd", [OP_MUL] = "mul",
	[OP_IMUL] = "imul", [OP_DIV] = "div", [OP_IDIV] = "idiv",
	[OP_IMUL2] = "imul", [OP_BT] = "bt", [OP_BTS] = "bts",
	[OP_BTR] = "btr", [OP_BTC] = "btc", [OP_BSF] = "bsf",
	[OP_BSR] = "bsr", [OP_TZCNT] = "tzcnt", [OP_LZCNT] = "lzcnt",
	[OP_POPCNT] = "popcnt", [OP_CRC32] = "crc32", [OP_ADCX] = "adcx",
	[OP_ADOX] = "adox", [OP_ANDN] = "andn", [OP_BEXTR] = "bextr",
	[OP_BZHI] = "bzhi", [OP_BLSR] = "blsr", [OP_BLSMSK] = "blsmsk",
	[OP_BLSI] = "blsi", [OP_PDEP] = "pdep", [OP_PEXT] = "pext",
	[OP_MULX] = "mulx", [OP_RORX] = "rorx", [OP_SARX] = "sarx",
	[OP_SHLX] = "shlx", [OP_SHRX] = "shrx", [OP_XCHG] = "xchg",
	[OP_XADD] = "xadd", [OP_CMPXCHG] = "cmpxchg",
	[OP_CMPXCHG8B] = "cmpxchg", [OP_SETCC] = "set", [OP_CMOVCC] = "cmov",
	[OP_MOVS] = "movs", [OP_STOS] = "stos", [OP_LODS] = "lods",
	[OP_CMPS] = "cmps", [OP_SCAS] = "scas", [OP_PUSH] = "push",
	[OP_POP] = "pop", [OP_TOUCH] = "cl", [OP_VMOV] = "", [OP_VLOW] = "movlp",
	[OP_VHIGH] = "movhp",
};

static void keep(unsigned int mode, const uint8_t *bytes,
		 const struct insn *insn)
{
	unsigned int length = insn->length;
	unsigned int n = slots_used[mode];

	if (n == SLOTS)
		return;
	memset(slots[mode][n], 0x90, 16);
	memcpy(slots[mode][n], bytes, length);
	slot_length[mode][n] = (uint8_t)length;
	slot_op[mode][n] = insn->opcode->op;
	slots_used[mode]++;
}

static void test_fuzz(void)
{
	static const unsigned int codes[3] = { 2, 4, 8 };
	unsigned int decoded = 0;
	uint64_t seed = 3;
	unsigned int i;

	for (i = 0; i < FUZZ_RUNS; i++) {
		uint8_t bytes[INSN_BYTES_MAX];
		struct hvmod_regs regs;
		struct insn again;
		struct insn insn;
		size_t count;

		random_bytes(&seed, bytes);
		count = 1 + tap_random(&seed) % INSN_BYTES_MAX;
		if (decode_exact(bytes, count, codes[i % 3], &insn))
			continue;
		decoded++;
		fill(&regs);
		check(insn.length >= 1 && insn.length <= count);
		check(insn.width && insn.width <= 32 &&
		      !(insn.width & (insn.width - 1)));
		check(insn.operand_width && insn.operand_width <= 8);
		check(insn.operand_width < 8 || codes[i % 3] == 8);
		check(insn.reg < 16 && insn.reg_b < 16 &&
		      insn.segment <= HVMOD_SEG_GS);
		check((insn_offset(&insn, &regs) &
		       ~bus_mask(insn.address_width)) == 0);
		check(!decode_exact(bytes, insn.length, codes[i % 3], &again) &&
		      again.length == insn.length);
		check(decode_exact(bytes, insn.length - 1U, codes[i % 3],
				   &again) == -EAGAIN);
		keep(i % 3, bytes, &insn);
	}
	ok(decoded > FUZZ_RUNS / 100, "%u random byte strings, %u decoded",
	   FUZZ_RUNS, decoded);
}

/* To objdump F2 before BSF and BSR is an error, to processors it is nothing. */
static bool objdump_errs(unsigned int mode, unsigned long slot)
{
	uint8_t op = slot_op[mode][slot];

	return (op == OP_BSF || op == OP_BSR) &&
	       memchr(slots[mode][slot], 0xF2, 5);
}

/* objdump names an address once an instruction: lengths are the differences. */
static unsigned int compare(FILE *listing, unsigned int mode)
{
	char text[512];
	unsigned int bad = 0;
	unsigned long slot = 0;
	unsigned long at;
	char name[32];
	bool first = true;

	while (fgets(text, sizeof(text), listing)) {
		if (sscanf(text, " %lx: %31s", &at, name) != 2)
			continue;
		if (at % 16 == 0) {
			slot = at / 16;
			first = slot < slots_used[mode] &&
				!objdump_errs(mode, slot);
			/* Prefixes without effect make no other instruction. */
			if (first &&
			    !strstr(text, names[slot_op[mode][slot]])) {
				printf("# other instruction: %s", text);
				bad++;
			}
			continue;
		}
		if (first && at % 16 != slot_length[mode][slot]) {
			printf("# length %u, objdump %lu at slot %lu mode %u\n",
			       slot_length[mode][slot], at % 16, slot, mode);
			bad++;
		}
		first = false;
	}
	return bad;
}

static void test_objdump(void)
{
	static const char *const options[3] = {
		"-m i8086", "-m i386", "-m i386:x86-64",
	};
	unsigned int mode;

	if (system("objdump --version >/dev/null 2>&1")) {
		tap_skip("names and lengths as objdump has them", "no objdump");
		return;
	}
	for (mode = 0; mode < 3; mode++) {
		char path[] = "/tmp/test_decode.XXXXXX";
		int fd = mkstemp(path);
		size_t bytes = slots_used[mode] * 16;
		char command[256];
		unsigned int bad;
		FILE *listing;

		check(fd >= 0 && write(fd, slots[mode], bytes) == (ssize_t)bytes);
		snprintf(command, sizeof(command),
			 "objdump -D -z -w --no-show-raw-insn -b binary %s %s",
			 options[mode], path);
		listing = popen(command, "r");
		bad = compare(listing, mode);
		pclose(listing);
		close(fd);
		unlink(path);
		ok(!bad && slots_used[mode] > 500, "%u names and lengths as objdump has them, %s",
		   slots_used[mode], options[mode]);
	}
}

int main(void)
{
	test_cases();
	test_table();
	test_fuzz();
	test_objdump();
	return tap_done();
}
