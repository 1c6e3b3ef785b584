/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Made from hvmod_netlink.yaml by netlink_gen.py; do not edit. */
#ifndef _UAPI_HVMOD_NETLINK_H
#define _UAPI_HVMOD_NETLINK_H

/*
 * Domains, their vCPUs and statistics, for reading and watching. Nothing is
 * changed over netlink; that takes /dev/hvmod. Any user in the initial network
 * namespace may ask and listen.
 *
 * A reader that misses nothing subscribes to the group first, dumps the
 * domains then, and applies an event if its seq is greater than the seq of the
 * record that it has, or than the seq-now of the dump's Domain-0 if it has
 * none. Events are numbered without a gap. Where a number is missing, or
 * recv() fails with ENOBUFS, the reader dumps again. It empties its socket
 * before that, or dumps once more then: after ENOBUFS nothing tells of further
 * losses until the socket is empty. While a dump whose messages have
 * NLM_F_DUMP_INTR was made a domain came or went; it is repeated. Changes of a
 * domain do not make it so: each record has the seq of its own.
 */
#define HVMOD_FAMILY_NAME	"hvmod"
#define HVMOD_FAMILY_VERSION	1

/**
 * enum hvmod_activity - What a vCPU does.
 * @HVMOD_ACTIVITY_STOPPED: outside of HVMOD_VCPU_RUN
 * @HVMOD_ACTIVITY_RUNNING: in the guest or on its way
 * @HVMOD_ACTIVITY_HALTED: asleep in HLT until an interrupt
 * @HVMOD_ACTIVITY_CAPPED: held back until the next period of the domain's CPU-time cap
 * @HVMOD_ACTIVITY_UNPLUGGED: not plugged in, so that it does not run
 */
enum hvmod_activity {
	HVMOD_ACTIVITY_STOPPED			= 1,
	HVMOD_ACTIVITY_RUNNING			= 2,
	HVMOD_ACTIVITY_HALTED			= 3,
	HVMOD_ACTIVITY_CAPPED			= 4,
	HVMOD_ACTIVITY_UNPLUGGED		= 5,
};

/**
 * enum hvmod_memory - Kinds of memory that a domain makes the host hold.
 * @HVMOD_MEMORY_GUEST: guest pages that are pinned
 * @HVMOD_MEMORY_TABLES: tables of its EPT, and of Domain-0's for its sake
 * @HVMOD_MEMORY_CORE: what ring -1 keeps of the domain and its vCPUs, and their run pages
 * @HVMOD_MEMORY_DRIVER: what the driver allocated for it
 */
enum hvmod_memory {
	HVMOD_MEMORY_GUEST			= 1,
	HVMOD_MEMORY_TABLES			= 2,
	HVMOD_MEMORY_CORE			= 3,
	HVMOD_MEMORY_DRIVER			= 4,
};

