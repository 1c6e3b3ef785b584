// SPDX-License-Identifier: GPL-2.0-only
/* The keys of a configuration, their checks and their defaults. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "compiler.h"
#include "config.h"
#include "config_devices.h"
#include "config_number.h"
#include "cpulist.h"
#include "flat.h"
#include "name.h"
#include "output.h"
#include "size.h"
#include "vsock_option.h"

#define DEFAULT_VCPUS	1
#define DEFAULT_MEMORY	(512ULL << 20)
#define MEMORY_UNIT	(1ULL << 20)
#define CMDLINE_MAX	2047	/* what every x86 kernel takes */

enum key_type {
	KEY_NAME,
	KEY_SIZE,
	KEY_PATH,
	KEY_TEXT,
	KEY_FLAT,
	KEY_PORT,
	KEY_DEVICES,
	KEY_VSOCK,
	KEY_CPUS,
	KEY_ACTION,
	/* In the order of enum config_number. */
	KEY_VCPUS,
	KEY_WEIGHT,
	KEY_CAP,
	KEY_PERIOD,
};

static const char *const actions[] = {
	[CONFIG_DESTROY]	= "destroy",
	[CONFIG_RESTART]	= "restart",
	[CONFIG_PRESERVE]	= "preserve",
};

static const struct config_key {
	const char *name;
	const char *alias;
	enum key_type type;
	size_t offset;
} keys[] = {
#define KEY(n, a, t)	{ #n, a, t, offsetof(struct domain_config, n) }
	KEY(name, NULL, KEY_NAME),
	KEY(vcpus, NULL, KEY_VCPUS),
	KEY(maxvcpus, NULL, KEY_VCPUS),
	KEY(memory, NULL, KEY_SIZE),
	KEY(maxmem, NULL, KEY_SIZE),
	KEY(kernel, NULL, KEY_PATH),
	KEY(ramdisk, "initrd", KEY_PATH),
	KEY(cmdline, NULL, KEY_TEXT),
	KEY(flat, NULL, KEY_FLAT),
	KEY(debug_exit, NULL, KEY_PORT),
	KEY(disk, NULL, KEY_DEVICES),
	KEY(net, NULL, KEY_DEVICES),
	KEY(fs, NULL, KEY_DEVICES),
	KEY(vsock, NULL, KEY_VSOCK),
	KEY(cpus, NULL, KEY_CPUS),
	KEY(cpu_weight, NULL, KEY_WEIGHT),
	KEY(cap, NULL, KEY_CAP),
	KEY(cpu_period_us, NULL, KEY_PERIOD),
	KEY(on_poweroff, NULL, KEY_ACTION),
	KEY(on_reboot, NULL, KEY_ACTION),
	KEY(on_crash, NULL, KEY_ACTION),
#undef KEY
};

static int key_fail(const char *where, const char *key, const char *hint,
		    const char *value, const char *why)
{
	char *object = NULL;
	int ret;

	if (where && asprintf(&object, "%s: %s", where, key) < 0)
		object = NULL;
	ret = fail(HVCTL_USAGE, EINVAL, object ? object : key, hint,
		   "cannot use '%s': %s", value, why);
	free(object);
	return ret;
}

static const struct config_key *find_key(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!strcmp(keys[i].name, name) ||
		    (keys[i].alias && !strcmp(keys[i].alias, name)))
			return &keys[i];
	}
	return NULL;
}

static int unknown_key(const char *where, const char *name)
{
	const char *names[ARRAY_SIZE(keys)];
	char hint[64];
	size_t i;
	int best;

	/* Of xl.cfg, where it has other options too. */
	if (!strcmp(name, "vif"))
		return fail(HVCTL_USAGE, EINVAL, where, "net = [ \"tap=tap0\" ] is one",
			    "unknown key 'vif': network devices are 'net' here");
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		names[i] = keys[i].name;
	best = suggest(name, names, ARRAY_SIZE(keys));
	if (best >= 0)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", names[best]);
	return fail(HVCTL_USAGE, EINVAL, where,
		    best >= 0 ? hint : "'hvctl help create' lists the keys",
		    "unknown key '%s'", name);
}

