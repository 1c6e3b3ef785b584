// SPDX-License-Identifier: GPL-2.0-only
/* hvctl destroy DOMAIN */
#include "ask.h"
#include "destroy.h"

static int run(struct verb_context *ctx)
{
	return destroy_domain(ctx);
}

const struct verb verb_destroy = {
	.name = "destroy",
	.args = "DOMAIN",
	.summary = "End a domain at once",
	.doc = "Never waits for the guest. A VMM process that does not end its guest in two seconds is killed. Returns when the domain is gone, and its process too if that ends within a second.",
	.flags = VERB_DOMU | VERB_MODIFIES,
	.run = run,
};
