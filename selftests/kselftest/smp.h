/* SPDX-License-Identifier: GPL-2.0-only */
/* What smp.c and its guest agree on. */
#define VECTOR_PING	0x40
#define VECTOR_PONG	0x41
#define SIPI_VECTOR	0x02
/* Words of guest memory. */
#define WORD_UP		0x600	/* vCPUs that INIT and SIPI brought up */
#define WORD_ROUNDS	0x604	/* pings that were answered */
#define WORD_GO		0x608	/* rounds that the test wants */
#define WORD_SPIN	0x60c	/* vCPUs spin instead of halting */
#define WORD_PINGS	0x610	/* pings taken, one word a vCPU */
