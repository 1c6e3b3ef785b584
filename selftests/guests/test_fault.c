// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults: the error code of each kind (SDM volume 3, 4.7), CR2, the
 * accessed and dirty bits, and other exceptions that have a code.
 */
#include "guest.h"

#define P	0x1ULL
#define W	0x2ULL
#define U	0x4ULL
#define A	0x20ULL
#define D	0x40ULL
#define NX	(1ULL << 63)
#define RESERVED	(1ULL << 51)

#define WINDOW		0x8000000000ULL		/* the second entry of the PML4 */
#define PAGE		WINDOW
#define CODE_PAGE	(WINDOW + 0x1000)
#define STACK_PAGE	(WINDOW + 0x2000)
#define CR0_WP		(1UL << 16)

enum how { READ, WRITE, FETCH };

extern uint64_t pml4[];

static unsigned int soft;
static uint64_t window_pdpt[512] __attribute__((aligned(4096)));
static uint64_t window_directory[512] __attribute__((aligned(4096)));
static uint64_t window_table[512] __attribute__((aligned(4096)));
static uint8_t page[4096] __attribute__((aligned(4096)));
static uint8_t code_page[4096] __attribute__((aligned(4096)));
static uint8_t stack_page[4096] __attribute__((aligned(4096)));

/* Of the user's code page: each ends with INT3. */
#define USER_READ	0
#define USER_WRITE	16
#define USER_FETCH	32
#define USER_END	48

static void set_page(uint64_t flags)
{
	window_table[0] = (uintptr_t)page | flags;
	asm volatile("invlpg (%0)" : : "r"(PAGE) : "memory");
}

static void make_window(void)
{
	pml4[1] = (uintptr_t)window_pdpt | P | W | U;
	window_pdpt[0] = (uintptr_t)window_directory | P | W | U;
	window_directory[0] = (uintptr_t)window_table | P | W | U;
	window_table[1] = (uintptr_t)code_page | P | U;
	window_table[2] = (uintptr_t)stack_page | P | W | U;
	memset(page, 0xC3, sizeof(page));	/* RET */
	memcpy(code_page + USER_READ, "\x8A\x07\xCC", 3);	/* mov (%rdi), %al */
	memcpy(code_page + USER_WRITE, "\xC6\x07\xC3\xCC", 4);	/* movb $0xC3, (%rdi) */
	memcpy(code_page + USER_FETCH, "\xFF\xE7", 2);		/* jmp *%rdi, then RET */
	memcpy(code_page + USER_END, "\xCC", 1);
}

/* CALL leaves its return address where a fault at the target has to drop it. */
static void kernel_access(enum how how, uint64_t address)
{
	switch (how) {
	case READ:
		TRY("movb (%0), %%al", : : "r"(address) : "rax", "memory");
		break;
	case WRITE:
		TRY("movb $0xC3, (%0)", : : "r"(address) : "memory");
		break;
	case FETCH:
		trap_seen = (struct trap){ .vector = -1 };
		asm volatile("movq $1f, trap_resume\n\t"
			     "mov %%rsp, %%rbx\n\t"
			     "call *%0\n"
			     "1:\tmov %%rbx, %%rsp\n\t"
			     "movq $0, trap_resume" : : "r"(address) : "rbx", "memory");
		break;
	}
}

/* With IRET to the user's page; an exception is the way back. */
static void user_access(enum how how, uint64_t address)
{
	static const uint64_t code[] = { [READ] = USER_READ, [WRITE] = USER_WRITE,
					 [FETCH] = USER_FETCH };
	uint64_t *stack = (uint64_t *)(stack_page + sizeof(stack_page)) - 2;

	stack[0] = CODE_PAGE + USER_END;
	trap_seen = (struct trap){ .vector = -1 };
	asm volatile("movq $1f, trap_resume\n\t"
		     "mov %%rsp, trap_user_stack\n\t"
		     "pushq %[ss]\n\t"
		     "pushq %[rsp]\n\t"
		     "pushq $2\n\t"
		     "pushq %[cs]\n\t"
		     "pushq %[rip]\n\t"
		     "iretq\n"
		     "1:"
		     : : [ss] "i"(SELECTOR_USER_DATA), [cs] "i"(SELECTOR_USER_CODE),
			 [rsp] "r"(STACK_PAGE + 4096 - 16), [rip] "r"(CODE_PAGE + code[how]),
			 "D"(address)
		     : "rax", "memory");
}

#define NO_FAULT	-1

