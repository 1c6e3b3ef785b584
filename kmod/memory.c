// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory. A range is a promise: this stretch of the VMM's address space
 * stands behind that stretch of guest-physical memory. A page is pinned and
 * entered in the domain's EPT when the guest first touches it.
 *
 * domain->pages has one entry for a mapped 2 MiB block, at its first frame and
 * with HV_PAGE_BLOCK, or one for each mapped 4 KiB page.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/io.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "hvmod.h"

#define HV_GPA_MAX	(1ULL << HVMOD_GPA_BITS)

/* Access bits of HV_RUN_FAULT. */
#define HV_ACCESS_WRITE	BIT(1)

/* Most tables of both EPTs that one GATE_MAP takes. */
#define HV_MAP_TABLES	8

/* What a range is charged: its record, and its part of nodes of the tree. */
#define HV_RANGE_BYTES	(sizeof(struct hv_memory) + 256)

/* Tags of the entries in domain->pages. */
#define HV_PAGE_BLOCK	1UL

/**
 * struct hv_memory - a range
 * @first: first guest frame
 * @last: last guest frame
 * @user: address of the backing of @first in the VMM
 * @flags: HVMOD_MEM_*
 */
struct hv_memory {
	unsigned long first;
	unsigned long last;
	unsigned long user;
	u32 flags;
};

static unsigned long hv_entry_pages(void *entry)
{
	return xa_pointer_tag(entry) == HV_PAGE_BLOCK ? HV_BLOCK_PAGES : 1;
}

static void hv_unpin(struct hv_domain *domain, struct page *page,
		     unsigned long pages, bool dirty)
{
	unpin_user_page_range_dirty_lock(page, pages, dirty);
	atomic64_sub(pages, &domain->mm->pinned_vm);
}

static int hv_pin(struct hv_domain *domain, unsigned long user,
		  unsigned int pages, struct page **list)
{
	int got;

	got = pin_user_pages_fast(user, pages, FOLL_WRITE | FOLL_LONGTERM, list);
	if (got > 0)
		atomic64_add(got, &domain->mm->pinned_vm);
	return got;
}

/* GATE_MAP, with more memory for tables if it takes any. */
static long hv_map(struct hv_domain *domain, unsigned long gfn,
		   struct page *page, unsigned long pages, u32 flags)
{
	u64 count = pages;
	unsigned int tries = HV_GROW_TRIES;
	struct hv_result result;
	long ret;

	if (flags & HVMOD_MEM_READONLY)
		count |= HV_MAP_READONLY;
	ret = hv_charge(domain, HVMOD_MEMORY_TABLES,
			HV_MAP_TABLES << PAGE_SHIFT);
	if (ret)
		return ret;
	for (;;) {
		ret = hv_gate(GATE_MAP, domain->handle, (u64)gfn << PAGE_SHIFT,
			      page_to_phys(page), count, &result);
		if (ret != -ENOMEM || !tries--)
			break;
		if (hv_pool_grow())
			break;
	}
	/* A failure may have made tables too, which stay. No core, no answer. */
	hv_charge_tables(domain, ret == -EIO ? 0 : result.rcx, HV_MAP_TABLES);
	return ret;
}

/*
 * Memory of the nodes that domain->pages has for a frame alone. It is charged
 * before the frame is entered, and given back after it was taken out.
 */
static u64 hv_node_bytes(struct hv_domain *domain, unsigned long gfn)
{
	unsigned int shift;
	u64 bytes = 0;

	for (shift = XA_CHUNK_SHIFT; shift < HVMOD_GPA_BITS - PAGE_SHIFT;
	     shift += XA_CHUNK_SHIFT) {
		unsigned long index = round_down(gfn, BIT(shift));
		unsigned long last = index + BIT(shift) - 1;

		if (xa_find(&domain->pages, &index, last, XA_PRESENT))
			break;
		bytes += sizeof(struct xa_node);
	}
	return bytes;
}

/* Charge a mapping that is to be made, or neither part of it. */
static int hv_charge_pages(struct hv_domain *domain, unsigned long gfn,
			   unsigned long pages)
{
	int ret;

	ret = hv_charge(domain, HVMOD_MEMORY_GUEST, (u64)pages << PAGE_SHIFT);
	if (ret)
		return ret;
	ret = hv_charge(domain, HVMOD_MEMORY_DRIVER, hv_node_bytes(domain, gfn));
	if (ret)
		hv_uncharge(domain, HVMOD_MEMORY_GUEST,
			    (u64)pages << PAGE_SHIFT);
	return ret;
}

