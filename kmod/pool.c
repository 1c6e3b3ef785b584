// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for ring -1. What it owns comes from here and is marked PageOffline,
 * so that nobody who walks physical memory (kdump, /proc/kcore, hibernation)
 * reads what Linux has no access to.
 *
 * Which pages are away is a bitmap for each 2 MiB of physical memory, whatever
 * size they were allocated in: they come back one by one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/xarray.h>

#include "hvmod.h"

/* Pages that hv_pool_shrink() leaves to ring -1. */
#define HV_POOL_KEEP	1024

/**
 * struct hv_chunk - 2 MiB of physical memory of which ring -1 has a part
 * @away: the pages that it has
 */
struct hv_chunk {
	DECLARE_BITMAP(away, HV_BLOCK_PAGES);
};

/* Around every change of hv_pool. */
static DEFINE_MUTEX(hv_pool_lock);
static DEFINE_XARRAY(hv_pool);	/* struct hv_chunk by pfn / HV_BLOCK_PAGES */

/* Around a round of GATE_SYNC. */
static DEFINE_MUTEX(hv_sync_lock);

static struct hv_chunk *hv_pool_chunk(unsigned long pfn)
{
	unsigned long index = pfn >> HV_BLOCK_ORDER;
	struct hv_chunk *chunk;
	int ret;

	chunk = xa_load(&hv_pool, index);
	if (chunk)
		return chunk;
	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return NULL;
	ret = xa_err(xa_store(&hv_pool, index, chunk, GFP_KERNEL));
	if (ret) {
		kfree(chunk);
		return NULL;
	}
	return chunk;
}

static void hv_pool_put_chunk(struct hv_chunk *chunk, unsigned long pfn)
{
	if (bitmap_empty(chunk->away, HV_BLOCK_PAGES)) {
		xa_erase(&hv_pool, pfn >> HV_BLOCK_ORDER);
		kfree(chunk);
	}
}

static void hv_pool_free_page(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	__ClearPageOffline(page);
	__free_page(page);
}

/* Take 2^order pages out of Linux. Pool lock held. */
static struct page *hv_pool_take(unsigned int order)
{
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN;
	struct hv_chunk *chunk;
	struct page *page;
	unsigned long pfn;
	unsigned int i;

	gfp |= order ? __GFP_NORETRY : __GFP_RETRY_MAYFAIL;
	page = alloc_pages(gfp, order);
	if (!page)
		return NULL;
	pfn = page_to_pfn(page);
	chunk = hv_pool_chunk(pfn);
	if (!chunk) {
		__free_pages(page, order);
		return NULL;
	}
	split_page(page, order);
	page_offline_begin();
	for (i = 0; i < 1U << order; i++)
		__SetPageOffline(page + i);
	page_offline_end();
	bitmap_set(chunk->away, pfn & (HV_BLOCK_PAGES - 1), 1U << order);
	return page;
}

/* Undo hv_pool_take(). Pool lock held. */
static void hv_pool_return(unsigned long pfn, unsigned int pages)
{
	struct hv_chunk *chunk = xa_load(&hv_pool, pfn >> HV_BLOCK_ORDER);
	unsigned int i;

	bitmap_clear(chunk->away, pfn & (HV_BLOCK_PAGES - 1), pages);
	hv_pool_put_chunk(chunk, pfn);
	for (i = 0; i < pages; i++)
		hv_pool_free_page(pfn + i);
}

/**
 * hv_pool_init() - memory for the image, tables and first pool of ring -1
 * @pages: how many pages at least
 * @own: where to put what there is, in pieces of at most 2 MiB, aligned to
 *	their size, or neighbours put together
 * @max: number of elements of @own
 * @count: number of elements used
 *
 * Process context, may sleep. The pages are zeroed. What was taken stays taken
 * on errors, until hv_pool_exit().
 *
 * Return: 0, or -ENOMEM: no memory, or too scattered for @own.
 */
