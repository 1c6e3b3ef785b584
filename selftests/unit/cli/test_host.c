// SPDX-License-Identifier: GPL-2.0-only
/* "check", on machines that are directories. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "compiler.h"
#include "host.h"
#include "machine.h"
#include "tap.h"

static struct requirement list[REQUIREMENTS_MAX];
static size_t count;
static struct host host;

/* The register is at offset 0x3a of the file. */
static void put_feature_control(int cpu, uint64_t value)
{
	char path[64], bytes[0x3a + 8] = "";

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	memcpy(bytes + 0x3a, &value, 8);
	put_bytes(path, bytes, sizeof(bytes));
}

static void good_machine(void)
{
	clear();
	put("/proc/cpuinfo",
	    "processor\t: 0\n"
	    "vendor_id\t: GenuineIntel\n"
	    "flags\t\t: fpu vmx xsave sse\n"
	    "vmx flags\t: vnmi preemption_timer invvpid ept_ad ept_1gb apicv ept vpid unrestricted_guest\n"
	    "\n"
	    "processor\t: 1\n"
	    "vendor_id\t: AuthenticAMD\n");
	put("/proc/modules", "ext4 950272 1 - Live 0x0000000000000000\n");
	put("/proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable:    8388608 kB\n");
	put("/proc/sys/kernel/osrelease", "6.12.48-amd64\n");
	put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	put("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	put("/lib/modules/6.12.48-amd64/updates/dkms/hvmod.ko.xz", "");
	put_feature_control(0, 5);
	put_feature_control(1, 5);
}

static const struct requirement *judge(const char *name)
{
	size_t i;

	memset(list, 0, sizeof(list));
	host_read(&host, root);
	count = host_judge(&host, list);
	for (i = 0; i < count; i++) {
		if (!strcmp(list[i].name, name))
			return &list[i];
	}
	printf("# there is no line '%s'\n", name);
	abort();
}

static bool present(const char *name, int wanted, const char *part)
{
	const struct requirement *r = judge(name);

	if (r->present == wanted && strstr(r->detail, part))
		return true;
	printf("# %s: %d, %s\n", name, r->present, r->detail);
	return false;
}

static bool supported(void)
{
	bool good = true;
	size_t i;

	judge("EPT");
	for (i = 0; i < count; i++)
		good &= !list[i].required || list[i].present == 1;
	return good;
}

static void test_good(void)
{
	size_t i;
	bool silent = true;

	good_machine();
	ok(supported(), "a good machine");
	for (i = 0; i < count; i++)
		silent &= list[i].present != 1 || !*list[i].remedy;
	ok(silent, "what is there needs no remedy");
	ok(present("module built", 1, "6.12.48"), "a compressed module is found");
	ok(present("module loaded", 0, ""), "it is not loaded");
	ok(present("memory for a domain", 1, "8G"), "memory");
	ok(present("transparent huge pages", 1, "madvise"), "huge pages");
}

static void test_processor(void)
{
	good_machine();
	put("/proc/cpuinfo", "vendor_id : AuthenticAMD\nflags : svm xsave\n\n");
	ok(present("Intel processor", 0, "AuthenticAMD"), "an AMD processor");
	ok(present("VMX", 0, ""), "has no VMX");
	ok(present("EPT", -1, "when VMX is on"), "nothing is known of EPT");
	ok(!supported(), "it is not supported");

	good_machine();
	put("/proc/cpuinfo", "vendor_id : GenuineIntel\nflags : vmxx xsave\n\n");
	ok(present("VMX", 0, ""), "vmxx is not vmx");

	good_machine();
	put("/proc/cpuinfo",
	    "vendor_id : GenuineIntel\nflags : vmx xsave\nvmx flags : vnmi preemption_timer ept_ad vpid\n\n");
	ok(present("EPT", 0, "does not have it"), "ept_ad is not ept");
	ok(present("unrestricted guest", 0, ""), "no unrestricted guest");
	ok(!supported(), "it is not supported");

	good_machine();
	put("/proc/cpuinfo", "vendor_id : GenuineIntel\nflags : hypervisor xsave\n\n");
	ok(strstr(judge("VMX")->remedy, "nested"), "a virtual machine: nested virtualisation");
	clear();
	ok(!supported() && count > 10, "an empty machine");
}

static void test_firmware(void)
{
	good_machine();
	put_feature_control(1, 1);
	ok(present("VMX on in firmware", 0, "on processor 1"), "one processor has it off");
	ok(strstr(judge("VMX on in firmware")->remedy, "firmware set-up"), "the remedy");
	put_feature_control(1, 0);
	ok(present("VMX on in firmware", 1, ""), "unlocked: the module turns it on");
	put_feature_control(1, 5);
	ok(present("VMX on in firmware", 1, "0x5"), "locked and on");
	good_machine();
	put("/dev/cpu/0/msr", "");
	ok(present("VMX on in firmware", 1, "Linux sees VMX"), "no register: what Linux says");
}

static void test_holders(void)
{
	good_machine();
	put("/proc/modules", "kvm_intel 380928 0 - Live 0x0\nkvm 1142784 1 kvm_intel, Live 0x0\n");
	ok(present("VMX not in use", 1, "kvm_intel is loaded but idle"), "KVM, idle");
	put("/proc/modules", "kvm_intel 380928 3 - Live 0x0\n");
	ok(present("VMX not in use", 0, "kvm_intel has it"), "KVM with a guest");
	put("/proc/modules", "kvm_intel 380928 0 - Live 0x0\n");
	put("/sys/module/kvm/parameters/enable_virt_at_load", "Y\n");
	ok(present("VMX not in use", 0, "kvm_intel has it"), "KVM that takes it at load");
	ok(strstr(judge("VMX not in use")->remedy, "modprobe -r kvm_intel"), "the remedy");
	good_machine();
	put("/proc/modules", "vboxdrv 1 2 - Live 0x0\nvmmon 1 1 - Live 0x0\nxhvmod 1 0 - Live 0x0\n");
	ok(present("VMX not in use", 0, "vboxdrv vmmon has it"), "VirtualBox and VMware");
	ok(!host.loaded, "xhvmod is not hvmod");
	put("/proc/modules", "vboxdrv 1 2 vboxnetadp,vboxnetflt, Live 0x0 (OE)\n");
	ok(present("VMX not in use", 1, "vboxdrv is loaded but idle"), "VirtualBox without a guest");
	put("/proc/modules", "vboxdrv 1 3 vboxnetadp,vboxnetflt, Live 0x0 (OE)\n");
	ok(present("VMX not in use", 0, "vboxdrv has it"), "and with one");
}

static void test_loaded(void)
{
	good_machine();
	put("/proc/modules", "hvmod 200704 0 - Live 0x0\n");
	put("/proc/cpuinfo", "vendor_id : GenuineIntel\nflags : xsave\n\n");
	ok(present("VMX", 1, "hvmod"), "with hvmod loaded VMX is hidden but there");
	ok(present("access to /dev/hvmod", 0, "No such file"), "no device");
	ok(judge("access to /dev/hvmod")->required, "which is required then");
	put("/dev/hvmod", "");
	ok(present("access to /dev/hvmod", 1, ""), "the device");
	ok(supported(), "it is supported");
}

static void test_kernel(void)
{
	static const struct {
		const char *release;
		int present;
	} cases[] = {
		{ "6.1.0-40-amd64\n", 1 },
		{ "7.2.13+deb14-amd64\n", 1 },
		{ "6.0.12\n", 0 },
		{ "5.10.0\n", 0 },
		{ "7.3.0-rc1\n", 0 },
		{ "7\n", 1 },
		{ "\n", 0 },
	};
	char what[64];
	size_t i;

	good_machine();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put("/proc/sys/kernel/osrelease", cases[i].release);
		snprintf(what, sizeof(what), "kernel %.*s", (int)strcspn(cases[i].release, "\n"),
			 cases[i].release);
		ok(present("kernel 6.1 to 7.2", cases[i].present, ""), what);
	}
	ok(present("module built", 0, "no hvmod.ko"), "no module for another kernel");
}

static void test_signing(void)
{
	good_machine();
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	ok(present("unsigned modules", 0, "lockdown integrity"), "lockdown");
	ok(strstr(judge("unsigned modules")->remedy, "mokutil"), "the remedy");
	ok(supported(), "which a signed module does not mind");
	put("/sys/kernel/security/lockdown", "[none] integrity\n");
	put("/sys/module/module/parameters/sig_enforce", "Y\n");
	ok(present("unsigned modules", 0, ""), "module.sig_enforce");
	put_bytes("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		  "\6\0\0\0\1", 5);
	ok(present("unsigned modules", 0, "secure boot on"), "secure boot");
}

int main(void)
{
	if (!mkdtemp(root))
		abort();
	test_good();
	test_processor();
	test_firmware();
	test_holders();
	test_loaded();
	test_kernel();
	test_signing();
	clear();
	rmdir(root);
	return tap_done();
}
