// SPDX-License-Identifier: GPL-2.0-only
/*
 * Encodings with all prefixes, registers and address forms that a row can have,
 * and operands within pages, across them and where none is.
 */
#include <string.h>

#include "alu.h"
#include "attempt.h"
#include "bus.h"
#include "compiler.h"
#include "tap.h"

static struct arena *arena;
static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
	return tap_random(&seed) % below;
}

/* Values at which carries and signs change, and any others. */
static uint64_t value(void)
{
	static const uint64_t edges[] = {
		0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF,
		0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000,
		0x7FFFFFFFFFFFFFFF, 0x8000000000000000, UINT64_MAX,
	};

	switch (rnd(4)) {
	case 0:
		return edges[rnd(ARRAY_SIZE(edges))];
	case 1:
		return tap_random(&seed) >> rnd(64);
	default:
		return tap_random(&seed);
	}
}

static void put(struct attempt *t, uint64_t bytes, unsigned int count)
{
	memcpy(t->bytes + t->length, &bytes, count);
	t->length += count;
}

static bool is_vex(const struct opcode *row)
{
	return row->map >= MAP_VEX;
}

static unsigned int mode_of(const struct attempt *t)
{
	return t->native.code_width;
}

static void put_legacy_prefixes(struct attempt *t)
{
	static const uint8_t mandatory[] = {
		[PREFIX_66] = 0x66, [PREFIX_F3] = 0xF3, [PREFIX_F2] = 0xF2,
	};
	const struct opcode *row = t->row;

	t->address_width = mode_of(t);
	if (!rnd(mode_of(t) == 8 ? 8 : 3)) {
		t->address_width = mode_of(t) == 4 ? 2 : 4;
		put(t, 0x67, 1);
	}
	/* ES, CS, SS, DS: in 64-bit code without effect. */
	if (!rnd(16))
		put(t, 0x26 | rnd(4) << 3, 1);
	t->lock = (row->flags & OPCODE_LOCK) && rnd(2);
	if (t->lock)
		put(t, 0xF0, 1);
	if (is_vex(row))
		return;
	if (!(row->flags & OPCODE_NO_16) &&
	    (row->prefix == PREFIX_ANY || row->prefix == PREFIX_NOREP ||
	     (row->prefix == PREFIX_F2 && row->op == OP_CRC32) ||
	     (row->prefix == PREFIX_F3 && row->width == WIDTH_OP)) &&
	    !rnd(3))
		put(t, 0x66, 1);
	if (row->prefix >= PREFIX_66)
		put(t, mandatory[row->prefix], 1);
	if (row->form == FORM_STRING && rnd(3))
		put(t, rnd(2) ? 0xF3 : 0xF2, 1);
}

static void put_vex(struct attempt *t)
{
	static const uint8_t pp[] = {
		[PREFIX_NONE] = 0, [PREFIX_66] = 1, [PREFIX_F3] = 2,
		[PREFIX_F2] = 3,
	};
	const struct opcode *row = t->row;
	unsigned int l = !(row->flags & OPCODE_L0) && row->width == WIDTH_VL &&
			 rnd(2);
	unsigned int last;

	t->rex = (unsigned int)rnd(16) & (mode_of(t) == 8 ? 0xF : 8);
	t->vvvv = row->flags & OPCODE_NO_B ? 0 : (unsigned int)rnd(16);
	if (mode_of(t) != 8)
		t->vvvv &= 7;
	last = (~t->vvvv & 0xF) << 3 | l << 2 | pp[row->prefix];
	if (row->map == MAP_VEX_0F && rnd(2)) {
		t->rex &= 4;
		put(t, 0xC5, 1);
		put(t, (t->rex & 4 ? 0 : 0x80) | last, 1);
		return;
	}
	put(t, 0xC4, 1);
	put(t, (~t->rex & 7) << 5 | (row->map - MAP_VEX), 1);
	put(t, (t->rex & 8 ? 0x80 : 0) | last, 1);
}

