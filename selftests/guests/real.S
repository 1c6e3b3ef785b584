/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flat binary for real mode at 0x7C00: what a boot sector finds, and more. It
 * prints TAP on COM1 and ends by the debug-exit port, with the same values as
 * the other test guest.
 */
#define COM1		0x3F8
#define COM1_SCRATCH	0x3FF
#define COM1_STATUS	0x3FD
#define DEBUG_EXIT	0x501
#define EXIT_PASSED	32
#define EXIT_FAILED	33
#define FAR_AWAY	0x200000	/* 2 MiB */
#define PATTERN		0x12345678

	/* Case %\number: passed if ZF is set. */
	.macro	result text
	mov	$2f, %si
	call	report
	.section .text.strings, "ax"
2:	.asciz	"\text"
	.text
	.endm

	/* Vector \vector leads to \handler. */
	.macro	handle vector, handler
	movw	$\handler, 4 * \vector
	movw	%cs, 4 * \vector + 2
	.endm

	.text
	.code16
	.globl	start
start:
	/* As little as a boot loader promises: CS:IP. */
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7C00, %sp

	call	1f
1:	pop	%ax
	cmp	$1b, %ax
	result	"IP is what it was assembled for"

	mov	%cr0, %eax
	test	$1, %al
	result	"real mode"

	/* CPUID */
	xor	%eax, %eax
	cpuid
	cmp	$1, %eax
	jb	1f
	cmp	$0x756E6547, %ebx		/* Genu */
	jne	1f
	cmp	$0x49656E69, %edx		/* ineI */
	jne	1f
	cmp	$0x6C65746E, %ecx		/* ntel */
1:	result	"CPUID: the vendor"
	mov	$1, %eax
	cpuid
	bt	$31, %ecx
	setnc	%al
	test	%al, %al
	result	"CPUID: a hypervisor is present"

	/* port I/O, by immediate and by DX, and strings */
	mov	$COM1_SCRATCH, %dx
	mov	$0xA5, %al
	out	%al, %dx
	xor	%ax, %ax
	in	%dx, %al
	cmp	$0xA5, %ax
	result	"OUT and IN of a byte"
	mov	$-1, %eax
	in	$0x80, %ax
	inc	%eax
	result	"IN of a word from a port that nobody has: all ones"
	xor	%eax, %eax
	in	$0x84, %eax
	inc	%eax
	result	"and of four bytes"
	mov	$bytes, %si
	mov	$COM1_SCRATCH, %dx
	mov	$4, %cx
	rep outsb
	test	%cx, %cx
	jnz	1f
	cmp	$(bytes + 4), %si
	jne	1f
	in	%dx, %al
	cmp	$0x44, %al
1:	result	"REP OUTSB: count, index, the last byte"
	mov	$buffer, %di
	mov	$3, %cx
	movb	$0, buffer + 3
	rep insb
	cmp	$(buffer + 3), %di
	jne	1f
	cmpl	$0x00444444, buffer
1:	result	"REP INSB: three bytes, no more"
	std
	mov	$(bytes + 1), %si
	mov	$2, %cx
	rep outsb
	cld
	cmp	$(bytes - 1), %si
	jne	1f
	in	%dx, %al
	cmp	$0x11, %al
1:	result	"REP OUTSB downwards"
	mov	$0x4400, %ax
	mov	%ax, %fs
	movb	$0x77, %fs:0x10
	mov	$0x10, %si
	fs outsb
	in	%dx, %al
	cmp	$0x77, %al
	result	"OUTSB from another segment"

	/* interrupts by the vector table */
	handle	0x60, on_soft
	xor	%bx, %bx
	int	$0x60
	cmp	$1, %bx
	result	"INT by the vector table"
	handle	0, on_fault
	xor	%dx, %dx
	mov	$1, %ax
	movw	$1f, resume
	xor	%bx, %bx
	mov	$0xEE, %cl
	div	%bx
	mov	$0, %cl
1:	cmp	$0xEE, %cl
	result	"a division by zero is interrupt 0"
	handle	13, on_fault
	movw	$1f, resume
	mov	$0xEE, %cl
	mov	$0xFFFF, %bx
	mov	(%bx), %ax
	mov	$0, %cl
