// SPDX-License-Identifier: GPL-2.0-only
/* --disk PATH[,ro][,direct][,serial=S]|vhost-user:SOCKET */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_option.h"
#include "words.h"

#define VHOST_USER	"vhost-user:"

static const char *set_serial(struct disk_option *option, const char *value)
{
	const char *c;

	if (!*value)
		return "the serial number is empty";
	if (strlen(value) > VMM_DISK_SERIAL_MAX)
		return "a serial number has at most 20 characters";
	for (c = value; *c; c++) {
		if (!isgraph((unsigned char)*c))
			return "a serial number has printable ASCII characters and no blanks";
	}
	strcpy(option->serial, value);
	return NULL;
}

static const char *set_word(struct disk_option *option, const char *word)
{
	if (!strcmp(word, "ro"))
		option->read_only = true;
	else if (!strcmp(word, "rw"))
		option->read_only = false;
	else if (!strcmp(word, "direct"))
		option->direct = true;
	else if (!strncmp(word, "serial=", 7))
		return set_serial(option, word + 7);
	else if (!strncmp(word, "id=", 3))
		return set_serial(option, word + 3);
	else
		return "behind the path come ro, direct or serial=S; a comma of the path is written twice";
	return NULL;
}

const char *disk_parse(const char *text, struct disk_option *option)
{
	char word[64];
	const char *why = NULL;

	memset(option, 0, sizeof(*option));
	if (!strncmp(text, VHOST_USER, strlen(VHOST_USER))) {
		option->vhost_user = true;
		text += strlen(VHOST_USER);
	}
	if (!words_next(&text, option->path, sizeof(option->path)))
		return "the path is too long";
	if (!*option->path)
		return "the path is empty";
	if (option->vhost_user && text)
		return "behind the socket come no words: its back end says what the disk is";
	while (text && !why) {
		if (!words_next(&text, word, sizeof(word)))
			return "a word is too long";
		why = set_word(option, word);
	}
	return why;
}

char *disk_format(const struct disk_option *option)
{
	char path[2 * PATH_MAX];
	size_t len = 0;
	const char *c;
	char *text;

	for (c = option->path; *c; c++) {
		if (*c == ',')
			path[len++] = ',';
		path[len++] = *c;
	}
	path[len] = '\0';
	/* A comma of the serial number is written twice too. */
	if (asprintf(&text, "%s%s%s%s%s",
		     option->vhost_user ? VHOST_USER : "", path, option->read_only ? ",ro" : "",
		     option->direct ? ",direct" : "",
		     *option->serial ? ",serial=" : "") < 0)
		return NULL;
	len = strlen(text);
	text = realloc(text, len + 2 * sizeof(option->serial));
	for (c = option->serial; text && *c; c++) {
		if (*c == ',')
			text[len++] = ',';
		text[len++] = *c;
	}
	if (text)
		text[len] = '\0';
	return text;
}
