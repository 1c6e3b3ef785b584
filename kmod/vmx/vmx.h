/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VT-x: VMCS fields (SDM volume 3, appendix B), control bits (25.6 to 25.8),
 * exit reasons (appendix C) and the instructions.
 */
#ifndef HVMOD_VMX_H
#define HVMOD_VMX_H

#include "../core/types.h"

enum vmcs_field {
	VPID				= 0x0000,
	GUEST_ES_SELECTOR		= 0x0800,	/* then CS SS DS FS GS LDTR TR */
	GUEST_INTERRUPT_STATUS		= 0x0810,	/* SVI and RVI */
	HOST_ES_SELECTOR		= 0x0c00,	/* then CS SS DS FS GS */
	HOST_CS_SELECTOR		= 0x0c02,
	HOST_SS_SELECTOR		= 0x0c04,
	HOST_DS_SELECTOR		= 0x0c06,
	HOST_FS_SELECTOR		= 0x0c08,
	HOST_GS_SELECTOR		= 0x0c0a,
	HOST_TR_SELECTOR		= 0x0c0c,
	MSR_BITMAP			= 0x2004,
	TSC_OFFSET			= 0x2010,
	VIRTUAL_APIC_PAGE		= 0x2012,
	APIC_ACCESS_ADDRESS		= 0x2014,
	EPT_POINTER			= 0x201a,
	EOI_EXIT_BITMAP0		= 0x201c,	/* of four */
	XSS_EXITING_BITMAP		= 0x202c,
	INJECTED_EVENT_DATA		= 0x2052,
	GUEST_PHYSICAL_ADDRESS		= 0x2400,
	ORIGINAL_EVENT_DATA		= 0x2404,
	VMCS_LINK_POINTER		= 0x2800,
	GUEST_DEBUGCTL			= 0x2802,
	GUEST_PAT			= 0x2804,
	GUEST_EFER			= 0x2806,
	GUEST_PERF_GLOBAL_CTRL		= 0x2808,
	GUEST_PDPTE0			= 0x280a,	/* then 1 2 3 */
	HOST_PAT			= 0x2c00,
	HOST_EFER			= 0x2c02,
	HOST_PERF_GLOBAL_CTRL		= 0x2c04,
	PIN_BASED_CONTROLS		= 0x4000,
	PROC_BASED_CONTROLS		= 0x4002,
	EXCEPTION_BITMAP		= 0x4004,
	PF_ERROR_MASK			= 0x4006,
	PF_ERROR_MATCH			= 0x4008,
	CR3_TARGET_COUNT		= 0x400a,
	EXIT_CONTROLS			= 0x400c,
	EXIT_MSR_STORE_COUNT		= 0x400e,
	EXIT_MSR_LOAD_COUNT		= 0x4010,
	ENTRY_CONTROLS			= 0x4012,
	ENTRY_MSR_LOAD_COUNT		= 0x4014,
	ENTRY_INTERRUPTION_INFO		= 0x4016,
	ENTRY_EXCEPTION_ERROR		= 0x4018,
	ENTRY_INSTRUCTION_LENGTH	= 0x401a,
	TPR_THRESHOLD			= 0x401c,
	PROC_BASED_CONTROLS2		= 0x401e,
	VM_INSTRUCTION_ERROR		= 0x4400,
	EXIT_REASON			= 0x4402,
	EXIT_INTERRUPTION_INFO		= 0x4404,
	EXIT_INTERRUPTION_ERROR		= 0x4406,
	IDT_VECTORING_INFO		= 0x4408,
	IDT_VECTORING_ERROR		= 0x440a,
	EXIT_INSTRUCTION_LENGTH		= 0x440c,
	EXIT_INSTRUCTION_INFO		= 0x440e,
	GUEST_ES_LIMIT			= 0x4800,	/* then CS SS DS FS GS LDTR TR */
	GUEST_GDTR_LIMIT		= 0x4810,
	GUEST_IDTR_LIMIT		= 0x4812,
	GUEST_ES_ACCESS			= 0x4814,	/* then CS SS DS FS GS LDTR TR */
	GUEST_CS_ACCESS			= 0x4816,
	GUEST_SS_ACCESS			= 0x4818,
	GUEST_INTERRUPTIBILITY		= 0x4824,
	GUEST_ACTIVITY			= 0x4826,
	GUEST_SYSENTER_CS		= 0x482a,
	PREEMPTION_TIMER		= 0x482e,
	HOST_SYSENTER_CS		= 0x4c00,
	CR0_MASK			= 0x6000,
	CR4_MASK			= 0x6002,
	CR0_SHADOW			= 0x6004,
	CR4_SHADOW			= 0x6006,
	EXIT_QUALIFICATION		= 0x6400,
	GUEST_LINEAR_ADDRESS		= 0x640a,
	GUEST_CR0			= 0x6800,
	GUEST_CR3			= 0x6802,
	GUEST_CR4			= 0x6804,
	GUEST_ES_BASE			= 0x6806,	/* then CS SS DS FS GS LDTR TR */
	GUEST_CS_BASE			= 0x6808,
	GUEST_FS_BASE			= 0x680e,
	GUEST_GS_BASE			= 0x6810,
	GUEST_GDTR_BASE			= 0x6816,
	GUEST_IDTR_BASE			= 0x6818,
	GUEST_DR7			= 0x681a,
	GUEST_RSP			= 0x681c,
	GUEST_RIP			= 0x681e,
	GUEST_RFLAGS			= 0x6820,
	GUEST_PENDING_DEBUG		= 0x6822,
	GUEST_SYSENTER_ESP		= 0x6824,
	GUEST_SYSENTER_EIP		= 0x6826,
	HOST_CR0			= 0x6c00,
	HOST_CR3			= 0x6c02,
	HOST_CR4			= 0x6c04,
	HOST_FS_BASE			= 0x6c06,
	HOST_GS_BASE			= 0x6c08,
	HOST_TR_BASE			= 0x6c0a,
	HOST_GDTR_BASE			= 0x6c0c,
	HOST_IDTR_BASE			= 0x6c0e,
	HOST_SYSENTER_ESP		= 0x6c10,
	HOST_SYSENTER_EIP		= 0x6c12,
	HOST_RSP			= 0x6c14,
	HOST_RIP			= 0x6c16,
};

