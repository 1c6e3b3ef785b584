// SPDX-License-Identifier: GPL-2.0-only
/* Lists of words with commas: --disk, --net. */
#include "words.h"

bool words_next(const char **text, char *word, size_t size)
{
	const char *at = *text;
	size_t len = 0;

	while (*at && (*at != ',' || at[1] == ',')) {
		if (len == size - 1)
			return false;
		word[len++] = *at;
		at += *at == ',' ? 2 : 1;
	}
	word[len] = '\0';
	*text = *at ? at + 1 : NULL;
	return true;
}

char *words_put(char *to, const char *word)
{
	for (; *word; word++) {
		if (*word == ',')
			*to++ = ',';
		*to++ = *word;
	}
	*to = '\0';
	return to;
}
