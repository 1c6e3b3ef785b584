/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_HOST_H
#define HVCTL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_TEXT_MAX	128

/**
 * struct host - what check has to know of a machine
 * @vendor: vendor_id of /proc/cpuinfo
 * @vmx: the processor has VMX; CPUID may say so when the flags do not
 * @vmx_flag: Linux sees VMX: it has it, and firmware has it on
 * @xsave: it has XSAVE, and Linux uses it
 * @guest: the machine is itself a virtual one
 * @vmx_flags: the line "vmx flags", with a blank before and behind each word
 * @feature_control_read: IA32_FEATURE_CONTROL could be read
 * @feature_control: its value on the first processor that has VMX off, else of
 *	the last
 * @bad_cpu: that processor, -1 if all have it on
 * @release: kernel release
 * @kernel: its version, major * 1000 + minor
 * @holders: modules that use VMX now
 * @may_hold: modules that will when a guest of theirs runs
 * @loaded: hvmod is loaded
 * @installed: there is a hvmod.ko for this kernel
 * @device_errno: 0 if the device could be opened
 * @lockdown: chosen word of lockdown, "" if there is none
 * @sig_enforce: unsigned modules are refused
 * @secure_boot: -1 unknown, 0 off, 1 on
 * @memory: MemAvailable, bytes
 * @huge_pages: chosen word of transparent_hugepage/enabled
 */
struct host {
	char vendor[HOST_TEXT_MAX];
	bool vmx;
	bool vmx_flag;
	bool xsave;
	bool guest;
	char vmx_flags[1024];
	bool feature_control_read;
	uint64_t feature_control;
	int bad_cpu;
	char release[HOST_TEXT_MAX];
	unsigned int kernel;
	char holders[HOST_TEXT_MAX];
	char may_hold[HOST_TEXT_MAX];
	bool loaded;
	bool installed;
	int device_errno;
	char lockdown[HOST_TEXT_MAX];
	bool sig_enforce;
	int secure_boot;
	uint64_t memory;
	char huge_pages[HOST_TEXT_MAX];
};

/**
 * host_read() - find out
 * @host: what was found out
 * @root: "" for this machine; a directory with a copy of its /proc, /sys, /dev
 *	and /lib for another one
 */
void host_read(struct host *host, const char *root);

/**
 * proc_value() - a line "key : value" of /proc/cpuinfo, or "key: value" of /proc/meminfo
 * @line: the line
 * @key: the key
 *
 * Return: where the value begins in @line, or NULL if the line is of another key.
 */
const char *proc_value(const char *line, const char *key);

/**
 * struct requirement - one line of check
 * @name: what
 * @required: hvmod does not work without
 * @present: 1 yes, 0 no, -1 can't be told
 * @detail: what was found
 * @remedy: what to do, "" if nothing has to be done
 */
struct requirement {
	const char *name;
	bool required;
	int present;
	char detail[2 * HOST_TEXT_MAX];
	const char *remedy;
};

#define REQUIREMENTS_MAX	32

/**
 * host_judge() - hold a machine against what hvmod needs
 * @host: the machine
 * @list: the result
 *
 * Return: how many lines.
 */
size_t host_judge(const struct host *host, struct requirement list[REQUIREMENTS_MAX]);

#endif
