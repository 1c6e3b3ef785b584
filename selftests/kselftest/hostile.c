// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM that would make others wait, or have more than its share: with a page that never comes, users of a user
 * namespace, time that it saves up, a thread with another's number, and events without end.
 */
#include "quota.h"
#include "nl.h"

#include <linux/userfaultfd.h>

#define USER		1000
#define SUB_UID		100000
#define SAVERS		32
#define SAVE_PERIOD_US	1000
#define FLOOD		200
#define SECONDS		10

static struct nl nl;

/* What other programs want of the module, in a process of their own: this domain seen and changed, one more. */
static void others(uint32_t id)
{
	struct hvmod_domain_info info = { .size = sizeof(info), .id = id };
	struct hvmod_quota quota;
	struct guest guest;

	if (ioctl(device, HVMOD_DOMAIN_INFO, &info) || get_quota(id, &quota) ||
	    set_memory(device, id, 3 << 20, 0))
		_exit(1);
	if (guest_create(device, &guest, "other", 1, 1 << 20) < 0)
		_exit(2);
	close(guest.fd);
	_exit(0);
}

static void *balloon(void *data)
{
	struct guest *guest = data;
	struct hvmod_mem_balloon arg = { .size = sizeof(arg), .bytes = 4096 };

	ioctl(guest->fd, HVMOD_MEM_BALLOON, &arg);
	return NULL;
}

/* Return: 0 if @child ended well within some seconds; it is gone in any case. */
static int ends_well(pid_t child)
{
	int status = -1;

	for (unsigned int i = 0; i < SECONDS * 100; i++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
		usleep(10000);
	}
	kill(child, SIGKILL);
	return 101;
}

/* Memory whose pages come when somebody says so: nobody does. */
static int absent_memory(void *memory, size_t bytes)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { .start = (uintptr_t)memory, .len = bytes },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range)))
		err(1, "userfaultfd");
	return fd;
}

/* A fault that is not served is its domain's own trouble. */
static void stuck(void)
{
	/* mov 0, %al */
	static const char code[] = "\x31\xc0\x8e\xd8\xa0\x00\x00\xeb\xfe";
	struct hvmod_mem_map map = { .size = sizeof(map), .gpa = 0, .bytes = 4096 };
	struct uffdio_zeropage zero = { 0 };
	pthread_t ballooner;
	struct runner runner;
	struct uffd_msg told;
	struct guest guest;
	unsigned int i;
	void *memory;
	pid_t child;
	int uffd;

	guest_start(device, &guest, "stuck", 1, code, sizeof(code) - 1);
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map.user_addr = (uintptr_t)memory;
	need(ioctl(guest.fd, HVMOD_MEM_MAP, &map), "HVMOD_MEM_MAP");
	uffd = absent_memory(memory, 4096);
	if (uffd < 0) {
		ok(true, "a page that never comes # SKIP userfaultfd: %s", strerror(errno));
		guest_end(&guest);
		return;
	}
	run_begin(&runner, &guest, 0, 0);
	for (i = 0; i < 500 && read(uffd, &told, sizeof(told)) != sizeof(told); i++) {
		if (guest.run[0]->exit == HVMOD_EXIT_MEMORY)
			break;
		usleep(10000);
	}
	if (guest.run[0]->exit == HVMOD_EXIT_MEMORY) {
		ok(true, "a page that never comes # SKIP this kernel does not wait for it where a page is pinned");
	} else {
		pthread_create(&ballooner, NULL, balloon, &guest);
		usleep(100000);
		child = fork();
		if (!child)
			others(guest.id);
		ok(i < 500 && ends_well(child) == 0,
		   "a page that never comes: others see the domain, set its quota, make and end theirs");
		zero.range = (struct uffdio_range){ .start = (uintptr_t)memory, .len = 4096 };
		need(ioctl(uffd, UFFDIO_ZEROPAGE, &zero), "UFFDIO_ZEROPAGE");
		pthread_join(ballooner, NULL);
	}
	run_end(&runner);
	close(uffd);
	guest_end(&guest);
	munmap(memory, 4096);
}

