/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processor's instructions and registers that ring -1 uses. Names of
 * registers and bits are the SDM's.
 */
#ifndef HVMOD_CORE_X86_H
#define HVMOD_CORE_X86_H

#include "types.h"

#define CR0_PE			BIT(0)
#define CR0_MP			BIT(1)
#define CR0_TS			BIT(3)
#define CR0_ET			BIT(4)
#define CR0_NE			BIT(5)
#define CR0_WP			BIT(16)
#define CR0_AM			BIT(18)
#define CR0_NW			BIT(29)
#define CR0_CD			BIT(30)
#define CR0_PG			BIT(31)
#define CR0_DEFINED		(CR0_PE | CR0_MP | BIT(2) | CR0_TS | CR0_ET | CR0_NE | \
				 CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)

#define CR4_PSE			BIT(4)
#define CR4_PAE			BIT(5)
#define CR4_MCE			BIT(6)
#define CR4_PGE			BIT(7)
#define CR4_OSFXSR		BIT(9)
#define CR4_OSXMMEXCPT		BIT(10)
#define CR4_UMIP		BIT(11)
#define CR4_LA57		BIT(12)
#define CR4_VMXE		BIT(13)
#define CR4_SMXE		BIT(14)
#define CR4_FSGSBASE		BIT(16)
#define CR4_PCIDE		BIT(17)
#define CR4_OSXSAVE		BIT(18)
#define CR4_SMEP		BIT(20)
#define CR4_SMAP		BIT(21)
#define CR4_PKE			BIT(22)
#define CR4_CET			BIT(23)
#define CR4_PKS			BIT(24)
#define CR4_UINTR		BIT(25)
#define CR4_LASS		BIT(27)
#define CR4_LAM_SUP		BIT(28)
#define CR4_FRED		BIT(32)

#define DR7_FIXED		BIT(10)

#define EFER_SCE		BIT(0)
#define EFER_LME		BIT(8)
#define EFER_LMA		BIT(10)
#define EFER_NXE		BIT(11)

#define RFLAGS_FIXED		BIT(1)
#define RFLAGS_TF		BIT(8)
#define RFLAGS_IF		BIT(9)
#define RFLAGS_VM		BIT(17)
#define RFLAGS_AC		BIT(18)

#define MSR_TSC			0x10
#define MSR_APIC_BASE		0x1b
#define MSR_TEST_CTRL		0x33
#define MSR_FEATURE_CONTROL	0x3a
#define MSR_TSC_ADJUST		0x3b
#define MSR_SPEC_CTRL		0x48
#define MSR_PRED_CMD		0x49
#define MSR_BIOS_SIGN_ID	0x8b	/* revision of the microcode */
#define MSR_CORE_CAPABILITIES	0xcf
#define MSR_MTRRCAP		0xfe
#define MSR_ARCH_CAPABILITIES	0x10a
#define MSR_FLUSH_CMD		0x10b
#define MSR_SYSENTER_CS		0x174
#define MSR_SYSENTER_ESP	0x175
#define MSR_SYSENTER_EIP	0x176
#define MSR_MISC_ENABLE		0x1a0
#define MSR_DEBUGCTL		0x1d9
#define MSR_MTRR_PHYSBASE0	0x200
#define MSR_PAT			0x277
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MSR_VMX_BASIC		0x480
#define MSR_VMX_PINBASED	0x481
#define MSR_VMX_PROCBASED	0x482
#define MSR_VMX_EXIT		0x483
#define MSR_VMX_ENTRY		0x484
#define MSR_VMX_MISC		0x485
#define MSR_VMX_CR0_FIXED0	0x486
#define MSR_VMX_CR0_FIXED1	0x487
#define MSR_VMX_CR4_FIXED0	0x488
#define MSR_VMX_CR4_FIXED1	0x489
#define MSR_VMX_PROCBASED2	0x48b
#define MSR_VMX_EPT_VPID_CAP	0x48c
#define MSR_VMX_TRUE_PINBASED	0x48d
#define MSR_VMX_TRUE_PROCBASED	0x48e
#define MSR_VMX_TRUE_EXIT	0x48f
#define MSR_VMX_TRUE_ENTRY	0x490
#define MSR_VMX_LAST		0x4ff
#define MSR_PERF_CAPABILITIES	0x345
#define MSR_PERF_GLOBAL_CTRL	0x38f
#define MSR_PEBS_ENABLE		0x3f1
#define MSR_TSC_DEADLINE	0x6e0
#define MSR_X2APIC_FIRST	0x800
#define MSR_X2APIC_LAST		0x8ff
#define MSR_XSS			0xda0
#define XSS_PT			BIT(8)
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_SFMASK		0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103

#define TEST_CTRL_SPLIT_LOCK	BIT(29)	/* a split lock is #AC */
#define DEBUGCTL_BTF		BIT(1)
#define DR7_GD			BIT(13)

#define FEATURE_CONTROL_LOCK	BIT(0)
#define FEATURE_CONTROL_VMX	BIT(2)	/* outside SMX */

#define VECTOR_DB		1
#define VECTOR_NMI		2
#define VECTOR_UD		6
#define VECTOR_NM		7
#define VECTOR_DF		8
#define VECTOR_SS		12
#define VECTOR_GP		13
#define VECTOR_PF		14
#define PF_WRITE		BIT(1)	/* of its error code */
#define PF_FETCH		BIT(4)
#define VECTOR_AC		17
#define VECTOR_MC		18

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

#include "insn.h"

static inline bool is_canonical(u64 address)
{
	return (u64)((s64)(address << 16) >> 16) == address;
}

/* A ticket-less lock: lock() is in machine.h. */
struct lock {
	u32 held;
};

static inline void unlock(struct lock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

#endif
