// SPDX-License-Identifier: GPL-2.0-only
/*
 * insmod FILE [PARAMETER=VALUE...]
 *
 * busybox's own falls back to init_module() when finit_module() fails, so a module that refuses to
 * load has its init function run twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char parameters[4096] = "";
	size_t used = 0;
	int fd, i;

	if (argc < 2) {
		fprintf(stderr, "usage: insmod FILE [PARAMETER=VALUE...]\n");
		return 2;
	}
	for (i = 2; i < argc; i++) {
		used += snprintf(parameters + used, sizeof(parameters) - used, "%s ", argv[i]);
		if (used >= sizeof(parameters)) {
			fprintf(stderr, "insmod: the parameters are longer than %zu bytes\n", sizeof(parameters));
			return 2;
		}
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0)) {
		fprintf(stderr, "insmod: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 0;
}
