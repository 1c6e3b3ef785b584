// SPDX-License-Identifier: GPL-2.0-only
/* The debug-exit port: every width, and the status that comes of a value. */
#include "compiler.h"
#include "debug_exit.h"
#include "tap.h"

static unsigned int ends;
static unsigned int outcome;
static char how[128];

static void end(void *ctx, enum vmm_outcome what, const char *text)
{
	(void)ctx;
	ends++;
	outcome = what;
	snprintf(how, sizeof(how), "%s", text);
}

static const struct {
	unsigned int size;
	uint64_t value;
	unsigned int status;
} writes[] = {
	{ 1, 0, 1 },
	{ 1, 1, 3 },
	{ 1, 0x10, 33 },
	{ 1, 0x7F, 255 },
	{ 1, 0x80, 1 },
	{ 2, 0x1234, 0x69 },
	{ 4, 0x12345678, 0xF1 },
	{ 4, 0xFFFFFFFF, 255 },
};

int main(void)
{
	struct debug_exit debug_exit = { .end = end, .port = 0x501 };
	struct bus ports = {};
	size_t i;

	ok(debug_exit_add(&debug_exit, &ports) == 0, "the port is added");
	for (i = 0; i < ARRAY_SIZE(writes); i++) {
		ends = 0;
		bus_write(&ports, 0x501, writes[i].size, writes[i].value);
		ok(ends == 1 && outcome == VMM_DEBUG_EXIT + writes[i].status &&
		   VMM_STATUS(outcome) == writes[i].status, "status %u: %s", writes[i].status, how);
	}
	ok(strstr(how, "0xffffffff to the debug-exit port 0x501"), "the text names value and port");
	ends = 0;
	bus_write(&ports, 0x500, 4, 1);
	bus_write(&ports, 0x505, 1, 1);
	bus_write(&ports, 0x502, 4, 1);
	ok(!ends, "its neighbours are not it");
	ok(bus_read(&ports, 0x501, 4) == 0 && !ends, "reading does nothing");
	ok(debug_exit_add(&debug_exit, &ports) != 0, "there is one at a port");
	return tap_done();
}
