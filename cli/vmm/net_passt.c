// SPDX-License-Identifier: GPL-2.0-only
/* passt(1), a user-mode network: one that runs, or one for this domain alone. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"

#define CHILD_SOCKET	3
#define CHILD_FD	"3"

static int fail(int fd, int error, char *err, size_t err_size,
		const char *object, const char *text)
{
	snprintf(err, err_size, "%s: %s", object, text);
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

/**
 * net_passt_connect() - connect to a passt that runs
 * @path: its socket
 * @err: buffer for a message
 * @err_size: its size
 *
 * Return: the socket; or -1 with errno and the message
 */
int net_passt_connect(const char *path, char *err, size_t err_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *text;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return fail(-1, ENAMETOOLONG, err, err_size, path,
			    "the path is longer than that of a socket can be");
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(-1, errno, err, err_size, path, strerror(errno));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	switch (errno) {
	case ENOENT:
		text = "there is no such socket\nhint: start it: passt --socket PATH";
		/* Not the module: that is what ENOENT says to our caller. */
		return fail(fd, ENOTCONN, err, err_size, path, text);
	case ECONNREFUSED:
		text = "no passt listens there, or it has its one client\nhint: start another: passt --socket PATH";
		return fail(fd, errno, err, err_size, path, text);
	default:
		return fail(fd, errno, err, err_size, path, strerror(errno));
	}
}

static int spawn(int child_socket, int output, pid_t *pid)
{
	char *argv[] = { "passt", "--fd", CHILD_FD, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	int ret;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_adddup2(&actions, output, 2);
	posix_spawn_file_actions_adddup2(&actions, child_socket, CHILD_SOCKET);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attributes, &set);
	sigfillset(&set);
	posix_spawnattr_setsigdefault(&attributes, &set);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	ret = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return ret;
}

/* The last line of what it says until it ends or has gone to the background. */
static void last_line(int fd, char *line, size_t size)
{
	size_t len = 0;
	char byte;

	line[0] = '\0';
	while (read(fd, &byte, 1) == 1) {
		if (byte == '\n') {
			len = 0;
			continue;
		}
		if (len < size - 1)
			line[len++] = byte;
		line[len] = '\0';
	}
}

/**
 * net_passt_start() - start a passt for this domain; it ends with its socket
 * @err: buffer for a message
 * @err_size: its size
 *
 * Return: the socket; or -1 with errno and the message
 */
int net_passt_start(char *err, size_t err_size)
{
	int ends[2];
	int output[2];
	char line[256];
	char text[512];
	pid_t pid;
	int status;
	int ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return fail(-1, errno, err, err_size, "passt", strerror(errno));
	if (pipe2(output, O_CLOEXEC)) {
		ret = errno;
		close(ends[1]);
		return fail(ends[0], ret, err, err_size, "passt", strerror(ret));
	}
	ret = spawn(ends[1], output[1], &pid);
	close(ends[1]);
	close(output[1]);
	if (!ret)
		last_line(output[0], line, sizeof(line));
	close(output[0]);
	if (ret == ENOENT)
		return fail(ends[0], EHOSTUNREACH, err, err_size, "passt",
			    "it is not installed\nhint: install the package passt, or use a tap");
	if (ret)
		return fail(ends[0], ret, err, err_size, "passt", strerror(ret));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return ends[0];
	snprintf(text, sizeof(text),
		 "it did not start: %s\nhint: try it alone: passt --foreground --stderr",
		 line[0] ? line : "it says nothing");
	return fail(ends[0], EHOSTUNREACH, err, err_size, "passt", text);
}
