// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that a guest gives up: HVMOD_MEM_DISCARD and HVMOD_MEM_BALLOON, and a
 * VMM that drops pages while its guest uses them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "guest.h"

#define PAGE		4096
#define TOUCHED		256		/* pages that a round of the guest touches */
#define UNIT		(2 << 20)
#define COUNTER		0xfff		/* in each page: rounds of the guest */

static int device;

/*
 * In real mode: add 1 to the last byte of each page of the first megabyte, tell,
 * and again.
 */
static const char code[] = "\xe9\x0d\xf0";	/* jmp F000 */
static const char work[] =
	"\x31\xc0"		/* xor %ax, %ax */
	"\x8e\xd8"		/* mov %ax, %ds */
	"\xfe\x06\xff\x0f"	/* incb 0xfff */
	"\x05\x00\x01"		/* add $0x100, %ax: 4 KiB further */
	"\x75\xf5"		/* jnz mov */
	"\xe6\x80"		/* out %al, $0x80 */
	"\xeb\xef";		/* jmp xor */

/* A guest with memory from 0 on. */
struct subject {
	struct guest guest;
	uint8_t *map;		/* bigger than @ram */
	uint8_t *ram;		/* begins at 2 MiB */
	size_t bytes;
};

static uint64_t held(struct subject *subject)
{
	struct hvmod_quota quota = { .size = sizeof(quota), .id = subject->guest.id };

	need(ioctl(device, HVMOD_GET_QUOTA, &quota), "HVMOD_GET_QUOTA");
	return quota.held;
}

static int set_memory(struct subject *subject, uint64_t mem_max)
{
	struct hvmod_quota quota = { .size = sizeof(quota), .id = subject->guest.id,
				     .flags = HVMOD_QUOTA_MEMORY, .mem_max = mem_max };

	return ioctl(device, HVMOD_SET_QUOTA, &quota) ? errno : 0;
}

