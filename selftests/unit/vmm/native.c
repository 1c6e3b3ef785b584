// SPDX-License-Identifier: GPL-2.0-only
/*
 * All sixteen general registers, RSP too, and the flags belong to the
 * instruction; what is needed to come back is in variables. An exception comes
 * back by way of a signal handler on a stack of its own.
 */
#include <asm/ldt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "native.h"
#include "tap.h"

/* The kernel's selectors for 64-bit programs. */
#define USER_CS		0x33LL
#define USER_SS		0x2BLL

/* Selectors of an LDT, for programs. */
enum {
	LDT_DATA = 0 << 3 | 7,
	LDT_CODE_16 = 1 << 3 | 7,
	LDT_CODE_32 = 2 << 3 | 7,
};


/* Named by the assembly below. */
struct native native_state __attribute__((__used__));
uint64_t native_host_rsp __attribute__((__used__));
uint64_t native_entry __attribute__((__used__));
/* For a far jump: offset and selector. */
struct {
	uint32_t offset;
	uint16_t selector;
} native_far __attribute__((__used__, __aligned__(8)));
uint32_t native_data __attribute__((__used__));

void native_enter(void);
void native_enter_far(void);
extern const uint8_t native_back[];

#define EACH_GPR(move)							\
	move(0, rax) move(1, rcx) move(2, rdx) move(3, rbx)		\
	move(5, rbp) move(6, rsi) move(7, rdi) move(8, r8) move(9, r9)	\
	move(10, r10) move(11, r11) move(12, r12) move(13, r13)		\
	move(14, r14) move(15, r15) move(4, rsp)
#define LOAD_GPR(n, reg)  "mov native_state+8*" #n "(%rip), %" #reg "\n"
#define STORE_GPR(n, reg) "mov %" #reg ", native_state+8*" #n "(%rip)\n"

#define EACH_YMM(move)							\
	move(0) move(1) move(2) move(3) move(4) move(5) move(6) move(7)	\
	move(8) move(9) move(10) move(11) move(12) move(13) move(14)	\
	move(15)
#define LOAD_YMM(n)	"vmovdqu native_state+160+32*" #n "(%rip), %ymm" #n "\n"
#define STORE_YMM(n)	"vmovdqu %ymm" #n ", native_state+160+32*" #n "(%rip)\n"

_Static_assert(__builtin_offsetof(struct native, ymm) == 160, "as in the assembly");

#define ENTER								\
	"push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n" \
	"mov %rsp, native_host_rsp(%rip)\n"				\
	EACH_YMM(LOAD_YMM)						\
	"push native_state+8*17(%rip)\npopfq\n"

asm(".text\n"
    "native_enter:\n"
    ENTER
    EACH_GPR(LOAD_GPR)
    "jmp *native_entry(%rip)\n"
    "native_enter_far:\n"
    ENTER
    "mov native_data(%rip), %eax\n"
    "mov %eax, %ds\nmov %eax, %es\nmov %eax, %ss\n"
    EACH_GPR(LOAD_GPR)
    "ljmp *native_far(%rip)\n"
    ".globl native_back\n"
    "native_back:\n"
    EACH_GPR(STORE_GPR)
    "mov native_host_rsp(%rip), %rsp\n"
    "pushfq\npop native_state+8*17(%rip)\n"
    "push $2\npopfq\n"
    "mov $0x2b, %eax\nmov %eax, %ss\n"
    "xor %eax, %eax\nmov %eax, %ds\nmov %eax, %es\n"
    EACH_YMM(STORE_YMM)
    "vzeroupper\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\n"
    "ret\n");

static void on_exception(int signal, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)signal;
	(void)info;
	/* The alignment check is the instruction's, not this function's. */
	asm volatile("pushfq\nandq $~0x40000, (%%rsp)\npopfq" : : : "memory", "cc");
	if (!native_entry)
		_exit(99);
	native_state.vector = (int)u->uc_mcontext.gregs[REG_TRAPNO];
	native_state.error = (uint32_t)u->uc_mcontext.gregs[REG_ERR];
	native_state.cr2 = (uint64_t)u->uc_mcontext.gregs[REG_CR2];
	u->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)native_back;
	/* CS in bits 15:0, SS in bits 63:48 */
	u->uc_mcontext.gregs[REG_CSGSFS] &= 0x0000FFFFFFFF0000LL;
	u->uc_mcontext.gregs[REG_CSGSFS] |= USER_CS | USER_SS << 48;
}

/**
 * native_init() - catch what instructions raise
 */
void native_init(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct sigaction action = {
		.sa_sigaction = on_exception,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	static uint8_t memory[1 << 18];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };
	unsigned int i;

	if (sigaltstack(&stack, NULL))
		abort();
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static bool set_segment(unsigned int selector, uint32_t base, uint32_t limit,
			bool code, bool big)
{
	const struct user_desc segment = {
		.entry_number = selector >> 3,
		.base_addr = base,
		.limit = limit,
		.seg_32bit = big,
		.contents = code ? MODIFY_LDT_CONTENTS_CODE
				 : MODIFY_LDT_CONTENTS_DATA,
	};

	return !syscall(SYS_modify_ldt, 1, &segment, sizeof(segment));
}

/**
 * native_segments() - make segments for 16- and 32-bit code
 * @base: of them all
 * @limit: of DS, ES and SS
 *
 * Return: false if the kernel does not let us
 */
bool native_segments(uint32_t base, uint32_t limit)
{
	return set_segment(LDT_DATA, base, limit, false, true) &&
	       set_segment(LDT_CODE_16, base, 0xFFFF, true, false) &&
	       set_segment(LDT_CODE_32, base, 0xFFFF, true, true);
}

/**
 * native_place() - put an instruction where it can run
 * @at: executable memory
 * @slot: 32 bytes below 2 GiB, aligned because the way back obeys RFLAGS.AC
 *	too
 * @bytes: the instruction
 * @length: its length
 * @code_width: as in struct native
 */
void native_place(uint8_t *at, uint64_t *slot, const uint8_t *bytes,
		  unsigned int length, unsigned int code_width)
{
	static const uint8_t jump[3] = { 0xFF, 0x24, 0x25 };
	uint32_t address = (uint32_t)(uintptr_t)slot;
	uint32_t stub = address + 8;
	uint16_t selector = USER_CS;

	/* 64-bit code: jmp *slot. Others: a far jump to such code. */
	*slot = (uintptr_t)native_back;
	memcpy(slot + 1, jump, sizeof(jump));
	memcpy((uint8_t *)(slot + 1) + sizeof(jump), &address, sizeof(address));
	memcpy(at, bytes, length);
	at += length;
	if (code_width == 8) {
		memcpy(at, slot + 1, sizeof(jump) + sizeof(address));
		return;
	}
	if (code_width == 2)
		*at++ = 0x66;
	*at++ = 0xEA;
	memcpy(at, &stub, sizeof(stub));
	memcpy(at + sizeof(stub), &selector, sizeof(selector));
}

/**
 * native_run() - run it
 * @code: where native_place() put it: the address, or the offset in its segment
 * @native: registers before and after
 */
void native_run(uint64_t code, struct native *native)
{
	native_state = *native;
	native_state.vector = -1;
	native_entry = 1;
	if (native->code_width == 8) {
		native_entry = code;
		native_enter();
	} else {
		native_far.offset = (uint32_t)code;
		native_far.selector = native->code_width == 4 ? LDT_CODE_32
							      : LDT_CODE_16;
		native_data = LDT_DATA;
		native_enter_far();
	}
	native_entry = 0;
	*native = native_state;
}