static int set_number(uint32_t *field, enum key_type type, const char *where,
		      const char *key, const char *value)
{
	const char *hint;
	const char *why = config_number(type - KEY_VCPUS, value, field, &hint);

	return why ? key_fail(where, key, hint, value, why) : HVCTL_OK;
}

static int set_size(uint64_t *field, const char *where, const char *key,
		    const char *value)
{
	char hint[64];
	uint64_t bytes;
	int err;

	err = parse_size(value, &bytes);
	if (err) {
		snprintf(hint, sizeof(hint), "write %s=%.20sM for mebibytes", key, value);
		return key_fail(where, key, err == -EDOM ? hint : NULL, value,
				size_error(err));
	}
	if (!bytes || bytes % MEMORY_UNIT)
		return key_fail(where, key, NULL, value,
				"memory is given in whole mebibytes, at least one");
	*field = bytes;
	return HVCTL_OK;
}

static int set_port(uint32_t *field, const char *where, const char *key,
		    const char *value)
{
	const char *why = parse_port(value, field);

	if (!why)
		return HVCTL_OK;
	return key_fail(where, key, "debug_exit=" DEBUG_EXIT_PORT " is the usual one",
			value, why);
}

static int add_value(struct config_list *list, const char *where, const char *key,
		     const char *value)
{
	char why[64];

	switch (config_list_add(list, value)) {
	case -ENOSPC:
		snprintf(why, sizeof(why), "a domain has at most %d of them",
			 CONFIG_LIST_MAX);
		return key_fail(where, key, NULL, value, why);
	case -ENOMEM:
		return fail(HVCTL_FAILED, ENOMEM, NULL, NULL, "out of memory");
	}
	return HVCTL_OK;
}

static int add_device(struct config_list *list, const char *where, const char *key,
		      const char *value)
{
	const char *hint;
	const char *why = config_device_error(key, list, value, &hint);

	if (why)
		return key_fail(where, key, hint, value, why);
	return add_value(list, where, key, value);
}

static bool is_list(enum key_type type)
{
	return type == KEY_DEVICES;
}

static bool is_number(enum key_type type)
{
	return type >= KEY_VCPUS;
}

bool config_is_list(const char *key)
{
	const struct config_key *k = find_key(key);

	return k && is_list(k->type);
}

static int set_action(uint32_t *field, const char *where, const char *key,
		      const char *value)
{
	uint32_t i;

	for (i = 1; i < ARRAY_SIZE(actions); i++) {
		if (!strcmp(actions[i], value)) {
			*field = i;
			return HVCTL_OK;
		}
	}
	return key_fail(where, key, NULL, value, "it is destroy, restart or preserve");
}

const char *config_action_word(uint32_t action)
{
	return action < ARRAY_SIZE(actions) ? actions[action] : NULL;
}

static int set_string(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return fail(HVCTL_FAILED, ENOMEM, NULL, NULL, "out of memory");
	free(*field);
	*field = copy;
	return HVCTL_OK;
}

int config_set(struct domain_config *config, const char *where, const char *key,
	       const char *value)
{
	const struct config_key *k = find_key(key);
	const char *why = NULL;
	enum vmm_flat mode;
	uint64_t address;
	uint32_t cid;
	cpu_set_t cpus;
	void *field;

	if (!k)
		return unknown_key(where, key);
	field = (char *)config + k->offset;
	switch (k->type) {
	case KEY_VCPUS:
	case KEY_WEIGHT:
	case KEY_CAP:
	case KEY_PERIOD:
		return set_number(field, k->type, where, key, value);
	case KEY_SIZE:
		return set_size(field, where, key, value);
	case KEY_PORT:
		return set_port(field, where, key, value);
	case KEY_DEVICES:
		return add_device(field, where, key, value);
	case KEY_FLAT:
		why = parse_flat(value, &address, &mode);
		if (why)
			return key_fail(where, key, "flat=0x7c00,real is one", value, why);
		break;
	case KEY_VSOCK:
		why = vsock_parse(value, &cid);
		if (why)
			return key_fail(where, key, "vsock=cid=3 is one, vsock=auto another", value, why);
		break;
	case KEY_ACTION:
		return set_action(field, where, key, value);
	case KEY_CPUS:
		why = cpulist_parse(value, &cpus);
		break;
	case KEY_NAME:
		why = name_error(value);
		break;
	case KEY_PATH:
		if (!*value)
			why = "the path is empty";
		break;
	case KEY_TEXT:
		if (strlen(value) > CMDLINE_MAX)
			return key_fail(where, key, NULL, "...",
					"a command line has at most 2047 characters");
		break;
	}
	if (why)
		return key_fail(where, key, NULL, value, why);
	return set_string(field, value);
}

