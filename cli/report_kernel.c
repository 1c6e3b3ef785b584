// SPDX-License-Identifier: GPL-2.0-only
/* The parts of a report that are about Linux: version, options, parameters, mitigations, modules. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define LINE_LENGTH	4096

/* Options that change what hvmod meets, without CONFIG_. Those whose value is a text are left out. */
static const char *const options[] = {
	"SMP", "NR_CPUS", "NUMA", "HZ", "PREEMPT", "PREEMPT_DYNAMIC", "PREEMPT_VOLUNTARY",
	"PREEMPT_NONE", "PREEMPT_RT", "NO_HZ_FULL", "HIGH_RES_TIMERS", "HOTPLUG_CPU",
	"X86_64", "X86_5LEVEL", "X86_X2APIC", "X86_KERNEL_IBT", "X86_USER_SHADOW_STACK", "X86_FRED",
	"X86_SGX", "INTEL_TDX_HOST", "INTEL_TDX_GUEST", "X86_CET", "X86_UMIP", "X86_PAT", "MTRR",
	"PARAVIRT", "HYPERVISOR_GUEST", "KVM_GUEST", "XEN", "HYPERV",
	"KVM", "KVM_INTEL", "KVM_X86", "X86_MSR", "X86_CPUID",
	"INTEL_IOMMU", "INTEL_IOMMU_DEFAULT_ON", "IRQ_REMAP",
	"RANDOMIZE_BASE", "RANDOMIZE_MEMORY", "RELOCATABLE", "STRICT_KERNEL_RWX",
	"STRICT_MODULE_RWX", "STRICT_DEVMEM", "PAGE_TABLE_ISOLATION",
	"MITIGATION_PAGE_TABLE_ISOLATION", "RETPOLINE", "MITIGATION_RETPOLINE", "SPECULATION_MITIGATIONS",
	"CPU_MITIGATIONS", "STACKPROTECTOR_STRONG", "CFI_CLANG", "CFI", "LTO_CLANG", "GCC_VERSION",
	"CLANG_VERSION", "MODVERSIONS", "MODULE_SIG", "MODULE_SIG_FORCE", "MODULE_SIG_ALL",
	"SECURITY_LOCKDOWN_LSM", "LOCK_DOWN_KERNEL_FORCE_NONE", "TRANSPARENT_HUGEPAGE",
	"TRANSPARENT_HUGEPAGE_ALWAYS", "TRANSPARENT_HUGEPAGE_MADVISE", "KSM", "MEMORY_HOTPLUG",
	"USERFAULTFD", "MMU_NOTIFIER", "CGROUPS", "MEMCG", "CGROUP_SCHED", "CFS_BANDWIDTH", "EVENTFD",
	"SECCOMP_FILTER", "TRACEPOINTS", "FUNCTION_TRACER", "KEXEC", "KEXEC_FILE", "CRASH_DUMP",
	"SUSPEND", "HIBERNATION", "VIRT_CPU_ACCOUNTING_GEN", "VIRT_CPU_ACCOUNTING",
	"KASAN", "KCSAN", "KMSAN", "UBSAN", "KFENCE", "KCOV", "PROVE_LOCKING", "DEBUG_ATOMIC_SLEEP",
	"DEBUG_KMEMLEAK", "DEBUG_PAGEALLOC", "PAGE_POISONING", "INIT_ON_ALLOC_DEFAULT_ON",
	"INIT_ON_FREE_DEFAULT_ON", "FAULT_INJECTION", "KUNIT",
};

/* Parameters of the command line that change what hvmod meets; with "*" all that begin so. */
static const char *const parameters[] = {
	"mitigations", "nopti", "pti", "kpti", "spectre_v2", "spectre_v2_user", "spectre_bhi",
	"spec_store_bypass_disable", "l1tf", "mds", "tsx", "tsx_async_abort", "mmio_stale_data",
	"reg_file_data_sampling", "gather_data_sampling", "retbleed", "srbds", "vmscape",
	"indirect_target_selection", "nosmt", "nospectre_v1", "nospectre_v2", "noibrs", "noibpb",
	"nokaslr", "kaslr", "nosmp", "maxcpus", "nr_cpus", "possible_cpus", "isolcpus", "nohz_full",
	"rcu_nocbs", "preempt", "threadirqs", "idle", "intel_idle.*", "processor.*",
	"noxsave", "noxsaves", "noxsaveopt", "clearcpuid", "no5lvl", "nopcid", "noinvpcid", "nosgx",
	"fred", "ibt", "noapic", "nox2apic", "nolapic", "lapic", "tsc", "clocksource", "notsc",
	"nopat", "disable_mtrr_cleanup", "mtrr_*", "mem", "memmap", "hugepages", "hugepagesz",
	"default_hugepagesz", "transparent_hugepage", "iommu", "intel_iommu", "intremap",
	"kvm.*", "kvm-intel.*", "kvm_intel.*", "hvmod.*", "lockdown", "module.sig_enforce",
	"crashkernel", "nmi_watchdog", "nowatchdog", "split_lock_detect", "panic", "oops",
	"init_on_alloc", "init_on_free", "slub_debug", "page_poison", "debug_pagealloc", "numa",
	"numa_balancing", "acpi", "efi", "noefi", "cpuidle.*", "intel_pstate", "dis_ucode_ldr",
	"microcode", "microcode.*",
};

static bool listed(const char *const *list, size_t count, const char *word, size_t length)
{
	size_t i;

	for (i = 0; i < count; i++) {
		size_t n = strlen(list[i]);
		bool any = list[i][n - 1] == '*';

		n -= any;
		if (!strncmp(list[i], word, n) && (any ? length >= n : length == n))
			return true;
	}
	return false;
}

