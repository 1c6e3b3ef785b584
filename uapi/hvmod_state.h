/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The state of a vCPU as HVMOD_VCPU_GET_STATE, HVMOD_VCPU_SET_STATE and the run
 * page of hvmod.h have it.
 */
#ifndef _UAPI_HVMOD_STATE_H
#define _UAPI_HVMOD_STATE_H

#include <linux/types.h>

/**
 * struct hvmod_regs - general registers, HVMOD_STATE_REGS
 * @gpr: in the order of the instruction encoding: rax rcx rdx rbx rsp rbp rsi
 *	rdi r8 ... r15
 * @rip: instruction pointer
 * @rflags: flags; bit 1 is set
 */
struct hvmod_regs {
	__u64	gpr[16];
	__u64	rip;
	__u64	rflags;
};

#define HVMOD_GPR_RAX	0
#define HVMOD_GPR_RCX	1
#define HVMOD_GPR_RDX	2
#define HVMOD_GPR_RBX	3
#define HVMOD_GPR_RSP	4
#define HVMOD_GPR_RBP	5
#define HVMOD_GPR_RSI	6
#define HVMOD_GPR_RDI	7

/**
 * struct hvmod_segment - a segment register
 * @base: base
 * @limit: limit in bytes
 * @selector: selector
 * @attributes: access rights as the VMCS has them (SDM volume 3, 25.4.1):
 *	bits 3:0 type, 4 S, 6:5 DPL, 7 P, 12 AVL, 13 L, 14 D/B, 15 G
 * @unusable: not zero if the segment is unusable
 * @reserved: zero
 */
struct hvmod_segment {
	__u64	base;
	__u32	limit;
	__u16	selector;
	__u16	attributes;
	__u32	unusable;
	__u32	reserved;
};

/* Indices into hvmod_sregs.segment, in the order of the VMCS fields. */
#define HVMOD_SEG_ES	0
#define HVMOD_SEG_CS	1
#define HVMOD_SEG_SS	2
#define HVMOD_SEG_DS	3
#define HVMOD_SEG_FS	4
#define HVMOD_SEG_GS	5
#define HVMOD_SEG_LDTR	6
#define HVMOD_SEG_TR	7

/**
 * struct hvmod_sregs - control registers, segments, tables: HVMOD_STATE_SREGS
 * @segment: HVMOD_SEG_* say which is which
 * @gdt_base: base of the GDT
 * @idt_base: base of the IDT
 * @gdt_limit: its limit in bytes, 16 bits
 * @idt_limit: its limit in bytes, 16 bits
 * @cr0: as the guest reads it
 * @cr2: page-fault linear address
 * @cr3: page-table base
 * @cr4: as the guest reads it
 * @cr8: task priority, 0 to 15; the same as bits 7:4 of the APIC's TPR
 * @efer: IA32_EFER
 */
struct hvmod_sregs {
	struct hvmod_segment	segment[8];
	__u64	gdt_base;
	__u64	idt_base;
	__u32	gdt_limit;
	__u32	idt_limit;
	__u64	cr0;
	__u64	cr2;
	__u64	cr3;
	__u64	cr4;
	__u64	cr8;
	__u64	efer;
};

/* Groups of state: bits of hvmod_run.wanted, .valid and .dirty, and of
 * hvmod_vcpu_state.groups.
 */
#define HVMOD_STATE_REGS	(1U << 0)	/* struct hvmod_regs */
#define HVMOD_STATE_SREGS	(1U << 1)	/* struct hvmod_sregs */
#define HVMOD_STATE_MSRS	(1U << 2)	/* array of struct hvmod_msr_value */
#define HVMOD_STATE_XSAVE	(1U << 3)	/* u64 xcr0, then the XSAVE area, standard form */
#define HVMOD_STATE_APIC	(1U << 4)	/* struct hvmod_apic_state */
#define HVMOD_STATE_EVENTS	(1U << 5)	/* struct hvmod_events */

/**
 * struct hvmod_msr_value - one element of HVMOD_STATE_MSRS
 * @index: number of the MSR
 * @reserved: zero
 * @value: its value
 */
struct hvmod_msr_value {
	__u32	index;
	__u32	reserved;
	__u64	value;
};

/**
 * struct hvmod_apic_state - the local APIC, HVMOD_STATE_APIC
 * @base: IA32_APIC_BASE
 * @tsc_deadline: IA32_TSC_DEADLINE in guest TSC units, 0 if not armed
 * @timer_left: nanoseconds left of a one-shot or periodic timer, 0 if not armed
 * @reg: the registers in the layout of the APIC page, one a 16 bytes
 *	(SDM volume 3, table 11-1); reg[i] is the register at offset 16 * i
 */
struct hvmod_apic_state {
	__u64	base;
	__u64	tsc_deadline;
	__u64	timer_left;
	__u32	reg[64];
};

/**
 * struct hvmod_events - events in flight, HVMOD_STATE_EVENTS
 * @activity: 0 active, 1 HLT, 3 wait-for-SIPI (SDM volume 3, 25.4.2)
 * @interruptibility: as in the VMCS (same section)
 * @injection: an event that has to be delivered again, in the format of the
 *	VM-entry interruption-information field; bit 31 clear if there is none
 * @injection_error: its error code
 * @injection_length: its instruction length
 * @nmi_pending: 1 if an NMI waits
 * @reserved: zero
 */
struct hvmod_events {
	__u32	activity;
	__u32	interruptibility;
	__u32	injection;
	__u32	injection_error;
	__u32	injection_length;
	__u32	nmi_pending;
	__u32	reserved[2];
};

/**
 * struct hvmod_tlv - head of one section of a state blob
 * @type: one HVMOD_STATE_* bit
 * @version: 1
 * @bytes: size of the data, without head and padding
 * @reserved: zero
 */
struct hvmod_tlv {
	__u32	type;
	__u32	version;
	__u32	bytes;
	__u32	reserved;
};

/**
 * struct hvmod_vcpu_state - HVMOD_VCPU_GET_STATE, HVMOD_VCPU_SET_STATE: read or
 *	load the state of a vCPU
 * @size: size of this struct (in)
 * @groups: HVMOD_STATE_* bits that are wanted (GET) or that the blob may hold
 *	(SET) (in)
 * @data: address of the blob (in)
 * @bytes: size of the buffer (in); bytes used (out)
 * @reserved: zero
 *
 * The blob is a sequence of struct hvmod_tlv, each with its data behind it and
 * padded to 8 bytes. SET checks the whole blob, in whatever order, before it
 * changes anything; EINVAL leaves the vCPU as it was and hvmod_run.why says
 * what was wrong. ENOSPC: the buffer is too small, @bytes tells what it takes.
 * EBUSY: the vCPU runs. GET of MSRS gives all that the guest can see. After an
 * IN (HVMOD_EXIT_IO) GET has RAX without its value until RUN was called, and SET
 * of REGS ends the IN: its value goes nowhere.
 */
struct hvmod_vcpu_state {
	__u32	size;
	__u32	groups;
	__u64	data;
	__u32	bytes;
	__u32	reserved;
};

#endif /* _UAPI_HVMOD_STATE_H */
