// SPDX-License-Identifier: GPL-2.0-only
/* What has to stay on the machine where a report is made. */
#include <ctype.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler.h"
#include "private.h"

/* Names that tell nothing of anybody, and that may be parts of what is told. */
static const char *const common[] = {
	"root", "localhost", "localdomain", "debian", "(none)", "user", "hvmod",
};

void private_add(struct private *p, const char *word)
{
	size_t i;

	if (!word || strlen(word) < 2 || strlen(word) >= PRIVATE_WORD_MAX ||
	    p->count == PRIVATE_WORDS_MAX)
		return;
	for (i = 0; i < ARRAY_SIZE(common); i++) {
		if (!strcasecmp(word, common[i]))
			return;
	}
	strcpy(p->words[p->count++], word);
}

static void add_file(struct private *p, const char *root, const char *path)
{
	char full[PATH_MAX], line[PRIVATE_WORD_MAX];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	file = fopen(full, "re");
	if (!file)
		return;
	if (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		private_add(p, line);
		/* web.example.org is web to itself. */
		line[strcspn(line, ".")] = '\0';
		private_add(p, line);
	}
	fclose(file);
}

void private_read(struct private *p, const char *root)
{
	static const char *const variables[] = { "USER", "LOGNAME", "SUDO_USER", "HOSTNAME" };
	const struct passwd *user = getpwuid(getuid());
	size_t i;

	memset(p, 0, sizeof(*p));
	add_file(p, root, "/proc/sys/kernel/hostname");
	add_file(p, root, "/proc/sys/kernel/domainname");
	for (i = 0; i < ARRAY_SIZE(variables); i++)
		private_add(p, getenv(variables[i]));
	private_add(p, getlogin());
	if (user)
		private_add(p, user->pw_name);
}

/* Length of a run of @groups of hexadecimal digits with @between, 0 if there is none. */
static size_t hex_groups(const char *text, const int *groups, char between)
{
	const char *p = text;

	for (; *groups; groups++) {
		int i;

		for (i = 0; i < *groups; i++) {
			if (!isxdigit((unsigned char)*p++))
				return 0;
		}
		if (groups[1] && *p++ != between)
			return 0;
	}
	return isxdigit((unsigned char)*p) ? 0 : p - text;
}

static size_t private_length(const struct private *p, const char *text)
{
	static const int mac[] = { 2, 2, 2, 2, 2, 2, 0 };
	static const int uuid[] = { 8, 4, 4, 4, 12, 0 };
	size_t length = hex_groups(text, mac, ':');
	int i;

	if (!length)
		length = hex_groups(text, mac, '-');
	if (!length)
		length = hex_groups(text, uuid, '-');
	for (i = 0; !length && i < p->count; i++) {
		size_t n = strlen(p->words[i]);

		if (!strncasecmp(text, p->words[i], n) && !isalnum((unsigned char)text[n]))
			length = n;
	}
	return length;
}

void private_hide(const struct private *p, char *text)
{
	bool inside = false;

	while (*text) {
		size_t length = inside ? 0 : private_length(p, text);

		inside = length ? false : isalnum((unsigned char)*text);
		if (!length)
			text++;
		while (length--)
			*text++ = '.';
	}
}