static void put_opcode(struct attempt *t)
{
	const struct opcode *row = t->row;

	if (is_vex(row)) {
		put_vex(t);
	} else {
		if (mode_of(t) == 8 && rnd(4)) {
			t->rex = 0x40 | (unsigned int)rnd(16);
			put(t, t->rex, 1);
		}
		if (row->map != MAP_1)
			put(t, 0x0F, 1);
		if (row->map == MAP_0F38)
			put(t, 0x38, 1);
		if (row->map == MAP_0F3A)
			put(t, 0x3A, 1);
	}
	put(t, row->byte, 1);
}

/* What has to be added to an offset in the arena to make it an address. */
static uint64_t base_of(const struct attempt *t)
{
	return mode_of(t) == 8 ? (uintptr_t)arena->native : 0;
}

/* The address forms of 16 bits. */
static void put_modrm_16(struct attempt *t)
{
	static const struct {
		uint8_t base;
		uint8_t index;
	} forms[8] = {
		{ HVMOD_GPR_RBX, HVMOD_GPR_RSI }, { HVMOD_GPR_RBX, HVMOD_GPR_RDI },
		{ HVMOD_GPR_RBP, HVMOD_GPR_RSI }, { HVMOD_GPR_RBP, HVMOD_GPR_RDI },
		{ HVMOD_GPR_RSI, INSN_NO_REG }, { HVMOD_GPR_RDI, INSN_NO_REG },
		{ HVMOD_GPR_RBP, INSN_NO_REG }, { HVMOD_GPR_RBX, INSN_NO_REG },
	};
	unsigned int digit = t->row->digit;
	unsigned int mod = (unsigned int)rnd(3);
	unsigned int rm = (unsigned int)rnd(8);
	uint64_t *gpr = (uint64_t *)t->native.regs.gpr;
	uint64_t displacement = rnd(1U << 16);
	uint64_t rest;

	t->reg = digit == DIGIT_ANY ? (unsigned int)rnd(8) : digit;
	put(t, mod << 6 | t->reg << 3 | rm, 1);
	if (mod == 0 && rm == 6) {
		put(t, t->target, 2);
		return;
	}
	put(t, displacement, mod);
	if (mod == 0)
		displacement = 0;
	if (mod == 1)
		displacement = alu_sign_extend(displacement & 0xFF, 1);
	rest = t->target - displacement;
	if (forms[rm].index != INSN_NO_REG)
		rest -= gpr[forms[rm].index];
	gpr[forms[rm].base] = (gpr[forms[rm].base] & 0xFFFF0000) |
			      (rest & 0xFFFF);
}

/* ModRM and behind it, so that the operand is at t->target. */
static void put_modrm_32(struct attempt *t, unsigned int imm_bytes)
{
	unsigned int digit = t->row->digit;
	unsigned int reg = digit == DIGIT_ANY ? (unsigned int)rnd(8) : digit;
	unsigned int mod = (unsigned int)rnd(3);
	unsigned int rm = (unsigned int)rnd(8);
	unsigned int index = 4;
	unsigned int scale = (unsigned int)rnd(4);
	uint64_t *gpr = (uint64_t *)t->native.regs.gpr;
	uint64_t displacement = mod == 1 ? alu_sign_extend(rnd(256), 1)
					 : alu_sign_extend(rnd(1ULL << 32), 4);
	unsigned int displacement_bytes = mod == 1 ? 1 : mod == 2 ? 4 : 0;
	uint64_t address = base_of(t) + t->target;
	uint64_t rest;
	unsigned int base;

	if (!displacement_bytes)
		displacement = 0;
	t->reg = reg | (t->rex & 4 ? 8 : 0);
	put(t, mod << 6 | reg << 3 | rm, 1);
	if (mod == 0 && rm == 5) {
		if (mode_of(t) == 8)
			address -= base_of(t) + t->code + t->length + 4 +
				   imm_bytes;
		put(t, address, 4);
		return;
	}
	base = rm | (t->rex & 1 ? 8 : 0);
	rest = address - displacement;
	if (rm == 4) {
		unsigned int low = (unsigned int)rnd(8);

		index = (unsigned int)rnd(8);
		base = low | (t->rex & 1 ? 8 : 0);
		put(t, scale << 6 | index << 3 | low, 1);
		index |= t->rex & 2 ? 8 : 0;
		if (low == 5 && mod == 0) {
			base = INSN_NO_REG;
			displacement_bytes = 4;
		}
		if (index == base && index != 4) {
			/* One register for both: the displacement has to fit. */
			gpr[index] = 0x1000;
			displacement = address - 0x1000 - (0x1000ULL << scale);
			rest = 0x1000;
			if (mod != 2)
				t->length = sizeof(t->bytes);
		} else if (index != 4) {
			rest -= gpr[index] << scale;
		}
	}
	if (base == INSN_NO_REG) {
		/* What is no sum of 32 bits is tried again by the caller. */
		displacement = rest;
		if (mode_of(t) == 8 && alu_sign_extend(rest, 4) != rest)
			t->length = sizeof(t->bytes);
	} else if (index != base || index == 4) {
		gpr[base] = rest;
		/* Only the low half counts. */
		if (mode_of(t) == 8 && t->address_width == 4)
			gpr[base] ^= rnd(1ULL << 32) << 32;
	}
	if (t->length < sizeof(t->bytes) - 8)
		put(t, displacement, displacement_bytes);
}

