/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_VERBS_H
#define HVCTL_VERBS_H

#include <stdbool.h>

#include "hvctl.h"

/* All verbs, in the order of help; ends with NULL. */
extern const struct verb *const verbs[];

/** verb_find() - the verb with a name or an alias, or NULL */
const struct verb *verb_find(const char *name);

/** verb_unknown() - report an unknown verb. Return: the exit status */
int verb_unknown(const char *name);

/**
 * verb_parse() - parse the arguments of a verb
 * @verb: the verb
 * @argc: number of arguments, the verb's name being the first
 * @argv: the arguments
 * @domain: where the DOMAIN argument goes
 *
 * Does not return if they are wrong.
 */
void verb_parse(const struct verb *verb, int argc, char **argv,
		const char **domain);

/** verb_takes_domain() - whether its first argument is a DOMAIN */
bool verb_takes_domain(const struct verb *verb);

/** verb_help() - print the help of a verb */
void verb_help(const struct verb *verb);

/** verbs_list() - print the verbs, one a line */
void verbs_list(void);

/** parse_global_option() - an argp parser of the global flags */
error_t parse_global_option(int key, char *arg, struct argp_state *state);

extern const struct argp_option global_options[];

#endif
