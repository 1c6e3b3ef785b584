// SPDX-License-Identifier: GPL-2.0-only
/* Completion scripts, from the table of verbs. */
#include <ctype.h>
#include <string.h>

#include "compiler.h"
#include "completion.h"
#include "verbs.h"

/* What an argument that is no DOMAIN and no file can be. */
static const struct {
	const char *verb;
	const char *words;
} verb_words[] = {
	{ "inject", "nmi sysrq:" },
	{ "completion", "bash zsh" },
	{ "vcpu-pin", "all" },
};

static const char *words_of(const struct verb *verb)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verb_words); i++) {
		if (!strcmp(verb_words[i].verb, verb->name))
			return verb_words[i].words;
	}
	return "";
}

/* What the argument of an option can be, wherever there is an option of that name. */
static const struct {
	const char *option;
	const char *words;
} option_words[] = {
	{ "color", "auto always never" },
	{ "format", "table json prometheus" },
	{ "on-crash", "destroy restart preserve" },
	{ "on-poweroff", "destroy restart preserve" },
	{ "on-reboot", "destroy restart preserve" },
	{ "sort", "cpu mem exits id" },
	{ "type", "created changed deleted start" },
};

static const char *words_of_option(const struct argp_option *option)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(option_words); i++) {
		if (option->name && !strcmp(option_words[i].option, option->name))
			return option_words[i].words;
	}
	return "";
}

static bool takes_file(const struct verb *verb)
{
	return verb->args && (strstr(verb->args, "FILE") || strstr(verb->args, "KERNEL"));
}

static bool option_takes_file(const struct argp_option *option)
{
	return !strcmp(option->arg, "FILE") || !strncmp(option->arg, "PATH", 4);
}

/* The last in the list has neither a name nor a key. */
static bool more_options(const struct argp_option *option)
{
	return option && (option->name || option->key);
}

static bool has_letter(const struct argp_option *option)
{
	return option->key > 0 && option->key < 0x100 && isprint(option->key);
}

static void bash_options(FILE *file, const struct argp_option *option)
{
	for (; more_options(option); option++) {
		if (option->flags & OPTION_HIDDEN)
			continue;
		if (option->name)
			fprintf(file, " --%s%s", option->name,
				option->arg && !(option->flags & OPTION_ARG_OPTIONAL) ? "=" : "");
		if (has_letter(option))
			fprintf(file, " -%c", option->key);
	}
}

/* Those whose argument is the next word if no = is there. */
static void bash_takes(FILE *file, const struct argp_option *option)
{
	for (; more_options(option); option++) {
		if (!option->arg || (option->flags & OPTION_ARG_OPTIONAL))
			continue;
		if (option->name)
			fprintf(file, " --%s", option->name);
		if (has_letter(option))
			fprintf(file, " -%c", option->key);
	}
}

/* "verb|alias", as a pattern of a case, in both shells */
static void verb_pattern(FILE *file, const struct verb *verb)
{
	const char *alias;

	fprintf(file, "\t%s", verb->name);
	if (verb->alias) {
		fputc('|', file);
		for (alias = verb->alias; *alias; alias++)
			fputc(*alias == ' ' ? '|' : *alias, file);
	}
	fputc(')', file);
}

static void bash_verb(FILE *file, const struct verb *verb)
{
	verb_pattern(file, verb);
	fputs(" options=\"", file);
	bash_options(file, verb->options);
	fputs("\" takes+=\"", file);
	bash_takes(file, verb->options);
	fprintf(file, "\" words=\"%s\" domain=%d file=%d ;;\n", words_of(verb),
		verb_takes_domain(verb), takes_file(verb));
}

