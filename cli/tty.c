// SPDX-License-Identifier: GPL-2.0-only
/* The terminal. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "tty.h"

static struct termios saved;
static int saved_fd = -1;

int parse_escape(const char *text)
{
	int c;

	if (!strcmp(text, "none"))
		return TTY_ESCAPE_NONE;
	if (strlen(text) == 1)
		return (unsigned char)text[0];
	if (text[0] != '^' || strlen(text) != 2)
		return -2;
	c = toupper((unsigned char)text[1]);
	if (c == '?')
		return 0x7f;
	/* ^@ to ^_ */
	return c >= 0x40 && c <= 0x5f ? c & 0x1f : -2;
}

const char *escape_name(int escape, char *text)
{
	if (escape == 0x7f)
		strcpy(text, "^?");
	else if (escape < 0x20)
		sprintf(text, "^%c", escape | 0x40);
	else
		sprintf(text, "%c", escape);
	return text;
}

/* At once: output that is held back must not keep us from it. */
void tty_restore(void)
{
	if (saved_fd < 0)
		return;
	tcsetattr(saved_fd, TCSANOW, &saved);
	saved_fd = -1;
}

int tty_raw(int fd)
{
	static bool registered;
	struct termios raw;

	if (saved_fd < 0) {
		if (tcgetattr(fd, &saved))
			return -1;
		if (!registered && !atexit(tty_restore))
			registered = true;
		saved_fd = fd;
	}
	raw = saved;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSANOW, &raw);
}
