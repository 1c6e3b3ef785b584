// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory types of physical memory by the MTRRs, SDM volume 3, 12.11. With
 * EPT the type is the EPT entry's (combined with the guest's PAT), so
 * Domain-0's entries must say what the MTRRs say.
 */
#include "ept.h"
#include "../core/machine.h"

#define MTRR_ENABLE		BIT(11)
#define MTRR_FIXED_ENABLE	BIT(10)
#define MTRR_VALID		BIT(11)
#define FIXED_END		0x100000

static const struct {
	u32 msr;
	u32 start;
	u32 step;
} fixed_mtrr[11] = {
	{ 0x250, 0x00000, 0x10000 },
	{ 0x258, 0x80000, 0x04000 },
	{ 0x259, 0xa0000, 0x04000 },
	{ 0x268, 0xc0000, 0x01000 },
	{ 0x269, 0xc8000, 0x01000 },
	{ 0x26a, 0xd0000, 0x01000 },
	{ 0x26b, 0xd8000, 0x01000 },
	{ 0x26c, 0xe0000, 0x01000 },
	{ 0x26d, 0xe8000, 0x01000 },
	{ 0x26e, 0xf0000, 0x01000 },
	{ 0x26f, 0xf8000, 0x01000 },
};

void mtrr_read(struct mtrrs *m)
{
	u32 count;

	m->cap = rdmsr(MSR_MTRRCAP);
	m->def_type = rdmsr(MSR_MTRR_DEF_TYPE);
	if (m->cap & BIT(8))
		for (int i = 0; i < 11; i++)
			m->fixed[i] = rdmsr(fixed_mtrr[i].msr);
	count = m->cap & 0xff;
	for (u32 i = 0; i < count && i < ARRAY_SIZE(m->base); i++) {
		m->base[i] = rdmsr(MSR_MTRR_PHYSBASE0 + 2 * i);
		m->mask[i] = rdmsr(MSR_MTRR_PHYSBASE0 + 2 * i + 1);
	}
}

static int fixed_type(const struct mtrrs *m, u64 address)
{
	int i = ARRAY_SIZE(fixed_mtrr) - 1;

	while (fixed_mtrr[i].start > address)
		i--;
	return m->fixed[i] >> 8 * ((address - fixed_mtrr[i].start) / fixed_mtrr[i].step) & 0xff;
}

/* Overlaps: UC wins, then WT over WB; anything else is undefined: UC. */
static int combine(int a, int b)
{
	if (a < 0 || a == b)
		return b;
	if ((a == 4 && b == 6) || (a == 6 && b == 4))
		return 4;
	return MEMORY_UC;
}

int mtrr_type(const struct mtrrs *m, u64 start, u64 size, u64 max_pa, bool *uniform)
{
	u32 count = m->cap & 0xff;
	int type = -1;

	*uniform = true;
	if (!(m->def_type & MTRR_ENABLE))
		return MEMORY_UC;
	if (start < FIXED_END && m->cap & BIT(8) && m->def_type & MTRR_FIXED_ENABLE) {
		type = fixed_type(m, start);
		for (u64 a = start; a < start + size; a += PAGE_SIZE)
			if (a >= FIXED_END || fixed_type(m, a) != type) {
				*uniform = false;
				break;
			}
		return type;
	}
	for (u32 i = 0; i < count && i < ARRAY_SIZE(m->base); i++) {
		u64 mask = m->mask[i] & GENMASK(51, 12) & (max_pa - 1);
		u64 base = m->base[i] & mask;
		u64 span;

		if (!(m->mask[i] & MTRR_VALID) || !mask)
			continue;
		/* The lowest set bit of the mask is the size for contiguous ones. */
		span = mask & -mask;
		if (size > span) {
			if (((base ^ start) & mask & ~(size - 1)) == 0)
				*uniform = false;
			continue;
		}
		if ((start & mask) == base)
			type = combine(type, m->base[i] & 0xff);
	}
	return type < 0 ? (int)(m->def_type & 0xff) : type;
}

int dom0_ept_map(struct ept *ept, const struct mtrrs *m, u64 address, u64 max_pa, int largest)
{
	int level = largest, type;
	u64 start, *entry;
	bool uniform;

	for (;; level--) {
		u64 size = ept_level_size(level);

		start = address & ~(size - 1);
		type = mtrr_type(m, start, size, max_pa, &uniform);
		if (uniform || level == 1)
			break;
	}
	entry = ept_entry(ept, start, level);
	if (!entry)
		return 0;
	WRITE_ONCE(*entry, start | EPT_RWX | EPT_TYPE(type) | (level > 1 ? EPT_LARGE : 0));
	return level;
}

bool dom0_ept_build(struct ept *ept, const struct mtrrs *m, u64 limit, u64 max_pa, int largest)
{
	u64 address = 0;

	while (address < limit) {
		int level = largest;

		while (address & (ept_level_size(level) - 1))
			level--;
		level = dom0_ept_map(ept, m, address, max_pa, level);
		if (!level)
			return false;
		address += ept_level_size(level);
	}
	return true;
}
