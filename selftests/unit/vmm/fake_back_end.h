/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vhost-user back end for tests: a thread that speaks the protocol, rightly or
 * not. What is read from its disk is 0x5A, and its file system says yes to all;
 * requests are served where back_end_run() is called.
 */
#ifndef HVMOD_TEST_FAKE_BACK_END_H
#define HVMOD_TEST_FAKE_BACK_END_H

#include <stdbool.h>
#include <stdint.h>

enum back_end_kind {
	BACK_END_DISK,
	BACK_END_FS,
};

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
	enum back_end_kind kind;
	enum wrong wrong;
	uint32_t at;		/* this request */
	unsigned int most;	/* requests that it answers, 0: all; it takes the others */
	bool mute;		/* it sends no interrupts */
	/* What was seen. */
	bool memory_is_ours;	/* the mapping is the driver's memory */
	bool size_is_sealed;
	unsigned int regions;
	uint64_t features;
	unsigned int running;	/* queues */
	unsigned int stops;
	unsigned int served;
};

extern struct back_end back_end;

void back_end_start(enum back_end_kind kind, enum wrong wrong, uint32_t at);
/* The socket is closed, and the thread has ended. */
void back_end_stop(void);
/* It says something that it was not asked for. */
void back_end_speak(void);
bool back_end_run(void);

#endif
