// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be done to a running domain beside ending it: reset, what follows
 * when the guest ends itself, NMI, SysRq, pinning, renaming, a core. Against a
 * module that is not there; built with ASan and UBSan, and with TSan.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <unistd.h>

#include "bzimage.h"
#include "compiler.h"
#include "fake_module.h"
#include "layout.h"
#include "machine.h"
#include "tap.h"
#include "vmm.h"

#define MIB		(1ULL << 20)
#define BYTES		(64 * MIB)
#define MARK		0x2000000ULL	/* guest memory that nothing is loaded to */

static char directory[] = "/tmp/test_again.XXXXXX";
static char kernel[64];
static char err[512];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned int ends;
static unsigned int halts;
static enum vmm_outcome outcome;

static void on_output(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
}

static void on_end(void *ctx, enum vmm_outcome how)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	ends++;
	outcome = how;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void on_halt(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	halts++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void wait_count(const unsigned int *count, unsigned int wanted)
{
	pthread_mutex_lock(&lock);
	while (*count < wanted)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static const struct vmm_ops ops = { on_output, on_end, on_halt, NULL };
static struct vmm_config config;

static struct vmm *start(unsigned int vcpus, fake_guest guest)
{
	struct vmm *vmm;

	fake_reset();
	fake.guest = guest;
	config.name = "web";
	config.vcpus = vcpus;
	config.memory = BYTES;
	config.kernel = kernel;
	ends = 0;
	halts = 0;
	vmm = vmm_create(&config, &ops, NULL, err, sizeof(err));
	if (!vmm || vmm_start(vmm)) {
		printf("# %s\n", err);
		abort();
	}
	return vmm;
}

static void finish(struct vmm *vmm)
{
	vmm_destroy(vmm);
	memset(&config, 0, sizeof(config));
}

static void make_kernel(void)
{
	uint8_t file[SYNTH_BYTES];
	struct setup_header *header = synth_bzimage(file);
	FILE *out;

	if (!mkdtemp(directory))
		abort();
	header->init_size = 0x100000;
	snprintf(kernel, sizeof(kernel), "%s/vmlinuz", directory);
	out = fopen(kernel, "w");
	if (!out || fwrite(file, 1, sizeof(file), out) != sizeof(file) || fclose(out))
		abort();
}

static int runs(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	(void)vcpu;
	(void)run;
	(void)n;
	return 0;
}

/* vCPU 0 writes to a port when it enters first, and again after a reset. */
static __thread uint16_t port;
static __thread uint8_t value;

static int writes(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	if (vcpu || n)
		return 0;
	run->exit = HVMOD_EXIT_IO;
	run->io.port = port;
	run->io.size = 1;
	run->io.in = 0;
	run->io.rep = 0;
	run->io.string = 0;
	run->io.data = value;
	return 1;
}

static int powers_off(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	port = SLEEP_CONTROL_PORT;
	value = SLEEP_TYPE_S5 << 2 | 1 << 5;
	return writes(vcpu, run, n);
}

static int resets(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	port = RESET_PORT;
	value = RESET_VALUE;
	return writes(vcpu, run, n);
}

static int crashes(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	if (vcpu || n)
		return 0;
	run->exit = HVMOD_EXIT_TRIPLE_FAULT;
	return 1;
}

static unsigned int restores(void)
{
	unsigned int i, sum = 0;

	pthread_mutex_lock(&fake.lock);
	for (i = 0; i < fake.vcpus; i++)
		sum += fake.vcpu[i].restores;
	pthread_mutex_unlock(&fake.lock);
	return sum;
}

/* The MSR section of a restored state must not set the time-stamp counter. */
static bool sets_tsc(void)
{
	const uint8_t *blob = fake.vcpu[0].all;
	struct hvmod_tlv tlv;
	uint32_t at = 0, i;

	while (at + sizeof(tlv) <= FAKE_BLOB) {
		memcpy(&tlv, blob + at, sizeof(tlv));
		if (!tlv.type)
			return true;
		at += sizeof(tlv);
		if (tlv.type == HVMOD_STATE_MSRS)
			break;
		at += (tlv.bytes + 7) & ~7U;
	}
	for (i = 0; i < tlv.bytes / sizeof(struct hvmod_msr_value); i++) {
		struct hvmod_msr_value msr;

		memcpy(&msr, blob + at + i * sizeof(msr), sizeof(msr));
		if (msr.index == 0x10)
			return true;
	}
	return false;
}

static void test_reset(void)
{
	struct vmm *vmm = start(3, runs);
	uint8_t *mark;

	fake_wait_inside(3);
	mark = fake_memory(MARK);
	*mark = 0x5A;
	memset(fake_memory(BOOT_PARAMS), 0x5A, 4096);
	ok(!vmm_reset(vmm), "a running domain is reset");
	ok(!*mark, "its memory is empty");
	ok(!memcmp((uint8_t *)fake_memory(BOOT_PARAMS) + 0x202, "HdrS", 4),
	   "but for what is loaded");
	ok(restores() == 3, "each vCPU got its first state back");
	ok(!sets_tsc(), "but for the time-stamp counter");
	fake_wait_inside(3);
	ok(fake.state == HVMOD_STATE_RUNNING && !ends, "it runs again");
	ok(!vmm_pause(vmm) && !vmm_reset(vmm), "a paused domain is reset");
	ok(!fake_inside() && fake.state == HVMOD_STATE_PAUSED, "and stays paused");
	ok(!vmm_unpause(vmm), "and goes on");
	fake_wait_inside(3);
	finish(vmm);
}

static void test_reset_fails(void)
{
	struct vmm *vmm = start(2, runs);

	fake_wait_inside(2);
	if (truncate(kernel, 100))
		abort();
	ok(vmm_reset(vmm) == -1, "the kernel's file became shorter: no reset");
	wait_count(&ends, 1);
	ok(outcome == VMM_FAILED, "the domain fails");
	ok(strstr(vmm_error(vmm), "became shorter"), "and says why: %s", vmm_error(vmm));
	ok(vmm_reset(vmm) == -1 && errno == ESHUTDOWN, "there is no reset after the end");
	finish(vmm);
	unlink(kernel);
	rmdir(directory);
	strcpy(directory, "/tmp/test_again.XXXXXX");
	make_kernel();
}

static void test_actions(void)
{
	static const struct {
		const char *text;
		fake_guest guest;
		enum vmm_outcome outcome;
		size_t action;
	} cases[] = {
		{ "power off", powers_off, VMM_POWEROFF, offsetof(struct vmm_config, on_poweroff) },
		{ "reset", resets, VMM_RESET, offsetof(struct vmm_config, on_reboot) },
		{ "triple fault", crashes, VMM_CRASHED, offsetof(struct vmm_config, on_crash) },
	};
	enum vmm_outcome how;
	struct vmm *vmm;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		enum vmm_action *action = (void *)((char *)&config + cases[i].action);

		*action = VMM_ACTION_RESTART;
		vmm = start(2, cases[i].guest);
		wait_count(&halts, 1);
		ok(vmm_halted(vmm, &how) == VMM_ACTION_RESTART && how == cases[i].outcome,
		   "%s, restart: the owner is asked", cases[i].text);
		ok(!vmm_reset(vmm) && vmm_halted(vmm, &how) == VMM_ACTION_DESTROY,
		   "%s, restart: it begins again", cases[i].text);
		fake_wait_inside(2);
		ok(!ends && restores() == 2, "%s, restart: and runs", cases[i].text);
		finish(vmm);

		*action = VMM_ACTION_PRESERVE;
		vmm = start(2, cases[i].guest);
		wait_count(&halts, 1);
		ok(vmm_halted(vmm, &how) == VMM_ACTION_PRESERVE && how == cases[i].outcome,
		   "%s, preserve: the owner is told", cases[i].text);
		ok(fake.state == HVMOD_STATE_SHUTDOWN || fake.state == HVMOD_STATE_CRASHED,
		   "%s, preserve: the module knows that it ended", cases[i].text);
		ok(vmm_reset(vmm) == -1 && errno == ESHUTDOWN,
		   "%s, preserve: no reset", cases[i].text);
		ok(!ends, "%s, preserve: not over", cases[i].text);
		vmm_stop(vmm, VMM_DESTROYED);
		wait_count(&ends, 1);
		ok(outcome == VMM_DESTROYED, "%s, preserve: until it is stopped", cases[i].text);
		finish(vmm);

		vmm = start(2, cases[i].guest);
		wait_count(&ends, 1);
		ok(outcome == cases[i].outcome && !halts, "%s, destroy: over", cases[i].text);
		finish(vmm);
	}
}

static void test_reboot(void)
{
	enum vmm_outcome how;
	struct vmm *vmm;

	vmm = start(1, runs);
	vmm_pause(vmm);
	vmm_reboot_at_poweroff(vmm, true);
	fake.guest = powers_off;
	fake.vcpu[0].entries = 0;
	vmm_unpause(vmm);
	wait_count(&halts, 1);
	ok(vmm_halted(vmm, &how) == VMM_ACTION_RESTART, "a power off that is a reboot");
	ok(!vmm_reset(vmm), "begins again");
	vmm_pause(vmm);
	fake.vcpu[0].entries = 0;
	vmm_unpause(vmm);
	wait_count(&ends, 1);
	ok(outcome == VMM_POWEROFF, "once: the next power off is one");
	finish(vmm);
}

/* Stops and halts from two threads at once: one end, and nothing hangs. */
static void test_race(void)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		struct vmm *vmm;

		config.on_reboot = VMM_ACTION_RESTART;
		vmm = start(2, resets);
		if (i & 1)
			wait_count(&halts, 1);
		vmm_stop(vmm, VMM_DESTROYED);
		vmm_reset(vmm);
		wait_count(&ends, 1);
		finish(vmm);
	}
	ok(ends == 1, "stopped while it wants a restart, 50 times");
}

