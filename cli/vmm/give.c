// SPDX-License-Identifier: GPL-2.0-only
/* Memory that a guest does not use goes back to the host: see give.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "give.h"

#define UNIT_PAGES	(GIVE_UNIT_WORDS * 64)

/* The memory that there is in a unit: the last one of a range may be short. */
struct place {
	uint64_t gpa;
	uint64_t bytes;
	uint8_t *host;
};

static size_t units_of(const struct guest_range *range)
{
	return (range->bytes + GIVE_UNIT - 1) / GIVE_UNIT;
}

/* Return: false if it is not memory */
static bool find_unit(const struct give *give, uint64_t gpa, size_t *unit)
{
	size_t first = 0;
	unsigned int i;

	for (i = 0; i < give->memory->ranges; i++) {
		const struct guest_range *range = &give->memory->range[i];

		if (gpa >= range->gpa && gpa - range->gpa < range->bytes) {
			*unit = first + (gpa - range->gpa) / GIVE_UNIT;
			return true;
		}
		first += units_of(range);
	}
	return false;
}

static struct place place_of(const struct give *give, size_t unit)
{
	const struct guest_range *range = give->memory->range;
	struct place place;
	uint64_t offset;

	while (unit >= units_of(range))
		unit -= units_of(range++);
	offset = unit * GIVE_UNIT;
	place.gpa = range->gpa + offset;
	place.host = range->host + offset;
	place.bytes = range->bytes - offset;
	if (place.bytes > GIVE_UNIT)
		place.bytes = GIVE_UNIT;
	return place;
}

static bool get_bit(const uint64_t *bits, unsigned int n)
{
	return bits[n / 64] >> n % 64 & 1;
}

static void set_bit(uint64_t *bits, unsigned int n)
{
	bits[n / 64] |= 1ULL << n % 64;
}

static void clear_bit(uint64_t *bits, unsigned int n)
{
	bits[n / 64] &= ~(1ULL << n % 64);
}

static unsigned int bit_of(uint32_t frame)
{
	return frame % UNIT_PAGES;
}

/*
 * The backing first: what another vCPU touches meanwhile is a new page for both
 * the guest and us, and what is taken out of the page tables then is the old.
 */
static void drop(struct give *give, size_t unit, const uint64_t *pages)
{
	struct place place = place_of(give, unit);
	unsigned int start = 0;
	unsigned int end;

	while (start < UNIT_PAGES) {
		if (!get_bit(pages, start)) {
			start++;
			continue;
		}
		for (end = start; end < UNIT_PAGES && get_bit(pages, end); end++)
			;
		madvise(place.host + start * GIVE_PAGE,
			(end - start) * GIVE_PAGE, MADV_DONTNEED);
		start = end;
	}
	give->wires.discard(give->wires.ctx, place.gpa, pages);
}

/* With the vCPUs held, so that nothing of the unit is pinned. */
static void make_small(struct give *give, size_t unit)
{
	static const uint64_t all[GIVE_UNIT_WORDS] = {
		~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL,
	};
	struct place place = place_of(give, unit);

	/* There may be no more mappings with advice of their own. */
	if (madvise(place.host, place.bytes, MADV_NOHUGEPAGE) && errno != EINVAL)
		return;
	give->wires.discard(give->wires.ctx, place.gpa, all);
	/* Advice for a part of a 2 MiB page is what makes Linux split it. */
	madvise(place.host, GIVE_PAGE, MADV_COLD);
	give->unit[unit].small = true;
}

