// SPDX-License-Identifier: GPL-2.0-only
/*
 * A decoder for the moves that compilers emit to reach device registers. What
 * is not in the tables is unknown; nothing is guessed. SDM volume 2, chapter 2
 * and appendix A.
 */
#include <errno.h>

#include "decode.h"

#define OP_KNOWN	(1U << 0)
#define OP_STORE	(1U << 1)
#define OP_BYTE		(1U << 2)	/* memory operand of 1 byte */
#define OP_WORD		(1U << 3)	/* memory operand of 2 bytes */
#define OP_DWORD	(1U << 4)	/* memory operand of 4 bytes */
#define OP_REG_BYTE	(1U << 5)	/* register operand of 1 byte */
#define OP_SIGN		(1U << 6)
#define OP_IMM		(1U << 7)	/* constant behind, ModRM.reg is 0 */
#define OP_MOFFS	(1U << 8)	/* address behind, no ModRM */
#define OP_64		(1U << 9)	/* in 64-bit code alone */
#define OP_NO_16	(1U << 10)	/* not with 16-bit operands */

#define OP_BYTES	(OP_KNOWN | OP_BYTE | OP_REG_BYTE)

static const uint16_t one_byte[256] = {
	[0x63] = OP_KNOWN | OP_DWORD | OP_SIGN | OP_64 | OP_NO_16, /* MOVSXD */
	[0x88] = OP_BYTES | OP_STORE,
	[0x89] = OP_KNOWN | OP_STORE,
	[0x8A] = OP_BYTES,
	[0x8B] = OP_KNOWN,
	[0xA0] = OP_BYTES | OP_MOFFS,
	[0xA1] = OP_KNOWN | OP_MOFFS,
	[0xA2] = OP_BYTES | OP_MOFFS | OP_STORE,
	[0xA3] = OP_KNOWN | OP_MOFFS | OP_STORE,
	[0xC6] = OP_BYTES | OP_IMM | OP_STORE,
	[0xC7] = OP_KNOWN | OP_IMM | OP_STORE,
};

static const uint16_t two_byte[256] = {
	[0xB6] = OP_KNOWN | OP_BYTE,				/* MOVZX */
	[0xB7] = OP_KNOWN | OP_WORD,
	[0xBE] = OP_KNOWN | OP_BYTE | OP_SIGN,			/* MOVSX */
	[0xBF] = OP_KNOWN | OP_WORD | OP_SIGN,
	[0xC3] = OP_KNOWN | OP_STORE | OP_NO_16,		/* MOVNTI */
};

#define REX_B	(1U << 0)
#define REX_X	(1U << 1)
#define REX_R	(1U << 2)
#define REX_W	(1U << 3)

#define PREFIX_NONE	0
#define PREFIX_SEGMENT	1
#define PREFIX_OPERAND	2
#define PREFIX_ADDRESS	3

struct prefix {
	uint8_t kind;
	uint8_t segment;
};

/* LOCK and REP are not here: with a move they are errors or hints. */
static const struct prefix prefixes[256] = {
	[0x26] = { PREFIX_SEGMENT, HVMOD_SEG_ES },
	[0x2E] = { PREFIX_SEGMENT, HVMOD_SEG_CS },
	[0x36] = { PREFIX_SEGMENT, HVMOD_SEG_SS },
	[0x3E] = { PREFIX_SEGMENT, HVMOD_SEG_DS },
	[0x64] = { PREFIX_SEGMENT, HVMOD_SEG_FS },
	[0x65] = { PREFIX_SEGMENT, HVMOD_SEG_GS },
	[0x66] = { PREFIX_OPERAND, 0 },
	[0x67] = { PREFIX_ADDRESS, 0 },
};

/* The 16-bit address forms, by ModRM.rm. */
static const struct {
	uint8_t base;
	uint8_t index;
} address_16[8] = {
	{ HVMOD_GPR_RBX, HVMOD_GPR_RSI },
	{ HVMOD_GPR_RBX, HVMOD_GPR_RDI },
	{ HVMOD_GPR_RBP, HVMOD_GPR_RSI },
	{ HVMOD_GPR_RBP, HVMOD_GPR_RDI },
	{ HVMOD_GPR_RSI, INSN_NO_REG },
	{ HVMOD_GPR_RDI, INSN_NO_REG },
	{ HVMOD_GPR_RBP, INSN_NO_REG },
	{ HVMOD_GPR_RBX, INSN_NO_REG },
};

/* Where the decoder stands. @short_of: it wanted bytes that are not there. */
struct cursor {
	const uint8_t *bytes;
	size_t count;
	size_t at;
	unsigned int code_width;
	unsigned int operand_width;
	unsigned int rex;
	bool segment_override;
	bool short_of;
};

