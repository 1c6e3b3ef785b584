// SPDX-License-Identifier: GPL-2.0-only
/*
 * many COUNT: make so many domains, one after the other, and let them go: each has
 * two vCPUs, memory that its guest has written to, a message and a doorbell. Of
 * every third the process is killed while its guest runs. What that leaves behind
 * is for others to measure.
 */
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "guest.h"

#define PAGE		4096
#define PAGES		64
#define COUNTER		0xfff		/* in each page: rounds of the guest */
#define PORT_DONE	0x80
#define PORT_BELL	0xc0

/* In real mode: add 1 to the last byte of each page, tell, and again. */
static const char code[] = "\xe9\x0d\xf0";	/* jmp F000 */
static const char work[] =
	"\x31\xc0"		/* xor %ax, %ax */
	"\x8e\xd8"		/* mov %ax, %ds */
	"\xfe\x06\xff\x0f"	/* incb 0xfff */
	"\x05\x00\x01"		/* add $0x100, %ax: 4 KiB further */
	"\x3d\x00\x40"		/* cmp $0x4000, %ax: 64 pages */
	"\x72\xf2"		/* jb mov */
	"\xe6\x80"		/* out %al, $0x80 */
	"\xeb\xec";		/* jmp xor */

static int device;

struct domain {
	struct guest guest;
	uint8_t *ram;
	int eventfd;
};

static void begin(struct domain *domain)
{
	struct hvmod_mem_map map = { .size = sizeof(map), .bytes = PAGES * PAGE };
	struct hvmod_irqfd irqfd = { .size = sizeof(irqfd), .address = 0xfee00000, .data = 0x41 };
	struct hvmod_doorbell bell = { .size = sizeof(bell), .flags = HVMOD_DOORBELL_PORT,
				       .address = PORT_BELL, .bytes = 2 };

	guest_start(device, &domain->guest, "many", 2, code, 3);
	memcpy(domain->guest.memory, work, sizeof(work) - 1);
	domain->ram = mmap(NULL, map.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	if (domain->ram == MAP_FAILED)
		err(1, "mmap");
	map.user_addr = (uintptr_t)domain->ram;
	need(ioctl(domain->guest.fd, HVMOD_MEM_MAP, &map), "HVMOD_MEM_MAP");
	domain->eventfd = need(eventfd(0, EFD_CLOEXEC), "eventfd");
	irqfd.fd = bell.fd = domain->eventfd;
	need(ioctl(domain->guest.fd, HVMOD_IRQFD, &irqfd), "HVMOD_IRQFD");
	need(ioctl(domain->guest.fd, HVMOD_DOORBELL, &bell), "HVMOD_DOORBELL");
}

static void end(struct domain *domain)
{
	guest_end(&domain->guest);
	munmap(domain->ram, PAGES * PAGE);
	close(domain->eventfd);
}

/* Return: whether the guest has been everywhere once more */
static bool runs(struct domain *domain)
{
	struct hvmod_run *run = domain->guest.run[0];
	uint8_t before = domain->ram[PAGES * PAGE - 1];

	do {
		need(ioctl(domain->guest.vcpu[0], HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
	} while (run->exit == HVMOD_EXIT_KICK);
	return run->exit == HVMOD_EXIT_IO && run->io.port == PORT_DONE &&
	       domain->ram[COUNTER] == (uint8_t)(before + 1) &&
	       domain->ram[PAGES * PAGE - 1] == (uint8_t)(before + 1);
}

static bool ended(void)
{
	struct domain domain;
	bool good;

	begin(&domain);
	good = runs(&domain);
	end(&domain);
	return good;
}

static bool killed(void)
{
	int pipes[2], status;
	char byte = 0;
	pid_t pid;

	if (pipe(pipes))
		err(1, "pipe");
	pid = need(fork(), "fork");
	if (!pid) {
		struct domain domain;

		begin(&domain);
		while (runs(&domain) && write(pipes[1], &byte, 1) == 1)
			;
		_exit(1);
	}
	close(pipes[1]);
	if (read(pipes[0], &byte, 1) != 1)
		byte = 1;
	kill(pid, SIGKILL);
	need(waitpid(pid, &status, 0), "waitpid");
	close(pipes[0]);
	return !byte && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

int main(int argc, char **argv)
{
	unsigned int count, i, bad = 0;

	if (argc != 2)
		errx(2, "usage: many COUNT");
	device = device_open();
	count = strtoul(argv[1], NULL, 10);
	for (i = 0; i < count; i++)
		bad += i % 3 == 2 ? !killed() : !ended();
	ok(!bad, "%u domains, of %u the process was killed", count, count / 3);
	return tap_done();
}
