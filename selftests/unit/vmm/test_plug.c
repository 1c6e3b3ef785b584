// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs that come and go in a whole domain, against a module that is not there; built with ASan and UBSan, and
 * with TSan.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bzimage.h"
#include "cpus.h"
#include "fake_module.h"
#include "layout.h"
#include "tap.h"
#include "vmm.h"

static char kernel[] = "/tmp/test_plug.XXXXXX";
static char err[512];
static enum vmm_outcome outcome;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool ended;

static void no_output(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
}

static void note_end(void *ctx, enum vmm_outcome how)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	outcome = how;
	ended = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

static void no_halt(void *ctx)
{
	(void)ctx;
}

/* A domain with @vcpus of @most, which runs. */
static struct vmm *domain(unsigned int vcpus, unsigned int most, fake_guest guest)
{
	static const struct vmm_ops ops = { no_output, note_end, no_halt, NULL };
	const struct vmm_config config = {
		.name = "hot",
		.vcpus = vcpus,
		.vcpus_max = most,
		.memory = 64ULL << 20,
		.kernel = kernel,
		.on_reboot = VMM_ACTION_RESTART,
	};
	struct vmm *vmm;

	fake_reset();
	fake.guest = guest;
	ended = false;
	vmm = vmm_create(&config, &ops, NULL, err, sizeof(err));
	if (vmm)
		check(!vmm_start(vmm));
	return vmm;
}

/* Bits of the vCPUs that are plugged in for the module, and of those in the guest. */
static unsigned int plugged(void)
{
	unsigned int bits = 0;
	unsigned int i;

	pthread_mutex_lock(&fake.lock);
	for (i = 0; i < fake.vcpus; i++)
		bits |= (unsigned int)fake.vcpu[i].plugged << i;
	pthread_mutex_unlock(&fake.lock);
	return bits;
}

static unsigned int in_guest(void)
{
	unsigned int bits = 0;
	unsigned int i;

	pthread_mutex_lock(&fake.lock);
	for (i = 0; i < fake.vcpus; i++)
		bits |= (unsigned int)fake.vcpu[i].inside << i;
	pthread_mutex_unlock(&fake.lock);
	return bits;
}

static bool soon(unsigned int (*look)(void), unsigned int wanted)
{
	unsigned int tries;

	for (tries = 0; tries < 2000 && look() != wanted; tries++)
		usleep(5000);
	return look() == wanted;
}