/* As two users of a namespace of USER's. Return: what the second one's domain is refused with. */
static int namespace_users(int ready, int go)
{
	struct guest guest;
	char byte = 0;

	if (setgid(USER) || setuid(USER) || unshare(CLONE_NEWUSER))
		_exit(1);
	if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1)
		_exit(2);
	if (setresuid(0, 0, 0) || guest_create(device, &guest, "sub-0", 1, 1 << 20) < 0)
		_exit(3);
	if (setresuid(1, 1, 1))
		_exit(4);
	_exit(guest_create(device, &guest, "sub-1", 1, 1 << 20) < 0 ? errno : 0);
}

static void namespaces(void)
{
	int ready[2], go[2], ret;
	char byte = 0, path[32], map[32];
	pid_t child;

	set_parameter("uid_domains_max", 1);
	if (pipe(ready) || pipe(go))
		err(1, "pipe");
	child = fork();
	if (!child)
		namespace_users(ready[1], go[0]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) == 1) {
		snprintf(map, sizeof(map), "0 %u 2", SUB_UID);
		snprintf(path, sizeof(path), "/proc/%d/uid_map", child);
		write_text(path, map);
		if (write(go[1], &byte, 1) != 1)
			err(1, "write");
	}
	ret = ends_well(child);
	ok(ret == EDQUOT, "a user's limits hold for all users of his namespaces (%d)", ret);
	set_parameter("uid_domains_max", 0);
	close(ready[0]);
	close(go[0]);
	close(go[1]);
}

