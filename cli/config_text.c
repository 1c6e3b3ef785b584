// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration file: statements "key = value", one a line or separated by
 * semicolons; a value is a word, a quoted string or a list [ ... ]; '#' begins
 * a comment. This is the grammar of xl.cfg.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "output.h"

#define FILE_MAX	(1 << 20)
#define WORD_MAX	4096

/**
 * struct reader - where in the text we are
 * @path: name of the file
 * @at: next character
 * @line: its line
 */
struct reader {
	const char *path;
	const char *at;
	unsigned int line;
};

static void where(const struct reader *r, char *text, size_t size)
{
	snprintf(text, size, "%s:%u", r->path, r->line);
}

static int syntax(const struct reader *r, const char *message)
{
	char place[WORD_MAX + 16];

	where(r, place, sizeof(place));
	return fail(HVCTL_USAGE, EINVAL, place,
		    "a line is: key = value, key = \"text\" or # a comment",
		    "%s", message);
}

static void skip_blank(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')
		r->at++;
	if (*r->at == '#')
		r->at += strcspn(r->at, "\n");
}

/* Blanks, comments, and the ends of statements. */
static void skip_empty(struct reader *r)
{
	for (;;) {
		skip_blank(r);
		if (*r->at == '\n')
			r->line++;
		else if (*r->at != ';')
			return;
		r->at++;
	}
}

static int read_key(struct reader *r, char *key)
{
	size_t len = 0;

	while (isalnum((unsigned char)r->at[len]) || r->at[len] == '_')
		len++;
	if (!len)
		return syntax(r, "a key is expected here");
	if (len >= WORD_MAX)
		return syntax(r, "the key is too long");
	memcpy(key, r->at, len);
	key[len] = '\0';
	r->at += len;
	skip_blank(r);
	if (*r->at != '=')
		return syntax(r, "'=' is expected behind the key");
	r->at++;
	skip_blank(r);
	return HVCTL_OK;
}

static int read_quoted(struct reader *r, char *value)
{
	char quote = *r->at++;
	size_t len = 0;

	while (*r->at != quote) {
		if (*r->at == '\\' && (r->at[1] == quote || r->at[1] == '\\'))
			r->at++;
		if (!*r->at || *r->at == '\n')
			return syntax(r, "the quotation mark is not closed");
		if (len == WORD_MAX - 1)
			return syntax(r, "the value is too long");
		value[len++] = *r->at++;
	}
	r->at++;
	value[len] = '\0';
	return HVCTL_OK;
}

static int read_value(struct reader *r, char *value)
{
	size_t len;
	int ret;

	if (*r->at == '"' || *r->at == '\'') {
		ret = read_quoted(r, value);
		if (ret)
			return ret;
	} else {
		len = strcspn(r->at, " \t\r\n;#");
		if (!len)
			return syntax(r, "a value is expected behind '='");
		if (len >= WORD_MAX)
			return syntax(r, "the value is too long");
		memcpy(value, r->at, len);
		value[len] = '\0';
		r->at += len;
	}
	skip_blank(r);
	if (*r->at && *r->at != '\n' && *r->at != ';')
		return syntax(r, "only one value is expected; put text with spaces in quotation marks");
	return HVCTL_OK;
}

/* From the bracket on. Nothing changes unless the key takes lists. */
static int read_list(struct reader *r, struct domain_config *config, const char *key)
{
	char value[WORD_MAX], place[WORD_MAX + 16];
	int ret;

	if (!config_is_list(key)) {
		where(r, place, sizeof(place));
		ret = config_set(config, place, key, "[");
		return ret ? ret : syntax(r, "this key takes no list");
	}
	r->at++;
	for (;;) {
		skip_empty(r);
		if (*r->at == ']')
			break;
		if (*r->at != '"' && *r->at != '\'')
			return syntax(r, "a text in quotation marks or ']' is expected in a list");
		where(r, place, sizeof(place));
		ret = read_quoted(r, value);
		if (!ret)
			ret = config_set(config, place, key, value);
		if (ret)
			return ret;
		skip_empty(r);
		if (*r->at == ',')
			r->at++;
		else if (*r->at != ']')
			return syntax(r, "',' or ']' is expected in a list");
	}
	r->at++;
	skip_blank(r);
	if (*r->at && *r->at != '\n' && *r->at != ';')
		return syntax(r, "only one list is expected");
	return HVCTL_OK;
}

int config_parse_text(struct domain_config *config, const char *path,
		      const char *text)
{
	struct reader r = { .path = path, .at = text, .line = 1 };
	char key[WORD_MAX], value[WORD_MAX], place[WORD_MAX + 16];
	int ret;

	for (;;) {
		skip_empty(&r);
		if (!*r.at)
			return HVCTL_OK;
		ret = read_key(&r, key);
		if (ret)
			return ret;
		if (*r.at == '[') {
			ret = read_list(&r, config, key);
			if (ret)
				return ret;
			continue;
		}
		ret = read_value(&r, value);
		if (ret)
			return ret;
		where(&r, place, sizeof(place));
		ret = config_set(config, place, key, value);
		if (ret)
			return ret;
	}
}

static char *read_all(int fd)
{
	char *text = malloc(FILE_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;

	while (text && n && len < FILE_MAX) {
		n = read(fd, text + len, FILE_MAX - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto fail;
		len += n;
	}
	if (!text)
		return NULL;
	if (len == FILE_MAX) {
		errno = EFBIG;
		goto fail;
	}
	if (memchr(text, '\0', len)) {
		errno = EILSEQ;
		goto fail;
	}
	text[len] = '\0';
	return text;
fail:
	free(text);
	return NULL;
}

int config_read(struct domain_config *config, const char *path)
{
	bool standard_input = !strcmp(path, "-");
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : read_all(fd);
	const char *start;
	int err = errno;
	int ret;

	if (!standard_input && fd >= 0)
		close(fd);
	if (!text)
		return fail(err == EACCES ? HVCTL_PERMISSION : HVCTL_FAILED, err, path,
			    NULL, "cannot read the configuration: %s",
			    err == EILSEQ ? "not a text file" : strerror(err));
	start = text + strspn(text, " \t\r\n");
	if (standard_input)
		path = "stdin";
	if (*start == '{')
		ret = config_parse_json(config, path, start);
	else
		ret = config_parse_text(config, path, text);
	free(text);
	return ret;
}
