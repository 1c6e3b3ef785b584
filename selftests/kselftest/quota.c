// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quotas, with a VMM that does nothing to keep them: CPU-time caps, memory, and
 * who may change them.
 */
#include "quota.h"

#define USER		1000

static void check_cap(unsigned int percent, unsigned int vcpus)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN), all = vcpus < cpus ? vcpus : cpus;
	double want = percent < 100 * all ? percent : 100 * all, got;
	struct runner runners[2];
	struct guest guest;
	unsigned int i;

	guest_start(device, &guest, "capped", vcpus, CODE_SPIN, 2);
	if (set_cap(device, guest.id, percent))
		err(1, "HVMOD_SET_QUOTA");
	for (i = 0; i < vcpus; i++)
		run_begin(&runners[i], &guest, i, 0);
	usleep(HVMOD_PERIOD_US);
	measure(&guest, 1, MEASURE_US, &got);
	/* Who may have all of a processor shares it with Linux; else it is the cap that counts. */
	ok(got <= want * 1.02 && got >= want * (percent < 100 * all ? 0.98 : 0.93),
	   "cap of %u %%, %u vCPUs on %u processors: %.2f %% over %u periods", percent, vcpus, cpus,
	   got, PERIODS);
	for (i = 0; i < vcpus; i++)
		run_end(&runners[i]);
	guest_end(&guest);
}

static void caps(void)
{
	static const unsigned int percents[] = { 10, 25, 50, 75, 100, 150 };

	for (unsigned int i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
		for (unsigned int vcpus = 1; vcpus <= 2; vcpus++)
			check_cap(percents[i], vcpus);
}

/* The same in a few seconds: one vCPU that waits most of the time, two that have a part of each processor. */
static void two_caps(void)
{
	check_cap(25, 1);
	check_cap(150, 2);
}

/* Two capped domains and a free one, and changes while they run. */
static void together(void)
{
	struct guest guests[3];
	struct runner runners[3];
	double got[3];
	char name[16];

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "spin-%d", i);
		guest_start(device, &guests[i], name, 1, CODE_SPIN, 2);
	}
	set_cap(device, guests[0].id, 20);
	set_cap(device, guests[1].id, 30);
	for (int i = 0; i < 3; i++)
		run_begin(&runners[i], &guests[i], 0, 0);
	usleep(HVMOD_PERIOD_US);
	measure(guests, 3, MEASURE_US, got);
	ok(got[0] > 19.6 && got[0] < 20.4 && got[1] > 29.4 && got[1] < 30.6 && got[2] > 40,
	   "20 %%, 30 %% and a free one: %.2f, %.2f, %.2f %%", got[0], got[1], got[2]);
	set_cap(device, guests[0].id, 5);
	usleep(HVMOD_PERIOD_US);
	measure(guests, 1, 3 * MEASURE_US, got);
	ok(got[0] > 4.9 && got[0] < 5.1, "made 5 %%: from the next period on %.2f %%", got[0]);
	set_cap(device, guests[0].id, 0);
	set_cap(device, guests[1].id, 1);
	usleep(HVMOD_PERIOD_US);
	measure(guests, 1, MEASURE_US / 2, got);
	ok(got[0] > 40, "made free: %.2f %%", got[0]);
	for (int i = 0; i < 3; i++) {
		run_end(&runners[i]);
		guest_end(&guests[i]);
	}
}

