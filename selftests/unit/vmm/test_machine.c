// SPDX-License-Identifier: GPL-2.0-only
/*
 * A whole domain against a module that is not there: what goes wrong at
 * creation, what each exit leads to, and pause, stop and destroy from many
 * threads. Built twice: with ASan and UBSan, and with TSan.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bzimage.h"
#include "compiler.h"
#include "fake_module.h"
#include "layout.h"
#include "tap.h"
#include "machine.h"

#define MIB		(1ULL << 20)
#define CODE		0x300000ULL	/* guest code for MMIO exits */

static char directory[] = "/tmp/test_machine.XXXXXX";
static char kernel[64];
static char initrd[64];
static char text_file[64];
static char err[512];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char console[256];
static size_t console_bytes;
static unsigned int ends;
static enum vmm_outcome outcome;

static void on_output(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	while (len-- && console_bytes < sizeof(console) - 1)
		console[console_bytes++] = (char)*data++;
	pthread_mutex_unlock(&lock);
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

static void wait_end(void)
{
	pthread_mutex_lock(&lock);
	while (!ends)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void on_halt(void *ctx)
{
	(void)ctx;
}

static const struct vmm_ops ops = { on_output, on_end, on_halt, NULL };

static struct vmm_config config;

static void begin(unsigned int vcpus, fake_guest guest)
{
	fake_reset();
	fake.guest = guest;
	config = (struct vmm_config){
		.name = "web",
		.vcpus = vcpus,
		.memory = 64 * MIB,
		.kernel = kernel,
		.initrd = initrd,
		.cmdline = "quiet",
	};
	memset(console, 0, sizeof(console));
	console_bytes = 0;
	ends = 0;
	err[0] = '\0';
}

static struct vmm *create(void)
{
	return vmm_create(&config, &ops, NULL, err, sizeof(err));
}

static struct vmm *start(unsigned int vcpus, fake_guest guest)
{
	struct vmm *vmm;

	begin(vcpus, guest);
	vmm = create();
	if (!vmm || vmm_start(vmm)) {
		printf("# %s\n", err);
		abort();
	}
	return vmm;
}

static unsigned int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void write_file(char *path, const char *name, const void *data,
		       size_t bytes)
{
	FILE *file;

	sprintf(path, "%s/%s", directory, name);
	file = fopen(path, "w");
	if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file))
		abort();
}

static void make_files(void)
{
	uint8_t file[SYNTH_BYTES];
	struct setup_header *header = synth_bzimage(file);

	if (!mkdtemp(directory))
		abort();
	header->init_size = 0x100000;
	write_file(kernel, "vmlinuz", file, sizeof(file));
	write_file(initrd, "initrd", "070701 an initrd", 16);
	write_file(text_file, "text", "just text\n", 10);
}

static void remove_files(void)
{
	unlink(kernel);
	unlink(initrd);
	unlink(text_file);
	rmdir(directory);
}

static void expect(int error, const char *what, const char *hint)
{
	unsigned int before = open_files();
	struct vmm *vmm = create();
	int got = errno;

	ok(!vmm && got == error && strstr(err, what) && strstr(err, "\nhint: ") &&
	   strstr(err, hint) && err[strlen(err) - 1] != '\n' &&
	   open_files() == before, "refused: %s", err);
	if (vmm)
		vmm_destroy(vmm);
	else if (got != error)
		printf("# errno %d\n", got);
}

