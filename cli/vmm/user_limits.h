/* SPDX-License-Identifier: GPL-2.0-only */
/* Why the module refuses another domain: which limit it is, and whose. */
#ifndef HVMOD_VMM_USER_LIMITS_H
#define HVMOD_VMM_USER_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct limits - what a user may have in all, and has; 0: no limit
 * @domains_max: most domains
 * @vcpus_max: most vCPUs of all of them
 * @memory_max: most memory that they may hold, MiB
 * @domains: domains that there are
 * @vcpus: vCPUs that they may have
 * @memory: memory that they may hold, MiB
 */
struct limits {
	uint64_t domains_max;
	uint64_t vcpus_max;
	uint64_t memory_max;
	uint64_t domains;
	uint64_t vcpus;
	uint64_t memory;
};

void limits_read(int device, struct limits *limits);
void limits_explain(const struct limits *limits, unsigned int vcpus,
		    uint64_t memory, char *text, size_t size);

#endif
