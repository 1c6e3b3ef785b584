// SPDX-License-Identifier: GPL-2.0-only
/* Three processors: CPUID and the capability MSRs, as such machines have them. */
#include "model.h"

static const struct model_cpuid ivy_cpuid[] = {
	{ 0x0, 0, { 0xd, 0x756e6547, 0x6c65746e, 0x49656e69 } },
	{ 0x1, 0, { 0x306a9, 0x00100800, 0x7fbae3ff, 0xbfebfbff } },
	{ 0x2, 0, { 0x76035a01, 0x00f0b2ff, 0, 0x00ca0000 } },
	{ 0x4, 0, { 0x1c004121, 0x01c0003f, 0x3f, 0 } },
	{ 0x4, 1, { 0x1c004122, 0x01c0003f, 0x3f, 0 } },
	{ 0x4, 2, { 0x1c004143, 0x01c0003f, 0x1ff, 0 } },
	{ 0x4, 3, { 0x1c03c163, 0x03c0003f, 0x1fff, 6 } },
	{ 0x5, 0, { 0x40, 0x40, 3, 0x21120 } },
	{ 0x6, 0, { 0x77, 2, 9, 0 } },
	{ 0x7, 0, { 0, 0x281, 0, 0x9c000400 } },
	{ 0xa, 0, { 0x07300403, 0, 0, 0x603 } },
	{ 0xb, 0, { 1, 2, 0x100, 0 } },
	{ 0xb, 1, { 4, 8, 0x201, 0 } },
	{ 0xd, 0, { 7, 0x340, 0x340, 0 } },
	{ 0xd, 1, { 1, 0, 0, 0 } },
	{ 0xd, 2, { 0x100, 0x240, 0, 0 } },
	{ 0x80000000, 0, { 0x80000008, 0, 0, 0 } },
	{ 0x80000001, 0, { 0, 0, 1, 0x28100800 } },
	{ 0x80000002, 0, { 0x20202020, 0x49202020, 0x6c65746e, 0x20295228 } },
	{ 0x80000006, 0, { 0, 0, 0x01006040, 0 } },
	{ 0x80000007, 0, { 0, 0, 0, 0x100 } },
	{ 0x80000008, 0, { 0x3024, 0, 0, 0 } },
};

/* The highest leaf is in max_leaf. */
#define SKYLAKE_CPUID							\
	{ 0x0, 0, { 0x16, 0x756e6547, 0x6c65746e, 0x49656e69 } },	\
	{ 0x1, 0, { 0x50654, 0x00400800, 0x7ffefbff, 0xbfebfbff } },	\
	{ 0x2, 0, { 0x76036301, 0x00f0b5ff, 0, 0x00c30000 } },		\
	{ 0x4, 0, { 0x7c004121, 0x01c0003f, 0x3f, 0 } },		\
	{ 0x4, 1, { 0x7c004122, 0x01c0003f, 0x3f, 0 } },		\
	{ 0x4, 2, { 0x7c004143, 0x03c0003f, 0x3ff, 0 } },		\
	{ 0x4, 3, { 0x7c0fc163, 0x0280003f, 0x4fff, 4 } },		\
	{ 0x5, 0, { 0x40, 0x40, 3, 0x2020 } },				\
	{ 0x6, 0, { 0xef7, 2, 9, 0 } },					\
	{ 0x7, 0, { 0, 0xd39ffffb, 0x00000008, 0xbc000400 } },		\
	{ 0xb, 0, { 1, 2, 0x100, 0 } },					\
	{ 0xb, 1, { 6, 0x28, 0x201, 0 } },				\
	{ 0xd, 0, { 0x2ff, 0xa88, 0xa88, 0 } },				\
	{ 0xd, 1, { 0xf, 0xa08, 0x100, 0 } },				\
	{ 0xd, 2, { 0x100, 0x240, 0, 0 } },				\
	{ 0xd, 3, { 0x40, 0x3c0, 0, 0 } },				\
	{ 0xd, 4, { 0x40, 0x400, 0, 0 } },				\
	{ 0xd, 5, { 0x40, 0x440, 0, 0 } },				\
	{ 0xd, 6, { 0x200, 0x480, 0, 0 } },				\
	{ 0xd, 7, { 0x400, 0x680, 0, 0 } },				\
	{ 0xd, 9, { 8, 0xa80, 0, 0 } },					\
	{ 0x15, 0, { 2, 0xa8, 0, 0 } },					\
	{ 0x16, 0, { 0x834, 0xe74, 0x64, 0 } },				\
	{ 0x80000000, 0, { 0x80000008, 0, 0, 0 } },			\
	{ 0x80000001, 0, { 0, 0, 0x121, 0x2c100800 } },			\
	{ 0x80000007, 0, { 0, 0, 0, 0x100 } },				\
	{ 0x80000008, 0, { 0x302e, 0, 0, 0 } }

static const struct model_cpuid skylake_cpuid[] = { SKYLAKE_CPUID };

/* As far as it matters, and what comes first is found first. */
static const struct model_cpuid panther_cpuid[] = {
	{ 0x0, 0, { 0x23, 0x756e6547, 0x6c65746e, 0x49656e69 } },
	{ 0x7, 0, { 1, 0xd39ffffb, 0x0000000c, 0xbc000400 } },
	{ 0x7, 1, { BIT(6) | BIT(17) | BIT(26) | BIT(8), 0, 0, 0 } },
	{ 0xa, 0, { 0x07300805, 0, 0xf, 0x8604 } },
	SKYLAKE_CPUID,
	{ 0x23, 0, { 3, 0, 0, 0 } },
	{ 0x23, 1, { 0x3ff, 0xf, 0, 0 } },
};