/* Undo hv_charge_pages(), when the frame is not in domain->pages any more. */
static void hv_uncharge_pages(struct hv_domain *domain, unsigned long gfn,
			      unsigned long pages)
{
	hv_uncharge(domain, HVMOD_MEMORY_GUEST, (u64)pages << PAGE_SHIFT);
	hv_uncharge(domain, HVMOD_MEMORY_DRIVER, hv_node_bytes(domain, gfn));
}

/* Enter pinned pages into the EPT and keep them, or neither. */
static int hv_map_pinned(struct hv_domain *domain, struct hv_memory *memory,
			 unsigned long gfn, struct page *page,
			 unsigned long pages)
{
	unsigned long tag = pages == 1 ? 0 : HV_PAGE_BLOCK;
	long ret;

	ret = hv_charge_pages(domain, gfn, pages);
	if (ret)
		return ret;
	ret = xa_err(xa_store(&domain->pages, gfn, xa_tag_pointer(page, tag),
			      GFP_KERNEL_ACCOUNT));
	if (!ret) {
		ret = hv_map(domain, gfn, page, pages, memory->flags);
		if (ret)
			xa_erase(&domain->pages, gfn);
	}
	if (ret)
		hv_uncharge_pages(domain, gfn, pages);
	return ret;
}

/* Are these the 512 pages of one 2 MiB page, in order? */
static bool hv_is_block(struct page **list)
{
	unsigned long pfn = page_to_pfn(list[0]);
	unsigned int i;

	if (pfn & (HV_BLOCK_PAGES - 1))
		return false;
	for (i = 1; i < HV_BLOCK_PAGES; i++)
		if (page_to_pfn(list[i]) != pfn + i)
			return false;
	return true;
}

static void hv_unpin_list(struct hv_domain *domain, struct page **list,
			  unsigned long pages)
{
	unpin_user_pages(list, pages);
	atomic64_sub(pages, &domain->mm->pinned_vm);
}

/*
 * Map the whole 2 MiB around a frame whose backing is @page, if the backing is
 * a 2 MiB page and nothing of it is mapped yet. Any failure means that a
 * single page has to do: so where the VMM has dropped a part of the 2 MiB, which
 * it then has no more as one mapping, as pinning would bring that part back.
 */
static bool hv_fault_block(struct hv_domain *domain, struct hv_memory *memory,
			   unsigned long gfn, struct page *page)
{
	unsigned long base = round_down(gfn, HV_BLOCK_PAGES);
	unsigned long last = base + HV_BLOCK_PAGES - 1;
	unsigned long user = memory->user + ((base - memory->first) << PAGE_SHIFT);
	unsigned long index = base;
	int got;

	if (folio_order(page_folio(page)) < HV_BLOCK_ORDER ||
	    !folio_entire_mapcount(page_folio(page)))
		return false;
	if (base < memory->first || last > memory->last)
		return false;
	if (!IS_ALIGNED(user, PAGE_SIZE << HV_BLOCK_ORDER))
		return false;
	if (xa_find(&domain->pages, &index, last, XA_PRESENT))
		return false;

	got = hv_pin(domain, user, HV_BLOCK_PAGES, domain->batch);
	if (got <= 0)
		return false;
	if (got == HV_BLOCK_PAGES && hv_is_block(domain->batch) &&
	    !hv_map_pinned(domain, memory, base, domain->batch[0],
			   HV_BLOCK_PAGES))
		return true;
	hv_unpin_list(domain, domain->batch, got);
	return false;
}

static bool hv_is_mapped(struct hv_domain *domain, unsigned long gfn)
{
	void *entry;

	if (xa_load(&domain->pages, gfn))
		return true;
	entry = xa_load(&domain->pages, round_down(gfn, HV_BLOCK_PAGES));
	return entry && xa_pointer_tag(entry) == HV_PAGE_BLOCK;
}

