// SPDX-License-Identifier: GPL-2.0-only
/*
 * changes NAME COUNT [MICROSECONDS]: make a domain, change its state so many
 * times as fast as that goes, or with so long a pause behind each, and let it
 * go. Readers of events are tested with it.
 */
#include "guest.h"

int main(int argc, char **argv)
{
	struct guest guest;
	unsigned int count, pause_us, i;

	if (argc != 3 && argc != 4)
		errx(2, "usage: changes NAME COUNT [MICROSECONDS]");
	count = strtoul(argv[2], NULL, 10);
	pause_us = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	need(guest_create(device_open(), &guest, argv[1], 1, 1 << 16), "HVMOD_DOMAIN_CREATE");
	for (i = 0; i < count; i++) {
		guest_set_state(&guest, i & 1 ? HVMOD_STATE_PAUSED : HVMOD_STATE_RUNNING,
				HVMOD_REASON_NONE);
		if (pause_us)
			usleep(pause_us);
	}
	guest_end(&guest);
	return 0;
}