static void test_wrong_input(void)
{
	begin(1, NULL);
	fake.open_errno = ENOENT;
	expect(ENOENT, "/dev/hvmod: No such file", "load the module");
	begin(1, NULL);
	fake.open_errno = EACCES;
	expect(EACCES, "/dev/hvmod: Permission denied", "group");
	begin(1, NULL);
	fake.abi_version = 2;
	expect(EPROTO, "version 2", "modprobe hvmod");
	begin(0, NULL);
	expect(EINVAL, "vcpus: 0", "range");
	begin(FAKE_VCPUS + 1, NULL);
	expect(EINVAL, "vcpus: 9", "range");
	begin(1, NULL);
	config.memory = 0;
	expect(EINVAL, "memory: 0", "1 MiB");
	config.memory = 64 * MIB + 4096;
	expect(EINVAL, "memory:", "1 MiB");
	config.memory = 16 * 1024 * MIB + MIB;
	expect(ENOMEM, "memory: 16385 MiB asked for, the host has 16384 MiB", "less memory");
	config.memory = UINT64_MAX & ~(MIB - 1);
	expect(ENOMEM, "memory:", "less memory");
	config.memory = MIB;
	expect(ENOMEM, "needs memory", "more memory");
	begin(1, NULL);
	config.kernel = "/nonexistent";
	expect(EINVAL, "kernel /nonexistent: cannot be opened: No such file", "path");
	config.kernel = directory;
	expect(EINVAL, "not a regular file", "path");
	config.kernel = text_file;
	expect(ENOEXEC, "not a bzImage", "vmlinuz");
	config.kernel = initrd;
	expect(ENOEXEC, "cpio", "vmlinuz");
	begin(1, NULL);
	config.initrd = "/nonexistent";
	expect(EINVAL, "initrd /nonexistent: cannot be opened: No such file", "path");
	begin(1, NULL);
	fake.fail_at = 2;
	fake.fail_errno = EEXIST;
	expect(EEXIST, "domain web: cannot be made: the name is in use", "hvctl list");
	begin(1, NULL);
	fake.fail_at = 2;
	fake.fail_errno = ENOMEM;
	expect(ENOMEM, "not that much memory left for domains", "dom0_reserve_mib");
	begin(1, NULL);
	fake.fail_at = 2;
	fake.fail_errno = EDQUOT;
	expect(EDQUOT, "a user may have", "uid_memory_max_mib");
}

static void test_every_call_fails(void)
{
	unsigned int before = open_files();
	unsigned int bad = 0;
	int n;

	for (n = 1; ; n++) {
		struct vmm *vmm;

		begin(3, NULL);
		fake.fail_at = n;
		fake.fail_errno = EIO;
		vmm = create();
		if (vmm) {
			vmm_destroy(vmm);
			break;
		}
		bad += errno != EIO || !*err || open_files() != before ||
		       !strstr(err, "\nhint: ");
	}
	ok(!bad && n > 8 && open_files() == before,
	   "each of %d calls failed in turn: an error, nothing left behind", n - 1);
}

static void test_create(void)
{
	struct vmm *vmm;
	const struct hvmod_tlv *tlv;
	const struct hvmod_regs *regs;
	const struct hvmod_sregs *sregs;
	const struct hvmod_msr_value *msr;
	const struct boot_params *params;

	begin(2, NULL);
	vmm = create();
	ok(vmm && vmm_id(vmm) == 42, "a domain is made %s", err);
	ok(!strcmp(fake.create.name, "web") && fake.create.vcpus == 2 &&
	   fake.create.mem_max == 64 * MIB, "with its name, vCPUs and memory");
	ok(fake.maps == 1 && fake.map[0].gpa == 0 &&
	   fake.map[0].bytes == 64 * MIB &&
	   !(fake.map[0].user_addr & (2 * MIB - 1)), "its memory is mapped");

	tlv = (const void *)fake.vcpu[0].regs;
	regs = (const void *)(tlv + 1);
	ok(tlv->type == HVMOD_STATE_REGS && tlv->bytes == sizeof(*regs) &&
	   regs->rip == SYNTH_ADDRESS + 0x200 && regs->rflags == 2 &&
	   regs->gpr[HVMOD_GPR_RSI] == BOOT_PARAMS, "vCPU 0: registers");
	tlv = (const void *)(regs + 1);
	sregs = (const void *)(tlv + 1);
	ok(tlv->type == HVMOD_STATE_SREGS && tlv->bytes == sizeof(*sregs) &&
	   (sregs->cr0 & 0x80000001) == 0x80000001 && sregs->cr4 == 0x20 &&
	   sregs->efer == 0x500 && sregs->cr3 == BOOT_PAGE_TABLES, "vCPU 0: long mode");
	ok(sregs->segment[HVMOD_SEG_CS].selector == 0x10 &&
	   sregs->segment[HVMOD_SEG_CS].attributes == 0xA09B &&
	   sregs->segment[HVMOD_SEG_DS].selector == 0x18 &&
	   sregs->segment[HVMOD_SEG_SS].attributes == 0xC093 &&
	   sregs->segment[HVMOD_SEG_TR].attributes == 0x8B &&
	   sregs->segment[HVMOD_SEG_LDTR].unusable, "vCPU 0: segments");
	msr = (const void *)(fake.vcpu[0].msrs + sizeof(*tlv));
	ok(msr->index == 0x1B && msr->value == 0xFEE00D00, "vCPU 0: x2APIC, boot processor");
	msr = (const void *)(fake.vcpu[1].msrs + sizeof(*tlv));
	ok(msr->index == 0x1B && msr->value == 0xFEE00C00 &&
	   !fake.vcpu[1].regs[0], "vCPU 1: x2APIC, nothing else");

	params = fake_memory(BOOT_PARAMS);
	ok(!memcmp(fake_memory(ACPI_TABLES), "RSD PTR ", 8) &&
	   params->acpi_rsdp_addr == ACPI_TABLES, "ACPI tables");
	ok(params->hdr.ramdisk_size == 16 &&
	   !memcmp(fake_memory(params->hdr.ramdisk_image), "070701 an initrd", 16), "initrd");
	ok(!strcmp(fake_memory(params->hdr.cmd_line_ptr), "quiet"), "command line");
	ok(!strcmp(vmm_error(vmm), "") && !strcmp(vmm_outcome_text(vmm), ""), "no outcome yet");
	vmm_destroy(vmm);
	ok(fake.state == HVMOD_STATE_SHUTDOWN && fake.reason == HVMOD_REASON_DESTROYED &&
	   !ends, "destroyed without having run: the module is told, the owner not");
}

