// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoder, emulation and page walker. The input is the machine: mode, registers,
 * segments, page tables, the bytes of the instruction and what devices answer.
 * Memory is small and at the end of an allocation, so that most addresses are
 * not memory and ASan sees one byte too far.
 */
#include <errno.h>
#include <string.h>

#include "bus.h"
#include "decode.h"
#include "fuzz.h"
#include "mmio.h"
#include "walk.h"

#define PAGE_BYTES	4096U
#define PAGES		16U
#define MEMORY_BYTES	(PAGES * PAGE_BYTES)
#define TABLE_ENTRIES	16U
#define DEVICE		0xFEC00000ULL
#define CALLS_MAX	4

#define CR0_MAYBE	0x80050031ULL	/* PG AM WP NE ET PE */
#define CR0_SELDOM	0xCULL		/* TS EM */
#define CR4_MAYBE	0x741630ULL
#define CR4_PAE		0x20ULL
#define CR4_LA57	0x1000ULL
#define EFER_MAYBE	0xD01ULL
#define EFER_LMA	0x400ULL

static struct {
	const uint8_t *data;
	size_t bytes;
	uint64_t spare;		/* what comes after the last byte */
} source;

static struct guest_memory memory;
static struct bus bus;
static struct hvmod_run run;
static unsigned long results[4];
static unsigned long device_calls;

static uint8_t take8(void)
{
	if (source.bytes) {
		source.bytes--;
		return *source.data++;
	}
	source.spare = source.spare * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint8_t)(source.spare >> 56);
}

static uint64_t take64(void)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		value = value << 8 | take8();
	return value;
}

/* Addresses near something, edges, and anything. */
static uint64_t take_value(void)
{
	uint8_t kind = take8();
	int8_t near = (int8_t)take8();

	switch (kind % 8) {
	case 0:
	case 1:
	case 6:
		return DEVICE + (kind >> 3) % 3 * PAGE_BYTES + (uint64_t)(int64_t)near;
	case 2:
		return (uint64_t)(kind >> 3) * PAGE_BYTES + (uint64_t)(int64_t)near;
	case 3:
		return (1ULL << (kind >> 3) * 2) + (uint64_t)(int64_t)near;
	case 4:
		return (uint64_t)(int64_t)near;
	case 5:
		return 0xFFFF800000000000ULL + (uint64_t)(int64_t)near;
	default:
		return take64();
	}
}

/* Another processor of the guest is at work meanwhile. */
static void disturb(void)
{
	uint8_t *host = memory.range[0].host;

	device_calls++;
	if (take8() & 7)
		return;
	host[(take8() << 8 | take8()) % MEMORY_BYTES] = take8();
}

static uint64_t device_read(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	must(size == 1 || size == 2 || size == 4 || size == 8);
	must(offset + size <= 2 * PAGE_BYTES);
	disturb();
	return take64();
}

static void device_write(void *ctx, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	(void)ctx;
	must(size == 1 || size == 2 || size == 4 || size == 8);
	must(offset + size <= 2 * PAGE_BYTES);
	must(!(value & ~bus_mask(size)));
	disturb();
}

static int get_vectors(void *ctx, struct vectors *vectors)
{
	uint8_t how = take8();

	(void)ctx;
	if (how == 0xFF) {
		errno = EIO;
		return -1;
	}
	memset(vectors, how, sizeof(*vectors));
	vectors->xcr0 = how & 8 ? 7 : how & 0xE7;
	vectors->bytes = how & 16 ? 576 + how : 2688;
	return 0;
}

static int put_vectors(void *ctx, const struct vectors *vectors)
{
	(void)ctx;
	(void)vectors;
	return take8() == 0xFF ? -1 : 0;
}

static void begin(void)
{
	const struct bus_device device = {
		.first = DEVICE,
		.last = DEVICE + 2 * PAGE_BYTES - 1,
		.read = device_read,
		.write = device_write,
	};

	if (memory.ranges)
		return;
	memory.range[0].host = aligned_alloc(PAGE_BYTES, MEMORY_BYTES);
	must(memory.range[0].host);
	memory.range[0].bytes = MEMORY_BYTES;
	memory.ranges = 1;
	must(!bus_add(&bus, &device));
}

