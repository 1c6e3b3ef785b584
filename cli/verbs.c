// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of verbs. A new verb is a file cmd_<verb>.c and a row here; its
 * parser, its help and its place in "hvctl help" follow from struct verb.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "name.h"
#include "output.h"
#include "verbs.h"

extern const struct verb verb_check, verb_report, verb_create, verb_run, verb_list, verb_info,
	verb_console, verb_start, verb_pause, verb_unpause, verb_shutdown,
	verb_reboot, verb_reset, verb_destroy, verb_wait, verb_rename,
	verb_mem_max, verb_mem_set, verb_sched,
	verb_vcpu_pin, verb_vcpu_set, verb_vcpu_list, verb_stats, verb_events, verb_inject, verb_dump_core, verb_top, verb_completion,
	verb_version, verb_help_verb;

const struct verb *const verbs[] = {
	&verb_check,
	&verb_create,
	&verb_run,
	&verb_list,
	&verb_info,
	&verb_top,
	&verb_stats,
	&verb_events,
	&verb_console,
	&verb_start,
	&verb_pause,
	&verb_unpause,
	&verb_shutdown,
	&verb_reboot,
	&verb_reset,
	&verb_destroy,
	&verb_wait,
	&verb_rename,
	&verb_vcpu_list,
	&verb_vcpu_set,
	&verb_vcpu_pin,
	&verb_inject,
	&verb_dump_core,
	&verb_completion,
	&verb_mem_max,
	&verb_mem_set,
	&verb_sched,
	&verb_report,
	&verb_version,
	&verb_help_verb,
	NULL
};

#define VERBS	(ARRAY_SIZE(verbs) - 1)

/**
 * struct parse - what the parsers of one command line share
 * @verb: the verb
 * @domain: where DOMAIN goes
 */
struct parse {
	const struct verb *verb;
	const char **domain;
};

static bool has_alias(const struct verb *verb, const char *name)
{
	size_t len = strlen(name);
	const char *p = verb->alias;

	while (p && len) {
		if (!strncmp(p, name, len) && (!p[len] || p[len] == ' '))
			return true;
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	return false;
}

const struct verb *verb_find(const char *name)
{
	size_t i;

	for (i = 0; i < VERBS; i++) {
		if (!strcmp(verbs[i]->name, name) || has_alias(verbs[i], name))
			return verbs[i];
	}
	return NULL;
}

int verb_unknown(const char *name)
{
	const char *names[VERBS];
	char hint[64];
	size_t i;
	int best;

	for (i = 0; i < VERBS; i++)
		names[i] = verbs[i]->name;
	best = suggest(name, names, VERBS);
	if (best >= 0)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", names[best]);
	return fail(HVCTL_USAGE, EINVAL, NULL,
		    best >= 0 ? hint : "'hvctl help' lists the verbs",
		    "unknown verb '%s'", name);
}

static bool needs_domain(const struct verb *verb)
{
	return (verb->flags & VERB_DOMAIN) == VERB_DOMAIN;
}

bool verb_takes_domain(const struct verb *verb)
{
	return needs_domain(verb) || (verb->flags & VERB_ANY_DOMAIN) == VERB_ANY_DOMAIN;
}

/* The global flags and DOMAIN; the verb's own parser is asked before it. */
static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (!verb_takes_domain(parse->verb) || *parse->domain)
			return ARGP_ERR_UNKNOWN;
		*parse->domain = arg;
		return 0;
	case ARGP_KEY_END:
		if (needs_domain(parse->verb) && !*parse->domain)
			argp_error(state, "no domain given");
		if (globals.dry_run && !(parse->verb->flags & VERB_DRY_RUN) &&
		    (parse->verb->flags & VERB_MODIFIES))
			argp_error(state, "does not know --dry-run");
		if (globals.timeout_ms >= 0 && !(parse->verb->flags & VERB_TIMEOUT))
			argp_error(state, "does not know --timeout");
		return 0;
	default:
		return parse_global_option(key, arg, state);
	}
}

static error_t parse_root(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	state->child_inputs[1] = state->input;
	return 0;
}

/* Built for @verb and passed to @use, since argp wants it all at hand. */
static void with_argp(const struct verb *verb,
		      void (*use)(const struct argp *argp, void *data), void *data)
{
	struct argp own = { .options = verb->options, .parser = verb->parse };
	struct argp common = { .options = global_options, .parser = parse_common };
	struct argp_child children[] = {
		{ &own, 0, NULL, 0 },
		{ &common, 0, "Global flags:", 1 },
		{ 0 }
	};
	struct argp argp = {
		.parser = parse_root,
		.args_doc = verb->args,
		.children = children,
	};
	char *doc = NULL;

	if (asprintf(&doc, "%s.\v%s", verb->summary, verb->doc ? verb->doc : "") < 0)
		doc = NULL;
	argp.doc = doc;
	use(&argp, data);
	free(doc);
}

struct parse_call {
	int argc;
	char **argv;
	struct parse parse;
};

static void call_parse(const struct argp *argp, void *data)
{
	struct parse_call *call = data;

	argp_parse(argp, call->argc, call->argv, ARGP_NO_HELP, NULL, &call->parse);
}

void verb_parse(const struct verb *verb, int argc, char **argv,
		const char **domain)
{
	struct parse_call call = {
		.argc = argc,
		.argv = argv,
		.parse = { .verb = verb, .domain = domain },
	};
	char title[64];

	snprintf(title, sizeof(title), "hvctl %s", verb->name);
	argv[0] = title;
	with_argp(verb, call_parse, &call);
}

static void call_help(const struct argp *argp, void *title)
{
	argp_help(argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG |
		  ARGP_HELP_DOC, title);
}

void verb_help(const struct verb *verb)
{
	char title[64];

	snprintf(title, sizeof(title), "hvctl %s", verb->name);
	with_argp(verb, call_help, title);
}

void verbs_list(void)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		printf("  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
}
