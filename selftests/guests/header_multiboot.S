/* SPDX-License-Identifier: GPL-2.0-only */
#define MAGIC	0x1BADB002
#define FLAGS	0x3		/* modules on pages, sizes of memory */

	.section .header, "a"
	.align	4
	.long	MAGIC, FLAGS, -(MAGIC + FLAGS)

	.text
	.code32
	.globl	start_multiboot
start_multiboot:
	jmp	start
