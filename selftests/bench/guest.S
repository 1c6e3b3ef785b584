/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests of the benchmark: 16-bit code at address 0, real mode. Each one does
 * its thing COUNT times and reports the TSC ticks of it all on port 0x10.
 * Three instructions of each round are the loop's.
 */
#define COUNT	200

	.code16
	.macro guest name
	.globl	guest_\name, guest_\name\()_end
guest_\name:
	mov	$COUNT, %esi
	rdtsc
	mov	%eax, %edi
1:	xor	%eax, %eax
	.endm

	.macro done name
	dec	%esi
	jnz	1b
	rdtsc
	sub	%edi, %eax
	out	%eax, $0x10
	hlt
guest_\name\()_end:
	.endm

	.section .rodata
	guest nothing
	done nothing

	guest cpuid
	cpuid
	done cpuid

	guest vmcall
	.byte	0x0f, 0x01, 0xc1
	done vmcall

	guest rdmsr
	mov	$0x3b, %cx
	rdmsr
	done rdmsr

	guest out
	out	%al, $0x80
	done out

	guest in
	in	$0x80, %al
	done in

	.section .note.GNU-stack, "", @progbits