static int out(struct hvmod_run *run, uint16_t port, uint32_t value)
{
	run->exit = HVMOD_EXIT_IO;
	run->io.port = port;
	run->io.size = 1;
	run->io.in = 0;
	run->io.data = value;
	return 1;
}

static int in(struct hvmod_run *run, uint16_t port)
{
	run->exit = HVMOD_EXIT_IO;
	run->io.port = port;
	run->io.size = 1;
	run->io.in = 1;
	return 1;
}

/* mov %eax, (%edi) or mov (%edi), %eax in 32-bit code without paging. */
static int mmio(struct hvmod_run *run, uint32_t gpa, bool store, uint32_t value)
{
	memcpy(fake_memory(CODE), store ? "\x89\x07" : "\x8b\x07", 2);
	memset(&run->regs, 0, sizeof(run->regs));
	memset(&run->sregs, 0, sizeof(run->sregs));
	run->exit = HVMOD_EXIT_MMIO;
	run->mmio.gpa = gpa;
	run->mmio.access = store ? 2 : 1;
	run->regs.rip = CODE;
	run->regs.gpr[HVMOD_GPR_RAX] = value;
	run->regs.gpr[HVMOD_GPR_RDI] = gpa;
	run->sregs.cr0 = 1;
	run->sregs.segment[HVMOD_SEG_CS].attributes = 0xC09B;
	run->sregs.segment[HVMOD_SEG_DS].attributes = 0xC093;
	run->sregs.segment[HVMOD_SEG_DS].limit = UINT32_MAX;
	return 1;
}

static uint64_t seen[8];

static int guest_console(unsigned int vcpu, struct hvmod_run *run,
			 unsigned int n)
{
	static const char text[] = "hello\n";

	(void)vcpu;
	if (n < 6)
		return out(run, 0x3F8, (uint8_t)text[n]);
	switch (n) {
	case 6:
		return in(run, 0x3FD);
	case 7:
		seen[0] = run->io.data;
		return in(run, 0x80);
	case 8:
		seen[1] = run->io.data;
		return out(run, 0x600, 0x34);
	}
	return 0;
}