/* Pin-based controls */
#define PIN_EXTERNAL_INTERRUPT		BIT(0)
#define PIN_NMI				BIT(3)
#define PIN_VIRTUAL_NMIS		BIT(5)
#define PIN_PREEMPTION_TIMER		BIT(6)

/* Primary processor-based controls */
#define PROC_INTERRUPT_WINDOW		BIT(2)
#define PROC_TSC_OFFSETTING		BIT(3)
#define PROC_HLT			BIT(7)
#define PROC_INVLPG			BIT(9)
#define PROC_MWAIT			BIT(10)
#define PROC_RDPMC			BIT(11)
#define PROC_RDTSC			BIT(12)
#define PROC_CR3_LOAD			BIT(15)
#define PROC_CR3_STORE			BIT(16)
#define PROC_CR8_LOAD			BIT(19)
#define PROC_CR8_STORE			BIT(20)
#define PROC_TPR_SHADOW			BIT(21)
#define PROC_NMI_WINDOW			BIT(22)
#define PROC_MOV_DR			BIT(23)
#define PROC_UNCONDITIONAL_IO		BIT(24)
#define PROC_MSR_BITMAPS		BIT(28)
#define PROC_MONITOR			BIT(29)
#define PROC_SECONDARY			BIT(31)

/* Secondary processor-based controls */
#define PROC2_EPT			BIT(1)
#define PROC2_DESCRIPTOR_TABLE		BIT(2)
#define PROC2_RDTSCP			BIT(3)
#define PROC2_X2APIC			BIT(4)
#define PROC2_VPID			BIT(5)
#define PROC2_WBINVD			BIT(6)
#define PROC2_UNRESTRICTED_GUEST	BIT(7)
#define PROC2_APIC_REGISTERS		BIT(8)
#define PROC2_VIRTUAL_INTERRUPTS	BIT(9)
#define PROC2_INVPCID			BIT(12)
#define PROC2_PML			BIT(17)
#define PROC2_XSAVES			BIT(20)
#define PROC2_USER_WAIT			BIT(26)

