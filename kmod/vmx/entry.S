/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways into and out of root mode.
 *
 * Offsets into struct cpu and struct ctx are asserted in core/cpu.h.
 */
#define CPU_STACK	8
#define CPU_VERW	24
#define CTX_LAUNCHED	128
#define CTX_DOMU	136

	.section .head, "a"
	.globl image_header
image_header:
	.quad	0x45524f43444f4d56	/* HV_IMAGE_MAGIC */
	.quad	image_start
	.quad	text_size
	.quad	rodata_size
	.quad	image_size
	.quad	core_entry
	.quad	boot
	.quad	19 * 4096		/* AREA_PAGES */
	.quad	0xa840			/* AREA_GUARDS */

	.text

/* From the trampoline, on the core's page tables and stack: RDI = operation, RSI = processor. */
	.globl core_entry
core_entry:
	endbr64
	xor	%ebp, %ebp
	call	core_enter
	ud2

/*
 * A VM exit lands here with RSP just behind the register array of the context
 * that ran (HOST_RSP). Pushing fills the array; then the stack is the
 * processor's. What a DomU left in registers that C code does not set first is
 * cleared, so that none of it steers speculation in root mode.
 */
	.globl vmexit_entry
	.balign	16
vmexit_entry:
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%r11
	push	%r10
	push	%r9
	push	%r8
	push	%rdi
	push	%rsi
	push	%rbp
	lea	-8(%rsp), %rsp
	push	%rbx
	push	%rdx
	push	%rcx
	push	%rax
	mov	%rsp, %rdi
	mov	%gs:CPU_STACK, %rsp
	xor	%ebx, %ebx
	xor	%ebp, %ebp
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	call	dispatch
	mov	%rax, %rsp
.Lresume:
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rbx
	lea	8(%rsp), %rsp
	pop	%rbp
	pop	%rsi
	pop	%rdi
	pop	%r8
	pop	%r9
	pop	%r10
	pop	%r11
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	cmpb	$0, %gs:CPU_VERW
	jne	.Lverw
.Lenter:
	cmpb	$0, CTX_LAUNCHED-128(%rsp)
	je	1f
	vmresume
	jmp	2f
1:	movb	$1, CTX_LAUNCHED-128(%rsp)
	vmlaunch
2:	lea	-128(%rsp), %rdi
	mov	%gs:CPU_STACK, %rsp
	call	entry_failed
	ud2

/*
 * A DomU finds in the processor's buffers what was loaded last, so this comes
 * after the last load of anything that is not its own.
 */
.Lverw:
	cmpb	$0, CTX_DOMU-128(%rsp)
	je	.Lenter
	verw	%gs:CPU_VERW
	jmp	.Lenter

/* RDI = struct ctx to go on with; its VMCS is current. */
	.globl resume
resume:
	mov	%rdi, %rsp
	jmp	.Lresume

/*
 * This processor is out of VMX. RDI = Linux's address of its struct hv_linux,
 * RSI = Linux's CR3, RDX = its CR4, RCX = the stub that loads the rest.
 */
	.globl return_to_linux
return_to_linux:
	jmp	*%rcx

/*
 * bool wrmsr_ok(u32 msr, u64 value), bool rdmsr_ok(u32 msr, u64 *value): after
 * #GP at one of their instructions fault() goes on at msr_refused.
 */
	.globl wrmsr_ok, wrmsr_ok_instruction, rdmsr_ok, rdmsr_ok_instruction, msr_refused
wrmsr_ok:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
wrmsr_ok_instruction:
	wrmsr
	mov	$1, %eax
	ret
rdmsr_ok:
	mov	%edi, %ecx
rdmsr_ok_instruction:
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%rsi)
	mov	$1, %eax
	ret
msr_refused:
	xor	%eax, %eax
	ret

/*
 * Faults in root mode. Each stub pushes an error code where the processor did
 * not, and the vector.
 */
	.altmacro
	.macro fault_stub vector
	.balign	16
	.if (\vector == 8) || (\vector >= 10 && \vector <= 14) || (\vector == 17) || (\vector == 21)
	.else
	push	$0
	.endif
	push	$\vector
	jmp	fault_common
	.endm

	.balign	16
	.globl fault_stubs
fault_stubs:
	.set	v, 0
	.rept	32
	fault_stub %v
	.set	v, v + 1
	.endr

fault_common:
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%r11
	push	%r10
	push	%r9
	push	%r8
	push	%rdi
	push	%rsi
	push	%rbp
	push	%rsp
	push	%rbx
	push	%rdx
	push	%rcx
	push	%rax
	cld
	mov	%rsp, %rdi
	call	fault
	/* NMI and machine check in root mode come back. */
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rbx
	lea	8(%rsp), %rsp
	pop	%rbp
	pop	%rsi
	pop	%rdi
	pop	%r8
	pop	%r9
	pop	%r10
	pop	%r11
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	add	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
