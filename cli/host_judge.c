// SPDX-License-Identifier: GPL-2.0-only
/* What hvmod needs of a machine, and what helps when it is missing. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler.h"
#include "host.h"
#include "size.h"

#define KERNEL_OLDEST	6001
#define KERNEL_NEWEST	7002
#define MEMORY_LITTLE	(640ULL << 20)	/* a domain of 512M and its VMM */
#define FEATURE_LOCKED	(1ULL << 0)
#define FEATURE_VMX	(1ULL << 2)

/**
 * struct judgement - lines that are being written
 * @host: the machine
 * @list: the lines
 * @count: how many
 */
struct judgement {
	const struct host *host;
	struct requirement *list;
	size_t count;
};

__printf(6, 7)
static void add(struct judgement *j, const char *name, bool required, int present,
		const char *remedy, const char *detail, ...)
{
	struct requirement *r = &j->list[j->count++];
	va_list args;

	r->name = name;
	r->required = required;
	r->present = present;
	r->remedy = present == 1 ? "" : remedy;
	va_start(args, detail);
	vsnprintf(r->detail, sizeof(r->detail), detail, args);
	va_end(args);
}

static const char *turn_on(const struct host *host)
{
	return host->guest ?
	       "turn on nested virtualisation in the hypervisor that this machine runs under" :
	       "turn on \"Intel Virtualization Technology\" (VT-x, VMX) in the firmware set-up, then power the machine off and on";
}

static void judge_processor(struct judgement *j)
{
	const struct host *host = j->host;
	bool intel = !strcmp(host->vendor, "GenuineIntel");

	add(j, "Intel processor", true, intel, "use a machine with an Intel processor",
	    "%s", *host->vendor ? host->vendor : "unknown");
	/* Linux under hvmod does not see VMX; that hvmod runs says enough. */
	if (host->loaded) {
		add(j, "VMX", true, 1, "", "in use by hvmod");
		return;
	}
	add(j, "VMX", true, host->vmx,
	    intel ? turn_on(host) : "use a machine with an Intel processor",
	    host->vmx ? "CPUID has it" : "CPUID does not have it");
}

static void judge_firmware(struct judgement *j)
{
	const struct host *host = j->host;
	const char *name = "VMX on in firmware";

	if (host->loaded)
		add(j, name, true, 1, "", "in use by hvmod");
	else if (host->feature_control_read && host->bad_cpu >= 0)
		add(j, name, true, 0, turn_on(host),
		    "IA32_FEATURE_CONTROL is 0x%llx on processor %d: locked with VMX off",
		    (unsigned long long)host->feature_control, host->bad_cpu);
	else if (host->feature_control_read)
		add(j, name, true, 1, "", "IA32_FEATURE_CONTROL is 0x%llx",
		    (unsigned long long)host->feature_control);
	else if (host->vmx_flag)
		add(j, name, true, 1, "", "Linux sees VMX");
	else if (host->vmx)
		add(j, name, true, 0, turn_on(host),
		    "the processor has VMX, but Linux does not see it");
	else
		add(j, name, true, -1, "", "no VMX to turn on");
}

/* The words of the line "vmx flags" of /proc/cpuinfo. */
static void judge_features(struct judgement *j)
{
	static const struct {
		const char *name;
		const char *word;
		bool required;
		const char *remedy;
	} features[] = {
		{ "EPT", " ept ", true, "use a newer processor (Nehalem, 2008, or later)" },
		{ "unrestricted guest", " unrestricted_guest ", true,
		  "use a newer processor (Westmere, 2010, or later)" },
		{ "VPID", " vpid ", true, "use a newer processor" },
		{ "virtual NMIs", " vnmi ", true, "use a newer processor" },
		{ "preemption timer", " preemption_timer ", true, "use a newer processor" },
		{ "1 GiB EPT pages", " ept_1gb ", false, "it works without, a little slower" },
		{ "EPT accessed, dirty", " ept_ad ", false, "it works without" },
		{ "APIC virtualisation", " apicv ", false, "it works without, interrupts are slower" },
	};
	const struct host *host = j->host;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(features); i++) {
		int present = strstr(host->vmx_flags, features[i].word) ? 1 : 0;

		if (host->loaded && features[i].required)
			add(j, features[i].name, true, 1, "", "in use by hvmod");
		else if (host->loaded)
			continue;
		else if (!*host->vmx_flags)
			add(j, features[i].name, features[i].required, -1, "",
			    "known when VMX is on");
		else
			add(j, features[i].name, features[i].required, present,
			    features[i].remedy, "%s",
			    present ? "/proc/cpuinfo has it" : "/proc/cpuinfo does not have it");
	}
}

