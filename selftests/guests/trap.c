// SPDX-License-Identifier: GPL-2.0-only
/* The IDT, the TSS, and what becomes of an exception. */
#include "guest.h"

#define VECTORS		256
#define VECTOR_BYTES	16
#define GATE_INTERRUPT	0x8E00
#define GATE_USER	0xEE00
#define EXCEPTIONS	32
#define NMI		2

struct gate {
	uint16_t low;
	uint16_t selector;
	uint16_t type;
	uint16_t middle;
	uint32_t high;
	uint32_t reserved;
};

struct tss {
	uint32_t reserved0;
	uint64_t rsp0;
	uint64_t unused[12];
	uint16_t reserved1;
	uint16_t io_bitmap;
} __attribute__((packed));

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern const char vectors[];
extern uint64_t gdt[];

struct trap trap_seen;
uint64_t trap_resume;
uint64_t trap_user_stack;

static struct gate idt[VECTORS];
static struct tss tss;
static char kernel_stack[4096] __attribute__((aligned(16)));
static void (*handlers[VECTORS])(struct frame *frame);

void trap(struct frame *frame);

/* Exceptions that a test waits for go on where it says, in the kernel. */
static void resume(struct frame *frame)
{
	asm volatile("mov %%cr2, %0" : "=r"(trap_seen.cr2));
	trap_seen.vector = (int)frame->vector;
	trap_seen.error = frame->error;
	frame->rip = trap_resume;
	trap_resume = 0;
	if (!(frame->cs & 3))
		return;
	frame->cs = SELECTOR_CODE;
	frame->ss = SELECTOR_DATA;
	frame->rsp = trap_user_stack;
	frame->rflags = 2;
}

void trap(struct frame *frame)
{
	uint64_t cr2;

	if (handlers[frame->vector]) {
		handlers[frame->vector](frame);
		return;
	}
	if (trap_resume && frame->vector < EXCEPTIONS && frame->vector != NMI) {
		resume(frame);
		return;
	}
	asm volatile("mov %%cr2, %0" : "=r"(cr2));
	bail_out("unexpected vector %lu, error 0x%lx, RIP 0x%lx, CR2 0x%lx",
		 frame->vector, frame->error, frame->rip, cr2);
}

void trap_handle(uint8_t vector, void (*handler)(struct frame *frame))
{
	handlers[vector] = handler;
}

/* On each processor. */
void trap_load(void)
{
	const struct table_pointer pointer = { sizeof(idt) - 1, (uintptr_t)idt };

	asm volatile("lidt %0" : : "m"(pointer));
}

/* A PC that has the old interrupt controllers, on other hypervisors. */
static void silence_pics(void)
{
	out8(0x21, 0xFF);
	out8(0xA1, 0xFF);
}

void trap_init(void)
{
	uint64_t base = (uintptr_t)&tss;
	unsigned int i;

	for (i = 0; i < VECTORS; i++) {
		uint64_t entry = (uintptr_t)vectors + VECTOR_BYTES * i;

		idt[i] = (struct gate){
			.low = (uint16_t)entry,
			.selector = SELECTOR_CODE,
			.type = i == TRAP_BP ? GATE_USER : GATE_INTERRUPT,
			.middle = (uint16_t)(entry >> 16),
			.high = (uint32_t)(entry >> 32),
		};
	}
	trap_load();
	silence_pics();
	tss.rsp0 = (uintptr_t)kernel_stack + sizeof(kernel_stack);
	tss.io_bitmap = sizeof(tss);
	gdt[SELECTOR_TSS / 8] = (sizeof(tss) - 1) | (base & 0xFFFFFF) << 16 | 0x89ULL << 40 |
				(base >> 24 & 0xFF) << 56;
	gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
	asm volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}
