/* SPDX-License-Identifier: GPL-2.0-only */
#define XEN_ELFNOTE_PHYS32_ENTRY	18
#define START_MAGIC			0x336EC578

	.section .note.xen, "a", @note
	.align	4
	.long	4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.quad	start_pvh

	.text
	.code32
	.globl	start_pvh
start_pvh:
	mov	$START_MAGIC, %eax
	jmp	start
