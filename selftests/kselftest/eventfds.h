/* SPDX-License-Identifier: GPL-2.0-only */
/* What eventfds.c and its guest agree on. */
#define PORT		0x1000
#define PORT_DONE	0x10
#define VECTOR_A	0x40
#define VECTOR_B	0x41
/* Words of guest memory: interrupts taken, rounds of the main loop. */
#define WORD_A		0x600
#define WORD_B		0x604
#define WORD_LOOPS	0x608
