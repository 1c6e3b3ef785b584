// SPDX-License-Identifier: GPL-2.0-only
/*
 * HVMOD_DOORBELL and HVMOD_IRQFD: eventfds that the guest signals, and that
 * interrupt it.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "eventfds.h"
#include "vm.h"

#define SECONDS(n)	((n) * 1000)
#define MSI_ADDRESS	0xfee00000ULL
#define KILLS		4

extern const char guest[], guest_end[];
#define ENTRY(name)	extern const uint32_t offset_##name
ENTRY(out1);
ENTRY(out2);
ENTRY(out4);
ENTRY(in1);
ENTRY(outs1);
ENTRY(ringing);
ENTRY(ringing_open);
ENTRY(halting);
ENTRY(spinning);
#define AT(name)	offset_##name

static int new_eventfd(void)
{
	return need(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
}

static void give(int fd, uint64_t value)
{
	if (write(fd, &value, sizeof(value)) != sizeof(value))
		err(1, "write to an eventfd");
}

/* The count of an eventfd, which is 0 afterwards. */
static uint64_t taken(int fd)
{
	uint64_t value = 0;

	if (read(fd, &value, sizeof(value)) != sizeof(value) && errno != EAGAIN)
		err(1, "read of an eventfd");
	return value;
}

/* An errno, 0 for success. */
static int doorbell(struct vm *vm, uint32_t flags, uint64_t port, uint32_t bytes, int fd,
		    uint64_t match)
{
	struct hvmod_doorbell arg = { .size = sizeof(arg), .flags = flags, .address = port,
				      .bytes = bytes, .fd = fd, .match = match };

	return ioctl(vm->domain, HVMOD_DOORBELL, &arg) ? errno : 0;
}

static int irqfd(struct vm *vm, uint32_t flags, int fd, uint64_t address, uint32_t data)
{
	struct hvmod_irqfd arg = { .size = sizeof(arg), .flags = flags, .fd = fd, .data = data,
				   .address = address };

	return ioctl(vm->domain, HVMOD_IRQFD, &arg) ? errno : 0;
}