/* What a vCPU was given and did not use is lost at the end of the period, as what nobody took. */
static void saving(void)
{
	struct runner runners[SAVERS];
	struct guest guest;
	uint64_t start, before, periods, most, used;

	/* out %al, $0x80, and then on and on */
	guest_start(device, &guest, "saver", SAVERS, "\xe6\x80\xeb\xfe", 4);
	set_quota(device, guest.id, (struct hvmod_quota){ .flags = HVMOD_QUOTA_CPU, .cpu_cap = 10,
							  .cpu_period_us = SAVE_PERIOD_US });
	for (unsigned int i = 0; i < SAVERS; i++) {
		need(ioctl(guest.vcpu[i], HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
		usleep(2 * SAVE_PERIOD_US);
	}
	before = run_ns(&guest);
	start = now_ns();
	for (unsigned int i = 0; i < SAVERS; i++)
		run_begin(&runners[i], &guest, i, 0);
	usleep(5000);
	used = run_ns(&guest) - before;
	periods = (now_ns() - start) / (SAVE_PERIOD_US * 1000) + 2;
	most = periods * SAVE_PERIOD_US * 1000 / 10;
	for (unsigned int i = 0; i < SAVERS; i++)
		run_end(&runners[i]);
	ok(used <= most, "%u vCPUs that saved up their time have %llu us in %llu periods, at most %llu", SAVERS,
	   (unsigned long long)used / 1000, (unsigned long long)periods, (unsigned long long)most / 1000);
	guest_end(&guest);
}

struct stolen {
	uint64_t ns;
	unsigned int count;
};

static void take_steal(struct genlmsghdr *head, void *arg)
{
	struct nlattr **attrs = nl_attributes(head);
	struct stolen *stolen = arg;

	stolen->ns = nla_get_u64(attrs[HVMOD_A_VCPU_STEAL_NS]);
	stolen->count++;
}

/* A thread that had to wait long, and then runs the vCPU once. */
struct waiter {
	struct guest *guest;
	bool waits;
	pid_t tid;
};

static void *wait_and_run(void *data)
{
	struct waiter *waiter = data;

	waiter->tid = syscall(SYS_gettid);
	for (uint64_t end = now_ns() + (waiter->waits ? 300000000 : 0); now_ns() < end;)
		sched_yield();
	ioctl(waiter->guest->vcpu[0], HVMOD_VCPU_RUN);
	return NULL;
}

static void *burn(void *data)
{
	volatile bool *stop = data;

	while (!*stop)
		;
	return NULL;
}

/* Another thread with the number of the one before has not waited for what that one waited. */
static void reused_number(void)
{
	struct waiter first = { .waits = true }, second = { .tid = -1 };
	struct stolen stolen = { 0 };
	volatile bool stop = false;
	pthread_t thread, burner;
	struct guest guest;
	cpu_set_t one, all;
	FILE *file;

	guest_start(device, &guest, "number", 1, "\xe6\x80\xeb\xfc", 4);
	first.guest = second.guest = &guest;
	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	pthread_create(&burner, NULL, burn, (void *)&stop);
	pthread_create(&thread, NULL, wait_and_run, &first);
	pthread_join(thread, NULL);
	stop = true;
	pthread_join(burner, NULL);
	for (unsigned int i = 0; i < 100 && second.tid != first.tid; i++) {
		file = fopen("/proc/sys/kernel/ns_last_pid", "w");
		if (!file || fprintf(file, "%d", first.tid - 1) < 0 || fclose(file))
			break;
		pthread_create(&thread, NULL, wait_and_run, &second);
		pthread_join(thread, NULL);
	}
	sched_setaffinity(0, sizeof(all), &all);
	nl_get(&nl, HVMOD_CMD_VCPU_GET, HVMOD_A_VCPU_DOMAIN, guest.id, HVMOD_A_VCPU_INDEX, 0, take_steal, &stolen);
	if (second.tid != first.tid)
		ok(true, "a thread with another's number # SKIP none was to be had: /proc/sys/kernel/ns_last_pid");
	else
		ok(stolen.count == 1 && stolen.ns < 60000000000ULL,
		   "a thread with another's number: %llu ns of steal time", (unsigned long long)stolen.ns);
	guest_end(&guest);
}

static volatile bool flood_stop;

static void *flood(void *data)
{
	struct guest *guest = data;
	struct hvmod_mem_balloon arg = { .size = sizeof(arg) };

	while (!flood_stop) {
		arg.bytes = arg.bytes ? 0 : 4096;
		ioctl(guest->fd, HVMOD_MEM_BALLOON, &arg);
	}
	return NULL;
}

static void count_one(struct genlmsghdr *head, void *arg)
{
	(void)head;
	++*(unsigned int *)arg;
}

/* Who changes his domain on and on does not keep others from listing all. */
static void listing(void)
{
	static struct guest guests[FLOOD];
	unsigned int overtaken = 0, wrong = 0;
	struct guest guest;
	pthread_t thread;
	char name[32];

	for (unsigned int i = 0; i < FLOOD; i++) {
		snprintf(name, sizeof(name), "listed-%u", i);
		need(guest_create(device, &guests[i], name, 1, 1 << 16), "HVMOD_DOMAIN_CREATE");
	}
	guest_start(device, &guest, "flood", 1, CODE_SPIN, 2);
	pthread_create(&thread, NULL, flood, &guest);
	for (unsigned int i = 0; i < 20; i++) {
		unsigned int count = 0;

		nl_ask_all(&nl, HVMOD_CMD_DOMAIN_GET, count_one, &count);
		overtaken += nl.interrupted;
		wrong += count != FLOOD + 2;
	}
	flood_stop = true;
	pthread_join(thread, NULL);
	ok(!overtaken && !wrong, "20 dumps while a domain changes without end: %u to be repeated, %u not whole",
	   overtaken, wrong);
	guest_end(&guest);
	for (unsigned int i = 0; i < FLOOD; i++)
		close(guests[i].fd);
}

int main(int argc, char **argv)
{
	static const struct tap_part parts[] = {
		{ "stuck", stuck },
		{ "namespaces", namespaces },
		{ "saving", saving },
		{ "number", reused_number },
		{ "listing", listing },
		{ NULL, NULL },
	};

	device = device_open();
	if (!nl_begin(&nl))
		errx(1, "no netlink family");
	tap_parts(parts, argc, argv);
	nl_end(&nl);
	return tap_done();
}
