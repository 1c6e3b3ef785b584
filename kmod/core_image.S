/* SPDX-License-Identifier: GPL-2.0-only */
/* The linked image of ring -1, as data. */
	.section .rodata, "a"
	.balign	8
	.globl	hv_core_image
hv_core_image:
	.incbin	HV_CORE_BIN
	.globl	hv_core_image_end
hv_core_image_end:

	.section .note.GNU-stack, "", @progbits
