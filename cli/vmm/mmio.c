// SPDX-License-Identifier: GPL-2.0-only
/*
 * HVMOD_EXIT_MMIO: fetch the instruction, decode it, perform it, write the
 * registers back. What is performed is the instruction that is there now: the
 * guest may have changed it since the exit, and every check that the processor
 * would make is made again. An instruction that reaches no device is left to
 * the processor.
 *
 * A locked instruction on a device is a load and a store; another processor's
 * access may come between them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alu.h"
#include "emulation.h"

#define ACCESS_FETCH	(1U << 2)

#define CR0_EM		(1ULL << 2)
#define CR0_TS		(1ULL << 3)
#define CR4_OSFXSR	(1ULL << 9)
#define CR4_OSXSAVE	(1ULL << 18)

/**
 * emulation_why() - say why an instruction was not performed
 * @e: the emulation
 * @result: MMIO_RETRY or MMIO_FAILED
 * @format: the text
 *
 * Return: @result
 */
enum mmio_result emulation_why(struct emulation *e, enum mmio_result result,
			       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->why, e->why_size, format, args);
	va_end(args);
	return result;
}

/**
 * emulation_raise() - the instruction raises an exception
 * @e: the emulation
 * @vector: VECTOR_*
 * @error: error code or 0
 *
 * Return: MMIO_FAULT
 */
enum mmio_result emulation_raise(struct emulation *e, uint32_t vector,
				 uint32_t error)
{
	e->fault->vector = vector;
	e->fault->error = error;
	return MMIO_FAULT;
}

static enum mmio_result unknown(struct emulation *e)
{
	char hex[3 * INSN_BYTES_MAX + 1] = "";
	size_t i;

	for (i = 0; i < e->count; i++)
		snprintf(hex + 3 * i, 4, " %02x", e->bytes[i]);
	return emulation_why(e, MMIO_RETRY,
			     "unknown instruction%s (%u-bit code) for the device at 0x%" PRIx64,
			     hex, 8 * e->insn.code_width,
			     (uint64_t)e->run->mmio.gpa);
}

/*
 * The processor had the whole instruction a moment ago. If it is gone now or
 * another one, a processor took it, and this one shall see that by itself.
 */
static enum mmio_result fetch_and_decode(struct emulation *e)
{
	const struct hvmod_segment *cs = &e->run->sregs.segment[HVMOD_SEG_CS];
	unsigned int code_width = walk_code_width(&e->run->sregs);
	uint64_t linear = e->run->regs.rip;
	int ret;

	if (code_width != 8)
		linear = (linear + cs->base) & UINT32_MAX;
	e->count = walk_fetch(&e->walk, linear, e->bytes, INSN_BYTES_MAX);
	ret = insn_decode(e->bytes, e->count, code_width, &e->insn);
	if (ret == -EAGAIN)
		return emulation_why(e, MMIO_RETRY,
				     "the instruction at 0x%" PRIx64 " is not in memory",
				     linear);
	return ret ? unknown(e) : MMIO_DONE;
}

/* The bit number of BT and the like reaches as far as its register does. */
static uint64_t bit_offset(const struct emulation *e)
{
	const struct insn *insn = &e->insn;
	unsigned int op = insn->opcode->op;
	uint64_t bit;

	if (op < OP_BT || op > OP_BTC || insn->opcode->form != FORM_E_G)
		return 0;
	bit = alu_sign_extend(e->run->regs.gpr[insn->reg],
			      insn->operand_width);
	return (uint64_t)((int64_t)bit >> 3) & -(uint64_t)insn->width;
}

static unsigned int operand_access(const struct insn *insn)
{
	unsigned int flags = insn->opcode->flags;
	bool aligned = (flags & OPCODE_ALIGNED) ||
		       (insn->opcode->op == OP_CMPXCHG8B && insn->width == 16);

	return (flags & OPCODE_WRITE ? OPERAND_WRITE : 0) |
	       (aligned ? OPERAND_ALIGNED : 0);
}

static enum mmio_result find(struct emulation *e, struct operand *operand)
{
	const struct insn *insn = &e->insn;
	enum mmio_result result;
	uint64_t offset;

	offset = insn_offset(insn, &e->run->regs) + bit_offset(e);
	offset &= bus_mask(insn->address_width);
	result = operand_find(e, insn->segment, offset, insn->width,
			      operand_access(insn), operand);
	if (result == MMIO_DONE && !e->device)
		return emulation_why(e, MMIO_RETRY,
				     "the instruction does not lead to the access at 0x%" PRIx64,
				     (uint64_t)e->run->mmio.gpa);
	return result;
}

