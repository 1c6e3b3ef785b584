// SPDX-License-Identifier: GPL-2.0-only
/*
 * A decoder for instructions with a memory operand: prefixes, the row of the
 * table, ModRM, constant. What is not in the table is unknown; nothing is
 * guessed. SDM volume 2, chapter 2 and appendix A.
 */
#include <cpuid.h>
#include <errno.h>

#include "decode.h"

#define REX_B	(1U << 0)
#define REX_X	(1U << 1)
#define REX_R	(1U << 2)
#define REX_W	(1U << 3)

#define BYTE_0F		0x0F
#define BYTE_VEX_3	0xC4
#define BYTE_VEX_2	0xC5

enum prefix_kind {
	KIND_NONE,
	KIND_SEGMENT,
	KIND_OPERAND,
	KIND_ADDRESS,
	KIND_LOCK,
	KIND_REPEAT,
};

struct prefix {
	uint8_t kind;
	uint8_t value;		/* segment or enum insn_repeat */
};

static const struct prefix prefixes[256] = {
	[0x26] = { KIND_SEGMENT, HVMOD_SEG_ES },
	[0x2E] = { KIND_SEGMENT, HVMOD_SEG_CS },
	[0x36] = { KIND_SEGMENT, HVMOD_SEG_SS },
	[0x3E] = { KIND_SEGMENT, HVMOD_SEG_DS },
	[0x64] = { KIND_SEGMENT, HVMOD_SEG_FS },
	[0x65] = { KIND_SEGMENT, HVMOD_SEG_GS },
	[0x66] = { KIND_OPERAND, 0 },
	[0x67] = { KIND_ADDRESS, 0 },
	[0xF0] = { KIND_LOCK, 0 },
	[0xF2] = { KIND_REPEAT, REPEAT_UNTIL_ZERO },
	[0xF3] = { KIND_REPEAT, REPEAT_WHILE_ZERO },
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

/*
 * Where the decoder stands. @short_of: it wanted bytes that are not there.
 * @mandatory: the prefix that selects the row; @rex: of REX or VEX, as REX has
 * them.
 */
struct cursor {
	const uint8_t *bytes;
	size_t count;
	size_t at;
	unsigned int rex;
	unsigned int map;
	unsigned int mandatory;
	bool rex_prefix;
	bool operand;
	bool address;
	bool segment_override;
	bool vex_l;
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

static void take_prefix(struct cursor *c, struct insn *insn,
			const struct prefix *prefix)
{
	switch (prefix->kind) {
	case KIND_SEGMENT:
		/* 64-bit code has no ES, CS, SS and DS overrides. */
		if (insn->code_width == 8 && prefix->value < HVMOD_SEG_FS)
			break;
		insn->segment = prefix->value;
		c->segment_override = true;
		break;
	case KIND_OPERAND:
		c->operand = true;
		break;
	case KIND_ADDRESS:
		c->address = true;
		break;
	case KIND_LOCK:
		insn->lock = true;
		break;
	case KIND_REPEAT:
		insn->repeat = prefix->value;
		break;
	}
}

/* All but VEX. Return: the first byte behind them. */
static uint8_t take_prefixes(struct cursor *c, struct insn *insn)
{
	uint8_t byte;

	for (;;) {
		byte = (uint8_t)take(c, 1);
		if (c->short_of)
			return 0;
		if (prefixes[byte].kind == KIND_NONE)
			break;
		take_prefix(c, insn, &prefixes[byte]);
	}
	if (insn->code_width == 8 && (byte & 0xF0) == 0x40) {
		c->rex = byte & 0xF;
		c->rex_prefix = true;
		byte = (uint8_t)take(c, 1);
	}
	c->mandatory = c->operand ? PREFIX_66 : PREFIX_NONE;
	if (insn->repeat)
		c->mandatory = insn->repeat == REPEAT_WHILE_ZERO ? PREFIX_F3
								 : PREFIX_F2;
	return byte;
}

/* Outside 64-bit code the bytes are LES and LDS unless the next says mod 3. */
static bool is_vex(const struct cursor *c, const struct insn *insn,
		   uint8_t byte)
{
	if (byte != BYTE_VEX_2 && byte != BYTE_VEX_3)
		return false;
	return insn->code_width == 8 ||
	       (c->at < c->count && c->bytes[c->at] >> 6 == 3);
}

/* SDM volume 2, 2.3.5. Return: false if the processor would not have it. */
static bool take_vex(struct cursor *c, struct insn *insn, uint8_t byte)
{
	static const uint8_t mandatory[4] = {
		PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2,
	};
	unsigned int first = (unsigned int)take(c, 1);
	unsigned int last = first;
	unsigned int map = 1;

	if (byte == BYTE_VEX_3) {
		last = (unsigned int)take(c, 1);
		map = first & 0x1F;
		c->rex = (~first >> 5 & 7) | (last & 0x80 ? REX_W : 0);
	} else {
		c->rex = first & 0x80 ? 0 : REX_R;
	}
	if (c->rex_prefix || c->operand || insn->repeat || insn->lock)
		return false;
	insn->vex = true;
	insn->reg_b = ~last >> 3 & 0xF;
	c->vex_l = last & 4;
	c->mandatory = mandatory[last & 3];
	c->map = MAP_VEX + map;
	if (insn->code_width != 8) {
		c->rex = 0;
		insn->reg_b &= 7;
	}
	return map >= MAP_0F && map <= MAP_0F3A;
}

/* Return: the opcode byte, its map is in the cursor. */
static uint8_t take_opcode(struct cursor *c, uint8_t byte)
{
	c->map = MAP_1;
	if (byte != BYTE_0F)
		return byte;
	byte = (uint8_t)take(c, 1);
	c->map = byte == 0x38 ? MAP_0F38 : byte == 0x3A ? MAP_0F3A : MAP_0F;
	return c->map == MAP_0F ? byte : (uint8_t)take(c, 1);
}

static void set_address_width(const struct cursor *c, struct insn *insn)
{
	insn->address_width = insn->code_width;
	if (c->address)
		insn->address_width = insn->code_width == 4 ? 2 : 4;
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
		insn->rip_relative = insn->code_width == 8;
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

static void take_address(struct cursor *c, struct insn *insn,
			 unsigned int modrm)
{
	if (insn->address_width == 2)
		take_address_16(c, insn, modrm >> 6, modrm & 7);
	else
		take_address_32(c, insn, modrm >> 6, modrm & 7);
}

/* Without the feature F3 is a hint and the instruction another one. */
static bool has_feature(const struct opcode *row)
{
	unsigned int a, b, c, d;

	if (row->flags & OPCODE_BMI1)
		return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_BMI);
	if (row->flags & OPCODE_LZCNT)
		return __get_cpuid(0x80000001, &a, &b, &c, &d) &&
		       (c & bit_LZCNT);
	return true;
}

static bool prefix_matches(const struct cursor *c, const struct opcode *row)
{
	switch (row->prefix) {
	case PREFIX_ANY:
		return true;
	case PREFIX_NOREP:
		return c->mandatory == PREFIX_NONE || c->mandatory == PREFIX_66;
	default:
		return c->mandatory == row->prefix;
	}
}

/* The first row of the opcode that fits; ModRM.reg is @digit. */
static const struct opcode *find_row(const struct cursor *c, uint8_t byte,
				     unsigned int digit)
{
	unsigned int key = c->map << 8 | byte;
	size_t low = 0;
	size_t high = opcode_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct opcode *row = &opcodes[middle];

		if (((unsigned int)row->map << 8 | row->byte) < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < opcode_count; low++) {
		const struct opcode *row = &opcodes[low];

		if (((unsigned int)row->map << 8 | row->byte) != key)
			break;
		if (prefix_matches(c, row) &&
		    (row->digit == DIGIT_ANY || row->digit == digit) &&
		    has_feature(row))
			return row;
	}
	return NULL;
}

static unsigned int operand_width(const struct cursor *c,
				  const struct insn *insn)
{
	unsigned int flags = insn->opcode->flags;

	if (flags & OPCODE_BYTE && insn->opcode->op != OP_CRC32)
		return 1;
	if (c->rex & REX_W)
		return 8;
	if (insn->vex || insn->opcode->width == WIDTH_W)
		return 4;
	if (insn->code_width == 2)
		return c->operand ? 4 : 2;
	if (c->operand)
		return 2;
	return insn->code_width == 8 && (flags & OPCODE_STACK) ? 8 : 4;
}

static void set_widths(const struct cursor *c, struct insn *insn)
{
	insn->operand_width = (uint8_t)operand_width(c, insn);
	switch (insn->opcode->width) {
	case WIDTH_OP:
		insn->width = insn->operand_width;
		break;
	case WIDTH_W:
		insn->width = c->rex & REX_W ? 8 : 4;
		break;
	case WIDTH_2W:
		insn->width = c->rex & REX_W ? 16 : 8;
		break;
	case WIDTH_VL:
		insn->width = c->vex_l ? 32 : 16;
		break;
	default:
		insn->width = insn->opcode->width;
		break;
	}
	/* CRC32 always makes 32 bits. */
	if (insn->opcode->op == OP_CRC32 && insn->operand_width == 2)
		insn->operand_width = 4;
}

static void take_imm(struct cursor *c, struct insn *insn)
{
	unsigned int width = insn->operand_width;

	switch (insn->opcode->form) {
	case FORM_E_I:
	case FORM_G_E_I:
		insn->imm = take_signed(c, width == 8 ? 4 : width);
		break;
	case FORM_E_I8:
	case FORM_E_G_I8:
	case FORM_G_E_I8:
		insn->imm = take_signed(c, 1);
		break;
	}
}

static bool is_allowed(const struct cursor *c, const struct insn *insn)
{
	unsigned int flags = insn->opcode->flags;

	if (insn->lock && !(flags & OPCODE_LOCK))
		return false;
	if (flags & (insn->code_width == 8 ? OPCODE_NO_64 : OPCODE_64))
		return false;
	if ((flags & OPCODE_NO_16) && insn->operand_width == 2)
		return false;
	if ((flags & OPCODE_L0) && c->vex_l)
		return false;
	return !(flags & OPCODE_NO_B) || !insn->reg_b;
}

/* AH, CH, DH and BH, where no REX prefix gives their numbers to others. */
static void set_high(const struct cursor *c, struct insn *insn)
{
	if (!(insn->opcode->flags & OPCODE_BYTE) || c->rex_prefix ||
	    insn->reg < 4 || insn->opcode->op == OP_CRC32)
		return;
	insn->reg -= 4;
	insn->reg_high = true;
}

/* Strings and the address forms without ModRM. */
static bool has_modrm(const struct cursor *c, uint8_t byte)
{
	return c->map != MAP_1 || byte < 0xA0 || byte > 0xAF;
}

static int take_operands(struct cursor *c, struct insn *insn, uint8_t byte)
{
	bool has = has_modrm(c, byte);
	unsigned int modrm = has ? (unsigned int)take(c, 1) : 0;
	unsigned int reg = modrm >> 3 & 7;

	if (c->short_of)
		return -EAGAIN;
	insn->opcode = find_row(c, byte, reg);
	if (!insn->opcode || (has && modrm >> 6 == 3))
		return -EINVAL;
	set_widths(c, insn);
	if (!is_allowed(c, insn))
		return -EINVAL;
	if (has) {
		insn->reg = (uint8_t)(reg | (c->rex & REX_R ? 8 : 0));
		set_high(c, insn);
		take_address(c, insn, modrm);
	} else if (insn->opcode->form != FORM_STRING) {
		insn->displacement = take(c, insn->address_width);
	}
	take_imm(c, insn);
	return c->short_of ? -EAGAIN : 0;
}

/**
 * insn_decode() - decode one instruction
 * @bytes: its bytes
 * @count: how many of them there are
 * @code_width: default size of the code: 2, 4 or 8 (walk_code_width())
 * @insn: the result
 *
 * Return: 0; -EAGAIN: the instruction is longer than @count; -EINVAL: not one
 * with a memory operand that this decoder knows
 */
int insn_decode(const uint8_t *bytes, size_t count, unsigned int code_width,
		struct insn *insn)
{
	struct cursor c = {
		.bytes = bytes,
		.count = count < INSN_BYTES_MAX ? count : INSN_BYTES_MAX,
	};
	uint8_t byte;
	int ret;

	*insn = (struct insn){
		.code_width = (uint8_t)code_width,
		.segment = HVMOD_SEG_DS,
		.base = INSN_NO_REG,
		.index = INSN_NO_REG,
	};

	byte = take_prefixes(&c, insn);
	set_address_width(&c, insn);
	if (is_vex(&c, insn, byte)) {
		if (!take_vex(&c, insn, byte) && !c.short_of)
			return -EINVAL;
		byte = (uint8_t)take(&c, 1);
	} else {
		byte = take_opcode(&c, byte);
	}
	ret = c.short_of ? -EAGAIN : take_operands(&c, insn, byte);
	if (ret == -EAGAIN && count >= INSN_BYTES_MAX)
		return -EINVAL;
	insn->length = (uint8_t)c.at;
	return ret;
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
