// SPDX-License-Identifier: GPL-2.0-only
/*
 * The image of ring -1 in memory of its own: pages, page tables, and what it
 * has to know of the machine. All of it is done before launch, through Linux's
 * own mapping; from launch on these pages do not exist for Linux.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ioport.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "hvmod.h"
#include "image.h"

#define ENTRY_PRESENT	BIT_ULL(0)
#define ENTRY_WRITE	BIT_ULL(1)
#define ENTRY_LARGE	BIT_ULL(7)
#define ENTRY_NX	BIT_ULL(63)
#define ENTRY_ADDRESS	GENMASK_ULL(51, 12)

#define PROT_TEXT	ENTRY_PRESENT
#define PROT_CONST	(ENTRY_PRESENT | ENTRY_NX)
#define PROT_DATA	(ENTRY_PRESENT | ENTRY_WRITE | ENTRY_NX)

/* What the core has to spare after its start, in pages. */
#define FIRST_POOL	256

static_assert(offsetof(struct hv_linux, perf_global) == 136);
static_assert(offsetof(struct hv_linux, cr4) == 144);
static_assert(offsetof(struct hv_linux, debugctl) == 304);
static_assert(offsetof(struct hv_linux, has_perf_global) == 504);

extern const char hv_core_image[], hv_core_image_end[];
extern const char hv_trampoline[], hv_trampoline_end[], hv_leave_core[];

/* Handing out the pages of own[] from the front; what is left is the pool. */
struct carver {
	struct hv_range own[HV_OWN_RANGES];
	u64 next[HV_OWN_RANGES];
	u32 count;
};

static u64 carve(struct carver *c, u64 pages)
{
	u64 bytes = pages << PAGE_SHIFT;
	u32 i;

	for (i = 0; i < c->count; i++) {
		u64 pa = c->next[i];

		if (c->own[i].end - pa < bytes)
			continue;
		c->next[i] = pa + bytes;
		return pa;
	}
	return 0;
}

static unsigned int top_level(void)
{
	return __read_cr4() & X86_CR4_LA57 ? 5 : 4;
}

static u64 level_size(unsigned int level)
{
	return 1ULL << (PAGE_SHIFT + 9 * (level - 1));
}

/* One mapping of one entry at @level (1, 2 or 3). */
static int map_one(struct carver *c, u64 root, u64 va, u64 pa, u64 prot, unsigned int level)
{
	u64 *table = phys_to_virt(root);
	unsigned int at;
	u64 *entry;

	for (at = top_level();; at--) {
		entry = &table[va >> (PAGE_SHIFT + 9 * (at - 1)) & 511];
		if (at == level)
			break;
		if (!*entry) {
			u64 next = carve(c, 1);

			if (!next)
				return -ENOMEM;
			*entry = next | ENTRY_PRESENT | ENTRY_WRITE;
		}
		table = phys_to_virt(*entry & ENTRY_ADDRESS);
	}
	*entry = pa | prot | (level > 1 ? ENTRY_LARGE : 0);
	return 0;
}

static int map_range(struct carver *c, u64 root, u64 va, u64 pa, u64 bytes, u64 prot)
{
	unsigned int largest = boot_cpu_has(X86_FEATURE_GBPAGES) ? 3 : 2;
	int ret;

	while (bytes) {
		unsigned int level = largest;

		while (level > 1 && ((va | pa) & (level_size(level) - 1) || bytes < level_size(level)))
			level--;
		ret = map_one(c, root, va, pa, prot, level);
		if (ret)
			return ret;
		va += level_size(level);
		pa += level_size(level);
		bytes -= level_size(level);
	}
	return 0;
}

static int add_ram(struct resource *res, void *arg)
{
	struct hv_boot *boot = arg;
	u64 start = PAGE_ALIGN(res->start), end = (res->end + 1) & PAGE_MASK;

	if (start >= end)
		return 0;
	if (boot->ram_count && boot->ram[boot->ram_count - 1].end == start) {
		boot->ram[boot->ram_count - 1].end = end;
	} else if (boot->ram_count < HV_RAM_RANGES) {
		boot->ram[boot->ram_count].start = start;
		boot->ram[boot->ram_count].end = end;
		boot->ram_count++;
	} else {
		return -E2BIG;
	}
	if (end > boot->max_pa)
		boot->max_pa = end;
	return 0;
}