/* VM-exit controls */
#define EXIT_SAVE_DEBUG			BIT(2)
#define EXIT_HOST_64			BIT(9)
#define EXIT_LOAD_PERF_GLOBAL		BIT(12)
#define EXIT_SAVE_PAT			BIT(18)
#define EXIT_LOAD_PAT			BIT(19)
#define EXIT_SAVE_EFER			BIT(20)
#define EXIT_LOAD_EFER			BIT(21)
#define EXIT_SAVE_PREEMPTION_TIMER	BIT(22)

/* VM-entry controls */
#define ENTRY_LOAD_DEBUG		BIT(2)
#define ENTRY_IA32E			BIT(9)
#define ENTRY_LOAD_PERF_GLOBAL		BIT(13)
#define ENTRY_LOAD_PAT			BIT(14)
#define ENTRY_LOAD_EFER			BIT(15)

/* Interruptibility state */
#define BLOCKED_BY_STI			BIT(0)
#define BLOCKED_BY_MOV_SS		BIT(1)
#define BLOCKED_BY_NMI			BIT(3)

/* Pending debug exceptions */
#define PENDING_BS			BIT(14)

#define ACTIVITY_ACTIVE			0
#define ACTIVITY_HLT			1
#define ACTIVITY_SHUTDOWN		2
#define ACTIVITY_WAIT_FOR_SIPI		3

/* Exit qualification of an EPT violation, SDM volume 3, table 28-7 */
#define EPT_VIOLATION_WRITE		BIT(1)
#define EPT_VIOLATION_FETCH		BIT(2)
#define EPT_VIOLATION_LINEAR		(BIT(7) | BIT(8))	/* at GUEST_LINEAR_ADDRESS, not at a table of it */

/* Interruption information, SDM volume 3, 25.8.3 and 25.9.2 */
#define INFO_VALID			BIT(31)
#define INFO_ERROR_CODE			BIT(11)
#define INFO_NMI_UNBLOCKING		BIT(12)
#define INFO_NESTED			BIT(13)	/* with FRED */
#define INFO_TYPE(info)			(((info) >> 8) & 7)
#define INFO_EXTERNAL			(0 << 8)
#define INFO_NMI			(2 << 8)
#define INFO_HARDWARE			(3 << 8)
#define TYPE_NMI			2
#define TYPE_SOFTWARE_INTERRUPT		4
#define TYPE_PRIVILEGED_SOFTWARE	5
#define TYPE_SOFTWARE_EXCEPTION		6

#define SEGMENT_UNUSABLE		BIT(16)

#define EPT_CAP_EXECUTE_ONLY		BIT(0)
#define EPT_CAP_WALK_4			BIT(6)
#define EPT_CAP_WB			BIT(14)
#define EPT_CAP_2M			BIT(16)
#define EPT_CAP_1G			BIT(17)
#define EPT_CAP_INVEPT			BIT(20)
#define EPT_CAP_AD			BIT(21)
#define EPT_CAP_INVEPT_SINGLE		BIT(25)
#define EPT_CAP_INVEPT_ALL		BIT(26)
#define EPT_CAP_INVVPID			BIT(32)
#define EPT_CAP_INVVPID_SINGLE		BIT(41)
#define EPT_CAP_INVVPID_ALL		BIT(42)

