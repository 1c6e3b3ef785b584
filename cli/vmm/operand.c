// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory operands: segment checks (SDM volume 3, 5.3 to 5.5), alignment,
 * translation, and the access itself, in memory or on the bus. All checks of
 * all operands come before the first access, as that may have an effect.
 */
#include <inttypes.h>
#include <string.h>

#include "alu.h"
#include "emulation.h"

#define PAGE_BYTES	4096U

#define CR0_PE		(1ULL << 0)
#define CR0_AM		(1ULL << 18)

/* Access rights, SDM volume 3, 25.4.1 */
#define SEGMENT_WRITABLE	(1U << 1)	/* of data */
#define SEGMENT_READABLE	(1U << 1)	/* of code */
#define SEGMENT_EXPAND_DOWN	(1U << 2)	/* of data */
#define SEGMENT_CODE		(1U << 3)
#define SEGMENT_BIG		(1U << 14)

static bool rights_allow(const struct emulation *e,
			 const struct hvmod_segment *segment, bool write)
{
	unsigned int type = segment->attributes;

	if (segment->unusable)
		return false;
	if (!(e->run->sregs.cr0 & CR0_PE) ||
	    (e->run->regs.rflags & RFLAGS_VM))
		return true;
	if (type & SEGMENT_CODE)
		return !write && (type & SEGMENT_READABLE);
	return !write || (type & SEGMENT_WRITABLE);
}

static bool limit_allows(const struct hvmod_segment *segment, uint64_t offset,
			 unsigned int width)
{
	unsigned int type = segment->attributes;
	uint64_t last = offset + width - 1;

	if ((type & SEGMENT_CODE) || !(type & SEGMENT_EXPAND_DOWN))
		return last <= segment->limit;
	return offset > segment->limit &&
	       last <= (type & SEGMENT_BIG ? UINT32_MAX : UINT16_MAX);
}

static enum mmio_result raise_segment(struct emulation *e,
				      unsigned int segment)
{
	return emulation_raise(e, segment == HVMOD_SEG_SS ? VECTOR_SS
							  : VECTOR_GP, 0);
}

static uint64_t linear_of(const struct emulation *e, unsigned int index,
			  uint64_t offset)
{
	uint64_t base = e->run->sregs.segment[index].base;

	if (e->insn.code_width != 8)
		return (offset + base) & UINT32_MAX;
	return index >= HVMOD_SEG_FS ? offset + base : offset;
}

/* 64-bit code has neither rights nor limits. */
static bool segment_allows(const struct emulation *e, unsigned int index,
			   uint64_t offset, unsigned int width, bool write)
{
	const struct hvmod_segment *segment = &e->run->sregs.segment[index];

	return e->insn.code_width == 8 ||
	       (rights_allow(e, segment, write) &&
		limit_allows(segment, offset, width));
}

static bool is_misaligned(const struct emulation *e, uint64_t linear,
			  unsigned int width)
{
	const struct hvmod_sregs *sregs = &e->run->sregs;

	return (linear & (width - 1)) && width <= 8 &&
	       (sregs->cr0 & CR0_AM) && (e->run->regs.rflags & RFLAGS_AC) &&
	       (sregs->segment[HVMOD_SEG_SS].attributes >> 5 & 3) == 3;
}

static enum mmio_result translate(struct emulation *e, unsigned int segment,
				  uint64_t linear, unsigned int access,
				  uint64_t *gpa)
{
	switch (walk_linear(&e->walk, linear, access, gpa)) {
	case WALK_OK:
		return MMIO_DONE;
	case WALK_FAULT:
		e->fault->linear = e->walk.fault;
		return emulation_raise(e, VECTOR_PF, e->walk.error);
	case WALK_NONCANONICAL:
		return raise_segment(e, segment);
	default:
		return emulation_why(e, MMIO_FAILED,
				     "a page table of 0x%" PRIx64 " is not in memory",
				     linear);
	}
}

/**
 * operand_find() - check and translate a memory operand
 * @e: the emulation
 * @segment: HVMOD_SEG_*
 * @offset: offset in it, cut to the address size
 * @width: bytes, 1 to 32
 * @access: OPERAND_WRITE, also if it is read before; OPERAND_ALIGNED for #GP
 *	unless it is
 * @operand: the result
 *
 * Return: MMIO_DONE, MMIO_FAULT or MMIO_FAILED
 */
