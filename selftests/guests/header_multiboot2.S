/* SPDX-License-Identifier: GPL-2.0-only */
#define MAGIC	0xE85250D6

	.section .header, "a"
	.align	8
header:
	.long	MAGIC, 0, header_end - header
	.long	0x100000000 - (MAGIC + (header_end - header))
	/* the information that is wanted: command line, module, sizes, map, RSDP */
	.align	8
1:	.short	1, 0
	.long	2f - 1b, 1, 3, 4, 6, 15
2:	.align	8
	/* modules on pages */
	.short	6, 0
	.long	8
	/* the end */
	.short	0, 0
	.long	8
header_end:

	.text
	.code32
	.globl	start_multiboot2
start_multiboot2:
	jmp	start