/* System RAM; on most machines a handful of ranges. */
static int find_ram(struct hv_boot *boot)
{
	int ret = walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				      0, -1, boot, add_ram);

	return ret < 0 ? ret : boot->ram_count ? 0 : -ENODEV;
}

static u64 ram_pages(const struct hv_boot *boot)
{
	return boot->max_pa >> PAGE_SHIFT;
}

/*
 * Tables that grow with RAM: the core's direct map and Domain-0's EPT, each a
 * page a GiB without 1 GiB pages (the EPT may lack them though the CPU has
 * them), and some for edges.
 */
static u64 pages_needed(const struct hv_boot *boot, const struct hv_image *image)
{
	u64 gib = (ram_pages(boot) >> 18) + 4;

	return image->end / PAGE_SIZE + FIRST_POOL +
	       boot->cpus * (image->cpu_area_bytes >> PAGE_SHIFT) + 2 * gib + 4 * boot->ram_count +
	       64;
}

/* The image in the direct map is read-only where it is read-only. */
static int map_direct(struct carver *c, u64 root, const struct hv_boot *boot, u64 constant_bytes)
{
	u64 start = boot->image_pa, end = start + constant_bytes;
	u32 i;
	int ret = 0;

	for (i = 0; i < boot->ram_count && !ret; i++) {
		const struct hv_range *r = &boot->ram[i];
		u64 va = boot->direct_base;

		if (start < r->start || start >= r->end) {
			ret = map_range(c, root, va + r->start, r->start, r->end - r->start,
					PROT_DATA);
			continue;
		}
		ret = map_range(c, root, va + r->start, r->start, start - r->start, PROT_DATA) ?:
		      map_range(c, root, va + start, start, end - start, PROT_CONST) ?:
		      map_range(c, root, va + end, end, r->end - end, PROT_DATA);
	}
	return ret;
}

static int map_image(struct carver *c, u64 root, const struct hv_boot *boot,
		     const struct hv_image *image)
{
	u64 base = image->base, pa = boot->image_pa;
	u64 bytes = image->end;

	return map_range(c, root, base, pa, image->text_end, PROT_TEXT) ?:
	       map_range(c, root, base + image->text_end, pa + image->text_end,
			 image->rodata_end - image->text_end, PROT_CONST) ?:
	       map_range(c, root, base + image->rodata_end, pa + image->rodata_end,
			 bytes - image->rodata_end, PROT_DATA);
}

static int map_area(struct carver *c, u64 root, struct hv_boot *boot,
		    const struct hv_image *image, unsigned int cpu)
{
	u64 pages = image->cpu_area_bytes >> PAGE_SHIFT;
	u64 pa = carve(c, pages);
	u64 va = HV_AREA_BASE + cpu * (image->cpu_area_bytes + PAGE_SIZE);
	u64 i;
	int ret;

	if (!pa)
		return -ENOMEM;
	boot->cpu_area[cpu] = va;
	boot->cpu_area_pa[cpu] = pa;
	for (i = 0; i < pages; i++) {
		if (image->cpu_area_guards >> i & 1)
			continue;
		ret = map_range(c, root, va + i * PAGE_SIZE, pa + i * PAGE_SIZE, PAGE_SIZE,
				PROT_DATA);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * The tables for the way in and out have the trampoline too, where Linux has it
 * and executable: the processor changes tables on it. It is Linux's memory, so
 * those that the core runs on don't. The rest they share: the trampoline is the
 * only thing in the upper half.
 */
static int map_trampoline(struct carver *c, u64 launch_root, u64 root)
{
	u64 va = (u64)hv_trampoline & PAGE_MASK;
	int ret = 0;

	memcpy(phys_to_virt(launch_root), phys_to_virt(root), PAGE_SIZE);
	for (; va < (u64)hv_trampoline_end && !ret; va += PAGE_SIZE)
		ret = map_range(c, launch_root, va,
				(u64)vmalloc_to_pfn((void *)va) << PAGE_SHIFT, PAGE_SIZE,
				PROT_TEXT);
	return ret;
}

static int make_linux_states(struct hv_core *core, struct hv_boot *boot)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct hv_cpu_state *state = (void *)get_zeroed_page(GFP_KERNEL);

		if (!state)
			return -ENOMEM;
		core->state[cpu] = state;
		boot->linux_pa[cpu] = virt_to_phys(&state->lx);
		boot->linux_va[cpu] = (u64)&state->lx;
	}
	return 0;
}