/* Does this store come to the VMM? The last thing that does is PORT_DONE. */
static bool seen(struct vm *vm, uint32_t entry, uint16_t port, uint32_t value)
{
	struct hvmod_run *run = vm->run[0];
	bool seen = false;

	vm_start(vm, 0, entry, value, port);
	for (;;) {
		need(ioctl(vm->vcpu[0], HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
		if (run->exit == HVMOD_EXIT_KICK)
			continue;
		if (run->exit == HVMOD_EXIT_IO_STRING)
			return true;
		if (run->exit != HVMOD_EXIT_IO)
			errx(1, "exit %u, why %u", run->exit, run->why);
		if (run->io.port == PORT_DONE)
			return seen;
		seen = true;
	}
}

#define P	HVMOD_DOORBELL_PORT
#define M	(HVMOD_DOORBELL_PORT | HVMOD_DOORBELL_MATCH)
#define D	HVMOD_DOORBELL_DEASSIGN

static void doorbell_rings(struct vm *vm)
{
	int any = new_eventfd(), two = new_eventfd(), five = new_eventfd();

	ok(seen(vm, AT(out1), PORT, 1), "without a doorbell an OUT comes to the VMM");
	ok(!doorbell(vm, P, PORT, 0, any, 0), "a doorbell of any width");
	ok(!seen(vm, AT(out1), PORT, 1) && !seen(vm, AT(out2), PORT, 2) &&
	   !seen(vm, AT(out4), PORT, 0x12345678), "OUTs of 1, 2 and 4 bytes ring it");
	ok(taken(any) == 3, "three times");
	ok(seen(vm, AT(out1), PORT + 1, 1) && seen(vm, AT(out1), PORT - 1, 1),
	   "ports beside it do not");
	ok(seen(vm, AT(in1), PORT, 1), "an IN does not");
	ok(seen(vm, AT(outs1), PORT, 1), "an OUTS does not");
	ok(taken(any) == 0, "and the eventfd stands still");
	ok(!doorbell(vm, P | D, PORT, 0, any, 0), "it goes");
	ok(seen(vm, AT(out2), PORT, 1) && taken(any) == 0, "and rings no more");

	ok(!doorbell(vm, P, PORT, 2, two, 0), "a doorbell of two bytes");
	ok(seen(vm, AT(out1), PORT, 5) && seen(vm, AT(out4), PORT, 5) &&
	   !seen(vm, AT(out2), PORT, 5) && taken(two) == 1, "only two bytes ring it");
	ok(!doorbell(vm, M, PORT, 1, five, 5), "beside it one for the byte 5");
	ok(!seen(vm, AT(out1), PORT, 0xaa05) && taken(five) == 1 && taken(two) == 0,
	   "AL counts, not AH");
	ok(seen(vm, AT(out1), PORT, 6) && taken(five) == 0, "the byte 6 does not ring it");
	ok(!doorbell(vm, M, PORT, 4, any, 0x80000005), "and one for a value of four bytes");
	ok(seen(vm, AT(out4), PORT, 5) && !seen(vm, AT(out4), PORT, 0x80000005) &&
	   taken(any) == 1, "all 32 bits count");
	ok(!doorbell(vm, P | D, PORT, 2, two, 0), "the first one goes");
	ok(seen(vm, AT(out2), PORT, 5) && !seen(vm, AT(out1), PORT, 5) &&
	   !seen(vm, AT(out4), PORT, 0x80000005), "the others stay");
	ok(!doorbell(vm, M | D, PORT, 4, any, 0x80000005) && !doorbell(vm, M | D, PORT, 1, five, 5) &&
	   seen(vm, AT(out1), PORT, 5), "until they go");
	close(any);
	close(two);
	close(five);
}

static void doorbell_errors(struct vm *vm)
{
	int fd = new_eventfd(), other = new_eventfd(), null = open("/dev/null", O_RDWR);
	int i, full;

	ok(doorbell(vm, 0, PORT, 4, fd, 0) == EOPNOTSUPP, "no doorbells in memory: EOPNOTSUPP");
	ok(doorbell(vm, P | 8, PORT, 4, fd, 0) == EINVAL && doorbell(vm, 8, PORT, 4, fd, 0) == EINVAL,
	   "an unknown flag: EINVAL");
	ok(doorbell(vm, P, 0x10000, 4, fd, 0) == EINVAL, "a port above 0xffff: EINVAL");
	ok(doorbell(vm, P, PORT, 3, fd, 0) == EINVAL && doorbell(vm, P, PORT, 8, fd, 0) == EINVAL &&
	   doorbell(vm, M, PORT, 3, fd, 0) == EINVAL, "a width of 3 or 8: EINVAL");
	ok(doorbell(vm, P, PORT, 4, fd, 1) == EINVAL, "a value without MATCH: EINVAL");
	ok(doorbell(vm, M, PORT, 1, fd, 0x100) == EINVAL &&
	   doorbell(vm, M, PORT, 2, fd, 0x10000) == EINVAL &&
	   doorbell(vm, M, PORT, 4, fd, 1ULL << 32) == EINVAL &&
	   doorbell(vm, M, PORT, 0, fd, 1ULL << 32) == EINVAL,
	   "a value that is wider than the store: EINVAL");
	ok(doorbell(vm, P, PORT, 4, -1, 0) == EBADF && doorbell(vm, P, PORT, 4, null, 0) == EBADF,
	   "no eventfd: EBADF");
	ok(doorbell(vm, P | D, PORT, 4, fd, 0) == ENOENT, "none to take away: ENOENT");

	ok(!doorbell(vm, M, PORT, 2, fd, 7), "a doorbell for the two bytes 7");
	ok(doorbell(vm, M, PORT, 2, other, 7) == EEXIST && doorbell(vm, M, PORT, 0, other, 7) == EEXIST &&
	   doorbell(vm, P, PORT, 2, other, 0) == EEXIST && doorbell(vm, P, PORT, 0, other, 0) == EEXIST,
	   "another that takes these too: EEXIST");
	ok(doorbell(vm, M | D, PORT, 2, other, 7) == ENOENT &&
	   doorbell(vm, M | D, PORT, 0, fd, 7) == ENOENT &&
	   doorbell(vm, P | D, PORT, 2, fd, 0) == ENOENT &&
	   doorbell(vm, M | D, PORT + 1, 2, fd, 7) == ENOENT,
	   "taken away only by what it was made with: ENOENT");
	ok(!doorbell(vm, M | D, PORT, 2, fd, 7), "by which it is");

	for (i = 0; !(full = doorbell(vm, M, PORT + i / 64, 4, fd, i)); i++)
		;
	ok(i == HVMOD_DOORBELLS_MAX && full == ENOSPC, "%d doorbells, then ENOSPC", i);
	ok(!seen(vm, AT(out4), PORT + 3, 200) && taken(fd) == 1, "one among them rings");
	while (i-- && !doorbell(vm, M | D, PORT + i / 64, 4, fd, i))
		;
	ok(i == -1 && seen(vm, AT(out4), PORT + 3, 200), "all of them go");
	close(fd);
	close(other);
	close(null);
}

static void irqfd_delivers(struct vm *vm, const char *how, uint32_t entry)
{
	int fd = new_eventfd();
	uint64_t exits_vmm;
	struct runner r;
	uint32_t a, b;
	uint64_t cpu;

	memset(vm->memory + 0x600, 0, 16);
	vm_start(vm, 0, entry, 0, 0);
	runner_start(&r, vm, 0);
	if (!ok(vm_reaches(vm, WORD_LOOPS, 1, SECONDS(30)), "a vCPU is %s", how))
		exit(1);
	if (entry == AT(halting)) {
		cpu = runner_cpu_ms(&r);
		usleep(500000);
		cpu = runner_cpu_ms(&r) - cpu;
		ok(cpu < 50 && vm_word(vm, WORD_LOOPS) == 1,
		   "half a second of it takes %d ms of a processor", (int)cpu);
	}
	give(fd, 3);
	exits_vmm = vm_exits_vmm(vm, &r);
	ok(!irqfd(vm, 0, fd, MSI_ADDRESS, VECTOR_A), "an irqfd on an eventfd that has a count");
	ok(vm_reaches(vm, WORD_A, 1, SECONDS(30)), "delivers that");
	for (a = 2; a <= 20; a++) {
		give(fd, 1);
		if (!vm_reaches(vm, WORD_A, a, SECONDS(30)))
			break;
	}
	ok(a == 21, "and each signal");
	ok(vm_word(vm, WORD_A) == 20 && vm_word(vm, WORD_B) == 0, "once");
	ok(taken(fd) == 0, "and takes the count");
	ok(vm_exits_vmm_are(vm, &r, exits_vmm) && r.returns == r.host_work, "without the VMM");

	ok(!irqfd(vm, 0, fd, MSI_ADDRESS, VECTOR_B), "another message in its place");
	give(fd, 1);
	ok(vm_reaches(vm, WORD_B, 1, SECONDS(30)) && vm_word(vm, WORD_A) == 20, "is delivered instead");
	ok(irqfd(vm, HVMOD_IRQFD_DEASSIGN, fd, 0, 0) == 0, "it goes");
	a = vm_word(vm, WORD_A);
	b = vm_word(vm, WORD_B);
	give(fd, 1);
	usleep(100000);
	ok(vm_word(vm, WORD_A) == a && vm_word(vm, WORD_B) == b && taken(fd) == 1,
	   "then the eventfd is just an eventfd");
	runner_stop(&r);
	close(fd);
}

static void irqfd_errors(struct vm *vm)
{
	static int fds[HVMOD_IRQFDS_MAX + 1];
	int fd = new_eventfd(), null = open("/dev/null", O_RDWR);
	int i, full = 0;

	ok(irqfd(vm, 2, fd, MSI_ADDRESS, VECTOR_A) == EINVAL, "an unknown flag: EINVAL");
	ok(irqfd(vm, 0, fd, 0xfed00000, VECTOR_A) == EINVAL && irqfd(vm, 0, fd, 0, VECTOR_A) == EINVAL,
	   "an address that is no MSI's: EINVAL");
	ok(irqfd(vm, 0, -1, MSI_ADDRESS, VECTOR_A) == EBADF &&
	   irqfd(vm, 0, null, MSI_ADDRESS, VECTOR_A) == EBADF &&
	   irqfd(vm, HVMOD_IRQFD_DEASSIGN, null, MSI_ADDRESS, 0) == EBADF, "no eventfd: EBADF");
	ok(irqfd(vm, HVMOD_IRQFD_DEASSIGN, fd, MSI_ADDRESS, VECTOR_A) == ENOENT,
	   "none to take away: ENOENT");
	for (i = 0; i <= HVMOD_IRQFDS_MAX && !full; i++) {
		fds[i] = new_eventfd();
		full = irqfd(vm, 0, fds[i], MSI_ADDRESS, VECTOR_A);
	}
	ok(i == HVMOD_IRQFDS_MAX + 1 && full == ENOSPC, "%d irqfds, then ENOSPC", i - 1);
	ok(!irqfd(vm, 0, fds[7], MSI_ADDRESS, VECTOR_B), "a message can be replaced all the same");
	ok(!irqfd(vm, HVMOD_IRQFD_DEASSIGN, fds[8], 0, 0) && !irqfd(vm, 0, fds[i - 1], MSI_ADDRESS, 0x41),
	   "and there is room when one goes");
	/* All are left to the domain's end. */
	while (i--)
		close(fds[i]);
	close(fd);
	close(null);
}

/* The guest rings a doorbell that is an irqfd: it interrupts itself. */
static void both(struct vm *vm)
{
	int fd = new_eventfd();
	struct runner r;

	memset(vm->memory + 0x600, 0, 16);
	ok(!doorbell(vm, P, PORT, 0, fd, 0) && !irqfd(vm, 0, fd, MSI_ADDRESS, VECTOR_A),
	   "one eventfd as doorbell and irqfd");
	vm_start(vm, 0, AT(ringing_open), 0, 0);
	runner_start(&r, vm, 0);
	ok(vm_reaches(vm, WORD_A, 50, SECONDS(60)), "a guest interrupts itself 50 times");
	runner_stop(&r);
	ok(r.returns == r.host_work, "without the VMM");
	close(fd);
}

/* A domain ends while it rings and is interrupted. */
static void end(void)
{
	int in = new_eventfd(), out = new_eventfd();
	struct runner r;
	struct vm vm;

	vm_open(&vm, "end", 1, guest, guest_end - guest);
	ok(!doorbell(&vm, P, PORT, 0, out, 0) && !irqfd(&vm, 0, in, MSI_ADDRESS, VECTOR_A),
	   "a domain with both ends");
	vm_start(&vm, 0, AT(ringing), 0, PORT);
	runner_start(&r, &vm, 0);
	give(in, 1);
	runner_stop(&r);
	vm_close(&vm);
	taken(out);
	give(in, 5);
	ok(taken(in) == 5 && taken(out) == 0, "its eventfds are just eventfds then");
	close(in);
	close(out);
}

static bool exists(const char *prefix)
{
	struct hvmod_domain_info info = { .size = sizeof(info), .id = 1 };
	int device = vm_device();
	bool found = false;

	while (!found && !ioctl(device, HVMOD_DOMAIN_INFO, &info)) {
		found = !strncmp(info.name, prefix, strlen(prefix));
		info.size = sizeof(info);
		info.id++;
	}
	close(device);
	return found;
}

static void killed(void)
{
	int in = new_eventfd(), out = new_eventfd();
	struct pollfd rung = { .fd = out, .events = POLLIN };
	int rounds, status;
	uint64_t until;
	struct runner r;
	struct vm vm;
	pid_t pid;

	for (rounds = 0; rounds < KILLS; rounds++) {
		fflush(stdout);
		pid = need(fork(), "fork");
		if (!pid) {
			vm_open(&vm, "killed", 1, guest, guest_end - guest);
			if (doorbell(&vm, P, PORT, 0, out, 0) || irqfd(&vm, 0, in, MSI_ADDRESS, VECTOR_A))
				_exit(1);
			vm_start(&vm, 0, AT(ringing), 0, PORT);
			runner_start(&r, &vm, 0);
			for (;;)
				pause();
		}
		taken(out);
		if (poll(&rung, 1, SECONDS(30)) != 1)
			break;
		for (until = now_ms() + 20; now_ms() < until;)
			give(in, 1);
		kill(pid, SIGKILL);
		for (until = now_ms() + 20; now_ms() < until; taken(in))
			give(in, 1);
		waitpid(pid, &status, 0);
		for (until = now_ms() + SECONDS(30); exists("killed-") && now_ms() < until;)
			usleep(10000);
		if (exists("killed-"))
			break;
		give(in, 2);
		if (taken(in) != 2)
			break;
	}
	ok(rounds == KILLS, "kill -9 of a VMM with both, %d times, while its eventfds are signalled",
	   rounds);
	close(in);
	close(out);
}

int main(void)
{
	struct rlimit files = { 4096, 4096 };
	struct vm vm;

	setrlimit(RLIMIT_NOFILE, &files);
	vm_open(&vm, "doorbell", 1, guest, guest_end - guest);
	doorbell_rings(&vm);
	doorbell_errors(&vm);
	vm_close(&vm);
	vm_open(&vm, "irqfd", 1, guest, guest_end - guest);
	irqfd_delivers(&vm, "halting", AT(halting));
	vm_close(&vm);
	vm_open(&vm, "irqfd", 1, guest, guest_end - guest);
	irqfd_delivers(&vm, "spinning", AT(spinning));
	irqfd_errors(&vm);
	vm_close(&vm);
	vm_open(&vm, "both", 1, guest, guest_end - guest);
	both(&vm);
	vm_close(&vm);
	end();
	killed();
	return tap_done();
}
