// SPDX-License-Identifier: GPL-2.0-only
/* Statistics as JSON and in the text format of Prometheus. */
#include <inttypes.h>

#include "compiler.h"
#include "domain_json.h"
#include "duration.h"
#include "netlink_names.h"
#include "output.h"
#include "stats.h"

const char *exit_word(unsigned int reason, char text[16])
{
	if (reason < ARRAY_SIZE(hw_exit_names) && hw_exit_names[reason])
		return hw_exit_names[reason];
	snprintf(text, 16, "exit-%u", reason);
	return text;
}

uint64_t stats_exits(const struct stats_record *stats)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < EXIT_REASONS; i++)
		sum += stats->exits[i].resumed + stats->exits[i].driver + stats->exits[i].vmm;
	return sum;
}

static bool happened(const struct stats_record *stats, unsigned int reason)
{
	return stats->exits[reason].resumed || stats->exits[reason].driver ||
	       stats->exits[reason].vmm;
}

static struct json_object *exits_json(const struct stats_record *stats)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;
	char text[16];

	for (i = 0; i < EXIT_REASONS; i++) {
		struct json_object *object;

		if (!happened(stats, i))
			continue;
		object = json_object_new_object();
		json_add_text(object, "reason", exit_word(i, text));
		json_add_number(object, "code", i);
		json_add_number(object, "resumed", stats->exits[i].resumed);
		json_add_number(object, "driver", stats->exits[i].driver);
		json_add_number(object, "vmm", stats->exits[i].vmm);
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *memory_json(const struct stats_record *stats)
{
	struct json_object *object = json_object_new_object();
	char key[32];
	size_t i;

	for (i = 1; i < ARRAY_SIZE(memory_names); i++) {
		snprintf(key, sizeof(key), "%s_bytes", memory_names[i]);
		json_object_object_add(object, key, json_object_new_uint64(stats->memory[i]));
	}
	return object;
}

static struct json_object *record_json(const struct stats_record *stats)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "id", stats->domain);
	json_add_text(object, "name", stats->name);
	json_add_number(object, "run_ns", stats->run_ns);
	json_add_number(object, "halt_ns", stats->halt_ns);
	json_add_number(object, "capped_ns", stats->capped_ns);
	json_add_number(object, "steal_ns", stats->steal_ns);
	json_add_number(object, "interrupts", stats->interrupts);
	json_add_number(object, "nmis", stats->nmis);
	json_add_number(object, "msis", stats->msis);
	json_add_number(object, "exits", stats_exits(stats));
	json_object_object_add(object, "exits_by_reason", exits_json(stats));
	json_object_object_add(object, "memory", memory_json(stats));
	return object;
}

struct json_object *stats_json(const struct stats_list *list)
{
	struct json_object *array = json_object_new_array(), *root;
	size_t i;

	for (i = 0; i < list->count; i++)
		json_object_array_add(array, record_json(&list->items[i]));
	root = domains_json(array);
	json_add_number(root, "time_ns", boottime_ns());
	return root;
}

/* A label's value: backslash, quote and end of line are escaped. */
static void put_label(FILE *file, const char *name, const char *value)
{
	fprintf(file, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n') {
			fputs("\\n", file);
			continue;
		}
		if (*value == '"' || *value == '\\')
			fputc('\\', file);
		fputc(*value, file);
	}
	fputc('"', file);
}

static void put_labels(FILE *file, const char *metric, const struct stats_record *stats)
{
	fprintf(file, "%s{id=\"%u\",", metric, stats->domain);
	put_label(file, "domain", stats->name);
}

static void put_head(FILE *file, const char *metric, const char *type, const char *help)
{
	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

static void put_exits(const struct stats_list *list, FILE *file)
{
	static const char metric[] = "hvmod_domain_exits_total";
	static const char *const outcomes[] = { "resumed", "driver", "vmm" };
	char text[16];
	unsigned int reason;
	size_t i, outcome;

	put_head(file, metric, "counter",
		 "VM exits by basic exit reason and by who dealt with them: ring -1 (resumed), the driver, the VMM.");
	for (i = 0; i < list->count; i++) {
		for (reason = 0; reason < EXIT_REASONS; reason++) {
			const struct stats_record *stats = &list->items[i];
			const uint64_t counts[] = { stats->exits[reason].resumed,
						    stats->exits[reason].driver,
						    stats->exits[reason].vmm };

			if (!happened(stats, reason))
				continue;
			for (outcome = 0; outcome < ARRAY_SIZE(counts); outcome++) {
				put_labels(file, metric, stats);
				fprintf(file, ",reason=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
					exit_word(reason, text), outcomes[outcome], counts[outcome]);
			}
		}
	}
}

static void put_memory(const struct stats_list *list, FILE *file)
{
	static const char metric[] = "hvmod_domain_memory_bytes";
	size_t i, kind;

	put_head(file, metric, "gauge",
		 "Memory that the domain makes the host hold: guest pages, tables, ring -1's and the driver's. Of Domain-0, the machine's.");
	for (i = 0; i < list->count; i++) {
		for (kind = 1; kind < ARRAY_SIZE(memory_names); kind++) {
			put_labels(file, metric, &list->items[i]);
			fprintf(file, ",kind=\"%s\"} %" PRIu64 "\n", memory_names[kind],
				list->items[i].memory[kind]);
		}
	}
}

/* Counters without a label of their own. Prometheus counts time in seconds. */
static const struct {
	const char *metric;
	const char *help;
	size_t offset;
	bool is_time;
} counters[] = {
#define TIME(name, help) \
	{ "hvmod_domain_" #name "_seconds_total", help, offsetof(struct stats_record, name##_ns), true }
#define COUNT(name, help) \
	{ "hvmod_domain_" #name "_total", help, offsetof(struct stats_record, name), false }
	TIME(run, "Time that the vCPUs spent in the guest."),
	TIME(halt, "Time that the vCPUs were asleep in HLT. Of Domain-0, idle time of the processors."),
	TIME(capped, "Time that the vCPUs were held back by the domain's cap."),
	TIME(steal, "Time that the vCPUs' threads waited for a processor."),
	COUNT(interrupts, "External interrupts that were injected."),
	COUNT(nmis, "NMIs that were injected."),
	COUNT(msis, "Message-signalled interrupts that the VMM and eventfds delivered."),
#undef TIME
#undef COUNT
};

static void put_counter(const struct stats_list *list, FILE *file, size_t n)
{
	size_t i;

	put_head(file, counters[n].metric, "counter", counters[n].help);
	for (i = 0; i < list->count; i++) {
		const struct stats_record *stats = &list->items[i];
		uint64_t value = *(const uint64_t *)((const char *)stats + counters[n].offset);

		put_labels(file, counters[n].metric, stats);
		if (counters[n].is_time)
			fprintf(file, "} %" PRIu64 ".%09" PRIu64 "\n", value / 1000000000,
				value % 1000000000);
		else
			fprintf(file, "} %" PRIu64 "\n", value);
	}
}

void stats_prometheus(const struct stats_list *list, FILE *file)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		put_counter(list, file, i);
	put_exits(list, file);
	put_memory(list, file);
}
