/* SPDX-License-Identifier: GPL-2.0-only */
/* What a domain may have, and changing it: for the verbs mem-max and sched. */
#ifndef HVCTL_QUOTA_H
#define HVCTL_QUOTA_H

#include "hvctl.h"

/* Percent of one processor. */
#define CAP_MAX		(100 * HVMOD_VCPUS_MAX)

/**
 * quota_set() - change a domain's quota
 * @ctx: the verb's context
 * @verb: for messages
 * @quota: flags and values; size and id are filled in
 *
 * Return: the exit status; a failure has been reported.
 */
int quota_set(struct verb_context *ctx, const char *verb, struct hvmod_quota *quota);

#endif
