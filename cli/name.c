// SPDX-License-Identifier: GPL-2.0-only
/* Names and ids of domains; the nearest word to a mistyped one. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <hvmod.h>

#include "name.h"

#define SUGGEST_MAX	31
#define ID_MAX		0x7fffffffU

static bool ascii_alpha(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

const char *name_error(const char *name)
{
	const char *p;

	if (!*name)
		return "the name is empty";
	if (!ascii_alpha(*name))
		return "a name begins with a letter";
	for (p = name; *p; p++) {
		if (*p == '/')
			return "a name has no slash; letters, digits and . _ - only";
		if (!ascii_alpha(*p) && !ascii_digit(*p) && !strchr("._-", *p))
			return "a name has letters, digits and . _ - only";
	}
	if (p - name >= HVMOD_NAME_MAX)
		return "a name has at most 63 characters";
	return NULL;
}

int parse_id(const char *text, uint32_t *id)
{
	uint64_t value = 0;
	const char *p;

	if (!*text)
		return -EINVAL;
	for (p = text; *p; p++) {
		if (!ascii_digit(*p))
			return -EINVAL;
		if (value <= ID_MAX)
			value = value * 10 + (*p - '0');
	}
	if (value > ID_MAX)
		return -ERANGE;
	*id = value;
	return 0;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance, one row at a time. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[SUGGEST_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);
	size_t i, j;

	if (la > SUGGEST_MAX || lb > SUGGEST_MAX)
		return SUGGEST_MAX;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		unsigned int corner = row[0];

		row[0] = i;
		for (j = 1; j <= lb; j++) {
			unsigned int above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[lb];
}

int suggest(const char *word, const char *const *words, size_t count)
{
	unsigned int best = strlen(word) / 3 + 1;
	int index = -1;
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned int d = distance(word, words[i]);

		/* Nothing of a word left is no likeness. */
		if (d <= best && d < strlen(words[i]) && (index < 0 || d < best)) {
			best = d;
			index = i;
		}
	}
	return index;
}