static unsigned int imm_bytes(const struct attempt *t)
{
	unsigned int i;
	bool word = false;

	switch (t->row->form) {
	case FORM_E_I8:
	case FORM_E_G_I8:
	case FORM_G_E_I8:
		return 1;
	case FORM_E_I:
	case FORM_G_E_I:
		break;
	default:
		return 0;
	}
	if (t->row->flags & OPCODE_BYTE)
		return 1;
	for (i = 0; i < 5; i++)
		word |= t->bytes[i] == 0x66;
	return word != (mode_of(t) == 2) && !(t->rex & 8) ? 2 : 4;
}

static uint64_t random_target(void)
{
	static const uint8_t pages[] = {
		ARENA_DEVICE, ARENA_RAM, ARENA_DEVICE_2, ARENA_READ_ONLY,
		ARENA_HOLE_2,
	};
	uint64_t offset = ARENA_DEVICE * PAGE + 64 + rnd(PAGE - 128);

	switch (rnd(6)) {
	case 0:		/* across pages, or near it */
		return pages[rnd(ARRAY_SIZE(pages))] * PAGE + 16 - rnd(48);
	case 1:
		return offset;
	default:
		return offset & ~31ULL;
	}
}

static void poke_random(uint64_t at, unsigned int bytes)
{
	for (; bytes >= 8; bytes -= 8, at += 8) {
		uint64_t v = value();

		arena_poke(arena, at, &v, sizeof(v));
	}
}

static void set_registers(struct attempt *t)
{
	static const uint64_t flags = RFLAGS_STATUS;
	unsigned int i;

	for (i = 0; i < 16; i++)
		t->native.regs.gpr[i] = value();
	for (i = 0; i < sizeof(t->native.ymm); i++)
		((uint8_t *)t->native.ymm)[i] = (uint8_t)rnd(256);
	t->native.regs.rflags = 0x202 | (tap_random(&seed) & flags);
	if (t->row->form == FORM_STRING && rnd(2))
		t->native.regs.rflags |= RFLAGS_DF;
	/* Of 16 bytes and more processors differ in whether they check. */
	if (!rnd(8) && t->row->width != WIDTH_16 &&
	    t->row->width != WIDTH_VL)
		t->native.regs.rflags |= RFLAGS_AC;
	if (t->row->op == OP_DIV || t->row->op == OP_IDIV)
		t->native.regs.gpr[HVMOD_GPR_RDX] =
			rnd(2) ? rnd(4) : alu_sign_extend(rnd(256), 1);
}

/* What has no ModRM, and what needs more than its operand. */
static void set_string(struct attempt *t)
{
	uint64_t *gpr = (uint64_t *)t->native.regs.gpr;
	uint64_t to = random_target();
	uint64_t high = t->address_width == mode_of(t) && mode_of(t) == 8
		? 0 : tap_random(&seed) & ~bus_mask(t->address_width);
	bool down = t->native.regs.rflags & RFLAGS_DF;

	gpr[HVMOD_GPR_RSI] = (base_of(t) + t->target) | high;
	gpr[HVMOD_GPR_RDI] = (base_of(t) + to) | high;
	gpr[HVMOD_GPR_RCX] = (1 + rnd(20)) | high;
	if (!rnd(10))
		gpr[HVMOD_GPR_RCX] += 300;
	if (!rnd(3))
		gpr[HVMOD_GPR_RAX] = 0xA5A5A5A5A5A5A5A5ULL;
	poke_random(down ? t->target - 64 : t->target, 72);
	poke_random(down ? to - 64 : to, 72);
	/* Long equal stretches, for the repetitions that compare. */
	if (rnd(2)) {
		uint8_t same[64];

		memset(same, 0xA5, sizeof(same));
		arena_poke(arena, down ? t->target - 63 : t->target, same, 64);
		arena_poke(arena, down ? to - 63 : to, same, 64);
	}
}

