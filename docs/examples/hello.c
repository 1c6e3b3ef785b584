// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest VMM that does something: a domain with 64 KiB of memory and one
 * vCPU, whose guest writes a line to a port and halts. README.md walks
 * through it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hvmod.h>

#define MEMORY	0x10000
#define PORT	0xe9

/* The guest: 32-bit code for address 0. The last character is its ring. */
extern const char guest[], guest_end[];
asm(".pushsection .rodata\n"
    ".code32\n"
    "guest:	mov	$(text - guest), %esi\n"
    "1:		lodsb\n"
    "		test	%al, %al\n"
    "		jz	2f\n"
    "		out	%al, $0xe9\n"
    "		jmp	1b\n"
    "2:		mov	%cs, %eax\n"
    "		and	$3, %al\n"
    "		add	$'0', %al\n"
    "		out	%al, $0xe9\n"
    "		mov	$'\\n', %al\n"
    "		out	%al, $0xe9\n"
    "		cli\n"
    "		hlt\n"
    "text:	.asciz	\"hello, ring \"\n"
    "guest_end:\n"
    ".code64\n"
    ".popsection");

static int need(int ret, const char *what)
{
	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

static void *map(size_t bytes, int flags, int fd)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

/* A domain whose memory has the guest at address 0. Its life is the descriptor's. */
static int make_domain(void)
{
	struct hvmod_domain_create create = { .size = sizeof(create), .name = "hello",
					      .vcpus = 1, .mem_max = MEMORY };
	struct hvmod_mem_map mem = { .size = sizeof(mem), .gpa = 0, .bytes = MEMORY };
	struct hvmod_set_state state = { .size = sizeof(state), .state = HVMOD_STATE_RUNNING };
	int device = need(open("/dev/hvmod", O_RDWR | O_CLOEXEC), "/dev/hvmod");
	int domain = need(ioctl(device, HVMOD_DOMAIN_CREATE, &create), "HVMOD_DOMAIN_CREATE");
	void *memory = map(MEMORY, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	memcpy(memory, guest, guest_end - guest);
	mem.user_addr = (uintptr_t)memory;
	need(ioctl(domain, HVMOD_MEM_MAP, &mem), "HVMOD_MEM_MAP");
	need(ioctl(domain, HVMOD_DOMAIN_SET_STATE, &state), "HVMOD_DOMAIN_SET_STATE");
	close(device);
	return domain;
}

/* From the reset state to 32-bit protected mode with flat segments, at address 0. */
static void set_start(int vcpu, struct hvmod_run *run)
{
	const struct hvmod_segment code = { .limit = 0xffffffff, .selector = 8,
					    .attributes = 0xc09b };
	const struct hvmod_segment data = { .limit = 0xffffffff, .selector = 16,
					    .attributes = 0xc093 };
	struct {
		struct hvmod_tlv head;
		struct hvmod_sregs sregs;
	} blob;
	struct hvmod_vcpu_state get = { .size = sizeof(get), .groups = HVMOD_STATE_SREGS,
					.data = (uintptr_t)&blob, .bytes = sizeof(blob) };

	need(ioctl(vcpu, HVMOD_VCPU_GET_STATE, &get), "HVMOD_VCPU_GET_STATE");
	run->sregs = blob.sregs;
	for (int i = HVMOD_SEG_ES; i <= HVMOD_SEG_GS; i++)
		run->sregs.segment[i] = i == HVMOD_SEG_CS ? code : data;
	run->sregs.cr0 |= 1;	/* PE */
	run->regs = (struct hvmod_regs){ .rip = 0, .rflags = 2 };
	run->dirty = HVMOD_STATE_REGS | HVMOD_STATE_SREGS;
}

/* Run it until it halts for good, and print what it writes to the port. */
static void run_guest(int vcpu, struct hvmod_run *run)
{
	for (;;) {
		need(ioctl(vcpu, HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
		switch (run->exit) {
		case HVMOD_EXIT_IO:
			if (run->io.port == PORT && !run->io.in)
				putchar(run->io.data);
			break;
		case HVMOD_EXIT_HALTED:
			return;
		case HVMOD_EXIT_KICK:
			break;
		default:
			errx(1, "exit %u, why %u", run->exit, run->why);
		}
	}
}

int main(void)
{
	struct hvmod_vcpu_create create = { .size = sizeof(create), .index = 0 };
	int domain = make_domain();
	int vcpu = need(ioctl(domain, HVMOD_VCPU_CREATE, &create), "HVMOD_VCPU_CREATE");
	struct hvmod_run *run = map(sysconf(_SC_PAGESIZE), MAP_SHARED, vcpu);

	set_start(vcpu, run);
	run_guest(vcpu, run);
	return 0;	/* the descriptors close, and the domain goes */
}