/* What the kernel's command line says of consoles. */
static void test_hvc(void)
{
	static const struct {
		const char *cmdline;
		bool there;
		bool typed;
	} lines[] = {
		{ "quiet", false, false },
		{ "console=ttyS0", false, false },
		{ "console=hvc0", true, true },
		{ "console=ttyS0 console=hvc0,115200 quiet", true, true },
		{ "console=hvc0 console=ttyS0", true, false },
		{ "quiet  console=hvc01", false, false },
		{ "xconsole=hvc0 console=hvc", false, false },
		{ "", false, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		struct vmm *vmm;
		unsigned int others;

		begin(1, guest_console);
		config.cmdline = NULL;
		vmm = create();
		others = vmm->virtios;
		vmm_destroy(vmm);
		begin(1, guest_console);
		config.cmdline = lines[i].cmdline;
		vmm = create();
		ok(vmm->virtios == others + lines[i].there && !vmm->console == !lines[i].typed,
		   "consoles of \"%s\"", lines[i].cmdline);
		vmm_destroy(vmm);
	}
}

static void test_console(void)
{
	struct vmm *vmm = start(1, guest_console);

	wait_end();
	ok(!strcmp(console, "hello\n"), "what the guest writes reaches the owner");
	ok(seen[0] == 0x60 && seen[1] == 0xFF, "ports are read");
	ok(outcome == VMM_POWEROFF && fake.state == HVMOD_STATE_SHUTDOWN &&
	   fake.reason == HVMOD_REASON_POWEROFF, "power off, and the module knows");
	ok(!strcmp(vmm_error(vmm), "") && strstr(vmm_outcome_text(vmm), "sleep control"),
	   "text: %s", vmm_outcome_text(vmm));
	ok(vmm_pause(vmm) == -1 && errno == ESHUTDOWN &&
	   vmm_unpause(vmm) == -1 && vmm_start(vmm) == -1, "then nothing more");
	vmm_stop(vmm, VMM_DESTROYED);
	ok(ends == 1 && outcome == VMM_POWEROFF, "and no second end");
	vmm_destroy(vmm);
}

static int guest_interrupts(unsigned int vcpu, struct hvmod_run *run,
			    unsigned int n)
{
	(void)vcpu;
	switch (n) {
	case 0:
		return mmio(run, 0xFEC00000, true, 0x10 + 2 * 4);
	case 1:
		return mmio(run, 0xFEC00010, true, 0x41);
	case 2:
		return mmio(run, 0xFEC00000, true, 0x10 + 2 * 9);
	case 3:
		return mmio(run, 0xFEC00010, true, 0x42);
	case 4:
		return mmio(run, 0xFEC00010, false, 0);
	case 5:
		seen[0] = run->regs.gpr[HVMOD_GPR_RAX];
		seen[1] = run->regs.rip;
		seen[2] = run->dirty;
		return out(run, 0x3FC, 8);
	case 6:
		return out(run, 0x3F9, 1);
	case 7:
		return mmio(run, 0xFEE000B0, true, 0x77);
	case 8:
		return mmio(run, 0xFEE00030, false, 0);
	case 9:
		seen[3] = run->regs.gpr[HVMOD_GPR_RAX];
		return 0;
	case 10:
		return in(run, 0x3F8);
	case 11:
		seen[4] = run->io.data;
		return out(run, 0xCF9, 6);
	}
	return 0;
}

static void test_interrupts(void)
{
	struct vmm *vmm = start(1, guest_interrupts);

	fake_wait_entry(0, 10);
	ok(seen[0] == 0x42 && seen[1] == CODE + 2 && seen[2] == HVMOD_STATE_REGS,
	   "the guest programs the I/O APIC");
	ok(fake.vcpu[0].apic.offset == 0x30 && seen[3] == 0x12345678, "the APIC page goes to the module");
	ok(vmm_console_input(vmm, (const uint8_t *)"k", 1) == 1 && fake.msis == 1 &&
	   fake.msi[0].address == 0xFEE00000 && fake.msi[0].data == 0x4041,
	   "a typed key interrupts");
	ok(vmm_power_button(vmm) == 0 && fake.msis == 2 && fake.msi[1].data == 0x4042,
	   "the power button interrupts");
	ok(vmm_pause(vmm) == 0 && vmm_unpause(vmm) == 0, "pause and go on");
	wait_end();
	ok(seen[4] == 'k' && outcome == VMM_RESET && fake.reason == HVMOD_REASON_RESET,
	   "the key is read; reset: %s", vmm_outcome_text(vmm));
	vmm_destroy(vmm);
}

static int guest_debug_exit(unsigned int vcpu, struct hvmod_run *run,
			    unsigned int n)
{
	(void)vcpu;
	return n ? 0 : out(run, 0x501, 0x15);
}

static int guest_no_debug_exit(unsigned int vcpu, struct hvmod_run *run,
			       unsigned int n)
{
	(void)vcpu;
	return out(run, n ? 0x600 : 0x501, 0x34);
}

static void test_debug_exit(void)
{
	struct vmm *vmm;

	begin(1, guest_debug_exit);
	config.debug_exit = 0x501;
	vmm = create();
	check(vmm && !vmm_start(vmm));
	wait_end();
	ok((unsigned int)outcome == VMM_DEBUG_EXIT + 0x2B && VMM_STATUS(outcome) == 43 &&
	   fake.state == HVMOD_STATE_SHUTDOWN && fake.reason == HVMOD_REASON_POWEROFF,
	   "a debug exit: %s", vmm_outcome_text(vmm));
	vmm_destroy(vmm);
	vmm = start(1, guest_no_debug_exit);
	wait_end();
	ok(outcome == VMM_POWEROFF, "no debug-exit port unless one is asked for");
	vmm_destroy(vmm);
	begin(1, NULL);
	config.debug_exit = 0x3F6;
	expect(EINVAL, "debug-exit port: another device is at 0x3f6 to 0x3f9", "another port");
	config.debug_exit = 0xCF9;
	expect(EINVAL, "debug-exit port", "another port");
}

static const struct {
	enum vmm_flat flat;
	uint64_t address;
	uint64_t rip;
	uint64_t cr0;
	uint64_t efer;
	uint16_t cs;
	uint16_t cs_attributes;
	uint32_t limit;
} flats[] = {
	{ VMM_FLAT_REAL, 0x12340, 0x2340, 0x10, 0, 0x1000, 0x9B, 0xFFFF },
	{ VMM_FLAT_PROTECTED, 0x200000, 0x200000, 0x11, 0, 0x10, 0xC09B, UINT32_MAX },
	{ VMM_FLAT_LONG, 0x200000, 0x200000, 0x80000031, 0x500, 0x10, 0xA09B, UINT32_MAX },
};

static void test_flat(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flats); i++) {
		const struct hvmod_regs *regs;
		const struct hvmod_sregs *sregs;
		const struct hvmod_segment *cs;
		const struct hvmod_msr_value *msr;
		struct vmm *vmm;

		begin(2, NULL);
		config.kernel = text_file;
		config.initrd = NULL;
		config.cmdline = NULL;
		config.flat = flats[i].flat;
		config.flat_address = flats[i].address;
		vmm = create();
		regs = (const void *)(fake.vcpu[0].regs + sizeof(struct hvmod_tlv));
		sregs = (const void *)((const uint8_t *)(regs + 1) + sizeof(struct hvmod_tlv));
		cs = &sregs->segment[HVMOD_SEG_CS];
		msr = (const void *)(fake.vcpu[1].msrs + sizeof(struct hvmod_tlv));
		ok(vmm && regs->rip == flats[i].rip && sregs->cr0 == flats[i].cr0 &&
		   sregs->efer == flats[i].efer && cs->selector == flats[i].cs &&
		   cs->attributes == flats[i].cs_attributes && cs->limit == flats[i].limit &&
		   cs->base == (flats[i].flat == VMM_FLAT_REAL ? 0x10000 : 0) &&
		   sregs->segment[HVMOD_SEG_SS].limit == flats[i].limit &&
		   (sregs->idt_limit == 0x3FF) == (flats[i].flat == VMM_FLAT_REAL),
		   "a flat binary, mode %zu %s", i, err);
		ok(msr->value == 0xFEE00800 && !memcmp(fake_memory(flats[i].address),
						       "just text\n", 10), "in xAPIC mode");
		vmm_destroy(vmm);
	}
}

