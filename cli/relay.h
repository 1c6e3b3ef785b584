/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_RELAY_H
#define HVCTL_RELAY_H

#include <stdbool.h>

/**
 * enum relay_end - why a relay ended
 * @RELAY_EOF: the console was closed
 * @RELAY_ESCAPE: the escape key
 * @RELAY_SIGNAL: a signal
 * @RELAY_BROKEN: standard output can't be written to; errno
 */
enum relay_end {
	RELAY_EOF,
	RELAY_ESCAPE,
	RELAY_SIGNAL,
	RELAY_BROKEN,
};

/**
 * struct relay - between a console and our standard input and output
 * @console: stream socket
 * @escape: key that ends it, or TTY_ESCAPE_NONE
 * @readonly: type nothing
 * @no_input: do not even look at standard input
 * @signal: the signal that came, with RELAY_SIGNAL
 */
struct relay {
	int console;
	int escape;
	bool readonly;
	bool no_input;
	int signal;
};

/**
 * relay_block_signals() - block what relay_run() and relay_wait() watch for
 *
 * Before whatever must not be lost by a signal is begun.
 */
void relay_block_signals(void);

/** relay_raise() - die of a signal that came, as if it had not been blocked */
void relay_raise(int number);

/**
 * relay_run() - copy in both directions
 * @relay: what and how
 *
 * If standard input is a terminal it is raw in the meantime. If it is not, what
 * is read goes to the console until its end; the console is copied on then.
 *
 * Return: why it ended.
 */
enum relay_end relay_run(struct relay *relay);

/**
 * relay_wait() - wait until a descriptor can be read, or a blocked signal comes
 *
 * Return: the signal, 0 if it can be read.
 */
int relay_wait(int fd);

#endif