/**
 * enum hvmod_hw_exit - Basic exit reasons that have a name. SDM volume 3, appendix C.
 * @HVMOD_HW_EXIT_EXCEPTION_NMI: exception-nmi
 * @HVMOD_HW_EXIT_EXTERNAL_INTERRUPT: external-interrupt
 * @HVMOD_HW_EXIT_TRIPLE_FAULT: triple-fault
 * @HVMOD_HW_EXIT_INIT: init
 * @HVMOD_HW_EXIT_SIPI: sipi
 * @HVMOD_HW_EXIT_INTERRUPT_WINDOW: interrupt-window
 * @HVMOD_HW_EXIT_NMI_WINDOW: nmi-window
 * @HVMOD_HW_EXIT_TASK_SWITCH: task-switch
 * @HVMOD_HW_EXIT_CPUID: cpuid
 * @HVMOD_HW_EXIT_GETSEC: getsec
 * @HVMOD_HW_EXIT_HLT: hlt
 * @HVMOD_HW_EXIT_INVD: invd
 * @HVMOD_HW_EXIT_INVLPG: invlpg
 * @HVMOD_HW_EXIT_RDPMC: rdpmc
 * @HVMOD_HW_EXIT_RDTSC: rdtsc
 * @HVMOD_HW_EXIT_RSM: rsm
 * @HVMOD_HW_EXIT_VMCALL: vmcall
 * @HVMOD_HW_EXIT_VMCLEAR: vmclear
 * @HVMOD_HW_EXIT_VMLAUNCH: vmlaunch
 * @HVMOD_HW_EXIT_VMPTRLD: vmptrld
 * @HVMOD_HW_EXIT_VMPTRST: vmptrst
 * @HVMOD_HW_EXIT_VMREAD: vmread
 * @HVMOD_HW_EXIT_VMRESUME: vmresume
 * @HVMOD_HW_EXIT_VMWRITE: vmwrite
 * @HVMOD_HW_EXIT_VMXOFF: vmxoff
 * @HVMOD_HW_EXIT_VMXON: vmxon
 * @HVMOD_HW_EXIT_CR_ACCESS: cr-access
 * @HVMOD_HW_EXIT_MOV_DR: mov-dr
 * @HVMOD_HW_EXIT_IO: io
 * @HVMOD_HW_EXIT_RDMSR: rdmsr
 * @HVMOD_HW_EXIT_WRMSR: wrmsr
 * @HVMOD_HW_EXIT_GUEST_STATE: guest-state
 * @HVMOD_HW_EXIT_MSR_LOADING: msr-loading
 * @HVMOD_HW_EXIT_MWAIT: mwait
 * @HVMOD_HW_EXIT_MONITOR_TRAP_FLAG: monitor-trap-flag
 * @HVMOD_HW_EXIT_MONITOR: monitor
 * @HVMOD_HW_EXIT_PAUSE: pause
 * @HVMOD_HW_EXIT_MACHINE_CHECK: machine-check
 * @HVMOD_HW_EXIT_TPR_BELOW_THRESHOLD: tpr-below-threshold
 * @HVMOD_HW_EXIT_APIC_ACCESS: apic-access
 * @HVMOD_HW_EXIT_VIRTUALIZED_EOI: virtualized-eoi
 * @HVMOD_HW_EXIT_GDTR_IDTR: gdtr-idtr
 * @HVMOD_HW_EXIT_LDTR_TR: ldtr-tr
 * @HVMOD_HW_EXIT_EPT_VIOLATION: ept-violation
 * @HVMOD_HW_EXIT_EPT_MISCONFIGURATION: ept-misconfiguration
 * @HVMOD_HW_EXIT_INVEPT: invept
 * @HVMOD_HW_EXIT_RDTSCP: rdtscp
 * @HVMOD_HW_EXIT_PREEMPTION_TIMER: preemption-timer
 * @HVMOD_HW_EXIT_INVVPID: invvpid
 * @HVMOD_HW_EXIT_WBINVD: wbinvd
 * @HVMOD_HW_EXIT_XSETBV: xsetbv
 * @HVMOD_HW_EXIT_APIC_WRITE: apic-write
 * @HVMOD_HW_EXIT_RDRAND: rdrand
 * @HVMOD_HW_EXIT_INVPCID: invpcid
 * @HVMOD_HW_EXIT_VMFUNC: vmfunc
 * @HVMOD_HW_EXIT_ENCLS: encls
 * @HVMOD_HW_EXIT_RDSEED: rdseed
 * @HVMOD_HW_EXIT_PML_FULL: pml-full
 * @HVMOD_HW_EXIT_XSAVES: xsaves
 * @HVMOD_HW_EXIT_XRSTORS: xrstors
 * @HVMOD_HW_EXIT_SEAMCALL: seamcall
 * @HVMOD_HW_EXIT_TDCALL: tdcall
 */