static int exit_number;

static int guest_one_exit(unsigned int vcpu, struct hvmod_run *run,
			  unsigned int n)
{
	(void)vcpu;
	(void)n;
	run->exit = (uint32_t)exit_number;
	run->why = exit_number == HVMOD_EXIT_MEMORY ? HVMOD_WHY_OWNED
						    : HVMOD_WHY_GUEST_STATE;
	memset(run->pad, 0, sizeof(run->pad));
	return exit_number > 0 ? 1 : exit_number;
}

static const struct {
	int exit;
	enum vmm_outcome outcome;
	uint32_t reason;
	const char *text;
} fatal[] = {
	{ HVMOD_EXIT_TRIPLE_FAULT, VMM_CRASHED, HVMOD_REASON_TRIPLE_FAULT, "at RIP 0xffffffff81000123: triple fault" },
	{ HVMOD_EXIT_MEMORY, VMM_FAILED, HVMOD_REASON_INTERNAL, "another owner" },
	{ HVMOD_EXIT_ENTRY_FAILED, VMM_FAILED, HVMOD_REASON_INTERNAL, "guest state invalid" },
	{ HVMOD_EXIT_UNHANDLED, VMM_FAILED, HVMOD_REASON_INTERNAL, "not handled" },
	{ HVMOD_EXIT_HALTED, VMM_PANIC, HVMOD_REASON_PANIC, "interrupts off" },
	{ 77, VMM_FAILED, HVMOD_REASON_INTERNAL, "exit 77" },
	{ -EIO, VMM_FAILED, HVMOD_REASON_INTERNAL, "cannot run" },
};

static void test_fatal(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fatal); i++) {
		struct vmm *vmm;

		exit_number = fatal[i].exit;
		vmm = start(2, guest_one_exit);
		wait_end();
		ok(ends == 1 && outcome == fatal[i].outcome &&
		   fake.reason == fatal[i].reason &&
		   strstr(vmm_outcome_text(vmm), fatal[i].text) &&
		   (outcome == VMM_FAILED) == !!*vmm_error(vmm),
		   "ends: %s", vmm_outcome_text(vmm));
		vmm_destroy(vmm);
	}
}

