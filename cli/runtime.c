// SPDX-License-Identifier: GPL-2.0-only
/* The runtime directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "domains.h"
#include "name.h"
#include "runtime.h"

#define SYSTEM_DIR	"/run/hvmod"
#define PATH_ROOM	4096
#define LOG_KEPT_S	86400

/* Root makes the system's directory for the group, a user one for himself. */
static int make_directory(const char *path, bool shared)
{
	struct group *group = shared ? getgrnam("hvmod") : NULL;
	int fd;

	if (mkdir(path, 0700) && errno != EEXIST)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	if (group && !geteuid() &&
	    (fchown(fd, 0, group->gr_gid) || fchmod(fd, 02770))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Whoever can write there can replace sockets: not everybody, then. */
static int open_directory(const char *path, bool shared)
{
	int fd = make_directory(path, shared);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || (st.st_mode & 0002) ||
	    (st.st_uid && st.st_uid != geteuid()) ||
	    faccessat(fd, ".", W_OK | X_OK, AT_EACCESS)) {
		close(fd);
		errno = EACCES;
		return -1;
	}
	return fd;
}

static const char *own_directory(void)
{
	const char *own = secure_getenv("HVMOD_RUNTIME_DIR");

	return own && *own ? own : NULL;
}

const char *runtime_relative(void)
{
	const char *own = own_directory();

	return own && *own != '/' ? own : NULL;
}

const char *runtime_hint(void)
{
	if (own_directory())
		return "HVMOD_RUNTIME_DIR has to be a directory of yours or root's, in one that is there, which not everybody may write to";
	if (!geteuid())
		return "it has to be root's, and not everybody may write to it";
	return "log in properly, or set HVMOD_RUNTIME_DIR to a directory of yours";
}

int runtime_open(char *path, size_t size)
{
	const char *own = own_directory();
	const char *base = secure_getenv("XDG_RUNTIME_DIR");
	int fd;

	snprintf(path, size, "%s", own ? own : SYSTEM_DIR);
	fd = open_directory(path, !own);
	if (fd >= 0 || own || !geteuid())
		return fd;
	if (base && *base)
		snprintf(path, size, "%s/hvmod", base);
	else
		snprintf(path, size, "/run/user/%u/hvmod", geteuid());
	return open_directory(path, false);
}

void runtime_address(int dir, uint32_t id, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path),
		 "/proc/self/fd/%d/%u.sock", dir, id);
}

static int connect_in(const char *path, int socket_fd, uint32_t id)
{
	struct sockaddr_un address;
	int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret, err;

	if (dir < 0)
		return -1;
	runtime_address(dir, id, &address);
	ret = connect(socket_fd, (struct sockaddr *)&address, sizeof(address));
	err = errno;
	close(dir);
	errno = err;
	return ret;
}

int runtime_connect(int socket_fd, const struct hvmod_domain_info *info)
{
	const char *own = own_directory();
	const char *base = secure_getenv("XDG_RUNTIME_DIR");
	char path[PATH_ROOM];
	int err = ENOENT;

	if (own)
		return connect_in(own, socket_fd, info->id);
	if (!connect_in(SYSTEM_DIR, socket_fd, info->id))
		return 0;
	if (errno != ENOENT)
		err = errno;
	snprintf(path, sizeof(path), "/run/user/%u/hvmod", info->owner_uid);
	if (!connect_in(path, socket_fd, info->id))
		return 0;
	if (errno != ENOENT)
		err = errno;
	if (base && *base) {
		snprintf(path, sizeof(path), "%s/hvmod", base);
		if (!connect_in(path, socket_fd, info->id))
			return 0;
	}
	if (errno == ENOENT)
		errno = err;
	return -1;
}

int runtime_log(int dir, uint32_t id)
{
	char file[32];

	snprintf(file, sizeof(file), "%u.log", id);
	unlinkat(dir, file, 0);
	return openat(dir, file, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
		      0600);
}

void runtime_remove(int dir, uint32_t id, int log)
{
	char file[32];

	snprintf(file, sizeof(file), "%u.sock", id);
	unlinkat(dir, file, 0);
	if (!log)
		return;
	snprintf(file, sizeof(file), "%u.log", id);
	unlinkat(dir, file, 0);
}

/* "17.sock" and "17.log" to 17; anything else is not ours. */
static bool parse_file(const char *file, uint32_t *id, bool *is_log)
{
	const char *dot = strchr(file, '.');
	char number[16];

	if (!dot || (size_t)(dot - file) >= sizeof(number))
		return false;
	memcpy(number, file, dot - file);
	number[dot - file] = '\0';
	*is_log = !strcmp(dot, ".log");
	return (*is_log || !strcmp(dot, ".sock")) && !parse_id(number, id);
}

static void sweep_file(int dir, int device, const char *file)
{
	struct hvmod_domain_info info;
	struct stat st;
	uint32_t id;
	bool is_log;

	if (!parse_file(file, &id, &is_log))
		return;
	/*
	 * The file was there first and the kernel is asked afterwards: a domain
	 * is in the kernel's list before its files are made.
	 */
	if (!domain_by_id(device, id, &info) || errno != ENOENT)
		return;
	if (is_log && !fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) &&
	    time(NULL) - st.st_mtime < LOG_KEPT_S)
		return;
	unlinkat(dir, file, 0);
}

void runtime_sweep(int dir, int device)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!stream) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((entry = readdir(stream)))
		sweep_file(dir, device, entry->d_name);
	closedir(stream);
}