static void test_pin(void)
{
	cpu_set_t all, one, now;
	struct vmm *vmm;
	int cpu = 0;

	sched_getaffinity(0, sizeof(all), &all);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	vmm = start(2, runs);
	fake_wait_inside(2);
	ok(!vmm_pin(vmm, 1, &one), "a vCPU in the guest is pinned");
	ok(!vmm_affinity(vmm, 1, &now) && CPU_EQUAL(&now, &one), "it is so");
	ok(!vmm_affinity(vmm, 0, &now) && CPU_EQUAL(&now, &all), "the other is not");
	ok(vmm_pin(vmm, 2, &one) == -1 && errno == EINVAL, "no such vCPU");
	ok(vmm_affinity(vmm, 2, &now) == -1, "nor its processors");
	CPU_ZERO(&now);
	ok(vmm_pin(vmm, 1, &now) == -1 && errno == EINVAL, "no processor at all");
	ok(!vmm_affinity(vmm, 1, &now) && CPU_EQUAL(&now, &one), "it stays where it was");
	vmm_pause(vmm);
	ok(!vmm_pin(vmm, 0, &one), "a paused one is pinned");
	ok(!vmm_affinity(vmm, 0, &now) && CPU_EQUAL(&now, &one), "it is so");
	ok(!vmm_unpause(vmm), "and goes on");
	fake_wait_inside(2);
	vmm_stop(vmm, VMM_DESTROYED);
	ok(vmm_pin(vmm, 0, &one) == -1 && errno == ESHUTDOWN, "not after the end");
	finish(vmm);
}

