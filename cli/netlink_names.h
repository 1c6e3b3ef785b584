/* SPDX-License-Identifier: GPL-2.0-only */
/* Made from uapi/hvmod_netlink.yaml by uapi/netlink_gen.py; do not edit. */
#ifndef HVCTL_NETLINK_NAMES_H
#define HVCTL_NETLINK_NAMES_H

/* Names of enum values by their numbers; NULL where a number has none. */

static const char *const state_names[] __attribute__((unused)) = {
	[1] = "created",
	[2] = "running",
	[3] = "paused",
	[4] = "shutdown",
	[5] = "crashed",
	[6] = "dying",
};

static const char *const reason_names[] __attribute__((unused)) = {
	[0] = "none",
	[1] = "poweroff",
	[2] = "reset",
	[3] = "triple-fault",
	[4] = "panic",
	[5] = "watchdog",
	[6] = "destroyed",
	[7] = "internal",
};

static const char *const activity_names[] __attribute__((unused)) = {
	[1] = "stopped",
	[2] = "running",
	[3] = "halted",
	[4] = "capped",
	[5] = "unplugged",
};

static const char *const memory_names[] __attribute__((unused)) = {
	[1] = "guest",
	[2] = "tables",
	[3] = "core",
	[4] = "driver",
};

static const char *const hw_exit_names[] __attribute__((unused)) = {
	[0] = "exception-nmi",
	[1] = "external-interrupt",
	[2] = "triple-fault",
	[3] = "init",
	[4] = "sipi",
	[7] = "interrupt-window",
	[8] = "nmi-window",
	[9] = "task-switch",
	[10] = "cpuid",
	[11] = "getsec",
	[12] = "hlt",
	[13] = "invd",
	[14] = "invlpg",
	[15] = "rdpmc",
	[16] = "rdtsc",
	[17] = "rsm",
	[18] = "vmcall",
	[19] = "vmclear",
	[20] = "vmlaunch",
	[21] = "vmptrld",
	[22] = "vmptrst",
	[23] = "vmread",
	[24] = "vmresume",
	[25] = "vmwrite",
	[26] = "vmxoff",
	[27] = "vmxon",
	[28] = "cr-access",
	[29] = "mov-dr",
	[30] = "io",
	[31] = "rdmsr",
	[32] = "wrmsr",
	[33] = "guest-state",
	[34] = "msr-loading",
	[36] = "mwait",
	[37] = "monitor-trap-flag",
	[39] = "monitor",
	[40] = "pause",
	[41] = "machine-check",
	[43] = "tpr-below-threshold",
	[44] = "apic-access",
	[45] = "virtualized-eoi",
	[46] = "gdtr-idtr",
	[47] = "ldtr-tr",
	[48] = "ept-violation",
	[49] = "ept-misconfiguration",
	[50] = "invept",
	[51] = "rdtscp",
	[52] = "preemption-timer",
	[53] = "invvpid",
	[54] = "wbinvd",
	[55] = "xsetbv",
	[56] = "apic-write",
	[57] = "rdrand",
	[58] = "invpcid",
	[59] = "vmfunc",
	[60] = "encls",
	[61] = "rdseed",
	[62] = "pml-full",
	[63] = "xsaves",
	[64] = "xrstors",
	[76] = "seamcall",
	[77] = "tdcall",
};

#endif
