// SPDX-License-Identifier: GPL-2.0-only
/* The sections of hvctl(1) that say what the table of verbs says, as mdoc(7). */
#include <ctype.h>
#include <string.h>

#include "completion.h"
#include "verbs.h"

/* A full stop or an apostrophe that begins a line would be a macro. */
static void text(FILE *file, const char *from)
{
	bool begin = true;

	for (; *from; from++) {
		/* A sentence, a line: so the space between two is roff's. */
		if (!strncmp(from, ". ", 2) || !strncmp(from, ": ", 2)) {
			fprintf(file, "%c\n", *from++);
			begin = true;
			continue;
		}
		if (begin && (*from == '.' || *from == '\''))
			fputs("\\&", file);
		begin = *from == '\n';
		if (*from == '\\')
			fputs("\\e", file);
		else if (*from == '-')
			fputs("\\-", file);
		else if (*from == '\n' && from[1] == '\n')
			fputs("\n.Pp", file);
		else
			fputc(*from, file);
	}
	fputc('\n', file);
}

static void option_names(FILE *file, const struct argp_option *option)
{
	fputs(".It", file);
	if (option->key > 0 && option->key < 0x100 && isprint(option->key)) {
		fprintf(file, " Fl %c", option->key);
		if (option->arg && !option->name)
			fprintf(file, " Ar %s", option->arg);
		if (option->name)
			fputs(" ,", file);
	}
	if (option->name)
		fprintf(file, " Fl \\-%s", option->name);
	if (option->name && option->arg)
		fprintf(file, option->flags & OPTION_ARG_OPTIONAL ?
			" Ns Oo = Ns Ar %s Oc" : " Ns = Ns Ar %s", option->arg);
	fputc('\n', file);
}

static void options(FILE *file, const struct argp_option *option)
{
	if (!option || (!option->name && !option->key))
		return;
	fputs(".Pp\n.Bl -tag -width Ds -compact\n", file);
	for (; option->name || option->key; option++) {
		if (option->flags & OPTION_HIDDEN)
			continue;
		option_names(file, option);
		text(file, option->doc);
	}
	fputs(".El\n", file);
}

static void aliases(FILE *file, const struct verb *verb)
{
	if (!verb->alias)
		return;
	fputs(".Pp\nAlso:\n", file);
	text(file, verb->alias);
}

static void verb_section(FILE *file, const struct verb *verb)
{
	fprintf(file, ".It Nm Cm %s", verb->name);
	/* Op would take the rest of the line in. */
	if (verb->options)
		fputs(" Oo Ar options Oc", file);
	if (verb->args)
		fprintf(file, " Ar %s", verb->args);
	fputc('\n', file);
	fprintf(file, "%s.\n", verb->summary);
	if (verb->doc) {
		fputs(".Pp\n", file);
		text(file, verb->doc);
	}
	aliases(file, verb);
	options(file, verb->options);
}

void manual_verbs(FILE *file)
{
	const struct verb *const *verb;

	fputs(".Sh GLOBAL FLAGS\nBefore or behind the verb; but\n.Fl n\nbehind\n.Ic top\nis\n.Fl \\-iterations :\n", file);
	options(file, global_options);
	fputs(".Sh VERBS\n.Bl -tag -width Ds\n", file);
	for (verb = verbs; *verb; verb++)
		verb_section(file, *verb);
	fputs(".El\n", file);
}
