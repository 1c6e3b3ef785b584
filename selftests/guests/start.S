/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From 32-bit code without paging to 64-bit C, on the first processor; the
 * others come from real mode by way of a page at AP_PAGE.
 */
#include "layout.h"

#define CR0_PE		0x1
#define CR0_WP		0x10000
#define CR0_PG		0x80000000
#define CR4_PAE		0x20
#define MSR_EFER	0xC0000080
#define EFER_LME_NXE	0x900
#define PRESENT_WRITE	0x3
#define LARGE		0x80

	/* In: CR3 is to be loaded with %edi. */
	.macro	long_mode code
	mov	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	%edi, %cr3
	mov	$MSR_EFER, %ecx
	mov	$EFER_LME_NXE, %eax
	xor	%edx, %edx
	wrmsr
	mov	$(CR0_PG | CR0_WP | CR0_PE), %eax
	mov	%eax, %cr0
	ljmp	$SELECTOR_CODE, $\code
	.endm

	.text
	.code32
	.globl	start
start:
	cli
	cld
	mov	%eax, boot_magic
	mov	%ebx, boot_info
	mov	$stack_end, %esp
	/* 4 GiB one to one, in pages of 2 MiB */
	mov	$(pdpt + PRESENT_WRITE), %eax
	mov	%eax, pml4
	mov	$(directories + PRESENT_WRITE), %eax
	mov	$pdpt, %edi
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$4096, %eax
	add	$8, %edi
	loop	1b
	mov	$(LARGE + PRESENT_WRITE), %eax
	mov	$directories, %edi
	mov	$(4 * 512), %ecx
1:	mov	%eax, (%edi)
	add	$(2 << 20), %eax
	add	$8, %edi
	loop	1b
	lgdt	gdt_pointer
	mov	$pml4, %edi
	long_mode start_64

	.code64
start_64:
	mov	$SELECTOR_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$stack_end, %rsp
	mov	boot_magic, %edi
	mov	boot_info, %esi
	call	guest_main
1:	hlt
	jmp	1b

/* Copied to AP_PAGE: addresses of its own are relative to that. */
#define AP(label)	((label) - ap_start + AP_PAGE)

	.code16
	.globl	ap_start, ap_end
ap_start:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	lgdtl	AP(ap_gdt_pointer)
	mov	$CR0_PE, %eax
	mov	%eax, %cr0
	ljmpl	$SELECTOR_CODE_32, $AP(ap_32)
	.code32
ap_32:
	mov	$SELECTOR_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %ss
	mov	$pml4, %edi
	long_mode ap_64
	.align	8
ap_gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
ap_end:

	.code64
ap_64:
	mov	$SELECTOR_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$1, %edi
	lock xadd %edi, ap_ticket
	mov	%edi, %eax
	inc	%eax
	shl	$STACK_SHIFT, %eax
	add	$ap_stacks, %eax
	mov	%eax, %esp
	call	ap_main
1:	hlt
	jmp	1b

	.data
	.align	16
	.globl	gdt
gdt:
	.quad	0
	.quad	0x00AF9B000000FFFF	/* SELECTOR_CODE */
	.quad	0x00CF93000000FFFF	/* SELECTOR_DATA */
	.quad	0x00CF9B000000FFFF	/* SELECTOR_CODE_32 */
	.quad	0x00CFF3000000FFFF	/* SELECTOR_USER_DATA */
	.quad	0x00AFFB000000FFFF	/* SELECTOR_USER_CODE */
	.quad	0, 0			/* SELECTOR_TSS */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.quad	gdt

	.globl	ap_ticket
ap_ticket:
	.long	0
boot_magic:
	.long	0
boot_info:
	.long	0

	.bss
	.align	4096
	.globl	pml4, stack_end
pml4:
	.skip	4096
pdpt:
	.skip	4096
directories:
	.skip	4 * 4096
	.skip	1 << STACK_SHIFT
stack_end:
ap_stacks:
	.skip	CPUS_MAX << STACK_SHIFT

	.section .note.GNU-stack, "", @progbits
