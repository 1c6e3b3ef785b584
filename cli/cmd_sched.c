// SPDX-License-Identifier: GPL-2.0-only
/* hvctl sched DOMAIN [--weight WEIGHT] [--cap PERCENT] [--period MS] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_weight.h"
#include "domain_json.h"
#include "output.h"
#include "quota.h"

static int cap = -1;
static int period_ms = -1;
static int weight = -1;

static const struct argp_option options[] = {
	{ "weight", 'w', "WEIGHT", 0,
	  "Share of a processor that several domains want, in relation to their weights: 1 to 10000, normally 100", 0 },
	{ "cap", 'c', "PERCENT", 0,
	  "Processor time of all its vCPUs together, in percent of one processor; 'none': all that there is", 0 },
	{ "period", 'p', "MS", 0, "The cap holds in each period of so many milliseconds: 1 to 1000, normally 100", 0 },
	{ 0 }
};

/* A whole number from @low to @high, or the parser's error. */
static int number(const char *text, int low, int high, const char *option,
		  struct argp_state *state)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < low || value > high)
		argp_error(state, "%s: '%s' is not a number from %d to %d", option, text, low, high);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'c':
		cap = strcmp(arg, "none") ? number(arg, 1, CAP_MAX, "--cap", state) : 0;
		return 0;
	case 'w':
		weight = number(arg, 1, WEIGHT_MAX, "--weight", state);
		return 0;
	case 'p':
		period_ms = number(arg, HVMOD_PERIOD_MIN_US / 1000, HVMOD_PERIOD_MAX_US / 1000,
				   "--period", state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int print(const struct hvmod_domain_info *info)
{
	uint32_t now = 0;

	if (globals.json) {
		print_json(domain_weight_json(info));
		return HVCTL_OK;
	}
	if (!cgroup_get_weight((pid_t)info->owner_pid, &now))
		printf("weight %u, ", now);
	if (info->cpu_cap)
		printf("cap %u%% of a processor, period %g ms\n", info->cpu_cap,
		       info->cpu_period_us / 1000.0);
	else
		puts("no cap");
	return HVCTL_OK;
}

static int set_weight(struct verb_context *ctx)
{
	int err = cgroup_set_weight((pid_t)ctx->domain.owner_pid, (uint32_t)weight);
	const char *name = ctx->domain.name;

	switch (-err) {
	case 0:
		return HVCTL_OK;
	case ESRCH:
		return fail(HVCTL_UNSUPPORTED, ESRCH, name,
			    "a domain has one where 'hvctl create' may write to /sys/fs/cgroup, as root may; --cap needs none",
			    "cannot set its weight: it has no control group of its own");
	case ENOENT:
		return fail(HVCTL_UNSUPPORTED, ENOENT, name,
			    "see cgroup.controllers and cgroup.subtree_control in /sys/fs/cgroup",
			    "cannot set its weight: its control group has none, the controller cpu is not enabled");
	case EACCES:
	case EPERM:
		return fail(HVCTL_PERMISSION, -err, name, "only root and who made the domain may",
			    "cannot set its weight: not permitted");
	default:
		return fail(HVCTL_FAILED, -err, name, NULL, "cannot set its weight: %s",
			    strerror(-err));
	}
}

static int run(struct verb_context *ctx)
{
	struct hvmod_quota quota = {
		.flags = HVMOD_QUOTA_CPU,
		.cpu_cap = cap >= 0 ? (uint32_t)cap : ctx->domain.cpu_cap,
		.cpu_period_us = period_ms >= 0 ? (uint32_t)period_ms * 1000 :
				 ctx->domain.cpu_period_us,
	};

	if (cap < 0 && period_ms < 0 && weight < 0)
		return print(&ctx->domain);
	if (weight >= 0) {
		int ret = set_weight(ctx);

		if (ret)
			return ret;
	}
	if (cap < 0 && period_ms < 0)
		return HVCTL_OK;
	return quota_set(ctx, "set its processor time", &quota);
}

const struct verb verb_sched = {
	.name = "sched",
	.args = "DOMAIN",
	.summary = "Show or set a domain's share of processor time",
	.doc = "The cap holds from the next period on, whatever the domain and its VMM do. The weight is cpu.weight of the domain's control group, which Linux's scheduler keeps: domains of weight 100 and 200 that want the same processor get a third and two thirds of it. Exit status 4 where a domain has no control group.",
	.flags = VERB_DOMU | VERB_MODIFIES,
	.options = options,
	.parse = parse,
	.run = run,
};