static enum mmio_result perform(struct emulation *e)
{
	uint64_t value[OPERAND_WORDS] = {};
	unsigned int flags = e->insn.opcode->flags;
	enum mmio_result result;
	struct operand operand;

	result = find(e, &operand);
	if (result != MMIO_DONE)
		return result;
	if (flags & OPCODE_READ)
		operand_read(e, &operand, value);
	if (!execute(&e->insn, &e->run->regs, value))
		return emulation_raise(e, VECTOR_DE, 0);
	if (flags & OPCODE_WRITE)
		operand_write(e, &operand, value);
	return MMIO_DONE;
}

/* SDM volume 3, 2.5 and 14.1; volume 2, tables 2-18 to 2-24 */
static enum mmio_result check_vectors(struct emulation *e,
				      struct vectors *vectors)
{
	const struct hvmod_sregs *sregs = &e->run->sregs;
	bool vex = e->insn.vex;

	if (vex ? !(sregs->cr4 & CR4_OSXSAVE)
		: (sregs->cr0 & CR0_EM) || !(sregs->cr4 & CR4_OSFXSR))
		return emulation_raise(e, VECTOR_UD, 0);
	if (e->env->get_vectors(e->env->ctx, vectors))
		return emulation_why(e, MMIO_FAILED,
				     "cannot get the vector registers: %s",
				     strerror(errno));
	if (!vectors_valid(vectors, vex))
		return emulation_raise(e, VECTOR_UD, 0);
	if (sregs->cr0 & CR0_TS)
		return emulation_raise(e, VECTOR_NM, 0);
	return MMIO_DONE;
}

static enum mmio_result perform_vector(struct emulation *e)
{
	uint64_t value[OPERAND_WORDS] = {};
	enum mmio_result result;
	struct vectors vectors;
	struct operand operand;

	result = check_vectors(e, &vectors);
	if (result == MMIO_DONE)
		result = find(e, &operand);
	if (result != MMIO_DONE)
		return result;
	if (e->insn.opcode->flags & OPCODE_READ)
		operand_read(e, &operand, value);
	execute_vector(&e->insn, &vectors, value);
	if (e->insn.opcode->flags & OPCODE_WRITE)
		operand_write(e, &operand, value);
	else if (e->env->put_vectors(e->env->ctx, &vectors))
		return emulation_why(e, MMIO_FAILED,
				     "cannot set the vector registers: %s",
				     strerror(errno));
	return MMIO_DONE;
}

static enum mmio_result dispatch(struct emulation *e)
{
	switch (e->insn.opcode->form) {
	case FORM_STRING:
		return string_run(e);
	case FORM_STACK:
		return stack_run(e);
	case FORM_V_E:
	case FORM_E_V:
		return perform_vector(e);
	default:
		return perform(e);
	}
}

/**
 * mmio_emulate() - perform the instruction of an HVMOD_EXIT_MMIO
 * @env: what it works on
 * @run: the run page; registers and dirty mask are updated
 * @fault: the exception after MMIO_FAULT
 * @why: buffer for a text after MMIO_RETRY and MMIO_FAILED
 * @why_size: its size
 *
 * Return: enum mmio_result. After MMIO_RETRY nothing has changed; whoever sees
 * it again and again must give up, for the reason in @why.
 */
enum mmio_result mmio_emulate(const struct mmio_env *env,
			      struct hvmod_run *run, struct guest_fault *fault,
			      char *why, size_t why_size)
{
	struct emulation e = {
		.env = env,
		.run = run,
		.walk = {
			.memory = env->memory,
			.sregs = &run->sregs,
			.rflags = run->regs.rflags,
		},
		.fault = fault,
		.why = why,
		.why_size = why_size,
	};
	enum mmio_result result;

	*fault = (struct guest_fault){};
	if (run->mmio.access & ACCESS_FETCH)
		return emulation_why(&e, MMIO_FAILED,
				     "the guest runs code at 0x%" PRIx64 ", where it has no memory",
				     (uint64_t)run->mmio.gpa);
	result = fetch_and_decode(&e);
	if (result == MMIO_DONE)
		result = dispatch(&e);
	if (result == MMIO_DONE && !e.repeats) {
		run->regs.rip = (run->regs.rip + e.insn.length) &
				bus_mask(e.insn.code_width);
		run->regs.rflags &= ~RFLAGS_RF;
	}
	if (result == MMIO_DONE || result == MMIO_FAULT)
		run->dirty |= HVMOD_STATE_REGS;
	return result;
}
