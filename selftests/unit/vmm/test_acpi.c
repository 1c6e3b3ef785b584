// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ACPI tables: checksums, links, and what iasl (acpica-tools) makes of
 * them: disassembled and compiled again they must be the same bytes.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acpi.h"
#include "aml.h"
#include "compiler.h"
#include "tap.h"

#define GPA	0xE0000ULL
#define SIZE	0x20000

static uint8_t tables[SIZE];
static char directory[32];

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint8_t sum(const uint8_t *at, size_t bytes)
{
	uint8_t total = 0;

	while (bytes--)
		total += *at++;
	return total;
}

/* NULL unless there is a sound table of that name at a guest address. */
static const uint8_t *table(uint64_t gpa, const char *signature)
{
	const uint8_t *at = tables + (gpa - GPA);

	if (gpa < GPA || gpa >= GPA + SIZE - 36 || memcmp(at, signature, 4) ||
	    get32(at + 4) > GPA + SIZE - gpa || sum(at, get32(at + 4)))
		return NULL;
	return at;
}

/* Every processor that there can be is in the MADT: there, or for later. */
static void test_madt(unsigned int vcpus, uint64_t present)
{
	const uint8_t *madt;
	unsigned int cpus = 0;
	bool good = true;
	size_t at;

	acpi_build(tables, sizeof(tables), GPA, vcpus, present);
	madt = table(get64(table(get64(tables + 24), "XSDT") + 44), "APIC");
	for (at = 44; at < get32(madt + 4); at += madt[at + 1]) {
		if (madt[at] != 0)
			continue;
		good &= madt[at + 2] == cpus && madt[at + 3] == cpus &&
			get32(madt + at + 4) == (present >> cpus & 1 ? 1 : 2);
		cpus++;
	}
	ok(good && cpus == vcpus, "%u processors, present 0x%llx: enabled or online-capable", vcpus,
	   (unsigned long long)present);
}

static void test_tables(unsigned int vcpus)
{
	const uint8_t *xsdt, *fadt, *madt, *dsdt;
	unsigned int cpus = 0;
	size_t used;
	size_t at;

	memset(tables, 0xCC, sizeof(tables));
	used = acpi_build(tables, sizeof(tables), GPA, vcpus, UINT64_MAX);
	ok(used > 0 && used < SIZE && tables[used] == 0xCC, "%u vCPUs: %zu bytes", vcpus, used);
	ok(!memcmp(tables, "RSD PTR ", 8) && !sum(tables, 20) &&
	   !sum(tables, 36) && tables[15] == 2, "RSDP");
	xsdt = table(get64(tables + 24), "XSDT");
	ok(xsdt && get32(xsdt + 4) == 36 + 24, "XSDT with three tables");
	fadt = table(get64(xsdt + 36), "FACP");
	madt = table(get64(xsdt + 44), "APIC");
	ok(fadt && get32(fadt + 4) == 276 && fadt[8] == 6, "FADT of revision 6");
	ok(!memcmp(fadt + 10, "HVMOD HVMODPC ", 14) &&
	   !memcmp(fadt + 28, "HVMD", 4), "its maker");
	ok(madt && get32(madt + 36) == 0xFEE00000, "MADT");
	dsdt = table(get64(fadt + 140), "DSDT");
	ok(dsdt, "DSDT by X_DSDT");
	ok((get32(fadt + 112) & (1 << 20 | 1 << 10)) == (1 << 20 | 1 << 10),
	   "hardware-reduced, with a reset register");
	ok(fadt[108] == 0x32 && !(fadt[109] & 0x20) && get32(fadt + 112) & 1 << 6,
	   "there is a real-time clock, its century at 0x32, which wakes nothing");
	ok(fadt[116] == 1 && get64(fadt + 120) == 0x604 && fadt[128] == 1, "reset register");
	ok(fadt[244] == 1 && get64(fadt + 248) == 0x600 && fadt[256] == 1 &&
	   get64(fadt + 260) == 0x601, "sleep control and status registers");
	for (at = 44; at + 1 < get32(madt + 4) && madt[at + 1]; at += madt[at + 1]) {
		if (madt[at] == 0) {
			check(madt[at + 3] == cpus && get32(madt + at + 4) == 1);
			cpus++;
		}
		if (madt[at] == 1)
			check(get32(madt + at + 4) == 0xFEC00000 && get32(madt + at + 8) == 0);
	}
	ok(cpus == vcpus && at == get32(madt + 4), "a processor for each vCPU");
}

