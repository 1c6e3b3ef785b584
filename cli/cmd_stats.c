// SPDX-License-Identifier: GPL-2.0-only
/* hvctl stats [DOMAIN] */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "name.h"
#include "netlink_names.h"
#include "output.h"
#include "size.h"
#include "stats.h"
#include "table.h"

#define DEFAULT_MS	1000
#define LEAST_MS	100

static bool prometheus;
static bool repeated;
static int64_t interval_ms = DEFAULT_MS;
static uint32_t count;

static const struct argp_option options[] = {
	{ "format", 'f', "FORMAT", 0, "table, json or prometheus", 0 },
	{ "interval", 'i', "SECONDS", 0, "Look again and again, at least 0.1 apart", 0 },
	{ "count", 'c', "N", 0, "End after N looks; one a second without --interval", 0 },
	{ 0 }
};

static void parse_format(const char *arg, struct argp_state *state)
{
	prometheus = !strcmp(arg, "prometheus");
	if (!strcmp(arg, "json"))
		globals.json = true;
	else if (!prometheus && strcmp(arg, "table"))
		argp_error(state, "--format: '%s' is not table, json or prometheus", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'f':
		parse_format(arg, state);
		return 0;
	case 'i':
		repeated = true;
		if (parse_seconds(arg, &interval_ms) || interval_ms < LEAST_MS)
			argp_error(state, "--interval: '%s' is not 0.1 seconds or more", arg);
		return 0;
	case 'c':
		repeated = true;
		if (parse_id(arg, &count) || !count)
			argp_error(state, "--count: '%s' is not a number from 1 on", arg);
		return 0;
	case ARGP_KEY_END:
		if (prometheus && (repeated || globals.json))
			argp_error(state, "--format prometheus prints one look, for a file or a scrape");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

enum {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_RUN,
	COLUMN_HALT,
	COLUMN_CAPPED,
	COLUMN_STEAL,
	COLUMN_EXITS,
	COLUMN_DRIVER,
	COLUMN_VMM,
	COLUMN_INTERRUPTS,
	COLUMN_MEMORY,
};

static const struct column columns[] = {
	[COLUMN_ID]	    = { "ID",	  true,	 "number of the domain" },
	[COLUMN_NAME]	    = { "NAME",	  false, "name" },
	[COLUMN_RUN]	    = { "RUN",	  true,	 "seconds in the guest" },
	[COLUMN_HALT]	    = { "HALT",	  true,	 "seconds asleep in HLT" },
	[COLUMN_CAPPED]	    = { "CAPPED", true,	 "seconds held back by the cap" },
	[COLUMN_STEAL]	    = { "STEAL",  true,	 "seconds that threads waited for a processor" },
	[COLUMN_EXITS]	    = { "EXITS",  true,	 "VM exits" },
	[COLUMN_DRIVER]	    = { "DRIVER", true,	 "those that left ring -1 for the driver" },
	[COLUMN_VMM]	    = { "VMM",	  true,	 "those that left for the VMM" },
	[COLUMN_INTERRUPTS] = { "INTRS",  true,	 "external interrupts that were injected" },
	[COLUMN_MEMORY]	    = { "HELD",	  true,	 "memory that it makes the host hold" },
	{ 0 }
};

#define STANDARD	"ID,NAME,RUN,HALT,CAPPED,STEAL,EXITS,DRIVER,VMM,INTRS,HELD"

static void add_line(struct table *table, const struct stats_record *stats)
{
	struct libscols_line *line = table_line(table);
	uint64_t driver = 0, vmm = 0, held = 0;
	char text[SIZE_TEXT_MAX];
	size_t i;

	for (i = 0; i < EXIT_REASONS; i++) {
		driver += stats->exits[i].driver;
		vmm += stats->exits[i].vmm;
	}
	for (i = 0; i < MEMORY_KINDS; i++)
		held += stats->memory[i];
	table_number(table, line, COLUMN_ID, stats->domain);
	table_set(table, line, COLUMN_NAME, stats->name, NULL);
	table_seconds(table, line, COLUMN_RUN, stats->run_ns);
	table_seconds(table, line, COLUMN_HALT, stats->halt_ns);
	table_seconds(table, line, COLUMN_CAPPED, stats->capped_ns);
	table_seconds(table, line, COLUMN_STEAL, stats->steal_ns);
	table_number(table, line, COLUMN_EXITS, stats_exits(stats));
	table_number(table, line, COLUMN_DRIVER, driver);
	table_number(table, line, COLUMN_VMM, vmm);
	table_number(table, line, COLUMN_INTERRUPTS, stats->interrupts);
	table_set(table, line, COLUMN_MEMORY, format_size(held, text), NULL);
}

enum {
	EXIT_REASON,
	EXIT_RESUMED,
	EXIT_DRIVER,
	EXIT_VMM,
};

static const struct column exit_columns[] = {
	[EXIT_REASON]	= { "EXIT",    false, "basic exit reason" },
	[EXIT_RESUMED]	= { "RESUMED", true,  "ring -1 dealt with it" },
	[EXIT_DRIVER]	= { "DRIVER",  true,  "the driver went on" },
	[EXIT_VMM]	= { "VMM",     true,  "the VMM did" },
	{ 0 }
};

static int print_exits(const struct stats_record *stats)
{
	struct table_options plain = { 0 };
	struct table table;
	unsigned int i;
	char text[16];
	int ret = table_open(&table, &plain, exit_columns, "EXIT,RESUMED,DRIVER,VMM");

	if (ret)
		return ret;
	for (i = 0; i < EXIT_REASONS; i++) {
		struct libscols_line *line;

		if (!stats->exits[i].resumed && !stats->exits[i].driver && !stats->exits[i].vmm)
			continue;
		line = table_line(&table);
		table_set(&table, line, EXIT_REASON, exit_word(i, text), NULL);
		table_number(&table, line, EXIT_RESUMED, stats->exits[i].resumed);
		table_number(&table, line, EXIT_DRIVER, stats->exits[i].driver);
		table_number(&table, line, EXIT_VMM, stats->exits[i].vmm);
	}
	return table_print(&table);
}

static void print_memory(const struct stats_record *stats)
{
	char text[SIZE_TEXT_MAX];
	size_t i;

	for (i = 1; i < ARRAY_SIZE(memory_names); i++)
		printf("%s%s memory %s", i > 1 ? ", " : "\n", memory_names[i],
		       format_size(stats->memory[i], text));
	printf("; NMIs %" PRIu64 ", MSIs %" PRIu64 "\n\n", stats->nmis, stats->msis);
}

static int print_table(const struct stats_list *list, bool details)
{
	struct table_options plain = { 0 };
	struct table table;
	size_t i;
	int ret = table_open(&table, &plain, columns, STANDARD);

	if (ret)
		return ret;
	for (i = 0; i < list->count; i++)
		add_line(&table, &list->items[i]);
	ret = table_print(&table);
	if (ret || !details || !list->count)
		return ret;
	print_memory(&list->items[0]);
	return print_exits(&list->items[0]);
}

static int print(const struct stats_list *list, bool details)
{
	if (prometheus)
		stats_prometheus(list, stdout);
	else if (!globals.json)
		return print_table(list, details);
	else if (repeated)
		print_json_line(stats_json(list));
	else
		print_json(stats_json(list));
	return HVCTL_OK;
}

static int look(struct verb_context *ctx)
{
	struct stats_list list;
	int ret;

	if (netlink_stats(ctx->netlink, ctx->named ? (int64_t)ctx->domain.id : ALL_DOMAINS, &list)) {
		if (errno == ENOENT)
			return fail(HVCTL_NO_DOMAIN, ENOENT, ctx->domain.name, NULL, "it is gone");
		return fail_netlink(errno);
	}
	ret = print(&list, ctx->named);
	free(list.items);
	return ret;
}

static int run(struct verb_context *ctx)
{
	int ret;

	/* Whoever reads has read enough: that is no failure to report. */
	signal(SIGPIPE, SIG_DFL);
	for (;;) {
		ret = look(ctx);
		if (ret || !repeated || (count && !--count) || fflush(stdout))
			return ret;
		sleep_ms(interval_ms);
		if (!globals.json)
			putchar('\n');
	}
}

const struct verb verb_stats = {
	.name = "stats",
	.args = "[DOMAIN]",
	.summary = "Show what domains did: time, VM exits, interrupts, memory",
	.doc = "With DOMAIN its exits by reason and its memory by kind too; --json has these of all. Numbers are since a domain was made, of Domain-0 since the module was loaded; times are sums over vCPUs. With --interval or --count --json prints one object a line and look. --format prometheus is text format 0.0.4, for the textfile collector of a node exporter.",
	.flags = VERB_ANY_DOMAIN,
	.options = options,
	.parse = parse,
	.run = run,
};
