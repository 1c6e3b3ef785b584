// SPDX-License-Identifier: GPL-2.0-only
/* hvctl run KERNEL */
#include <stdlib.h>

#include "flat.h"
#include "launch.h"
#include "output.h"

enum {
	OPTION_RM = 0x200,
	OPTION_FLAT,
	OPTION_DEBUG_EXIT,
	OPTION_NET,
	OPTION_VSOCK,
	OPTION_FS,
	OPTION_NAME,
};

static const struct argp_option options[] = {
	{ "memory", 'm', "SIZE", 0, "Memory, with suffix: 512M, 2G; default 512M", 0 },
	{ "vcpus", 'c', "N", 0, "Number of vCPUs, 1 to 64; default 1", 0 },
	{ "initrd", 'i', "FILE", 0, "Initial RAM disk", 0 },
	{ "cmdline", 'a', "TEXT", 0, "Kernel command line", 0 },
	{ "disk", 'd', "PATH[,ro][,direct][,serial=S]|vhost-user:SOCKET", 0, "Disk, as 'hvctl help create' says; can be given several times", 0 },
	{ "net", OPTION_NET, "tap=NAME|fd=N|passt[=SOCKET][,mac=A][,vhost=on]", 0, "Network device, as 'hvctl help create' says; can be given several times", 0 },
	{ "fs", OPTION_FS, "tag=NAME,socket=PATH", 0, "Directory, as 'hvctl help create' says; can be given several times", 0 },
	{ "vsock", OPTION_VSOCK, "cid=N|auto", 0, "Socket device, as 'hvctl help create' says", 0 },
	{ "name", OPTION_NAME, "NAME", 0, "Name; dom1, dom2, ... if none is given", 0 },
	{ "flat", OPTION_FLAT, "ADDRESS,MODE", 0, "KERNEL is a flat binary for ADDRESS; MODE is real, protected or long", 0 },
	{ "debug-exit", OPTION_DEBUG_EXIT, "PORT", OPTION_ARG_OPTIONAL, "What the guest writes to PORT, " DEBUG_EXIT_PORT " if none is given, ends it with exit status VALUE * 2 + 1", 0 },
	{ "rm", OPTION_RM, NULL, 0, "Leave nothing behind; it is always so", 0 },
	{ 0 }
};

static struct domain_config config;

static void set(const char *key, const char *value)
{
	int ret = config_set(&config, NULL, key, value);

	if (ret)
		exit(ret);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'm':
		set("memory", arg);
		return 0;
	case 'c':
		set("vcpus", arg);
		return 0;
	case 'i':
		set("initrd", arg);
		return 0;
	case 'a':
		set("cmdline", arg);
		return 0;
	case 'd':
		set("disk", arg);
		return 0;
	case OPTION_NET:
		set("net", arg);
		return 0;
	case OPTION_FS:
		set("fs", arg);
		return 0;
	case OPTION_VSOCK:
		set("vsock", arg);
		return 0;
	case OPTION_NAME:
		set("name", arg);
		return 0;
	case OPTION_FLAT:
		set("flat", arg);
		return 0;
	case OPTION_DEBUG_EXIT:
		set("debug_exit", arg ? arg : DEBUG_EXIT_PORT);
		return 0;
	case OPTION_RM:
		return 0;
	case ARGP_KEY_ARG:
		if (config.kernel)
			return ARGP_ERR_UNKNOWN;
		set("kernel", arg);
		return 0;
	case ARGP_KEY_END:
		if (!config.kernel)
			argp_error(state, "no kernel given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(struct verb_context *ctx)
{
	int ret = config_complete(&config);

	if (!ret && globals.dry_run)
		launch_show(&config);
	else if (!ret)
		ret = launch_device(&config, &ctx->device);
	if (!ret && !globals.dry_run)
		ret = launch_run(ctx->device, &config, false);
	config_free(&config);
	return ret;
}

const struct verb verb_run = {
	.name = "run",
	.args = "KERNEL",
	.summary = "Run a kernel with its console here",
	.doc = "Makes a domain, shows its console, and exits with the guest's outcome: 0 powered off, 32 reset, 33 crashed, 34 panic, 36 watchdog, 37 destroyed; with --debug-exit, the guest's own. KERNEL is a bzImage, a multiboot or multiboot 2 kernel, an ELF file with a PVH note, which its content tells, or with --flat any file.\n\nThe domain ends with hvctl; on a terminal ^] ends both. If standard input is not a terminal, it is typed until its end.",
	.flags = VERB_MODIFIES | VERB_DRY_RUN,
	.options = options,
	.parse = parse,
	.run = run,
};
