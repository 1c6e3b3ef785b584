// SPDX-License-Identifier: GPL-2.0-only
/* The parts of a report that are about the machine: processor, registers, firmware, memory. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "report.h"

#define CPUS_MAX	4096

/* Keys of /proc/cpuinfo; it has no serial numbers. */
static const char *const cpu_keys[] = {
	"vendor_id", "cpu family", "model", "model name", "stepping", "microcode",
	"siblings", "cpu cores", "cpuid level", "address sizes", "flags", "vmx flags", "bugs",
};

/* Those that all processors of a machine should agree in. */
static bool is_identity(const char *key)
{
	return !strcmp(key, "cpu family") || !strcmp(key, "model") ||
	       !strcmp(key, "stepping") || !strcmp(key, "microcode");
}

struct cpuinfo {
	char first[ARRAY_SIZE(cpu_keys)][4096];
	unsigned int count;
};

static void cpuinfo_line(struct report *r, struct cpuinfo *info, const char *line)
{
	size_t i;

	if (proc_value(line, "processor"))
		info->count++;
	for (i = 0; i < ARRAY_SIZE(cpu_keys); i++) {
		const char *value = proc_value(line, cpu_keys[i]);

		if (!value)
			continue;
		if (info->count <= 1) {
			snprintf(info->first[i], sizeof(info->first[i]), "%s", value);
			report_line(r, cpu_keys[i], "%s", value);
		} else if (is_identity(cpu_keys[i]) && strcmp(info->first[i], value)) {
			report_line(r, cpu_keys[i], "%s on the processor that is number %u of the list",
				    value, info->count);
		}
	}
}

void report_processor(struct report *r)
{
	static struct cpuinfo info;
	FILE *file = report_open(r, "/proc/cpuinfo");
	char *line = NULL;
	size_t room = 0, i;

	report_section(r, "processor");
	memset(&info, 0, sizeof(info));
	if (!file) {
		report_missing(r, "processor", "/proc/cpuinfo: %s", strerror(errno));
		return;
	}
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		cpuinfo_line(r, &info, line);
	}
	free(line);
	fclose(file);
	for (i = 0; i < ARRAY_SIZE(cpu_keys); i++) {
		if (!*info.first[i])
			report_line(r, cpu_keys[i], "not there");
	}
	report_line(r, "processors", "%u", info.count);
	report_file(r, "online", "/sys/devices/system/cpu/online");
	report_file(r, "possible", "/sys/devices/system/cpu/possible");
	report_file(r, "SMT", "/sys/devices/system/cpu/smt/control");
}

/* SDM volume 4, and volume 3, appendix A. None of them names a machine, as PPIN would. */
static const struct {
	uint32_t number;
	const char *name;
} registers[] = {
	{ 0x03a, "IA32_FEATURE_CONTROL" },
	{ 0x0fe, "IA32_MTRRCAP" },
	{ 0x10a, "IA32_ARCH_CAPABILITIES" },
	{ 0x277, "IA32_PAT" },
	{ 0x2ff, "IA32_MTRR_DEF_TYPE" },
	{ 0x480, "IA32_VMX_BASIC" },
	{ 0x481, "IA32_VMX_PINBASED_CTLS" },
	{ 0x482, "IA32_VMX_PROCBASED_CTLS" },
	{ 0x483, "IA32_VMX_EXIT_CTLS" },
	{ 0x484, "IA32_VMX_ENTRY_CTLS" },
	{ 0x485, "IA32_VMX_MISC" },
	{ 0x486, "IA32_VMX_CR0_FIXED0" },
	{ 0x487, "IA32_VMX_CR0_FIXED1" },
	{ 0x488, "IA32_VMX_CR4_FIXED0" },
	{ 0x489, "IA32_VMX_CR4_FIXED1" },
	{ 0x48a, "IA32_VMX_VMCS_ENUM" },
	{ 0x48b, "IA32_VMX_PROCBASED_CTLS2" },
	{ 0x48c, "IA32_VMX_EPT_VPID_CAP" },
	{ 0x48d, "IA32_VMX_TRUE_PINBASED_CTLS" },
	{ 0x48e, "IA32_VMX_TRUE_PROCBASED_CTLS" },
	{ 0x48f, "IA32_VMX_TRUE_EXIT_CTLS" },
	{ 0x490, "IA32_VMX_TRUE_ENTRY_CTLS" },
	{ 0x491, "IA32_VMX_VMFUNC" },
	{ 0x492, "IA32_VMX_PROCBASED_CTLS3" },
	{ 0x493, "IA32_VMX_EXIT_CTLS2" },
};