static void make_large(struct give *give, size_t unit)
{
	struct place place = place_of(give, unit);

	give->unit[unit].small = false;
	if (place.bytes == GIVE_UNIT)
		madvise(place.host, place.bytes, MADV_HUGEPAGE);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/**
 * give_init() - nothing is away
 * @give: filled
 * @memory: guest memory, kept
 * @wires: its domain
 *
 * Return: 0, or -1 with errno
 */
int give_init(struct give *give, const struct guest_memory *memory,
	      const struct give_wires *wires)
{
	unsigned int i;

	*give = (struct give){ .memory = memory, .wires = *wires };
	for (i = 0; i < memory->ranges; i++)
		give->units += units_of(&memory->range[i]);
	/* What is never written of it takes no memory. */
	give->unit = calloc(give->units, sizeof(*give->unit));
	return give->unit ? 0 : -1;
}

/**
 * give_free() - undo give_init()
 * @give: what give_init() filled
 */
void give_free(struct give *give)
{
	free(give->unit);
	give->unit = NULL;
}

/**
 * give_has() - whether there is such a page
 * @give: the memory
 * @frame: number of its page frame
 *
 * Return: true if it is memory
 */
bool give_has(const struct give *give, uint64_t frame)
{
	size_t unit;

	return find_unit(give, frame * GIVE_PAGE, &unit);
}

static size_t unit_of(const struct give *give, uint32_t frame)
{
	size_t unit = 0;

	find_unit(give, frame * GIVE_PAGE, &unit);
	return unit;
}

/* Return: false if the guest has ended */
static bool make_all_small(struct give *give, const uint32_t *frame,
			   unsigned int count)
{
	bool held = false;
	unsigned int i;

	for (i = 0; i < count; i++) {
		size_t unit = unit_of(give, frame[i]);

		if (give->unit[unit].small)
			continue;
		if (!held && give->wires.hold(give->wires.ctx))
			return false;
		held = true;
		make_small(give, unit);
	}
	if (held)
		give->wires.release(give->wires.ctx);
	return true;
}

static void add_pages(struct give *give, uint64_t pages)
{
	__atomic_fetch_add(&give->pages, pages, __ATOMIC_RELAXED);
}

/**
 * give_away() - the guest gives pages away
 * @give: the memory
 * @frame: numbers of their page frames, each memory; sorted afterwards
 * @count: how many, at most GIVE_BATCH
 *
 * Pages may be away already, or be there more than once.
 */
void give_away(struct give *give, uint32_t *frame, unsigned int count)
{
	unsigned int i = 0;

	qsort(frame, count, sizeof(*frame), compare);
	if (!make_all_small(give, frame, count))
		return;
	while (i < count) {
		uint64_t pages[GIVE_UNIT_WORDS] = { 0 };
		size_t at = unit_of(give, frame[i]);
		struct give_unit *unit = &give->unit[at];
		uint16_t before = unit->count;

		for (; i < count && unit_of(give, frame[i]) == at; i++) {
			unsigned int bit = bit_of(frame[i]);

			set_bit(pages, bit);
			unit->count += !get_bit(unit->away, bit);
			set_bit(unit->away, bit);
		}
		add_pages(give, unit->count - before);
		/* Else a part of a 2 MiB page: it would not be free. */
		if (unit->small)
			drop(give, at, pages);
	}
}

/**
 * give_back() - the guest wants to use pages again
 * @give: the memory
 * @frame: numbers of their page frames, each memory
 * @count: how many
 *
 * They come when it touches them. Pages that are not away stay what they are.
 */
void give_back(struct give *give, const uint32_t *frame, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		size_t at = unit_of(give, frame[i]);
		struct give_unit *unit = &give->unit[at];
		unsigned int bit = bit_of(frame[i]);

		if (!get_bit(unit->away, bit))
			continue;
		clear_bit(unit->away, bit);
		add_pages(give, -1);
		if (!--unit->count)
			make_large(give, at);
	}
}

/**
 * give_back_all() - all memory is the guest's again
 * @give: the memory
 */
void give_back_all(struct give *give)
{
	size_t i;

	for (i = 0; i < give->units; i++) {
		struct give_unit *unit = &give->unit[i];

		if (!unit->small && !unit->count)
			continue;
		memset(unit->away, 0, sizeof(unit->away));
		unit->count = 0;
		make_large(give, i);
	}
	__atomic_store_n(&give->pages, 0, __ATOMIC_RELAXED);
}

static void unused_in_unit(struct give *give, size_t at, uint64_t first,
			   uint64_t last)
{
	uint64_t pages[GIVE_UNIT_WORDS] = { 0 };
	struct place place = place_of(give, at);
	uint64_t bit;

	/* A part of a 2 MiB page would not be free. */
	if (!give->unit[at].small && last - first + 1 < place.bytes / GIVE_PAGE)
		return;
	for (bit = first; bit <= last; bit++)
		set_bit(pages, (unsigned int)bit);
	drop(give, at, pages);
}

/**
 * give_unused() - the guest has no use for some memory now, but does not give it
 * away
 * @give: the memory
 * @gpa: guest-physical start
 * @bytes: how much, all of it in one range of memory
 *
 * It is empty when the guest touches it again. What is no whole page stays, and
 * so does a part of 2 MiB that Linux may have in one page.
 */
void give_unused(struct give *give, uint64_t gpa, uint64_t bytes)
{
	uint64_t frame = (gpa + GIVE_PAGE - 1) / GIVE_PAGE;
	uint64_t end = (gpa + bytes) / GIVE_PAGE;
	size_t unit;

	while (frame < end && find_unit(give, frame * GIVE_PAGE, &unit)) {
		uint64_t next = (frame / UNIT_PAGES + 1) * UNIT_PAGES;

		if (next > end)
			next = end;
		unused_in_unit(give, unit, frame % UNIT_PAGES,
			       (next - 1) % UNIT_PAGES);
		frame = next;
	}
}

/**
 * give_bytes() - how much is away; from any thread
 * @give: the memory
 *
 * Return: bytes, without what give_unused() was told of
 */
uint64_t give_bytes(const struct give *give)
{
	return __atomic_load_n(&give->pages, __ATOMIC_RELAXED) * GIVE_PAGE;
}
