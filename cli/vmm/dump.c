// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ELF core of a domain: a PT_LOAD for each range of memory, addresses being
 * guest-physical, and for each vCPU an NT_PRSTATUS note, which gdb reads, and a
 * note "QEMU" with the system registers, from which crash finds out where the
 * guest's kernel is.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/procfs.h>
#include <unistd.h>

#include "machine.h"

#define PAGE_BYTES	4096ULL
#define WRITE_BYTES	(1ULL << 20)
#define MSR_KERNEL_GS	0xC0000102

/* Layout of the "QEMU" note, version 1. */
struct note_segment {
	uint32_t selector;
	uint32_t limit;
	uint32_t flags;
	uint32_t pad;
	uint64_t base;
};

struct note_cpu {
	uint32_t version;
	uint32_t size;
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
	uint64_t r8_15[8];
	uint64_t rip, rflags;
	struct note_segment cs, ds, es, fs, gs, ss, ldt, tr, gdt, idt;
	uint64_t cr[5];
	uint64_t kernel_gs_base;
};

struct note_status {
	Elf64_Nhdr head;
	char name[8];		/* "CORE" and padding */
	struct elf_prstatus status;
} __packed;

struct note_system {
	Elf64_Nhdr head;
	char name[8];		/* "QEMU" and padding */
	struct note_cpu cpu;
} __packed;

/* A reader finds the next note at the end of this one, rounded to 4. */
_Static_assert(!(sizeof(struct elf_prstatus) & 3), "NT_PRSTATUS has no padding");
_Static_assert(sizeof(struct note_cpu) == 440, "the note's own size field");

/* What is read of a vCPU. */
struct state {
	struct hvmod_tlv regs_tlv;
	struct hvmod_regs regs;
	struct hvmod_tlv sregs_tlv;
	struct hvmod_sregs sregs;
	struct hvmod_tlv msrs_tlv;
	struct hvmod_msr_value msr[64];
};

/**
 * struct dump - a core that is being written
 * @vmm: the domain
 * @fd: where to
 * @cancel: nobody wants it any more
 * @seekable: holes are possible
 * @head: ELF header, program headers and notes, in whole pages
 * @head_bytes: length of it
 */
struct dump {
	struct vmm *vmm;
	int fd;
	const int *cancel;
	bool seekable;
	uint8_t *head;
	size_t head_bytes;
};

static int read_state(struct vcpu *vcpu, struct state *state)
{
	struct hvmod_vcpu_state arg = {
		.size = sizeof(arg),
		.groups = HVMOD_STATE_REGS | HVMOD_STATE_SREGS | HVMOD_STATE_MSRS,
		.data = (uintptr_t)state,
		.bytes = sizeof(*state),
	};

	memset(state, 0, sizeof(*state));
	return ioctl(vcpu->fd, HVMOD_VCPU_GET_STATE, &arg);
}

static uint64_t msr_value(const struct state *state, uint32_t index)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(state->msr); i++) {
		if (state->msr[i].index == index)
			return state->msr[i].value;
	}
	return 0;
}

static void fill_status(struct note_status *note, const struct state *state,
			unsigned int index)
{
	const struct hvmod_segment *segment = state->sregs.segment;
	const __u64 *gpr = state->regs.gpr;
	/* The order of struct user_regs_struct. */
	const uint64_t regs[ELF_NGREG] = {
		gpr[15], gpr[14], gpr[13], gpr[12], gpr[HVMOD_GPR_RBP],
		gpr[HVMOD_GPR_RBX], gpr[11], gpr[10], gpr[9], gpr[8],
		gpr[HVMOD_GPR_RAX], gpr[HVMOD_GPR_RCX], gpr[HVMOD_GPR_RDX],
		gpr[HVMOD_GPR_RSI], gpr[HVMOD_GPR_RDI], UINT64_MAX,
		state->regs.rip, segment[HVMOD_SEG_CS].selector,
		state->regs.rflags, gpr[HVMOD_GPR_RSP],
		segment[HVMOD_SEG_SS].selector, segment[HVMOD_SEG_FS].base,
		segment[HVMOD_SEG_GS].base, segment[HVMOD_SEG_DS].selector,
		segment[HVMOD_SEG_ES].selector, segment[HVMOD_SEG_FS].selector,
		segment[HVMOD_SEG_GS].selector,
	};

	note->head = (Elf64_Nhdr){ 5, sizeof(note->status), NT_PRSTATUS };
	memcpy(note->name, "CORE", 5);
	note->status.pr_pid = (pid_t)index + 1;
	memcpy(&note->status.pr_reg, regs, sizeof(regs));
}

