// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sandbox, in child processes: what a VMM needs goes on, everything else
 * kills. As the user who runs the test, and as nobody if that is root.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <linux/vhost.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvmod.h>

#include "compiler.h"
#include "sandbox.h"
#include "tap.h"

#define NOBODY	65534

static bool as_nobody;
static int event;
static pid_t parent;
static int sockets[2];		/* a pair */
/* Directories: what the sandbox leaves to be removed in the first two, and nothing in the third. */
static char place[3][32] = {
	"/tmp/test_sandbox.XXXXXX", "/tmp/test_sandbox.XXXXXX", "/tmp/test_sandbox.XXXXXX",
};
static int dir[3] = { -1, -1, -1 };
static struct vmm_keep keep = { -1, -1, NULL, 0 };	/* what the next sandbox leaves */

/* Return: wait status of a child that applies the sandbox and calls @body. */
static int child(int (*body)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		if (as_nobody && (setgid(NOBODY) || setuid(NOBODY)))
			_exit(90);
		if (sandbox_apply(&keep))
			_exit(91);
		_exit(body());
	}
	waitpid(pid, &status, 0);
	return status;
}

static void *thread(void *arg)
{
	prctl(PR_SET_NAME, "thread");
	return arg;
}

static int body_needed(void)
{
	pthread_t id[4];
	int pair = 0;
	uint64_t one = 1;
	unsigned int i;
	void *page;
	void *ret;

	for (i = 0; i < ARRAY_SIZE(id); i++) {
		if (pthread_create(&id[i], NULL, thread, &pair))
			return 1;
	}
	for (i = 0; i < ARRAY_SIZE(id); i++) {
		if (pthread_join(id[i], &ret) || ret != &pair)
			return 2;
	}
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || munmap(page, 4096))
		return 3;
	if (write(event, &one, 8) != 8 || read(event, &one, 8) != 8)
		return 4;
	/* No module behind it, but the filter lets it through. */
	if (ioctl(event, HVMOD_VCPU_RUN) != -1 || errno == EPERM ||
	    ioctl(event, VHOST_VSOCK_SET_RUNNING, NULL) != -1 || errno == EPERM)
		return 5;
	if (close(event) || write(1, "", 0))
		return 6;
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return 7;
	if (fcntl(sockets[0], F_GETFD) != FD_CLOEXEC || fcntl(sockets[0], F_GETFL) < 0)
		return 8;
	free(malloc(1 << 20));
	return 0;
}

/* A child in the sandbox that waits until @gate closes. */
static pid_t waiting_child(int gate, int ready)
{
	pid_t pid = fork();
	char byte;

	if (pid)
		return pid;
	if (as_nobody && (setgid(NOBODY) || setuid(NOBODY)))
		_exit(90);
	if (sandbox_apply(&keep))
		_exit(91);
	if (write(ready, "", 1) != 1)
		_exit(92);
	_exit(read(gate, &byte, 1) < 0);
}

/* What /proc says about a process in the sandbox. */
static void proc_status(char *text, size_t size)
{
	char path[64];
	int ready[2];
	int gate[2];
	ssize_t got = 0;
	pid_t pid;
	int fd;

	if (pipe(ready) || pipe(gate))
		abort();
	pid = waiting_child(gate[0], ready[1]);
	close(ready[1]);
	if (read(ready[0], text, 1) == 1) {
		snprintf(path, sizeof(path), "/proc/%d/status", pid);
		fd = open(path, O_RDONLY);
		got = read(fd, text, size - 1);
		close(fd);
	}
	text[got > 0 ? got : 0] = '\0';
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(gate[0]);
	close(gate[1]);
}

static bool field_is(const char *text, const char *field, uint64_t expected)
{
	const char *at = strstr(text, field);

	return at && strtoull(at + strlen(field), NULL, 16) == expected;
}

static int body_open_flags(void)
{
	return syscall(SYS_openat2, -1, "/", NULL, 0) == -1 && errno == EACCES ? 0 : 1;
}

static int body_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int body_exec(void)
{
	return execl("/bin/true", "true", NULL);
}

static int body_fork(void)
{
	return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static int body_kill(void)
{
	return kill(parent, 0);
}

static int body_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, 0, 0);
}

static int body_exec_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int body_ioctl(void)
{
	return ioctl(0, TIOCSTI, "x");
}

static int body_map(void)
{
	return ioctl(0, HVMOD_MEM_MAP, NULL);
}

static int body_create_domain(void)
{
	return ioctl(0, HVMOD_DOMAIN_CREATE, NULL);
}

/* Other memory for the kernel to write to. */
static int body_vhost(void)
{
	return ioctl(0, VHOST_SET_MEM_TABLE, NULL);
}

static int body_setuid(void)
{
	return setuid(0);
}

static int body_rename(void)
{
	return rename("/tmp/a", "/tmp/b");
}

static int body_prctl(void)
{
	return prctl(PR_SET_DUMPABLE, 1);
}

