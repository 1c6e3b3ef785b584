// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions with one memory operand, on values: the caller has read the
 * operand before and writes it afterwards where the table says so.
 */
#include "alu.h"
#include "bus.h"
#include "compiler.h"
#include "execute.h"

/**
 * execute_get() - the value of a register
 * @regs: the registers
 * @reg: which, not AH, CH, DH or BH
 * @width: bytes that count
 *
 * Return: the value, zero-extended
 */
uint64_t execute_get(const struct hvmod_regs *regs, unsigned int reg,
		     unsigned int width)
{
	return regs->gpr[reg] & bus_mask(width);
}

/**
 * execute_put() - set a register
 * @regs: the registers
 * @reg: which, not AH, CH, DH or BH
 * @width: bytes; 4 clear the upper half, fewer leave the rest
 * @value: the value
 */
void execute_put(struct hvmod_regs *regs, unsigned int reg, unsigned int width,
		 uint64_t value)
{
	uint64_t mask = bus_mask(width == 4 ? 8 : width);

	value &= bus_mask(width);
	regs->gpr[reg] = (regs->gpr[reg] & ~mask) | value;
}

static uint64_t get_g(const struct insn *insn, const struct hvmod_regs *regs)
{
	if (insn->reg_high)
		return regs->gpr[insn->reg] >> 8 & 0xFF;
	return execute_get(regs, insn->reg, insn->operand_width);
}

static void put_g(const struct insn *insn, struct hvmod_regs *regs,
		  uint64_t value)
{
	if (insn->reg_high)
		regs->gpr[insn->reg] = (regs->gpr[insn->reg] & ~0xFF00ULL) |
				       (value & 0xFF) << 8;
	else
		execute_put(regs, insn->reg, insn->operand_width, value);
}

/* Which operand becomes which of struct alu. */
enum source {
	FROM_NONE,
	FROM_MEMORY,
	FROM_G,
	FROM_B,
	FROM_IMM,
	FROM_ONE,
	FROM_CL,
	FROM_A,
};

static const struct {
	uint8_t a;
	uint8_t b;
	uint8_t count;
	uint8_t to;
} forms[] = {
	[FORM_E]	= { FROM_MEMORY, FROM_NONE, FROM_NONE, FROM_MEMORY },
	[FORM_E_G]	= { FROM_MEMORY, FROM_G, FROM_G, FROM_MEMORY },
	[FORM_G_E]	= { FROM_G, FROM_MEMORY, FROM_NONE, FROM_G },
	[FORM_E_I]	= { FROM_MEMORY, FROM_IMM, FROM_IMM, FROM_MEMORY },
	[FORM_E_I8]	= { FROM_MEMORY, FROM_IMM, FROM_IMM, FROM_MEMORY },
	[FORM_E_1]	= { FROM_MEMORY, FROM_NONE, FROM_ONE, FROM_MEMORY },
	[FORM_E_CL]	= { FROM_MEMORY, FROM_NONE, FROM_CL, FROM_MEMORY },
	[FORM_E_G_I8]	= { FROM_MEMORY, FROM_G, FROM_IMM, FROM_MEMORY },
	[FORM_E_G_CL]	= { FROM_MEMORY, FROM_G, FROM_CL, FROM_MEMORY },
	[FORM_G_E_I]	= { FROM_MEMORY, FROM_IMM, FROM_NONE, FROM_G },
	[FORM_G_E_I8]	= { FROM_IMM, FROM_MEMORY, FROM_IMM, FROM_G },
	[FORM_G_B_E]	= { FROM_B, FROM_MEMORY, FROM_NONE, FROM_G },
	[FORM_G_E_B]	= { FROM_NONE, FROM_MEMORY, FROM_B, FROM_G },
	[FORM_B_E]	= { FROM_NONE, FROM_MEMORY, FROM_NONE, FROM_B },
	[FORM_A_O]	= { FROM_A, FROM_MEMORY, FROM_NONE, FROM_A },
	[FORM_O_A]	= { FROM_MEMORY, FROM_A, FROM_NONE, FROM_MEMORY },
};

static uint64_t get(const struct insn *insn, const struct hvmod_regs *regs,
		    uint64_t memory, unsigned int from)
{
	switch (from) {
	case FROM_MEMORY:
		return memory;
	case FROM_G:
		return get_g(insn, regs);
	case FROM_B:
		return execute_get(regs, insn->reg_b, insn->operand_width);
	case FROM_IMM:
		return insn->imm & bus_mask(insn->operand_width);
	case FROM_ONE:
		return 1;
	case FROM_CL:
		return execute_get(regs, HVMOD_GPR_RCX, 1);
	case FROM_A:
		return execute_get(regs, HVMOD_GPR_RAX, insn->operand_width);
	default:
		return 0;
	}
}

