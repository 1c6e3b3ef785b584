/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_COMPLETION_H
#define HVCTL_COMPLETION_H

#include <stdio.h>

/** completion_bash() - print a completion script for bash */
void completion_bash(FILE *file);

/** completion_zsh() - print one for zsh */
void completion_zsh(FILE *file);

/** manual_verbs() - print the verbs as mdoc(7), a section of hvctl(1) */
void manual_verbs(FILE *file);

#endif
