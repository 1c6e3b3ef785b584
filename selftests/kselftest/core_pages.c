// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints how many pages ring -1 owns and how many of these are free, for shell
 * tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <hvmod.h>

int main(void)
{
	struct hvmod_caps caps = { .size = sizeof(caps) };
	int fd = open("/dev/hvmod", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "core_pages: /dev/hvmod: %s\n", strerror(errno));
		return 4;
	}
	if (ioctl(fd, HVMOD_GET_CAPS, &caps)) {
		perror("core_pages: HVMOD_GET_CAPS");
		return 1;
	}
	printf("%llu %llu\n", (unsigned long long)caps.core_pages,
	       (unsigned long long)caps.core_free_pages);
	return 0;
}