1:	cmp	$0xEE, %cl
	result	"a word at offset 0xFFFF is interrupt 13"
	handle	6, on_fault
	movw	$1f, resume
	mov	$0xEE, %cl
	ud2
	mov	$0, %cl
1:	cmp	$0xEE, %cl
	result	"UD2 is interrupt 6"
	movw	$1f, resume
	mov	$0xEE, %cl
	mov	$0x10000, %ebx
	mov	(%ebx), %al
	mov	$0, %cl
1:	cmp	$0xEE, %cl
	result	"an offset above 64 KiB is interrupt 13"

	/* unreal mode: a limit of 4 GiB survives the way back */
	lgdtl	gdt_pointer
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	mov	$8, %bx
	mov	%bx, %ds
	and	$0xFE, %al
	mov	%eax, %cr0
	xor	%bx, %bx
	mov	%bx, %ds
	mov	$FAR_AWAY, %ebx
	movl	$PATTERN, (%ebx)
	cmpl	$PATTERN, (%ebx)
	result	"unreal mode: data at 2 MiB"
	mov	%cr0, %eax
	test	$1, %al
	result	"unreal mode: it is real mode again"
	mov	$(1 << 20) + 0x500, %ebx
	movl	$PATTERN, (%ebx)
	movl	$0, 0x500
	cmpl	$PATTERN, (%ebx)
	result	"1 MiB is not wrapped to 0"
	int	$0x60
	jmp	1f
1:	cmp	%ax, %ax
	result	"interrupts work in unreal mode"

	/* protected mode and back, by far jumps */
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$0x10, $in_protected_mode
	.code32
in_protected_mode:
	mov	$8, %ecx
	mov	%ecx, %es
	mov	%es:FAR_AWAY, %edi
	ljmp	$0x18, $in_16_bits
	.code16
in_16_bits:
	and	$0xFE, %al
	mov	%eax, %cr0
	ljmp	$0, $back
back:
	xor	%bx, %bx
	mov	%bx, %es
	cmp	$PATTERN, %edi
	result	"protected mode and back"

	/* the plan and the end */
	mov	$plan, %si
	call	print
	mov	cases, %ax
	call	print_number
	mov	$newline, %si
	call	print
	mov	$EXIT_PASSED, %al
	cmpw	$0, failures
	je	1f
	mov	$EXIT_FAILED, %al
1:	mov	$DEBUG_EXIT, %dx
	out	%al, %dx
1:	hlt
	jmp	1b

on_soft:
	inc	%bx
	iret

/* Goes on at the address that the test left. */
on_fault:
	mov	%sp, %bp
	mov	resume, %ax
	mov	%ax, (%bp)
	iret

/* The case that %si names; ZF says how it went. */
report:
	jz	1f
	incw	failures
	push	%si
	mov	$not, %si
	call	print
	pop	%si
1:	push	%si
	mov	$okay, %si
	call	print
	incw	cases
	mov	cases, %ax
	call	print_number
	mov	$dash, %si
	call	print
	pop	%si
	call	print
	mov	$newline, %si
	jmp	print

/* %ax, below 100 */
print_number:
	mov	$10, %bl
	div	%bl
	add	$0x3030, %ax
	push	%ax
	cmp	$'0', %al
	je	1f
	call	put
1:	pop	%ax
	mov	%ah, %al
	jmp	put

print:
	lodsb
	test	%al, %al
	jz	1f
	call	put
	jmp	print
1:	ret

put:
	push	%dx
	push	%ax
	mov	$COM1_STATUS, %dx
1:	in	%dx, %al
	test	$0x20, %al
	jz	1b
	pop	%ax
	mov	$COM1, %dx
	out	%al, %dx
	pop	%dx
	ret

not:	.asciz	"not "
okay:	.asciz	"ok "
dash:	.asciz	" - "
plan:	.asciz	"1.."
newline: .asciz	"\n"
bytes:	.byte	0x11, 0x22, 0x33, 0x44
	.align	8
gdt:	.quad	0
	.quad	0x00CF92000000FFFF	/* 0x08: 4 GiB of data */
	.quad	0x00CF9A000000FFFF	/* 0x10: 32-bit code */
	.quad	0x00009A000000FFFF	/* 0x18: 16-bit code */
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt
cases:	.word	0
failures: .word	0
resume:	.word	0
buffer:	.long	0

	.section .note.GNU-stack, "", @progbits
