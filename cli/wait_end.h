/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_WAIT_END_H
#define HVCTL_WAIT_END_H

#include "hvctl.h"

#define WAIT_TEXT_MAX	64
#define WAIT_HOW_MAX	512

/**
 * struct wait_end - what came of waiting
 * @reached: the wanted state was seen, and the domain has not ended
 * @preserved: the domain is still there, as it ended
 * @outcome: enum vmm_outcome, -1 if nobody told
 * @text: word for how it ended
 * @how: more about that, or ""
 */
struct wait_end {
	bool reached;
	bool preserved;
	int outcome;
	char text[WAIT_TEXT_MAX];
	char how[WAIT_HOW_MAX];
};

/**
 * wait_end() - wait until a domain is gone or preserved, or in a state
 * @ctx: the domain
 * @state: enum hvmod_state that is enough, 0 to wait for the end
 * @deadline: from deadline_in()
 * @end: what came of it
 *
 * Return: 0; -1 with errno, ETIMEDOUT.
 */
int wait_end(struct verb_context *ctx, uint32_t state, int64_t deadline,
	     struct wait_end *end);

#endif
