// SPDX-License-Identifier: GPL-2.0-only
/* Pages for test_native.c: memory, devices, and pages that may not be touched. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arena.h"
#include "paging.h"

#define MEGABYTE	(1UL << 20)
#define RAM_GPA(page)	(0x100000ULL + 2 * PAGE * (uint64_t)(page))
#define DEVICE_GPA(page) (0xFEC00000ULL + 2 * PAGE * (uint64_t)(page))
#define CALLS_MAX	100

static uint64_t device_read(void *ctx, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	if (size > 8 || size & (size - 1))
		abort();
	memcpy(&value, (uint8_t *)ctx + offset, size);
	return value;
}

static void device_write(void *ctx, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	if (size > 8 || size & (size - 1))
		abort();
	memcpy((uint8_t *)ctx + offset, &value, size);
}

/* Behind devices too there are bytes of guest memory that no one maps. */
static uint8_t *backing(const struct arena *arena, unsigned int page)
{
	return guest_pointer(&arena->memory, RAM_GPA(page), PAGE);
}

static void map(struct arena *arena, unsigned int page, uint64_t entry)
{
	uint64_t linear = (uintptr_t)arena->native + page * PAGE;

	map64(&arena->memory, 4, linear, entry);
}

/* With @devices nothing but the code is memory. */
static void map_all(struct arena *arena, bool devices)
{
	unsigned int page;

	for (page = 0; page < ARENA_PAGES; page++) {
		bool device = page == ARENA_DEVICE || page == ARENA_DEVICE_2 ||
			      (devices && page > ARENA_CODE_2);
		uint64_t entry = (device ? DEVICE_GPA(page) : RAM_GPA(page)) |
				 P | W | U;

		if (page == ARENA_HOLE || page == ARENA_HOLE_2)
			entry = 0;
		if (page == ARENA_READ_ONLY)
			entry &= ~W;
		map(arena, page, entry);
	}
}

/**
 * arena_init() - make the pages
 * @arena: filled
 */
