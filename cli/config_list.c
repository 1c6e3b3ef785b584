// SPDX-License-Identifier: GPL-2.0-only
/* Keys of a configuration that may be given several times. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_list.h"

int config_list_add(struct config_list *list, const char *value)
{
	char *copy;

	if (list->count == CONFIG_LIST_MAX)
		return -ENOSPC;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	list->text[list->count++] = copy;
	return 0;
}

struct json_object *config_list_json(const struct config_list *list)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < list->count; i++)
		json_object_array_add(array, json_object_new_string(list->text[i]));
	return array;
}

void config_list_print(const struct config_list *list,
		       void (*print_value)(const char *value))
{
	unsigned int i;

	printf("[ ");
	for (i = 0; i < list->count; i++) {
		if (i)
			printf(", ");
		print_value(list->text[i]);
	}
	printf(" ]");
}

void config_list_free(struct config_list *list)
{
	while (list->count)
		free(list->text[--list->count]);
}
