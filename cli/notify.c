// SPDX-License-Identifier: GPL-2.0-only
/* What a unit with Type=notify waits for. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hvctl.h"
#include "notify.h"

static int notify_fd = -1;

void notify_open(void)
{
	const char *path = secure_getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;

	if (len < 2 || len > sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, len);
	/* A name in the abstract name space. */
	if (*path == '@')
		address.sun_path[0] = '\0';
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify_fd < 0)
		return;
	if (!connect(notify_fd, (struct sockaddr *)&address,
		     offsetof(struct sockaddr_un, sun_path) + len))
		return;
	close(notify_fd);
	notify_fd = -1;
}

void notify_ready(uint32_t id, const char *name)
{
	char text[HVMOD_NAME_MAX + 64];
	int len;

	if (notify_fd < 0)
		return;
	len = snprintf(text, sizeof(text), "READY=1\nSTATUS=domain %u, %s", id, name);
	/* The manager's own time-out deals with what does not arrive. */
	if (write(notify_fd, text, len) < 0)
		return;
}
