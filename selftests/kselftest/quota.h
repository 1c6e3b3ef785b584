/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of quotas share: setting them, vCPUs that run, and how much they ran. */
#ifndef KSELFTEST_QUOTA_H
#define KSELFTEST_QUOTA_H

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "guest.h"

#define PERIODS		20
#define MEASURE_US	(PERIODS * HVMOD_PERIOD_US)

static int device;

static inline int get_quota(uint32_t id, struct hvmod_quota *quota)
{
	memset(quota, 0, sizeof(*quota));
	quota->size = sizeof(*quota);
	quota->id = id;
	return ioctl(device, HVMOD_GET_QUOTA, quota);
}

/* Return: 0 or an errno. */
static inline int set_quota(int fd, uint32_t id, struct hvmod_quota quota)
{
	quota.size = sizeof(quota);
	quota.id = id;
	return ioctl(fd, HVMOD_SET_QUOTA, &quota) ? errno : 0;
}

static inline int set_cap(int fd, uint32_t id, uint32_t percent)
{
	return set_quota(fd, id, (struct hvmod_quota){ .flags = HVMOD_QUOTA_CPU,
						       .cpu_cap = percent });
}

static inline int set_memory(int fd, uint32_t id, uint64_t mem_max, uint64_t held_max)
{
	return set_quota(fd, id, (struct hvmod_quota){ .flags = HVMOD_QUOTA_MEMORY,
						       .mem_max = mem_max, .held_max = held_max });
}

static inline void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		err(1, "%s", path);
}

/* Of the module. */
static inline void set_parameter(const char *name, long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/module/hvmod/parameters/%s", name);
	snprintf(text, sizeof(text), "%ld\n", value);
	write_text(path, text);
}

/* A thread that runs a vCPU again and again, whatever comes. */
struct runner {
	struct guest *guest;
	unsigned int index;
	int nice;
	pthread_t thread;
	volatile bool stop;
};

static inline void *run(void *data)
{
	struct runner *runner = data;

	if (runner->nice)
		setpriority(PRIO_PROCESS, syscall(SYS_gettid), runner->nice);
	while (!runner->stop)
		ioctl(runner->guest->vcpu[runner->index], HVMOD_VCPU_RUN);
	return NULL;
}

static inline void run_begin(struct runner *runner, struct guest *guest, unsigned int index, int nice)
{
	*runner = (struct runner){ .guest = guest, .index = index, .nice = nice };
	if (pthread_create(&runner->thread, NULL, run, runner))
		errx(1, "no thread");
}

static inline void run_end(struct runner *runner)
{
	runner->stop = true;
	ioctl(runner->guest->vcpu[runner->index], HVMOD_VCPU_KICK);
	pthread_join(runner->thread, NULL);
}

static inline uint64_t run_ns(struct guest *guest)
{
	struct hvmod_domain_info info = { .size = sizeof(info) };

	need(ioctl(guest->fd, HVMOD_DOMAIN_INFO, &info), "HVMOD_DOMAIN_INFO");
	return info.run_ns;
}

static inline uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* CPU time of @count guests over @us, in percent of one processor. */
static inline void measure(struct guest *guests, unsigned int count, unsigned int us, double *percent)
{
	uint64_t start = now_ns(), before[8], ns;
	unsigned int i;

	for (i = 0; i < count; i++)
		before[i] = run_ns(&guests[i]);
	usleep(us);
	for (i = 0; i < count; i++)
		percent[i] = run_ns(&guests[i]) - before[i];
	ns = now_ns() - start;
	for (i = 0; i < count; i++)
		percent[i] = 100 * percent[i] / ns;
}

#endif
