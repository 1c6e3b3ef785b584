// SPDX-License-Identifier: GPL-2.0-only
/* State that is put into a vCPU from outside. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "layout.h"
#include "machine.h"

#define CR0_PE		0x1ULL
#define CR0_LONG	0x80000031ULL	/* PG NE ET PE */
#define CR4_LONG	0x20ULL		/* PAE */
#define EFER_LONG	0x500ULL	/* LMA LME */
#define CR0_PROTECTED	0x11ULL		/* ET PE */
#define CR0_REAL	0x10ULL		/* ET */
#define RFLAGS_BOOT	0x2ULL		/* the bit that is always 1 */

#define MSR_APIC_BASE	0x1B
#define APIC_BASE_BSP	(1ULL << 8)
#define APIC_BASE_X2	(1ULL << 10)
#define APIC_BASE_ON	(1ULL << 11)

/* SDM volume 3, 25.4.1 */
#define SEGMENT_CODE_64	0xA09B
#define SEGMENT_CODE_32	0xC09B
#define SEGMENT_CODE_16	0x009B
#define SEGMENT_DATA	0xC093
#define SEGMENT_DATA_16	0x0093
#define SEGMENT_TSS	0x008B

#define TSS_LIMIT	0x67
#define REAL_LIMIT	0xFFFF
#define REAL_IDT_LIMIT	0x3FF

/* SDM volume 3, 25.8.3 */
#define INJECT_EXCEPTION	(3U << 8)
#define INJECT_ERROR_CODE	(1U << 11)
#define INJECT_VALID		(1U << 31)

#define TLV(group, data) { .type = (group), .version = 1, .bytes = sizeof(data) }

static int set_state(struct vcpu *vcpu, uint32_t groups, void *blob,
		     size_t bytes)
{
	struct hvmod_vcpu_state arg = {
		.size = sizeof(arg),
		.groups = groups,
		.data = (uintptr_t)blob,
		.bytes = (uint32_t)bytes,
	};

	return ioctl(vcpu->fd, HVMOD_VCPU_SET_STATE, &arg);
}

static int get_state(struct vcpu *vcpu, uint32_t groups, void *blob,
		     size_t bytes)
{
	struct hvmod_vcpu_state arg = {
		.size = sizeof(arg),
		.groups = groups,
		.data = (uintptr_t)blob,
		.bytes = (uint32_t)bytes,
	};

	return ioctl(vcpu->fd, HVMOD_VCPU_GET_STATE, &arg);
}

static int reset_apic(struct vcpu *vcpu, const struct boot_entry *entry)
{
	struct {
		struct hvmod_tlv tlv;
		struct hvmod_msr_value msr;
	} blob = {
		.tlv = TLV(HVMOD_STATE_MSRS, blob.msr),
		.msr = {
			.index = MSR_APIC_BASE,
			.value = APIC_BASE | APIC_BASE_ON,
		},
	};

	if (!entry->xapic)
		blob.msr.value |= APIC_BASE_X2;
	if (!vcpu->index)
		blob.msr.value |= APIC_BASE_BSP;
	return set_state(vcpu, HVMOD_STATE_MSRS, &blob, sizeof(blob));
}

/* The modes of SDM volume 3, 9.9 and 25.3.1. */
static const struct {
	struct hvmod_segment code;
	struct hvmod_segment data;
	uint32_t idt_limit;
	uint64_t cr0;
	uint64_t cr4;
	uint64_t efer;
} modes[BOOT_MODES] = {
	[BOOT_LONG] = {
		.code = {
			.limit = UINT32_MAX,
			.selector = BOOT_SELECTOR_CODE,
			.attributes = SEGMENT_CODE_64,
		},
		.data = {
			.limit = UINT32_MAX,
			.selector = BOOT_SELECTOR_DATA,
			.attributes = SEGMENT_DATA,
		},
		.cr0 = CR0_LONG,
		.cr4 = CR4_LONG,
		.efer = EFER_LONG,
	},
	[BOOT_PROTECTED] = {
		.code = {
			.limit = UINT32_MAX,
			.selector = BOOT_SELECTOR_CODE,
			.attributes = SEGMENT_CODE_32,
		},
		.data = {
			.limit = UINT32_MAX,
			.selector = BOOT_SELECTOR_DATA,
			.attributes = SEGMENT_DATA,
		},
		.cr0 = CR0_PROTECTED,
	},
	[BOOT_REAL] = {
		.code = {
			.limit = REAL_LIMIT,
			.attributes = SEGMENT_CODE_16,
		},
		.data = {
			.limit = REAL_LIMIT,
			.attributes = SEGMENT_DATA_16,
		},
		.idt_limit = REAL_IDT_LIMIT,
		.cr0 = CR0_REAL,
	},
};

static void fill_sregs(struct hvmod_sregs *sregs,
		       const struct boot_entry *entry)
{
	unsigned int i;

	*sregs = (struct hvmod_sregs){
		.gdt_base = entry->gdt_base,
		.gdt_limit = entry->gdt_limit,
		.idt_limit = modes[entry->mode].idt_limit,
		.cr0 = modes[entry->mode].cr0,
		.cr3 = entry->cr3,
		.cr4 = modes[entry->mode].cr4,
		.efer = modes[entry->mode].efer,
	};
	for (i = HVMOD_SEG_ES; i <= HVMOD_SEG_GS; i++)
		sregs->segment[i] = modes[entry->mode].data;
	sregs->segment[HVMOD_SEG_CS] = modes[entry->mode].code;
	if (entry->mode == BOOT_REAL) {
		sregs->segment[HVMOD_SEG_CS].selector = entry->cs;
		sregs->segment[HVMOD_SEG_CS].base = (uint64_t)entry->cs << 4;
	}
	sregs->segment[HVMOD_SEG_LDTR].unusable = 1;
	sregs->segment[HVMOD_SEG_TR] = (struct hvmod_segment){
		.limit = TSS_LIMIT,
		.selector = BOOT_SELECTOR_TSS,
		.attributes = SEGMENT_TSS,
	};
}