static int build(struct hv_core *core, struct hv_boot *boot, struct carver *c,
		 const struct hv_image *image)
{
	/* Architectural performance monitoring, version 2: SDM volume 3, 20.2.2. */
	bool has_perf_global = boot_cpu_data.cpuid_level >= 0xa && (cpuid_eax(0xa) & 0xff) >= 2;
	u64 root, launch_root;
	unsigned int cpu;
	u32 i;
	int ret;

	boot->image_pa = carve(c, image->end >> PAGE_SHIFT);
	root = carve(c, 1);
	launch_root = carve(c, 1);
	if (!boot->image_pa || !root || !launch_root)
		return -ENOMEM;
	ret = map_image(c, root, boot, image) ?: map_direct(c, root, boot, image->rodata_end);
	for_each_possible_cpu(cpu)
		ret = ret ?: map_area(c, root, boot, image, cpu);
	ret = ret ?: map_trampoline(c, launch_root, root);
	if (ret)
		return ret;
	boot->core_cr3 = root;
	boot->launch_cr3 = launch_root;
	for_each_possible_cpu(cpu) {
		struct hv_linux *lx = &core->state[cpu]->lx;

		lx->core_cr3 = launch_root;
		lx->core_rsp = boot->cpu_area[cpu] + HV_STACK_TOP;
		lx->core_rip = image->entry;
		lx->cpu = cpu;
		lx->has_perf_global = has_perf_global;
	}
	boot->own_count = c->count;
	memcpy(boot->own, c->own, sizeof(boot->own));
	for (i = 0; i < c->count; i++) {
		if (c->next[i] == c->own[i].end)
			continue;
		boot->pool[boot->pool_count].start = c->next[i];
		boot->pool[boot->pool_count].end = c->own[i].end;
		boot->pool_count++;
	}
	if (!boot->pool_count)
		return -ENOMEM;
	memcpy(phys_to_virt(boot->image_pa), image, hv_core_image_end - hv_core_image);
	memcpy(phys_to_virt(boot->image_pa) + (image->boot - image->base), boot, sizeof(*boot));
	core->features = phys_to_virt(boot->image_pa) + (image->boot - image->base) +
			 offsetof(struct hv_boot, features);
	return 0;
}

int hv_image_load(struct hv_core *core, u32 flags)
{
	const struct hv_image *image = (const void *)hv_core_image;
	struct hv_boot *boot;
	struct carver *c;
	int ret;
	u32 i;

	if (image->magic != HV_IMAGE_MAGIC)
		return -ENODEV;
	if (nr_cpu_ids > HV_CPUS_MAX) {
		pr_err("the machine may have %u processors, the core at most %u; boot with nr_cpus=%u or possible_cpus=%u\n",
		       nr_cpu_ids, HV_CPUS_MAX, HV_CPUS_MAX, HV_CPUS_MAX);
		return -ENODEV;
	}
	boot = kvzalloc(sizeof(*boot), GFP_KERNEL);
	c = kvzalloc(sizeof(*c), GFP_KERNEL);
	ret = boot && c ? find_ram(boot) : -ENOMEM;
	if (ret)
		goto out;
	boot->direct_base = HV_DIRECT_BASE;
	boot->tsc_khz = tsc_khz;
	boot->crash_pa = hv_crash_pa();
	boot->leave_stub = (u64)hv_leave_core;
	boot->cpus = nr_cpu_ids;
	boot->flags = flags;
	ret = hv_pool_init(pages_needed(boot, image), c->own, HV_OWN_RANGES, &c->count) ?:
	      make_linux_states(core, boot);
	if (ret)
		goto out;
	for (i = 0; i < c->count; i++)
		c->next[i] = c->own[i].start;
	ret = build(core, boot, c, image);
out:
	kvfree(c);
	kvfree(boot);
	return ret;
}

void hv_image_unload(struct hv_core *core)
{
	unsigned int cpu;

	hv_pool_exit();
	for_each_possible_cpu(cpu) {
		free_page((unsigned long)core->state[cpu]);
		core->state[cpu] = NULL;
	}
}