static void wait_end(void)
{
	pthread_mutex_lock(&lock);
	while (!ended)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static int stays(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	(void)vcpu;
	(void)run;
	(void)n;
	return 0;
}

static int out_byte(struct hvmod_run *run, unsigned int offset, uint8_t value)
{
	run->exit = HVMOD_EXIT_IO;
	memset(&run->io, 0, sizeof(run->io));
	run->io.port = (uint16_t)(CPUS_PORT + offset);
	run->io.size = 1;
	run->io.data = value;
	return 1;
}

/* As soon as it is told, vCPU 0 lets go all but itself. */
static unsigned int let_go;

static int lets_go(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	(void)n;
	if (!vcpu && __atomic_exchange_n(&let_go, 0, __ATOMIC_SEQ_CST))
		return out_byte(run, CPUS_EJECT, 0xFF);
	return 0;
}

/* vCPU 1 lets itself go at once. */
static int goes_itself(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	return vcpu == 1 && !n ? out_byte(run, CPUS_EJECT, 2) : 0;
}

static int halts(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	(void)vcpu;
	(void)n;
	run->exit = HVMOD_EXIT_HALTED;
	return 1;
}

/* As Linux does it: vCPU 1 halts for ever, then vCPU 0 lets it go. */
static int halts_and_goes(unsigned int vcpu, struct hvmod_run *run, unsigned int n)
{
	if (vcpu)
		return halts(vcpu, run, n);
	if (n)
		return 0;
	usleep(50000);
	return out_byte(run, CPUS_EJECT, 2);
}

static void test_grow(void)
{
	struct vmm *vmm = domain(1, 3, stays);

	ok(vmm && fake.create.vcpus == 3 && fake.vcpus == 3, "1 of 3: all are made, for a quota of 3");
	ok(soon(in_guest, 1) && plugged() == 1, "the first one runs");
	ok(!vmm_set_vcpus(vmm, 3) && plugged() == 7, "3 of 3");
	ok(soon(in_guest, 7), "all run");
	ok(fake.vcpu[2].restores == 1 && !fake.vcpu[0].restores,
	   "the new ones from their first state on, the old one as before");
	ok(!vmm_set_vcpus(vmm, 3) && fake.vcpu[2].restores == 1, "once more: nothing happens");
	ok(vmm_set_vcpus(vmm, 0) && errno == EINVAL, "none is not possible");
	ok(vmm_set_vcpus(vmm, 4) && errno == EINVAL, "4 of 3 are not possible");
	ok(!vmm_pause(vmm) && !in_guest() && !vmm_unpause(vmm) && soon(in_guest, 7), "pause and unpause");
	vmm_stop(vmm, VMM_DESTROYED);
	ok(vmm_set_vcpus(vmm, 1) && errno == ESHUTDOWN, "not after the end");
	vmm_destroy(vmm);
}

static void test_shrink(void)
{
	struct vmm *vmm = domain(3, 3, lets_go);

	ok(soon(in_guest, 7), "3 of 3 run");
	ok(!vmm_set_vcpus(vmm, 1) && plugged() == 7 && vmm_vcpus_wanted(vmm) == 1,
	   "asked to do with one, the guest still has them");
	__atomic_store_n(&let_go, 1, __ATOMIC_SEQ_CST);
	check(!vmm_pause(vmm) && !vmm_unpause(vmm));
	ok(soon(plugged, 1) && soon(in_guest, 1), "until it lets them go");
	ok(!vmm_pause(vmm) && !vmm_unpause(vmm) && soon(in_guest, 1), "pause does not wait for those that are gone");
	ok(!vmm_set_vcpus(vmm, 2) && soon(in_guest, 3), "one comes back");
	vmm_destroy(vmm);

	vmm = domain(2, 2, goes_itself);
	ok(soon(plugged, 1) && soon(in_guest, 1) && vmm_vcpus_wanted(vmm) == 1, "one lets itself go");
	vmm_destroy(vmm);

	vmm = domain(2, 2, stays);
	check(soon(in_guest, 3));
	ok(!vmm_set_vcpus(vmm, 1) && !vmm_reset(vmm), "a guest that lets none go is reset");
	ok(soon(in_guest, 1) && plugged() == 1, "and begins with one");
	ok(!vmm_set_vcpus(vmm, 2) && soon(in_guest, 3), "or two, if asked");
	ok(!vmm_reset(vmm) && soon(in_guest, 3), "which it has after a reset too");
	vmm_destroy(vmm);
}

static void test_refused(void)
{
	struct vmm *vmm = domain(1, 3, stays);

	fake.quota = 2;
	ok(vmm_set_vcpus(vmm, 3) && errno == EBUSY, "more than the quota: refused");
	ok(plugged() == 3 && soon(in_guest, 3), "as many as it allows");
	vmm_destroy(vmm);
	ok(!domain(3, 2, stays) && strstr(err, "3 asked for, but at most 2"), "3 of 2: %s", err);
	ok(!domain(1, FAKE_VCPUS + 1, stays) && strstr(err, "9 asked for"), "more than the module has: %s", err);
}

static void test_halted(void)
{
	struct vmm *vmm = domain(1, 3, halts);

	wait_end();
	ok(outcome == VMM_PANIC, "the only one that is there halts for ever: a panic");
	vmm_destroy(vmm);
	vmm = domain(2, 2, halts_and_goes);
	ok(soon(plugged, 1) && soon(in_guest, 1) && !ended, "one that halted and is gone is no panic");
	usleep(100000);
	ok(!ended && in_guest() == 1, "not later either");
	vmm_destroy(vmm);
}

static void test_race(void)
{
	unsigned int round;
	bool good = true;

	for (round = 0; round < 50; round++) {
		struct vmm *vmm = domain(1, 4, lets_go);
		unsigned int i;

		for (i = 0; i < 20; i++) {
			good &= !vmm_set_vcpus(vmm, 1 + (round + i) % 4);
			__atomic_store_n(&let_go, i & 1, __ATOMIC_SEQ_CST);
			good &= !vmm_pause(vmm) && !vmm_unpause(vmm);
		}
		__atomic_store_n(&let_go, 0, __ATOMIC_SEQ_CST);
		good &= !vmm_pause(vmm) && !vmm_unpause(vmm);
		good &= !vmm_set_vcpus(vmm, 4) && soon(in_guest, 0xF) && !ended;
		vmm_destroy(vmm);
	}
	ok(good, "they come and go 1000 times");
}

int main(void)
{
	uint8_t file[SYNTH_BYTES];
	int fd = mkstemp(kernel);

	synth_bzimage(file)->init_size = 0x100000;
	check(fd >= 0 && write(fd, file, sizeof(file)) == (ssize_t)sizeof(file));
	close(fd);
	test_grow();
	test_shrink();
	test_refused();
	test_halted();
	test_race();
	fake_reset();
	unlink(kernel);
	return tap_done();
}
