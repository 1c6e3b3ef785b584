// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection by AF_VSOCK: what is read from standard input is sent, what is
 * received is written to standard output, until both ends have said all. For the
 * small guest and for the host.
 *
 *	vsock connect CID PORT
 *	vsock listen PORT		takes one connection
 *	vsock cid			prints the machine's own CID
 *
 * Exit status: 0; 1: an error, which it prints.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

static int fail(const char *what)
{
	fprintf(stderr, "vsock: %s: %s\n", what, strerror(errno));
	return 1;
}

static int print_cid(void)
{
	unsigned int cid;
	int fd = open("/dev/vsock", O_RDONLY);

	if (fd < 0 || ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid))
		return fail("/dev/vsock");
	printf("%u\n", cid);
	return 0;
}

static int write_all(int fd, const char *from, size_t bytes)
{
	while (bytes) {
		ssize_t done = write(fd, from, bytes);

		if (done < 0)
			return -1;
		from += done;
		bytes -= (size_t)done;
	}
	return 0;
}

static int copy(int from, int to, const char *what)
{
	static char buffer[65536];
	ssize_t bytes;

	do {
		bytes = read(from, buffer, sizeof(buffer));
		if (bytes < 0 || write_all(to, buffer, (size_t)bytes))
			return fail(what);
	} while (bytes);
	return 0;
}

/* Two processes: who can't send any more has to receive all the same. */
static int talk(int fd)
{
	pid_t pid = fork();
	int status;
	int ret;

	if (pid < 0)
		return fail("fork");
	if (!pid) {
		ret = copy(STDIN_FILENO, fd, "sending");
		shutdown(fd, SHUT_WR);
		_exit(ret);
	}
	ret = copy(fd, STDOUT_FILENO, "receiving");
	if (waitpid(pid, &status, 0) != pid)
		return fail("waiting");
	return ret || status;
}

static int call(unsigned int cid, unsigned int port)
{
	struct sockaddr_vm to = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fail("connecting");
	return talk(fd);
}

static int take(unsigned int port)
{
	struct sockaddr_vm here = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port };
	int server = socket(AF_VSOCK, SOCK_STREAM, 0);
	int fd;

	if (server < 0 || bind(server, (struct sockaddr *)&here, sizeof(here)) || listen(server, 1))
		return fail("listening");
	fd = accept(server, NULL, NULL);
	if (fd < 0)
		return fail("accepting");
	close(server);
	return talk(fd);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "connect"))
		return call((unsigned int)strtoul(argv[2], NULL, 0), (unsigned int)strtoul(argv[3], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "listen"))
		return take((unsigned int)strtoul(argv[2], NULL, 0));
	if (argc == 2 && !strcmp(argv[1], "cid"))
		return print_cid();
	fprintf(stderr, "usage: vsock connect CID PORT | listen PORT | cid\n");
	return 1;
}
