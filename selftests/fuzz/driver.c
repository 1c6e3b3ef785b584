// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_NAME RUNS SEED: the same inputs in every run; fuzz_NAME FILE: that one.
 * An input that the sanitizers or the harness object to is kept in
 * crash-fuzz_NAME, in the working directory.
 */
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX	16384
#define SMALL_MAX	512
#define HANG_SECONDS	60	/* of CPU time */
#define CHECK_EVERY	4096

void __sanitizer_set_death_callback(void (*callback)(void));
#pragma weak fuzz_seed
#pragma weak fuzz_report

static uint8_t input[INPUT_MAX];
static size_t input_bytes;
static unsigned long run_number;
static const char *name;

/* abort() ends as sanitizers' reports do. */
const char *__asan_default_options(void)
{
	return "handle_abort=1:detect_leaks=1";
}

static void keep_input(void)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "crash-%s", name);
	file = fopen(path, "w");
	if (file) {
		fwrite(input, 1, input_bytes, file);
		fclose(file);
	}
	fprintf(stderr, "%s: input of run %lu is in %s\n", name, run_number,
		path);
}

static void hang(int number)
{
	static const char text[] = "a run takes too long\n";

	(void)number;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}

/* CPU time: on a busy machine the clock on the wall says nothing. */
static void limit_time(time_t seconds)
{
	const struct itimerval limit = { .it_value.tv_sec = seconds };

	signal(SIGPROF, hang);
	must(!setitimer(ITIMER_PROF, &limit, NULL));
}

/* xorshift64 */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fill_random(uint64_t *state)
{
	size_t i;

	input_bytes = 1 + next(state) % SMALL_MAX;
	for (i = 0; i < input_bytes; i += 8) {
		uint64_t r = next(state);

		memcpy(input + i, &r, 8);
	}
}

static void mutate(uint64_t *state)
{
	static const uint8_t edges[] = { 0, 1, 0x7F, 0x80, 0xFF };
	unsigned int changes = 1 + (unsigned int)(next(state) % 8);

	while (changes--) {
		size_t at = next(state) % input_bytes;
		uint64_t r = next(state);

		switch (r % 5) {
		case 0:
			input[at] ^= (uint8_t)(1U << (r >> 8 & 7));
			break;
		case 1:
			input[at] = (uint8_t)(r >> 16);
			break;
		case 2:
			memset(input + at, edges[(r >> 8) % sizeof(edges)],
			       input_bytes - at < 8 ? input_bytes - at : 8);
			break;
		case 3:
			input_bytes = at ? at : 1;
			break;
		case 4:
			input[at] = (uint8_t)(input[at] + (r >> 8) % 35 - 17);
			break;
		}
	}
}

static void make_input(uint64_t *state, unsigned int seeds)
{
	if (!seeds || next(state) & 1) {
		fill_random(state);
		return;
	}
	input_bytes = fuzz_seed((unsigned int)(next(state) % seeds), input,
				sizeof(input));
	mutate(state);
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file) {
		perror(path);
		return 2;
	}
	input_bytes = fread(input, 1, sizeof(input), file);
	fclose(file);
	return LLVMFuzzerTestOneInput(input, input_bytes);
}

/* A copy of its length alone, so that ASan sees one byte too far. */
static void run_input(void)
{
	uint8_t *copy = malloc(input_bytes);

	must(copy);
	memcpy(copy, input, input_bytes);
	LLVMFuzzerTestOneInput(copy, input_bytes);
	free(copy);
}

int main(int argc, char **argv)
{
	struct timespec begin, end;
	char report[256] = "";
	unsigned long runs;
	unsigned int seeds = 0;
	uint64_t state;
	double seconds;

	name = strrchr(argv[0], '/');
	name = name ? name + 1 : argv[0];
	__sanitizer_set_death_callback(keep_input);
	if (argc == 2)
		return run_file(argv[1]);
	if (argc != 3) {
		fprintf(stderr, "usage: %s RUNS SEED | FILE\n", name);
		return 2;
	}
	runs = strtoul(argv[1], NULL, 0);
	state = strtoull(argv[2], NULL, 0) * 0x9E3779B97F4A7C15ULL | 1;
	while (fuzz_seed && fuzz_seed(seeds, input, sizeof(input)))
		seeds++;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (run_number = 0; run_number < runs; run_number++) {
		if (run_number % CHECK_EVERY == 0)
			limit_time(HANG_SECONDS);
		make_input(&state, seeds);
		run_input();
	}
	limit_time(0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) +
		  (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	if (fuzz_report)
		fuzz_report(report, sizeof(report));
	printf("# %s: seed %s, %.0f s, %s\n", name, argv[2], seconds, report);
	printf("ok - %s: %lu runs without an objection\n", name, runs);
	return 0;
}
