// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks ring -1 for a deliberate fault, which it grants only to an hvmod.ko
 * that was loaded with selftest=1. The machine panics then, and says with what
 * registers ring -1 stopped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "ring1.h"

static uint kind;
module_param(kind, uint, 0444);
MODULE_PARM_DESC(kind, "0 invalid opcode, 1 page fault, 2 a failed check");

static int __init hvmod_fault_init(void)
{
	long ret = hv_gate(GATE_FAULT, kind, 0, 0, 0, NULL);

	pr_info("ring -1 answered %ld\n", ret);
	return ret ?: -EIO;
}

static void __exit hvmod_fault_exit(void)
{
}

module_init(hvmod_fault_init);
module_exit(hvmod_fault_exit);
MODULE_DESCRIPTION("Asks hvmod's core for a fault");
MODULE_LICENSE("GPL");
