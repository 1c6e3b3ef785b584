// SPDX-License-Identifier: GPL-2.0-only
/* The table of ioctls, and what the dispatcher does for all of them. */
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include "driver.h"

/* The caller's memory is the test's. */
static int copy_struct(void *to, size_t known, const void *from, size_t bytes)
{
	const char *more = from;
	size_t i;

	for (i = known; i < bytes; i++)
		if (more[i])
			return -E2BIG;
	memcpy(to, from, bytes < known ? bytes : known);
	return 0;
}

static unsigned long copy_out(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
	return 0;
}

#undef get_user
#undef copy_struct_from_user
#undef copy_to_user
#define get_user(x, p)	((x) = *(const u32 __force *)(p), 0)
#define copy_struct_from_user(to, known, from, bytes)	\
	copy_struct(to, known, (const void __force *)(from), bytes)
#define copy_to_user(to, from, bytes)	copy_out((void __force *)(to), from, bytes)

/* No descriptor is made. */
static int descriptors, installed;
#undef get_unused_fd_flags
#undef put_unused_fd
#undef fd_install
#undef fput
#define get_unused_fd_flags(flags)	(descriptors++, 3)
#define put_unused_fd(fd)		((void)(fd), descriptors--)
#define fd_install(fd, file)		((void)(file), installed++)
#define fput(file)			((void)(file))
#include "../../kmod/chardev.c"

static int start(struct kunit *test)
{
	driver_init();
	descriptors = 0;
	installed = 0;
	return 0;
}

/* Numbers of the interface that are there: the rest of the table is holes. */
static bool there(const struct hv_ioctl *ioctl)
{
	return ioctl->cmd;
}

static void entries_agree_with_the_interface(struct kunit *test)
{
	u32 i, count = 0;

	for (i = 0; i < ARRAY_SIZE(hv_ioctls); i++) {
		const struct hv_ioctl *ioctl = &hv_ioctls[i];
		u32 size = _IOC_SIZE(ioctl->cmd);

		if (!there(ioctl))
			continue;
		count++;
		KUNIT_EXPECT_EQ(test, _IOC_TYPE(ioctl->cmd), (unsigned int)HVMOD_IOC_MAGIC);
		KUNIT_EXPECT_EQ(test, _IOC_NR(ioctl->cmd), i);
		/* The size comes first, all is a multiple of 8, and no version is longer than a page. */
		KUNIT_EXPECT_EQ(test, !size, !ioctl->min_size);
		KUNIT_EXPECT_LE(test, ioctl->min_size, size);
		KUNIT_EXPECT_EQ(test, size % 8 | ioctl->min_size % 8, 0U);
		KUNIT_EXPECT_LE(test, size, (u32)sizeof(((struct hv_call *)NULL)->arg));
		KUNIT_EXPECT_LE(test, size, (u32)PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, !size, _IOC_DIR(ioctl->cmd) == _IOC_NONE);
		/* What has an argument has its size read. */
		KUNIT_EXPECT_TRUE(test, !size || _IOC_DIR(ioctl->cmd) & _IOC_WRITE);
		KUNIT_EXPECT_EQ(test, !!(ioctl->kind & HV_FD_DEVICE), !!ioctl->device);
		KUNIT_EXPECT_EQ(test, !!(ioctl->kind & (HV_FD_DOMAIN | HV_FD_VCPU)), !!ioctl->object);
		/* The device belongs to no address space. */
		if (ioctl->kind & HV_FD_DEVICE)
			KUNIT_EXPECT_FALSE(test, ioctl->flags & HV_IOC_MM);
		/* A VMM's descriptors are no other process's. */
		if (ioctl->kind == HV_FD_VCPU)
			KUNIT_EXPECT_TRUE(test, ioctl->flags & HV_IOC_MM);
	}
	KUNIT_EXPECT_GE(test, count, 17U);
}

static void each_descriptor_knows_its_own(struct kunit *test)
{
	static const u32 kinds[] = { HV_FD_DEVICE, HV_FD_DOMAIN, HV_FD_VCPU };
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(hv_ioctls); i++)
		for (k = 0; k < ARRAY_SIZE(kinds); k++)
			KUNIT_EXPECT_EQ(test, !!hv_find_ioctl(hv_ioctls[i].cmd, kinds[k]),
					there(&hv_ioctls[i]) && hv_ioctls[i].kind & kinds[k]);
}

