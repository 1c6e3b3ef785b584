// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's page tables, walked as the processor does (SDM volume 3,
 * chapter 4). The guest may change them meanwhile: every entry is read once.
 */
#include <stdbool.h>
#include <string.h>

#include "walk.h"

#define PAGE_BYTES	4096U

#define CR0_PE		(1ULL << 0)
#define CR0_WP		(1ULL << 16)
#define CR0_PG		(1ULL << 31)
#define CR4_PSE		(1ULL << 4)
#define CR4_PAE		(1ULL << 5)
#define CR4_LA57	(1ULL << 12)
#define CR4_SMEP	(1ULL << 20)
#define CR4_SMAP	(1ULL << 21)
#define EFER_LMA	(1ULL << 10)
#define EFER_NXE	(1ULL << 11)
#define RFLAGS_AC	(1ULL << 18)

#define SEGMENT_L	(1U << 13)
#define SEGMENT_D	(1U << 14)

#define PTE_PRESENT	(1ULL << 0)
#define PTE_WRITE	(1ULL << 1)
#define PTE_USER	(1ULL << 2)
#define PTE_ACCESSED	(1ULL << 5)
#define PTE_DIRTY	(1ULL << 6)
#define PTE_LARGE	(1ULL << 7)
#define PTE_NX		(1ULL << 63)
#define PTE_ADDRESS	0x000FFFFFFFFFF000ULL

#define PF_PRESENT	(1U << 0)
#define PF_WRITE	(1U << 1)
#define PF_USER		(1U << 2)
#define PF_RESERVED	(1U << 3)
#define PF_FETCH	(1U << 4)

#define LEVELS_MAX	5
#define TRIES_MAX	8

/*
 * One paging mode. The bits of @large are the levels at which an entry may map
 * a page.
 */
struct paging {
	unsigned int levels;
	unsigned int entry_bytes;
	unsigned int index_bits;
	unsigned int large;
	uint64_t root_mask;
};

static const struct paging paging_5 = { 5, 8, 9, 1 << 3 | 1 << 2, PTE_ADDRESS };
static const struct paging paging_4 = { 4, 8, 9, 1 << 3 | 1 << 2, PTE_ADDRESS };
static const struct paging paging_pae = { 3, 8, 9, 1 << 2, 0xFFFFFFE0ULL };
static const struct paging paging_32 = { 2, 4, 10, 1 << 2, 0xFFFFF000ULL };

struct entry {
	void *host;
	uint64_t value;
};

/* The path from the root to the page, and the rights on it. */
struct path {
	const struct paging *paging;
	struct entry entry[LEVELS_MAX + 1];
	unsigned int level;
	bool write;
	bool user;
	bool nx;
};

static const struct paging *paging_mode(const struct hvmod_sregs *sregs)
{
	if (!(sregs->cr4 & CR4_PAE))
		return &paging_32;
	if (!(sregs->efer & EFER_LMA))
		return &paging_pae;
	return sregs->cr4 & CR4_LA57 ? &paging_5 : &paging_4;
}

static bool is_canonical(const struct paging *paging, uint64_t linear)
{
	unsigned int unused = 64 - 12 - 9 * paging->levels;

	return (uint64_t)((int64_t)(linear << unused) >> unused) == linear;
}

static unsigned int current_privilege(const struct hvmod_sregs *sregs)
{
	return (sregs->segment[HVMOD_SEG_SS].attributes >> 5) & 3;
}

/**
 * walk_code_width() - the default operand and address size of the code
 * @sregs: control registers and segments
 *
 * Return: 2, 4, or 8 for 64-bit code
 */
unsigned int walk_code_width(const struct hvmod_sregs *sregs)
{
	unsigned int attributes = sregs->segment[HVMOD_SEG_CS].attributes;

	if ((sregs->efer & EFER_LMA) && (attributes & SEGMENT_L))
		return 8;
	return (sregs->cr0 & CR0_PE) && (attributes & SEGMENT_D) ? 4 : 2;
}

static bool entry_read(const struct guest_memory *memory, uint64_t gpa,
		       unsigned int bytes, struct entry *entry)
{
	entry->host = guest_pointer(memory, gpa, bytes);
	if (!entry->host)
		return false;
	if (bytes == 8)
		entry->value = __atomic_load_n((uint64_t *)entry->host,
					       __ATOMIC_RELAXED);
	else
		entry->value = __atomic_load_n((uint32_t *)entry->host,
					       __ATOMIC_RELAXED);
	return true;
}