static struct note_segment segment_of(const struct state *state, unsigned int i)
{
	const struct hvmod_segment *from = &state->sregs.segment[i];

	return (struct note_segment){
		.selector = from->selector,
		.limit = from->limit,
		.flags = (uint32_t)from->attributes << 8,
		.base = from->base,
	};
}

static void fill_system(struct note_system *note, const struct state *state)
{
	const struct hvmod_sregs *sregs = &state->sregs;
	const __u64 *gpr = state->regs.gpr;

	note->head = (Elf64_Nhdr){ 5, sizeof(note->cpu), 0 };
	memcpy(note->name, "QEMU", 5);
	note->cpu = (struct note_cpu){
		.version = 1,
		.size = sizeof(note->cpu),
		.rax = gpr[HVMOD_GPR_RAX],
		.rbx = gpr[HVMOD_GPR_RBX],
		.rcx = gpr[HVMOD_GPR_RCX],
		.rdx = gpr[HVMOD_GPR_RDX],
		.rsi = gpr[HVMOD_GPR_RSI],
		.rdi = gpr[HVMOD_GPR_RDI],
		.rsp = gpr[HVMOD_GPR_RSP],
		.rbp = gpr[HVMOD_GPR_RBP],
		.rip = state->regs.rip,
		.rflags = state->regs.rflags,
		.cs = segment_of(state, HVMOD_SEG_CS),
		.ds = segment_of(state, HVMOD_SEG_DS),
		.es = segment_of(state, HVMOD_SEG_ES),
		.fs = segment_of(state, HVMOD_SEG_FS),
		.gs = segment_of(state, HVMOD_SEG_GS),
		.ss = segment_of(state, HVMOD_SEG_SS),
		.ldt = segment_of(state, HVMOD_SEG_LDTR),
		.tr = segment_of(state, HVMOD_SEG_TR),
		.gdt = { .limit = sregs->gdt_limit, .base = sregs->gdt_base },
		.idt = { .limit = sregs->idt_limit, .base = sregs->idt_base },
		.cr = { sregs->cr0, 0, sregs->cr2, sregs->cr3, sregs->cr4 },
		.kernel_gs_base = msr_value(state, MSR_KERNEL_GS),
	};
	memcpy(note->cpu.r8_15, gpr + 8, sizeof(note->cpu.r8_15));
}

static int fill_notes(struct dump *dump, uint8_t *to)
{
	struct state *state = malloc(sizeof(*state));
	unsigned int i;
	int ret = state ? 0 : -1;

	for (i = 0; i < dump->vmm->vcpus && !ret; i++) {
		struct note_status status = { 0 };
		struct note_system system = { 0 };

		if (!dump->vmm->vcpu[i].plugged)
			continue;
		ret = read_state(&dump->vmm->vcpu[i], state);
		if (ret)
			break;
		fill_status(&status, state, i);
		fill_system(&system, state);
		memcpy(to, &status, sizeof(status));
		to += sizeof(status);
		memcpy(to, &system, sizeof(system));
		to += sizeof(system);
	}
	free(state);
	return ret;
}

static size_t note_bytes(const struct dump *dump)
{
	unsigned int notes = 0;
	unsigned int i;

	for (i = 0; i < dump->vmm->vcpus; i++)
		notes += dump->vmm->vcpu[i].plugged;
	return notes *
	       (sizeof(struct note_status) + sizeof(struct note_system));
}

