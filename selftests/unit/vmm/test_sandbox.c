// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sandbox, in child processes: what a VMM needs goes on, everything else
 * kills. As the user who runs the test, and as nobody if that is root.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <linux/vhost.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvmod.h>

#include "compiler.h"
#include "sandbox.h"
#include "tap.h"

#define NOBODY	65534

static bool as_nobody;
static int event;

/* Return: wait status of a child that applies the sandbox and calls @body. */
static int child(int (*body)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		if (as_nobody && (setgid(NOBODY) || setuid(NOBODY)))
			_exit(90);
		if (sandbox_apply())
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
	if (sandbox_apply())
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
	return kill(getppid(), 0);
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
	{ "bpf", body_bpf },
};

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
}

int main(void)
{
	event = eventfd(0, EFD_CLOEXEC);
	if (geteuid() == 0) {
		test_all("root");
		as_nobody = true;
		test_all("nobody");
	} else {
		test_all("user");
	}
	return tap_done();
}