/* Exit reasons */
enum exit_reason {
	EXIT_EXCEPTION_NMI		= 0,
	EXIT_EXTERNAL_INTERRUPT		= 1,
	EXIT_TRIPLE_FAULT		= 2,
	EXIT_INIT			= 3,
	EXIT_SIPI			= 4,
	EXIT_INTERRUPT_WINDOW		= 7,
	EXIT_NMI_WINDOW			= 8,
	EXIT_TASK_SWITCH		= 9,
	EXIT_CPUID			= 10,
	EXIT_GETSEC			= 11,
	EXIT_HLT			= 12,
	EXIT_INVD			= 13,
	EXIT_INVLPG			= 14,
	EXIT_RDPMC			= 15,
	EXIT_RDTSC			= 16,
	EXIT_RSM			= 17,
	EXIT_VMCALL			= 18,
	EXIT_VMCLEAR			= 19,
	EXIT_VMXON			= 27,
	EXIT_CR_ACCESS			= 28,
	EXIT_MOV_DR			= 29,
	EXIT_IO				= 30,
	EXIT_RDMSR			= 31,
	EXIT_WRMSR			= 32,
	EXIT_GUEST_STATE		= 33,
	EXIT_MSR_LOADING		= 34,
	EXIT_MWAIT			= 36,
	EXIT_MONITOR			= 39,
	EXIT_PAUSE			= 40,
	EXIT_MACHINE_CHECK		= 41,
	EXIT_VIRTUALIZED_EOI		= 45,
	EXIT_EPT_VIOLATION		= 48,
	EXIT_EPT_MISCONFIGURATION	= 49,
	EXIT_INVEPT			= 50,
	EXIT_RDTSCP			= 51,
	EXIT_PREEMPTION_TIMER		= 52,
	EXIT_INVVPID			= 53,
	EXIT_WBINVD			= 54,
	EXIT_XSETBV			= 55,
	EXIT_APIC_WRITE			= 56,
	EXIT_RDRAND			= 57,
	EXIT_INVPCID			= 58,
	EXIT_VMFUNC			= 59,
	EXIT_ENCLS			= 60,
	EXIT_XSAVES			= 63,
	EXIT_XRSTORS			= 64,
	EXIT_SEAMCALL			= 76,
	EXIT_TDCALL			= 77,
	EXIT_REASONS			= 78
};

#define EXIT_REASON_BASIC		0xffffU
#define EXIT_REASON_ENTRY_FAILURE	BIT(31)

__noreturn void vmx_field_error(u64 field) __attribute__((cold));

#include "insn.h"

static __always_inline void vmwrite(enum vmcs_field field, u64 value)
{
	if (unlikely(!vmwrite_ok(field, value)))
		vmx_field_error(field);
}

#define INV_SINGLE	1
#define INV_ALL		2

/**
 * struct vmx_controls - the controls of one kind of VMCS, solved
 */
struct vmx_controls {
	u32 pin, proc, proc2, exit, entry;
};

/**
 * struct vmx_caps - what the processor offers and what we chose
 * @vid: it has virtual-interrupt delivery for a vCPU in x2APIC mode
 * @perf_global: VM exits and entries of Domain-0 load IA32_PERF_GLOBAL_CTRL
 */
struct vmx_caps {
	u64 basic;
	u64 ept_vpid;
	u64 cr0_fixed0, cr0_fixed1;
	u64 cr4_fixed0, cr4_fixed1;
	u32 timer_shift;
	bool vid;
	bool perf_global;
	struct vmx_controls dom0, domu;
};

/**
 * vmx_read_caps() - read the capability MSRs and solve all controls
 * @caps: result
 *
 * Return: 0, or an enum hv_why with a detail in bits 63:32.
 */
u64 vmx_read_caps(struct vmx_caps *caps);

/**
 * vmx_solve() - one control word
 * @allowed: capability MSR: bits 31:0 must be 1, bits 63:32 may be 1
 * @needed: bits that we can't do without
 * @wanted: bits that we like to have
 * @word: result
 *
 * Return: bits of @needed that the processor lacks; 0 is success.
 */
u32 vmx_solve(u64 allowed, u32 needed, u32 wanted, u32 *word);

u64 vmx_features(const struct vmx_caps *caps);

struct cpu;
struct vcpu;
struct ctx;

/** vmx_enable() - VMXON on this processor. Return: 0 or an enum hv_why */
u64 vmx_enable(struct cpu *cpu);

/** vmx_disable() - VMCLEAR what is Domain-0's, VMXOFF */
void vmx_disable(struct cpu *cpu);

/** vmx_setup_dom0() - fill Domain-0's VMCS of this processor and make it current */
bool vmx_setup_dom0(struct cpu *cpu);

/** vmx_setup_domu() - fill a new vCPU's VMCS; Domain-0's is current before and after */
bool vmx_setup_domu(struct cpu *cpu, struct vcpu *vcpu);

/** vmx_host_state() - the host-state fields that depend on the processor */
void vmx_host_state(struct cpu *cpu);

/** vmx_load_host_tables() - GDT, IDT, TSS and GS base of the core */
void vmx_load_host_tables(struct cpu *cpu);

#endif
