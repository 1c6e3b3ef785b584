// SPDX-License-Identifier: GPL-2.0-only
/* --fs tag=NAME,socket=PATH */
#include <stdio.h>
#include <string.h>

#include "fs_option.h"
#include "words.h"

#define TAG	"tag="
#define SOCKET	"socket="
#define TEXT_MAX (2 * (PATH_MAX + VMM_FS_TAG_MAX) + sizeof(TAG SOCKET ","))

static const char *set_tag(struct fs_option *option, const char *value)
{
	const char *c;

	if (!*value)
		return "the tag is empty";
	if (strlen(value) > VMM_FS_TAG_MAX)
		return "a tag has at most 36 bytes";
	for (c = value; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7F)
			return "a tag has no control characters";
	}
	strcpy(option->tag, value);
	return NULL;
}

static const char *set_socket(struct fs_option *option, const char *value)
{
	if (!*value)
		return "the path of the socket is empty";
	strcpy(option->socket, value);
	return NULL;
}

const char *fs_parse(const char *text, struct fs_option *option)
{
	char word[PATH_MAX];
	const char *why = NULL;

	memset(option, 0, sizeof(*option));
	while (text && !why) {
		if (!words_next(&text, word, sizeof(word)))
			return "it is too long";
		if (!strncmp(word, TAG, strlen(TAG)))
			why = set_tag(option, word + strlen(TAG));
		else if (!strncmp(word, SOCKET, strlen(SOCKET)))
			why = set_socket(option, word + strlen(SOCKET));
		else
			why = "tag=NAME,socket=PATH is expected; a comma of either is written twice";
	}
	if (!why && !*option->tag)
		return "it has no tag=NAME, by which the guest mounts it";
	if (!why && !*option->socket)
		return "it has no socket=PATH, that of virtiofsd";
	return why;
}

char *fs_format(const struct fs_option *option)
{
	char text[TEXT_MAX];
	char *at = stpcpy(text, TAG);

	at = words_put(at, option->tag);
	at = stpcpy(at, "," SOCKET);
	words_put(at, option->socket);
	return strdup(text);
}
