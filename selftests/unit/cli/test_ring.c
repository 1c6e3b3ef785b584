// SPDX-License-Identifier: GPL-2.0-only
/* The scroll-back of a console: alone, against a model, and with two threads. */
#include <pthread.h>
#include <stdlib.h>

#include "console_ring.h"
#include "tap.h"

#define SMALL	64

static void put(struct console_ring *ring, const char *text)
{
	console_ring_write(ring, (const uint8_t *)text, strlen(text));
}

static void test_small(void)
{
	struct console_ring ring;
	uint8_t data[SMALL + 1] = "";
	uint64_t position = 0, lost = 1;
	size_t n;

	console_ring_init(&ring, SMALL);
	n = console_ring_read(&ring, &position, data, SMALL, &lost);
	ok(!n && !lost && !position, "an empty ring");
	put(&ring, "hello");
	n = console_ring_read(&ring, &position, data, SMALL, &lost);
	ok(n == 5 && !lost && !memcmp(data, "hello", 5), "five bytes");
	ok(!position, "reading does not move the position");
	position = 5;
	ok(!console_ring_read(&ring, &position, data, SMALL, &lost), "nothing new");
	put(&ring, "0123456789012345678901234567890123456789012345678901234567890123");
	n = console_ring_read(&ring, &position, data, SMALL, &lost);
	ok(n == SMALL && !lost && data[0] == '0' && data[63] == '3', "exactly full");
	put(&ring, "x");
	n = console_ring_read(&ring, &position, data, SMALL, &lost);
	ok(n == SMALL && lost == 1 && position == 6 && data[0] == '1' && data[63] == 'x',
	   "one byte too late");
	position = 0;
	n = console_ring_read(&ring, &position, data, 3, &lost);
	ok(n == 3 && lost == 6 && !memcmp(data, "123", 3), "a short buffer, late");
	console_ring_free(&ring);
}

static void test_oversized(void)
{
	struct console_ring ring;
	uint8_t data[SMALL];
	char big[SMALL * 3 + 1];
	uint64_t position = 0, lost;
	size_t i;

	console_ring_init(&ring, SMALL);
	for (i = 0; i < sizeof(big) - 1; i++)
		big[i] = 'a' + i % 26;
	big[i] = '\0';
	put(&ring, "zz");
	put(&ring, big);
	ok(console_ring_read(&ring, &position, data, SMALL, &lost) == SMALL &&
	   lost == 2 + 2 * SMALL && !memcmp(data, big + 2 * SMALL, SMALL),
	   "of more than fits the end is kept");
	ok(console_ring_head(&ring) == 2 + 3 * SMALL, "all bytes count");
	console_ring_free(&ring);
}

/* Against the whole history, byte for byte. */
static void test_model(void)
{
	static uint8_t all[1 << 16];
	struct console_ring ring;
	size_t total = 0;
	bool good = true;
	int i;

	console_ring_init(&ring, 256);
	for (i = 0; i < 2000 && good; i++) {
		size_t len = random() % 40, j, n;
		uint64_t position = random() % (total + 1), asked = position, lost;
		uint8_t data[300];

		for (j = 0; j < len && total + j < sizeof(all); j++)
			all[total + j] = random();
		len = j;
		console_ring_write(&ring, all + total, len);
		total += len;
		n = console_ring_read(&ring, &position, data, random() % 300, &lost);
		good = position == asked + lost && position + n <= total &&
		       (total <= 256 || position >= total - 256) &&
		       !memcmp(data, all + position, n);
	}
	ok(good, "2000 random steps agree with the model");
	console_ring_free(&ring);
}

static struct console_ring shared;

static void *writer(void *data)
{
	uint8_t chunk[97];
	uint64_t i, n = 0;
	size_t j;

	(void)data;
	for (i = 0; i < 20000; i++) {
		for (j = 0; j < sizeof(chunk); j++)
			chunk[j] = n++ % 251;
		console_ring_write(&shared, chunk, sizeof(chunk));
	}
	return NULL;
}

static void test_threads(void)
{
	uint64_t position = 0, lost, end = 20000 * 97;
	uint8_t data[512];
	pthread_t thread;
	bool good = true;
	size_t n, i;

	console_ring_init(&shared, 4096);
	pthread_create(&thread, NULL, writer, NULL);
	while (position < end && good) {
		n = console_ring_read(&shared, &position, data, sizeof(data), &lost);
		for (i = 0; i < n; i++)
			good &= data[i] == (position + i) % 251;
		position += n;
	}
	pthread_join(thread, NULL);
	ok(good, "a reader beside a writer sees only what was written there");
	console_ring_free(&shared);
}

int main(void)
{
	test_small();
	test_oversized();
	test_model();
	test_threads();
	return tap_done();
}