static void put(const struct insn *insn, struct hvmod_regs *regs,
		uint64_t *memory, uint64_t value)
{
	switch (forms[insn->opcode->form].to) {
	case FROM_MEMORY:
		*memory = value & bus_mask(insn->width);
		break;
	case FROM_G:
		put_g(insn, regs, value);
		break;
	case FROM_B:
		execute_put(regs, insn->reg_b, insn->operand_width, value);
		break;
	case FROM_A:
		execute_put(regs, HVMOD_GPR_RAX, insn->operand_width, value);
		break;
	}
}

/* One instruction in the making. */
struct state {
	const struct insn *insn;
	struct hvmod_regs *regs;
	uint64_t *memory;
	struct alu alu;
};

static bool do_plain(struct state *s)
{
	if (!alu_run(s->insn->opcode->op, &s->alu))
		return false;
	put(s->insn, s->regs, s->memory, s->alu.a);
	return true;
}

/* The result is not kept, the flags are. */
static bool do_compare(struct state *s)
{
	return alu_run(s->insn->opcode->op, &s->alu);
}

static bool do_move(struct state *s)
{
	put(s->insn, s->regs, s->memory, s->alu.b);
	return true;
}

static bool do_sign(struct state *s)
{
	put(s->insn, s->regs, s->memory,
	    alu_sign_extend(s->alu.b, s->insn->width));
	return true;
}

static bool do_movbe(struct state *s)
{
	unsigned int unused = 64 - 8 * s->insn->operand_width;

	put(s->insn, s->regs, s->memory,
	    __builtin_bswap64(s->alu.b) >> unused);
	return true;
}

static bool do_xchg(struct state *s)
{
	put_g(s->insn, s->regs, s->alu.a);
	*s->memory = s->alu.b;
	return true;
}

static bool do_xadd(struct state *s)
{
	uint64_t old = s->alu.a;

	alu_run(OP_XADD, &s->alu);
	put_g(s->insn, s->regs, old);
	*s->memory = s->alu.a;
	return true;
}

static bool do_cmpxchg(struct state *s)
{
	unsigned int width = s->insn->operand_width;
	uint64_t new = s->alu.b;

	s->alu.b = s->alu.a;
	s->alu.a = execute_get(s->regs, HVMOD_GPR_RAX, width);
	alu_run(OP_CMPXCHG, &s->alu);
	if (s->alu.flags & RFLAGS_ZF)
		*s->memory = new;
	else
		execute_put(s->regs, HVMOD_GPR_RAX, width, s->alu.b);
	return true;
}

/* 8 bytes in two halves of 4, or 16 in two of 8. */
static bool do_cmpxchg8b(struct state *s)
{
	unsigned int half = s->insn->width / 2;
	uint64_t low = s->memory[0] & bus_mask(half);
	uint64_t high = half == 8 ? s->memory[1] : s->memory[0] >> 32;
	uint64_t new[2];

	if (low != execute_get(s->regs, HVMOD_GPR_RAX, half) ||
	    high != execute_get(s->regs, HVMOD_GPR_RDX, half)) {
		execute_put(s->regs, HVMOD_GPR_RAX, half, low);
		execute_put(s->regs, HVMOD_GPR_RDX, half, high);
		s->alu.flags &= ~RFLAGS_ZF;
		return true;
	}
	new[0] = execute_get(s->regs, HVMOD_GPR_RBX, half);
	new[1] = execute_get(s->regs, HVMOD_GPR_RCX, half);
	s->memory[0] = half == 8 ? new[0] : new[0] | new[1] << 32;
	s->memory[1] = new[1];
	s->alu.flags |= RFLAGS_ZF;
	return true;
}

/* Products and quotients of AX, or of the pair of RDX and RAX. */
static bool do_pair(struct state *s)
{
	unsigned int width = s->insn->operand_width;

	s->alu.b = s->alu.a;
	s->alu.a = execute_get(s->regs, HVMOD_GPR_RAX, width);
	s->alu.high = width == 1 ? s->regs->gpr[HVMOD_GPR_RAX] >> 8 & 0xFF
				 : execute_get(s->regs, HVMOD_GPR_RDX, width);
	if (!alu_run(s->insn->opcode->op, &s->alu))
		return false;
	if (width == 1) {
		execute_put(s->regs, HVMOD_GPR_RAX, 2,
			    s->alu.high << 8 | s->alu.a);
		return true;
	}
	execute_put(s->regs, HVMOD_GPR_RAX, width, s->alu.a);
	execute_put(s->regs, HVMOD_GPR_RDX, width, s->alu.high);
	return true;
}