static int hv_fault_locked(struct hv_domain *domain, unsigned long gfn,
			   u64 access)
{
	struct hv_memory *memory;
	unsigned long user;
	struct page *page;
	int ret;

	memory = mtree_load(&domain->ranges, gfn);
	if (!memory)
		return 1;
	if ((memory->flags & HVMOD_MEM_READONLY) && (access & HV_ACCESS_WRITE))
		return 1;
	if (hv_is_mapped(domain, gfn))
		return 0;

	user = memory->user + ((gfn - memory->first) << PAGE_SHIFT);
	ret = hv_pin(domain, user, 1, &page);
	if (ret < 0)
		return ret;
	if (!ret)
		return -EFAULT;
	if (hv_fault_block(domain, memory, gfn, page)) {
		hv_unpin_list(domain, &page, 1);
		return 0;
	}
	ret = hv_map_pinned(domain, memory, gfn, page, 1);
	if (ret)
		hv_unpin_list(domain, &page, 1);
	return ret;
}

/**
 * hv_memory_fault() - give the guest the page that it touched
 * @domain: the domain, whose address space is the current one
 * @gpa: guest-physical address
 * @access: as HV_RUN_FAULT has it
 *
 * Process context, may sleep for as long as the VMM's backing takes.
 *
 * Return: 0: run again; 1: not a matter of memory, the VMM has to emulate the
 * access; -EINTR: killed; -EBUSY: the page has another owner; other negative
 * errno: there is no page to be had.
 */
int hv_memory_fault(struct hv_domain *domain, u64 gpa, u64 access)
{
	int ret;

	if (gpa >= HV_GPA_MAX)
		return 1;
	if (mutex_lock_killable(&domain->memory_lock))
		return -EINTR;
	ret = hv_fault_locked(domain, gpa >> PAGE_SHIFT, access);
	mutex_unlock(&domain->memory_lock);
	return ret;
}

static u64 hv_range_bytes(const struct hv_memory *memory)
{
	return (u64)(memory->last - memory->first + 1) << PAGE_SHIFT;
}

static int hv_add_bytes(struct hv_domain *domain, u64 bytes)
{
	int ret = 0;

	spin_lock(&domain->quota.lock);
	if (domain->mem_bytes > domain->mem_max ||
	    bytes > domain->mem_max - domain->mem_bytes)
		ret = -EDQUOT;
	else
		WRITE_ONCE(domain->mem_bytes, domain->mem_bytes + bytes);
	spin_unlock(&domain->quota.lock);
	return ret;
}

/* Undo hv_add_bytes(). */
static void hv_take_bytes(struct hv_domain *domain, u64 bytes)
{
	spin_lock(&domain->quota.lock);
	WRITE_ONCE(domain->mem_bytes, domain->mem_bytes - bytes);
	spin_unlock(&domain->quota.lock);
}

static int hv_add_range(struct hv_domain *domain, struct hv_memory *memory)
{
	u64 bytes = hv_range_bytes(memory);
	int ret;

	ret = hv_add_bytes(domain, bytes);
	if (ret)
		return ret;
	ret = hv_charge(domain, HVMOD_MEMORY_DRIVER, HV_RANGE_BYTES);
	if (ret) {
		hv_take_bytes(domain, bytes);
		return ret;
	}
	ret = mtree_insert_range(&domain->ranges, memory->first, memory->last,
				 memory, GFP_KERNEL_ACCOUNT);
	if (ret) {
		hv_uncharge(domain, HVMOD_MEMORY_DRIVER, HV_RANGE_BYTES);
		hv_take_bytes(domain, bytes);
	}
	return ret;
}