static int body_process_vm(void)
{
	return (int)syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0);
}

static int body_bpf(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

/* The steps to a signal for whatever process. */
static int body_owner(void)
{
	return fcntl(sockets[0], F_SETOWN, parent);
}

static int body_owner_ex(void)
{
	const struct f_owner_ex owner = { F_OWNER_PID, parent };

	return fcntl(sockets[0], F_SETOWN_EX, &owner);
}

static int body_signal(void)
{
	return fcntl(sockets[0], F_SETSIG, SIGKILL);
}

static int body_async(void)
{
	return fcntl(sockets[0], F_SETFL, O_ASYNC | O_NONBLOCK);
}

static int body_ioctl_async(void)
{
	int on = 1;

	return ioctl(sockets[0], FIOASYNC, &on);
}

static int body_ioctl_owner(void)
{
	pid_t pid = parent;

	return ioctl(sockets[0], FIOSETOWN, &pid);
}

static int body_socket_owner(void)
{
	pid_t pid = parent;

	return ioctl(sockets[0], SIOCSPGRP, &pid);
}

static int body_unlock(void)
{
	struct flock lock = { .l_type = F_UNLCK };

	return fcntl(sockets[0], F_OFD_SETLK, &lock);
}

static int body_duplicate(void)
{
	return fcntl(sockets[0], F_DUPFD, 100);
}

static int body_timer(void)
{
	return (int)syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, NULL);
}

static int body_ring(void)
{
	return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int body_pidfd(void)
{
	return (int)syscall(SYS_pidfd_open, parent, 0);
}

static int body_connect(void)
{
	return connect(sockets[0], NULL, 0);
}

static int body_unlink(void)
{
	return unlink("/tmp/a");
}

static int body_memory_of_another(void)
{
	return (int)syscall(SYS_process_vm_writev, parent, NULL, 0, NULL, 0, 0);
}

static const struct {
	const char *what;
	int (*body)(void);
} forbidden[] = {
	{ "a socket", body_socket },
	{ "exec", body_exec },
	{ "fork", body_fork },
	{ "a signal to another process", body_kill },
	{ "ptrace", body_ptrace },
	{ "executable memory", body_exec_memory },
	{ "typing into the terminal (TIOCSTI)", body_ioctl },
	{ "other memory for vhost", body_vhost },
	{ "another domain", body_create_domain },
	{ "other memory for the domain", body_map },
	{ "setuid", body_setuid },
	{ "rename", body_rename },
	{ "other prctl", body_prctl },
	{ "reading another process", body_process_vm },
	{ "writing to another process", body_memory_of_another },
	{ "bpf", body_bpf },
	{ "signals of a socket for another process", body_owner },
	{ "such signals, the new way", body_owner_ex },
	{ "another signal of a socket", body_signal },
	{ "signals of a socket", body_async },
	{ "them by ioctl", body_ioctl_async },
	{ "their receiver by ioctl", body_ioctl_owner },
	{ "that of a socket", body_socket_owner },
	{ "unlocking", body_unlock },
	{ "another number for a descriptor", body_duplicate },
	{ "timers with signals", body_timer },
	{ "io_uring", body_ring },
	{ "a process by descriptor", body_pidfd },
	{ "connecting", body_connect },
	{ "unlink", body_unlink },
};

/* One file and one directory in each, and what a removal of them said: 0 or errno. */
static int body_remove(void)
{
	char around[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dir); i++) {
		int file = unlinkat(dir[i], "file", 0) ? errno : 0;
		int empty = unlinkat(dir[i], "empty", AT_REMOVEDIR) ? errno : 0;

		if (file != (dir[i] == keep.files ? 0 : EACCES) ||
		    empty != (dir[i] == keep.directories ? 0 : EACCES))
			return 1 + (int)i;
	}
	/* By another way to the same place. */
	snprintf(around, sizeof(around), "../%s/file", strrchr(place[2], '/') + 1);
	return unlinkat(dir[0], around, 0) != -1 || errno != EACCES ? 9 : 0;
}

static bool is_there(unsigned int where, const char *name)
{
	return !faccessat(dir[where], name, F_OK, 0);
}

