/* SPDX-License-Identifier: GPL-2.0-only */
/* What a harness and its driver know of each other. */
#ifndef HVMOD_FUZZ_H
#define HVMOD_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/**
 * fuzz_seed() - a good input, for a harness that has some
 * @n: which, from 0
 * @data: buffer
 * @max: its size
 *
 * Mutations of these make one half of the inputs. Without it all are random.
 *
 * Return: bytes of the input, 0 if there is no @n-th
 */
size_t fuzz_seed(unsigned int n, uint8_t *data, size_t max);

/**
 * fuzz_report() - what the runs led to, for a harness that counts
 * @text: buffer
 * @bytes: its size
 */
void fuzz_report(char *text, size_t bytes);

/* What must hold whatever the input is. */
#define must(condition)							\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: %s\n", __FILE__,	\
				__LINE__, #condition);			\
			abort();					\
		}							\
	} while (0)

#endif
