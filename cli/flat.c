// SPDX-License-Identifier: GPL-2.0-only
/* Addresses and ports: what a user says about a kernel that says nothing. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "flat.h"

#define PORT_LAST	0xFFFC

static const struct {
	const char *name;
	enum vmm_flat mode;
} modes[] = {
	{ "real", VMM_FLAT_REAL },
	{ "protected", VMM_FLAT_PROTECTED },
	{ "long", VMM_FLAT_LONG },
};

/* Return: what is behind the number, or NULL if there is none */
static const char *parse_number(const char *text, uint64_t *number)
{
	char *end;

	/* strtoull() takes a sign and blanks too. */
	if (!isdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	*number = strtoull(text, &end, 0);
	return errno ? NULL : end;
}

const char *parse_flat(const char *text, uint64_t *address, enum vmm_flat *mode)
{
	const char *rest = parse_number(text, address);
	size_t i;

	if (!rest || *rest != ',')
		return "an address, a comma and a mode are expected";
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!strcmp(rest + 1, modes[i].name)) {
			*mode = modes[i].mode;
			return NULL;
		}
	}
	return "the mode is not real, protected or long";
}

const char *parse_port(const char *text, uint32_t *port)
{
	uint64_t number;
	const char *rest = parse_number(text, &number);

	if (!rest || *rest)
		return "not a port number";
	if (!number || number > PORT_LAST)
		return "a port is between 1 and 0xfffc";
	*port = (uint32_t)number;
	return NULL;
}