/* Return: false if there is no such encoding; another one can be. */
static bool make(struct attempt *t, const struct opcode *row,
		 unsigned int code_width)
{
	unsigned int bytes;
	unsigned int i;

	memset(t, 0, sizeof(*t));
	t->row = row;
	t->native.code_width = code_width;
	set_registers(t);
	t->code = rnd(8) ? 64 : PAGE - rnd(12);
	t->target = random_target();
	put_legacy_prefixes(t);
	put_opcode(t);
	bytes = imm_bytes(t);
	if (row->form == FORM_STRING)
		set_string(t);
	else if (row->form == FORM_A_O || row->form == FORM_O_A)
		put(t, base_of(t) + t->target, t->address_width);
	else if (t->address_width == 2)
		put_modrm_16(t);
	else
		put_modrm_32(t, bytes);
	if (t->length + bytes > INSN_BYTES_MAX)
		return false;
	put(t, value(), bytes);
	if (row->form != FORM_STRING)
		poke_random(t->target & ~7ULL, 40);
	for (i = 0; i < 16 && code_width != 8; i++)
		t->native.regs.gpr[i] &= UINT32_MAX;
	return true;
}

/* The addresses that the instruction reaches have to be those of the arena. */
static bool is_safe(const struct attempt *t, const struct insn *insn)
{
	const uint64_t *gpr = (const uint64_t *)t->native.regs.gpr;
	uint64_t sp = gpr[HVMOD_GPR_RSP] - base_of(t);
	int64_t bit;

	if (t->row->form == FORM_STACK)
		return sp > ARENA_HOLE * PAGE + 64 &&
		       sp < ARENA_HOLE_2 * PAGE + PAGE - 64;
	if (t->row->op < OP_BT || t->row->op > OP_BTC ||
	    t->row->form != FORM_E_G)
		return true;
	bit = (int64_t)alu_sign_extend(gpr[t->reg], insn->operand_width);
	return bit > -1000 && bit < 1000;
}

static void aim(struct attempt *t, const struct insn *insn)
{
	uint64_t *gpr = (uint64_t *)t->native.regs.gpr;

	if (t->row->form == FORM_STACK && insn->base != HVMOD_GPR_RSP &&
	    insn->index != HVMOD_GPR_RSP)
		gpr[HVMOD_GPR_RSP] = base_of(t) + random_target();
	if (t->row->op >= OP_BT && t->row->op <= OP_BTC &&
	    t->reg != insn->base && t->reg != insn->index) {
		gpr[t->reg] &= ~bus_mask(insn->operand_width);
		gpr[t->reg] |= (rnd(1000) - 500) & bus_mask(insn->operand_width);
	}
}

/**
 * attempt_begin() - before the first one
 * @pages: where operands are
 * @number: seed of the random numbers, not 0
 */
void attempt_begin(struct arena *pages, uint64_t number)
{
	arena = pages;
	seed = number;
}

/**
 * attempt_make() - make one, and set what its instruction will read
 * @t: the attempt
 * @row: the row
 * @code_width: as in struct native
 * @insn: its instruction as the decoder has it, without a row if it has none
 *
 * Return: false if this one is an instruction of another row, or would reach
 * beyond the arena; the next may be good
 */
bool attempt_make(struct attempt *t, const struct opcode *row,
		  unsigned int code_width, struct insn *insn)
{
	if (!make(t, row, code_width))
		return false;
	if (insn_decode(t->bytes, t->length, code_width, insn)) {
		insn->opcode = NULL;
		return true;
	}
	aim(t, insn);
	if (insn->opcode != row || !is_safe(t, insn))
		return false;
	arena_poke(arena, t->code, t->bytes, t->length);
	return true;
}
