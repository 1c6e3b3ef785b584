/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel with hvmod that is not there. A domain is a file in $HVMOD_FAKE_DIR,
 * locked by the process that made it: the lock goes with the process as a
 * domain goes with its descriptors, kill -9 included.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <hvmod.h>

/* Return: descriptor of the domain, or -1 with errno. */
int fake_domain_create(const char *name, unsigned int vcpus, unsigned int vcpus_max,
		       __u64 memory, __u32 *id);

void fake_domain_vcpus(int domain, unsigned int vcpus);

/* Return: 0, or -1 with errno. */
int fake_domain_rename(int domain, const char *name);

void fake_domain_memory(int domain, __u64 current);
void fake_domain_state(int domain, __u32 state, __u32 reason);

#endif