static void test_memory(void)
{
	struct vmm_guest_memory told;
	struct vmm *vmm;

	config.balloon = 16 * MIB;
	vmm = start(2, runs);
	ok(vmm_memory_max(vmm) == BYTES && vmm_memory_target(vmm) == 48 * MIB,
	   "a guest shall have less than it is made with");
	ok(!vmm_memory_set(vmm, 32 * MIB) && vmm_memory_target(vmm) == 32 * MIB &&
	   !vmm_memory_set(vmm, BYTES) && vmm_memory_target(vmm) == BYTES,
	   "and something else later");
	ok(vmm_memory_set(vmm, 0) == -1 && errno == ERANGE &&
	   vmm_memory_set(vmm, BYTES + MIB) == -1 && errno == ERANGE &&
	   vmm_memory_set(vmm, MIB + 1) == -1 && errno == EINVAL &&
	   vmm_memory_target(vmm) == BYTES, "but nothing that can't be");
	ok(!vmm_memory_set(vmm, 40 * MIB) && !vmm_reset(vmm) &&
	   vmm_memory_target(vmm) == 40 * MIB, "a reset does not change it");
	ok(vmm_guest_memory(vmm, &told) == -1 && errno == ENODATA, "a guest without a driver tells nothing");
	finish(vmm);
}

