// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose domain it is: a user sees all domains. He gets none of another's
 * descriptors by himself, and one that he is given does nothing in his process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "guest.h"

#define USER	1000

static int device;

/* As another user, with @socket. Return: its exit status. */
static int as_user(int (*what)(int socket, const struct guest *guest), int socket,
		   const struct guest *guest)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		/* What a child inherits is not the question here. */
		for (int i = 0; i < HVMOD_VCPUS_MAX && guest->run[i]; i++)
			close(guest->vcpu[i]);
		close(guest->fd);
		if (setgid(USER) || setuid(USER))
			_exit(99);
		_exit(what(socket, guest));
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

static int take(int number)
{
	int process = syscall(SYS_pidfd_open, getppid(), 0);
	int fd = process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, number, 0);

	return fd >= 0 ? 0 : errno;
}

/* Return: 0 if neither the domain nor a vCPU can be had. */
static int takes(int socket, const struct guest *guest)
{
	char path[64];

	(void)socket;
	if (take(guest->fd) != EPERM || take(guest->vcpu[0]) != EPERM)
		return 1;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getppid(), guest->fd);
	return open(path, O_RDWR) < 0 && errno == EACCES ? 0 : 2;
}

static int sees(int socket, const struct guest *guest)
{
	struct hvmod_domain_info info = { .size = sizeof(info), .id = guest->id };

	(void)socket;
	return !ioctl(device, HVMOD_DOMAIN_INFO, &info) && info.id == guest->id && !info.owner_uid ? 0 : 1;
}

static int changes(int socket, const struct guest *guest)
{
	struct hvmod_quota quota = { .size = sizeof(quota), .id = guest->id,
				     .flags = HVMOD_QUOTA_VCPUS, .vcpus_max = 1 };

	(void)socket;
	return ioctl(device, HVMOD_SET_QUOTA, &quota) && errno == EPERM ? 0 : 1;
}

static void send_fd(int socket, int fd)
{
	char room[CMSG_SPACE(sizeof(int))] = "", byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	need(sendmsg(socket, &message, 0), "sendmsg");
}

static int receive_fd(int socket)
{
	char room[CMSG_SPACE(sizeof(int))], byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
				  .msg_controllen = sizeof(room) };
	int fd = -1;

	if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* All that is done to a domain and a vCPU; what an argument says does not matter, EIO comes first. */
static const unsigned long on_domain[] = {
	HVMOD_DOMAIN_SET_STATE, HVMOD_DOMAIN_RENAME, HVMOD_VCPU_CREATE, HVMOD_MEM_MAP, HVMOD_MEM_UNMAP,
	HVMOD_MSI, HVMOD_IRQFD, HVMOD_DOORBELL,
};

static const unsigned long on_vcpu[] = {
	HVMOD_VCPU_RUN, HVMOD_VCPU_KICK, HVMOD_VCPU_GET_STATE, HVMOD_VCPU_SET_STATE, HVMOD_VCPU_APIC,
	HVMOD_VCPU_PLUG,
};

static int uses(int socket, const struct guest *guest)
{
	struct hvmod_quota quota = { .size = sizeof(quota), .flags = HVMOD_QUOTA_VCPUS,
				     .vcpus_max = 2 };
	int domain = receive_fd(socket), vcpu = receive_fd(socket);
	uint32_t arg[64] = { sizeof(arg) };

	(void)guest;
	if (domain < 0 || vcpu < 0)
		return 10;
	for (unsigned int i = 0; i < sizeof(on_domain) / sizeof(on_domain[0]); i++)
		if (!ioctl(domain, on_domain[i], arg) || errno != EIO)
			return 20 + i;
	for (unsigned int i = 0; i < sizeof(on_vcpu) / sizeof(on_vcpu[0]); i++)
		if (!ioctl(vcpu, on_vcpu[i], arg) || errno != EIO)
			return 40 + i;
	if (mmap(NULL, GUEST_BYTES, PROT_READ, MAP_SHARED, vcpu, 0) != MAP_FAILED || errno != EIO)
		return 60;
	return ioctl(domain, HVMOD_SET_QUOTA, &quota) && errno == EPERM ? 0 : 61;
}

int main(void)
{
	struct guest guest;
	int pair[2], status;

	device = device_open();
	if (getuid()) {
		puts("1..0 # SKIP only root can be another user");
		return 4;
	}
	guest_start(device, &guest, "roots", 1, CODE_SPIN, 2);
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	ok(as_user(sees, -1, &guest) == 0, "a user sees root's domain");
	ok(as_user(changes, -1, &guest) == 0, "and can't change it by its id: EPERM");
	ok(as_user(takes, -1, &guest) == 0, "nor get its descriptors: EPERM");
	send_fd(pair[0], guest.fd);
	send_fd(pair[0], guest.vcpu[0]);
	status = as_user(uses, pair[1], &guest);
	ok(status == 0, "those that he is given do nothing for him: EIO, and no more than before: EPERM (%d)", status);
	guest_end(&guest);
	return tap_done();
}
