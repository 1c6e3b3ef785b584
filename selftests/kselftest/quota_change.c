// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changing a quota while the domain runs: from when on it holds, that it is whole, and how many vCPUs it lets
 * be plugged in.
 */
#include "quota.h"

/* From the period on that follows, no more than the new cap. */
static void change(void)
{
	struct runner runner;
	struct guest guest;
	double got;

	guest_start(device, &guest, "changed", 1, CODE_SPIN, 2);
	set_cap(device, guest.id, 60);
	run_begin(&runner, &guest, 0, 0);
	usleep(3 * HVMOD_PERIOD_US);
	set_cap(device, guest.id, 10);
	usleep(HVMOD_PERIOD_US);
	measure(&guest, 1, 10 * HVMOD_PERIOD_US, &got);
	ok(got <= 10.2 && got >= 9, "from 60 to 10 %% while it runs: %.2f %% from the next period on", got);
	set_quota(device, guest.id, (struct hvmod_quota){ .flags = HVMOD_QUOTA_CPU, .cpu_cap = 40,
							  .cpu_period_us = 20000 });
	usleep(HVMOD_PERIOD_US);
	measure(&guest, 1, 10 * HVMOD_PERIOD_US, &got);
	ok(got <= 40.8 && got >= 38, "to 40 %% of another period: %.2f %%", got);
	run_end(&runner);
	guest_end(&guest);
}

struct setter {
	uint32_t id;
	volatile bool stop;
};

/* Between 20 % of 50 ms with 3 MiB, and 70 % of 5 ms with 7 MiB. */
static void *set_again_and_again(void *data)
{
	static const struct hvmod_quota quotas[] = {
		{ .flags = HVMOD_QUOTA_CPU | HVMOD_QUOTA_MEMORY, .cpu_cap = 20,
		  .cpu_period_us = 50000, .mem_max = 3 << 20 },
		{ .flags = HVMOD_QUOTA_CPU | HVMOD_QUOTA_MEMORY, .cpu_cap = 70,
		  .cpu_period_us = 5000, .mem_max = 7 << 20 },
	};
	struct setter *setter = data;
	unsigned int i = 0;

	while (!setter->stop)
		set_quota(device, setter->id, quotas[i++ & 1]);
	return NULL;
}

/* All that is set is set at once, or nothing. */
static void atomic(void)
{
	unsigned int torn = 0, seen[2] = { 0, 0 };
	struct setter setter = { 0 };
	struct hvmod_quota quota;
	struct guest guest;
	pthread_t thread;
	int ret;

	guest_start(device, &guest, "atomic", 1, CODE_SPIN, 2);
	set_cap(device, guest.id, 30);
	ret = set_quota(device, guest.id,
			(struct hvmod_quota){ .flags = HVMOD_QUOTA_CPU | HVMOD_QUOTA_MEMORY,
					      .cpu_cap = 5, .mem_max = 1ULL << 40 });
	get_quota(guest.id, &quota);
	ok(ret == ENOMEM && quota.cpu_cap == 30, "a part that can't be: the rest stays as it was");
	setter.id = guest.id;
	set_quota(device, guest.id, (struct hvmod_quota){ .flags = HVMOD_QUOTA_CPU | HVMOD_QUOTA_MEMORY,
							  .cpu_cap = 20, .cpu_period_us = 50000,
							  .mem_max = 3 << 20 });
	if (pthread_create(&thread, NULL, set_again_and_again, &setter))
		errx(1, "no thread");
	for (int i = 0; i < 20000; i++) {
		bool large;

		get_quota(guest.id, &quota);
		large = quota.cpu_cap == 70;
		seen[large]++;
		if (large ? quota.cpu_period_us != 5000 || quota.mem_max != 7 << 20 :
			    quota.cpu_cap != 20 || quota.cpu_period_us != 50000 || quota.mem_max != 3 << 20)
			torn++;
		if (!(i % 64))
			sched_yield();
	}
	setter.stop = true;
	pthread_join(thread, NULL);
	ok(!torn && seen[0] && seen[1], "20000 looks while it changes: %u and %u, %u between them",
	   seen[0], seen[1], torn);
	guest_end(&guest);
}