static void begin(struct subject *subject, unsigned int vcpus, size_t bytes, int advice)
{
	struct hvmod_mem_map map = { .size = sizeof(map), .bytes = bytes };

	guest_start(device, &subject->guest, "balloon", vcpus, code, 3);
	memcpy(subject->guest.memory, work, sizeof(work) - 1);
	subject->bytes = bytes;
	subject->map = mmap(NULL, bytes + UNIT, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (subject->map == MAP_FAILED)
		err(1, "mmap");
	subject->ram = subject->map + (-(uintptr_t)subject->map & (UNIT - 1));
	madvise(subject->ram, bytes, advice);
	map.user_addr = (uintptr_t)subject->ram;
	if (set_memory(subject, bytes + GUEST_BYTES))
		err(1, "HVMOD_SET_QUOTA");
	need(ioctl(subject->guest.fd, HVMOD_MEM_MAP, &map), "HVMOD_MEM_MAP");
}

static void end(struct subject *subject)
{
	size_t bytes = subject->bytes;

	guest_end(&subject->guest);
	munmap(subject->map, bytes + UNIT);
}

/* Each page once. Return: whether the guest told so */
static bool round_of(struct subject *subject)
{
	struct hvmod_run *run = subject->guest.run[0];

	do {
		need(ioctl(subject->guest.vcpu[0], HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
	} while (run->exit == HVMOD_EXIT_KICK);
	return run->exit == HVMOD_EXIT_IO && run->io.port == 0x80;
}

static int discard_at(struct subject *subject, uint64_t gpa, uint32_t flags, const uint64_t *pages)
{
	struct hvmod_mem_discard arg = { .size = sizeof(arg), .flags = flags, .gpa = gpa };

	memcpy(arg.pages, pages, sizeof(arg.pages));
	return ioctl(subject->guest.fd, HVMOD_MEM_DISCARD, &arg) ? errno : 0;
}

/* Pages [first, end) by steps, with their backing or without. */
static int discard(struct subject *subject, unsigned int first, unsigned int end_page,
		   unsigned int step, bool backing)
{
	uint64_t pages[8] = { 0 };

	for (; first < end_page; first += step) {
		pages[first / 64] |= 1ULL << first % 64;
		if (backing && (size_t)first * PAGE < subject->bytes)
			madvise(subject->ram + (size_t)first * PAGE, PAGE, MADV_DONTNEED);
	}
	return discard_at(subject, 0, 0, pages);
}

static bool counted(struct subject *subject, unsigned int first, unsigned int step, uint8_t want)
{
	for (; first < TOUCHED; first += step)
		if (subject->ram[(size_t)first * PAGE + COUNTER] != want)
			return false;
	return true;
}

/* Of [first, end): how many the VMM's page tables have. */
static unsigned int resident(struct subject *subject, unsigned int first, unsigned int end_page)
{
	unsigned char there[512];
	unsigned int count = 0;

	need(mincore(subject->ram + (size_t)first * PAGE, (size_t)(end_page - first) * PAGE, there),
	     "mincore");
	for (unsigned int i = 0; i < end_page - first; i++)
		count += there[i] & 1;
	return count;
}

static void pages(void)
{
	struct subject subject;
	uint64_t before, full, less;

	begin(&subject, 1, 1 << 20, MADV_NOHUGEPAGE);
	before = held(&subject);
	ok(round_of(&subject) && counted(&subject, 0, 1, 1), "a guest touches 256 pages");
	full = held(&subject);
	ok(full >= before + (TOUCHED << 12), "which are charged: %llu bytes",
	   (unsigned long long)(full - before));
	ok(!discard(&subject, 0, TOUCHED, 1, true), "all of them are discarded");
	less = held(&subject);
	ok(full - less >= TOUCHED << 12, "and not charged any more: %llu bytes less",
	   (unsigned long long)(full - less));
	ok(resident(&subject, 0, TOUCHED) == 0, "the host has them back");
	ok(round_of(&subject) && counted(&subject, 0, 1, 1), "touched again they are empty, and the VMM's too");
	ok(held(&subject) == full, "and charged again");
	ok(!discard(&subject, 0, TOUCHED, 1, false) && round_of(&subject) && counted(&subject, 0, 1, 2),
	   "those that the VMM keeps stay what they are");
	ok(!discard(&subject, 0, TOUCHED, 2, true) && held(&subject) <= full - (TOUCHED << 11) &&
	   round_of(&subject) && counted(&subject, 0, 2, 1) && counted(&subject, 1, 2, 3),
	   "every second one, and no other");
	ok(!discard(&subject, TOUCHED, 512, 1, true) && held(&subject) == full, "pages that there are not");
	end(&subject);
}

static void arguments(void)
{
	static const uint64_t none[8], all[8] = { ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL };
	struct hvmod_mem_balloon balloon = { .size = sizeof(balloon) };
	struct hvmod_quota quota = { .size = sizeof(quota) };
	struct subject subject;

	begin(&subject, 1, 1 << 20, MADV_NOHUGEPAGE);
	ok(discard_at(&subject, PAGE, 0, all) == EINVAL && discard_at(&subject, 1, 0, all) == EINVAL &&
	   discard_at(&subject, 1 << 20, 0, all) == EINVAL, "2 MiB begin at multiples of 2 MiB");
	ok(discard_at(&subject, 1ULL << 46, 0, all) == EINVAL && discard_at(&subject, ~0ULL << 21, 0, all) == EINVAL,
	   "and below 2^46");
	ok(discard_at(&subject, 0, 1, all) == EINVAL, "there are no flags");
	ok(!discard_at(&subject, (1ULL << 46) - UNIT, 0, all) && !discard_at(&subject, 0, 0, none),
	   "nothing there, and nothing meant");
	balloon.bytes = (1 << 20) + GUEST_BYTES + PAGE;
	ok(ioctl(subject.guest.fd, HVMOD_MEM_BALLOON, &balloon) && errno == EINVAL, "no guest gives up more than it has");
	balloon.bytes = 1;
	ok(ioctl(subject.guest.fd, HVMOD_MEM_BALLOON, &balloon) && errno == EINVAL, "nor a part of a page");
	balloon.bytes = 512 << 10;
	ok(!ioctl(subject.guest.fd, HVMOD_MEM_BALLOON, &balloon), "half of it");
	quota.id = subject.guest.id;
	need(ioctl(device, HVMOD_GET_QUOTA, &quota), "HVMOD_GET_QUOTA");
	ok(quota.mem_current == (512 << 10) + GUEST_BYTES, "is told to who asks");
	ok(set_memory(&subject, 512 << 10) == EBUSY && !set_memory(&subject, (512 << 10) + GUEST_BYTES),
	   "its limit can be what is left, and not less");
	round_of(&subject);
	ok(subject.guest.run[0]->exit == HVMOD_EXIT_IO || subject.guest.run[0]->why == HVMOD_WHY_QUOTA,
	   "a guest that takes more stops at what it may make the host hold");
	need(ioctl(device, HVMOD_GET_QUOTA, &quota), "HVMOD_GET_QUOTA");
	ok(quota.held <= quota.held_max, "%llu of %llu bytes", (unsigned long long)quota.held,
	   (unsigned long long)quota.held_max);
	end(&subject);
}

/* A 2 MiB page of which a part goes does not come back as a whole. */
static void blocks(void)
{
	struct subject subject;
	uint64_t full, before;

	begin(&subject, 1, 2 * UNIT, MADV_HUGEPAGE);
	before = held(&subject);
	ok(round_of(&subject), "a guest touches a part of 2 MiB");
	full = held(&subject);
	if (full - before < UNIT) {
		printf("ok %d - 2 MiB pages # SKIP this kernel gave none\n", ++tap_count);
		end(&subject);
		return;
	}
	ok(!discard(&subject, TOUCHED, 512, 1, true), "the rest of them is discarded");
	ok(held(&subject) <= full - UNIT, "all of them are taken out");
	ok(round_of(&subject) && counted(&subject, 0, 1, 2), "and come back when they are touched");
	ok(held(&subject) <= full - (UNIT - (TOUCHED << 12)) + 4 * PAGE,
	   "4 KiB by 4 KiB: %llu bytes less than before", (unsigned long long)(full - held(&subject)));
	ok(resident(&subject, TOUCHED, 512) == 0, "what was given up stays away");
	end(&subject);
}

/* Pages are dropped while vCPUs write to them; what Linux makes of them then stays whole. */
static volatile bool stop;

static void *run(void *data)
{
	int vcpu = *(int *)data;

	while (!stop)
		ioctl(vcpu, HVMOD_VCPU_RUN);
	return NULL;
}

static void *drop(void *data)
{
	struct subject *subject = data;
	unsigned int n = 0;

	for (; !stop; n++)
		discard(subject, n % 7, TOUCHED, 1 + n % 5, n % 3);
	return NULL;
}

static bool whole(const uint8_t *memory, size_t bytes)
{
	return *memory == 0x5a && !memcmp(memory, memory + 1, bytes - 1);
}

static void hostile(int advice)
{
	unsigned int rounds = 0, bad = 0;
	pthread_t thread[4];
	struct subject subject;
	uint64_t before, after;

	begin(&subject, 2, UNIT, advice);
	before = held(&subject);
	stop = false;
	for (unsigned int i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, run, &subject.guest.vcpu[i]) ||
		    pthread_create(&thread[2 + i], NULL, drop, &subject))
			errx(1, "no thread");
	/* Whatever pages Linux has free it may give to somebody now. */
	for (; rounds < 80; rounds++) {
		uint8_t *other = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (other == MAP_FAILED)
			err(1, "mmap");
		memset(other, 0x5a, 1 << 20);
		usleep(500);
		bad += !whole(other, 1 << 20);
		munmap(other, 1 << 20);
	}
	stop = true;
	for (unsigned int i = 0; i < 2; i++)
		ioctl(subject.guest.vcpu[i], HVMOD_VCPU_KICK);
	for (unsigned int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	ok(!bad, "%u times 1 MiB of other memory, never written by the guest", rounds);
	ok(!discard(&subject, 0, 512, 1, true), "all that it had can be taken");
	after = held(&subject);
	ok(after <= before + 32 * PAGE, "and %lld bytes more are held than at first",
	   (long long)(after - before));
	ok(round_of(&subject), "it runs");
	end(&subject);
}

static void hostile_pages(void)
{
	hostile(MADV_NOHUGEPAGE);
}

static void hostile_blocks(void)
{
	hostile(MADV_HUGEPAGE);
}

int main(int argc, char **argv)
{
	static const struct tap_part parts[] = {
		{ "pages", pages },
		{ "arguments", arguments },
		{ "blocks", blocks },
		{ "hostile-pages", hostile_pages },
		{ "hostile-blocks", hostile_blocks },
		{ NULL, NULL },
	};

	device = device_open();
	tap_parts(parts, argc, argv);
	return tap_done();
}
