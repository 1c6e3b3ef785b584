// SPDX-License-Identifier: GPL-2.0-only
/* MSRs: what is not there is #GP, what is there keeps its value. */
#include "guest.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static bool try_read(uint32_t msr, uint64_t *value)
{
	uint32_t low = 0, high = 0;

	TRY("rdmsr", : "+a"(low), "+d"(high) : "c"(msr) : "memory");
	*value = (uint64_t)high << 32 | low;
	return trap_seen.vector < 0;
}

static bool try_write(uint32_t msr, uint64_t value)
{
	TRY("wrmsr", : : "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr) : "memory");
	return trap_seen.vector < 0;
}

static bool is_gp(void)
{
	return trap_seen.vector == TRAP_GP && !trap_seen.error;
}

static const struct {
	uint32_t msr;
	const char *name;
} absent[] = {
	{ 0x0000003A, "IA32_FEATURE_CONTROL" },
	{ 0x00000079, "IA32_BIOS_UPDT_TRIG" },
	{ 0x000000C1, "IA32_PMC0" },
	{ 0x000000CE, "MSR_PLATFORM_INFO" },
	{ 0x000000E2, "MSR_PKG_CST_CONFIG_CONTROL" },
	{ 0x00000186, "IA32_PERFEVTSEL0" },
	{ 0x00000198, "IA32_PERF_STATUS" },
	{ 0x00000199, "IA32_PERF_CTL" },
	{ 0x0000019C, "IA32_THERM_STATUS" },
	{ 0x000001AD, "MSR_TURBO_RATIO_LIMIT" },
	{ 0x0000038F, "IA32_PERF_GLOBAL_CTRL" },
	{ 0x00000480, "IA32_VMX_BASIC" },
	{ 0x0000048C, "IA32_VMX_EPT_VPID_CAP" },
	{ 0x00000560, "IA32_RTIT_OUTPUT_BASE" },
	{ 0x00000600, "IA32_DS_AREA" },
	{ 0x00000606, "MSR_RAPL_POWER_UNIT" },
	{ 0x00000610, "MSR_PKG_POWER_LIMIT" },
	{ 0x00000C8F, "IA32_PQR_ASSOC" },
	{ 0x00001FFF, "the last of the low ones" },
	{ 0x00002000, "the first behind the low ones" },
	{ 0x40000000, "HV_X64_MSR_GUEST_OS_ID" },
	{ 0xC0001000, "0xC0001000" },
	{ 0xC0001FFF, "the last of the high ones" },
	{ 0xC0010015, "AMD's HWCR" },
	{ 0xDEADBEEF, "0xDEADBEEF" },
	{ 0xFFFFFFFF, "0xFFFFFFFF" },
};

static void test_absent(void)
{
	uint64_t value;
	size_t i;

	for (i = 0; i < COUNT(absent); i++) {
		bool read = try_read(absent[i].msr, &value) || !is_gp();

		ok(!read && !try_write(absent[i].msr, 0) && is_gp(),
		   "reading and writing %s is #GP", absent[i].name);
	}
}

static const struct {
	uint32_t msr;
	const char *name;
	uint64_t good[2];
	uint64_t bad;		/* 0: there is none */
} present[] = {
	{ 0x00000174, "IA32_SYSENTER_CS", { 0x10, 0x1234 }, 0 },
	{ 0x00000175, "IA32_SYSENTER_ESP", { 0xFFFF800012345678, 0x7FFFFFFFF000 }, 0x800000000000 },
	{ 0x00000176, "IA32_SYSENTER_EIP", { 0xFFFF800012345678, 0x7FFFFFFFF000 }, 0x800000000000 },
	{ 0x00000277, "IA32_PAT", { 0x0007010600070106, 0x0007040600070406 }, 0x0000000000000002 },
	{ 0xC0000081, "IA32_STAR", { 0x0023001000000000, 0xFFFFFFFFFFFFFFFF }, 0 },
	{ 0xC0000082, "IA32_LSTAR", { 0xFFFFFFFF81000000, 0x7FFFFFFFFFFF }, 0x0001000000000000 },
	{ 0xC0000083, "IA32_CSTAR", { 0xFFFFFFFF81000000, 0x7FFFFFFFFFFF }, 0x8000000000000000 },
	{ 0xC0000084, "IA32_FMASK", { 0x47700, 0xFFFFFFFF }, 0 },
	{ 0xC0000100, "IA32_FS_BASE", { 0xFFFF888000000000, 0 }, 0x0000800000000000 },
	{ 0xC0000101, "IA32_GS_BASE", { 0xFFFF888000000000, 0 }, 0x0000800000000000 },
	{ 0xC0000102, "IA32_KERNEL_GS_BASE", { 0xFFFF888000000000, 0 }, 0x0000800000000000 },
	/* Not every processor under us minds its upper half, nor does IA32_FMASK's. */
	{ 0xC0000103, "IA32_TSC_AUX", { 0x12345678, 0 }, 0 },
};

static void test_present(void)
{
	size_t i, j;

	for (i = 0; i < COUNT(present); i++) {
		uint64_t old, value = 0;
		bool good = try_read(present[i].msr, &old);

		for (j = 0; j < COUNT(present[i].good); j++)
			good = good && try_write(present[i].msr, present[i].good[j]) &&
			       try_read(present[i].msr, &value) && value == present[i].good[j];
		ok(good, "%s keeps what is written: 0x%lx", present[i].name, value);
		if (present[i].bad)
			ok(!try_write(present[i].msr, present[i].bad) && is_gp() &&
			   try_read(present[i].msr, &value) && value == present[i].good[1],
			   "%s: 0x%lx is #GP and changes nothing", present[i].name, present[i].bad);
		try_write(present[i].msr, old);
	}
}

static void test_efer(void)
{
	uint64_t efer = rdmsr(0xC0000080);
	uint64_t value;

	ok((efer & 0xD00) == 0xD00, "IA32_EFER: LME, LMA, NXE");
	ok(try_write(0xC0000080, efer | 1) && try_read(0xC0000080, &value) && value == (efer | 1),
	   "IA32_EFER: SCE can be set");
	ok(!try_write(0xC0000080, efer | 1ULL << 40) && is_gp(), "IA32_EFER: a reserved bit is #GP");
	ok(!try_write(0xC0000080, efer & ~0x100ULL) && is_gp(),
	   "IA32_EFER: LME can't be cleared under paging");
	wrmsr(0xC0000080, efer);
}

static void test_tsc(void)
{
	uint64_t before = rdtsc();
	uint64_t value;

	ok(try_read(0x10, &value) && value >= before && value - before < 100000000,
	   "IA32_TIME_STAMP_COUNTER is what RDTSC gives");
	ok(try_write(0x10, 1ULL << 40) && rdtsc() - (1ULL << 40) < 100000000,
	   "IA32_TIME_STAMP_COUNTER can be set");
	ok(try_write(0x10, before) && rdtsc() < 1ULL << 40, "and back");
}

static void test_apic_base(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);
	uint64_t value;

	ok((base & 0xFFFFF000) == 0xFEE00000 && base & 1 << 8 && base & 1 << 11,
	   "IA32_APIC_BASE: at 0xFEE00000, boot processor, on");
	ok(!try_write(MSR_APIC_BASE, base | 1) && is_gp(), "IA32_APIC_BASE: a reserved bit is #GP");
	ok(!apic_x2 && !try_read(MSR_X2APIC + APIC_ID, &value) && is_gp(),
	   "x2APIC registers are #GP in xAPIC mode");
	ok(!try_write(MSR_APIC_BASE, (base & ~(1ULL << 11)) | 1 << 10) && is_gp(),
	   "IA32_APIC_BASE: x2APIC without enable is #GP");
}

void test_msr(void)
{
	test_present();
	test_efer();
	test_tsc();
	test_apic_base();
	if (!boot_word("no-absent"))
		test_absent();
}
