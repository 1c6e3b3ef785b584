// SPDX-License-Identifier: GPL-2.0-only
/* Sizes with binary suffixes. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "size.h"

static const char suffixes[] = "kMGT";

int parse_size(const char *text, uint64_t *bytes)
{
	const char *p = text;
	uint64_t value = 0;
	unsigned int shift;
	const char *suffix;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *p - '0', &value))
			return -ERANGE;
	}
	if (!*p)
		return -EDOM;
	for (suffix = suffixes; *suffix; suffix++) {
		if (tolower((unsigned char)*p) == tolower((unsigned char)*suffix))
			break;
	}
	if (!*suffix || (p[1] && strcmp(p + 1, "iB")))
		return -EINVAL;
	shift = 10 * (suffix - suffixes + 1);
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*bytes = value << shift;
	return 0;
}

const char *size_error(int err)
{
	switch (err) {
	case -EDOM:
		return "a size needs a suffix: k, M, G or T";
	case -ERANGE:
		return "the size is too large";
	default:
		return "not a size; write for example 512M";
	}
}

const char *format_size(uint64_t bytes, char *text)
{
	unsigned int shift = 0;
	uint64_t whole, tenths;

	while (shift < 40 && bytes >> shift >= 1024)
		shift += 10;
	if (!shift) {
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64, bytes);
		return text;
	}
	whole = bytes >> shift;
	tenths = (bytes >> (shift - 10) & 1023) * 10 / 1024;
	if (tenths)
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%c", whole,
			 tenths, suffixes[shift / 10 - 1]);
	else
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%c", whole,
			 suffixes[shift / 10 - 1]);
	return text;
}

const char *format_size_exact(uint64_t bytes, char *text)
{
	unsigned int shift = 10;

	while (shift < 40 && bytes && !(bytes & ((1ULL << (shift + 10)) - 1)))
		shift += 10;
	snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%c", bytes >> shift,
		 suffixes[shift / 10 - 1]);
	return text;
}
