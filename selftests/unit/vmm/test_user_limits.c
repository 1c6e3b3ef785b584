// SPDX-License-Identifier: GPL-2.0-only
/* What a user is told whose domain the module refuses. */
#include <string.h>

#include "compiler.h"
#include "user_limits.h"
#include "tap.h"

#define MIB	(1ULL << 20)

static const struct {
	struct limits limits;
	unsigned int vcpus;
	uint64_t memory;
	const char *cause;
	const char *parameter;
} cases[] = {
	{ { 2, 0, 0, 2, 9, 9 }, 1, MIB, "may have 2 domains in all, this one has 2 and asks for 1\n", "/uid_domains_max" },
	{ { 3, 4, 0, 2, 3, 9 }, 2, MIB, "may have 4 vCPUs in all, this one has 3 and asks for 2\n", "/uid_vcpus_max" },
	{ { 3, 4, 512, 1, 1, 200 }, 3, 320 * MIB, "may have 512 MiB of memory in all, this one has 200 and asks for 320 and tables", "/uid_memory_max_mib" },
	{ { 0, 0, 64, 0, 0, 0 }, 64, 64 * MIB, "may have 64 MiB of memory", "/uid_memory_max_mib" },
	/* The largest numbers there can be, and a limit that was set in between. */
	{ { 1, 0, 0, ~0ULL >> 1, 0, 0 }, 1, ~0ULL, "may have 1 domains", "/uid_domains_max" },
};

int main(void)
{
	struct limits limits;
	char text[384];
	char small[8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		limits_explain(&cases[i].limits, cases[i].vcpus, cases[i].memory, text, sizeof(text));
		ok(strstr(text, cases[i].cause) && strstr(text, "\nhint: ") && strstr(text, cases[i].parameter),
		   "%.60s", text);
	}
	limits_explain(&cases[0].limits, 1, MIB, small, sizeof(small));
	ok(strlen(small) == 7, "a small buffer is enough for a part");
	limits_read(-1, &limits);
	ok(!limits.domains && !limits.vcpus && !limits.memory, "without the module there are no domains");
	return tap_done();
}