int hv_pool_init(unsigned long pages, struct hv_range *own, u32 max,
		 u32 *count)
{
	unsigned int order = HV_BLOCK_ORDER;
	unsigned long got = 0;
	struct page *page;
	u32 n = 0;
	u64 start;
	int ret = 0;

	mutex_lock(&hv_pool_lock);
	while (got < pages) {
		page = hv_pool_take(order);
		if (!page) {
			if (!order--) {
				ret = -ENOMEM;
				break;
			}
			continue;
		}
		got += 1UL << order;
		start = page_to_phys(page);
		if (n && own[n - 1].end == start) {
			own[n - 1].end += PAGE_SIZE << order;
		} else if (n && own[n - 1].start == start + (PAGE_SIZE << order)) {
			own[n - 1].start = start;
		} else if (n < max) {
			own[n].start = start;
			own[n].end = start + (PAGE_SIZE << order);
			n++;
		} else {
			ret = -ENOMEM;
			break;
		}
		cond_resched();
	}
	mutex_unlock(&hv_pool_lock);
	*count = n;
	return ret;
}

/**
 * hv_pool_exit() - take back all that ring -1 had
 *
 * Process context, may sleep. No processor is under ring -1 any more.
 */
void hv_pool_exit(void)
{
	struct hv_chunk *chunk;
	unsigned long index, bit;

	mutex_lock(&hv_pool_lock);
	xa_for_each(&hv_pool, index, chunk) {
		for_each_set_bit(bit, chunk->away, HV_BLOCK_PAGES)
			hv_pool_free_page((index << HV_BLOCK_ORDER) + bit);
		kfree(chunk);
		cond_resched();
	}
	xa_destroy(&hv_pool);
	mutex_unlock(&hv_pool_lock);
}

int hv_pool_grow(void)
{
	unsigned int order = HV_BLOCK_ORDER;
	unsigned long got = 0;
	struct page *page;
	int ret = 0;

	mutex_lock(&hv_pool_lock);
	while (got < HV_BLOCK_PAGES) {
		page = hv_pool_take(order);
		if (!page) {
			if (!order--)
				break;
			continue;
		}
		if (hv_gate(GATE_DONATE, page_to_phys(page), 1UL << order,
			    0, 0, NULL)) {
			hv_pool_return(page_to_pfn(page), 1U << order);
			break;
		}
		got += 1UL << order;
		cond_resched();
	}
	if (!got)
		ret = -ENOMEM;
	mutex_unlock(&hv_pool_lock);
	if (!ret)
		hv_sync();
	return ret;
}

/**
 * hv_pool_shrink() - take back most of what ring -1 does not use
 *
 * Process context, may sleep. What was freed before counts as unused.
 */
void hv_pool_shrink(void)
{
	struct hv_result result;
	struct hv_chunk *chunk;
	unsigned long pfn;
	u64 free;

	/* Only then may ring -1 use freed pages otherwise. */
	hv_sync();
	mutex_lock(&hv_pool_lock);
	if (hv_gate(GATE_NOP, 0, 0, 0, 0, &result))
		goto out;
	for (free = result.rcx; free > HV_POOL_KEEP; free--) {
		if (hv_gate(GATE_RECLAIM, 0, 0, 0, 0, &result))
			break;
		pfn = result.rdx >> PAGE_SHIFT;
		chunk = xa_load(&hv_pool, pfn >> HV_BLOCK_ORDER);
		if (!chunk || !test_bit(pfn & (HV_BLOCK_PAGES - 1), chunk->away)) {
			pr_err_once("ring -1 gave back a page that was never its own\n");
			break;
		}
		hv_pool_return(pfn, 1);
		cond_resched();
	}
out:
	mutex_unlock(&hv_pool_lock);
}

static void hv_sync_here(void *unused)
{
	hv_gate(GATE_SYNC, 0, 0, 0, 0, NULL);
}

/*
 * One at a time: ring -1 counts in rounds, and what is handed over during a
 * round has to wait for the next. With the hotplug lock, as a processor that is
 * on its way up or down may be launched and yet not online.
 */
void hv_sync(void)
{
	mutex_lock(&hv_sync_lock);
	cpus_read_lock();
	on_each_cpu(hv_sync_here, NULL, 1);
	cpus_read_unlock();
	mutex_unlock(&hv_sync_lock);
}