/**
 * hv_memory_map() - HVMOD_MEM_MAP
 * @call: the call, on a domain
 *
 * Process context; takes the memory lock.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_memory_map(struct hv_call *call)
{
	struct hv_domain *domain = call->object;
	struct hvmod_mem_map *arg = &call->arg.mem_map;
	struct hv_memory *memory;
	int ret;

	if (arg->flags & ~HVMOD_MEM_READONLY)
		return -EINVAL;
	if (!arg->bytes || ((arg->gpa | arg->bytes | arg->user_addr) & ~PAGE_MASK))
		return -EINVAL;
	if (arg->gpa >= HV_GPA_MAX || arg->bytes > HV_GPA_MAX - arg->gpa)
		return -EINVAL;
	if (!access_ok(u64_to_user_ptr(arg->user_addr), arg->bytes))
		return -EFAULT;

	memory = kmalloc(sizeof(*memory), GFP_KERNEL_ACCOUNT);
	if (!memory)
		return -ENOMEM;
	memory->first = arg->gpa >> PAGE_SHIFT;
	memory->last = memory->first + (arg->bytes >> PAGE_SHIFT) - 1;
	memory->user = arg->user_addr;
	memory->flags = arg->flags;

	ret = mutex_lock_killable(&domain->memory_lock);
	if (!ret) {
		ret = hv_add_range(domain, memory);
		mutex_unlock(&domain->memory_lock);
	}
	if (ret)
		kfree(memory);
	return ret;
}

/*
 * Take frames out of the EPT. What ring -1 does not let go of is never given
 * back to Linux either: better a page lost than a page shared.
 */
static void hv_unmap_pages(struct hv_domain *domain, unsigned long first,
			   unsigned long last)
{
	unsigned long gfn;
	void *entry;
	long ret;

	xa_for_each_range(&domain->pages, gfn, entry, first, last) {
		ret = hv_gate(GATE_UNMAP, domain->handle,
			      (u64)gfn << PAGE_SHIFT, hv_entry_pages(entry), 0,
			      NULL);
		if (ret) {
			pr_err_once("domain %u: frame %#lx stays mapped (%ld)\n",
				    domain->id, gfn, ret);
			xa_erase(&domain->pages, gfn);
		}
		cond_resched();
	}
}

/* After hv_unmap_pages() and hv_sync(). */
static void hv_release_pages(struct hv_domain *domain, unsigned long first,
			     unsigned long last)
{
	unsigned long gfn;
	void *entry;

	xa_for_each_range(&domain->pages, gfn, entry, first, last) {
		xa_erase(&domain->pages, gfn);
		hv_uncharge_pages(domain, gfn, hv_entry_pages(entry));
		hv_unpin(domain, xa_untag_pointer(entry), hv_entry_pages(entry),
			 true);
		cond_resched();
	}
}

/**
 * hv_memory_unmap() - HVMOD_MEM_UNMAP
 * @call: the call, on a domain
 *
 * Process context; holds the memory lock while all processors drop their
 * translations.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_memory_unmap(struct hv_call *call)
{
	struct hv_domain *domain = call->object;
	struct hvmod_mem_unmap *arg = &call->arg.mem_unmap;
	unsigned long first = arg->gpa >> PAGE_SHIFT;
	struct hv_memory *memory;

	if (arg->flags || !arg->bytes || ((arg->gpa | arg->bytes) & ~PAGE_MASK))
		return -EINVAL;
	if (arg->gpa >= HV_GPA_MAX || arg->bytes > HV_GPA_MAX - arg->gpa)
		return -EINVAL;

	if (mutex_lock_killable(&domain->memory_lock))
		return -EINTR;
	memory = mtree_load(&domain->ranges, first);
	if (!memory || memory->first != first ||
	    memory->last != first + (arg->bytes >> PAGE_SHIFT) - 1) {
		mutex_unlock(&domain->memory_lock);
		return -ENOENT;
	}
	mtree_erase(&domain->ranges, first);
	hv_unmap_pages(domain, memory->first, memory->last);
	hv_sync();
	hv_release_pages(domain, memory->first, memory->last);
	hv_uncharge(domain, HVMOD_MEMORY_DRIVER, HV_RANGE_BYTES);
	hv_take_bytes(domain, hv_range_bytes(memory));
	mutex_unlock(&domain->memory_lock);
	kfree(memory);
	return 0;
}

static bool hv_any_pages(struct hv_domain *domain, unsigned long first,
			 unsigned long last)
{
	return xa_find(&domain->pages, &first, last, XA_PRESENT);
}

static void hv_discard_locked(struct hv_domain *domain, unsigned long base,
			      const unsigned long *pages)
{
	unsigned int start, end;
	bool any = false;

	for_each_set_bitrange(start, end, pages, HV_BLOCK_PAGES) {
		any |= hv_any_pages(domain, base + start, base + end - 1);
		hv_unmap_pages(domain, base + start, base + end - 1);
	}
	if (!any)
		return;
	hv_sync();
	for_each_set_bitrange(start, end, pages, HV_BLOCK_PAGES)
		hv_release_pages(domain, base + start, base + end - 1);
}

/**
 * hv_memory_discard() - HVMOD_MEM_DISCARD
 * @call: the call, on a domain
 *
 * Process context; holds the memory lock while all processors drop their
 * translations. No page is unpinned before.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_memory_discard(struct hv_call *call)
{
	struct hv_domain *domain = call->object;
	struct hvmod_mem_discard *arg = &call->arg.mem_discard;
	unsigned long base = arg->gpa >> PAGE_SHIFT;
	DECLARE_BITMAP(pages, HV_BLOCK_PAGES);
	void *entry;

	BUILD_BUG_ON(sizeof(arg->pages) != sizeof(pages));
	if (arg->flags || arg->gpa >= HV_GPA_MAX ||
	    !IS_ALIGNED(base, HV_BLOCK_PAGES) || (arg->gpa & ~PAGE_MASK))
		return -EINVAL;
	bitmap_from_arr64(pages, arg->pages, HV_BLOCK_PAGES);

	if (mutex_lock_killable(&domain->memory_lock))
		return -EINTR;
	entry = xa_load(&domain->pages, base);
	/* It goes as it came, or stays if nothing of it is meant. */
	if (entry && xa_pointer_tag(entry) == HV_PAGE_BLOCK &&
	    !bitmap_empty(pages, HV_BLOCK_PAGES))
		bitmap_fill(pages, HV_BLOCK_PAGES);
	hv_discard_locked(domain, base, pages);
	mutex_unlock(&domain->memory_lock);
	return 0;
}