/*
 * A chain of four tables, whose last one leads to devices, to nothing and to
 * memory, and then the input's own entries among them.
 */
static void fill_tables(void)
{
	uint8_t *host = memory.range[0].host;
	unsigned int entries = take8() % TABLE_ENTRIES;
	unsigned int i;

	memset(host, 0, MEMORY_BYTES);
	for (i = 0; i < 4 * 512; i++) {
		unsigned int table = i / 512;
		unsigned int index = i % 512;
		uint64_t entry = (table + 1) * PAGE_BYTES | 7;

		if (table == 3)
			entry = index < 4 ? DEVICE | index % 2 * PAGE_BYTES | 7
					  : (8 + index % 8) * PAGE_BYTES | 7;
		if (table == 3 && index == 4)
			entry = 0;
		memcpy(host + 8 * (size_t)i, &entry, sizeof(entry));
	}
	while (entries--) {
		uint64_t entry = take_value();
		uint8_t how = take8();
		unsigned int index = (take8() << 8 | take8()) % (4 * 512);

		if (how & 1)
			index = index / 512 * 512 + index % 32;
		if (how & 2)
			entry = (entry & ~0xFFFULL) | how;
		memcpy(host + 8 * (size_t)index, &entry, sizeof(entry));
	}
}

static void fill_segments(void)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		struct hvmod_segment *segment = &run.sregs.segment[i];
		uint8_t how = take8();

		*segment = (struct hvmod_segment){
			.limit = UINT32_MAX,
			.attributes = i == HVMOD_SEG_CS ? 0xA09B : 0xC093,
		};
		if (how & 1)
			segment->base = take_value();
		if ((how & 6) == 6)
			segment->limit = (uint32_t)take_value();
		if ((how & 0x38) == 0x38)
			segment->attributes = (uint16_t)take64();
		if (how & 0x40)
			segment->attributes ^= 0x6000;
		if (how == 0x80)
			segment->unusable = 1;
	}
}

static void fill_registers(void)
{
	unsigned int i;
	uint8_t how = take8();

	run = (struct hvmod_run){};
	for (i = 0; i < 16; i++)
		run.regs.gpr[i] = take_value();
	run.regs.rip = take_value();
	if (how & 0x1B)
		run.regs.rip = 8 * PAGE_BYTES + take8() * 16;
	run.regs.rflags = take64() & 0x3F7FD5;
	if (how & 4)
		run.regs.gpr[HVMOD_GPR_RCX] &= 0x1FF;
	run.sregs.cr0 = take64() & CR0_MAYBE;
	if (!(how & 0xF0))
		run.sregs.cr0 |= take8() & CR0_SELDOM;
	run.sregs.cr4 = take64() & CR4_MAYBE;
	run.sregs.efer = take64() & EFER_MAYBE;
	/* The last 4, 3 or 2 tables of the chain, mostly. */
	if (!(run.sregs.cr4 & CR4_PAE))
		run.sregs.cr3 = 2 * PAGE_BYTES;
	else if (!(run.sregs.efer & EFER_LMA))
		run.sregs.cr3 = 1 * PAGE_BYTES;
	else
		run.sregs.cr4 &= take8() & 15 ? ~CR4_LA57 : ~0ULL;
	if (!(take8() & 15))
		run.sregs.cr3 = take_value();
	run.mmio.gpa = take_value();
	run.mmio.access = take8() & 3;
}