static void test_inject(void)
{
	struct vmm *vmm = start(2, runs);
	unsigned int i;

	fake_wait_inside(2);
	fake.msis = 0;
	ok(vmm_nmi(vmm) == 2 && fake.msis == 2, "an NMI for each vCPU");
	ok(fake.msi[1].address == 0xFEE01000 && fake.msi[1].data == 4 << 8,
	   "delivery mode NMI, physical destination");
	ok(!vmm_sysrq(vmm, 't'), "a SysRq key");
	for (i = 0; i < 5000; i++)
		vmm_console_input(vmm, (const uint8_t *)"x", 1);
	ok(vmm_sysrq(vmm, 't') == -1 && errno == EAGAIN, "none if too much has been typed");
	ok(!vmm_rename(vmm, "other") && !strcmp(fake.create.name, "other"), "renamed");
	ok(vmm_rename(vmm, "taken") == -1 && errno == EEXIST, "not to a name in use");
	finish(vmm);
}

static int no_cancel;

static Elf64_Nhdr note;
static char note_name[8];
static struct elf_prstatus status;

/* Return: what is behind the note. Nothing in a core is aligned. */
static const uint8_t *next_note(const uint8_t *at)
{
	memcpy(&note, at, sizeof(note));
	memcpy(note_name, at + sizeof(note), sizeof(note_name));
	at += sizeof(note) + sizeof(note_name);
	if (note.n_descsz == sizeof(status))
		memcpy(&status, at, sizeof(status));
	return at + note.n_descsz;
}

static void check_core(const uint8_t *core, size_t bytes)
{
	const Elf64_Ehdr *ehdr = (const void *)core;
	const Elf64_Phdr *phdr = (const void *)(core + sizeof(*ehdr));
	const uint8_t *at;

	ok(!memcmp(ehdr->e_ident, ELFMAG, SELFMAG) && ehdr->e_type == ET_CORE &&
	   ehdr->e_phnum == 2, "the head of a core");
	ok(phdr[0].p_type == PT_NOTE && phdr[1].p_type == PT_LOAD, "notes and memory");
	ok(phdr[1].p_paddr == 0 && phdr[1].p_filesz == BYTES &&
	   phdr[1].p_offset + BYTES == bytes, "all memory is in it, to the end of the file");
	ok(core[phdr[1].p_offset + MARK] == 0x5A, "with what is in it");
	at = next_note(core + phdr[0].p_offset);
	ok(note.n_type == NT_PRSTATUS && note.n_descsz == sizeof(status) &&
	   status.pr_pid == 1, "the first note is about vCPU 0");
	ok(status.pr_reg[16] == FAKE_RIP, "its RIP");
	at = next_note(at);
	ok(!strcmp(note_name, "QEMU") && note.n_descsz == 440, "then its system registers");
	next_note(at);
	ok(!strcmp(note_name, "CORE") && status.pr_pid == 2 && status.pr_reg[5] == 1,
	   "then vCPU 1 with registers of its own");
}

/* Whether what a program says of the core has a text, and no warning. */
static bool program_says(const char *program, int file, const char *text)
{
	char command[256], line[512];
	bool said = false, warned = false;
	FILE *pipe;

	snprintf(command, sizeof(command), "%s /proc/%d/fd/%d 2>&1", program, getpid(), file);
	pipe = popen(command, "r");
	while (pipe && fgets(line, sizeof(line), pipe)) {
		said |= strstr(line, text) != NULL;
		warned |= strstr(line, "arning") != NULL;
	}
	return pipe && !pclose(pipe) && said && !warned;
}

