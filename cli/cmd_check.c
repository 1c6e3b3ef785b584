// SPDX-License-Identifier: GPL-2.0-only
/* hvctl check */
#include <stdio.h>

#include "host.h"
#include "output.h"
#include "table.h"

static const char *const words[] = { "unknown", "no", "yes" };

static const char *present_word(const struct requirement *r)
{
	return words[r->present + 1];
}

/* One that can't be told counts as missing: better a false alarm. */
static bool all_present(const struct requirement *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (list[i].required && list[i].present != 1)
			return false;
	}
	return true;
}

static void print_as_json(const struct requirement *list, size_t count)
{
	struct json_object *root = json_object_new_object();
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < count; i++) {
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "capability",
				       json_object_new_string(list[i].name));
		json_object_object_add(object, "required",
				       json_object_new_boolean(list[i].required));
		json_object_object_add(object, "present", list[i].present < 0 ? NULL :
				       json_object_new_boolean(list[i].present));
		json_object_object_add(object, "detail",
				       json_object_new_string(list[i].detail));
		json_object_object_add(object, "remedy",
				       json_object_new_string(list[i].remedy));
		json_object_array_add(array, object);
	}
	json_object_object_add(root, "checks", array);
	json_object_object_add(root, "supported",
			       json_object_new_boolean(all_present(list, count)));
	print_json(root);
}

enum {
	COLUMN_CAPABILITY,
	COLUMN_REQUIRED,
	COLUMN_PRESENT,
	COLUMN_DETAIL,
};

static const struct column columns[] = {
	[COLUMN_CAPABILITY]	= { "CAPABILITY",	false,	"what" },
	[COLUMN_REQUIRED]	= { "REQUIRED",		false,	"hvmod does not work without" },
	[COLUMN_PRESENT]	= { "PRESENT",		false,	"it is there" },
	[COLUMN_DETAIL]		= { "DETAIL",		false,	"what was found" },
	{ 0 }
};

static int print_table(const struct requirement *list, size_t count)
{
	struct table_options options = { 0 };
	struct table table;
	size_t i;
	int ret = table_open(&table, &options, columns, "CAPABILITY,REQUIRED,PRESENT,DETAIL");

	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		struct libscols_line *line = table_line(&table);
		const char *color = list[i].present == 1 ? "green" :
				    list[i].required ? "red" : "yellow";

		table_set(&table, line, COLUMN_CAPABILITY, list[i].name, NULL);
		table_set(&table, line, COLUMN_REQUIRED, words[list[i].required + 1], NULL);
		table_set(&table, line, COLUMN_PRESENT, present_word(&list[i]), color);
		table_set(&table, line, COLUMN_DETAIL, list[i].detail, NULL);
	}
	return table_print(&table);
}

/* A remedy is a sentence: it gets a line below the table, not a cell. */
static void print_remedies(const struct requirement *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!*list[i].remedy || (!list[i].required && globals.quiet))
			continue;
		printf("\n%s%s: %s\nremedy: %s\n", list[i].name,
		       list[i].required ? "" : " (not required)", list[i].detail,
		       list[i].remedy);
	}
}

static int run(struct verb_context *ctx)
{
	struct requirement list[REQUIREMENTS_MAX];
	struct host host;
	size_t count;
	bool good;
	int ret = HVCTL_OK;

	(void)ctx;
	host_read(&host, "");
	count = host_judge(&host, list);
	good = all_present(list, count);
	if (globals.json) {
		print_as_json(list, count);
	} else {
		ret = print_table(list, count);
		print_remedies(list, count);
		printf("\n%s\n", good ? "hvmod works on this machine." :
		       "hvmod does not work on this machine as it is.");
	}
	return ret ? ret : good ? HVCTL_OK : HVCTL_UNSUPPORTED;
}

const struct verb verb_check = {
	.name = "check",
	.summary = "See what hvmod needs and this machine has",
	.doc = "Exit status 0 if all that is required is there, 4 if not. Some of it can be told by root alone.",
	.run = run,
};