/**
 * hv_memory_balloon() - HVMOD_MEM_BALLOON
 * @call: the call, on a domain
 *
 * Process context; takes the domain's lock and its quota's.
 *
 * Return: 0 or -EINVAL.
 */
long hv_memory_balloon(struct hv_call *call)
{
	struct hv_domain *domain = call->object;
	struct hvmod_mem_balloon *arg = &call->arg.mem_balloon;
	bool changed;
	int ret = 0;

	if (arg->flags || (arg->bytes & ~PAGE_MASK))
		return -EINVAL;
	mutex_lock(&domain->lock);
	spin_lock(&domain->quota.lock);
	changed = arg->bytes != domain->balloon_bytes;
	if (arg->bytes > domain->mem_bytes)
		ret = -EINVAL;
	else
		WRITE_ONCE(domain->balloon_bytes, arg->bytes);
	spin_unlock(&domain->quota.lock);
	if (!ret && changed)
		hv_event_domain(domain, HVMOD_CMD_DOMAIN_CHANGED_NTF);
	mutex_unlock(&domain->lock);
	return ret;
}

/**
 * hv_memory_init() - make the memory part of a domain
 * @domain: a domain that nobody else knows yet
 *
 * Process context.
 *
 * Return: 0 or -ENOMEM.
 */
int hv_memory_init(struct hv_domain *domain)
{
	mutex_init(&domain->memory_lock);
	mt_init(&domain->ranges);
	xa_init(&domain->pages);
	domain->batch = kmalloc_array(HV_BLOCK_PAGES, sizeof(*domain->batch),
				      GFP_KERNEL_ACCOUNT);
	return domain->batch ? 0 : -ENOMEM;
}

/**
 * hv_memory_unmap_all() - take all memory out of a domain's EPT
 * @domain: a domain without users
 *
 * Process context. Once all processors have synchronised, the pages are
 * Domain-0's alone again.
 */
void hv_memory_unmap_all(struct hv_domain *domain)
{
	mutex_lock(&domain->memory_lock);
	hv_unmap_pages(domain, 0, ULONG_MAX);
	hv_sync();
	mutex_unlock(&domain->memory_lock);
}

/**
 * hv_memory_free() - give back pages and ranges
 * @domain: a domain without users, after hv_memory_unmap_all() or never created
 *
 * Process context.
 */
void hv_memory_free(struct hv_domain *domain)
{
	struct hv_memory *memory;
	unsigned long index = 0;

	hv_release_pages(domain, 0, ULONG_MAX);
	mt_for_each(&domain->ranges, memory, index, ULONG_MAX)
		kfree(memory);
	mtree_destroy(&domain->ranges);
	xa_destroy(&domain->pages);
	kfree(domain->batch);
}