static bool do_mulx(struct state *s)
{
	unsigned int width = s->insn->operand_width;

	s->alu.a = execute_get(s->regs, HVMOD_GPR_RDX, width);
	alu_run(OP_MULX, &s->alu);
	execute_put(s->regs, s->insn->reg_b, width, s->alu.a);
	put_g(s->insn, s->regs, s->alu.high);
	return true;
}

static bool do_setcc(struct state *s)
{
	*s->memory = alu_condition(s->insn->opcode->byte, s->alu.flags);
	return true;
}

/* A move that is not made clears the upper half of a 32-bit register too. */
static bool do_cmovcc(struct state *s)
{
	put_g(s->insn, s->regs,
	      alu_condition(s->insn->opcode->byte, s->alu.flags) ? s->alu.b
								 : s->alu.a);
	return true;
}

static bool do_crc32(struct state *s)
{
	s->alu.count = s->insn->width;
	alu_run(OP_CRC32, &s->alu);
	put_g(s->insn, s->regs, s->alu.a);
	return true;
}

/* Of 0 a bit scan leaves all of its register. */
static bool do_scan(struct state *s)
{
	return !s->alu.b ? do_compare(s) : do_plain(s);
}

static bool do_touch(struct state *s)
{
	(void)s;
	return true;
}

/* Those that are not here are plain. */
static bool (*const operations[OPS])(struct state *s) = {
	[OP_MOV] = do_move,		[OP_MOVZX] = do_move,
	[OP_MOVSX] = do_sign,		[OP_MOVBE] = do_movbe,
	[OP_CMP] = do_compare,		[OP_TEST] = do_compare,
	[OP_BT] = do_compare,		[OP_XCHG] = do_xchg,
	[OP_XADD] = do_xadd,		[OP_CMPXCHG] = do_cmpxchg,
	[OP_CMPXCHG8B] = do_cmpxchg8b,	[OP_MUL] = do_pair,
	[OP_IMUL] = do_pair,		[OP_DIV] = do_pair,
	[OP_IDIV] = do_pair,		[OP_MULX] = do_mulx,
	[OP_SETCC] = do_setcc,		[OP_CMOVCC] = do_cmovcc,
	[OP_CRC32] = do_crc32,		[OP_BSF] = do_scan,
	[OP_BSR] = do_scan,		[OP_TOUCH] = do_touch,
};

/**
 * execute() - perform an instruction on general registers
 * @insn: the instruction; no string, stack or vector instruction
 * @regs: the registers and flags (in, out); RIP stays
 * @memory: value of the memory operand (in, out)
 *
 * Return: false if the processor would raise #DE; nothing has changed then
 */
bool execute(const struct insn *insn, struct hvmod_regs *regs,
	     uint64_t memory[OPERAND_WORDS])
{
	unsigned int form = insn->opcode->form;
	struct state s = {
		.insn = insn,
		.regs = regs,
		.memory = memory,
		.alu = {
			.width = insn->operand_width,
			.a = get(insn, regs, *memory, forms[form].a),
			.b = get(insn, regs, *memory, forms[form].b),
			.count = get(insn, regs, *memory, forms[form].count),
			.flags = regs->rflags,
		},
	};
	bool (*operation)(struct state *s) = operations[insn->opcode->op];

	if (!(operation ? operation : do_plain)(&s))
		return false;
	regs->rflags = s.alu.flags;
	return true;
}

static void load_vector(const struct insn *insn, struct vectors *vectors,
			const uint64_t memory[OPERAND_WORDS])
{
	uint64_t value[OPERAND_WORDS] = {};
	unsigned int i;

	if (insn->opcode->op == OP_VMOV) {
		for (i = 0; i < OPERAND_WORDS; i++)
			value[i] = memory[i];
	} else {
		vectors_load(vectors, insn->vex ? insn->reg_b : insn->reg,
			     value);
		value[insn->opcode->op == OP_VHIGH] = memory[0];
		value[2] = 0;
		value[3] = 0;
	}
	vectors_store(vectors, insn->reg, value, insn->vex);
}

/**
 * execute_vector() - perform a move of a vector register
 * @insn: the instruction, of FORM_V_E or FORM_E_V
 * @vectors: the registers (in, out), valid
 * @memory: value of the memory operand, zero-extended (in); in a store (out)
 */
void execute_vector(const struct insn *insn, struct vectors *vectors,
		    uint64_t memory[OPERAND_WORDS])
{
	if (insn->opcode->form == FORM_V_E) {
		load_vector(insn, vectors, memory);
		return;
	}
	vectors_load(vectors, insn->reg, memory);
	if (insn->opcode->op == OP_VHIGH)
		memory[0] = memory[1];
}
