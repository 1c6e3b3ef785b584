// SPDX-License-Identifier: GPL-2.0-only
/* The console. */
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>

#include "driver.h"
#include "paging.h"
#include "small_driver.h"
#include "tap.h"
#include "virtio_console.h"

#define CONFIG		0x1000	/* of the device, in its BAR */
#define RX		0
#define TX		1

static const struct driver_device console = {
	"console", small_console_create, RX, small_read_request, ANSWERED, 0
};

static void submit(unsigned int queue, uint16_t head)
{
	driver_submit(queue, head);
	driver_kick(queue);
	driver_pump();
}

static void type(const char *text)
{
	check(virtio_console_input(driver.device, (const uint8_t *)text, strlen(text)) ==
	      strlen(text));
}

static void test_output(void)
{
	static const char text[] = "out of the guest";
	size_t i;

	driver_attach(&console);
	driver_write(CONFIG + offsetof(struct virtio_console_config, emerg_wr), 4, '!');
	ok(small.output_bytes == 1 && small.output[0] == '!', "console: output before there are queues");
	driver_up(0);
	memcpy(driver_memory(DRIVER_DATA), text, sizeof(text));
	driver_desc(TX, 0, DRIVER_DATA, 4, F_NEXT, 1);
	driver_desc(TX, 1, DRIVER_DATA + 4, 12, 0, 0);
	submit(TX, 0);
	ok(small.output_bytes == 17 && !memcmp(small.output + 1, text, 16) &&
	   driver_used_length(TX, 0) == 0, "console: output in two pieces");
	for (i = 0; i < 5000; i++)
		*((char *)driver_memory(DRIVER_DATA) + i) = (char)(i % 251);
	driver_desc(TX, 0, DRIVER_DATA, 5000, 0, 0);
	submit(TX, 0);
	for (i = 0; i < 5000 && small.output[17 + i] == (char)(i % 251); i++)
		;
	ok(i == 5000 && small.output_bytes == 5017, "console: a lot of it");
	driver_desc(TX, 0, DRIVER_DATA, 4, F_WRITE, 0);
	submit(TX, 0);
	ok(driver_status() & NEEDS_RESET, "console: output that is to be written");
	driver_detach();
}

/* More than is put out at once; a reset does not wait for the rest. */
static void test_turns(void)
{
	const uint32_t bytes = 300000;
	unsigned int turns = 0;
	size_t most = 0;
	uint32_t i;

	driver_attach(&console);
	driver_up(0);
	for (i = 0; i < bytes; i++)
		*((char *)driver_memory(DRIVER_DATA) + i) = (char)(i % 251);
	driver_desc(TX, 0, DRIVER_DATA, 7, F_NEXT, 1);
	driver_desc(TX, 1, DRIVER_DATA + 7, bytes - 7, 0, 0);
	driver_submit(TX, 0);
	driver_kick(TX);
	while (turns < 100 && !driver_used(TX)) {
		size_t before = small.output_bytes;

		virtio_worker_step(driver.device, 0);
		if (small.output_bytes - before > most)
			most = small.output_bytes - before;
		turns++;
	}
	driver_pump();
	for (i = 0; i < bytes && small.output[i] == (char)(i % 251); i++)
		;
	ok(i == bytes && small.output_bytes == bytes && driver_used(TX) == 1, "console: 300000 bytes in order");
	ok(most == 65536, "console: %zu of them at once", most);
	small.output_bytes = 0;
	driver_submit(TX, 0);
	driver_kick(TX);
	virtio_worker_step(driver.device, 0);
	driver_set_status(0);
	driver_pump();
	ok(small.output_bytes < 200000 && driver_status() == 0, "console: a reset comes before the end of them");
	driver_up(0);
	small.output_bytes = 0;
	driver_desc(TX, 0, DRIVER_DATA, 5, 0, 0);
	submit(TX, 0);
	ok(small.output_bytes == 5 && driver_used(TX) == 1, "console: what follows begins at its beginning");
	driver_detach();
}

static void test_input(void)
{
	uint8_t much[5000];
	size_t taken;

	driver_attach(&console);
	driver_up(0);
	driver_desc(RX, 0, DRIVER_DATA, 40, F_WRITE, 0);
	driver_desc(RX, 1, DRIVER_DATA + 64, 40, F_NEXT | F_WRITE, 2);
	driver_desc(RX, 2, DRIVER_DATA + 128, 40, F_WRITE, 0);
	driver_submit(RX, 0);
	submit(RX, 1);
	driver_desc(RX, 3, DRIVER_DATA + 256, 8192, F_WRITE, 0);
	submit(RX, 3);
	ok(driver_used(RX) == 3 && driver_used_length(RX, 0) == 40 && driver_used_length(RX, 1) == 80 &&
	   driver_used_length(RX, 2) == 4096 - 120, "console: what was typed before is there");
	submit(RX, 0);
	ok(driver_used(RX) == 3, "console: a buffer waits");
	driver.message_count = 0;
	type("abc");
	driver_pump();
	ok(driver_used(RX) == 4 && driver_used_length(RX, 3) == 3 && driver.message_count == 1 &&
	   !memcmp(driver_memory(DRIVER_DATA), "abc", 3), "console: for what is typed");
	memset(much, 'y', sizeof(much));
	taken = virtio_console_input(driver.device, much, sizeof(much));
	ok(taken == 4096 && virtio_console_input(driver.device, much, 1) == 0, "console: it takes so much");
	driver_desc(RX, 0, DRIVER_DATA, 8192, F_WRITE, 0);
	submit(RX, 0);
	ok(driver_used_length(RX, 4) == 4096 && ((uint8_t *)driver_memory(DRIVER_DATA))[4095] == 'y',
	   "console: and gives it");
	driver_desc(RX, 0, DRIVER_DATA, 8, 0, 0);
	type("x");
	submit(RX, 0);
	ok(driver_status() & NEEDS_RESET, "console: a buffer to read");
	driver_detach();
}

int main(void)
{
	test_output();
	test_turns();
	test_input();
	return tap_done();
}
