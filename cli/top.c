// SPDX-License-Identifier: GPL-2.0-only
/* What "hvctl top" shows: rates from two looks at the domains. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "compiler.h"
#include "domain_json.h"
#include "duration.h"
#include "netlink_records.h"
#include "output.h"
#include "size.h"
#include "top.h"

#define LINE_MAX_BYTES	512
#define NAME_COLUMN	22	/* on a screen of 80 columns, which a line then fills */
#define FULL_WIDTH	80

static enum top_order sort_order;

/* Both lists are in the order of ids. */
static const struct hvmod_domain_info *find_before(const struct top *top, uint32_t id)
{
	size_t low = 0, high = top->before.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (top->before.items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < top->before.count && top->before.items[low].id == id)
		return &top->before.items[low];
	return NULL;
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void fill_row(const struct top *top, const struct hvmod_domain_info *info,
		     struct top_row *row)
{
	const struct hvmod_domain_info *before = find_before(top, info->id);
	static const struct hvmod_domain_info none;
	uint64_t over;

	row->info = *info;
	row->interval_ns = before ? grown(top->now_ns, top->before_ns) : 0;
	over = row->interval_ns ? row->interval_ns : grown(top->now_ns, info->created_ns);
	if (!before)
		before = &none;
	if (!over)
		over = 1;
	row->cpu_percent = 100.0 * grown(info->run_ns, before->run_ns) / over;
	row->exits_per_second = 1e9 * grown(info->exits, before->exits) / over;
}

static double key_of(const struct top_row *row)
{
	switch (sort_order) {
	case TOP_BY_CPU:
		return row->cpu_percent;
	case TOP_BY_MEMORY:
		return row->info.mem_current;
	case TOP_BY_EXITS:
		return row->exits_per_second;
	default:
		return 0;
	}
}

static int compare(const void *first, const void *second)
{
	const struct top_row *a = first, *b = second;
	double x = key_of(a), y = key_of(b);

	if (x != y)
		return x < y ? 1 : -1;
	return a->info.id < b->info.id ? -1 : a->info.id > b->info.id;
}

int top_look(struct top *top, struct netlink *netlink, enum top_order order)
{
	size_t i;

	domains_free(&top->before);
	top->before = top->now;
	top->before_ns = top->now_ns;
	free(top->rows);
	top->rows = NULL;
	if (netlink_domains(netlink, &top->now, NULL))
		return -1;
	top->now_ns = boottime_ns();
	top->rows = calloc(top->now.count + 1, sizeof(*top->rows));
	if (!top->rows)
		return -1;
	for (i = 0; i < top->now.count; i++)
		fill_row(top, &top->now.items[i], &top->rows[i]);
	sort_order = order;
	qsort(top->rows, top->now.count, sizeof(*top->rows), compare);
	return 0;
}

void top_free(struct top *top)
{
	domains_free(&top->now);
	domains_free(&top->before);
	free(top->rows);
	top->rows = NULL;
}

/* A line, cut to the width of the screen. All that is in it is ASCII. */
__printf(4, 5)
static void line(FILE *file, unsigned int width, const char *end, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (width && width < sizeof(text))
		text[width] = '\0';
	fprintf(file, "%s%s", text, end);
}

static void print_head(const struct top *top, FILE *file, unsigned int width,
		       const char *end)
{
	char clock[16], held[SIZE_TEXT_MAX], total[SIZE_TEXT_MAX];
	unsigned int running = 0;
	uint64_t memory = 0;
	struct sysinfo machine;
	time_t now = time(NULL);
	struct tm tm;
	size_t i;

	for (i = 0; i < top->now.count; i++) {
		const struct hvmod_domain_info *info = &top->now.items[i];

		running += info->id && info->state == HVMOD_STATE_RUNNING;
		memory += info->id ? info->mem_current : 0;
	}
	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (sysinfo(&machine))
		memset(&machine, 0, sizeof(machine));
	line(file, width, end, "hvctl top - %s, %zu domains beside Domain-0, %u running",
	     clock, top->now.count ? top->now.count - 1 : 0, running);
	line(file, width, end, "Processors: %d; memory: %s, of which domains have %s",
	     get_nprocs(), format_size((uint64_t)machine.totalram * machine.mem_unit, total),
	     format_size(memory, held));
}

/* As wide as the longest name, but for what a screen has no room for. */
static int name_width(const struct top *top, unsigned int width)
{
	size_t i, longest = NAME_COLUMN, most = NAME_COLUMN;

	for (i = 0; i < top->now.count; i++) {
		size_t len = strlen(top->now.items[i].name);

		if (len > longest)
			longest = len;
	}
	if (!width)
		return (int)longest;
	if (width > FULL_WIDTH)
		most += width - FULL_WIDTH;
	return (int)(longest < most ? longest : most);
}

static void print_row(const struct top_row *row, FILE *file, unsigned int width, int names,
		      const char *end)
{
	const struct hvmod_domain_info *info = &row->info;
	char memory[SIZE_TEXT_MAX], time_text[DURATION_TEXT_MAX];

	line(file, width, end, "%5u %-*.*s %-8s %5u %7.1f %8s %9.0f %9s", info->id,
	     names, names, info->name, state_word(info->state), info->vcpus, row->cpu_percent,
	     format_size(info->mem_current, memory), row->exits_per_second,
	     format_duration(info->run_ns, time_text));
}

void top_print(const struct top *top, FILE *file, unsigned int width,
	       unsigned int height, const char *end, const char *const heading[2])
{
	size_t i, rows = top->now.count;
	int names = name_width(top, width);

	print_head(top, file, width, end);
	fprintf(file, "%s%s", end, heading[0]);
	line(file, width, "", "%5s %-*s %-8s %5s %7s %8s %9s %9s", "ID", names, "NAME", "STATE",
	     "VCPUS", "CPU%", "MEM", "EXITS/S", "TIME");
	fprintf(file, "%s%s", heading[1], end);
	if (height && rows + 4 > height)
		rows = height > 4 ? height - 4 : 0;
	for (i = 0; i < rows; i++) {
		/* Behind the last line of a screen nothing may follow. */
		print_row(&top->rows[i], file, width, names, height && i + 5 == height ? "" : end);
	}
}

static void add_rate(struct json_object *object, const char *key, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.1f", value);
	json_object_object_add(object, key, json_object_new_double_s(value, text));
}

struct json_object *top_json(const struct top *top)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < top->now.count; i++) {
		const struct top_row *row = &top->rows[i];
		struct json_object *object = json_object_new_object();

		json_add_number(object, "id", row->info.id);
		json_add_text(object, "name", row->info.name);
		json_add_text(object, "state", state_word(row->info.state));
		json_add_number(object, "vcpus", row->info.vcpus);
		json_add_number(object, "vcpus_max", row->info.vcpus_max);
		json_add_number(object, "mem_current_bytes", row->info.mem_current);
		json_add_number(object, "run_ns", row->info.run_ns);
		json_add_number(object, "exits", row->info.exits);
		json_add_number(object, "interval_ns", row->interval_ns);
		add_rate(object, "cpu_percent", row->cpu_percent);
		add_rate(object, "exits_per_second", row->exits_per_second);
		json_object_array_add(array, object);
	}
	return domains_json(array);
}
