// SPDX-License-Identifier: GPL-2.0-only
/* PUSH and POP with a memory operand; the stack is the other one. */
#include "emulation.h"

#define SEGMENT_BIG	(1U << 14)

static unsigned int stack_width(const struct emulation *e)
{
	if (e->insn.code_width == 8)
		return 8;
	return e->run->sregs.segment[HVMOD_SEG_SS].attributes & SEGMENT_BIG ? 4
									    : 2;
}

static void set_pointer(const struct emulation *e, struct hvmod_regs *regs,
			uint64_t by)
{
	execute_put(regs, HVMOD_GPR_RSP, stack_width(e),
		    regs->gpr[HVMOD_GPR_RSP] + by);
}

static enum mmio_result find_stack(struct emulation *e,
				   const struct hvmod_regs *regs,
				   unsigned int access, struct operand *operand)
{
	return operand_find(e, HVMOD_SEG_SS,
			    execute_get(regs, HVMOD_GPR_RSP, stack_width(e)),
			    e->insn.width, access, operand);
}

static enum mmio_result find_other(struct emulation *e,
				   const struct hvmod_regs *regs,
				   unsigned int access, struct operand *operand)
{
	return operand_find(e, e->insn.segment, insn_offset(&e->insn, regs),
			    e->insn.width, access, operand);
}

/**
 * stack_run() - perform a PUSH or POP
 * @e: the emulation
 *
 * An address that POP computes from RSP is computed from what POP makes of it.
 *
 * Return: enum mmio_result
 */
enum mmio_result stack_run(struct emulation *e)
{
	struct hvmod_regs after = e->run->regs;
	bool push = e->insn.opcode->op == OP_PUSH;
	enum mmio_result result;
	struct operand source;
	struct operand to;
	uint64_t value = 0;

	set_pointer(e, &after, push ? -(uint64_t)e->insn.width : e->insn.width);
	result = push ? find_other(e, &e->run->regs, 0, &source)
		      : find_stack(e, &e->run->regs, 0, &source);
	if (result == MMIO_DONE)
		result = push ? find_stack(e, &after, OPERAND_WRITE, &to)
			      : find_other(e, &after, OPERAND_WRITE, &to);
	if (result != MMIO_DONE)
		return result;
	if (!e->device)
		return emulation_why(e, MMIO_RETRY,
				     "a stack instruction without a device");
	operand_read(e, &source, &value);
	operand_write(e, &to, &value);
	e->run->regs = after;
	return MMIO_DONE;
}