/* What a VMM can do for itself. */
static void hostile(void)
{
	struct runner runners[2];
	struct guest guest;
	uint64_t end;
	double got;
	pid_t child;

	guest_start(device, &guest, "hostile", 2, CODE_SPIN, 2);
	ok(!set_cap(guest.fd, 0, 10), "a VMM may cap itself");
	ok(set_cap(guest.fd, 0, 11) == EPERM && set_cap(guest.fd, 0, 0) == EPERM,
	   "and not take it back");
	ok(set_quota(guest.fd, 0, (struct hvmod_quota){ .flags = HVMOD_QUOTA_CPU, .cpu_cap = 10,
							.cpu_period_us = 500000 }) == EPERM,
	   "nor lengthen the period");
	ok(set_memory(guest.fd, 0, 2 << 20, 0) == EPERM, "nor have more memory");
	ok(set_quota(guest.fd, 0, (struct hvmod_quota){ .flags = HVMOD_QUOTA_UNLOCK }) == EPERM,
	   "nor unlock");
	run_begin(&runners[0], &guest, 0, 0);
	run_begin(&runners[1], &guest, 1, -20);
	child = fork();
	if (!child) {
		/* Another address space has no business with it. */
		int ret = ioctl(guest.vcpu[0], HVMOD_VCPU_RUN);

		_exit(ret == -1 && errno == EIO ? 0 : 1);
	}
	usleep(HVMOD_PERIOD_US);
	{
		uint64_t start = now_ns(), before = run_ns(&guest);

		end = start + MEASURE_US * 1000ULL;
		while (now_ns() < end) {
			/* Kicks, pauses, and the same cap again and again. */
			for (unsigned int i = 0; i < 2; i++)
				ioctl(guest.vcpu[i], HVMOD_VCPU_KICK);
			guest_set_state(&guest, HVMOD_STATE_PAUSED, HVMOD_REASON_NONE);
			guest_set_state(&guest, HVMOD_STATE_RUNNING, HVMOD_REASON_NONE);
			set_cap(guest.fd, 0, 10);
			usleep(1000);
		}
		got = 100.0 * (run_ns(&guest) - before) / (now_ns() - start);
	}
	ok(got < 10.2 && got > 5, "a VMM that kicks, pauses and sets its cap anew has %.2f %%", got);
	int status = -1;

	waitpid(child, &status, 0);
	ok(!status, "a child of the VMM can't run it");
	run_end(&runners[0]);
	run_end(&runners[1]);
	guest_end(&guest);
}

static void memory(void)
{
	struct hvmod_mem_map map = { .size = sizeof(map), .gpa = 0, .bytes = 1 << 20 };
	struct hvmod_quota quota, before;
	unsigned int pages = 0;
	struct guest guest;
	char *ram;
	int ret;

	guest_start(device, &guest, "memory", 1, CODE_SPIN, 2);
	ram = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(ram, 4 << 20, MADV_NOHUGEPAGE);
	map.user_addr = (uintptr_t)ram;
	ok(ioctl(guest.fd, HVMOD_MEM_MAP, &map) && errno == EDQUOT, "no more ranges than mem_max");
	ok(!set_memory(device, guest.id, 4 << 20, 0) && !ioctl(guest.fd, HVMOD_MEM_MAP, &map),
	   "made larger while it is there");
	ok(set_memory(device, guest.id, 1 << 20, 0) == EBUSY, "not smaller than what is mapped");
	get_quota(guest.id, &before);
	ok(before.mem_current == (1 << 20) + GUEST_BYTES &&
	   before.mem_max == 4 << 20 && before.held >= 10 * 4096, "it tells what there is: %llu bytes",
	   (unsigned long long)before.held);
	ok(set_memory(device, guest.id, 4 << 20, before.held - 1) == EINVAL ||
	   set_memory(device, guest.id, 4 << 20, before.held - 1) == EBUSY, "nor than what is held");
	ok(set_memory(device, guest.id, ~0ULL & ~4095ULL, 0) == EINVAL &&
	   set_memory(device, guest.id, 1ULL << 40, 0) == ENOMEM &&
	   set_memory(device, guest.id, 4097, 0) == EINVAL && set_memory(device, guest.id, 0, 0) == EINVAL,
	   "not more than there is, no part of a page, not nothing");
	ok(set_quota(device, guest.id, (struct hvmod_quota){ .flags = 1U << 31 }) == EINVAL &&
	   set_quota(device, 777777, (struct hvmod_quota){ 0 }) == ENOENT &&
	   set_cap(device, guest.id, 6401) == EINVAL &&
	   set_quota(device, guest.id, (struct hvmod_quota){ .flags = HVMOD_QUOTA_CPU, .cpu_cap = 5,
							     .cpu_period_us = 999 }) == EINVAL,
	   "unknown flags, domains, and values out of range");

	/* Ranges of a page each, all over the place: each costs tables and records. */
	for (ret = 0; !ret && pages < 100000; pages++) {
		map.gpa = (1ULL << 40) + ((uint64_t)pages << 30);
		map.bytes = 4096;
		map.user_addr = (uintptr_t)ram + (pages % 512 << 12);
		ret = ioctl(guest.fd, HVMOD_MEM_MAP, &map) ? errno : 0;
	}
	get_quota(guest.id, &quota);
	ok(ret == EDQUOT && quota.held <= quota.held_max, "EDQUOT after %u ranges, %llu of %llu bytes",
	   pages, (unsigned long long)quota.held, (unsigned long long)quota.held_max);
	munmap(ram, 4 << 20);
	guest_end(&guest);
}

