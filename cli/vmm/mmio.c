// SPDX-License-Identifier: GPL-2.0-only
/*
 * HVMOD_EXIT_MMIO: fetch the instruction, decode it, perform it on the bus,
 * write the registers back.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "compiler.h"
#include "decode.h"
#include "mmio.h"
#include "walk.h"

#define ACCESS_FETCH	(1U << 2)
#define PAGE_MASK	0xFFFULL

/* What the steps of one emulation share. */
struct mmio {
	const struct guest_memory *memory;
	struct hvmod_run *run;
	struct walk walk;
	unsigned int code_width;
	uint8_t bytes[INSN_BYTES_MAX];
	size_t count;
	struct insn insn;
	char *why;
	size_t why_size;
};

static __printf(2, 3)
enum mmio_result mmio_fail(struct mmio *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->why, m->why_size, format, args);
	va_end(args);
	return MMIO_FAILED;
}

static uint64_t rip_mask(const struct mmio *m)
{
	return bus_mask(m->code_width);
}

static enum mmio_result fail_unknown(struct mmio *m)
{
	char hex[3 * INSN_BYTES_MAX + 1] = "";
	size_t i;

	for (i = 0; i < m->count; i++)
		snprintf(hex + 3 * i, 4, " %02x", m->bytes[i]);
	return mmio_fail(m,
			 "unknown instruction%s (%u-bit code) for the device at 0x%" PRIx64,
			 hex, 8 * m->code_width, (uint64_t)m->run->mmio.gpa);
}

static enum mmio_result fetch_and_decode(struct mmio *m)
{
	const struct hvmod_segment *cs = &m->run->sregs.segment[HVMOD_SEG_CS];
	uint64_t linear = m->run->regs.rip;
	int ret;

	if (m->code_width != 8)
		linear = (linear + cs->base) & 0xFFFFFFFFULL;
	m->count = walk_fetch(&m->walk, linear, m->bytes, INSN_BYTES_MAX);
	ret = insn_decode(m->bytes, m->count, m->code_width, &m->insn);
	/*
	 * The processor had the whole instruction a moment ago. If it is gone
	 * now, another vCPU took it, and the processor shall raise the fault.
	 */
	if (ret == -EAGAIN)
		return MMIO_RETRY;
	return ret ? fail_unknown(m) : MMIO_DONE;
}

static uint64_t operand_linear(const struct mmio *m)
{
	const struct hvmod_segment *segment =
		&m->run->sregs.segment[m->insn.segment];
	uint64_t offset = insn_offset(&m->insn, &m->run->regs);

	if (m->code_width != 8)
		return (offset + segment->base) & 0xFFFFFFFFULL;
	return m->insn.segment >= HVMOD_SEG_FS ? offset + segment->base
					       : offset;
}

/*
 * The instruction must be the one that exited: its operand translates to the
 * address that the processor reported. A difference means that the guest
 * changed code, registers or page tables meanwhile, or that the access began in
 * another page.
 */
static enum mmio_result check_operand(struct mmio *m)
{
	uint64_t gpa;

	if (walk_linear(&m->walk, operand_linear(m),
			m->insn.store ? WALK_WRITE : 0, &gpa) != WALK_OK)
		return MMIO_RETRY;
	if (gpa != m->run->mmio.gpa)
		return MMIO_RETRY;
	if ((gpa & PAGE_MASK) + m->insn.width > PAGE_MASK + 1)
		return mmio_fail(m,
				 "an access of %u bytes at 0x%" PRIx64 " crosses the end of a device page",
				 m->insn.width, gpa);
	return MMIO_DONE;
}

/**
 * mmio_emulate() - perform the access of an HVMOD_EXIT_MMIO
 * @memory: guest memory
 * @bus: who answers
 * @run: the run page; registers and dirty mask are updated
 * @why: buffer for a text after MMIO_FAILED
 * @why_size: its size
 *
 * Return: enum mmio_result. After MMIO_RETRY nothing has changed; whoever sees
 * it again and again for one instruction must give up.
 */
enum mmio_result mmio_emulate(const struct guest_memory *memory,
			      const struct bus *bus, struct hvmod_run *run,
			      char *why, size_t why_size)
{
	struct mmio m = {
		.memory = memory,
		.run = run,
		.walk = {
			.memory = memory,
			.sregs = &run->sregs,
			.rflags = run->regs.rflags,
		},
		.code_width = walk_code_width(&run->sregs),
		.why = why,
		.why_size = why_size,
	};
	enum mmio_result result;
	uint64_t gpa = run->mmio.gpa;

	if (run->mmio.access & ACCESS_FETCH)
		return mmio_fail(&m,
				 "the guest runs code at 0x%" PRIx64 ", where it has no memory",
				 gpa);
	result = fetch_and_decode(&m);
	if (result == MMIO_DONE)
		result = check_operand(&m);
	if (result != MMIO_DONE)
		return result;

	if (m.insn.store)
		bus_write(bus, gpa, m.insn.width,
			  insn_store_value(&m.insn, &run->regs));
	else
		insn_load_value(&m.insn, &run->regs,
				bus_read(bus, gpa, m.insn.width));
	run->regs.rip = (run->regs.rip + m.insn.length) & rip_mask(&m);
	run->dirty |= HVMOD_STATE_REGS;
	return MMIO_DONE;
}
