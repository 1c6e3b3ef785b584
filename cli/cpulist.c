// SPDX-License-Identifier: GPL-2.0-only
/* Lists of processors, as taskset(1) and /sys write them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpulist.h"

#define TOO_HIGH	"a processor's number is at most 1023"

_Static_assert(CPU_SETSIZE == 1024, "what TOO_HIGH says");

/* Return: the character behind the number, NULL if there is none; CPU_SETSIZE stands for all that are too high */
static const char *parse_number(const char *text, unsigned int *number)
{
	unsigned int value = 0;

	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text); text++) {
		value = 10 * value + (unsigned int)(*text - '0');
		if (value > CPU_SETSIZE)
			value = CPU_SETSIZE;
	}
	*number = value;
	return text;
}

const char *cpulist_parse(const char *text, cpu_set_t *cpus)
{
	unsigned int first, last, cpu;

	CPU_ZERO(cpus);
	for (;;) {
		text = parse_number(text, &first);
		if (!text)
			return "not a list of processors such as 0-3,8";
		if (first >= CPU_SETSIZE)
			return TOO_HIGH;
		last = first;
		if (*text == '-') {
			text = parse_number(text + 1, &last);
			if (!text || last < first)
				return "not a range of processors such as 0-3";
			if (last >= CPU_SETSIZE)
				return TOO_HIGH;
		}
		for (cpu = first; cpu <= last; cpu++)
			CPU_SET(cpu, cpus);
		if (!*text)
			return NULL;
		if (*text++ != ',')
			return "not a list of processors such as 0-3,8";
	}
}

static unsigned int run_end(const cpu_set_t *cpus, unsigned int first)
{
	while (first + 1 < CPU_SETSIZE && CPU_ISSET(first + 1, cpus))
		first++;
	return first;
}

const char *cpulist_format(const cpu_set_t *cpus, char *text)
{
	unsigned int first, last;
	size_t len = 0;

	text[0] = '\0';
	for (first = 0; first < CPU_SETSIZE; first = last + 1) {
		char run[32];
		int n;

		last = first;
		if (!CPU_ISSET(first, cpus))
			continue;
		last = run_end(cpus, first);
		n = last > first ?
		    snprintf(run, sizeof(run), "%s%u-%u", len ? "," : "", first, last) :
		    snprintf(run, sizeof(run), "%s%u", len ? "," : "", first);
		if (len + (size_t)n >= CPULIST_MAX)
			break;
		len += (size_t)snprintf(text + len, CPULIST_MAX - len, "%s", run);
	}
	return text;
}

struct json_object *cpulist_json(const cpu_set_t *cpus)
{
	struct json_object *array = json_object_new_array();
	int i;

	for (i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, cpus))
			json_object_array_add(array, json_object_new_int(i));
	}
	return array;
}