static const struct {
	const char *text;
	bool user;
	enum how how;
	uint64_t flags;
	int error;
} cases[] = {
	{ "kernel reads a page that is not there", false, READ, 0, 0x00 },
	{ "kernel writes a page that is not there", false, WRITE, 0, 0x02 },
	{ "kernel runs a page that is not there", false, FETCH, 0, 0x10 },
	{ "kernel reads a page that is there", false, READ, P, NO_FAULT },
	{ "kernel writes a read-only page", false, WRITE, P, 0x03 },
	{ "kernel writes a page that can be written", false, WRITE, P | W, NO_FAULT },
	{ "kernel runs a page", false, FETCH, P, NO_FAULT },
	{ "kernel runs a page with XD", false, FETCH, P | W | NX, 0x11 },
	{ "kernel reads a page with a reserved bit", false, READ, P | W | RESERVED, 0x09 },
	{ "kernel writes a page with a reserved bit", false, WRITE, P | W | RESERVED, 0x0B },
	{ "user reads a page that is not there", true, READ, 0, 0x04 },
	{ "user writes a page that is not there", true, WRITE, 0, 0x06 },
	{ "user runs a page that is not there", true, FETCH, 0, 0x14 },
	{ "user reads a page of the kernel", true, READ, P | W, 0x05 },
	{ "user writes a page of the kernel", true, WRITE, P | W, 0x07 },
	{ "user runs a page of the kernel", true, FETCH, P | W, 0x15 },
	{ "user reads a page of its own", true, READ, P | U, NO_FAULT },
	{ "user writes a read-only page", true, WRITE, P | U, 0x07 },
	{ "user writes a page of its own", true, WRITE, P | W | U, NO_FAULT },
	{ "user runs a page of its own", true, FETCH, P | U, NO_FAULT },
	{ "user runs a page with XD", true, FETCH, P | U | NX, 0x15 },
	{ "user reads a page with a reserved bit", true, READ, P | U | RESERVED, 0x0D },
};

static void test_page_faults(void)
{
	uint64_t address = PAGE + 0x123;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int none = cases[i].user ? TRAP_BP : -1;

		set_page(cases[i].flags);
		if (cases[i].user)
			user_access(cases[i].how, address);
		else
			kernel_access(cases[i].how, address);
		if (cases[i].error == NO_FAULT)
			ok(trap_seen.vector == none, "%s: no fault", cases[i].text);
		else
			ok(trap_seen.vector == TRAP_PF && trap_seen.cr2 == address &&
			   trap_seen.error == (uint64_t)cases[i].error,
			   "%s: #PF, error code 0x%lx, CR2", cases[i].text, trap_seen.error);
	}
}

static void test_write_protect(void)
{
	uint64_t cr0;

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	asm volatile("mov %0, %%cr0" : : "r"(cr0 & ~CR0_WP));
	set_page(P);
	kernel_access(WRITE, PAGE);
	ok(trap_seen.vector == -1, "without CR0.WP the kernel writes a read-only page");
	asm volatile("mov %0, %%cr0" : : "r"(cr0));
	kernel_access(WRITE, PAGE);
	ok(trap_seen.vector == TRAP_PF && trap_seen.error == 3, "with it, it does not");
}

static void test_accessed_dirty(void)
{
	set_page(P | W);
	kernel_access(READ, PAGE);
	ok((window_table[0] & (A | D)) == A, "a read sets the accessed bit");
	kernel_access(WRITE, PAGE);
	ok((window_table[0] & (A | D)) == (A | D), "a write sets the dirty bit");
}

static void test_others(void)
{
	uint64_t outside = 1ULL << 47;

	kernel_access(READ, outside);
	ok(trap_seen.vector == TRAP_GP && !trap_seen.error, "a non-canonical address is #GP(0)");
	trap_seen = (struct trap){ .vector = -1 };
	asm volatile("movq $1f, trap_resume\n\t"
		     "mov %%rbp, %%rbx\n\t"
		     "mov %0, %%rbp\n\t"
		     "movb (%%rbp), %%al\n"
		     "1:\tmov %%rbx, %%rbp\n\t"
		     "movq $0, trap_resume" : : "r"(outside) : "rax", "rbx", "memory");
	ok(trap_seen.vector == TRAP_SS && !trap_seen.error, "by way of RBP it is #SS(0)");
	TRY("mov %0, %%fs", : : "r"(0x5003) : "memory");
	ok(trap_seen.vector == TRAP_GP && trap_seen.error == 0x5000,
	   "a selector behind the GDT is #GP with the selector: 0x%lx", trap_seen.error);
	TRY("ud2", : : : "memory");
	ok(trap_seen.vector == TRAP_UD, "UD2 is #UD");
	TRY("div %0", : : "r"(0), "a"(1), "d"(0) : "memory");
	ok(trap_seen.vector == TRAP_DE, "a division by zero is #DE");
	TRY("mov %0, %%cr4", : : "r"(1UL << 40) : "memory");
	ok(trap_seen.vector == TRAP_GP && !trap_seen.error, "a reserved bit of CR4 is #GP(0)");
	TRY("mov %0, %%cr0", : : "r"(1UL << 31) : "memory");
	ok(trap_seen.vector == TRAP_GP && !trap_seen.error, "CR0.PG without CR0.PE is #GP(0)");
	TRY("int $0x80", : : : "memory");
	ok(trap_seen.vector == -1 && soft == 1, "INT with a vector of one's own");
}

static void on_soft(struct frame *frame)
{
	(void)frame;
	soft++;
}

void test_fault(void)
{
	trap_handle(0x80, on_soft);
	make_window();
	test_page_faults();
	test_write_protect();
	test_accessed_dirty();
	test_others();
	pml4[1] = 0;
	asm volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" : : : "rax", "memory");
}
