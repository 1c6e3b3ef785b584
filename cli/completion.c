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

static bool takes_file(const struct verb *verb)
{
	return verb->args && (strstr(verb->args, "FILE") || strstr(verb->args, "KERNEL"));
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

static void bash_verb(FILE *file, const struct verb *verb)
{
	fprintf(file, "\t%s) options=\"", verb->name);
	bash_options(file, verb->options);
	fprintf(file, "\" words=\"%s\" domain=%d file=%d ;;\n", words_of(verb),
		verb_takes_domain(verb), takes_file(verb));
}

void completion_bash(FILE *file)
{
	const struct verb *const *verb;

	fputs("# bash completion of hvctl, made by: hvctl completion bash\n"
	      "_hvctl() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb='' options='' words='' domain=0 file=0 count=0 i\n\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) if [ -z \"$verb\" ]; then verb=${COMP_WORDS[i]}; else count=$((count + 1)); fi ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tcase $verb in\n"
	      "\t'' | help) words=\"", file);
	for (verb = verbs; *verb; verb++)
		fprintf(file, "%s%s", verb == verbs ? "" : " ", (*verb)->name);
	fputs("\" ;;\n", file);
	for (verb = verbs; *verb; verb++) {
		if (strcmp((*verb)->name, "help"))
			bash_verb(file, *verb);
	}
	fputs("\tesac\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\twords=\"$options", file);
	bash_options(file, global_options);
	fputs("\"\n"
	      "\t\tdomain=0 file=0\n"
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
		fputs(strstr(option->arg, "FILE") ? ":_files" : ": ", file);
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
			zsh_option(file, option, name, "=-");
		}
		if (has_letter(option)) {
			snprintf(name, sizeof(name), "-%c", option->key);
			zsh_option(file, option, name, "+");
		}
	}
}

static void zsh_verb(FILE *file, const struct verb *verb)
{
	fprintf(file, "\t%s)\n\t\t_arguments", verb->name);
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
	      "\tif ((CURRENT == 2)); then\n"
	      "\t\t_hvctl_verbs\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tshift words\n"
	      "\t((CURRENT--))\n"
	      "\tcase $words[1] in\n", file);
	for (verb = verbs; *verb; verb++)
		zsh_verb(file, *verb);
	fputs("\tesac\n"
	      "}\n"
	      "if [ \"$funcstack[1]\" = _hvctl ]; then _hvctl \"$@\"; else compdef _hvctl hvctl; fi\n",
	      file);
}
