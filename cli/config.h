/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_CONFIG_H
#define HVCTL_CONFIG_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "config_list.h"

/**
 * enum config_action - value of on_poweroff, on_reboot, on_crash
 * @CONFIG_ACTION_UNSET: not given
 * @CONFIG_DESTROY: the domain goes
 * @CONFIG_RESTART: it starts again
 * @CONFIG_PRESERVE: it stays as it stopped
 */
enum config_action {
	CONFIG_ACTION_UNSET,
	CONFIG_DESTROY,
	CONFIG_RESTART,
	CONFIG_PRESERVE,
};

/**
 * struct domain_config - a domain as the user describes it
 * @name: name; NULL for one that hvctl chooses
 * @vcpus: number of vCPUs, 0 if not given
 * @maxvcpus: most vCPUs, 0 if not given: @vcpus
 * @memory: bytes that it shall have from the start, 0 if not given
 * @maxmem: bytes that it is made with, 0 for those of @memory
 * @kernel: path of the kernel
 * @ramdisk: path of the initrd, or NULL
 * @cmdline: kernel command line, or NULL
 * @flat: address and mode of a flat binary, as parse_flat() takes it, or NULL
 * @debug_exit: debug-exit port, 0 for none
 * @disk: disks, each as disk_parse() takes it
 * @net: network devices, each as net_parse() takes it
 * @fs: directories, each as fs_parse() takes it
 * @cpu_weight: weight, 0 if not given
 * @cap: CPU-time cap, percent of one processor, 0 for none
 * @cpu_period_us: period over which the cap holds, 0 if not given
 * @vsock: socket device, as vsock_parse() takes it, or NULL
 * @cpus: list of processors that the vCPUs may run on, or NULL
 * @on_poweroff: what follows a power off, enum config_action
 * @on_reboot: what follows a reset
 * @on_crash: what follows a crash
 *
 * All strings are its own.
 */
struct domain_config {
	char *name;
	uint32_t vcpus;
	uint32_t maxvcpus;
	uint64_t memory;
	uint64_t maxmem;
	char *kernel;
	char *ramdisk;
	char *cmdline;
	char *flat;
	uint32_t debug_exit;
	struct config_list disk;
	struct config_list net;
	struct config_list fs;
	uint32_t cpu_weight;
	uint32_t cap;
	uint32_t cpu_period_us;
	char *vsock;
	char *cpus;
	uint32_t on_poweroff;
	uint32_t on_reboot;
	uint32_t on_crash;
};

/*
 * The functions below report what is wrong and return an exit status, 0 if
 * nothing is.
 */

/**
 * config_set() - set one key
 * @config: the configuration
 * @where: "file:line" for messages, or NULL for the command line
 * @key: name of the key as xl.cfg has it, or "initrd" for "ramdisk"
 * @value: its value; one more if it is a list
 */
int config_set(struct domain_config *config, const char *where, const char *key,
	       const char *value);

/** config_argument() - set what an argument "key=value" says */
int config_argument(struct domain_config *config, const char *argument);

/** config_is_argument() - whether an argument is "key=value", not a file */
int config_is_argument(const char *argument);

/** config_is_list() - whether a key may be given several times, as a list */
bool config_is_list(const char *key);

/**
 * config_read() - read a configuration file
 * @config: the configuration
 * @path: the file, or "-" for standard input. JSON if it begins with a brace.
 */
int config_read(struct domain_config *config, const char *path);

/** config_parse_text() - set what "key = value" lines say */
int config_parse_text(struct domain_config *config, const char *path,
		      const char *text);

/**
 * config_parse_json() - set what a JSON object says
 * @config: the configuration
 * @path: for messages
 * @text: an object with the keys of the file format, or what "info --json"
 *	prints for one domain, of which it takes what describes the domain
 */
int config_parse_json(struct domain_config *config, const char *path,
		      const char *text);

/**
 * config_complete() - fill in defaults, check the whole, make paths absolute
 * @config: the configuration
 */
int config_complete(struct domain_config *config);

/** config_vcpus_max() - the most vCPUs that it can have, once it is complete */
uint32_t config_vcpus_max(const struct domain_config *config);

/** config_action_word() - "destroy" and so on, NULL for CONFIG_ACTION_UNSET */
const char *config_action_word(uint32_t action);

/** config_json() - the keys that are set, for output */
struct json_object *config_json(const struct domain_config *config);

/** config_print() - print it as a file that config_read() accepts */
void config_print(const struct domain_config *config);

/** config_free() - give the strings back */
void config_free(struct domain_config *config);

#endif
