/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Extended page tables: walk, map, split. SDM volume 3, 29.3.
 *
 * One lock, machine.lock, changes Domain-0's and a DomU's tables together. All
 * functions need it but ept_translate() for a vCPU that runs: its domain's
 * tables stay, each entry is read once, and a page that is unmapped meanwhile
 * is not used otherwise before this processor has done a GATE_SYNC.
 */
#ifndef HVMOD_EPT_H
#define HVMOD_EPT_H

#include "../core/types.h"

#define EPT_READ	BIT(0)
#define EPT_WRITE	BIT(1)
#define EPT_EXECUTE	BIT(2)
#define EPT_RWX		(EPT_READ | EPT_WRITE | EPT_EXECUTE)
#define EPT_TYPE(type)	((u64)(type) << 3)
#define EPT_TYPE_MASK	EPT_TYPE(7)
#define EPT_IGNORE_PAT	BIT(6)
#define EPT_LARGE	BIT(7)
#define EPT_ADDRESS	GENMASK(51, 12)

/* Bits that the processor ignores in a present entry. */
#define EPT_SHARED	BIT(52)		/* a DomU or the core uses it too */

/* An entry that is not present is zero, or names the owner. */
#define EPT_OWNER_CORE	BIT(4)

/*
 * With EPT_OWNER_CORE, of the first page of a donation that some TLB may still
 * have: the next such donation in EPT_ADDRESS, and here its pages less one.
 */
#define EPT_GIVEN_SHIFT	52

#define MEMORY_UC	0
#define MEMORY_WB	6

/**
 * struct ept - one set of tables
 * @root: physical address of the PML4
 * @eptp: the value for the VMCS
 */
struct ept {
	u64 root;
	u64 eptp;
};

/** ept_create() - an empty set. Return: false if there is no page */
bool ept_create(struct ept *ept);

/** ept_destroy() - free all tables; the entries must be gone or not matter */
void ept_destroy(struct ept *ept);

/**
 * ept_find() - the entry that translates an address
 * @level: 1 (4 KiB), 2 (2 MiB), 3 (1 GiB) or 4 (out)
 *
 * Return: the leaf entry, or the highest entry that is not present.
 */
u64 *ept_find(const struct ept *ept, u64 address, int *level);

/**
 * ept_entry() - the entry of an address at a level
 *
 * Makes the tables on the way and splits larger entries. An entry at @level
 * that points to a table is returned as it is: see ept_is_table().
 *
 * Return: the entry, or NULL if there is no page for a table.
 */
u64 *ept_entry(struct ept *ept, u64 address, int level);

/** ept_is_table() - does the entry at @level point to a further table? */
bool ept_is_table(u64 entry, int level);

/**
 * ept_translate() - guest-physical to physical
 * @need: EPT_* permissions
 *
 * Return: physical address, or ~0 if there is no such mapping.
 */
u64 ept_translate(const struct ept *ept, u64 address, u64 need);

static inline u64 ept_level_size(int level)
{
	return 1ULL << (12 + 9 * (level - 1));
}

/* mtrr.c */
struct mtrrs {
	u64 def_type;
	u64 cap;
	u64 fixed[11];
	u64 base[32], mask[32];
};

/** mtrr_read() - this processor's MTRRs */
void mtrr_read(struct mtrrs *m);

/**
 * mtrr_type() - memory type of a range. SDM volume 3, 12.11
 * @uniform: cleared if the range has more than one type
 */
int mtrr_type(const struct mtrrs *m, u64 start, u64 size, u64 max_pa, bool *uniform);

/**
 * dom0_ept_map() - identity map what is around an address, by one page
 * @largest: level of the largest page; the address has no entry there yet
 *
 * The page is as large as its memory type allows.
 *
 * Return: its level, or 0 if there is no page for a table.
 */
int dom0_ept_map(struct ept *ept, const struct mtrrs *m, u64 address, u64 max_pa, int largest);

/**
 * dom0_ept_build() - identity map up to a limit, large pages wherever the
 * memory type allows
 */
bool dom0_ept_build(struct ept *ept, const struct mtrrs *m, u64 limit, u64 max_pa,
		    int largest);

#endif
