// SPDX-License-Identifier: GPL-2.0-only
/* "report", on a machine that is a directory and is full of what is nobody's business. */
#include <errno.h>
#include <stdint.h>

#include "compiler.h"
#include "hvctl.h"
#include "machine.h"
#include "report.h"
#include "tap.h"

struct globals globals = { .color = 0, .timeout_ms = -1 };

#define HOST	"quokka"
#define SECRET	"S3CRET"
#define MAC	"52:54:00:ab:cd:ef"
#define UUID	"0f3a7c55-1b2c-4d5e-8f90-a1b2c3d4e5f6"

static char *text;

static void put_registers(int cpu, uint64_t feature_control, uint64_t basic)
{
	char path[64], bytes[0x500] = "";

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	memcpy(bytes + 0x3a, &feature_control, 8);
	memcpy(bytes + 0x480, &basic, 8);
	put_bytes(path, bytes, 0x488);
}

static void a_machine(void)
{
	clear();
	put("/proc/cpuinfo",
	    "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
	    "model name\t: Xeon on " HOST "\nstepping\t: 7\nmicrocode\t: 0x5003605\n"
	    "flags\t\t: fpu vmx\nvmx flags\t: vnmi ept\nserial number\t: " SECRET "\n\n"
	    "processor\t: 1\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
	    "stepping\t: 7\nmicrocode\t: 0x5003604\n\n");
	put("/proc/sys/kernel/hostname", HOST ".example.org\n");
	put("/proc/sys/kernel/osrelease", "6.12.48-" HOST "\n");
	put("/proc/sys/kernel/version", "#1 SMP built by kim@" HOST "\n");
	put("/proc/sys/kernel/tainted", "4096\n");
	put("/proc/version", SECRET "\n");
	put("/proc/cmdline",
	    "root=/dev/" SECRET " quiet mitigations=auto,nosmt token=" SECRET
	    " hvmod.mitigations=0 note=\"x mem=" SECRET " y\" ip=" MAC
	    " kvm-intel.nested=1 memory=" SECRET " mitigationsx=" SECRET " nokaslr\n");
	put("/proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable:    8388608 kB\nSwapTotal: 77 kB\n");
	put("/proc/mtrr", "reg00: base=0x080000000 ( 2048MB), size= 2048MB, count=1: uncachable\n");
	put("/proc/modules", "hvmod 1 2 - Live 0x0\n" SECRET " 1 0 - Live 0x0\nkvm_intel 1 0 - Live 0x0\n");
	put("/boot/config-6.12.48-" HOST,
	    "CONFIG_LOCALVERSION=\"-" SECRET "\"\nCONFIG_SMP=y\nCONFIG_KVM_INTEL=m\nCONFIG_NR_CPUS=8192\n"
	    "CONFIG_HZ=\"" SECRET "\"\nCONFIG_" SECRET "=y\n# CONFIG_KASAN is not set\n");
	put("/sys/class/dmi/id/sys_vendor", "Example\n");
	put("/sys/class/dmi/id/product_name", "Box of " UUID "\n");
	put("/sys/class/dmi/id/board_serial", SECRET "\n");
	put("/sys/class/dmi/id/product_uuid", UUID "\n");
	put("/sys/class/net/eth0/address", MAC "\n");
	put("/sys/block/sda/device/serial", SECRET "\n");
	put("/sys/devices/system/cpu/online", "0-1\n");
	put("/sys/devices/system/cpu/vulnerabilities/l1tf", "Mitigation: PTE Inversion\n");
	put("/sys/module/hvmod/version", "0.1.0\n");
	put("/sys/module/hvmod/parameters/mitigations", "Y\n");
	put("/sys/module/hvmod/parameters/" SECRET, SECRET "\n");
	put_registers(0, 5, 0xda040000000004);
	put_registers(1, 5, 0xda040000000003);
}

static struct report begin(size_t *size)
{
	struct report r = { .root = root };

	free(text);
	text = NULL;
	r.out = open_memstream(&text, size);
	if (!r.out)
		abort();
	private_read(&r.private, root);
	return r;
}

static struct report whole(const char *log, FILE *ktap)
{
	static void (*const sections[])(struct report *r) = {
		report_processor, report_registers, report_firmware, report_memory,
		report_kernel, report_mitigations, report_modules,
	};
	size_t i, size;
	struct report r = begin(&size);

	for (i = 0; i < ARRAY_SIZE(sections); i++)
		sections[i](&r);
	errno = EPERM;
	report_messages(&r, log);
	if (ktap)
		report_selftests(&r, ktap);
	fclose(r.out);
	return r;
}

static bool has(const char *line)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	if (strstr(text, wanted))
		return true;
	printf("# no line '%s' in:\n", line);
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += !!*p)
		printf("#   %.*s\n", (int)strcspn(p, "\n"), p);
	return false;
}