/* The words of create, such as kernel=, are its options without hyphens. */
static void bash_values(FILE *file, const char *verb, const struct argp_option *option)
{
	for (; more_options(option); option++) {
		if (!option->arg || (!option_takes_file(option) && !*words_of_option(option)))
			continue;
		fputc('\t', file);
		if (option->name)
			fprintf(file, "%s:%s", verb, option->name);
		if (has_letter(option))
			fprintf(file, "%s%s:-%c", option->name ? "|" : "", verb, option->key);
		fprintf(file, ") words=\"%s\" file=%d ;;\n", words_of_option(option),
			option_takes_file(option));
	}
}

static void bash_all_verbs(FILE *file)
{
	const struct verb *const *verb;

	for (verb = verbs; *verb; verb++)
		fprintf(file, "%s%s", verb == verbs ? "" : " ", (*verb)->name);
}

static void bash_tables(FILE *file)
{
	const struct verb *const *verb;

	fputs("# What its verb takes\n"
	      "_hvctl_verb() {\n"
	      "\tcase $verb in\n"
	      "\thelp) words=\"", file);
	bash_all_verbs(file);
	fputs("\" ;;\n", file);
	for (verb = verbs; *verb; verb++) {
		if (strcmp((*verb)->name, "help"))
			bash_verb(file, *verb);
	}
	fputs("\tesac\n"
	      "}\n"
	      "# What the argument of an option can be\n"
	      "_hvctl_value() {\n"
	      "\toption=${option#--}\n"
	      "\tcase $verb:${option//_/-} in\n", file);
	bash_values(file, "*", global_options);
	for (verb = verbs; *verb; verb++)
		bash_values(file, (*verb)->name, (*verb)->options);
	fputs("\tesac\n"
	      "}\n", file);
}

/* Bash makes a word of each =, so that its value is one too. */
void completion_bash(FILE *file)
{
	fputs("# bash completion of hvctl, made by: hvctl completion bash\n", file);
	bash_tables(file);
	fputs("_hvctl() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb='' option='' options='' words='' word i\n"
	      "\tlocal domain=0 file=0 count=0 takes=\"", file);
	bash_takes(file, global_options);
	fputs("\"\n\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tword=${COMP_WORDS[i]}\n"
	      "\t\tif [ \"$word\" = = ]; then\n"
	      "\t\t\toption=${COMP_WORDS[i - 1]}\n"
	      "\t\telif [ -n \"$option\" ]; then\n"
	      "\t\t\toption=''\n"
	      "\t\telif [[ $word == -* ]]; then\n"
	      "\t\t\t[[ \" $takes \" != *\" $word \"* ]] || option=$word\n"
	      "\t\telif [ -n \"$verb\" ]; then\n"
	      "\t\t\tcount=$((count + 1))\n"
	      "\t\telse\n"
	      "\t\t\tverb=$word\n"
	      "\t\t\t_hvctl_verb\n"
	      "\t\tfi\n"
	      "\tdone\n"
	      "\tif [ \"$cur\" = = ]; then\n"
	      "\t\toption=${COMP_WORDS[COMP_CWORD - 1]} cur=''\n"
	      "\tfi\n"
	      "\tif [ -n \"$option\" ]; then\n"
	      "\t\twords='' file=0\n"
	      "\t\t_hvctl_value\n"
	      "\telif [[ $cur == -* ]]; then\n"
	      "\t\twords=\"$options", file);
	bash_options(file, global_options);
	fputs("\" file=0\n"
	      "\telif [ -z \"$verb\" ]; then\n"
	      "\t\twords=\"", file);
	bash_all_verbs(file);
	fputs("\"\n"
	      "\telif [ \"$domain$count\" = 10 ]; then\n"
	      "\t\twords=$(hvctl list --all --noheadings --raw --output NAME 2>/dev/null)\n"
	      "\t\tfile=0\n"
	      "\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	      "\t[[ ${COMPREPLY[0]} != *[=:] ]] || compopt -o nospace 2>/dev/null\n"
	      "\tif [ \"$file\" = 1 ]; then\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$cur\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _hvctl hvctl\n", file);
}

