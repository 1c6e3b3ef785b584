// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder: encodings made by the assembler of this build, what they do to
 * registers, a fuzz run, and lengths against objdump.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "compiler.h"
#include "decode.h"
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
INSN(no_add, M64, "add %eax, (%rbx)");
INSN(no_xchg, M64, "xchg %eax, (%rbx)");
INSN(no_lock, M64, "lock orl $1, (%rbx)");
INSN(no_rep, M64, "rep movsb");
INSN(no_stos, M64, "stosl");
INSN(no_segment, M64, "mov (%rbx), %ds");
INSN(no_sse, M64, "movaps (%rbx), %xmm0");
INSN(no_avx, M64, "vmovdqu (%rbx), %ymm0");
INSN(no_imm_ext, M64, ".byte 0xc7, 0x4b, 0x10, 1, 0, 0, 0");	/* /1 */
INSN(no_lock_mov, M64, ".byte 0xf0, 0x89, 0x03");
INSN(no_rex_then_prefix, M64, ".byte 0x48, 0x66, 0x89, 0x03");
INSN(no_arpl, M32, "arpl %ax, (%ebx)");
INSN(no_push, M64, "push (%rbx)");
INSN(no_movbe, M64, "movbe (%rbx), %eax");
INSN(no_movnti16, M64, ".byte 0x66, 0x0f, 0xc3, 0x03");
INSN(no_too_long, M64, ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x89,0x03");

static const struct {
	const char *title;
	const uint8_t *bytes;
	const uint8_t *end;
	unsigned int code;
} unknown[] = {
	{ CASE(no_reg_reg, 8) }, { CASE(no_add, 8) }, { CASE(no_xchg, 8) },
	{ CASE(no_lock, 8) }, { CASE(no_rep, 8) }, { CASE(no_stos, 8) },
	{ CASE(no_segment, 8) }, { CASE(no_sse, 8) }, { CASE(no_avx, 8) },
	{ CASE(no_imm_ext, 8) }, { CASE(no_lock_mov, 8) },
	{ CASE(no_rex_then_prefix, 8) }, { CASE(no_arpl, 4) },
	{ CASE(no_push, 8) }, { CASE(no_movbe, 8) }, { CASE(no_movnti16, 8) },
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
	size_t cut;

	fill(&regs);
	for (cut = 0; cut < length; cut++) {
		if (decode_exact(c->bytes, cut, c->code, &insn) != -EAGAIN)
			return false;
	}
	if (decode_exact(c->bytes, length, c->code, &insn) ||
	    insn.length != length || insn.store != c->store ||
	    insn.width != c->width || insn.segment != c->segment ||
	    insn_offset(&insn, &regs) != c->offset)
		return false;
	if (c->store)
		return insn_store_value(&insn, &regs) == c->value;
	before = regs;
	insn_load_value(&insn, &regs, MEMORY & bus_mask(insn.width));
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

/* Random bytes, but with opcodes that are known in every second try. */
static void random_bytes(uint64_t *seed, uint8_t *bytes)
{
	static const uint8_t likely[] = {
		0x66, 0x67, 0x48, 0x41, 0x64, 0x0F, 0x63, 0x88, 0x89, 0x8A, 0x8B,
		0xA0, 0xA1, 0xA2, 0xA3, 0xC6, 0xC7, 0xB6, 0xB7, 0xBE, 0xBF, 0xC3,
	};
	unsigned int i;

	for (i = 0; i < INSN_BYTES_MAX; i++) {
		uint64_t r = tap_random(seed);

		bytes[i] = r & 1 && i < 5 ? likely[(r >> 8) % sizeof(likely)]
					  : (uint8_t)(r >> 16);
	}
}

#define FUZZ_RUNS	300000
#define SLOTS		4000

static uint8_t slots[3][SLOTS][16];
static uint8_t slot_length[3][SLOTS];
static unsigned int slots_used[3];

static void keep(unsigned int mode, const uint8_t *bytes, unsigned int length)
{
	unsigned int n = slots_used[mode];

	if (n == SLOTS)
		return;
	memset(slots[mode][n], 0x90, 16);
	memcpy(slots[mode][n], bytes, length);
	slot_length[mode][n] = (uint8_t)length;
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
		check(insn.length >= 2 && insn.length <= count);
		check(insn.width == 1 || insn.width == 2 || insn.width == 4 ||
		      (insn.width == 8 && codes[i % 3] == 8));
		check(insn.reg < 16 && insn.segment <= HVMOD_SEG_GS);
		check((insn_offset(&insn, &regs) &
		       ~bus_mask(insn.address_width)) == 0);
		check((insn_store_value(&insn, &regs) &
		       ~bus_mask(insn.width)) == 0);
		insn_load_value(&insn, &regs, UINT64_MAX);
		check(!decode_exact(bytes, insn.length, codes[i % 3], &again) &&
		      again.length == insn.length);
		check(decode_exact(bytes, insn.length - 1U, codes[i % 3],
				   &again) == -EAGAIN);
		keep(i % 3, bytes, insn.length);
	}
	ok(decoded > FUZZ_RUNS / 100, "%u random byte strings, %u decoded",
	   FUZZ_RUNS, decoded);
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
			first = true;
			/* Prefixes without effect make no other instruction. */
			if (!strstr(text, "mov") && slot < slots_used[mode]) {
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
		tap_skip("lengths as objdump has them", "no objdump");
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
		ok(!bad && slots_used[mode] > 500, "%u lengths as objdump has them, %s",
		   slots_used[mode], options[mode]);
	}
}

int main(void)
{
	test_cases();
	test_fuzz();
	test_objdump();
	return tap_done();
}
