// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module says EDQUOT; which of a user's limits it was follows from what
 * anybody may read: the module's parameters and the list of domains.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <hvmod.h>

#include "build.h"
#include "user_limits.h"

#define PARAMETERS	"/sys/module/hvmod/parameters/"

static uint64_t parameter(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t value = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

/**
 * limits_read() - limits of the user who runs this process
 * @device: /dev/hvmod
 * @limits: to be filled
 */
void limits_read(int device, struct limits *limits)
{
	struct hvmod_domain_info info = { .size = sizeof(info), .id = 1 };
	uint32_t uid = geteuid();

	memset(limits, 0, sizeof(*limits));
	limits->domains_max = parameter(PARAMETERS "uid_domains_max");
	limits->vcpus_max = parameter(PARAMETERS "uid_vcpus_max");
	limits->memory_max = parameter(PARAMETERS "uid_memory_max_mib");
	while (!ioctl(device, HVMOD_DOMAIN_INFO, &info)) {
		if (info.owner_uid == uid) {
			limits->domains++;
			limits->vcpus += info.vcpus_max;
			limits->memory += info.held_max / MIB;
		}
		info.size = sizeof(info);
		if (!++info.id)
			break;
	}
}

/**
 * limits_explain() - which limit refuses a domain, and what to do
 * @limits: what limits_read() found
 * @vcpus: most vCPUs of the domain
 * @memory: its memory, bytes
 * @text: cause and hint
 * @size: room for it
 */
void limits_explain(const struct limits *limits, unsigned int vcpus,
		    uint64_t memory, char *text, size_t size)
{
	const struct {
		const char *what;
		const char *parameter;
		uint64_t max;
		uint64_t has;
		uint64_t asked;
	} all[] = {
		{ "domains", "uid_domains_max", limits->domains_max,
		  limits->domains, 1 },
		{ "vCPUs", "uid_vcpus_max", limits->vcpus_max, limits->vcpus,
		  vcpus },
		/* Tables and records come on top, so it is the last one. */
		{ "MiB of memory", "uid_memory_max_mib", limits->memory_max,
		  limits->memory, memory / MIB },
	};
	size_t i = 0;

	while (i < 2 && (!all[i].max || all[i].has + all[i].asked <= all[i].max))
		i++;
	snprintf(text, size,
		 "a user may have %" PRIu64 " %s in all, this one has %" PRIu64
		 " and asks for %" PRIu64
		 "%s\nhint: ask for less or destroy another domain; root may change "
		 PARAMETERS "%s",
		 all[i].max, all[i].what, all[i].has, all[i].asked,
		 i == 2 ? " and tables for it" : "", all[i].parameter);
}
