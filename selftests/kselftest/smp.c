// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several vCPUs: INIT and SIPI, interrupts between them, and what sleeping
 * costs. No exit of theirs gets to the VMM.
 *
 *	smp [VCPUS]
 */
#define _GNU_SOURCE
#include "smp.h"
#include "vm.h"

#define SECONDS(n)	((n) * 1000)
#define ROUNDS		1000

extern const char guest[], guest_end[];

static void set_word(struct vm *vm, uint32_t address, uint32_t value)
{
	__atomic_store_n((uint32_t *)(vm->memory + address), value, __ATOMIC_SEQ_CST);
}

/* An answer that nobody asked for: it ends a HLT of the first vCPU. */
static void wake(struct vm *vm)
{
	struct hvmod_msi msi = { .size = sizeof(msi), .address = 0xfee00000, .data = VECTOR_PONG };

	need(ioctl(vm->domain, HVMOD_MSI, &msi), "HVMOD_MSI");
}

static void rounds(struct vm *vm, struct runner *runner, const char *how, uint32_t spin)
{
	struct hvmod_domain_info before = vm_info(vm), after;
	uint64_t exits_vmm = vm_exits_vmm(vm, runner);
	uint32_t from = vm_word(vm, WORD_ROUNDS), pings = vm_word(vm, WORD_PINGS + 4);
	bool there;

	set_word(vm, WORD_SPIN, spin);
	set_word(vm, WORD_GO, from + ROUNDS + 1);
	wake(vm);
	there = vm_reaches(vm, WORD_ROUNDS, from + ROUNDS + 1, SECONDS(120));
	set_word(vm, WORD_SPIN, 0);
	after = vm_info(vm);
	ok(there && vm_word(vm, WORD_PINGS + 4) == pings + ROUNDS,
	   "%d interrupts there and back between %s vCPUs", ROUNDS, how);
	ok(vm_exits_vmm_are(vm, runner, exits_vmm), "without the VMM");
	printf("# %s: a round takes %.1f exits, %.1f of them to the driver\n", how,
	       (double)(after.exits - before.exits) / ROUNDS,
	       (double)(after.exits_driver - before.exits_driver) / ROUNDS);
}

int main(int argc, char **argv)
{
	int vcpus = argc > 1 ? atoi(argv[1]) : 2;
	struct runner runner[VM_VCPUS];
	struct hvmod_domain_info before, after;
	uint64_t from = 0, to = 0;
	struct vm vm;

	if (vcpus < 2 || vcpus > VM_VCPUS)
		errx(2, "2 to %d vCPUs", VM_VCPUS);
	vm_open(&vm, "smp", vcpus, guest, guest_end - guest);
	vm_start(&vm, 0, 0, 0, 0);
	for (int i = 0; i < vcpus; i++)
		runner_start(&runner[i], &vm, i);
	ok(vm_reaches(&vm, WORD_UP, vcpus - 1, SECONDS(60)), "INIT and SIPI start %d vCPUs", vcpus - 1);
	usleep(100000);
	ok((int)vm_word(&vm, WORD_UP) == vcpus - 1, "once");

	before = vm_info(&vm);
	for (int i = 0; i < vcpus; i++)
		from += runner_cpu_ms(&runner[i]);
	usleep(500000);
	for (int i = 0; i < vcpus; i++)
		to += runner_cpu_ms(&runner[i]);
	after = vm_info(&vm);
	ok(to - from < 50, "half a second in HLT takes %d ms of a processor", (int)(to - from));
	ok(after.exits == before.exits, "and no exit");

	rounds(&vm, runner, "halting", 0);
	rounds(&vm, runner, "spinning", 1);
	rounds(&vm, runner, "halting", 0);
	for (int i = 0; i < vcpus; i++)
		runner_stop(&runner[i]);
	vm_close(&vm);
	return tap_done();
}
