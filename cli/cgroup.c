// SPDX-License-Identifier: GPL-2.0-only
/*
 * A control group for each domain, hvmod.slice/NAME of cgroup v2: the VMM process
 * and its vCPU threads live there, so that ordinary tools see and limit them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "cgroup.h"
#include "compiler.h"

#define SLICE		"hvmod.slice"
#define TRIES		10

/* One at a time: a kernel without one of them refuses them all. */
static const char *const controllers[] = { "+cpu", "+cpuset", "+memory", "+io", "+pids" };

static bool write_text(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return done;
}

static void enable_controllers(int dir)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(controllers); i++)
		write_text(dir, "cgroup.subtree_control", controllers[i]);
}

static int open_root(void)
{
	int fd = open(CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd >= 0 && !fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* In /proc/PID/cgroup it is the path behind "0::". */
bool cgroup_path(pid_t pid, char *path)
{
	char name[32] = "/proc/self/cgroup";
	FILE *file;
	char line[CGROUP_PATH_ROOM];
	bool found = false;

	if (pid)
		snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	file = fopen(name, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strncmp(line, "0::/", 4);
	}
	if (file)
		fclose(file);
	if (found)
		snprintf(path, CGROUP_PATH_ROOM, "%s", line + 4);
	return found;
}

bool cgroup_is_ours(const char *path)
{
	return !strncmp(path, SLICE "/", sizeof(SLICE));
}

static int open_procs(int root, const char *path)
{
	char file[CGROUP_PATH_ROOM + 16];

	snprintf(file, sizeof(file), "%s%scgroup.procs", path, *path ? "/" : "");
	return openat(root, file, O_WRONLY | O_CLOEXEC);
}

/* Groups whose process was killed; one that is in use is not removed. */
static void sweep(int slice)
{
	int copy = openat(slice, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!stream) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((entry = readdir(stream))) {
		if (entry->d_type == DT_DIR && *entry->d_name != '.')
			unlinkat(slice, entry->d_name, AT_REMOVEDIR);
	}
	closedir(stream);
}

static int open_slice(int root)
{
	int fd;

	if (mkdirat(root, SLICE, 0755) && errno != EEXIST)
		return -1;
	fd = openat(root, SLICE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		enable_controllers(root);
		enable_controllers(fd);
		sweep(fd);
	}
	return fd;
}

static void close_group(struct cgroup *group)
{
	if (group->slice >= 0)
		close(group->slice);
	if (group->back >= 0 && !group->told)
		close(group->back);
	if (group->root >= 0 && !group->told)
		close(group->root);
	group->slice = -1;
	group->back = -1;
	group->root = -1;
}

/* A domain that was renamed keeps the directory of its first name. */
static bool make_directory(struct cgroup *group, const char *name)
{
	snprintf(group->name, sizeof(group->name), "%s", name);
	if (!mkdirat(group->slice, group->name, 0755))
		return true;
	if (errno != EEXIST)
		return false;
	snprintf(group->name, sizeof(group->name), "%s-%d", name, getpid());
	return !mkdirat(group->slice, group->name, 0755);
}

static bool enter(struct cgroup *group, const char *name)
{
	char file[sizeof(group->name) + 16];
	unsigned int tries;

	/* As long as it is empty another one may sweep it away. */
	for (tries = 0; tries < TRIES; tries++) {
		if (!make_directory(group, name))
			return false;
		snprintf(file, sizeof(file), "%s/cgroup.procs", group->name);
		if (write_text(group->slice, file, "0"))
			return true;
		unlinkat(group->slice, group->name, AT_REMOVEDIR);
	}
	return false;
}

void cgroup_enter(struct cgroup *group, const char *name)
{
	char path[CGROUP_PATH_ROOM];
	int root = open_root();

	group->slice = -1;
	group->back = -1;
	group->root = -1;
	if (root < 0)
		return;
	if (cgroup_path(0, path) && !cgroup_is_ours(path)) {
		group->back = open_procs(root, path);
		group->root = open_procs(root, "");
		group->slice = open_slice(root);
		if (group->slice < 0 || !enter(group, name))
			close_group(group);
	}
	close(root);
}

unsigned int cgroup_doors(struct cgroup *group, int *doors)
{
	unsigned int count = 0;

	group->told = true;
	if (group->back >= 0)
		doors[count++] = group->back;
	if (group->root >= 0)
		doors[count++] = group->root;
	return count;
}

void cgroup_leave(struct cgroup *group)
{
	if (group->slice < 0)
		return;
	/* Where it was before may be gone. */
	if (write(group->back, "0", 1) == 1 || write(group->root, "0", 1) == 1)
		unlinkat(group->slice, group->name, AT_REMOVEDIR);
	close_group(group);
}