/* An option's line "CONFIG_X=y" of our list; a value that is no number, y or m is text. */
static void option(struct report *r, char *line)
{
	char *value = strchr(line, '=');

	if (strncmp(line, "CONFIG_", 7) || !value)
		return;
	if (!listed(options, ARRAY_SIZE(options), line + 7, value - line - 7))
		return;
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(value, "=y") && strcmp(value, "=m") && !isdigit((unsigned char)value[1]))
		return;
	report_line(r, NULL, "%s", line);
}

static FILE *open_options(struct report *r, const char *release, bool *pipe)
{
	char path[PATH_MAX];
	FILE *file;

	*pipe = false;
	snprintf(path, sizeof(path), "/boot/config-%s", release);
	file = report_open(r, path);
	if (!file) {
		snprintf(path, sizeof(path), "/lib/modules/%s/config", release);
		file = report_open(r, path);
	}
	if (file || *r->root)
		return file;
	*pipe = true;
	return popen("exec gzip -dc /proc/config.gz 2>/dev/null", "re");
}

static void report_options(struct report *r, const char *release)
{
	char line[LINE_LENGTH];
	bool pipe, any = false;
	FILE *file = open_options(r, release, &pipe);

	report_section(r, "kernel options");
	while (file && fgets(line, sizeof(line), file)) {
		any = true;
		option(r, line);
	}
	if (file && pipe)
		pclose(file);
	else if (file)
		fclose(file);
	if (!any)
		report_missing(r, "options", "neither /boot/config-RELEASE nor /proc/config.gz");
}

/* The next word of a command line; what is in quotation marks belongs together. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \n"), *end;
	bool quoted = false;

	if (!*word)
		return NULL;
	for (end = word; *end && (quoted || !strchr(" \n", *end)); end++)
		quoted ^= *end == '"';
	*rest = end + !!*end;
	*end = '\0';
	return word;
}

static void report_parameters(struct report *r)
{
	FILE *file = report_open(r, "/proc/cmdline");
	unsigned int others = 0;
	char line[LINE_LENGTH];
	char *word, *rest = line;

	report_section(r, "kernel parameters");
	if (!file || !fgets(line, sizeof(line), file))
		*line = '\0';
	if (file)
		fclose(file);
	while ((word = next_word(&rest))) {
		if (listed(parameters, ARRAY_SIZE(parameters), word, strcspn(word, "=")))
			report_line(r, NULL, "%s", word);
		else
			others++;
	}
	report_line(r, "others, left out", "%u", others);
}

void report_kernel(struct report *r)
{
	char release[256] = "";

	report_section(r, "kernel");
	report_file(r, "release", "/proc/sys/kernel/osrelease");
	report_file(r, "version", "/proc/sys/kernel/version");
	report_file(r, "tainted", "/proc/sys/kernel/tainted");
	report_file(r, "clock source",
		    "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	if (!report_first_line(r, "/proc/sys/kernel/osrelease", release, sizeof(release)) &&
	    !strchr(release, '/'))
		report_options(r, release);
	report_parameters(r);
}

void report_mitigations(struct report *r)
{
	static const char *const names[] = {
		"gather_data_sampling", "indirect_target_selection", "itlb_multihit", "l1tf", "mds",
		"meltdown", "mmio_stale_data", "old_microcode", "reg_file_data_sampling", "retbleed",
		"spec_store_bypass", "spectre_v1", "spectre_v2", "srbds", "tsx_async_abort", "vmscape",
	};
	char path[96], line[512];
	size_t i;

	report_section(r, "mitigations");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/vulnerabilities/%s", names[i]);
		if (report_first_line(r, path, line, sizeof(line)))
			report_line(r, names[i], "this kernel does not know it");
		else
			report_line(r, names[i], "%s", line);
	}
}

/* Modules that have, or want, what hvmod has. */
static const char *const modules[] = { "hvmod", "kvm", "kvm_intel", "vboxdrv", "vmmon" };

static void module_lines(struct report *r)
{
	FILE *file = report_open(r, "/proc/modules");
	char name[128];
	unsigned long users;

	while (file && fscanf(file, "%127s %*s %lu%*[^\n]", name, &users) == 2) {
		if (listed(modules, ARRAY_SIZE(modules), name, strlen(name)))
			report_line(r, name, "loaded, use count %lu", users);
	}
	if (file)
		fclose(file);
}

/* Parameters and versions: files below /sys/module, whose content is a word. */
static const char *const module_files[] = {
	"hvmod/version", "hvmod/srcversion", "hvmod/taint",
	"hvmod/parameters/mitigations", "hvmod/parameters/selftest",
	"hvmod/parameters/dom0_reserve_mib", "hvmod/parameters/uid_memory_max_mib",
	"hvmod/parameters/uid_domains_max", "hvmod/parameters/uid_vcpus_max",
	"kvm/parameters/enable_virt_at_load", "kvm_intel/parameters/nested", "kvm_intel/parameters/ept",
	"kvm_intel/parameters/unrestricted_guest", "vboxdrv/version", "vmmon/version",
};

void report_modules(struct report *r)
{
	char path[128], line[256];
	size_t i;

	report_section(r, "modules");
	module_lines(r);
	for (i = 0; i < ARRAY_SIZE(module_files); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s", module_files[i]);
		if (!report_first_line(r, path, line, sizeof(line)))
			report_line(r, module_files[i], "%s", line);
	}
}