int config_is_argument(const char *argument)
{
	const char *p = argument;

	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	return p != argument && *p == '=';
}

int config_argument(struct domain_config *config, const char *argument)
{
	char *key = strdup(argument);
	char *value;
	int ret;

	if (!key)
		return fail(HVCTL_FAILED, ENOMEM, NULL, NULL, "out of memory");
	value = strchr(key, '=');
	*value++ = '\0';
	ret = config_set(config, NULL, key, value);
	free(key);
	return ret;
}

static int complete_memory(struct domain_config *config)
{
	char asked[SIZE_TEXT_MAX], there[SIZE_TEXT_MAX];
	struct sysinfo machine;
	uint64_t total;
	uint64_t most;

	if (!config->memory)
		config->memory = config->maxmem ? config->maxmem : DEFAULT_MEMORY;
	most = config->maxmem ? config->maxmem : config->memory;
	if (config->memory > most)
		return fail(HVCTL_USAGE, EINVAL, "maxmem",
			    "leave maxmem out or make it larger",
			    "cannot use %s: memory is %s, and it can't have more than maxmem",
			    format_size(most, there), format_size(config->memory, asked));
	if (sysinfo(&machine))
		return HVCTL_OK;
	total = (uint64_t)machine.totalram * machine.mem_unit;
	if (most > total)
		return fail(HVCTL_FAILED, ENOMEM,
			    config->maxmem ? "maxmem" : "memory", "ask for less",
			    "cannot give %s: this machine has %s in all",
			    format_size(most, asked), format_size(total, there));
	return HVCTL_OK;
}

static int complete_vcpus(struct domain_config *config)
{
	if (!config->vcpus)
		config->vcpus = DEFAULT_VCPUS;
	if (config->maxvcpus && config->maxvcpus < config->vcpus)
		return fail(HVCTL_USAGE, EINVAL, "maxvcpus",
			    "leave maxvcpus out, or give at least as many as vcpus",
			    "cannot use '%u': it has %u vCPUs at the beginning",
			    config->maxvcpus, config->vcpus);
	return HVCTL_OK;
}

uint32_t config_vcpus_max(const struct domain_config *config)
{
	return config->maxvcpus ? config->maxvcpus : config->vcpus;
}

static int complete_cap(const struct domain_config *config)
{
	uint32_t most = 100 * config_vcpus_max(config);

	if (config->cap <= most)
		return HVCTL_OK;
	return fail(HVCTL_USAGE, EINVAL, "cap", "leave it out for no cap",
		    "cannot use '%u': its vCPUs can use %u percent of a processor at most",
		    config->cap, most);
}

static int complete_cpus(struct domain_config *config)
{
	cpu_set_t wanted, there;
	char text[CPULIST_MAX];

	if (!config->cpus || cpulist_parse(config->cpus, &wanted) ||
	    sched_getaffinity(0, sizeof(there), &there))
		return HVCTL_OK;
	CPU_AND(&wanted, &wanted, &there);
	if (CPU_COUNT(&wanted))
		return HVCTL_OK;
	return fail(HVCTL_FAILED, EINVAL, "cpus", NULL,
		    "cannot use '%s': the processors here are %s", config->cpus,
		    cpulist_format(&there, text));
}

/* The VMM judges what is in the file; that it is a readable file is ours. */
static int complete_path(const char *key, char **path)
{
	struct stat st;
	char *full;
	int fd;

	full = realpath(*path, NULL);
	fd = full ? open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd < 0 || fstat(fd, &st)) {
		int err = errno;

		if (fd >= 0)
			close(fd);
		free(full);
		return fail(err == EACCES ? HVCTL_PERMISSION : HVCTL_FAILED, err,
			    *path, err == ENOENT ? "check the path" : NULL,
			    "cannot open the %s: %s", key, strerror(err));
	}
	close(fd);
	free(*path);
	*path = full;
	if (!S_ISREG(st.st_mode))
		return fail(HVCTL_FAILED, EINVAL, full, NULL,
			    "cannot use it as the %s: not a regular file", key);
	if (!st.st_size)
		return fail(HVCTL_FAILED, ENODATA, full, NULL,
			    "cannot use it as the %s: the file is empty", key);
	return HVCTL_OK;
}