static uint64_t take(struct cursor *c, unsigned int bytes)
{
	uint64_t value = 0;
	unsigned int i;

	if (bytes > c->count - c->at) {
		c->short_of = true;
		c->at = c->count;
		return 0;
	}
	for (i = 0; i < bytes; i++)
		value |= (uint64_t)c->bytes[c->at++] << (8 * i);
	return value;
}

static uint64_t sign_extend(uint64_t value, unsigned int bytes)
{
	unsigned int unused = 64 - 8 * bytes;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

static uint64_t take_signed(struct cursor *c, unsigned int bytes)
{
	return sign_extend(take(c, bytes), bytes);
}

static uint8_t take_prefixes(struct cursor *c, struct insn *insn)
{
	bool operand = false;
	bool address = false;
	uint8_t byte;

	for (;;) {
		byte = (uint8_t)take(c, 1);
		if (c->short_of)
			return 0;
		if (prefixes[byte].kind == PREFIX_NONE)
			break;
		operand |= prefixes[byte].kind == PREFIX_OPERAND;
		address |= prefixes[byte].kind == PREFIX_ADDRESS;
		if (prefixes[byte].kind != PREFIX_SEGMENT)
			continue;
		/* 64-bit code has no ES, CS, SS and DS overrides. */
		if (c->code_width == 8 &&
		    prefixes[byte].segment < HVMOD_SEG_FS)
			continue;
		insn->segment = prefixes[byte].segment;
		c->segment_override = true;
	}
	if (c->code_width == 8 && (byte & 0xF0) == 0x40) {
		c->rex = byte;
		byte = (uint8_t)take(c, 1);
	}

	if (c->code_width == 2)
		c->operand_width = operand ? 4 : 2;
	else
		c->operand_width = operand ? 2 : 4;
	if (c->rex & REX_W)
		c->operand_width = 8;
	insn->address_width = c->code_width;
	if (address)
		insn->address_width = c->code_width == 4 ? 2 : 4;
	return byte;
}

static void use_stack_segment(struct cursor *c, struct insn *insn)
{
	if (!c->segment_override)
		insn->segment = HVMOD_SEG_SS;
}

static void take_address_16(struct cursor *c, struct insn *insn,
			    unsigned int mod, unsigned int rm)
{
	if (mod == 0 && rm == 6) {
		insn->displacement = take_signed(c, 2);
		return;
	}
	insn->base = address_16[rm].base;
	insn->index = address_16[rm].index;
	if (insn->base == HVMOD_GPR_RBP)
		use_stack_segment(c, insn);
	if (mod)
		insn->displacement = take_signed(c, mod);
}

static void take_sib(struct cursor *c, struct insn *insn, unsigned int mod)
{
	unsigned int sib = (unsigned int)take(c, 1);
	unsigned int base = sib & 7;
	unsigned int index = (sib >> 3 & 7) | (c->rex & REX_X ? 8 : 0);

	insn->scale = sib >> 6;
	if (index != HVMOD_GPR_RSP)
		insn->index = (uint8_t)index;
	if (base == HVMOD_GPR_RBP && mod == 0) {
		insn->displacement = take_signed(c, 4);
		return;
	}
	insn->base = (uint8_t)(base | (c->rex & REX_B ? 8 : 0));
}

static void take_address_32(struct cursor *c, struct insn *insn,
			    unsigned int mod, unsigned int rm)
{
	if (mod == 0 && rm == HVMOD_GPR_RBP) {
		insn->displacement = take_signed(c, 4);
		insn->rip_relative = c->code_width == 8;
		return;
	}
	if (rm == HVMOD_GPR_RSP)
		take_sib(c, insn, mod);
	else
		insn->base = (uint8_t)(rm | (c->rex & REX_B ? 8 : 0));
	if (insn->base == HVMOD_GPR_RSP || insn->base == HVMOD_GPR_RBP)
		use_stack_segment(c, insn);
	if (mod)
		insn->displacement = take_signed(c, mod == 1 ? 1 : 4);
}

static int take_modrm(struct cursor *c, struct insn *insn, unsigned int op)
{
	unsigned int modrm = (unsigned int)take(c, 1);
	unsigned int mod = modrm >> 6;
	unsigned int reg = modrm >> 3 & 7;

	if (c->short_of)
		return -EAGAIN;
	if (mod == 3)
		return -EINVAL;
	if ((op & OP_IMM) && reg)
		return -EINVAL;
	insn->reg = (uint8_t)(reg | (c->rex & REX_R ? 8 : 0));
	if (insn->address_width == 2)
		take_address_16(c, insn, mod, modrm & 7);
	else
		take_address_32(c, insn, mod, modrm & 7);
	return 0;
}

static void set_widths(const struct cursor *c, struct insn *insn,
		       unsigned int op)
{
	insn->reg_width = op & OP_REG_BYTE ? 1 : (uint8_t)c->operand_width;
	insn->width = (uint8_t)c->operand_width;
	if (op & OP_BYTE)
		insn->width = 1;
	if (op & OP_WORD)
		insn->width = 2;
	if (op & OP_DWORD)
		insn->width = 4;
}

/**
 * insn_decode() - decode one instruction
 * @bytes: its bytes
 * @count: how many of them there are
 * @code_width: default size of the code: 2, 4 or 8 (walk_code_width())
 * @insn: the result
 *
 * Return: 0; -EAGAIN: the instruction is longer than @count; -EINVAL: not one
 * of those that this decoder knows
 */
int insn_decode(const uint8_t *bytes, size_t count, unsigned int code_width,
		struct insn *insn)
{
	struct cursor c = {
		.bytes = bytes,
		.count = count < INSN_BYTES_MAX ? count : INSN_BYTES_MAX,
		.code_width = code_width,
	};
	unsigned int op;
	uint8_t byte;
	int ret = 0;

	*insn = (struct insn){
		.segment = HVMOD_SEG_DS,
		.base = INSN_NO_REG,
		.index = INSN_NO_REG,
	};

	byte = take_prefixes(&c, insn);
	op = one_byte[byte];
	if (byte == 0x0F)
		op = two_byte[(uint8_t)take(&c, 1)];
	if (c.short_of)
		goto out_short;
	if (!(op & OP_KNOWN) || ((op & OP_64) && code_width != 8) ||
	    ((op & OP_NO_16) && c.operand_width == 2))
		return -EINVAL;

	set_widths(&c, insn, op);
	insn->store = op & OP_STORE;
	insn->sign = op & OP_SIGN;
	if (op & OP_MOFFS)
		insn->displacement = take(&c, insn->address_width);
	else
		ret = take_modrm(&c, insn, op);
	if (op & OP_IMM) {
		insn->has_imm = true;
		insn->imm = take_signed(&c, insn->width == 8 ? 4 : insn->width);
	}
	if (ret == -EINVAL)
		return ret;
	if (c.short_of)
		goto out_short;

	if (insn->reg_width == 1 && !c.rex && insn->reg >= 4) {
		insn->reg -= 4;
		insn->reg_high = true;
	}
	insn->length = (uint8_t)c.at;
	return 0;

out_short:
	return count < INSN_BYTES_MAX ? -EAGAIN : -EINVAL;
}

/**
 * insn_offset() - the effective address, without the segment's base
 * @insn: the instruction
 * @regs: the registers, RIP on the instruction
 *
 * Return: the offset, cut to the address size
 */
uint64_t insn_offset(const struct insn *insn, const struct hvmod_regs *regs)
{
	uint64_t offset = insn->displacement;

	if (insn->base != INSN_NO_REG)
		offset += regs->gpr[insn->base];
	if (insn->index != INSN_NO_REG)
		offset += regs->gpr[insn->index] << insn->scale;
	if (insn->rip_relative)
		offset += regs->rip + insn->length;
	if (insn->address_width < 8)
		offset &= (1ULL << (8 * insn->address_width)) - 1;
	return offset;
}

/**
 * insn_store_value() - what a store stores
 * @insn: the instruction
 * @regs: the registers
 *
 * Return: the value, cut to the memory operand
 */
uint64_t insn_store_value(const struct insn *insn,
			  const struct hvmod_regs *regs)
{
	uint64_t value = insn->imm;

	if (!insn->has_imm)
		value = regs->gpr[insn->reg] >> (insn->reg_high ? 8 : 0);
	if (insn->width < 8)
		value &= (1ULL << (8 * insn->width)) - 1;
	return value;
}

/**
 * insn_load_value() - put what a load loaded into its register
 * @insn: the instruction
 * @regs: the registers
 * @value: the memory operand, zero-extended
 */
void insn_load_value(const struct insn *insn, struct hvmod_regs *regs,
		     uint64_t value)
{
	uint64_t old = regs->gpr[insn->reg];
	unsigned int shift = insn->reg_high ? 8 : 0;
	uint64_t mask;

	if (insn->sign)
		value = sign_extend(value, insn->width);
	/* A 32-bit result clears the upper half, shorter ones leave the rest. */
	mask = insn->reg_width >= 4 ? UINT64_MAX
				    : (1ULL << (8 * insn->reg_width)) - 1;
	if (insn->reg_width == 4)
		value &= 0xFFFFFFFFULL;
	regs->gpr[insn->reg] = (old & ~(mask << shift)) |
			       (value & mask) << shift;
}