static void test_contents(void)
{
	a_machine();
	whole("<6>[    1.000000] hvmod: 2 processors are under the core\n"
	      "<6>[    2.000000] eth0: " MAC "\n"
	      "<4>[    3.000000][  T123] hvmod: something of " HOST "\n"
	      "<4>[    4.000000] audit: hvmod: " SECRET "\n", NULL);
	ok(has("model: 85") && has("stepping: 7") && has("microcode: 0x5003605"), "the processor");
	ok(has("vmx flags: vnmi ept"), "its VMX flags");
	ok(has("microcode: 0x5003604 on the processor that is number 2 of the list"),
	   "one that differs");
	ok(has("bugs: not there"), "what it does not say");
	ok(has("processors: 2"), "how many");
	ok(has("IA32_FEATURE_CONTROL (0x3a): 0x0000000000000005"), "a register");
	ok(has("IA32_VMX_BASIC (0x480): 0x00da040000000004") &&
	   has("IA32_VMX_BASIC (0x480): 0x00da040000000003 on processor 1"), "one that differs");
	ok(has("IA32_VMX_VMFUNC (0x491): not there"), "one that is not there");
	ok(has("sys_vendor: Example"), "firmware");
	ok(has("bios_version: MISSING, /sys/class/dmi/id/bios_version: No such file or directory"),
	   "what is missing is said");
	ok(has("MTRR: reg00: base=0x080000000 ( 2048MB), size= 2048MB, count=1: uncachable"), "MTRRs");
	ok(has("CONFIG_SMP=y") && has("CONFIG_KVM_INTEL=m") && has("CONFIG_NR_CPUS=8192"), "options");
	ok(has("mitigations=auto,nosmt") && has("hvmod.mitigations=0") && has("nokaslr") &&
	   has("kvm-intel.nested=1"), "parameters");
	ok(has("others, left out: 7"), "and how many were left out");
	ok(has("l1tf: Mitigation: PTE Inversion"), "mitigations");
	ok(has("hvmod: loaded, use count 2") && has("hvmod/parameters/mitigations: Y"), "the module");
	ok(has("<6>[    1.000000] hvmod: 2 processors are under the core"), "a message of hvmod's");
	ok(has("lines of hvmod's: 2"), "no others");
}

static void test_private(void)
{
	char line[] = HOST " x" HOST " " HOST "2 " MAC " " UUID " " HOST "-a QUOKKA 12345678-1234";
	struct private p;

	a_machine();
	setenv("SUDO_USER", "kim", 1);
	whole("<4>[    3.000000] hvmod: " HOST " kim " MAC "\n", NULL);
	ok(!strstr(text, SECRET), "nothing that was not asked for");
	ok(!strstr(text, HOST) && !strstr(text, "example.org"), "no host name");
	ok(!strstr(text, "kim"), "no user name");
	ok(!strstr(text, MAC) && !strstr(text, UUID), "no address, no UUID");
	ok(has("release: 6.12.48-......"), "dots are in their place");
	private_read(&p, root);
	private_hide(&p, line);
	same(line, "...... xquokka quokka2 ................. ...................................."
	     " ......-a ...... 12345678-1234", "words are words");
	unsetenv("SUDO_USER");
}

static void test_common(void)
{
	char line[] = "debian root kim";
	struct private p = { 0 };

	private_add(&p, "debian");
	private_add(&p, "root");
	private_add(&p, "");
	private_add(&p, "kim");
	private_hide(&p, line);
	same(line, "debian root ...", "names that everybody has stay");
}

static void test_selftests(void)
{
	char ktap[] = "KTAP version 1\n1..1\n  ok 1 - a test\nsomething of " SECRET "\n  # on " HOST "\nok 1 hvmod:smp\n";
	FILE *file = fmemopen(ktap, strlen(ktap), "r");

	a_machine();
	whole("", file);
	fclose(file);
	ok(has("ok 1 hvmod:smp") && has("  ok 1 - a test"), "results of the kselftests");
	ok(!strstr(text, SECRET) && !strstr(text, HOST), "nothing else");
	ok(has("lines left out: 1"), "but how much");
}

static void test_nothing(void)
{
	struct report r;

	clear();
	r = whole(NULL, NULL);
	ok(r.missing > 10, "an empty machine: what is missing is counted");
	ok(has("MSRs: MISSING, /dev/cpu/0/msr: No such file or directory; run as root, after 'modprobe msr'"),
	   "and what helps is said");
	ok(has("log: MISSING, Operation not permitted; run as root"), "for the log too");
}

int main(void)
{
	if (!mkdtemp(root))
		abort();
	unsetenv("USER");
	unsetenv("LOGNAME");
	unsetenv("HOSTNAME");
	test_contents();
	test_private();
	test_common();
	test_selftests();
	test_nothing();
	free(text);
	clear();
	rmdir(root);
	return tap_done();
}