static int guest_unknown_insn(unsigned int vcpu, struct hvmod_run *run,
			      unsigned int n)
{
	(void)vcpu;
	(void)n;
	mmio(run, 0xFEB00000, true, 0);
	memcpy(fake_memory(CODE), "\xdd\x07", 2);	/* fldl (%edi) */
	return 1;
}

static int guest_unknown_in_program(unsigned int vcpu, struct hvmod_run *run,
				    unsigned int n)
{
	if (n > 64)
		return 0;
	guest_unknown_insn(vcpu, run, n);
	run->sregs.segment[HVMOD_SEG_SS].attributes = 0xC0F3;
	return 1;
}

/* The registers do not lead to the address of the exit. */
static int guest_liar(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	(void)vcpu;
	(void)n;
	mmio(run, 0xFEB00000, true, 0);
	run->regs.gpr[HVMOD_GPR_RDI] = CODE;
	return 1;
}

static void test_mmio_failures(void)
{
	struct vmm *vmm = start(1, guest_unknown_insn);

	wait_end();
	ok(outcome == VMM_FAILED && fake.vcpu[0].entries == 65 &&
	   strstr(vmm_error(vmm), "unknown instruction dd 07"), "ends: %s",
	   vmm_error(vmm));
	vmm_destroy(vmm);
	vmm = start(1, guest_liar);
	wait_end();
	ok(outcome == VMM_FAILED && fake.vcpu[0].entries == 65 &&
	   strstr(vmm_error(vmm), "does not lead to"), "ends: %s", vmm_error(vmm));
	vmm_destroy(vmm);
	vmm = start(1, guest_unknown_in_program);
	fake_wait_entry(0, 66);
	ok(fake.vcpu[0].events.injection == 0x80000306,
	   "a program's unknown instruction is #UD, and no end");
	vmm_destroy(vmm);
}

/* Past the limit of DS, in protected and in real mode; then movups, both ways. */
static int guest_mmio_kinds(unsigned int vcpu, struct hvmod_run *run,
			    unsigned int n)
{
	(void)vcpu;
	switch (n) {
	case 0:
	case 1:
		mmio(run, 0xFEC00000, true, 0);
		run->sregs.segment[HVMOD_SEG_DS].limit = n ? 0 : 0xFFFF;
		run->sregs.cr0 = !n;
		if (n)
			seen[0] = fake.vcpu[0].events.injection;
		return 1;
	case 2:
		seen[1] = fake.vcpu[0].events.injection;
		seen[2] = run->regs.rflags;
		mmio(run, 0xFEB00000, false, 0);
		memcpy(fake_memory(CODE), "\x0f\x10\x0f", 3);
		run->sregs.cr4 = 0x200;
		return 1;
	case 3:
		seen[3] = run->regs.rip;
		mmio(run, 0xFEB00000, true, 0);
		memcpy(fake_memory(CODE), "\x0f\x11\x0f", 3);
		run->sregs.cr4 = 0x200;
		return 1;
	case 4:
		seen[4] = run->regs.rip;
		return 0;
	default:
		return 0;
	}
}

static void test_mmio_kinds(void)
{
	static const uint8_t ones[16] = {
		0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
		0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	};
	struct vmm *vmm = start(1, guest_mmio_kinds);

	fake_wait_entry(0, 5);
	ok(seen[0] == 0x80000B0D, "past a limit: #GP with an error code");
	ok(seen[1] == 0x8000030D, "in real mode without");
	ok(seen[2] & 0x10000, "the saved flags have RF");
	ok(seen[3] == CODE + 3 && fake.vcpu[0].xsave[8 + 512] == 2 &&
	   !memcmp(fake.vcpu[0].xsave + 8 + 160 + 16, ones, 16),
	   "MOVUPS: 16 bytes of nobody are in XMM1");
	ok(seen[4] == CODE + 3, "and go back there");
	vmm_destroy(vmm);
}

