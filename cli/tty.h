/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_TTY_H
#define HVCTL_TTY_H

#include <stdbool.h>

#define TTY_ESCAPE_NONE		-1
#define TTY_ESCAPE_DEFAULT	0x1d	/* ^] */

/**
 * parse_escape() - an escape key: "^]", "^a", one character, or "none"
 *
 * Return: its code, TTY_ESCAPE_NONE, or -2 if it is no key.
 */
int parse_escape(const char *text);

/** escape_name() - the key as the user would write it; @text has 8 bytes */
const char *escape_name(int escape, char *text);

/**
 * tty_raw() - give every key of a terminal to us
 * @fd: the terminal
 *
 * exit() gives the terminal back too. To be called again when the process was
 * stopped and goes on.
 *
 * Return: 0, or -1 with errno.
 */
int tty_raw(int fd);

/** tty_restore() - give the terminal back as it was */
void tty_restore(void);

#endif
