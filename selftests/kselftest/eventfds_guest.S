/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest of eventfds.c: 16-bit code at GUEST_BASE, real mode. Each entry is
 * started by itself.
 */
#include "eventfds.h"

	.code16
	.section .rodata
	.globl guest, guest_end
guest:

	.macro entry name
	.pushsection .rodata.offsets, "a"
	.globl	offset_\name
offset_\name:
	.long	entry_\name - guest
	.popsection
entry_\name:
	.endm

	/* A store, then a word to the VMM. RAX and RDX are the test's. */
	entry out1
	out	%al, %dx
	out	%al, $PORT_DONE
	entry out2
	out	%ax, %dx
	out	%al, $PORT_DONE
	entry out4
	out	%eax, %dx
	out	%al, $PORT_DONE
	entry in1
	in	%dx, %al
	out	%al, $PORT_DONE
	entry outs1
	mov	$0x3000, %si
	outsb
	out	%al, $PORT_DONE

	/* Ring for ever. */
	entry ringing
1:	out	%al, %dx
	jmp	1b

	/* x2APIC on; two vectors, each with a counter. */
	.macro apic_on
	movw	$(handler_a - guest + 0x1000), VECTOR_A * 4
	movw	$0, VECTOR_A * 4 + 2
	movw	$(handler_b - guest + 0x1000), VECTOR_B * 4
	movw	$0, VECTOR_B * 4 + 2
	mov	$0x1b, %ecx
	rdmsr
	or	$0xc00, %eax
	wrmsr
	mov	$0x80f, %ecx
	mov	$0x1ff, %eax
	xor	%edx, %edx
	wrmsr
	.endm

	entry halting
	apic_on
	sti
1:	incl	WORD_LOOPS
	hlt
	jmp	1b

	entry spinning
	apic_on
	sti
1:	incl	WORD_LOOPS
	jmp	1b

	/* Ring for ever, interrupts on. */
	entry ringing_open
	apic_on
	mov	$PORT, %dx
	sti
1:	out	%al, %dx
	jmp	1b

	.macro handler word
	push	%eax
	push	%ecx
	push	%edx
	incl	\word
	mov	$0x80b, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	pop	%edx
	pop	%ecx
	pop	%eax
	iret
	.endm

handler_a:
	handler WORD_A
handler_b:
	handler WORD_B
guest_end:

	.section .note.GNU-stack, "", @progbits