enum hvmod_hw_exit {
	HVMOD_HW_EXIT_EXCEPTION_NMI		= 0,
	HVMOD_HW_EXIT_EXTERNAL_INTERRUPT	= 1,
	HVMOD_HW_EXIT_TRIPLE_FAULT		= 2,
	HVMOD_HW_EXIT_INIT			= 3,
	HVMOD_HW_EXIT_SIPI			= 4,
	HVMOD_HW_EXIT_INTERRUPT_WINDOW		= 7,
	HVMOD_HW_EXIT_NMI_WINDOW		= 8,
	HVMOD_HW_EXIT_TASK_SWITCH		= 9,
	HVMOD_HW_EXIT_CPUID			= 10,
	HVMOD_HW_EXIT_GETSEC			= 11,
	HVMOD_HW_EXIT_HLT			= 12,
	HVMOD_HW_EXIT_INVD			= 13,
	HVMOD_HW_EXIT_INVLPG			= 14,
	HVMOD_HW_EXIT_RDPMC			= 15,
	HVMOD_HW_EXIT_RDTSC			= 16,
	HVMOD_HW_EXIT_RSM			= 17,
	HVMOD_HW_EXIT_VMCALL			= 18,
	HVMOD_HW_EXIT_VMCLEAR			= 19,
	HVMOD_HW_EXIT_VMLAUNCH			= 20,
	HVMOD_HW_EXIT_VMPTRLD			= 21,
	HVMOD_HW_EXIT_VMPTRST			= 22,
	HVMOD_HW_EXIT_VMREAD			= 23,
	HVMOD_HW_EXIT_VMRESUME			= 24,
	HVMOD_HW_EXIT_VMWRITE			= 25,
	HVMOD_HW_EXIT_VMXOFF			= 26,
	HVMOD_HW_EXIT_VMXON			= 27,
	HVMOD_HW_EXIT_CR_ACCESS			= 28,
	HVMOD_HW_EXIT_MOV_DR			= 29,
	HVMOD_HW_EXIT_IO			= 30,
	HVMOD_HW_EXIT_RDMSR			= 31,
	HVMOD_HW_EXIT_WRMSR			= 32,
	HVMOD_HW_EXIT_GUEST_STATE		= 33,
	HVMOD_HW_EXIT_MSR_LOADING		= 34,
	HVMOD_HW_EXIT_MWAIT			= 36,
	HVMOD_HW_EXIT_MONITOR_TRAP_FLAG		= 37,
	HVMOD_HW_EXIT_MONITOR			= 39,
	HVMOD_HW_EXIT_PAUSE			= 40,
	HVMOD_HW_EXIT_MACHINE_CHECK		= 41,
	HVMOD_HW_EXIT_TPR_BELOW_THRESHOLD	= 43,
	HVMOD_HW_EXIT_APIC_ACCESS		= 44,
	HVMOD_HW_EXIT_VIRTUALIZED_EOI		= 45,
	HVMOD_HW_EXIT_GDTR_IDTR			= 46,
	HVMOD_HW_EXIT_LDTR_TR			= 47,
	HVMOD_HW_EXIT_EPT_VIOLATION		= 48,
	HVMOD_HW_EXIT_EPT_MISCONFIGURATION	= 49,
	HVMOD_HW_EXIT_INVEPT			= 50,
	HVMOD_HW_EXIT_RDTSCP			= 51,
	HVMOD_HW_EXIT_PREEMPTION_TIMER		= 52,
	HVMOD_HW_EXIT_INVVPID			= 53,
	HVMOD_HW_EXIT_WBINVD			= 54,
	HVMOD_HW_EXIT_XSETBV			= 55,
	HVMOD_HW_EXIT_APIC_WRITE		= 56,
	HVMOD_HW_EXIT_RDRAND			= 57,
	HVMOD_HW_EXIT_INVPCID			= 58,
	HVMOD_HW_EXIT_VMFUNC			= 59,
	HVMOD_HW_EXIT_ENCLS			= 60,
	HVMOD_HW_EXIT_RDSEED			= 61,
	HVMOD_HW_EXIT_PML_FULL			= 62,
	HVMOD_HW_EXIT_XSAVES			= 63,
	HVMOD_HW_EXIT_XRSTORS			= 64,
	HVMOD_HW_EXIT_SEAMCALL			= 76,
	HVMOD_HW_EXIT_TDCALL			= 77,
};

enum {
	HVMOD_A_DOMAIN_PAD			= 1,
	HVMOD_A_DOMAIN_ID			= 2,
	HVMOD_A_DOMAIN_NAME			= 3,
	HVMOD_A_DOMAIN_UUID			= 4,
	HVMOD_A_DOMAIN_STATE			= 5,
	HVMOD_A_DOMAIN_REASON			= 6,
	HVMOD_A_DOMAIN_OWNER_UID		= 7,
	HVMOD_A_DOMAIN_OWNER_PID		= 8,
	HVMOD_A_DOMAIN_CREATED_NS		= 9,
	HVMOD_A_DOMAIN_VCPUS			= 10,
	HVMOD_A_DOMAIN_VCPUS_MAX		= 11,
	HVMOD_A_DOMAIN_MEM_MAX			= 12,
	HVMOD_A_DOMAIN_MEM_CURRENT		= 13,
	HVMOD_A_DOMAIN_MEM_HELD			= 14,
	HVMOD_A_DOMAIN_MEM_HELD_MAX		= 15,
	HVMOD_A_DOMAIN_CPU_CAP			= 16,
	HVMOD_A_DOMAIN_CPU_PERIOD_US		= 17,
	HVMOD_A_DOMAIN_CORE_PAGES		= 18,
	HVMOD_A_DOMAIN_RUN_NS			= 19,
	HVMOD_A_DOMAIN_EXITS			= 20,
	HVMOD_A_DOMAIN_EXITS_DRIVER		= 21,
	HVMOD_A_DOMAIN_EXITS_VMM		= 22,
	HVMOD_A_DOMAIN_SEQ			= 23,
	HVMOD_A_DOMAIN_SEQ_NOW			= 24,
	HVMOD_A_DOMAIN_TIME_NS			= 25,

	__HVMOD_A_DOMAIN_MAX,
	HVMOD_A_DOMAIN_MAX = (__HVMOD_A_DOMAIN_MAX - 1)
};