static void test_space(void)
{
	size_t used = acpi_build(tables, sizeof(tables), GPA, 64, 1);
	size_t size;
	unsigned int built = 0;

	for (size = 0; size < used; size++) {
		uint8_t *exact = malloc(size);

		built += acpi_build(exact, size, GPA, 64, 1) != 0;
		free(exact);
	}
	ok(!built, "every smaller buffer is too small");
	ok(acpi_build(tables, used, GPA, 64, 1) == used, "one of the size is not");
	ok(!acpi_build(tables, sizeof(tables), GPA, 65, 1), "65 vCPUs are too many");
}

/* Package lengths at every border; four bytes of the content are the name. */
static void test_package_length(void)
{
	static uint8_t buffer[70000];
	static uint8_t fill[70000];
	static const struct {
		size_t content;
		uint8_t expected[3];
		size_t bytes;
	} lengths[] = {
		{ 62, { 0x3F }, 1 },
		{ 63, { 0x41, 0x04 }, 2 },
		{ 4093, { 0x4F, 0xFF }, 2 },
		{ 4094, { 0x81, 0x00, 0x01 }, 3 },
		{ 65532, { 0x8F, 0xFF, 0x0F }, 3 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct aml aml = { .bytes = buffer, .size = sizeof(buffer) };
		size_t mark = aml_begin_scope(&aml, "_SB_");

		aml_bytes(&aml, fill, lengths[i].content - 4);
		aml_end(&aml, mark);
		ok(!memcmp(buffer + 1, lengths[i].expected, lengths[i].bytes) &&
		   !memcmp(buffer + 1 + lengths[i].bytes, "_SB_", 4) &&
		   aml.used == 1 + lengths[i].bytes + lengths[i].content,
		   "package length of %zu bytes", lengths[i].content);
	}
}

static void test_integers(void)
{
	static const struct {
		uint32_t value;
		const char *bytes;
		size_t count;
	} integers[] = {
		{ 0, "\x00", 1 },
		{ 1, "\x01", 1 },
		{ 2, "\x0a\x02", 2 },
		{ 0xFF, "\x0a\xff", 2 },
		{ 0x100, "\x0b\x00\x01", 3 },
		{ 0xFFFF, "\x0b\xff\xff", 3 },
		{ 0x10000, "\x0c\x00\x00\x01\x00", 5 },
		{ 0xFFFFFFFF, "\x0c\xff\xff\xff\xff", 5 },
	};
	uint8_t buffer[5];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(integers); i++) {
		struct aml aml = { .bytes = buffer, .size = sizeof(buffer) };
		struct aml small = {
			.bytes = buffer,
			.size = integers[i].count - 1,
		};

		aml_integer(&small, integers[i].value);
		aml_integer(&aml, integers[i].value);
		ok(aml.used == integers[i].count && !aml.overflow &&
		   !memcmp(buffer, integers[i].bytes, aml.used) &&
		   small.overflow && small.used <= small.size,
		   "integer 0x%x", integers[i].value);
	}
}

static int run(const char *format, ...)
{
	char command[512];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void save(const char *name, const uint8_t *at)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.dat", directory, name);
	file = fopen(path, "w");
	check(file && fwrite(at, 1, get32(at + 4), file) == get32(at + 4));
	fclose(file);
}

