// SPDX-License-Identifier: GPL-2.0-only
/* Eventfds that deliver messages: each signal has its own, whatever the processor that it comes from. */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "driver.h"

/* The one eventfd that there is: its count, who waits for it, and who has a reference. */
static u64 value;
static int references;
static wait_queue_head_t queue;
static wait_queue_entry_t *waits;

/* Work that was put off, and is done when the test says so. */
static struct delayed_work *later;

static void eventfd_poll(struct file *file, poll_table *poll)
{
	poll->_qproc(file, &queue, poll);
}

#undef eventfd_ctx_do_read
#undef eventfd_ctx_fileget
#undef eventfd_ctx_put
#undef eventfd_ctx_remove_wait_queue
#undef eventfd_fget
#undef fput
#undef vfs_poll
#undef add_wait_queue
#undef schedule_delayed_work
#undef cancel_delayed_work_sync
#define eventfd_ctx_do_read(ctx, count)		(*(count) = value, value = 0)
#define eventfd_ctx_fileget(file)		(references++, (struct eventfd_ctx *)(file))
#define eventfd_ctx_put(ctx)			((void)(ctx), references--)
#define eventfd_ctx_remove_wait_queue(ctx, wait, count)	((void)(count), waits = NULL)
#define eventfd_fget(fd)			((fd) ? ERR_PTR(-EBADF) : (references++, (struct file *)&value))
#define fput(file)				((void)(file), references--)
#define vfs_poll(file, poll)			eventfd_poll(file, poll)
#define add_wait_queue(head, wait)		((void)(head), waits = (wait))
#define schedule_delayed_work(work, jiffies)	(later = (work))
#define cancel_delayed_work_sync(work)		(later == (work) ? later = NULL : NULL)
#include "../../kmod/irqfd.c"

#define ADDRESS	0xfee01000ULL

static struct hv_domain *domain;

static int start(struct kunit *test)
{
	driver_init();
	value = 0;
	references = 0;
	waits = NULL;
	later = NULL;
	spin_lock_init(&queue.lock);
	domain = driver_domain(test, 1 << 20, 1);
	INIT_LIST_HEAD(&domain->irqfds);
	return 0;
}

static void stop(struct kunit *test)
{
	hv_irqfd_end_all(domain);
	KUNIT_EXPECT_EQ(test, references, 0);
	KUNIT_EXPECT_TRUE(test, !waits && !later);
	KUNIT_EXPECT_EQ(test, domain->quota.sum, 0ULL);
}

static long irqfd(u32 flags, int fd, u64 address, u32 data)
{
	struct hv_call call = { .object = domain };

	call.arg.irqfd = (struct hvmod_irqfd){ .flags = flags, .fd = fd, .address = address, .data = data };
	return hv_irqfd_ioctl(&call);
}

static void signal_it(u64 count)
{
	value += count;
	spin_lock_irq(&queue.lock);
	waits->func(waits, 0, 0, (void *)(unsigned long)EPOLLIN);
	spin_unlock_irq(&queue.lock);
}

static void do_what_was_put_off(void)
{
	struct delayed_work *work = later;

	later = NULL;
	work->work.func(&work->work);
}

static void a_signal_is_a_message(struct kunit *test)
{
	value = 3;
	KUNIT_ASSERT_EQ(test, irqfd(0, 0, ADDRESS, 0x31), 0L);
	KUNIT_EXPECT_EQ(test, driver.messages, 1U);
	signal_it(1);
	KUNIT_EXPECT_EQ(test, driver.messages, 2U);
	KUNIT_EXPECT_EQ(test, driver.rdx, ADDRESS);
	KUNIT_EXPECT_EQ(test, driver.rcx, 0x31ULL);
	KUNIT_EXPECT_EQ(test, value, 0ULL);
	KUNIT_ASSERT_EQ(test, irqfd(0, 0, ADDRESS, 0x32), 0L);
	signal_it(1);
	KUNIT_EXPECT_EQ(test, driver.rcx, 0x32ULL);
	KUNIT_ASSERT_EQ(test, irqfd(HVMOD_IRQFD_DEASSIGN, 0, 0, 0), 0L);
	KUNIT_EXPECT_EQ(test, irqfd(HVMOD_IRQFD_DEASSIGN, 0, 0, 0), (long)-ENOENT);
	KUNIT_EXPECT_TRUE(test, !waits);
}

static void what_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, irqfd(2, 0, ADDRESS, 0x31), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, irqfd(0, 0, 0xfed00000, 0x31), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, irqfd(0, 1, ADDRESS, 0x31), (long)-EBADF);
	domain->quota.max = 0;
	KUNIT_EXPECT_EQ(test, irqfd(0, 0, ADDRESS, 0x31), (long)-EDQUOT);
	KUNIT_EXPECT_EQ(test, driver.messages, 0U);
}

/* A processor that comes online has interrupts before it has the core. */
static void where_there_is_no_core_yet_it_waits(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, irqfd(0, 0, ADDRESS, 0x31), 0L);
	driver.no_core = 2;
	signal_it(1);
	KUNIT_EXPECT_EQ(test, driver.messages, 1U);
	KUNIT_ASSERT_NOT_NULL(test, later);
	do_what_was_put_off();
	KUNIT_ASSERT_NOT_NULL(test, later);
	do_what_was_put_off();
	KUNIT_EXPECT_EQ(test, driver.messages, 3U);
	KUNIT_EXPECT_TRUE(test, !later);
	KUNIT_EXPECT_EQ(test, driver.rcx, 0x31ULL);
}

/* Who takes it away does not hear of it later. */
static void what_waits_goes_with_it(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, irqfd(0, 0, ADDRESS, 0x31), 0L);
	driver.no_core = 1;
	signal_it(1);
	KUNIT_ASSERT_NOT_NULL(test, later);
	KUNIT_ASSERT_EQ(test, irqfd(HVMOD_IRQFD_DEASSIGN, 0, 0, 0), 0L);
	KUNIT_EXPECT_TRUE(test, !later);
}

static struct kunit_case irqfd_cases[] = {
	KUNIT_CASE(a_signal_is_a_message),
	KUNIT_CASE(what_is_refused),
	KUNIT_CASE(where_there_is_no_core_yet_it_waits),
	KUNIT_CASE(what_waits_goes_with_it),
	{}
};

static struct kunit_suite irqfd_suite = {
	.name = "hvmod_irqfd",
	.init = start,
	.exit = stop,
	.test_cases = irqfd_cases,
};

kunit_test_suite(irqfd_suite);