enum {
	HVMOD_A_VCPU_PAD			= 1,
	HVMOD_A_VCPU_DOMAIN			= 2,
	HVMOD_A_VCPU_INDEX			= 3,
	HVMOD_A_VCPU_ACTIVITY			= 4,
	HVMOD_A_VCPU_CPU			= 5,
	HVMOD_A_VCPU_TID			= 6,
	HVMOD_A_VCPU_RUN_NS			= 7,
	HVMOD_A_VCPU_HALT_NS			= 8,
	HVMOD_A_VCPU_CAPPED_NS			= 9,
	HVMOD_A_VCPU_STEAL_NS			= 10,
	HVMOD_A_VCPU_EXITS			= 11,
	HVMOD_A_VCPU_EXITS_DRIVER		= 12,
	HVMOD_A_VCPU_EXITS_VMM			= 13,
	HVMOD_A_VCPU_INTERRUPTS			= 14,
	HVMOD_A_VCPU_NMIS			= 15,

	__HVMOD_A_VCPU_MAX,
	HVMOD_A_VCPU_MAX = (__HVMOD_A_VCPU_MAX - 1)
};

enum {
	HVMOD_A_EXIT_PAD			= 1,
	HVMOD_A_EXIT_REASON			= 2,
	HVMOD_A_EXIT_RESUMED			= 3,
	HVMOD_A_EXIT_DRIVER			= 4,
	HVMOD_A_EXIT_VMM			= 5,

	__HVMOD_A_EXIT_MAX,
	HVMOD_A_EXIT_MAX = (__HVMOD_A_EXIT_MAX - 1)
};

enum {
	HVMOD_A_MEMORY_PAD			= 1,
	HVMOD_A_MEMORY_KIND			= 2,
	HVMOD_A_MEMORY_BYTES			= 3,

	__HVMOD_A_MEMORY_MAX,
	HVMOD_A_MEMORY_MAX = (__HVMOD_A_MEMORY_MAX - 1)
};

enum {
	HVMOD_A_STATS_PAD			= 1,
	HVMOD_A_STATS_DOMAIN			= 2,
	HVMOD_A_STATS_NAME			= 3,
	HVMOD_A_STATS_RUN_NS			= 4,
	HVMOD_A_STATS_HALT_NS			= 5,
	HVMOD_A_STATS_CAPPED_NS			= 6,
	HVMOD_A_STATS_STEAL_NS			= 7,
	HVMOD_A_STATS_INTERRUPTS		= 8,
	HVMOD_A_STATS_NMIS			= 9,
	HVMOD_A_STATS_MSIS			= 10,
	HVMOD_A_STATS_EXIT			= 11,
	HVMOD_A_STATS_MEMORY			= 12,

	__HVMOD_A_STATS_MAX,
	HVMOD_A_STATS_MAX = (__HVMOD_A_STATS_MAX - 1)
};

enum {
	HVMOD_A_HOST_PAD			= 1,
	HVMOD_A_HOST_ABI_VERSION		= 2,
	HVMOD_A_HOST_MODULE_VERSION		= 3,
	HVMOD_A_HOST_FEATURES			= 4,
	HVMOD_A_HOST_TSC_KHZ			= 5,
	HVMOD_A_HOST_CPUS			= 6,
	HVMOD_A_HOST_DOMAINS			= 7,
	HVMOD_A_HOST_DOMAINS_MAX		= 8,
	HVMOD_A_HOST_VCPUS_MAX			= 9,
	HVMOD_A_HOST_GPA_BITS			= 10,
	HVMOD_A_HOST_MEM_TOTAL			= 11,
	HVMOD_A_HOST_MEM_PROMISED		= 12,
	HVMOD_A_HOST_CORE_PAGES			= 13,
	HVMOD_A_HOST_CORE_FREE_PAGES		= 14,
	HVMOD_A_HOST_SEQ_NOW			= 15,

	__HVMOD_A_HOST_MAX,
	HVMOD_A_HOST_MAX = (__HVMOD_A_HOST_MAX - 1)
};

enum {
	HVMOD_CMD_DOMAIN_GET			= 1,
	HVMOD_CMD_DOMAIN_CREATED_NTF		= 2,
	HVMOD_CMD_DOMAIN_CHANGED_NTF		= 3,
	HVMOD_CMD_DOMAIN_DELETED_NTF		= 4,
	HVMOD_CMD_VCPU_GET			= 5,
	HVMOD_CMD_STATS_GET			= 6,
	HVMOD_CMD_HOST_GET			= 7,

	__HVMOD_CMD_MAX,
	HVMOD_CMD_MAX = (__HVMOD_CMD_MAX - 1)
};

#define HVMOD_MCGRP_LIFECYCLE	"lifecycle"

#endif /* _UAPI_HVMOD_NETLINK_H */
