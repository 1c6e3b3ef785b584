/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_VMMPROC_H
#define HVCTL_VMMPROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <hvmod.h>

#include "config.h"

#define REPORT_TEXT_MAX	4096

/**
 * enum report_kind - what a VMM process tells who started it
 * @REPORT_READY: the domain exists and its control socket answers
 * @REPORT_FAILED: there is no domain, and why
 * @REPORT_ENDED: the guest has ended
 */
enum report_kind {
	REPORT_READY	= 1,
	REPORT_FAILED	= 2,
	REPORT_ENDED	= 3,
};

/**
 * struct report - such a message
 * @kind: enum report_kind
 * @code: exit status: enum exit_code; enum vmm_outcome with REPORT_ENDED
 * @err: errno value
 * @id: the domain's id
 * @name: its name
 * @text: what went wrong, or how it ended
 */
struct report {
	uint32_t kind;
	int32_t code;
	int32_t err;
	uint32_t id;
	char name[HVMOD_NAME_MAX];
	char text[REPORT_TEXT_MAX];
};

/**
 * struct vmmproc_options - how a VMM process shall run
 * @config: the domain; without a name it gets a default one
 * @paused: do not start the vCPUs
 * @daemon: let go of the terminal; messages go to the log
 * @leash: end the guest when the other end of @report_fd closes
 * @console_fd: stream socket to attach to the console from the start, or -1
 * @report_fd: where struct report goes, or -1
 * @report: called in place of it if that is -1
 */
struct vmmproc_options {
	const struct domain_config *config;
	bool paused;
	bool daemon;
	bool leash;
	int console_fd;
	int report_fd;
	void (*report)(const struct report *report);
};

/**
 * vmmproc_main() - be the VMM process of a domain, until the guest has ended
 * @device: from device_open(), taken over
 * @options: how
 *
 * Return: the exit status: VMM_STATUS() of an enum vmm_outcome, or enum
 * exit_code if it did not come so far.
 */
int vmmproc_main(int device, const struct vmmproc_options *options);

/**
 * vmmproc_spawn() - start a VMM process and wait until it is ready
 * @device: from device_open()
 * @options: how; @report_fd is chosen here
 * @pid: the process
 * @channel: its reports come here; closing it is what ends a leash
 * @ready: the first report
 *
 * Return: 0 if the domain exists; else the exit status, and the error has been
 * reported.
 */
int vmmproc_spawn(int device, const struct vmmproc_options *options, pid_t *pid,
		  int *channel, struct report *ready);

/**
 * vmmproc_outcome() - wait for the end of a process that vmmproc_spawn() made
 * @pid: the process
 * @channel: its reports; closed
 * @last: the last report; its text is "" if there was none
 *
 * Return: its exit status, HVCTL_FAILED if a signal killed it.
 */
int vmmproc_outcome(pid_t pid, int channel, struct report *last);

/**
 * vmmproc_end() - end a guest on a leash, and its process whatever it does
 * @pid: the process
 * @channel: its reports; closed
 * @last: its text is set if a signal killed it
 *
 * Return: its exit status.
 */
int vmmproc_end(pid_t pid, int channel, struct report *last);

/** vmmproc_fail() - report an error as @report has it. Return: the exit status */
int vmmproc_fail(const struct report *report);

/** outcome_word() - "poweroff" and so on for an enum vmm_outcome */
const char *outcome_word(int outcome);

/**
 * outcome_describe() - the same, with the exit status of a debug exit
 * @outcome: enum vmm_outcome
 * @text: buffer
 * @size: its size
 *
 * Return: @text
 */
const char *outcome_describe(int outcome, char *text, size_t size);

#endif
