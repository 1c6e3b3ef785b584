// SPDX-License-Identifier: GPL-2.0-only
/*
 * One request after the other, with nothing else before and after, so that who
 * counts exits on the host counts those of the requests.
 *
 *	requests read DEVICE COUNT	O_DIRECT, 4 KiB
 *	requests udp ADDRESS COUNT	1 KiB to the echo port and back
 *
 * Says "begin KIND", is quiet, makes its requests, is quiet for long, and says
 * "end KIND COUNT TICKS", ticks of the TSC for all of them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

#define BLOCK		4096
#define BYTES		1024
#define ECHO_PORT	7
#define QUIET_BEFORE	4	/* seconds */
#define QUIET_AFTER	20

static char buffer[BLOCK] __attribute__((aligned(BLOCK)));
static char answer[BLOCK];

static void die(const char *what)
{
	printf("REQUESTS-FAILED: %s: %s\n", what, strerror(errno));
	exit(1);
}

static off_t device_bytes;

static int read_open(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECT);

	if (fd < 0)
		die(name);
	device_bytes = lseek(fd, 0, SEEK_END);
	if (device_bytes < BLOCK)
		die("size of the device");
	return fd;
}

static void read_one(int fd, uint32_t number)
{
	if (pread(fd, buffer, BLOCK, (off_t)number * BLOCK % (device_bytes / BLOCK * BLOCK)) != BLOCK)
		die("read");
}

static int udp_open(const char *name)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(ECHO_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet_pton(AF_INET, name, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die(name);
	return fd;
}

static void udp_one(int fd, uint32_t number)
{
	memcpy(buffer, &number, sizeof(number));
	if (send(fd, buffer, BYTES, 0) != BYTES)
		die("send");
	if (recv(fd, answer, sizeof(answer), 0) != BYTES || memcmp(buffer, answer, BYTES))
		die("the answer");
}

static const struct {
	const char *name;
	int (*open)(const char *name);
	void (*one)(int fd, uint32_t number);
} kinds[] = {
	{ "read", read_open, read_one },
	{ "udp", udp_open, udp_one },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint32_t count = strtoul(argv[3], NULL, 10);
		uint64_t start, ticks;
		int fd;

		if (strcmp(argv[1], kinds[i].name))
			continue;
		fd = kinds[i].open(argv[2]);
		/* What is needed once: page faults, the neighbour's address. */
		for (uint32_t n = 0; n < 20; n++)
			kinds[i].one(fd, n);
		printf("begin %s\n", argv[1]);
		fflush(stdout);
		sleep(QUIET_BEFORE);
		start = __rdtsc();
		for (uint32_t n = 0; n < count; n++)
			kinds[i].one(fd, n);
		ticks = __rdtsc() - start;
		sleep(QUIET_AFTER);
		printf("end %s %u %llu\n", argv[1], count, (unsigned long long)ticks);
		return 0;
	}
	fprintf(stderr, "usage: requests read DEVICE COUNT | requests udp ADDRESS COUNT\n");
	return 2;
}