/* False if the guest changed the entry since it was read. */
static bool entry_mark(const struct entry *entry, unsigned int bytes,
		       uint64_t bits)
{
	uint64_t old = entry->value;
	uint32_t old32 = (uint32_t)old;

	if ((old & bits) == bits)
		return true;
	if (bytes == 8)
		return __atomic_compare_exchange_n((uint64_t *)entry->host,
						   &old, old | bits, false,
						   __ATOMIC_SEQ_CST,
						   __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n((uint32_t *)entry->host, &old32,
					   old32 | (uint32_t)bits, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static bool is_large(const struct path *path, const struct hvmod_sregs *sregs)
{
	if (path->level == 1 || !(path->entry[path->level].value & PTE_LARGE))
		return false;
	return path->paging != &paging_32 || (sregs->cr4 & CR4_PSE);
}

static bool is_reserved(const struct path *path,
			const struct hvmod_sregs *sregs)
{
	uint64_t value = path->entry[path->level].value;

	if (path->paging->entry_bytes == 8 && (value & PTE_NX) &&
	    !(sregs->efer & EFER_NXE))
		return true;
	return is_large(path, sregs) &&
	       !(path->paging->large & (1U << path->level));
}

static bool is_pdpte(const struct path *path)
{
	return path->paging == &paging_pae && path->level == 3;
}

/* From the root down to the entry that maps the page. */
static enum walk_result walk_down(struct walk *walk, uint64_t linear,
				  struct path *path)
{
	const struct paging *paging = path->paging;
	uint64_t table = walk->sregs->cr3 & paging->root_mask;
	unsigned int index_mask = (1U << paging->index_bits) - 1;

	path->write = true;
	path->user = true;
	path->nx = false;
	for (path->level = paging->levels; ; path->level--) {
		struct entry *entry = &path->entry[path->level];
		unsigned int shift = 12 + (path->level - 1) * paging->index_bits;
		uint64_t index = (linear >> shift) & index_mask;

		if (!entry_read(walk->memory,
				table + index * paging->entry_bytes,
				paging->entry_bytes, entry))
			return WALK_OUTSIDE;
		if (!(entry->value & PTE_PRESENT)) {
			walk->error = 0;
			return WALK_FAULT;
		}
		if (is_reserved(path, walk->sregs)) {
			walk->error = PF_PRESENT | PF_RESERVED;
			return WALK_FAULT;
		}
		if (!is_pdpte(path)) {
			path->write &= !!(entry->value & PTE_WRITE);
			path->user &= !!(entry->value & PTE_USER);
			path->nx |= paging->entry_bytes == 8 &&
				    (entry->value & PTE_NX);
		}
		if (path->level == 1 || is_large(path, walk->sregs))
			return WALK_OK;
		table = entry->value & PTE_ADDRESS;
	}
}

static bool is_allowed(const struct walk *walk, const struct path *path,
		       unsigned int access)
{
	const struct hvmod_sregs *sregs = walk->sregs;
	bool user = current_privilege(sregs) == 3;

	if ((access & WALK_FETCH) && path->nx)
		return false;
	if (user)
		return path->user && (path->write || !(access & WALK_WRITE));
	if ((access & WALK_WRITE) && !path->write && (sregs->cr0 & CR0_WP))
		return false;
	if (!path->user)
		return true;
	if (access & WALK_FETCH)
		return !(sregs->cr4 & CR4_SMEP);
	return !(sregs->cr4 & CR4_SMAP) || (walk->rflags & RFLAGS_AC);
}

static bool mark_path(const struct path *path, unsigned int access)
{
	unsigned int bytes = path->paging->entry_bytes;
	unsigned int level;

	for (level = path->paging->levels; level >= path->level; level--) {
		uint64_t bits = PTE_ACCESSED;

		if (path->paging == &paging_pae && level == 3)
			continue;
		if (level == path->level && (access & WALK_WRITE))
			bits |= PTE_DIRTY;
		if (!entry_mark(&path->entry[level], bytes, bits))
			return false;
	}
	return true;
}

static uint64_t path_address(const struct path *path, uint64_t linear)
{
	unsigned int shift = 12 + (path->level - 1) * path->paging->index_bits;
	uint64_t offset = linear & ((1ULL << shift) - 1);
	uint64_t value = path->entry[path->level].value;

	if (path->paging == &paging_32 && path->level == 2)	/* PSE-36 */
		return (value & 0xFFC00000ULL) |
		       (value & 0x1FE000ULL) << 19 | offset;
	return (value & PTE_ADDRESS & ~((1ULL << shift) - 1)) | offset;
}

static enum walk_result walk_once(struct walk *walk, uint64_t linear,
				  unsigned int access, uint64_t *gpa,
				  bool *raced)
{
	const struct hvmod_sregs *sregs = walk->sregs;
	struct path path = { .paging = paging_mode(sregs) };
	enum walk_result result;

	*raced = false;
	result = walk_down(walk, linear, &path);
	if (result == WALK_OK && !is_allowed(walk, &path, access)) {
		walk->error = PF_PRESENT;
		result = WALK_FAULT;
	}
	if (result == WALK_FAULT) {
		if (access & WALK_WRITE)
			walk->error |= PF_WRITE;
		if (current_privilege(sregs) == 3)
			walk->error |= PF_USER;
		if ((access & WALK_FETCH) &&
		    ((sregs->cr4 & CR4_SMEP) ||
		     (path.paging->entry_bytes == 8 &&
		      (sregs->efer & EFER_NXE))))
			walk->error |= PF_FETCH;
	}
	if (result != WALK_OK)
		return result;
	*raced = !mark_path(&path, access);
	*gpa = path_address(&path, linear);
	return WALK_OK;
}

/**
 * walk_linear() - translate one guest-linear address
 * @walk: whose page tables
 * @linear: the address; only its low 32 bits count outside long mode
 * @access: WALK_WRITE, WALK_FETCH or 0 for a read
 * @gpa: the guest-physical address (out)
 *
 * Sets the accessed and dirty bits as the processor would. Protection keys are
 * not looked at.
 *
 * Return: enum walk_result
 */
enum walk_result walk_linear(struct walk *walk, uint64_t linear,
			     unsigned int access, uint64_t *gpa)
{
	const struct hvmod_sregs *sregs = walk->sregs;
	enum walk_result result = WALK_FAULT;
	unsigned int try;
	bool raced;

	if (!(sregs->efer & EFER_LMA))
		linear &= 0xFFFFFFFFULL;
	walk->fault = linear;
	if (!(sregs->cr0 & CR0_PG)) {
		*gpa = linear;
		return WALK_OK;
	}
	if ((sregs->efer & EFER_LMA) &&
	    !is_canonical(paging_mode(sregs), linear))
		return WALK_NONCANONICAL;
	for (try = 0; try < TRIES_MAX; try++) {
		result = walk_once(walk, linear, access, gpa, &raced);
		if (!raced)
			return result;
	}
	/* A guest that rewrites its tables faster than this gets a fault. */
	walk->error = access & WALK_WRITE ? PF_WRITE : 0;
	return WALK_FAULT;
}

/**
 * walk_copy() - copy between a buffer and guest-linear memory
 * @walk: whose page tables
 * @linear: start; may cross into another page
 * @access: WALK_WRITE to write guest memory, else read it
 * @buffer: the buffer
 * @bytes: how many, at most 4096
 *
 * Nothing is copied unless all of it can be.
 *
 * Return: enum walk_result
 */
enum walk_result walk_copy(struct walk *walk, uint64_t linear,
			   unsigned int access, void *buffer, size_t bytes)
{
	size_t part[2] = { PAGE_BYTES - (linear & (PAGE_BYTES - 1)), 0 };
	void *host[2];
	unsigned int i;

	if (part[0] > bytes)
		part[0] = bytes;
	part[1] = bytes - part[0];
	for (i = 0; i < 2 && part[i]; i++) {
		enum walk_result result;
		uint64_t gpa;

		result = walk_linear(walk, linear + i * part[0], access, &gpa);
		if (result != WALK_OK)
			return result;
		host[i] = guest_pointer(walk->memory, gpa, part[i]);
		if (!host[i])
			return WALK_OUTSIDE;
	}
	for (i = 0; i < 2 && part[i]; i++) {
		uint8_t *at = (uint8_t *)buffer + i * part[0];

		if (access & WALK_WRITE)
			memcpy(host[i], at, part[i]);
		else
			memcpy(at, host[i], part[i]);
	}
	return WALK_OK;
}

/**
 * walk_fetch() - copy instruction bytes
 * @walk: whose page tables
 * @linear: address of the instruction
 * @buffer: where to
 * @bytes: most that are wanted
 *
 * Return: how many could be had: all, those up to the end of the page, or 0
 */
size_t walk_fetch(struct walk *walk, uint64_t linear, uint8_t *buffer,
		  size_t bytes)
{
	size_t here = PAGE_BYTES - (linear & (PAGE_BYTES - 1));

	if (walk_copy(walk, linear, WALK_FETCH, buffer, bytes) == WALK_OK)
		return bytes;
	if (here < bytes &&
	    walk_copy(walk, linear, WALK_FETCH, buffer, here) == WALK_OK)
		return here;
	return 0;
}