static void a_number_is_an_ioctl_whatever_its_size(struct kunit *test)
{
	static const struct { unsigned int cmd; bool known; } rows[] = {
		{ HVMOD_GET_CAPS, true },
		{ _IOC(_IOC_READ | _IOC_WRITE, HVMOD_IOC_MAGIC, 0, 8), true },
		{ _IOC(_IOC_READ | _IOC_WRITE, HVMOD_IOC_MAGIC, 0, 4096), true },
		{ _IOC(_IOC_READ, HVMOD_IOC_MAGIC, 0, sizeof(struct hvmod_caps)), false },
		{ _IOC(_IOC_NONE, HVMOD_IOC_MAGIC, 0, 0), false },
		{ _IOC(_IOC_READ | _IOC_WRITE, HVMOD_IOC_MAGIC + 1, 0, 8), false },
		{ _IOC(_IOC_READ | _IOC_WRITE, HVMOD_IOC_MAGIC, ARRAY_SIZE(hv_ioctls), 8), false },
		{ _IOC(_IOC_READ | _IOC_WRITE, HVMOD_IOC_MAGIC, 0xff, 8), false },
		{ 0, false },
		{ ~0U, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ(test, !!hv_find_ioctl(rows[i].cmd, HV_FD_DEVICE), rows[i].known);
	KUNIT_EXPECT_EQ(test, hv_device_ioctl(NULL, HVMOD_VCPU_KICK, 0), (long)-ENOTTY);
}

/* Shorter and longer callers, and what they are told. */
static void sizes_are_negotiated(struct kunit *test)
{
	static const struct { u32 size, tail; long result; } rows[] = {
		{ 0, 0, -EINVAL }, { 87, 0, -EINVAL }, { 88, 0, 0 },
		{ sizeof(struct hvmod_caps), 0, 0 }, { sizeof(struct hvmod_caps) + 8, 0, 0 },
		{ sizeof(struct hvmod_caps) + 8, 1, -E2BIG }, { PAGE_SIZE, 0, 0 },
		{ PAGE_SIZE + 1, 0, -E2BIG }, { ~0U, 0, -E2BIG },
	};
	u8 *user = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	struct hvmod_caps *caps = (void *)user;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, user);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(user, 0, 2 * PAGE_SIZE);
		caps->size = rows[i].size;
		user[sizeof(*caps)] = rows[i].tail;
		KUNIT_EXPECT_EQ(test, hv_device_ioctl(NULL, HVMOD_GET_CAPS, (unsigned long)user),
				rows[i].result);
		if (rows[i].result) {
			KUNIT_EXPECT_EQ(test, caps->tsc_khz, 0U);
			continue;
		}
		KUNIT_EXPECT_EQ(test, driver.rdx, (u64)rows[i].size);
		KUNIT_EXPECT_EQ(test, caps->size, (u32)sizeof(*caps));
		KUNIT_EXPECT_EQ(test, caps->tsc_khz, 1234U);
	}
}

static void another_process_has_no_part_in_a_domain(struct kunit *test)
{
	struct hvmod_set_state argument = { .size = sizeof(argument) };
	struct mm_struct *others = kunit_kzalloc(test, sizeof(*others), GFP_KERNEL);
	unsigned long arg = (unsigned long)&argument;
	struct hv_domain *domain = driver_domain(test, 4096, 1);

	KUNIT_EXPECT_EQ(test, hv_dispatch(HV_FD_DOMAIN, domain, others, HVMOD_DOMAIN_SET_STATE, arg),
			(long)-EIO);
	KUNIT_EXPECT_EQ(test, hv_dispatch(HV_FD_DOMAIN, domain, current->mm, HVMOD_DOMAIN_SET_STATE, arg),
			0L);
}

static long hv_vcpu_fails(struct hv_call *call)
{
	return -EBUSY;
}

/* A descriptor is taken before the handler runs, and given back if it fails. */
static void a_failure_leaves_no_descriptor(struct kunit *test)
{
	struct hvmod_vcpu_create argument = { .size = sizeof(argument) };
	const struct hv_ioctl *ioctl = hv_find_ioctl(HVMOD_VCPU_CREATE, HV_FD_DOMAIN);
	struct hv_ioctl failing = *ioctl;
	struct hv_call call = { .arg.vcpu_create = argument };

	KUNIT_EXPECT_EQ(test, hv_run_ioctl(ioctl, &call, HV_FD_DOMAIN, NULL, 8), 3L);
	KUNIT_EXPECT_EQ(test, descriptors, 1);
	KUNIT_EXPECT_EQ(test, installed, 1);
	failing.flags |= HV_IOC_FD;
	failing.object = hv_vcpu_fails;
	KUNIT_EXPECT_EQ(test, hv_run_ioctl(&failing, &call, HV_FD_DOMAIN, NULL, 8), (long)-EBUSY);
	KUNIT_EXPECT_EQ(test, descriptors, 1);
	KUNIT_EXPECT_EQ(test, installed, 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(entries_agree_with_the_interface),
	KUNIT_CASE(each_descriptor_knows_its_own),
	KUNIT_CASE(a_number_is_an_ioctl_whatever_its_size),
	KUNIT_CASE(sizes_are_negotiated),
	KUNIT_CASE(another_process_has_no_part_in_a_domain),
	KUNIT_CASE(a_failure_leaves_no_descriptor),
	{}
};

static struct kunit_suite ioctl_suite = {
	.name = "hvmod_ioctl",
	.init = start,
	.test_cases = cases,
};
kunit_test_suite(ioctl_suite);