/* Inside of '...' and of a description of _arguments or _describe. */
static void zsh_text(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", file);
		else if (strchr("[]:\\", *text))
			fprintf(file, "\\%c", *text);
		else
			fputc(*text, file);
	}
}

static void zsh_option(FILE *file, const struct argp_option *option, const char *name,
		       const char *glue)
{
	fprintf(file, " \\\n\t\t\t'%s%s[", name, option->arg ? glue : "");
	zsh_text(file, option->doc ? option->doc : "");
	fputc(']', file);
	if (option->arg) {
		fputs(option->flags & OPTION_ARG_OPTIONAL ? "::" : ":", file);
		zsh_text(file, option->arg);
		if (option_takes_file(option))
			fputs(":_files", file);
		else if (*words_of_option(option))
			fprintf(file, ":(%s)", words_of_option(option));
		else
			fputs(": ", file);
	}
	fputc('\'', file);
}

static void zsh_options(FILE *file, const struct argp_option *option)
{
	char name[64];

	for (; more_options(option); option++) {
		if (option->flags & OPTION_HIDDEN)
			continue;
		if (option->name) {
			snprintf(name, sizeof(name), "--%s", option->name);
			/* "=-": the argument is no word of its own */
			zsh_option(file, option, name,
				   option->flags & OPTION_ARG_OPTIONAL ? "=-" : "=");
		}
		if (has_letter(option)) {
			snprintf(name, sizeof(name), "-%c", option->key);
			zsh_option(file, option, name, "+");
		}
	}
}

static void zsh_verb(FILE *file, const struct verb *verb)
{
	verb_pattern(file, verb);
	fputs("\n\t\t_arguments", file);
	zsh_options(file, verb->options);
	zsh_options(file, global_options);
	if (verb_takes_domain(verb))
		fputs(" \\\n\t\t\t'1:domain:_hvctl_domains'", file);
	if (!strcmp(verb->name, "help"))
		fputs(" \\\n\t\t\t'*:verb:_hvctl_verbs'", file);
	else if (*words_of(verb))
		fprintf(file, " \\\n\t\t\t'*:word:(%s)'", words_of(verb));
	else if (takes_file(verb))
		fputs(" \\\n\t\t\t'*:file:_files'", file);
	fputs("\n\t\t;;\n", file);
}

void completion_zsh(FILE *file)
{
	const struct verb *const *verb;

	fputs("#compdef hvctl\n"
	      "# zsh completion of hvctl, made by: hvctl completion zsh\n"
	      "_hvctl_domains() {\n"
	      "\tlocal -a names\n"
	      "\tnames=(${(f)\"$(hvctl list --all --noheadings --raw --output NAME 2>/dev/null)\"})\n"
	      "\tcompadd -a names\n"
	      "}\n"
	      "_hvctl_verbs() {\n"
	      "\tlocal -a verbs\n"
	      "\tverbs=(\n", file);
	for (verb = verbs; *verb; verb++) {
		fprintf(file, "\t\t'%s:", (*verb)->name);
		zsh_text(file, (*verb)->summary);
		fputs("'\n", file);
	}
	fputs("\t)\n"
	      "\t_describe verb verbs\n"
	      "}\n"
	      "_hvctl() {\n"
	      "\tlocal curcontext=$curcontext state line\n"
	      "\ttypeset -A opt_args\n"
	      "\t_arguments -C", file);
	zsh_options(file, global_options);
	fputs(" \\\n\t\t\t'(-)1:verb:_hvctl_verbs'"
	      " \\\n\t\t\t'(-)*::argument:->verb' && return\n"
	      "\t[ \"$state\" = verb ] || return\n"
	      "\tcase $words[1] in\n", file);
	for (verb = verbs; *verb; verb++)
		zsh_verb(file, *verb);
	fputs("\tesac\n"
	      "}\n"
	      "if [ \"$funcstack[1]\" = _hvctl ]; then _hvctl \"$@\"; else compdef _hvctl hvctl; fi\n",
	      file);
}