#define REGISTERS	ARRAY_SIZE(registers)

/**
 * struct values - the registers of the first processor, and how the others are
 * @value: what was read
 * @there: it was
 * @other: a value that another processor has in its place
 * @other_cpu: that processor, 0 if all agree
 */
struct values {
	uint64_t value[REGISTERS];
	bool there[REGISTERS];
	uint64_t other[REGISTERS];
	int other_cpu[REGISTERS];
};

static int open_registers(const struct report *r, int cpu)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/dev/cpu/%d/msr", r->root, cpu);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void read_registers(struct values *v, int fd, int cpu)
{
	size_t i;

	for (i = 0; i < REGISTERS; i++) {
		uint64_t value = 0;
		bool there = pread(fd, &value, sizeof(value), registers[i].number) ==
			     sizeof(value);

		if (!cpu) {
			v->value[i] = value;
			v->there[i] = there;
		} else if ((value != v->value[i] || there != v->there[i]) && !v->other_cpu[i]) {
			v->other[i] = value;
			v->other_cpu[i] = cpu;
		}
	}
}

void report_registers(struct report *r)
{
	struct values v = { 0 };
	int cpu, read = 0;
	size_t i;

	report_section(r, "registers");
	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		int fd = open_registers(r, cpu);

		if (fd < 0 && !cpu) {
			report_missing(r, "MSRs", "/dev/cpu/0/msr: %s; run as root, after 'modprobe msr'",
				       strerror(errno));
			return;
		}
		/* An offline processor has none, or one that cannot be opened. */
		if (fd < 0)
			continue;
		read_registers(&v, fd, cpu);
		close(fd);
		read++;
	}
	for (i = 0; i < REGISTERS; i++) {
		char name[48];

		snprintf(name, sizeof(name), "%s (0x%x)", registers[i].name, registers[i].number);
		if (v.there[i])
			report_line(r, name, "0x%016" PRIx64, v.value[i]);
		else
			report_line(r, name, "not there");
		if (v.other_cpu[i])
			report_line(r, name, "0x%016" PRIx64 " on processor %d", v.other[i],
				    v.other_cpu[i]);
	}
	report_line(r, "read on", "%d processors", read);
}

void report_firmware(struct report *r)
{
	static const char *const files[] = {
		"sys_vendor", "product_name", "board_vendor", "board_name",
		"bios_vendor", "bios_version", "bios_date",
	};
	char path[64];
	size_t i;

	report_section(r, "firmware");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/sys/class/dmi/id/%s", files[i]);
		report_file(r, files[i], path);
	}
}

void report_memory(struct report *r)
{
	FILE *file = report_open(r, "/proc/meminfo");
	char line[256];
	const char *value;

	report_section(r, "memory");
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		value = proc_value(line, "MemTotal");
		if (value)
			report_line(r, "MemTotal", "%s", value);
		value = proc_value(line, "MemAvailable");
		if (value)
			report_line(r, "MemAvailable", "%s", value);
	}
	if (file)
		fclose(file);
	report_file(r, "transparent huge pages", "/sys/kernel/mm/transparent_hugepage/enabled");
	file = report_open(r, "/proc/mtrr");
	if (!file)
		report_missing(r, "MTRRs", "/proc/mtrr: %s", strerror(errno));
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		report_line(r, "MTRR", "%s", line);
	}
	if (file)
		fclose(file);
}
