/* SPDX-License-Identifier: GPL-2.0-only */
/* The test guest: a kernel as small as its tests allow. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

/* Instructions */

static inline void out8(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	asm volatile("wrmsr" : : "a"((uint32_t)value), "d"((uint32_t)(value >> 32)),
		     "c"(msr) : "memory");
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t sub)
{
	struct cpuid r;

	asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		     : "0"(leaf), "2"(sub));
	return r;
}

static inline void sti(void)
{
	asm volatile("sti; nop" : : : "memory");
}

static inline void cli(void)
{
	asm volatile("cli" : : : "memory");
}

/* No interrupt gets lost between the two. */
static inline void sti_hlt_cli(void)
{
	asm volatile("sti; hlt; cli" : : : "memory");
}

static inline void pause(void)
{
	asm volatile("pause" : : : "memory");
}

#define READ_ONCE(x)	(*(volatile typeof(x) *)&(x))

static inline void *memset(void *to, int value, size_t bytes)
{
	void *start = to;

	asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
	return start;
}

static inline void *memcpy(void *to, const void *from, size_t bytes)
{
	void *start = to;

	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
	return start;
}

static inline bool same(const void *a, const void *b, size_t bytes)
{
	const uint8_t *p = a, *q = b;

	while (bytes && *p == *q) {
		p++;
		q++;
		bytes--;
	}
	return !bytes;
}

/* console.c: TAP on COM1; formats %s %u %x %lx %lu */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool report(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
void skip(const char *what, const char *why);
_Noreturn void finish(void);
_Noreturn void bail_out(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define ok(condition, ...) do {						\
	if (!report(condition, __VA_ARGS__))				\
		print("# %s:%u: %s\n", __FILE__, (unsigned int)__LINE__, #condition); \
} while (0)

/* trap.c: interrupts and exceptions */
struct frame {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/**
 * struct trap - the exception that an attempt ended with
 * @vector: which, -1 for none
 * @error: its error code
 * @cr2: CR2 afterwards
 */
struct trap {
	int vector;
	uint64_t error;
	uint64_t cr2;
};

#define TRAP_DE	0
#define TRAP_BP	3
#define TRAP_UD	6
#define TRAP_SS	12
#define TRAP_GP	13
#define TRAP_PF	14

extern struct trap trap_seen;
extern uint64_t trap_resume;	/* RIP to go on at; 0: nobody expects an exception */
extern uint64_t trap_user_stack;	/* RSP to go on with in the kernel, for user code */

/* An instruction that may fault; behind it what asm wants, from the first colon. */
#define TRY(instruction, ...) do {					\
	trap_seen = (struct trap){ .vector = -1 };			\
	asm volatile("movq $1f, trap_resume\n\t"			\
		     instruction "\n"					\
		     "1:\tmovq $0, trap_resume" __VA_ARGS__);		\
} while (0)

void trap_init(void);
void trap_load(void);
void trap_handle(uint8_t vector, void (*handler)(struct frame *frame));

/* boot.c: what the boot loader told */
struct boot {
	const char *protocol;
	const char *cmdline;
	const char *loader;	/* NULL: the protocol has no name of it */
	uint64_t module;
	uint64_t module_bytes;
	uint64_t ram_bytes;
	unsigned int regions;
	uint64_t rsdp;		/* 0: not told */
};

extern struct boot boot;
void boot_read(uint32_t magic, uint32_t info);
bool boot_word(const char *word);

/* smp.c */
extern unsigned int cpus;
extern uint8_t cpu_apic_id[CPUS_MAX];
void smp_find(void);
void smp_start(void);
unsigned int cpu_index(void);

/* apic.c */
#define APIC_ID		0x02
#define APIC_VERSION	0x03
#define APIC_TPR	0x08
#define APIC_EOI	0x0B
#define APIC_SVR	0x0F
#define APIC_ISR	0x10
#define APIC_IRR	0x20
#define APIC_ICR	0x30
#define APIC_LVT_TIMER	0x32
#define APIC_INITIAL	0x38
#define APIC_CURRENT	0x39
#define APIC_DIVIDE	0x3E
#define APIC_SELF_IPI	0x3F

#define LVT_MASKED	(1U << 16)
#define LVT_PERIODIC	(1U << 17)
#define LVT_DEADLINE	(2U << 17)
#define ICR_NMI		(4U << 8)
#define ICR_INIT	(5U << 8)
#define ICR_SIPI	(6U << 8)
#define ICR_LOGICAL	(1U << 11)
#define ICR_ASSERT	(1U << 14)
#define ICR_SELF	(1U << 18)
#define ICR_ALL		(2U << 18)
#define ICR_OTHERS	(3U << 18)

#define MSR_APIC_BASE		0x1B
#define MSR_TSC_DEADLINE	0x6E0
#define MSR_X2APIC		0x800

extern bool apic_x2;
bool apic_has_x2(void);
void apic_enable(bool x2);
uint32_t apic_read(uint32_t reg);
void apic_write(uint32_t reg, uint32_t value);
void apic_send(uint32_t command, uint32_t apic_id);
void apic_eoi(void);
bool apic_bit(uint32_t reg, uint8_t vector);

/* Wait for *@count to become @wanted, asleep. Return: false if it takes too long */
bool wait_count(const unsigned int *count, unsigned int wanted);
void spin(uint64_t ticks);

/* The tests. */
void test_boot(void);
void test_timer(void);
void test_ipi(void);
void test_ioapic(void);
void test_msr(void);
void test_fault(void);
void test_debug(void);

#endif
