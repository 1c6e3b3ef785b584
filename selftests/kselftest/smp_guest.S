/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest of smp.c: 16-bit code at GUEST_BASE, real mode. The first vCPU
 * brings the others up, then sends an interrupt to the second again and again,
 * each time when it has been answered.
 */
#include "smp.h"

	.code16
	.section .rodata
	.globl guest, guest_end
guest:
	jmp	first

	.macro apic_on
	mov	$0x1b, %ecx
	rdmsr
	or	$0xc00, %eax
	wrmsr
	mov	$0x80f, %ecx
	mov	$0x1ff, %eax
	xor	%edx, %edx
	wrmsr
	.endm

	.macro end_of_interrupt
	mov	$0x80b, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	.endm

	/* ICR: the lower and the upper half. */
	.macro send low, high
	mov	$0x830, %ecx
	mov	$(\low), %eax
	mov	$(\high), %edx
	wrmsr
	.endm

	.macro vector number, handler
	movw	$(\handler - guest + 0x1000), (\number) * 4
	movw	$0, (\number) * 4 + 2
	.endm

first:
	vector	VECTOR_PING, ping
	vector	VECTOR_PONG, pong
	/* JMP FAR to "second", where SIPI leads. */
	movb	$0xea, SIPI_VECTOR << 12
	movw	$(second - guest + 0x1000), (SIPI_VECTOR << 12) + 1
	movw	$0, (SIPI_VECTOR << 12) + 3
	apic_on
	/* INIT, SIPI, SIPI to all but self. */
	send	0xc4500, 0
	send	(0xc4600 | SIPI_VECTOR), 0
	send	(0xc4600 | SIPI_VECTOR), 0
	sti
next:
	mov	WORD_ROUNDS, %ebx
	cmp	WORD_GO, %ebx
	jae	idle
	send	VECTOR_PING, 1
wait:
	cmp	WORD_ROUNDS, %ebx
	jne	next
	cmpl	$0, WORD_SPIN
	jne	wait
	/* An answer between the look and HLT stays pending behind STI. */
	cli
	cmp	WORD_ROUNDS, %ebx
	jne	1f
	sti
	hlt
	jmp	wait
1:	sti
	jmp	next
	/* The test's interrupt ends it. */
idle:
	hlt
	jmp	next

second:
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	apic_on
	/* A stack of its own, by APIC id. */
	mov	$0x802, %ecx
	rdmsr
	mov	%eax, %esi
	shl	$8, %eax
	mov	$0x5000, %esp
	sub	%eax, %esp
	lock incl WORD_UP
	sti
1:	cmpl	$0, WORD_SPIN
	jne	1b
	hlt
	jmp	1b

	.macro handler word:vararg
	push	%eax
	push	%ecx
	push	%edx
	incl	\word
	end_of_interrupt
	.endm

	.macro handled
	pop	%edx
	pop	%ecx
	pop	%eax
	iret
	.endm

ping:
	handler	WORD_PINGS(, %esi, 4)
	send	VECTOR_PONG, 0
	handled
pong:
	handler	WORD_ROUNDS
	handled
guest_end:

	.section .note.GNU-stack, "", @progbits