/* What iasl has to say of the tables for @vcpus, of which the first is there. */
static void test_iasl(unsigned int vcpus)
{
	char directory_of_this[] = "/tmp/test_acpi.XXXXXX";
	const uint8_t *xsdt, *fadt;

	if (run("iasl -v >/dev/null 2>&1")) {
		tap_skip("iasl", "acpica-tools is not installed");
		return;
	}
	if (!mkdtemp(directory_of_this))
		abort();
	strcpy(directory, directory_of_this);
	acpi_build(tables, sizeof(tables), GPA, vcpus, 1);
	xsdt = table(get64(tables + 24), "XSDT");
	fadt = table(get64(xsdt + 36), "FACP");
	save("xsdt", xsdt);
	save("facp", fadt);
	save("apic", table(get64(xsdt + 44), "APIC"));
	save("dsdt", table(get64(fadt + 140), "DSDT"));
	ok(!run("cd %s && iasl -d *.dat >log 2>&1 && ! grep -iE 'error|warning|invalid|unknown' log *.dsl | grep -vE '0 (Errors|Warnings)'", directory),
	   "iasl disassembles the tables for %u vCPUs without complaint", vcpus);
	ok(!run("cd %s && iasl -we -oa -p dsdt2 dsdt.dsl >log2 2>&1", directory),
	   "iasl compiles the DSDT again, warnings are errors");
	/* iasl puts itself in as the creator: compare what is behind. */
	ok(!run("cd %s && tail -c +37 dsdt.dat >a && tail -c +37 dsdt2.aml >b && cmp a b", directory),
	   "to the same AML");
	ok(!run("cd %s && iasl -p facp2 facp.dsl >log3 2>&1 && tail -c +37 facp.dat >a && tail -c +37 facp2.aml >b && cmp a b", directory),
	   "and the FADT");
	ok(!run("cd %s && iasl -p apic2 apic.dsl >log4 2>&1 && tail -c +37 apic.dat >a && tail -c +37 apic2.aml >b && cmp a b", directory),
	   "and the MADT");
	ok(!run("cd %s && grep -q 'Name (_HID, EisaId (\"PNP0501\")' dsdt.dsl && grep -q 'EisaId (\"PNP0B00\")' dsdt.dsl && grep -q 'EisaId (\"PNP0C0C\")' dsdt.dsl && grep -q 'Notify (.*PWRB, 0x80)' dsdt.dsl && grep -q 'Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive' dsdt.dsl", directory),
	   "the devices are in it");
	ok(!run("cd %s && test \"$(grep -c 'Name (_HID, \"ACPI0007\"' dsdt.dsl)\" = %u", directory,
		vcpus > 1 ? vcpus : 0), "as many processor devices as can come and go");
	ok(!run("cd %s && test \"$(grep -c 'Method (_EJ0, 1, Serialized)' dsdt.dsl)\" = %u", directory,
		vcpus - 1), "all but the first can be ejected");
	ok(vcpus < 2 || !run("cd %s && grep -q 'TELL ((Local0 & 0xFF), (Local0 >> 0x08))' dsdt.dsl && grep -q 'Notify (CX01, Arg1)' dsdt.dsl && grep -q 'SystemIO, 0x0620, 0x08' dsdt.dsl && grep -q 'Field (CPUE, ByteAcc, NoLock, WriteAsZeros)' dsdt.dsl && grep -q 'Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive' dsdt.dsl", directory),
	   "its registers, its interrupt and who is told");
	if (tap_failures)
		run("tail -n 30 %s/log* %s/dsdt.dsl | sed 's/^/# /'", directory, directory);
	run("rm -rf %s", directory);
}

int main(void)
{
	test_tables(1);
	test_tables(64);
	test_space();
	test_package_length();
	test_integers();
	test_madt(1, 1);
	test_madt(3, 1);
	test_madt(64, 0x8000000000000005ULL);
	test_iasl(1);
	test_iasl(2);
	test_iasl(64);
	return tap_done();
}
