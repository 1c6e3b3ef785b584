// SPDX-License-Identifier: GPL-2.0-only
/*
 * A load of processors that talk to each other: wake-ups through pipes and
 * futexes, yielding, membarrier(), TLB shootdowns, and threads that change
 * processors. What can be counted is, so that a lost wake-up hangs and a lost
 * update shows. For the small guest's init.
 *
 *	load ROUNDS
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX	128

static int processors, rounds;

struct worker {
	pthread_t thread;
	int index;
	void *(*main)(void *worker);
	int in, out;			/* of a ring of pipes */
	unsigned long failures;
};

static struct worker workers[THREADS_MAX];

static void die(const char *what)
{
	printf("LOAD-FAILED: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A ring of threads: each hands a growing number to the next. */
static void *ring(void *data)
{
	struct worker *w = data;
	uint32_t number;

	for (int i = 0; i < rounds; i++) {
		if (read(w->in, &number, sizeof(number)) != sizeof(number))
			die("read from a pipe");
		w->failures += number != (uint32_t)i + !!w->index;
		number += !w->index;
		if (write(w->out, &number, sizeof(number)) != sizeof(number))
			die("write to a pipe");
	}
	return NULL;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long under_mutex, under_spin;
static int spin;

static void *locks(void *data)
{
	for (int i = 0; i < rounds; i++) {
		pthread_mutex_lock(&mutex);
		under_mutex++;
		pthread_mutex_unlock(&mutex);
		while (__atomic_exchange_n(&spin, 1, __ATOMIC_ACQUIRE))
			sched_yield();
		under_spin++;
		__atomic_store_n(&spin, 0, __ATOMIC_RELEASE);
	}
	return data;
}

static pthread_barrier_t barrier;

/* All wait for all, again and again: futex wake-ups of many. */
static void *barriers(void *data)
{
	for (int i = 0; i < rounds / 4; i++)
		pthread_barrier_wait(&barrier);
	return data;
}

/* Every running thread of the process is interrupted. */
static void *membarriers(void *data)
{
	struct worker *w = data;

	for (int i = 0; i < rounds / 4; i++)
		w->failures += syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0;
	return NULL;
}

/* What one processor unmaps the others may not use any more. */
static void *shootdowns(void *data)
{
	struct worker *w = data;
	size_t bytes = 4 * 4096;

	for (int i = 0; i < rounds / 4; i++) {
		uint32_t *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

		if (p == MAP_FAILED)
			die("mmap");
		w->failures += *p != 0;
		*p = i + 1;
		if (mprotect(p, bytes, PROT_READ))
			die("mprotect");
		w->failures += *p != (uint32_t)i + 1;
		munmap(p, bytes);
	}
	return NULL;
}

static void *migrations(void *data)
{
	struct worker *w = data;

	for (int i = 0; i < rounds / 4; i++) {
		int cpu = (w->index + i) % processors;
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			die("sched_setaffinity");
		w->failures += sched_getcpu() != cpu;
	}
	return NULL;
}

static void *sleeps(void *data)
{
	struct timespec t = { 0, 200000 };

	for (int i = 0; i < rounds / 8; i++)
		nanosleep(&t, NULL);
	return data;
}

static unsigned long run(const char *name, int threads, void *(*first)(void *), void *(*second)(void *))
{
	struct timespec from, to;
	unsigned long failures = 0;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < threads; i++) {
		struct worker *w = &workers[i];

		w->index = i;
		w->failures = 0;
		w->main = i & 1 ? second : first;
		if (pthread_create(&w->thread, NULL, w->main, w))
			die("pthread_create");
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		failures += workers[i].failures;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("load: %s: %d threads, %lu failures, %ld ms\n", name, threads, failures,
	       (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000);
	return failures;
}

static unsigned long run_ring(int threads)
{
	uint32_t zero = 0;
	int pipes[THREADS_MAX][2];
	unsigned long failures;

	for (int i = 0; i < threads; i++)
		if (pipe(pipes[i]))
			die("pipe");
	for (int i = 0; i < threads; i++) {
		workers[i].in = pipes[i][0];
		workers[i].out = pipes[(i + 1) % threads][1];
	}
	if (write(pipes[0][1], &zero, sizeof(zero)) != sizeof(zero))
		die("write to a pipe");
	failures = run("ring of pipes", threads, ring, ring);
	for (int i = 0; i < threads; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	return failures;
}

int main(int argc, char **argv)
{
	unsigned long failures;
	int threads;

	setvbuf(stdout, NULL, _IOLBF, 0);
	rounds = argc > 1 ? atoi(argv[1]) : 1000;
	processors = sysconf(_SC_NPROCESSORS_ONLN);
	threads = 2 * processors;
	if (rounds < 8 || threads < 2 || threads > THREADS_MAX) {
		printf("LOAD-FAILED: %d rounds, %d processors\n", rounds, processors);
		return 1;
	}
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
		die("membarrier");
	pthread_barrier_init(&barrier, NULL, threads);

	failures = run_ring(threads);
	failures += run("locks", threads, locks, locks);
	if (under_mutex != (unsigned long)threads * rounds || under_spin != under_mutex) {
		printf("load: %lu and %lu updates, not %lu\n", under_mutex, under_spin,
		       (unsigned long)threads * rounds);
		failures++;
	}
	failures += run("barriers", threads, barriers, barriers);
	failures += run("membarrier and sleep", threads, membarriers, sleeps);
	failures += run("shootdowns and migrations", threads, shootdowns, migrations);
	printf("%s: %d processors, %d rounds\n", failures ? "LOAD-FAILED" : "LOAD-OK", processors, rounds);
	return failures != 0;
}