/* A guest that touches all of its memory, one page a table, at a quota that is too small. */
static void memory_faults(void)
{
	/* In real mode, from 0: mov %al, (%di) with ds raised by 64 KiB steps. */
	static const char code[] = "\xe9\x0d\xf0";		/* jmp F000 */
	static const char work[] =
		"\x31\xc0"		/* xor %ax, %ax */
		"\x8e\xd8"		/* mov %ax, %ds */
		"\xa2\x00\x00"		/* mov %al, 0 */
		"\x05\x00\x01"		/* add $0x100, %ax: 4 KiB further */
		"\x75\xf6"		/* jnz */
		"\xe6\x80\xeb\xfe";	/* out %al, $0x80 */
	struct hvmod_mem_map map = { .size = sizeof(map), .gpa = 0, .bytes = 1 << 20 };
	struct hvmod_quota quota;
	struct guest guest;
	char *ram;

	guest_start(device, &guest, "faults", 1, code, 3);
	memcpy(guest.memory, work, sizeof(work) - 1);
	ram = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(ram, 1 << 20, MADV_NOHUGEPAGE);
	map.user_addr = (uintptr_t)ram;
	if (set_memory(device, guest.id, 2 << 20, 0) || ioctl(guest.fd, HVMOD_MEM_MAP, &map))
		err(1, "memory");
	get_quota(guest.id, &quota);
	ok(!set_quota(device, guest.id,
		      (struct hvmod_quota){ .flags = HVMOD_QUOTA_MEMORY, .mem_max = 1052672,
					    .held_max = 1052672 }), "held at most %u bytes", 1052672);
	need(ioctl(guest.vcpu[0], HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
	get_quota(guest.id, &quota);
	ok(guest.run[0]->exit == HVMOD_EXIT_MEMORY && guest.run[0]->why == HVMOD_WHY_QUOTA &&
	   quota.held <= quota.held_max && quota.held > quota.held_max - 10 * 4096,
	   "at its quota the guest stops: exit %u, why %u, %llu bytes held", guest.run[0]->exit,
	   guest.run[0]->why, (unsigned long long)quota.held);
	ok(!set_memory(device, guest.id, 2 << 20, 0) && !ioctl(guest.vcpu[0], HVMOD_VCPU_RUN) &&
	   guest.run[0]->exit == HVMOD_EXIT_IO, "given more, it goes on");
	guest_end(&guest);
	munmap(ram, 1 << 20);
}

/* As another user. Return: the child's exit status. */
static int as_user(uid_t uid, int (*what)(void *data), void *data)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		if (setgid(uid) || setuid(uid))
			_exit(99);
		_exit(what(data));
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

static int cap_it(void *data)
{
	return set_cap(device, *(uint32_t *)data, 50);
}

static int look_at_it(void *data)
{
	struct hvmod_quota quota;

	return get_quota(*(uint32_t *)data, &quota) ? errno : 0;
}

/* The user's own: any cap; once root has locked it, none that is larger. */
static int own(void *data)
{
	int *to_root = data, go;
	struct guest guest;

	if (guest_create(device, &guest, "own", 1, 1 << 20) < 0)
		return 10;
	if (set_cap(device, guest.id, 50) || set_cap(device, guest.id, 60))
		return 11;
	if (set_quota(device, guest.id, (struct hvmod_quota){ .flags = HVMOD_QUOTA_LOCK }) != EPERM)
		return 12;
	if (write(to_root[1], &guest.id, 4) != 4 || read(to_root[2], &go, 4) != 4)
		return 13;
	if (set_cap(device, guest.id, 61) != EPERM || set_cap(device, guest.id, 40))
		return 14;
	return set_quota(device, guest.id,
			 (struct hvmod_quota){ .flags = HVMOD_QUOTA_UNLOCK }) == EPERM ? 0 : 15;
}

static void access_rights(void)
{
	struct hvmod_quota lock = { .flags = HVMOD_QUOTA_LOCK };
	int up[2], down[2], pipes[3], status = -1, go = 1;
	struct guest guest;
	uint32_t id = 0;
	pid_t child;

	need(guest_create(device, &guest, "roots", 1, 1 << 20), "HVMOD_DOMAIN_CREATE");
	ok(as_user(USER, cap_it, &guest.id) == EPERM, "another's domain: EPERM");
	ok(as_user(USER, look_at_it, &guest.id) == 0, "which everybody sees");
	close(guest.fd);
	if (pipe(up) || pipe(down))
		err(1, "pipe");
	pipes[1] = up[1];
	pipes[2] = down[0];
	child = fork();
	if (!child)
		_exit(setgid(USER) || setuid(USER) ? 99 : own(pipes));
	ok(read(up[0], &id, 4) == 4 && !set_quota(device, id, lock), "root locks a user's domain");
	need(write(down[1], &go, 4), "write");
	waitpid(child, &status, 0);
	ok(!status,
	   "who sets it as he likes before, and not larger afterwards (%d)", WEXITSTATUS(status));
}

static int create_two(void *data)
{
	struct guest guest;
	int ret;

	(void)data;
	if (guest_create(device, &guest, "user-1", 1, 8 << 20) < 0)
		return 50 + errno % 50;
	ret = guest_create(device, &guest, "user-2", 2, 8 << 20) < 0 ? errno : 0;
	return ret;
}

static void limits(void)
{
	struct guest guests[2];

	set_parameter("uid_domains_max", 1);
	ok(as_user(USER, create_two, NULL) == EDQUOT, "a user has one domain at most: EDQUOT");
	need(guest_create(device, &guests[0], "r1", 1, 1 << 20), "HVMOD_DOMAIN_CREATE");
	ok(guest_create(device, &guests[1], "r2", 1, 1 << 20) >= 0, "root has as many as he likes");
	close(guests[0].fd);
	close(guests[1].fd);
	set_parameter("uid_domains_max", 0);
	set_parameter("uid_vcpus_max", 2);
	ok(as_user(USER, create_two, NULL) == EDQUOT, "two vCPUs at most");
	set_parameter("uid_vcpus_max", 0);
	set_parameter("uid_memory_max_mib", 18);
	ok(as_user(USER, create_two, NULL) == EDQUOT, "18 MiB at most");
	set_parameter("uid_memory_max_mib", 0);
	ok(as_user(USER, create_two, NULL) == 0, "no limit");
	set_parameter("dom0_reserve_mib", 1 << 20);
	ok(guest_create(device, &guests[0], "r1", 1, 1 << 20) < 0 && errno == ENOMEM,
	   "all memory is Domain-0's: ENOMEM");
	set_parameter("dom0_reserve_mib", -1);
}

/* Three guests on one processor, whose threads have nice values that weigh about 1:2:4. */
static void weights(void)
{
	static const int nice[] = { 6, 3, 0 };
	/* The scheduler's weights of these values: 272, 526, 1024. */
	static const double want[] = { 272.0 / 1822, 526.0 / 1822, 1024.0 / 1822 };
	struct runner runners[3];
	struct guest guests[3];
	bool good = true;
	cpu_set_t cpus;
	double got[3], sum;
	char name[16];

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "weighs-%d", i);
		guest_start(device, &guests[i], name, 1, CODE_SPIN, 2);
		run_begin(&runners[i], &guests[i], 0, nice[i]);
	}
	usleep(200000);
	measure(guests, 3, 3000000, got);
	sum = got[0] + got[1] + got[2];
	for (int i = 0; i < 3; i++)
		good &= got[i] / sum > want[i] * 0.95 && got[i] / sum < want[i] * 1.05;
	ok(good, "nice 6, 3 and 0 on one processor: %.3f, %.3f, %.3f, wanted %.3f, %.3f, %.3f",
	   got[0] / sum, got[1] / sum, got[2] / sum, want[0], want[1], want[2]);
	for (int i = 0; i < 3; i++) {
		run_end(&runners[i]);
		guest_end(&guests[i]);
	}
}

int main(int argc, char **argv)
{
	static const struct tap_part parts[] = {
		{ "memory", memory },
		{ "faults", memory_faults },
		{ "access", access_rights },
		{ "limits", limits },
		{ "hostile", hostile },
		{ "caps", caps },
		{ "two-caps", two_caps },
		{ "together", together },
		{ "weights", weights },
		{ NULL, NULL },
	};

	device = device_open();
	tap_parts(parts, argc, argv);
	return tap_done();
}