static int guest_string_fault(unsigned int vcpu, struct hvmod_run *run,
			      unsigned int n)
{
	(void)vcpu;
	if (n)
		return 0;
	memset(&run->regs, 0, sizeof(run->regs));
	memset(&run->sregs, 0, sizeof(run->sregs));
	run->exit = HVMOD_EXIT_IO_STRING;
	run->io.port = 0x3F8;
	run->io.size = 1;
	run->io.in = 0;
	run->io.string = 1;
	run->io.linear = 0x5008;
	run->regs.gpr[HVMOD_GPR_RSI] = 0x5008;
	run->regs.rip = CODE;
	run->next_rip = CODE + 1;
	run->sregs.cr0 = 0x80000001;
	run->sregs.cr3 = 0x200000;
	run->sregs.segment[HVMOD_SEG_CS].attributes = 0xC09B;
	return 1;
}

static void test_string_fault(void)
{
	struct vmm *vmm;
	const struct hvmod_run *run;

	vmm = start(1, guest_string_fault);
	fake_wait_entry(0, 2);
	run = fake.vcpu[0].run;
	ok(fake.vcpu[0].events.injection == 0x80000B0E &&
	   fake.vcpu[0].events.injection_error == 0, "a fault of OUTS is injected as #PF");
	ok(run->sregs.cr2 == 0x5008 &&
	   run->dirty == (HVMOD_STATE_REGS | HVMOD_STATE_SREGS) &&
	   run->regs.rip == CODE, "with CR2, on the instruction");
	vmm_destroy(vmm);
}

/* Port reads without end on even vCPUs, long stays in the guest on odd ones. */
static int guest_busy(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	(void)n;
	return vcpu & 1 ? 0 : in(run, 0x3FD);
}

static void test_pause(void)
{
	struct vmm *vmm = start(4, guest_busy);
	unsigned int bad = 0;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		unsigned int entries[4];
		unsigned int n;

		fake_wait_inside(2);
		bad += vmm_pause(vmm) != 0;
		bad += fake_inside() != 0 || fake.state != HVMOD_STATE_PAUSED;
		for (n = 0; n < 4; n++)
			entries[n] = fake.vcpu[n].entries;
		if (i % 50 == 0)
			usleep(1000);
		for (n = 0; n < 4; n++)
			bad += entries[n] != fake.vcpu[n].entries;
		bad += vmm_unpause(vmm) != 0;
	}
	ok(!bad, "200 times paused: none in the guest, none enters");
	ok(vmm_pause(vmm) == 0 && vmm_pause(vmm) == 0 && vmm_unpause(vmm) == 0 &&
	   vmm_unpause(vmm) == 0, "twice is as good as once");
	fake_wait_inside(2);
	vmm_stop(vmm, VMM_DESTROYED);
	ok(ends == 1 && outcome == VMM_DESTROYED &&
	   fake.reason == HVMOD_REASON_DESTROYED, "stopped from outside");
	vmm_destroy(vmm);
}

static void test_pause_before_start(void)
{
	struct vmm *vmm;

	begin(2, guest_busy);
	vmm = create();
	ok(vmm_pause(vmm) == 0 && vmm_start(vmm) == 0, "paused before the start");
	usleep(5000);
	ok(!fake.vcpu[0].entries && !fake.vcpu[1].entries &&
	   fake.state == HVMOD_STATE_PAUSED, "no vCPU has run");
	ok(vmm_pause(vmm) == 0 && vmm_unpause(vmm) == 0, "unpaused");
	fake_wait_inside(1);
	ok(fake.state == HVMOD_STATE_RUNNING, "runs");
	vmm_destroy(vmm);
}

static void test_start_fails(void)
{
	struct vmm *vmm;

	begin(2, guest_busy);
	vmm = create();
	fake.fail_at = fake.calls + 1;
	fake.fail_errno = EIO;
	ok(vmm_start(vmm) == -1 && errno == EIO && !fake.vcpu[0].entries,
	   "the module refuses to let it run");
	ok(vmm_start(vmm) == 0, "a second try is possible");
	ok(vmm_start(vmm) == -1, "a second start is not");
	fake_wait_inside(1);
	pthread_mutex_lock(&fake.lock);
	fake.fail_at = fake.calls + 1;
	pthread_mutex_unlock(&fake.lock);
	vmm_destroy(vmm);
	ok(!ends, "nor does a failing module stop the end");
}

static void test_thread_fails(void)
{
	struct vmm *vmm;

	begin(3, guest_busy);
	vmm = create();
	fake.fail_thread = 2;
	ok(vmm_start(vmm) == -1 && errno == EAGAIN, "a thread cannot be made");
	ok(fake.state == HVMOD_STATE_CRASHED && vmm_pause(vmm) == -1 &&
	   vmm_start(vmm) == -1 && !ends, "that ends the domain, by the return value alone");
	vmm_destroy(vmm);
}

