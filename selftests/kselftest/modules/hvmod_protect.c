// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries what a root exploit would: reads and writes every page of RAM through
 * the kernel's own mapping, ring -1's among them. Loading it succeeds only if
 * exactly the pages that ring -1 says it owns ended in a fault, for reading and
 * for writing, and if the kernel goes on where it reads a string's last word,
 * the end of which is in one of them. Then it writes MSRs that would make the processor itself write
 * to memory that they name, or answer for it; each has to end in #GP.
 *
 * A write stores what was read before, so that a page that is not protected
 * after all survives the test.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <asm/apicdef.h>
#include <asm/asm.h>
#include <asm/extable_fixup_types.h>
#include <asm/msr-index.h>
#include <asm/word-at-a-time.h>

static ulong expect;
module_param(expect, ulong, 0444);
MODULE_PARM_DESC(expect, "pages that ring -1 owns (core_pages of HVMOD_GET_CAPS)");

struct tally {
	ulong pages, read_faults, write_faults, write_passes, crossings, wrong_crossings;
};

/* Return: false if the access ended in a fault. */
static bool try_read(const ulong *address, ulong *value)
{
	long fault = 0;

	asm volatile("1:	mov (%[addr]), %[value]\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_IMM_REG | EX_DATA_IMM(-1), %[fault])
		     : [value] "=r" (*value), [fault] "+r" (fault)
		     : [addr] "r" (address) : "memory");
	return !fault;
}

static bool try_write(ulong *address, ulong value)
{
	long fault = 0;

	asm volatile("1:	mov %[value], (%[addr])\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_IMM_REG | EX_DATA_IMM(-1), %[fault])
		     : [fault] "+r" (fault)
		     : [addr] "r" (address), [value] "r" (value) : "memory");
	return !fault;
}

/* Three bytes of the page before, and zeros. Linux knows what to do after #PF alone: #GP would be an oops. */
static bool try_crossing(const void *page)
{
	return !(load_unaligned_zeropad(page - 3) >> 24);
}

static u64 read_msr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (msr));
	return (u64)high << 32 | low;
}

static bool try_wrmsr(u32 msr, u64 value)
{
	long fault = 0;

	asm volatile("1:	wrmsr\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_IMM_REG | EX_DATA_IMM(-1), %[fault])
		     : [fault] "+r" (fault)
		     : "c" (msr), "a" ((u32)value), "d" ((u32)(value >> 32)) : "memory");
	return !fault;
}

/* Intel PT, its output; trace hub, fast zero memory, SEAMRR, hardware feedback. */
static const u32 denied[] = { 0x570, 0x560, 0x561, 0x80, 0x84, 0x1400, 0x17d0 };

/* Return: how many writes went the wrong way. */
static int probe_msrs(void)
{
	unsigned int wrong = 0, i;
	u64 base;

	preempt_disable();
	base = read_msr(MSR_IA32_APICBASE);
	wrong += try_wrmsr(MSR_IA32_APICBASE, base ^ PAGE_SIZE);
	/* No mode that there is: what the processor refuses must not stop ring -1. */
	wrong += try_wrmsr(MSR_IA32_APICBASE, (base & ~(u64)MSR_IA32_APICBASE_ENABLE) | X2APIC_ENABLE);
	wrong += !try_wrmsr(MSR_IA32_APICBASE, base);
	wrong += read_msr(MSR_IA32_APICBASE) != base;
	preempt_enable();
	for (i = 0; i < ARRAY_SIZE(denied); i++)
		wrong += try_wrmsr(denied[i], denied[i] == 0x17d0);
	return wrong;
}

static int probe_range(struct resource *res, void *arg)
{
	ulong pfn = PFN_UP(res->start), end = PFN_DOWN(res->end + 1);
	struct tally *tally = arg;
	bool readable = false;

	for (; pfn < end; pfn++) {
		ulong *address, value = 0;

		if (!pfn_valid(pfn))
			continue;
		address = pfn_to_kaddr(pfn);
		tally->pages++;
		if (try_read(address, &value)) {
			readable = true;
		} else {
			tally->read_faults++;
			if (readable) {
				tally->crossings++;
				tally->wrong_crossings += !try_crossing(address);
			}
			readable = false;
			if (try_write(address, value))
				tally->write_passes++;
			else
				tally->write_faults++;
		}
		if (!(pfn & 0xfff))
			cond_resched();
	}
	return 0;
}

static int __init hvmod_protect_init(void)
{
	struct tally tally = { 0 };
	int wrong;

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, -1, &tally,
			    probe_range);
	pr_info("%lu pages of RAM, %lu ended reads in a fault, %lu writes, %lu were written; ring -1 owns %lu\n",
		tally.pages, tally.read_faults, tally.write_faults, tally.write_passes, expect);
	pr_info("%lu words began before and ended in such a page, %lu with something of it\n",
		tally.crossings, tally.wrong_crossings);
	wrong = probe_msrs();
	pr_info("of the writes to %zu MSRs that name physical memory %d went the wrong way\n",
		ARRAY_SIZE(denied) + 1, wrong);
	if (wrong || !expect || !tally.crossings || tally.wrong_crossings || tally.read_faults != expect || tally.write_faults != expect)
		return -EIO;
	return 0;
}

static void __exit hvmod_protect_exit(void)
{
}

module_init(hvmod_protect_init);
module_exit(hvmod_protect_exit);
MODULE_DESCRIPTION("Tries to read and write the memory of hvmod's core");
MODULE_LICENSE("GPL");
