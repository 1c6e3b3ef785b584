// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last words of ring -1. It leaves them in a page of Linux's and injects
 * an NMI; what can be done then is to say them and stop.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <asm/nmi.h>

#include "hvmod.h"

static struct hv_crash *hv_crash_page;

static int hv_crash_nmi(unsigned int type, struct pt_regs *regs)
{
	static const char * const names[16] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8 ", "r9 ", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	const struct hv_crash *crash = hv_crash_page;
	unsigned int i;

	if (likely(READ_ONCE(crash->magic) != HV_CRASH_MAGIC))
		return NMI_DONE;
	rmb(); /* the rest was written before the magic */
	pr_emerg("ring -1 failed on processor %u: %.*s\n", crash->cpu,
		 (int)sizeof(crash->text), crash->text);
	pr_emerg("vector %u error %#llx rip %#llx rsp %#llx rflags %#llx cr2 %#llx\n",
		 crash->vector, crash->error, crash->rip, crash->rsp,
		 crash->rflags, crash->cr2);
	for (i = 0; i < ARRAY_SIZE(names); i += 4)
		pr_emerg("%s %016llx %s %016llx %s %016llx %s %016llx\n",
			 names[i], crash->gpr[i],
			 names[i + 1], crash->gpr[i + 1],
			 names[i + 2], crash->gpr[i + 2],
			 names[i + 3], crash->gpr[i + 3]);
	pr_emerg("last exit: reason %#llx qualification %#llx rip %#llx\n",
		 crash->exit_reason, crash->qualification, crash->guest_rip);
	nmi_panic(regs, "hvmod: ring -1 failed");
	return NMI_HANDLED;
}

/**
 * hv_crash_init() - get ready for the last words of ring -1
 *
 * Process context, before hv_launch().
 *
 * Return: 0 or a negative errno.
 */
int hv_crash_init(void)
{
	int ret;

	BUILD_BUG_ON(sizeof(struct hv_crash) > PAGE_SIZE);
	hv_crash_page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!hv_crash_page)
		return -ENOMEM;
	ret = register_nmi_handler(NMI_LOCAL, hv_crash_nmi, NMI_FLAG_FIRST,
				   KBUILD_MODNAME);
	if (ret)
		free_page((unsigned long)hv_crash_page);
	return ret;
}

/**
 * hv_crash_exit() - undo hv_crash_init()
 *
 * Process context, when no processor is under ring -1.
 */
void hv_crash_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, KBUILD_MODNAME);
	free_page((unsigned long)hv_crash_page);
}

/**
 * hv_crash_pa() - physical address of the page, for struct hv_boot
 *
 * Return: the address.
 */
u64 hv_crash_pa(void)
{
	return virt_to_phys(hv_crash_page);
}