static void test_readers(int file)
{
	ok(program_says("readelf -hlnW", file, "NT_PRSTATUS"), "readelf reads it");
	if (system("command -v gdb >/dev/null"))
		tap_skip("gdb reads it", "gdb is not installed");
	else
		ok(program_says("gdb -nx -batch -ex 'thread 2' -ex 'info registers rip rbx' -c",
				file, "0xffffffff81000123"), "gdb reads it");
}

static void test_dump(void)
{
	char path[] = "/tmp/test_again_core.XXXXXX";
	int file = mkstemp(path), pair[2], cancel = 1;
	struct vmm *vmm = start(2, runs);
	uint8_t *core;
	off_t bytes;

	unlink(path);
	fake_wait_inside(2);
	*(uint8_t *)fake_memory(MARK) = 0x5A;
	ok(!vmm_dump(vmm, file, &no_cancel), "a core is written");
	fake_wait_inside(2);
	bytes = lseek(file, 0, SEEK_END);
	core = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, file, 0);
	if (core == MAP_FAILED)
		abort();
	check_core(core, bytes);
	test_readers(file);
	munmap(core, bytes);
	ok(vmm_dump(vmm, file, &cancel) == -1 && errno == ECANCELED, "not if nobody wants it");
	close(file);
	if (pipe(pair))
		abort();
	close(pair[0]);
	signal(SIGPIPE, SIG_IGN);
	ok(vmm_dump(vmm, pair[1], &no_cancel) == -1 && errno == EPIPE, "nobody reads it");
	close(pair[1]);
	file = open("/dev/full", O_WRONLY);
	ok(vmm_dump(vmm, file, &no_cancel) == -1 && errno == ENOSPC, "the disk is full");
	close(file);
	fake_wait_inside(2);
	ok(!ends, "it runs as before");
	vmm_stop(vmm, VMM_DESTROYED);
	ok(vmm_dump(vmm, -1, &no_cancel) == -1 && errno == ESHUTDOWN, "not after the end");
	finish(vmm);
}

/* A device whose worker holds the vCPUs, as that of the balloon, for as long as it is there. */
static struct {
	struct virtio_device device;
	struct virtio_watch busy;
	struct vmm *vmm;
	unsigned int held;
	bool had_run_page;
} late;

static void hold(struct virtio_watch *watch, uint32_t events)
{
	(void)watch;
	(void)events;
	if (!life_freeze(late.vmm))
		life_thaw(late.vmm);
	__atomic_add_fetch(&late.held, 1, __ATOMIC_SEQ_CST);
}

static void late_destroy(struct virtio_device *device)
{
	(void)device;
	late.had_run_page = late.vmm->vcpu && late.vmm->vcpu[0].run;
	life_freeze(late.vmm);
}

static const struct virtio_device_ops late_ops = { .name = "late", .destroy = late_destroy };

static void test_destroy(void)
{
	const struct virtio_shape shape = { .queues = 1, .queue_size = 8 };
	struct virtio_machine machine;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		memset(&late, 0, sizeof(late));
		late.vmm = start(2, runs);
		machine = devices_machine(late.vmm);
		late.busy.fd = eventfd(1, EFD_CLOEXEC);
		late.busy.ready = hold;
		if (late.busy.fd < 0 || virtio_device_init(&late.device, &late_ops, &shape, &machine) ||
		    virtio_watch_add(&late.device, &late.busy, EPOLLIN) ||
		    virtio_device_start(&late.device))
			abort();
		late.vmm->virtio[late.vmm->virtios++] = &late.device;
		while (!__atomic_load_n(&late.held, __ATOMIC_SEQ_CST))
			sched_yield();
		finish(late.vmm);
		close(late.busy.fd);
		if (!late.had_run_page)
			break;
	}
	ok(i == 20, "devices end before the vCPUs that they hold");
}

int main(void)
{
	make_kernel();
	test_reset();
	test_reset_fails();
	test_actions();
	test_reboot();
	test_race();
	test_pin();
	test_memory();
	test_inject();
	test_dump();
	test_destroy();
	unlink(kernel);
	rmdir(directory);
	return tap_done();
}
