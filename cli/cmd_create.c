// SPDX-License-Identifier: GPL-2.0-only
/* hvctl create [FILE|-] [KEY=VALUE...] */
#include <string.h>
#include <unistd.h>

#include "compiler.h"
#include "flat.h"
#include "launch.h"
#include "output.h"

#define SETTINGS_MAX	64

enum {
	OPTION_SETTING = 0x200,
};

/* --KEY VALUE is KEY=VALUE for each of these. */
static const char *const setting_flags[] = {
	"name", "vcpus", "memory", "kernel", "initrd", "cmdline", "flat",
	"debug_exit", "disk", "net", "vsock", "cpus", "on_poweroff",
	"on_reboot", "on_crash", "maxmem", "cap", "cpu_weight", "fs",
};

static const struct argp_option options[] = {
	{ "name", OPTION_SETTING, "NAME", 0, "Name; dom1, dom2, ... if none is given", 0 },
	{ "vcpus", OPTION_SETTING + 1, "N", 0, "Number of vCPUs, 1 to 64; default 1", 0 },
	{ "memory", OPTION_SETTING + 2, "SIZE", 0, "Memory, with suffix: 512M, 2G; default 512M", 0 },
	{ "kernel", OPTION_SETTING + 3, "FILE", 0, "Kernel: a bzImage, a multiboot or multiboot 2 kernel, or an ELF file with a PVH note", 0 },
	{ "initrd", OPTION_SETTING + 4, "FILE", 0, "Initial RAM disk", 0 },
	{ "cmdline", OPTION_SETTING + 5, "TEXT", 0, "Kernel command line", 0 },
	{ "flat", OPTION_SETTING + 6, "ADDRESS,MODE", 0, "The kernel is a flat binary for ADDRESS; MODE is real, protected or long", 0 },
	{ "debug-exit", OPTION_SETTING + 7, "PORT", OPTION_ARG_OPTIONAL, "What the guest writes to PORT, " DEBUG_EXIT_PORT " if none is given, ends it with exit status VALUE * 2 + 1", 0 },
	{ "disk", OPTION_SETTING + 8, "PATH[,ro][,direct][,serial=S]|vhost-user:SOCKET", 0, "Disk: a raw image or a block device; ro: read-only, direct: past the host's cache, serial: its serial number; or what another process serves, such as qemu-storage-daemon; can be given several times", 0 },
	{ "net", OPTION_SETTING + 9, "tap=NAME|fd=N|passt[=SOCKET][,mac=A][,vhost=on]", 0, "Network device: a tap of the host, an open one, or user-mode networking by passt(1), which is started unless SOCKET is that of one; can be given several times", 0 },
	{ "vsock", OPTION_SETTING + 10, "cid=N|auto", 0, "Socket device, by which programs of host and guest connect (vsock(7)): the guest's CID, or one that is free, which 'hvctl info' shows", 0 },
	{ "cpus", OPTION_SETTING + 11, "LIST", 0, "Processors that its vCPUs may run on: 0-3,8", 0 },
	{ "cap", OPTION_SETTING + 16, "PERCENT", 0, "CPU time of all its vCPUs together, in percent of one processor", 0 },
	{ "cpu-weight", OPTION_SETTING + 17, "WEIGHT", 0, "Share of a processor that several domains want: 1 to 10000; default 100", 0 },
	{ "on-poweroff", OPTION_SETTING + 12, "ACTION", 0, "What follows: destroy, restart or preserve; default destroy", 0 },
	{ "on-reboot", OPTION_SETTING + 13, "ACTION", 0, "The same; default restart, with -F destroy", 0 },
	{ "on-crash", OPTION_SETTING + 14, "ACTION", 0, "The same; default destroy", 0 },
	{ "maxmem", OPTION_SETTING + 15, "SIZE", 0, "Memory that it is made with, of which it has --memory once its guest has given away the rest; default the same", 0 },
	{ "fs", OPTION_SETTING + 18, "tag=NAME,socket=PATH", 0, "A directory of the host, which virtiofsd serves at the socket PATH and the guest mounts by its tag (mount -t virtiofs NAME /mnt); can be given several times", 0 },
	{ "paused", 'p', NULL, 0, "Leave it paused", 1 },
	{ "foreground", 'F', NULL, 0, "Stay, and exit with the guest's outcome", 1 },
	{ "console", 'c', NULL, 0, "Attach to its console", 1 },
	{ 0 }
};

static struct {
	const char *key;	/* NULL: value is "key=value" */
	const char *value;
} settings[SETTINGS_MAX];

static unsigned int settings_count;
static const char *file;
static bool paused;
static bool foreground;
static bool console;

static void add_setting(struct argp_state *state, const char *key, const char *value)
{
	if (settings_count == SETTINGS_MAX) {
		argp_error(state, "too many settings");
		return;
	}
	settings[settings_count].key = key;
	settings[settings_count++].value = value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	size_t flag = key - OPTION_SETTING;

	if (key >= OPTION_SETTING && flag < ARRAY_SIZE(setting_flags)) {
		/* The one flag whose value may be left out. */
		add_setting(state, setting_flags[flag], arg ? arg : DEBUG_EXIT_PORT);
		return 0;
	}
	switch (key) {
	case 'p':
		paused = true;
		return 0;
	case 'F':
		foreground = true;
		return 0;
	case 'c':
		console = true;
		return 0;
	case ARGP_KEY_ARG:
		if (config_is_argument(arg))
			add_setting(state, NULL, arg);
		else if (file)
			argp_error(state, "more than one file: '%s' and '%s'", file, arg);
		else
			file = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What is on the command line overrides the file. */
static int read_config(struct domain_config *config)
{
	unsigned int i;
	int ret = file ? config_read(config, file) : HVCTL_OK;

	for (i = 0; i < settings_count && !ret; i++) {
		if (settings[i].key)
			ret = config_set(config, NULL, settings[i].key, settings[i].value);
		else
			ret = config_argument(config, settings[i].value);
	}
	return ret ? ret : config_complete(config);
}

static int launch(int device, const struct domain_config *config)
{
	if (foreground && console)
		return launch_run(device, config, paused);
	if (foreground)
		return launch_foreground(device, config, paused);
	if (console)
		return launch_console(device, config, paused);
	return launch_background(device, config, paused);
}

static int run(struct verb_context *ctx)
{
	struct domain_config config = { 0 };
	int ret = read_config(&config);

	if (!ret && globals.dry_run) {
		launch_show(&config);
	} else if (!ret) {
		ret = launch_device(&config, &ctx->device);
		if (!ret)
			ret = launch(ctx->device, &config);
	}
	config_free(&config);
	return ret;
}

const struct verb verb_create = {
	.name = "create",
	.args = "[FILE|-] [KEY=VALUE...]",
	.summary = "Make a domain and start it",
	.doc = "Prints the domain's id, with -v its name too, and returns when the domain exists. FILE has lines KEY = VALUE as xl.cfg has them, or is JSON, such as 'hvctl info --json' prints; - is standard input. Keys: name vcpus maxvcpus memory maxmem kernel ramdisk (or initrd) cmdline flat debug_exit disk net fs vsock cpus cpu_weight cap cpu_period_us on_poweroff on_reboot on_crash. What the command line says overrides FILE, but for disk, net and fs, which are added to FILE's; there a list of them is disk = [ \"/a,ro\", \"/b\" ].\n\n-F stays in the foreground as the domain's VMM process and exits with the guest's outcome (see 'hvctl help'); -F -c shows the console as 'run' does.",
	.flags = VERB_MODIFIES | VERB_DRY_RUN,
	.options = options,
	.parse = parse,
	.run = run,
};