static int make_head(struct dump *dump)
{
	const struct guest_memory *memory = &dump->vmm->memory;
	size_t notes_at = sizeof(Elf64_Ehdr) +
			  (1 + memory->ranges) * sizeof(Elf64_Phdr);
	uint64_t at = (notes_at + note_bytes(dump) + PAGE_BYTES - 1) &
		      ~(PAGE_BYTES - 1);
	Elf64_Ehdr *ehdr;
	Elf64_Phdr *phdr;
	unsigned int i;

	dump->head = calloc(1, at);
	if (!dump->head)
		return -1;
	dump->head_bytes = at;
	ehdr = (void *)dump->head;
	phdr = (void *)(dump->head + sizeof(*ehdr));
	*ehdr = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(*ehdr),
		.e_ehsize = sizeof(*ehdr),
		.e_phentsize = sizeof(*phdr),
		.e_phnum = (uint16_t)(1 + memory->ranges),
	};
	phdr[0] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = notes_at,
		.p_filesz = note_bytes(dump),
		.p_memsz = note_bytes(dump),
		.p_align = 4,
	};
	for (i = 0; i < memory->ranges; i++) {
		phdr[1 + i] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = at,
			.p_vaddr = memory->range[i].gpa,
			.p_paddr = memory->range[i].gpa,
			.p_filesz = memory->range[i].bytes,
			.p_memsz = memory->range[i].bytes,
			.p_align = PAGE_BYTES,
		};
		at += memory->range[i].bytes;
	}
	return fill_notes(dump, dump->head + notes_at);
}

static bool cancelled(const struct dump *dump)
{
	return __atomic_load_n(dump->cancel, __ATOMIC_RELAXED);
}

static int write_all(struct dump *dump, const uint8_t *data, uint64_t bytes)
{
	while (bytes) {
		size_t part = bytes < WRITE_BYTES ? bytes : WRITE_BYTES;
		ssize_t n;

		if (cancelled(dump)) {
			errno = ECANCELED;
			return -1;
		}
		n = write(dump->fd, data, part);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			bytes -= (uint64_t)n;
		}
	}
	return 0;
}

/* How many bytes from @at on are in pages that are all zero, or all not. */
static uint64_t run_length(const struct guest_memory *memory,
			   const struct guest_range *range, uint64_t at, bool zero)
{
	uint64_t end = at;

	while (end < range->bytes && end - at < WRITE_BYTES &&
	       guest_page_zero(memory, range->host + end) == zero)
		end += PAGE_BYTES;
	return end - at;
}

/* The last page is always written, which gives the file its length. */
static int write_range(struct dump *dump, const struct guest_range *range)
{
	const struct guest_memory *memory = &dump->vmm->memory;
	uint64_t at = 0, run;

	while (at < range->bytes) {
		bool zero = guest_page_zero(memory, range->host + at);

		run = run_length(memory, range, at, zero);
		if (zero && dump->seekable && at + run < range->bytes) {
			if (cancelled(dump)) {
				errno = ECANCELED;
				return -1;
			}
			if (lseek(dump->fd, (off_t)run, SEEK_CUR) < 0)
				return -1;
		} else if (write_all(dump, range->host + at, run)) {
			return -1;
		}
		at += run;
	}
	return 0;
}

static int write_core(struct dump *dump)
{
	const struct guest_memory *memory = &dump->vmm->memory;
	unsigned int i;

	if (make_head(dump) || write_all(dump, dump->head, dump->head_bytes))
		return -1;
	for (i = 0; i < memory->ranges; i++) {
		if (write_range(dump, &memory->range[i]))
			return -1;
	}
	return 0;
}

int vmm_dump(struct vmm *vmm, int fd, const int *cancel)
{
	struct dump dump = { .vmm = vmm, .fd = fd, .cancel = cancel };
	int ret, error;

	dump.seekable = lseek(fd, 0, SEEK_CUR) == 0;
	if (life_freeze(vmm))
		return -1;
	ret = write_core(&dump);
	error = errno;
	life_thaw(vmm);
	free(dump.head);
	errno = error;
	return ret;
}