#define MTRRS								\
	{ MSR_MTRRCAP, 0xd0a }, { MSR_MTRR_DEF_TYPE, 0xc00 },		\
	{ 0x250, 0x0606060606060606 }, { 0x258, 0x0606060606060606 },	\
	{ 0x259, 0 }, { 0x268, 0x0505050505050505 },			\
	{ 0x269, 0x0505050505050505 }, { 0x26a, 0 }, { 0x26b, 0 },	\
	{ 0x26c, 0x0505050505050505 }, { 0x26d, 0x0505050505050505 },	\
	{ 0x26e, 0x0505050505050505 }, { 0x26f, 0x0505050505050505 },	\
	{ 0x200, 6 }, { 0x201, 0xf80000800 },				\
	{ 0x202, 0x100000006 }, { 0x203, 0xf00000800 },			\
	{ 0x204, 0 }, { 0x205, 0 }, { 0x206, 0 }, { 0x207, 0 },		\
	{ 0x208, 0 }, { 0x209, 0 }, { 0x20a, 0 }, { 0x20b, 0 },		\
	{ 0x20c, 0 }, { 0x20d, 0 }, { 0x20e, 0 }, { 0x20f, 0 },		\
	{ 0x210, 0 }, { 0x211, 0 }, { 0x212, 0 }, { 0x213, 0 }

static const struct model_value ivy_msr[] = {
	{ MSR_VMX_BASIC, 0x00da040000000010 },
	{ MSR_VMX_PINBASED, 0x7f00000016 }, { MSR_VMX_PROCBASED, 0xfff9fffe0401e172 },
	{ MSR_VMX_EXIT, 0x7fffff00036dff }, { MSR_VMX_ENTRY, 0xffff000011ff },
	{ MSR_VMX_MISC, 0x100401e5 },
	{ MSR_VMX_CR0_FIXED0, 0x80000021 }, { MSR_VMX_CR0_FIXED1, 0xffffffff },
	{ MSR_VMX_CR4_FIXED0, 0x2000 }, { MSR_VMX_CR4_FIXED1, 0x1767ff },
	{ MSR_VMX_PROCBASED2, 0x8ff00000000 }, { MSR_VMX_EPT_VPID_CAP, 0xf0106114141 },
	{ MSR_VMX_TRUE_PINBASED, 0x7f00000016 },
	{ MSR_VMX_TRUE_PROCBASED, 0xfff9fffe04006172 },
	{ MSR_VMX_TRUE_EXIT, 0x7fffff00036dfb }, { MSR_VMX_TRUE_ENTRY, 0xffff000011fb },
	{ MSR_PERF_CAPABILITIES, 0x31c3 },
	MTRRS,
};

#define SKYLAKE_MSR							\
	{ MSR_VMX_BASIC, 0x00da040000000004 },				\
	{ MSR_VMX_PINBASED, 0xff00000016 }, { MSR_VMX_PROCBASED, 0xfff9fffe0401e172 },	\
	{ MSR_VMX_EXIT, 0x3ffffff00036dff }, { MSR_VMX_ENTRY, 0x3ffff000011ff },	\
	{ MSR_VMX_MISC, 0x7004c1e7 },					\
	{ MSR_VMX_CR0_FIXED0, 0x80000021 }, { MSR_VMX_CR0_FIXED1, 0xffffffff },	\
	{ MSR_VMX_CR4_FIXED0, 0x2000 }, { MSR_VMX_CR4_FIXED1, 0x7767ff },	\
	{ MSR_VMX_PROCBASED2, 0x15fcff00000000 }, { MSR_VMX_EPT_VPID_CAP, 0xf0106734141 },	\
	{ MSR_VMX_TRUE_PINBASED, 0xff00000016 },			\
	{ MSR_VMX_TRUE_PROCBASED, 0xfff9fffe04006172 },			\
	{ MSR_VMX_TRUE_EXIT, 0x3ffffff00036dfb }, { MSR_VMX_TRUE_ENTRY, 0x3ffff000011fb },	\
	{ MSR_ARCH_CAPABILITIES, 0 },					\
	{ 0x570, 0 },		/* IA32_RTIT_CTL */			\
	MTRRS

static const struct model_value skylake_msr[] = { SKYLAKE_MSR };

/* What comes last counts. */
static const struct model_value panther_msr[] = {
	SKYLAKE_MSR,
	{ MSR_VMX_BASIC, 0x05da040000000004 },
	{ MSR_VMX_CR4_FIXED1, 0x11bf77fff },
	{ MSR_PERF_CAPABILITIES, 0xf5c5 },
};

const struct model_type ivy_bridge = {
	.name = "Ivy Bridge", .max_leaf = 0xd, .max_extended = 0x80000008,
	.cpuid = ivy_cpuid, .cpuids = ARRAY_SIZE(ivy_cpuid), .xcr0 = 7, .perf_global = 0x70000000f,
	.msr = ivy_msr, .msrs = ARRAY_SIZE(ivy_msr),
};

const struct model_type skylake_server = {
	.name = "Skylake server", .max_leaf = 0x16, .max_extended = 0x80000008,
	.cpuid = skylake_cpuid, .cpuids = ARRAY_SIZE(skylake_cpuid), .xcr0 = 0x2ff,
	.msr = skylake_msr, .msrs = ARRAY_SIZE(skylake_msr),
};

const struct model_type panther_lake = {
	.name = "Panther Lake", .max_leaf = 0x23, .max_extended = 0x80000008,
	.cpuid = panther_cpuid, .cpuids = ARRAY_SIZE(panther_cpuid), .xcr0 = 0x2ff,
	.perf_global = 0x1000f000003ffULL,
	.msr = panther_msr, .msrs = ARRAY_SIZE(panther_msr),
};
