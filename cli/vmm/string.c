// SPDX-License-Identifier: GPL-2.0-only
/*
 * MOVS, STOS, LODS, CMPS and SCAS, with and without repetitions. After each
 * repetition the registers are such that the instruction can go on from there:
 * later, in the processor, or in the guest's fault handler.
 */
#include "alu.h"
#include "bus.h"
#include "emulation.h"

/* Repetitions an exit: pause and stop wait no longer than these take. */
#define REPEAT_MAX	256

struct string {
	struct operand source;		/* DS:SI, or another segment */
	struct operand destination;	/* ES:DI */
	uint64_t from;
	uint64_t to;
};

/* Which operands there are. */
static const struct {
	bool source;
	bool destination;
	unsigned int access;		/* to the destination */
	bool compares;
} shapes[OPS] = {
	[OP_MOVS] = { true, true, OPERAND_WRITE, false },
	[OP_STOS] = { false, true, OPERAND_WRITE, false },
	[OP_LODS] = { true, false, 0, false },
	[OP_CMPS] = { true, true, 0, true },
	[OP_SCAS] = { false, true, 0, true },
};

static void advance(struct emulation *e, unsigned int reg, uint64_t by)
{
	struct hvmod_regs *regs = &e->run->regs;

	execute_put(regs, reg, e->insn.address_width, regs->gpr[reg] + by);
}

static enum mmio_result find_operands(struct emulation *e, struct string *s)
{
	const struct insn *insn = &e->insn;
	const struct hvmod_regs *regs = &e->run->regs;
	enum mmio_result result = MMIO_DONE;

	if (shapes[insn->opcode->op].source)
		result = operand_find(e, insn->segment,
				      execute_get(regs, HVMOD_GPR_RSI,
						  insn->address_width),
				      insn->width, 0, &s->source);
	if (result == MMIO_DONE && shapes[insn->opcode->op].destination)
		result = operand_find(e, HVMOD_SEG_ES,
				      execute_get(regs, HVMOD_GPR_RDI,
						  insn->address_width),
				      insn->width,
				      shapes[insn->opcode->op].access,
				      &s->destination);
	return result;
}

static void compare(struct emulation *e, uint64_t a, uint64_t b)
{
	struct alu alu = {
		.width = e->insn.width,
		.a = a,
		.b = b,
		.flags = e->run->regs.rflags,
	};

	alu_run(e->insn.opcode->op, &alu);
	e->run->regs.rflags = alu.flags;
}

static void transfer(struct emulation *e, struct string *s)
{
	struct hvmod_regs *regs = &e->run->regs;
	unsigned int width = e->insn.width;
	uint64_t a = execute_get(regs, HVMOD_GPR_RAX, width);

	if (shapes[e->insn.opcode->op].source)
		operand_read(e, &s->source, &s->from);
	switch (e->insn.opcode->op) {
	case OP_MOVS:
		operand_write(e, &s->destination, &s->from);
		break;
	case OP_STOS:
		operand_write(e, &s->destination, &a);
		break;
	case OP_LODS:
		execute_put(regs, HVMOD_GPR_RAX, width, s->from);
		break;
	case OP_CMPS:
		operand_read(e, &s->destination, &s->to);
		compare(e, s->from, s->to);
		break;
	case OP_SCAS:
		operand_read(e, &s->destination, &s->to);
		compare(e, a, s->to);
		break;
	}
}

/* MMIO_RETRY: no operand is a device, so that the processor can go on. */
static enum mmio_result repeat_once(struct emulation *e)
{
	unsigned int op = e->insn.opcode->op;
	uint64_t step = e->insn.width;
	struct string s = {};
	enum mmio_result result;

	e->device = false;
	result = find_operands(e, &s);
	if (result != MMIO_DONE)
		return result;
	if (!e->device)
		return emulation_why(e, MMIO_RETRY,
				     "a string instruction without a device");
	transfer(e, &s);
	if (e->run->regs.rflags & RFLAGS_DF)
		step = -step;
	if (shapes[op].source)
		advance(e, HVMOD_GPR_RSI, step);
	if (shapes[op].destination)
		advance(e, HVMOD_GPR_RDI, step);
	return MMIO_DONE;
}

/* After a repetition: are there more? */
static bool goes_on(struct emulation *e)
{
	bool zero = e->run->regs.rflags & RFLAGS_ZF;

	advance(e, HVMOD_GPR_RCX, UINT64_MAX);
	if (!execute_get(&e->run->regs, HVMOD_GPR_RCX, e->insn.address_width))
		return false;
	return !shapes[e->insn.opcode->op].compares ||
	       zero == (e->insn.repeat == REPEAT_WHILE_ZERO);
}

/**
 * string_run() - perform a string instruction, or a part of its repetitions
 * @e: the emulation
 *
 * Return: enum mmio_result; MMIO_DONE with @e->repeats set if repetitions are
 * left
 */
enum mmio_result string_run(struct emulation *e)
{
	enum mmio_result result;
	unsigned int n;

	if (!e->insn.repeat)
		return repeat_once(e);
	if (!execute_get(&e->run->regs, HVMOD_GPR_RCX, e->insn.address_width))
		return emulation_why(e, MMIO_RETRY, "no repetition is left");
	for (n = 0; n < REPEAT_MAX; n++) {
		result = repeat_once(e);
		if (result == MMIO_RETRY && n)
			break;
		if (result != MMIO_DONE)
			return result;
		if (!goes_on(e))
			return MMIO_DONE;
	}
	e->repeats = true;
	return MMIO_DONE;
}
