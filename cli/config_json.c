// SPDX-License-Identifier: GPL-2.0-only
/* A configuration as JSON: an object of keys, or what "info --json" prints. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "cgroup_weight.h"
#include "compiler.h"
#include "config.h"
#include "output.h"

/*
 * Where a domain's record has another name for a key. What has the key's own
 * name is in the record too; everything else in it describes the moment.
 */
static const struct {
	const char *field;
	const char *key;
} record_keys[] = {
	{ "name", "name" },
	{ "vcpus", "vcpus" },
	{ "vcpus_max", "maxvcpus" },
	{ "mem_max_bytes", "maxmem" },
	{ "mem_target_bytes", "memory" },
	{ "kernel", "kernel" },
	{ "ramdisk", "ramdisk" },
	{ "cmdline", "cmdline" },
	{ "flat", "flat" },
	{ "debug_exit", "debug_exit" },
	{ "disk", "disk" },
	{ "net", "net" },
	{ "fs", "fs" },
	{ "cpu_weight", "cpu_weight" },
	{ "cpu_cap_percent", "cap" },
	{ "cpu_period_us", "cpu_period_us" },
	{ "vsock", "vsock" },
	{ "cpus", "cpus" },
	{ "on_poweroff", "on_poweroff" },
	{ "on_reboot", "on_reboot" },
	{ "on_crash", "on_crash" },
};

static int bad_value(const char *path, const char *key, const char *why)
{
	return fail(HVCTL_USAGE, EINVAL, path, NULL, "cannot use '%s': %s", key, why);
}

static int set_from_array(struct domain_config *config, const char *path,
			  const char *key, struct json_object *array)
{
	size_t i;
	int ret = HVCTL_OK;

	if (!config_is_list(key))
		return bad_value(path, key, "a string or a whole number is expected");
	for (i = 0; i < json_object_array_length(array) && !ret; i++) {
		struct json_object *value = json_object_array_get_idx(array, i);

		if (json_object_get_type(value) != json_type_string)
			return bad_value(path, key, "a list of strings is expected");
		ret = config_set(config, path, key, json_object_get_string(value));
	}
	return ret;
}

static int set_from_json(struct domain_config *config, const char *path,
			 const char *key, struct json_object *value, bool bytes)
{
	char text[32];

	switch (json_object_get_type(value)) {
	case json_type_string:
		return config_set(config, path, key, json_object_get_string(value));
	case json_type_int:
		if (config_is_list(key))
			return bad_value(path, key, "a list of strings is expected");
		if (json_object_get_int64(value) < 0)
			return bad_value(path, key, "the number is negative");
		/* A record has bytes, always of whole pages. */
		if (bytes) {
			if (json_object_get_int64(value) % 1024)
				return bad_value(path, key, "not a whole number of KiB");
			snprintf(text, sizeof(text), "%" PRId64 "k",
				 json_object_get_int64(value) / 1024);
		} else {
			snprintf(text, sizeof(text), "%" PRId64,
				 json_object_get_int64(value));
		}
		return config_set(config, path, key, text);
	case json_type_array:
		return set_from_array(config, path, key, value);
	default:
		return bad_value(path, key, "a string or a whole number is expected");
	}
}

/*
 * As many vCPUs as at most: who asks for another number means both. The usual
 * weight, which a domain without a control group has too; no cap; the usual period.
 */
static bool is_default(struct json_object *record, const char *field,
		       struct json_object *value)
{
	struct json_object *vcpus;

	if (!strcmp(field, "cpu_weight"))
		return json_object_get_int(value) == WEIGHT_DEFAULT;
	if (!strcmp(field, "cpu_cap_percent"))
		return !json_object_get_int(value);
	if (!strcmp(field, "cpu_period_us"))
		return json_object_get_int(value) == HVMOD_PERIOD_US;
	return !strcmp(field, "vcpus_max") &&
	       json_object_object_get_ex(record, "vcpus", &vcpus) &&
	       json_object_equal(value, vcpus);
}

static int set_from_record(struct domain_config *config, const char *path,
			   struct json_object *record)
{
	struct json_object *value;
	size_t i;
	int ret;

	if (json_object_get_type(record) != json_type_object)
		return fail(HVCTL_USAGE, EINVAL, path, NULL,
			    "cannot read the configuration: 'domains' holds no object");
	for (i = 0; i < ARRAY_SIZE(record_keys); i++) {
		const char *field = record_keys[i].field;

		if (!json_object_object_get_ex(record, field, &value) || !value ||
		    is_default(record, field, value))
			continue;
		ret = set_from_json(config, path, record_keys[i].key, value,
				    strstr(field, "_bytes"));
		if (ret)
			return ret;
	}
	return HVCTL_OK;
}

static int set_from_object(struct domain_config *config, const char *path,
			   struct json_object *root)
{
	struct json_object *domains;

	if (json_object_get_type(root) != json_type_object)
		return fail(HVCTL_USAGE, EINVAL, path, NULL,
			    "cannot read the configuration: JSON: not an object");
	if (json_object_object_get_ex(root, "domains", &domains)) {
		if (json_object_get_type(domains) != json_type_array ||
		    json_object_array_length(domains) != 1)
			return fail(HVCTL_USAGE, EINVAL, path,
				    "'hvctl info --json DOMAIN' prints one",
				    "cannot read the configuration: 'domains' must be a list of one domain");
		return set_from_record(config, path,
				       json_object_array_get_idx(domains, 0));
	}
	json_object_object_foreach(root, key, value) {
		int ret = set_from_json(config, path, key, value, false);

		if (ret)
			return ret;
	}
	return HVCTL_OK;
}

static int syntax_error(const char *path, const char *text, size_t end, const char *why)
{
	unsigned int line = 1;
	char where[PATH_MAX + 16];
	size_t i;

	for (i = 0; i < end; i++)
		line += text[i] == '\n';
	snprintf(where, sizeof(where), "%s:%u", path, line);
	return fail(HVCTL_USAGE, EINVAL, where, NULL,
		    "cannot read the configuration: JSON: %s", why);
}

int config_parse_json(struct domain_config *config, const char *path,
		      const char *text)
{
	struct json_tokener *parser = json_tokener_new();
	enum json_tokener_error err;
	struct json_object *root;
	size_t length = strlen(text);
	size_t end;
	int ret;

	root = json_tokener_parse_ex(parser, text, length + 1);
	err = json_tokener_get_error(parser);
	/* The NUL may have been a part of it, as the end of a comment. */
	end = json_tokener_get_parse_end(parser);
	if (end > length)
		end = length;
	if (root)
		end += strspn(text + end, " \t\r\n");
	if (root && text[end])
		err = json_tokener_error_parse_unexpected;
	json_tokener_free(parser);
	if (!root || err) {
		json_object_put(root);
		return syntax_error(path, text, end, json_tokener_error_desc(err));
	}
	ret = set_from_object(config, path, root);
	json_object_put(root);
	return ret;
}