enum mmio_result operand_find(struct emulation *e, unsigned int segment,
			      uint64_t offset, unsigned int width,
			      unsigned int access, struct operand *operand)
{
	uint64_t linear = linear_of(e, segment, offset);
	enum mmio_result result;
	unsigned int here;
	unsigned int i;

	/* Which of two exceptions comes is open; so have processors chosen. */
	if ((access & OPERAND_ALIGNED) && (linear & (width - 1)))
		return emulation_raise(e, VECTOR_GP, 0);
	if (!segment_allows(e, segment, offset, width, access & OPERAND_WRITE))
		return raise_segment(e, segment);
	if (is_misaligned(e, linear, width))
		return emulation_raise(e, VECTOR_AC, 0);

	here = PAGE_BYTES - (unsigned int)(linear & (PAGE_BYTES - 1));
	if (here > width)
		here = width;
	*operand = (struct operand){
		.piece = { { .bytes = here }, { .bytes = width - here } },
		.pieces = here < width ? 2 : 1,
	};
	for (i = 0; i < operand->pieces; i++) {
		uint64_t at = linear + (i ? here : 0);

		if (e->insn.code_width != 8)
			at &= UINT32_MAX;
		result = translate(e, segment, at,
				   access & OPERAND_WRITE ? WALK_WRITE : 0,
				   &operand->piece[i].gpa);
		if (result != MMIO_DONE)
			return result;
		operand->piece[i].host = guest_pointer(e->env->memory,
						       operand->piece[i].gpa,
						       operand->piece[i].bytes);
		if (!operand->piece[i].host)
			e->device = true;
	}
	return MMIO_DONE;
}

/* The guest's other processors see a register's worth at once. */
static void read_memory(const void *host, void *to, unsigned int bytes)
{
	uintptr_t misaligned = (uintptr_t)host & (bytes - 1);
	uint64_t value8;
	uint32_t value4;

	if (bytes == 8 && !misaligned) {
		value8 = __atomic_load_n((const uint64_t *)host,
					 __ATOMIC_ACQUIRE);
		memcpy(to, &value8, bytes);
	} else if (bytes == 4 && !misaligned) {
		value4 = __atomic_load_n((const uint32_t *)host,
					 __ATOMIC_ACQUIRE);
		memcpy(to, &value4, bytes);
	} else {
		memcpy(to, host, bytes);
	}
}

static void write_memory(void *host, const void *from, unsigned int bytes)
{
	uintptr_t misaligned = (uintptr_t)host & (bytes - 1);
	uint64_t value8;
	uint32_t value4;

	if (bytes == 8 && !misaligned) {
		memcpy(&value8, from, bytes);
		__atomic_store_n((uint64_t *)host, value8, __ATOMIC_RELEASE);
	} else if (bytes == 4 && !misaligned) {
		memcpy(&value4, from, bytes);
		__atomic_store_n((uint32_t *)host, value4, __ATOMIC_RELEASE);
	} else {
		memcpy(host, from, bytes);
	}
}

/*
 * A device sees an access of 1, 2, 4 or 8 bytes as the guest made it. What is
 * longer or crosses a page comes as the largest aligned parts.
 */
static bool is_whole(const struct operand *operand)
{
	return operand->pieces == 1 && operand->piece[0].bytes <= 8;
}

static unsigned int part_bytes(uint64_t gpa, unsigned int bytes, bool whole)
{
	unsigned int part = 8;

	if (whole)
		return bytes;
	while (part > bytes || (gpa & (part - 1)))
		part /= 2;
	return part;
}

static void read_device(const struct bus *bus, uint64_t gpa, uint8_t *to,
			unsigned int bytes, bool whole)
{
	while (bytes) {
		unsigned int part = part_bytes(gpa, bytes, whole);
		uint64_t value = bus_read(bus, gpa, part);

		memcpy(to, &value, part);
		to += part;
		gpa += part;
		bytes -= part;
	}
}

static void write_device(const struct bus *bus, uint64_t gpa,
			 const uint8_t *from, unsigned int bytes, bool whole)
{
	while (bytes) {
		unsigned int part = part_bytes(gpa, bytes, whole);
		uint64_t value = 0;

		memcpy(&value, from, part);
		bus_write(bus, gpa, part, value);
		from += part;
		gpa += part;
		bytes -= part;
	}
}

/**
 * operand_read() - load a memory operand
 * @e: the emulation
 * @operand: the operand, from operand_find()
 * @to: buffer of its width
 */
void operand_read(const struct emulation *e, const struct operand *operand,
		  void *to)
{
	bool whole = operand->pieces == 1;
	uint8_t *at = to;
	unsigned int i;

	for (i = 0; i < operand->pieces; i++) {
		if (!operand->piece[i].host)
			read_device(e->env->bus, operand->piece[i].gpa, at,
				    operand->piece[i].bytes,
				    is_whole(operand));
		else if (whole)
			read_memory(operand->piece[i].host, at,
				    operand->piece[i].bytes);
		else
			memcpy(at, operand->piece[i].host,
			       operand->piece[i].bytes);
		at += operand->piece[i].bytes;
	}
}

/**
 * operand_write() - store a memory operand
 * @e: the emulation
 * @operand: the operand, from operand_find() with OPERAND_WRITE
 * @from: its bytes
 */
void operand_write(const struct emulation *e, const struct operand *operand,
		   const void *from)
{
	bool whole = operand->pieces == 1;
	const uint8_t *at = from;
	unsigned int i;

	for (i = 0; i < operand->pieces; i++) {
		if (!operand->piece[i].host)
			write_device(e->env->bus, operand->piece[i].gpa, at,
				     operand->piece[i].bytes,
				     is_whole(operand));
		else if (whole)
			write_memory(operand->piece[i].host, at,
				     operand->piece[i].bytes);
		else
			memcpy(operand->piece[i].host, at,
			       operand->piece[i].bytes);
		at += operand->piece[i].bytes;
	}
}