int config_complete(struct domain_config *config)
{
	int ret;

	if (!config->kernel)
		return fail(HVCTL_USAGE, EINVAL, config->name,
			    "add --kernel FILE, for example /boot/vmlinuz-$(uname -r)",
			    "cannot create: no kernel given");
	ret = complete_vcpus(config);
	if (!ret)
		ret = complete_memory(config);
	if (!ret)
		ret = complete_cap(config);
	if (!ret)
		ret = complete_cpus(config);
	if (!ret)
		ret = complete_path("kernel", &config->kernel);
	if (!ret && config->ramdisk)
		ret = complete_path("initrd", &config->ramdisk);
	if (!ret)
		ret = config_devices_complete("disk", &config->disk);
	if (!ret)
		ret = config_devices_complete("net", &config->net);
	if (!ret)
		ret = config_devices_complete("fs", &config->fs);
	return ret;
}

static const char *key_text(const struct domain_config *config,
			    const struct config_key *k, char *buffer, size_t size)
{
	const void *field = (const char *)config + k->offset;

	switch (k->type) {
	case KEY_VCPUS:
	case KEY_WEIGHT:
	case KEY_CAP:
	case KEY_PERIOD:
		if (!*(const uint32_t *)field)
			return NULL;
		snprintf(buffer, size, "%u", *(const uint32_t *)field);
		return buffer;
	case KEY_PORT:
		if (!*(const uint32_t *)field)
			return NULL;
		snprintf(buffer, size, "0x%x", *(const uint32_t *)field);
		return buffer;
	case KEY_SIZE:
		if (!*(const uint64_t *)field)
			return NULL;
		return format_size_exact(*(const uint64_t *)field, buffer);
	case KEY_DEVICES:
		return NULL;
	case KEY_ACTION:
		return config_action_word(*(const uint32_t *)field);
	default:
		return *(char *const *)field;
	}
}

/* Return: NULL if it is none, or empty */
static const struct config_list *key_list(const struct domain_config *config,
					  const struct config_key *k)
{
	const void *field = (const char *)config + k->offset;
	const struct config_list *list = is_list(k->type) ? field : NULL;

	return list && list->count ? list : NULL;
}

struct json_object *config_json(const struct domain_config *config)
{
	struct json_object *object = json_object_new_object();
	char buffer[SIZE_TEXT_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct config_list *list = key_list(config, &keys[i]);
		const char *text = key_text(config, &keys[i], buffer, sizeof(buffer));

		if (list)
			json_object_object_add(object, keys[i].name,
					       config_list_json(list));
		if (!text)
			continue;
		json_object_object_add(object, keys[i].name,
				       is_number(keys[i].type) ?
				       json_object_new_int(atoi(text)) :
				       json_object_new_string(text));
	}
	return object;
}

static void print_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

void config_print(const struct domain_config *config)
{
	char buffer[SIZE_TEXT_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct config_list *list = key_list(config, &keys[i]);
		const char *text = key_text(config, &keys[i], buffer, sizeof(buffer));

		if (list) {
			printf("%s = ", keys[i].name);
			config_list_print(list, print_quoted);
			putchar('\n');
		}
		if (!text)
			continue;
		printf("%s = ", keys[i].name);
		if (is_number(keys[i].type))
			printf("%s", text);
		else
			print_quoted(text);
		putchar('\n');
	}
}

void config_free(struct domain_config *config)
{
	free(config->name);
	free(config->kernel);
	free(config->ramdisk);
	free(config->cmdline);
	free(config->flat);
	config_list_free(&config->disk);
	config_list_free(&config->net);
	config_list_free(&config->fs);
	free(config->vsock);
	free(config->cpus);
	memset(config, 0, sizeof(*config));
}