static void make_places(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dir); i++) {
		if (!mkdtemp(place[i]) || chmod(place[i], 0777))
			abort();
		dir[i] = open(place[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
}

static void fill_places(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dir); i++) {
		mkdirat(dir[i], "empty", 0700);
		close(openat(dir[i], "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	}
}

static void clear_places(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dir); i++) {
		unlinkat(dir[i], "file", 0);
		unlinkat(dir[i], "empty", AT_REMOVEDIR);
		rmdir(place[i]);
	}
}

/* It is there, and in a call that the filter allows. */
static void *waiting_thread(void *arg)
{
	sem_post(arg);
	poll(NULL, 0, -1);
	return NULL;
}

/* What Landlock does not bind must not be let through: a thread from before. */
static int threaded(void)
{
	pid_t pid = fork();
	int status = -1;
	pthread_t id;
	sem_t begun;

	if (!pid) {
		if (as_nobody && (setgid(NOBODY) || setuid(NOBODY)))
			_exit(90);
		sem_init(&begun, 0, 0);
		if (pthread_create(&id, NULL, waiting_thread, &begun))
			_exit(91);
		sem_wait(&begun);
		if (sandbox_apply(&keep))
			_exit(92);
		_exit(unlinkat(keep.files, "file", 0) != -1 || errno != EACCES);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void test_remove(const char *who)
{
	int status;

	fill_places();
	status = child(body_remove);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_there(0, "file") &&
	   is_there(1, "empty"), "%s: nothing can be removed (status 0x%x)", who, status);
	if (!sandbox_can_fence()) {
		tap_skip("removing in one directory", "this kernel has no Landlock");
		return;
	}
	keep.files = dir[0];
	keep.directories = dir[1];
	status = threaded();
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_there(0, "file"),
	   "%s: nor beside another thread (status 0x%x)", who, status);
	status = child(body_remove);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: but files in one directory and directories in another (status 0x%x)",
	   who, status);
	ok(!is_there(0, "file") && is_there(0, "empty") && is_there(1, "file") &&
	   !is_there(1, "empty") && is_there(2, "file") && is_there(2, "empty"),
	   "%s: the others are there", who);
	keep.files = -1;
	keep.directories = -1;
}

/* Two descriptors that take single bytes alone, and their neighbours. */
static int row[4];

static int body_bytes(void)
{
	const struct iovec iov = { "ab", 2 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		if (write(row[i], "0", 1) != 1)
			return 1;
	}
	if (write(row[0], "10", 2) != 2 || write(row[3], "10", 2) != 2 || writev(row[0], &iov, 1) != 2 ||
	    writev(row[3], &iov, 1) != 2)
		return 2;
	return 0;
}

static int body_two_bytes(void)
{
	return write(row[1], "10", 2) != 2;
}

static int body_last_two_bytes(void)
{
	return write(row[2], "10", 2) != 2;
}

static int body_vector(void)
{
	const struct iovec iov = { "1", 1 };

	return writev(row[1], &iov, 1) != 1;
}

static int body_vector_at(void)
{
	const struct iovec iov = { "1", 1 };

	return pwritev(row[2], &iov, 1, 0) != 1;
}

static int body_upper_half(void)
{
	return syscall(SYS_write, 1ULL << 32 | (unsigned int)row[1], "10", 2) != 2;
}

static void test_narrow(const char *who)
{
	static const struct {
		const char *what;
		int (*body)(void);
	} more[] = {
		{ "two bytes", body_two_bytes },
		{ "two bytes to the last", body_last_two_bytes },
		{ "a vector", body_vector },
		{ "a vector somewhere", body_vector_at },
	};
	unsigned int i;
	int status;

	keep.narrow = &row[1];
	keep.narrows = 2;
	status = child(body_bytes);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: single bytes alone to two descriptors (status 0x%x)",
	   who, status);
	for (i = 0; i < ARRAY_SIZE(more); i++) {
		status = child(more[i].body);
		ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%s: killed for %s", who, more[i].what);
	}
	/* The kernel looks at the lower half of a descriptor, the filter at all of it. */
	status = child(body_upper_half);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%s: killed for two bytes, said otherwise", who);
	keep.narrows = 0;
}

static void test_all(const char *who)
{
	char text[4096];
	size_t i;
	int status;

	status = child(body_needed);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	   "%s: what a VMM needs works (status 0x%x)", who, status);
	status = child(body_open_flags);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: no file opens", who);
	proc_status(text, sizeof(text));
	ok(field_is(text, "CapEff:", 0), "%s: no effective capabilities", who);
	ok(field_is(text, "CapPrm:", 0), "%s: no permitted ones", who);
	ok(field_is(text, "CapInh:", 0), "%s: no inheritable ones", who);
	ok(field_is(text, "CapAmb:", 0), "%s: no ambient ones", who);
	if (geteuid() == 0 && !as_nobody)
		ok(field_is(text, "CapBnd:", 0), "%s: empty bounding set", who);
	ok(field_is(text, "NoNewPrivs:", 1), "%s: no new privileges", who);
	ok(field_is(text, "Seccomp:", 2), "%s: filtered", who);
	for (i = 0; i < ARRAY_SIZE(forbidden); i++) {
		status = child(forbidden[i].body);
		ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
		   "%s: killed for %s", who, forbidden[i].what);
	}
	test_remove(who);
	test_narrow(who);
}

int main(void)
{
	unsigned int i;

	parent = getpid();
	event = eventfd(0, EFD_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		abort();
	make_places();
	for (i = 0; i < ARRAY_SIZE(row); i++)
		row[i] = fcntl(sockets[0], F_DUPFD_CLOEXEC, 100 + i);
	if (geteuid() == 0) {
		test_all("root");
		as_nobody = true;
		test_all("nobody");
	} else {
		test_all("user");
	}
	clear_places();
	return tap_done();
}