static int reset_boot(struct vcpu *vcpu, const struct boot_entry *entry)
{
	struct {
		struct hvmod_tlv regs_tlv;
		struct hvmod_regs regs;
		struct hvmod_tlv sregs_tlv;
		struct hvmod_sregs sregs;
	} blob = {
		.regs_tlv = TLV(HVMOD_STATE_REGS, blob.regs),
		.regs = { .rip = entry->rip, .rflags = RFLAGS_BOOT },
		.sregs_tlv = TLV(HVMOD_STATE_SREGS, blob.sregs),
	};

	blob.regs.gpr[HVMOD_GPR_RAX] = entry->rax;
	blob.regs.gpr[HVMOD_GPR_RBX] = entry->rbx;
	blob.regs.gpr[HVMOD_GPR_RSI] = entry->rsi;
	fill_sregs(&blob.sregs, entry);
	return set_state(vcpu, HVMOD_STATE_REGS | HVMOD_STATE_SREGS, &blob,
			 sizeof(blob));
}

/**
 * vcpu_reset() - the state in which a vCPU begins
 * @vcpu: the vCPU
 * @entry: where vCPU 0 starts; the others wait for INIT and SIPI
 *
 * Return: 0, or -1 with errno
 */
int vcpu_reset(struct vcpu *vcpu, const struct boot_entry *entry)
{
	if (reset_apic(vcpu, entry))
		return -1;
	return vcpu->index ? 0 : reset_boot(vcpu, entry);
}

/**
 * vcpu_rip() - where a vCPU stands
 * @vcpu: the vCPU, not running
 * @rip: its RIP (out)
 *
 * Return: 0, or -1 with errno
 */
int vcpu_rip(struct vcpu *vcpu, uint64_t *rip)
{
	struct {
		struct hvmod_tlv tlv;
		struct hvmod_regs regs;
	} blob = { .tlv = TLV(HVMOD_STATE_REGS, blob.regs) };

	if (get_state(vcpu, HVMOD_STATE_REGS, &blob, sizeof(blob)))
		return -1;
	*rip = blob.regs.rip;
	return 0;
}

/* Exceptions with an error code, as bits (SDM volume 3, table 6-1). */
#define ERROR_CODE_VECTORS	0x227D00U

/**
 * vcpu_inject() - an exception, at the next entry
 * @vcpu: the vCPU, not running; SREGS are valid in its run page
 * @fault: the exception
 *
 * Return: 0, or -1 with errno
 */
int vcpu_inject(struct vcpu *vcpu, const struct guest_fault *fault)
{
	struct {
		struct hvmod_tlv tlv;
		struct hvmod_events events;
	} blob = { .tlv = TLV(HVMOD_STATE_EVENTS, blob.events) };
	bool has_error = (vcpu->run->sregs.cr0 & CR0_PE) &&
			 (ERROR_CODE_VECTORS >> fault->vector & 1);

	if (get_state(vcpu, HVMOD_STATE_EVENTS, &blob, sizeof(blob)))
		return -1;
	blob.events.injection = fault->vector | INJECT_EXCEPTION | INJECT_VALID;
	blob.events.injection_error = 0;
	if (has_error) {
		blob.events.injection |= INJECT_ERROR_CODE;
		blob.events.injection_error = fault->error;
	}
	return set_state(vcpu, HVMOD_STATE_EVENTS, &blob, sizeof(blob));
}

/* HVMOD_STATE_XSAVE as the kernel has it. */
struct vectors_blob {
	struct hvmod_tlv tlv;
	uint64_t xcr0;
	uint8_t area[VECTORS_BYTES_MAX];
};

/**
 * vcpu_get_vectors() - XCR0 and the vector registers
 * @ctx: the vCPU, not running
 * @vectors: filled
 *
 * Return: 0, or -1 with errno
 */
int vcpu_get_vectors(void *ctx, struct vectors *vectors)
{
	struct vectors_blob blob;

	if (get_state(ctx, HVMOD_STATE_XSAVE, &blob, sizeof(blob)))
		return -1;
	if (blob.tlv.bytes < sizeof(blob.xcr0) ||
	    blob.tlv.bytes - sizeof(blob.xcr0) > sizeof(blob.area)) {
		errno = EPROTO;
		return -1;
	}
	vectors->xcr0 = blob.xcr0;
	vectors->bytes = blob.tlv.bytes - sizeof(blob.xcr0);
	memcpy(vectors->area, blob.area, vectors->bytes);
	return 0;
}

/**
 * vcpu_put_vectors() - undo vcpu_get_vectors()
 * @ctx: the vCPU, not running
 * @vectors: what it gave, changed
 *
 * Return: 0, or -1 with errno
 */
int vcpu_put_vectors(void *ctx, const struct vectors *vectors)
{
	struct vectors_blob blob = {
		.tlv = {
			.type = HVMOD_STATE_XSAVE,
			.version = 1,
			.bytes = (uint32_t)(sizeof(blob.xcr0) + vectors->bytes),
		},
		.xcr0 = vectors->xcr0,
	};

	memcpy(blob.area, vectors->area, vectors->bytes);
	return set_state(ctx, HVMOD_STATE_XSAVE, &blob,
			 sizeof(blob.tlv) + ((blob.tlv.bytes + 7) & ~7U));
}