static int plug(struct guest *guest, unsigned int index, uint32_t plugged)
{
	struct hvmod_vcpu_plug arg = { .size = sizeof(arg), .plugged = plugged };

	return ioctl(guest->vcpu[index], HVMOD_VCPU_PLUG, &arg) ? errno : 0;
}

static uint32_t vcpus(struct guest *guest)
{
	struct hvmod_domain_info info = { .size = sizeof(info) };

	need(ioctl(guest->fd, HVMOD_DOMAIN_INFO, &info), "HVMOD_DOMAIN_INFO");
	return info.vcpus;
}

static int vcpus_max(int fd, struct guest *guest, uint32_t count)
{
	return set_quota(fd, guest->id, (struct hvmod_quota){ .flags = HVMOD_QUOTA_VCPUS,
							      .vcpus_max = count });
}

/* No more vCPUs at once than the quota, whichever they are. */
static void vcpu_quota(void)
{
	struct hvmod_vcpu_create create = { .size = sizeof(create), .index = 2 };
	struct runner runner;
	struct guest guest;
	uint64_t ns;
	int ret;

	guest_start(device, &guest, "plug", 2, CODE_SPIN, 2);
	ok(vcpus(&guest) == 2 && ioctl(guest.fd, HVMOD_VCPU_CREATE, &create) == -1 && errno == EINVAL,
	   "2 vCPUs are plugged in, there is no third");
	ok(!vcpus_max(device, &guest, 3), "a quota of 3");
	create.flags = 2;
	ok(ioctl(guest.fd, HVMOD_VCPU_CREATE, &create) == -1 && errno == EINVAL, "an unknown flag");
	create.flags = HVMOD_VCPU_UNPLUGGED;
	guest.vcpu[2] = ioctl(guest.fd, HVMOD_VCPU_CREATE, &create);
	ok(guest.vcpu[2] >= 0 && vcpus(&guest) == 2, "one that is made and not plugged in");
	ok(ioctl(guest.vcpu[2], HVMOD_VCPU_RUN) == -1 && errno == ENXIO, "does not run: ENXIO");
	ok(!vcpus_max(device, &guest, 2) && plug(&guest, 2, 1) == EBUSY && vcpus(&guest) == 2,
	   "nor is it plugged in beyond the quota: EBUSY");
	ok(vcpus_max(device, &guest, 1) == EBUSY, "the quota is not less than what is plugged in");
	ok(vcpus_max(guest.fd, &guest, 3) == EPERM, "the VMM can't raise it");

	run_begin(&runner, &guest, 0, 0);
	usleep(100000);
	ns = run_ns(&guest);
	ret = plug(&guest, 0, 0);
	usleep(100000);
	ok(!ret && run_ns(&guest) - ns < 100000000 && vcpus(&guest) == 1, "one that runs is unplugged");
	ns = run_ns(&guest);
	usleep(200000);
	ok(run_ns(&guest) == ns, "and stops, whatever its thread tries");
	ok(!plug(&guest, 2, 1) && plug(&guest, 0, 1) == EBUSY && vcpus(&guest) == 2,
	   "another takes its place, not both");
	ok(!plug(&guest, 2, 0) && !plug(&guest, 2, 0) && !plug(&guest, 0, 1) && vcpus(&guest) == 2,
	   "and gives it back; twice is once");
	usleep(100000);
	ok(run_ns(&guest) > ns, "it goes on");
	ok(plug(&guest, 0, 2) == EINVAL, "neither in nor out");
	run_end(&runner);
	close(guest.vcpu[2]);
	guest_end(&guest);
}

int main(int argc, char **argv)
{
	static const struct tap_part parts[] = {
		{ "change", change },
		{ "atomic", atomic },
		{ "vcpus", vcpu_quota },
		{ NULL, NULL },
	};

	device = device_open();
	tap_parts(parts, argc, argv);
	return tap_done();
}