/* At RIP, if that is memory without paging, and at each page's begin. */
static void fill_code(void)
{
	const struct opcode *row = &opcodes[(take8() << 8 | take8()) % opcode_count];
	uint8_t *host = memory.range[0].host;
	uint8_t code[INSN_BYTES_MAX];
	uint8_t *at = code;
	uint8_t how = take8();
	size_t i;

	for (i = 0; i < sizeof(code); i++)
		code[i] = take8();
	/* Mostly the opcode is a known one. */
	if (how & 0xE0) {
		if ((how & 3) == 3)
			at++;
		if (row->map >= MAP_VEX) {
			*at++ = 0xC4;
			*at++ |= 0xE0;
			at++;
		} else if (row->map) {
			*at++ = 0x0F;
			if (row->map == MAP_0F38)
				*at++ = 0x38;
		}
		*at++ = row->byte;
		if (how & 12)
			*at &= how & 4 ? 0x3F : 0x7F;
	}
	for (i = 8; i < PAGES; i++) {
		size_t offset = i * PAGE_BYTES + (run.regs.rip & 0xFFF);
		size_t room = MEMORY_BYTES - offset;

		memcpy(host + offset, code, room < sizeof(code) ? room : sizeof(code));
	}
}

/* A walk gives the same twice: accessed and dirty bits change no address. */
static void walk_some(void)
{
	struct walk walk = {
		.memory = &memory,
		.sregs = &run.sregs,
		.rflags = run.regs.rflags,
	};
	uint8_t buffer[64];
	unsigned int n;

	for (n = 0; n < 2; n++) {
		uint64_t linear = take_value();
		unsigned int access = take8() % 3;
		uint64_t gpa[2] = {};
		enum walk_result result[2];

		result[0] = walk_linear(&walk, linear, access, &gpa[0]);
		result[1] = walk_linear(&walk, linear, access, &gpa[1]);
		must(result[0] == result[1] && gpa[0] == gpa[1]);
		if (result[0] == WALK_OK)
			must((gpa[0] & 0xFFF) == (linear & 0xFFF));
		if (result[0] == WALK_FAULT)
			must(!(walk.error & ~0x1FU));
		walk_copy(&walk, linear, access == WALK_WRITE ? access : 0,
			  buffer, take8() % sizeof(buffer));
		must(walk_fetch(&walk, linear, buffer, INSN_BYTES_MAX) <=
		     INSN_BYTES_MAX);
	}
}

/* Return: there may be another instruction behind it. */
static bool emulate(void)
{
	const struct mmio_env env = {
		&memory, &bus, get_vectors, put_vectors, NULL,
	};
	unsigned int code_width = walk_code_width(&run.sregs);
	struct hvmod_regs before = run.regs;
	struct guest_fault fault;
	enum mmio_result result;
	uint64_t moved;
	char why[256];

	memset(why, 'x', sizeof(why));
	run.dirty = 0;
	result = mmio_emulate(&env, &run, &fault, why, sizeof(why));
	must(result <= MMIO_FAILED);
	results[result]++;
	moved = (run.regs.rip - before.rip) & bus_mask(code_width);
	must(moved <= INSN_BYTES_MAX);
	switch (result) {
	case MMIO_DONE:
		must(run.dirty == HVMOD_STATE_REGS);
		break;
	case MMIO_FAULT:
		must(!moved && run.dirty == HVMOD_STATE_REGS);
		must(fault.vector < 32 && (0x270C1U >> fault.vector & 1));
		break;
	case MMIO_RETRY:
		must(!memcmp(&before, &run.regs, sizeof(before)) && !run.dirty);
		must(memchr(why, 0, sizeof(why)));
		break;
	case MMIO_FAILED:
		must(memchr(why, 0, sizeof(why)));
		break;
	}
	return result == MMIO_DONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	unsigned int calls = 0;

	source.data = data;
	source.bytes = bytes;
	source.spare = bytes;
	begin();
	fill_tables();
	fill_registers();
	fill_segments();
	fill_code();
	walk_some();
	while (emulate() && ++calls < CALLS_MAX)
		;
	return 0;
}

void fuzz_report(char *text, size_t bytes)
{
	snprintf(text, bytes,
		 "%lu instructions done, %lu exceptions, %lu again, %lu failed, %lu device accesses",
		 results[MMIO_DONE], results[MMIO_FAULT], results[MMIO_RETRY],
		 results[MMIO_FAILED], device_calls);
}
