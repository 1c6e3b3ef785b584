// SPDX-License-Identifier: GPL-2.0-only
/*
 * changes NAME COUNT: make a domain, change its state so many times as fast as
 * that goes, and let it go. Readers of events are tested with it.
 */
#include "guest.h"

int main(int argc, char **argv)
{
	struct guest guest;
	unsigned int count, i;

	if (argc != 3)
		errx(2, "usage: changes NAME COUNT");
	count = strtoul(argv[2], NULL, 10);
	need(guest_create(device_open(), &guest, argv[1], 1, 1 << 16), "HVMOD_DOMAIN_CREATE");
	for (i = 0; i < count; i++)
		guest_set_state(&guest, i & 1 ? HVMOD_STATE_PAUSED : HVMOD_STATE_RUNNING,
				HVMOD_REASON_NONE);
	guest_end(&guest);
	return 0;
}
