// SPDX-License-Identifier: GPL-2.0-only
/* hvctl info DOMAIN */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler.h"
#include "domain_json.h"
#include "domains.h"
#include "duration.h"
#include "output.h"
#include "size.h"
#include "vmm_record.h"

#define GUEST_MS	300	/* that a guest gets to tell anew */
#define GUEST_POLL_MS	10

static void line(const char *title, const char *text)
{
	printf("%-16s", title);
	print_clean(stdout, text);
	putchar('\n');
}

__printf(2, 3)
static void linef(const char *title, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	line(title, text);
}

static void show_text(const char *title, struct json_object *value)
{
	line(title, json_object_get_string(value));
}

static void show_list(const char *title, struct json_object *array)
{
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++)
		line(title, json_object_get_string(json_object_array_get_idx(array, i)));
}

static void show_number(const char *title, struct json_object *value)
{
	linef(title, "%" PRId64, json_object_get_int64(value));
}

static void show_bytes(const char *title, struct json_object *value)
{
	linef(title, "%" PRId64 " bytes", json_object_get_int64(value));
}

static void show_size(const char *title, struct json_object *value)
{
	char text[SIZE_TEXT_MAX];

	line(title, format_size(json_object_get_uint64(value), text));
}

static void show_age(const char *title, struct json_object *value)
{
	uint64_t now = boottime_ns();
	uint64_t then = json_object_get_uint64(value);

	linef(title, "%.1f s ago", then < now ? (now - then) / 1e9 : 0.0);
}

static const struct {
	const char *key;
	const char *title;
	enum json_type type;
	void (*show)(const char *title, struct json_object *value);
} record_fields[] = {
	{ "kernel", "Kernel", json_type_string, show_text },
	{ "ramdisk", "Initrd", json_type_string, show_text },
	{ "cmdline", "Command line", json_type_string, show_text },
	{ "flat", "Flat binary", json_type_string, show_text },
	{ "debug_exit", "Debug exit", json_type_string, show_text },
	{ "disk", "Disk", json_type_array, show_list },
	{ "net", "Network", json_type_array, show_list },
	{ "fs", "Directory", json_type_array, show_list },
	{ "vsock", "Vsock", json_type_string, show_text },
	{ "cpus", "Processors", json_type_string, show_text },
	{ "on_poweroff", "On power off", json_type_string, show_text },
	{ "on_reboot", "On reboot", json_type_string, show_text },
	{ "on_crash", "On crash", json_type_string, show_text },
	{ "failed_devices", "Failed", json_type_array, show_list },
	{ "vcpus_wanted", "vCPUs wanted", json_type_int, show_number },
	{ "mem_target_bytes", "Memory wanted", json_type_int, show_size },
	{ "mem_guest_total_bytes", "Guest has", json_type_int, show_size },
	{ "mem_guest_available_bytes", "Guest can use", json_type_int, show_size },
	{ "mem_guest_free_bytes", "Guest has free", json_type_int, show_size },
	{ "mem_guest_told_ns", "Guest told", json_type_int, show_age },
	{ "restarts", "Restarts", json_type_int, show_number },
	{ "console_bytes", "Console output", json_type_int, show_bytes },
};

static bool all_strings(struct json_object *array)
{
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++) {
		if (json_object_get_type(json_object_array_get_idx(array, i)) !=
		    json_type_string)
			return false;
	}
	return true;
}

/* Only what we know, of the type that it should have: the VMM is not trusted. */
static struct json_object *record_field(struct json_object *record, size_t i)
{
	struct json_object *value = NULL;

	if (!record ||
	    !json_object_object_get_ex(record, record_fields[i].key, &value) ||
	    json_object_get_type(value) != record_fields[i].type ||
	    (record_fields[i].type == json_type_array && !all_strings(value)))
		return NULL;
	return value;
}

static void print_as_json(const struct hvmod_domain_info *info, struct json_object *record)
{
	struct json_object *object = domain_weight_json(info);
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(record_fields); i++) {
		struct json_object *value = record_field(record, i);

		if (value)
			json_object_object_add(object, record_fields[i].key,
					       json_object_get(value));
	}
	json_object_array_add(array, object);
	print_json(domains_json(array));
}

static void print_kernel_part(const struct hvmod_domain_info *info)
{
	char text[DURATION_TEXT_MAX];

	linef("Id:", "%u", info->id);
	line("Name:", info->name);
	line("State:", state_word(info->state));
	if (info->reason)
		line("Reason:", reason_word(info->reason));
	linef("vCPUs:", "%u of %u", info->vcpus, info->vcpus_max);
	line("Memory:", format_size(info->mem_current, text));
	line("Most memory:", format_size(info->mem_max, text));
	line("Held by host:", format_size(info->held, text));
	line("Core memory:", format_size(info->core_pages * 4096, text));
	line("Uptime:", format_duration(domain_uptime_ns(info), text));
	linef("CPU time:", "%.3f s (%.1f%%)", info->run_ns / 1e9,
	      domain_cpu_percent(info));
	linef("VM exits:", "%llu (%llu to the driver, %llu to the VMM)", info->exits,
	      info->exits_driver, info->exits_vmm);
	linef("Owner:", "uid %u", info->owner_uid);
	if (info->owner_pid)
		linef("VMM process:", "%u", info->owner_pid);
}

static void print_record(struct json_object *record)
{
	char title[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(record_fields); i++) {
		struct json_object *value = record_field(record, i);

		if (!value)
			continue;
		snprintf(title, sizeof(title), "%s:", record_fields[i].title);
		record_fields[i].show(title, value);
	}
}

static bool told_before(struct json_object *record, uint64_t ns)
{
	struct json_object *value = NULL;

	return record &&
	       json_object_object_get_ex(record, "mem_guest_told_ns", &value) &&
	       json_object_get_uint64(value) < ns;
}

/* Each time the VMM process is asked it asks its guest, which may take its time. */
static struct json_object *fresh_record(struct verb_context *ctx)
{
	int64_t deadline = deadline_in(GUEST_MS);
	uint64_t begin = boottime_ns();
	struct json_object *record = vmm_record(ctx);

	while (ctx->domain.state == HVMOD_STATE_RUNNING && told_before(record, begin) &&
	       deadline_left(deadline)) {
		sleep_ms(GUEST_POLL_MS);
		json_object_put(record);
		record = vmm_record(ctx);
	}
	return record;
}

static int run(struct verb_context *ctx)
{
	struct json_object *record = fresh_record(ctx);

	if (globals.json) {
		print_as_json(&ctx->domain, record);
	} else {
		print_kernel_part(&ctx->domain);
		print_record(record);
		if (!record && ctx->domain.id && globals.verbose)
			note("the VMM process does not answer; its part is missing");
	}
	json_object_put(record);
	return HVCTL_OK;
}

const struct verb verb_info = {
	.name = "info",
	.alias = "inspect",
	.args = "DOMAIN",
	.summary = "Describe a domain",
	.doc = "What the guest tells of its memory is its own word; it is asked anew if it has the driver virtio_balloon, and gets 0.3 s to answer. 'hvctl create -' accepts what 'hvctl info --json DOMAIN' prints.",
	.flags = VERB_DOMAIN | VERB_TIMEOUT,
	.run = run,
};
