// SPDX-License-Identifier: GPL-2.0-only
/* The weight of a domain: a file of its control group. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_weight.h"

#define WEIGHT_FILE	"cpu.weight"

/* Return: a descriptor of the file, or a negative errno value. */
static int open_weight(pid_t pid, int flags)
{
	char path[CGROUP_PATH_ROOM];
	char file[CGROUP_PATH_ROOM + 64];
	int fd;

	/* Another group may hold more than the one domain: leave it alone. */
	if (!cgroup_path(pid, path) || !cgroup_is_ours(path))
		return -ESRCH;
	snprintf(file, sizeof(file), CGROUP_ROOT "/%s/" WEIGHT_FILE, path);
	fd = open(file, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgroup_get_weight(pid_t pid, uint32_t *weight)
{
	int fd = open_weight(pid, O_RDONLY);
	char text[16];
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	*weight = (uint32_t)strtoul(text, NULL, 10);
	return *weight ? 0 : -EIO;
}

const char *cgroup_why_no_weight(void)
{
	struct statvfs fs;

	if (!statvfs(CGROUP_ROOT, &fs) && (fs.f_flag & ST_RDONLY))
		return CGROUP_ROOT " is read-only here, so that the domain has no control group\nhint: leave it out; in a unit of systemd ProtectControlGroups=no lets it be written to";
	return "the domain has no control group with weights\nhint: leave it out, or make the domain where cgroup v2 can be written to, as root may";
}

int cgroup_set_weight(pid_t pid, uint32_t weight)
{
	int fd = open_weight(pid, O_WRONLY);
	int ret;

	if (fd < 0)
		return fd;
	ret = dprintf(fd, "%u", weight) < 0 ? -errno : 0;
	close(fd);
	return ret;
}
