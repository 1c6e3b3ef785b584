/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_CONFIG_LIST_H
#define HVCTL_CONFIG_LIST_H

#include <json-c/json.h>

#define CONFIG_LIST_MAX	24

/**
 * struct config_list - the values of a key that may be given several times
 * @text: the values, its own
 * @count: how many
 */
struct config_list {
	char *text[CONFIG_LIST_MAX];
	unsigned int count;
};

/** config_list_add() - append a copy of @value. Return: 0, -ENOMEM or -ENOSPC */
int config_list_add(struct config_list *list, const char *value);

/** config_list_json() - an array of its values */
struct json_object *config_list_json(const struct config_list *list);

/** config_list_print() - print it as [ "...", "..." ] */
void config_list_print(const struct config_list *list,
		       void (*print_value)(const char *value));

/** config_list_free() - give the values back */
void config_list_free(struct config_list *list);

#endif
