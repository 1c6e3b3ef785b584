/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bridge between Linux's page tables and the core's. This page is mapped
 * at the same address in Linux's and in those of the core's that are for the
 * way in and out (hv_boot.launch_cr3); it is in none that the core runs on:
 * Linux could change it.
 *
 * Offsets are those of struct hv_linux, asserted in launch.c and image.c.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/nospec-branch.h>

#include "compat.h"

#define LX_CORE_CR3	0
#define LX_CORE_RSP	8
#define LX_CORE_RIP	16
#define LX_OPERATION	24
#define LX_CPU		32
#define LX_RSP		40
#define LX_CR3		48
#define LX_LTR_GDT	56
#define LX_GDT		72
#define LX_IDT		88
#define LX_ES		104
#define LX_SS		108
#define LX_DS		110
#define LX_FS		112
#define LX_GS		114
#define LX_LDTR		116
#define LX_TR		118
#define LX_RIP		120
#define LX_RFLAGS	128
#define LX_PERF_GLOBAL	136
#define LX_CR4		144
#define LX_FS_BASE	152
#define LX_GS_BASE	160
#define LX_GPR		168
#define LX_DEBUGCTL	304
#define LX_HAS_PERF	504
#define CR4_PGE		0x80
#define CR4_LASS_BIT	27
#define CR4_FRED_BIT	32
#define MSR_DEBUGCTL	0x1d9
#define MSR_PERF_GLOBAL	0x38f
#define MSR_FS_BASE	0xc0000100
#define MSR_GS_BASE	0xc0000101

	.text
	.balign	64
SYM_CODE_START(hv_trampoline)
	ANNOTATE_NOENDBR
	UNWIND_HINT_UNDEFINED
	int3
SYM_CODE_END(hv_trampoline)

/*
 * u64 hv_enter_core(struct hv_linux *): interrupts are off. Comes back at
 * .Lback, in VMX non-root operation or with the reason why not in RAX.
 *
 * The core's addresses are in the lower half, where with CR4.LASS no
 * instruction may be fetched from (SDM volume 3, linear-address-space
 * separation): off it goes here, and Linux has it again in its VMCS or from
 * hv_leave_core(). So with BTS (IA32_DEBUGCTL; the driver has kept it) and the
 * counters: their records go to an address of Linux's.
 */
SYM_CODE_START(hv_enter_core)
	UNWIND_HINT_UNDEFINED
	ANNOTATE_NOENDBR
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	lea	.Lback(%rip), %rax
	mov	%rax, LX_RIP(%rdi)
	mov	%rsp, LX_RSP(%rdi)
	xor	%eax, %eax
	xor	%edx, %edx
	mov	$MSR_DEBUGCTL, %ecx
	wrmsr
	cmpq	$0, LX_HAS_PERF(%rdi)
	je	.Lno_counters
	mov	$MSR_PERF_GLOBAL, %ecx
	rdmsr
	mov	%eax, LX_PERF_GLOBAL(%rdi)
	mov	%edx, LX_PERF_GLOBAL+4(%rdi)
	or	%edx, %eax
	jz	.Lno_counters
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
.Lno_counters:
	mov	%cr4, %rax
	mov	%rax, LX_CR4(%rdi)
	btr	$CR4_LASS_BIT, %rax
	mov	%rax, %cr4
	mov	%cr3, %rax
	mov	%rax, LX_CR3(%rdi)
	mov	LX_CORE_CR3(%rdi), %rax
	mov	LX_CORE_RSP(%rdi), %rbx
	mov	LX_CORE_RIP(%rdi), %rcx
	mov	LX_CPU(%rdi), %rsi
	mov	LX_OPERATION(%rdi), %rdi
	mov	%rax, %cr3
	mov	%rbx, %rsp
	ANNOTATE_RETPOLINE_SAFE
	jmp	*%rcx
.Lback:
	UNWIND_HINT_UNDEFINED
	ANNOTATE_NOENDBR
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_CODE_END(hv_enter_core)

/*
 * From the core, out of VMX, still on its page tables: RDI = struct hv_linux
 * (Linux's address), RSI = CR3, RDX = CR4. LTR wants a TSS that is not busy,
 * and Linux's own GDT is read-only: so a copy first. Toggling PGE drops what
 * the TLB held of Linux from before the launch. CR4 may bring LASS: from there
 * on no address is in the lower half. FRED comes when the base of GS is
 * Linux's, because its handler of NMIs takes it for that.
 */
SYM_CODE_START(hv_leave_core)
	UNWIND_HINT_UNDEFINED
	ENDBR
	mov	%rsi, %cr3
	lgdt	LX_LTR_GDT(%rdi)
	ltr	LX_TR(%rdi)
	lidt	LX_IDT(%rdi)
	lgdt	LX_GDT(%rdi)
	mov	%rdx, %rsi
	btr	$CR4_FRED_BIT, %rdx
	mov	%rdx, %rax
	and	$~CR4_PGE, %rax
	mov	%rax, %cr4
	mov	%rdx, %cr4
	lldt	LX_LDTR(%rdi)
	mov	LX_ES(%rdi), %es
	mov	LX_DS(%rdi), %ds
	mov	LX_SS(%rdi), %ss
	mov	LX_FS(%rdi), %fs
	mov	LX_GS(%rdi), %gs
	mov	$MSR_FS_BASE, %ecx
	mov	LX_FS_BASE(%rdi), %eax
	mov	LX_FS_BASE+4(%rdi), %edx
	wrmsr
	mov	$MSR_GS_BASE, %ecx
	mov	LX_GS_BASE(%rdi), %eax
	mov	LX_GS_BASE+4(%rdi), %edx
	wrmsr
	mov	%rsi, %cr4
	mov	$MSR_DEBUGCTL, %ecx
	mov	LX_DEBUGCTL(%rdi), %eax
	mov	LX_DEBUGCTL+4(%rdi), %edx
	wrmsr
	cmpq	$0, LX_PERF_GLOBAL(%rdi)
	je	.Lno_counting
	mov	$MSR_PERF_GLOBAL, %ecx
	mov	LX_PERF_GLOBAL(%rdi), %eax
	mov	LX_PERF_GLOBAL+4(%rdi), %edx
	wrmsr
.Lno_counting:
	mov	LX_RSP(%rdi), %rsp
	push	LX_RIP(%rdi)
	push	LX_RFLAGS(%rdi)
	mov	LX_GPR(%rdi), %rax
	mov	LX_GPR+8(%rdi), %rcx
	mov	LX_GPR+16(%rdi), %rdx
	mov	LX_GPR+24(%rdi), %rbx
	mov	LX_GPR+40(%rdi), %rbp
	mov	LX_GPR+48(%rdi), %rsi
	mov	LX_GPR+64(%rdi), %r8
	mov	LX_GPR+72(%rdi), %r9
	mov	LX_GPR+80(%rdi), %r10
	mov	LX_GPR+88(%rdi), %r11
	mov	LX_GPR+96(%rdi), %r12
	mov	LX_GPR+104(%rdi), %r13
	mov	LX_GPR+112(%rdi), %r14
	mov	LX_GPR+120(%rdi), %r15
	mov	LX_GPR+56(%rdi), %rdi
	popfq
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_CODE_END(hv_leave_core)

SYM_CODE_START(hv_trampoline_end)
	ANNOTATE_NOENDBR
	UNWIND_HINT_UNDEFINED
	int3
SYM_CODE_END(hv_trampoline_end)