static void judge_xsave(struct judgement *j)
{
	add(j, "XSAVE", true, j->host->xsave, "boot without 'noxsave'",
	    j->host->xsave ? "Linux uses it" : "Linux does not use it");
}

static void judge_holders(struct judgement *j)
{
	const struct host *host = j->host;
	const char *name = "VMX not in use";

	if (host->loaded)
		add(j, name, true, 1, "", "hvmod has it");
	else if (*host->holders)
		add(j, name, true, 0,
		    "end its guests and remove the module: 'modprobe -r kvm_intel', or vboxdrv, vmmon",
		    "%s has it", host->holders);
	else if (*host->may_hold)
		add(j, name, true, 1, "", "%s is loaded but idle", host->may_hold);
	else
		add(j, name, true, 1, "", "nobody has it");
}

static void judge_kernel(struct judgement *j)
{
	const struct host *host = j->host;

	add(j, "kernel 6.1 to 7.2", true,
	    host->kernel >= KERNEL_OLDEST && host->kernel <= KERNEL_NEWEST,
	    "boot a kernel in this range", "%s", host->release);
}

static void judge_module(struct judgement *j)
{
	const struct host *host = j->host;
	int err = host->device_errno;
	bool there = host->loaded || host->installed;

	add(j, "module built", false, there,
	    "'make' and 'make install', or install the package hvmod-dkms",
	    "%s %s", there ? "for" : "no hvmod.ko for", host->release);
	add(j, "module loaded", false, host->loaded, "'modprobe hvmod' or 'insmod hvmod.ko'",
	    host->loaded ? "hvmod" : "no");
	if (!host->loaded)
		add(j, "access to /dev/hvmod", false, -1, "",
		    "known when the module is loaded");
	else
		add(j, "access to /dev/hvmod", true, !err,
		    "run hvctl as root, or join the group: 'usermod -aG hvmod USER', then log in again",
		    "%s", err ? strerror(err) : "can be opened");
}

static void judge_signing(struct judgement *j)
{
	const struct host *host = j->host;
	bool locked = *host->lockdown && strcmp(host->lockdown, "none");

	add(j, "unsigned modules", false, !locked && !host->sig_enforce,
	    "install the package hvmod-dkms, which signs the module, enrol its key with 'mokutil --import /var/lib/dkms/mok.pub' and reboot; or sign it with the kernel's scripts/sign-file",
	    "lockdown %s, secure boot %s", *host->lockdown ? host->lockdown : "not built in",
	    host->secure_boot < 0 ? "unknown" : host->secure_boot ? "on" : "off");
}

static void judge_memory(struct judgement *j)
{
	const struct host *host = j->host;
	char text[SIZE_TEXT_MAX];

	add(j, "memory for a domain", false, host->memory >= MEMORY_LITTLE,
	    "free some: a domain has 512M unless told otherwise", "%s available",
	    format_size(host->memory, text));
	add(j, "transparent huge pages", false,
	    *host->huge_pages && strcmp(host->huge_pages, "never"),
	    "'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled'; it works without, slower",
	    "%s", *host->huge_pages ? host->huge_pages : "not built in");
}

size_t host_judge(const struct host *host, struct requirement list[REQUIREMENTS_MAX])
{
	struct judgement j = { .host = host, .list = list };

	judge_processor(&j);
	judge_firmware(&j);
	judge_features(&j);
	judge_xsave(&j);
	judge_holders(&j);
	judge_kernel(&j);
	judge_module(&j);
	judge_signing(&j);
	judge_memory(&j);
	return j.count;
}
