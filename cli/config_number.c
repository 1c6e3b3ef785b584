// SPDX-License-Identifier: GPL-2.0-only
/* Whole numbers of a configuration, their ranges, and what is said of others. */
#include <errno.h>

#include "cgroup_weight.h"
#include "config_number.h"
#include "name.h"
#include "quota.h"

static const struct {
	uint32_t low;
	uint32_t high;
	const char *no_number;
	const char *below;
	const char *above;
	const char *hint;
} ranges[] = {
	[NUMBER_VCPUS] = {
		1, HVMOD_VCPUS_MAX, "not a number", "a domain has at least one vCPU",
		"a domain has at most 64 vCPUs", "vcpus=1 is the least, vcpus=64 the most",
	},
#define SAME(text)	text, text, text
	[NUMBER_WEIGHT] = {
		1, WEIGHT_MAX, SAME("not a number from 1 to 10000"),
		"cpu_weight=100 is the usual one",
	},
	[NUMBER_CAP] = {
		0, CAP_MAX, SAME("not a number from 0 to 6400"),
		"cap=50 is half a processor, cap=0 no cap",
	},
	[NUMBER_PERIOD] = {
		HVMOD_PERIOD_MIN_US, HVMOD_PERIOD_MAX_US,
		SAME("not a number from 1000 to 1000000"),
		"cpu_period_us=100000 is the usual one",
	},
#undef SAME
};

const char *config_number(enum config_number kind, const char *text, uint32_t *number,
			  const char **hint)
{
	uint32_t value;
	int ret = parse_id(text, &value);

	*hint = ranges[kind].hint;
	if (ret == -ERANGE)
		return ranges[kind].above;
	if (ret)
		return ranges[kind].no_number;
	if (value < ranges[kind].low)
		return ranges[kind].below;
	if (value > ranges[kind].high)
		return ranges[kind].above;
	*number = value;
	return NULL;
}
