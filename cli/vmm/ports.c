// SPDX-License-Identifier: GPL-2.0-only
/* HVMOD_EXIT_IO and HVMOD_EXIT_IO_STRING. */
#include "decode.h"
#include "ports.h"
#include "walk.h"

/* Repetitions an exit: pause and stop wait no longer than these take. */
#define REPEAT_MAX	256

#define RFLAGS_DF	(1ULL << 10)
#define PREFIX_ADDRESS	0x67

/**
 * ports_access() - perform an IN or OUT
 * @bus: the port bus
 * @run: the run page
 */
void ports_access(const struct bus *bus, struct hvmod_run *run)
{
	if (run->io.in)
		run->io.data = bus_read(bus, run->io.port, run->io.size);
	else
		bus_write(bus, run->io.port, run->io.size, run->io.data);
}

/* One INS or OUTS with its repetitions. */
struct string {
	struct walk walk;
	struct hvmod_run *run;
	uint64_t offset_mask;	/* of the address size */
	uint64_t linear_mask;
	uint64_t base;		/* linear address of offset 0 */
	unsigned int pointer;	/* RSI or RDI */
	uint64_t step;
};

/*
 * The address size is in the instruction's prefixes alone. If another vCPU
 * took the instruction away, the size of the code has to do.
 */
static unsigned int address_width(struct string *s)
{
	const struct hvmod_run *run = s->run;
	unsigned int code = walk_code_width(&run->sregs);
	uint8_t bytes[INSN_BYTES_MAX];
	uint64_t linear = run->regs.rip;
	size_t length = run->next_rip - run->regs.rip;
	size_t i;

	if (length > sizeof(bytes))
		return code;
	if (code != 8)
		linear = (linear + run->sregs.segment[HVMOD_SEG_CS].base) &
			 0xFFFFFFFFULL;
	length = walk_fetch(&s->walk, linear, bytes, length);
	for (i = 0; i < length; i++) {
		if (bytes[i] == PREFIX_ADDRESS)
			return code == 4 ? 2 : 4;
	}
	return code;
}

static void string_begin(struct string *s, const struct guest_memory *memory,
			 struct hvmod_run *run)
{
	*s = (struct string){
		.walk = {
			.memory = memory,
			.sregs = &run->sregs,
			.rflags = run->regs.rflags,
		},
		.run = run,
		.pointer = run->io.in ? HVMOD_GPR_RDI : HVMOD_GPR_RSI,
		.step = run->io.size,
	};
	if (run->regs.rflags & RFLAGS_DF)
		s->step = -s->step;
	s->offset_mask = bus_mask(address_width(s));
	s->linear_mask = walk_code_width(&run->sregs) == 8 ? UINT64_MAX
							  : 0xFFFFFFFFULL;
	s->base = run->io.linear - (run->regs.gpr[s->pointer] & s->offset_mask);
}

/* Registers of less than 32 bits leave the rest, of 32 bits clear it. */
static void advance(const struct string *s, unsigned int reg, uint64_t by)
{
	uint64_t old = s->run->regs.gpr[reg];
	uint64_t value = (old + by) & s->offset_mask;

	if (s->offset_mask == 0xFFFF)
		value |= old & ~0xFFFFULL;
	s->run->regs.gpr[reg] = value;
}

/* The operand is checked before a port is read: a read may have an effect. */
static enum walk_result string_once(struct string *s, const struct bus *bus,
				    uint64_t linear)
{
	struct hvmod_run *run = s->run;
	unsigned int size = run->io.size;
	enum walk_result result;
	uint64_t value = 0;

	result = walk_copy(&s->walk, linear, 0, &value, size);
	if (!run->io.in) {
		if (result == WALK_OK)
			bus_write(bus, run->io.port, size, value);
		return result;
	}
	result = walk_copy(&s->walk, linear, WALK_WRITE, &value, size);
	if (result != WALK_OK)
		return result;
	value = bus_read(bus, run->io.port, size);
	return walk_copy(&s->walk, linear, WALK_WRITE, &value, size);
}

static enum string_result string_fail(const struct string *s,
				      enum walk_result result,
				      struct guest_fault *fault)
{
	if (result == WALK_OUTSIDE)
		return STRING_OUTSIDE;
	*fault = (struct guest_fault){ .vector = VECTOR_GP };
	if (result == WALK_FAULT) {
		fault->vector = VECTOR_PF;
		fault->error = s->walk.error;
		fault->linear = s->walk.fault;
	}
	return STRING_FAULT;
}

/**
 * ports_string() - perform an INS or OUTS, or a part of its repetitions
 * @memory: guest memory
 * @bus: the port bus
 * @run: the run page; registers and dirty mask are updated
 * @fault: the exception after STRING_FAULT
 *
 * RIP stays on the instruction while repetitions are left.
 *
 * Return: enum string_result
 */
enum string_result ports_string(const struct guest_memory *memory,
				const struct bus *bus, struct hvmod_run *run,
				struct guest_fault *fault)
{
	struct string s;
	unsigned int n;

	string_begin(&s, memory, run);
	run->dirty |= HVMOD_STATE_REGS;
	for (n = 0; n < REPEAT_MAX; n++) {
		uint64_t offset = run->regs.gpr[s.pointer] & s.offset_mask;
		uint64_t linear = (s.base + offset) & s.linear_mask;
		enum walk_result result;

		if (run->io.rep && !(run->regs.gpr[HVMOD_GPR_RCX] & s.offset_mask))
			break;
		result = string_once(&s, bus, linear);
		if (result != WALK_OK)
			return string_fail(&s, result, fault);
		advance(&s, s.pointer, s.step);
		if (!run->io.rep)
			break;
		advance(&s, HVMOD_GPR_RCX, UINT64_MAX);
	}
	if (!run->io.rep || !(run->regs.gpr[HVMOD_GPR_RCX] & s.offset_mask))
		run->regs.rip = run->next_rip;
	return STRING_DONE;
}