void arena_init(struct arena *arena)
{
	unsigned int page;
	uintptr_t start;
	void *map;

	map = mmap(NULL, 4 * MEGABYTE, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (map == MAP_FAILED)
		abort();
	/* One page table is enough: no 2 MiB boundary inside. */
	start = ((uintptr_t)map + 2 * MEGABYTE - 1) & ~(2 * MEGABYTE - 1);
	arena->native = (uint8_t *)start + MEGABYTE;
	test_memory(&arena->memory);
	for (page = ARENA_DEVICE; page < ARENA_PAGES; page++) {
		const struct bus_device device = {
			DEVICE_GPA(page), DEVICE_GPA(page) + PAGE - 1,
			device_read, device_write, backing(arena, page), 0,
		};

		if (bus_add(&arena->bus, &device))
			abort();
	}
	memset(arena->native, 0xA5, ARENA_PAGES * PAGE);
	for (page = 0; page < ARENA_PAGES; page++)
		memset(backing(arena, page), 0xA5, PAGE);
	mprotect(arena->native + ARENA_READ_ONLY * PAGE, PAGE, PROT_READ);
	madvise(arena->native + ARENA_HOLE * PAGE, PAGE, MADV_DONTNEED);
	mprotect(arena->native + ARENA_HOLE * PAGE, PAGE, PROT_NONE);
	madvise(arena->native + ARENA_HOLE_2 * PAGE, PAGE, MADV_DONTNEED);
	mprotect(arena->native + ARENA_HOLE_2 * PAGE, PAGE, PROT_NONE);
}

/**
 * arena_free() - undo arena_init(), but for the address space
 * @arena: the pages
 */
void arena_free(struct arena *arena)
{
	test_memory_free(&arena->memory);
}

/**
 * arena_poke() - set bytes on both sides; where a page is not writable, nothing
 * @arena: the pages
 * @offset: where
 * @from: the bytes
 * @bytes: how many
 */
void arena_poke(struct arena *arena, uint64_t offset, const void *from,
		unsigned int bytes)
{
	for (; bytes; bytes--, offset++, from = (const uint8_t *)from + 1) {
		unsigned int page = (unsigned int)(offset / PAGE);

		if (page >= ARENA_PAGES || page == ARENA_HOLE ||
		    page == ARENA_READ_ONLY || page == ARENA_HOLE_2)
			continue;
		arena->native[offset] = *(const uint8_t *)from;
		backing(arena, page)[offset % PAGE] = *(const uint8_t *)from;
	}
}

/**
 * arena_equal() - did both sides make the same of their memory
 * @arena: the pages
 *
 * Return: whether they did
 */
bool arena_equal(const struct arena *arena)
{
	unsigned int page;

	for (page = ARENA_DEVICE; page <= ARENA_READ_ONLY; page++) {
		if (memcmp(arena->native + page * PAGE, backing(arena, page),
			   PAGE))
			return false;
	}
	return true;
}

/**
 * arena_copy() - give the guest what the processor made of its memory
 * @arena: the pages
 */
void arena_copy(struct arena *arena)
{
	unsigned int page;

	for (page = ARENA_DEVICE; page <= ARENA_READ_ONLY; page++)
		memcpy(backing(arena, page), arena->native + page * PAGE, PAGE);
}

static int get_vectors(void *ctx, struct vectors *vectors)
{
	*vectors = ((struct arena *)ctx)->vectors;
	return 0;
}

static int put_vectors(void *ctx, const struct vectors *vectors)
{
	((struct arena *)ctx)->vectors = *vectors;
	return 0;
}

/* As native_segments() makes them. */
static void set_segments(const struct arena *arena, struct hvmod_sregs *sregs,
			 unsigned int code_width)
{
	struct hvmod_segment segment = {
		.base = (uintptr_t)arena->native,
		.limit = 0xFFFF,
		.attributes = code_width == 4 ? 0x40FB : 0x00FB,
	};

	sregs->segment[HVMOD_SEG_CS] = segment;
	segment.limit = ARENA_LIMIT;
	segment.attributes = 0x40F3;
	sregs->segment[HVMOD_SEG_DS] = segment;
	sregs->segment[HVMOD_SEG_ES] = segment;
	sregs->segment[HVMOD_SEG_SS] = segment;
}

/**
 * arena_emulate() - emulate one instruction with all of its repetitions
 * @arena: the pages
 * @run: registers before and after; control registers are set here
 * @code_width: as in struct native
 * @fault: the exception after MMIO_FAULT
 *
 * Where the emulation would leave the rest to the processor, the memory becomes
 * a device.
 *
 * Return: enum mmio_result
 */
enum mmio_result arena_emulate(struct arena *arena, struct hvmod_run *run,
			       unsigned int code_width,
			       struct guest_fault *fault)
{
	const struct mmio_env env = {
		.memory = &arena->memory,
		.bus = &arena->bus,
		.get_vectors = get_vectors,
		.put_vectors = put_vectors,
		.ctx = arena,
	};
	uint64_t rip = run->regs.rip;
	enum mmio_result result;
	unsigned int calls;
	char why[256] = "";

	run->sregs = (struct hvmod_sregs){
		.cr0 = 0x80050033,	/* PG AM WP NE ET MP PE */
		.cr3 = TEST_ROOT,
		.cr4 = 0x40620,		/* OSXSAVE OSXMMEXCPT OSFXSR PAE */
		.efer = 0x500,
		.segment[HVMOD_SEG_CS].attributes = 0xA0FB,
		.segment[HVMOD_SEG_SS].attributes = 0xC0F3,
	};
	if (code_width != 8)
		set_segments(arena, &run->sregs, code_width);
	run->mmio.access = 1;
	map_all(arena, false);
	for (calls = 0; calls < CALLS_MAX; calls++) {
		result = mmio_emulate(&env, run, fault, why, sizeof(why));
		if (result == MMIO_RETRY && !calls)
			map_all(arena, true);
		else if (result != MMIO_DONE || run->regs.rip != rip)
			break;
		else
			map_all(arena, true);
	}
	return result;
}