static void test_pause_fails(void)
{
	struct vmm *vmm = start(2, NULL);

	fake_wait_entry(0, 1);
	fake_wait_entry(1, 1);
	fake.fail_errno = EIO;
	fake.fail_at = fake.calls + 1;
	ok(vmm_pause(vmm) == -1 && errno == EIO, "the module refuses to pause it");
	ok(fake.state == HVMOD_STATE_RUNNING, "it runs on");
	fake_wait_entry(0, 1);
	fake_wait_entry(1, 1);
	ok(vmm_pause(vmm) == 0, "a second try is possible");
	fake.fail_at = fake.calls + 1;
	ok(vmm_unpause(vmm) == -1 && errno == EIO &&
	   fake.state == HVMOD_STATE_PAUSED && !fake_inside(),
	   "the module refuses to unpause it: it stays paused");
	ok(vmm_unpause(vmm) == 0, "a second try is possible");
	vmm_destroy(vmm);
}

/* vCPU 1 halts for good until vCPU 0 has done something a number of times. */
static int guest_halt_one(unsigned int vcpu, struct hvmod_run *run,
			  unsigned int n)
{
	if (!vcpu) {
		usleep(2000);
		return n < 60 ? in(run, 0x80) : out(run, 0x604, 1);
	}
	run->exit = HVMOD_EXIT_HALTED;
	return 1;
}

static void test_halt_one(void)
{
	struct vmm *vmm = start(2, guest_halt_one);

	wait_end();
	ok(outcome == VMM_RESET && fake.vcpu[1].entries > 2 &&
	   fake.vcpu[1].entries < 60, "one halted vCPU of two ends nothing and does not spin: %u polls",
	   fake.vcpu[1].entries);
	vmm_destroy(vmm);
}

struct racer {
	struct vmm *vmm;
	unsigned int what;
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		switch (racer->what) {
		case 0:
			vmm_pause(racer->vmm);
			break;
		case 1:
			vmm_unpause(racer->vmm);
			break;
		case 2:
			vmm_console_input(racer->vmm, (const uint8_t *)"x", 1);
			vmm_power_button(racer->vmm);
			break;
		default:
			usleep(300);
			if (i == 20)
				vmm_stop(racer->vmm, VMM_DESTROYED);
			break;
		}
	}
	return NULL;
}

static void test_race(void)
{
	unsigned int before = open_files();
	unsigned int bad = 0;
	unsigned int round;

	for (round = 0; round < 30; round++) {
		struct vmm *vmm = start(3, guest_busy);
		struct racer racer[4];
		pthread_t id[4];
		unsigned int i;

		for (i = 0; i < 4; i++) {
			racer[i] = (struct racer){ vmm, i };
			pthread_create(&id[i], NULL, race, &racer[i]);
		}
		for (i = 0; i < 4; i++)
			pthread_join(id[i], NULL);
		bad += ends != 1 || outcome != VMM_DESTROYED;
		vmm_destroy(vmm);
		bad += open_files() != before;
	}
	ok(!bad, "30 rounds of pause, unpause, input and stop at once");
	for (round = 0; round < 30; round++) {
		struct vmm *vmm = start(3, guest_busy);

		if (round & 1)
			fake_wait_inside(1);
		if (round & 2)
			vmm_pause(vmm);
		vmm_destroy(vmm);
		bad += ends != 0 || open_files() != before;
	}
	ok(!bad, "30 rounds of destroy without a stop, running and paused");
}

static void test_large(void)
{
	struct vmm *vmm;

	begin(1, NULL);
	config.memory = 5 * 1024 * MIB;
	vmm = create();
	ok(vmm && fake.maps == 2 && fake.map[0].bytes == 3 * 1024 * MIB &&
	   fake.map[1].gpa == 4 * 1024 * MIB &&
	   fake.map[1].bytes == 2 * 1024 * MIB &&
	   !(fake.map[1].user_addr & (2 * MIB - 1)), "5 GiB in two ranges %s", err);
	if (vmm)
		vmm_destroy(vmm);
}

int main(void)
{
	make_files();
	test_wrong_input();
	test_every_call_fails();
	test_create();
	test_console();
	test_hvc();
	test_interrupts();
	test_debug_exit();
	test_flat();
	test_fatal();
	test_mmio_failures();
	test_mmio_kinds();
	test_string_fault();
	test_pause();
	test_pause_before_start();
	test_start_fails();
	test_thread_fails();
	test_pause_fails();
	test_halt_one();
	test_race();
	test_large();
	fake_reset();
	remove_files();
	return tap_done();
}
