// SPDX-License-Identifier: GPL-2.0-only
/* hvctl report */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "device.h"
#include "host.h"
#include "output.h"
#include "report.h"

#define SYSLOG_ACTION_READ_ALL		3
#define SYSLOG_ACTION_SIZE_BUFFER	10

static const char *path;
static const char *ktap_path;

enum {
	OPTION_KSELFTEST = 0x100,
};

static const struct argp_option report_options[] = {
	{ "kselftest", OPTION_KSELFTEST, "FILE", 0,
	  "Add what run_kselftest.sh wrote there", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case OPTION_KSELFTEST:
		ktap_path = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (path)
			argp_error(state, "Too many arguments");
		path = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void versions(struct report *r)
{
	int device = device_open_any();
	struct hvmod_caps caps;
	int err = errno;

	report_section(r, "versions");
	report_line(r, "hvctl", "%s, ABI %d", HVCTL_VERSION, HVMOD_ABI_VERSION);
	if (device < 0 && err != ENOENT)
		report_missing(r, "module", "/dev/hvmod: %s; run as root", strerror(err));
	else if (device < 0)
		report_line(r, "module", "not loaded");
	else if (device_caps(device, &caps))
		report_missing(r, "module", "HVMOD_GET_CAPS: %s", strerror(errno));
	else
		report_line(r, "module",
			    "%s, ABI %u, features 0x%llx, TSC %u kHz, pages of the core %llu, free %llu",
			    caps.module_version, caps.abi_version, (unsigned long long)caps.features,
			    caps.tsc_khz, (unsigned long long)caps.core_pages,
			    (unsigned long long)caps.core_free_pages);
	if (device >= 0)
		close(device);
}

static void check(struct report *r)
{
	static const char *const words[] = { "unknown", "no", "yes" };
	struct requirement list[REQUIREMENTS_MAX];
	struct host host;
	size_t count, i;

	report_section(r, "hvctl check");
	host_read(&host, r->root);
	count = host_judge(&host, list);
	for (i = 0; i < count; i++)
		report_line(r, list[i].name, "%s%s (%s)", words[list[i].present + 1],
			    list[i].required && list[i].present != 1 ? ", and required" : "",
			    list[i].detail);
	if (host.loaded)
		report_line(r, "note",
			    "hvmod is loaded and hides VMX from Linux: a report from before 'modprobe hvmod' tells more of the processor");
}

static void messages(struct report *r)
{
	int size = klogctl(SYSLOG_ACTION_SIZE_BUFFER, NULL, 0);
	char *log = size > 0 ? malloc(size + 1) : NULL;
	int bytes = log ? klogctl(SYSLOG_ACTION_READ_ALL, log, size) : -1;

	if (bytes >= 0)
		log[bytes] = '\0';
	report_messages(r, bytes >= 0 ? log : NULL);
	free(log);
}

static int selftests(struct report *r)
{
	FILE *ktap;

	if (!ktap_path) {
		report_section(r, "kselftest");
		report_line(r, "result", "not given; --kselftest FILE adds one");
		return HVCTL_OK;
	}
	ktap = fopen(ktap_path, "re");
	if (!ktap)
		return fail(HVCTL_FAILED, errno, ktap_path,
			    "it is what run_kselftest.sh wrote to standard output",
			    "cannot open: %s", strerror(errno));
	report_selftests(r, ktap);
	fclose(ktap);
	return HVCTL_OK;
}

static int write_report(struct report *r)
{
	private_read(&r->private, r->root);
	fputs("hvmod report, version 1\n"
	      "What is in it: 'man hvctl', report. Names of this machine and of who runs this are dots.\n",
	      r->out);
	versions(r);
	report_processor(r);
	report_registers(r);
	report_firmware(r);
	report_memory(r);
	report_kernel(r);
	report_mitigations(r);
	report_modules(r);
	check(r);
	messages(r);
	return selftests(r);
}

static int run(struct verb_context *ctx)
{
	struct report r = { .out = stdout, .root = "" };
	int ret;

	(void)ctx;
	if (path && strcmp(path, "-")) {
		r.out = fopen(path, "we");
		if (!r.out)
			return fail(HVCTL_FAILED, errno, path, NULL, "cannot write: %s",
				    strerror(errno));
	}
	ret = write_report(&r);
	fprintf(r.out, "\n[end]\nmissing: %u\n", r.missing);
	if (r.out != stdout && (ferror(r.out) | fclose(r.out)) && !ret)
		ret = fail(HVCTL_FAILED, errno, path, NULL, "cannot write: %s", strerror(errno));
	if (!ret && r.missing)
		note("%u things could not be had; the report says which, and what helps", r.missing);
	return ret;
}

const struct verb verb_report = {
	.name = "report",
	.args = "[FILE]",
	.summary = "Write what developers want to know of this machine",
	.doc = "To FILE, or standard output. Read it before you send it. It has versions; the processor's model, stepping, microcode and flags; VMX capability, feature-control, MTRR and PAT MSRs; vendor, model and date of machine, board and firmware; size of memory, MTRRs; the kernel's version, a list of its options and parameters, mitigations; modules that use VMX, hvmod's parameters; what check says; hvmod's own kernel messages; results of the kselftests if given. It has no host name, user name, address, serial number, disk, or any other parameter or message. Best as root, after 'modprobe msr', once before and once after 'modprobe hvmod'.",
	.options = report_options,
	.parse = parse,
	.run = run,
};
