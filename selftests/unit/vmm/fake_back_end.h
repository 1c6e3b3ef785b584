/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vhost-user-blk back end for tests: a thread that speaks the protocol, rightly or
 * not. What is read from its disk is 0x5A; requests are served where
 * fake_back_end_run() is called.
 */
#ifndef HVMOD_TEST_FAKE_BACK_END_H
#define HVMOD_TEST_FAKE_BACK_END_H

#include <stdbool.h>
#include <stdint.h>

/* What is wrong with it, from a message on. */
enum wrong {
	WRONG_NOTHING,
	WRONG_GOES,		/* closes the socket instead of an answer */
	WRONG_GOES_AFTER_HALF,	/* after half of the answer's header */
	WRONG_SILENT,
	WRONG_REQUEST,		/* answers another request */
	WRONG_NO_REPLY,		/* the answer is not said to be one */
	WRONG_VERSION,
	WRONG_SHORT,		/* an answer of no bytes */
	WRONG_LONG,		/* one that is one byte too long */
	WRONG_HUGE,		/* or 4 GiB */
	WRONG_VALUE,		/* no features, or refused, or another configuration */
};

struct back_end {
	char path[64];
	enum wrong wrong;
	uint32_t at;		/* this request */
	/* What was seen. */
	bool memory_is_ours;	/* the mapping is the driver's memory */
	bool size_is_sealed;
	unsigned int regions;
	uint64_t features;
	bool running;
	unsigned int stops;
	unsigned int served;
};

extern struct back_end back_end;

void back_end_start(enum wrong wrong, uint32_t at);
/* The socket is closed, and the thread has ended. */
void back_end_stop(void);
/* It says something that it was not asked for. */
void back_end_speak(void);
bool back_end_run(void);

#endif
