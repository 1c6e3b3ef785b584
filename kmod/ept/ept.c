// SPDX-License-Identifier: GPL-2.0-only
#include "ept.h"
#include "../core/machine.h"

#define EPTP_WALK_4	(3ULL << 3)

static u64 *entry_in(u64 table, u64 address, int level)
{
	u64 *entries = phys(table & EPT_ADDRESS);

	return &entries[address >> (12 + 9 * (level - 1)) & 511];
}

static bool present(u64 entry)
{
	return entry & EPT_RWX;
}

bool ept_is_table(u64 entry, int level)
{
	return present(entry) && level > 1 && !(entry & EPT_LARGE);
}

bool ept_create(struct ept *ept)
{
	ept->root = page_alloc();
	ept->eptp = ept->root | EPTP_WALK_4 | MEMORY_WB;
	return ept->root;
}

/* Four levels at most; the time is bounded by the number of tables. */
static void free_tables(u64 table, int level)
{
	u64 *entries = phys(table & EPT_ADDRESS);

	for (int i = 0; i < 512 && level > 1; i++)
		if (ept_is_table(entries[i], level))
			free_tables(entries[i], level - 1);
	page_free(table & EPT_ADDRESS);
}

void ept_destroy(struct ept *ept)
{
	if (ept->root)
		free_tables(ept->root, 4);
	ept->root = 0;
}

u64 *ept_find(const struct ept *ept, u64 address, int *level)
{
	u64 *entry = entry_in(ept->root, address, 4);
	u64 value = READ_ONCE(*entry);

	for (*level = 4; ept_is_table(value, *level); value = READ_ONCE(*entry)) {
		--*level;
		entry = entry_in(value, address, *level);
	}
	return entry;
}

/*
 * The 512 entries below a large or absent one say what it said. No
 * translation changes, so nothing needs to be invalidated.
 */
static u64 split(u64 entry, int level)
{
	u64 table = page_alloc();
	u64 *entries = phys(table);
	u64 step = ept_level_size(level - 1);

	if (!table)
		return 0;
	if (present(entry)) {
		if (level == 2)
			entry &= ~EPT_LARGE;
		for (int i = 0; i < 512; i++)
			entries[i] = entry + i * step;
	} else if (entry) {
		for (int i = 0; i < 512; i++)
			entries[i] = entry;
	}
	return table;
}

u64 *ept_entry(struct ept *ept, u64 address, int level)
{
	u64 *entry = entry_in(ept->root, address, 4);

	for (int at = 4; at > level; at--) {
		if (!ept_is_table(*entry, at)) {
			u64 table = split(*entry, at);

			if (!table)
				return NULL;
			WRITE_ONCE(*entry, table | EPT_RWX);
		}
		entry = entry_in(*entry, address, at - 1);
	}
	return entry;
}

u64 ept_translate(const struct ept *ept, u64 address, u64 need)
{
	int level;
	u64 entry;

	if (address >> 48)
		return ~0ULL;
	entry = READ_ONCE(*ept_find(ept, address, &level));
	if ((entry & need) != need || ept_is_table(entry, level))
		return ~0ULL;
	return (entry & EPT_ADDRESS & ~(ept_level_size(level) - 1)) |
	       (address & (ept_level_size(level) - 1));
}
