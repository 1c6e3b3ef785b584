// SPDX-License-Identifier: GPL-2.0-only
/*
 * HVMOD_IRQFD: eventfds that deliver MSIs. A callback in the eventfd's wait
 * queue does it, in whatever context the signal comes from; the VMM is not
 * asked.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "hvmod.h"

/**
 * struct hv_irqfd - an eventfd and its message
 * @link: in domain->irqfds
 * @domain: the domain
 * @eventfd: a reference
 * @queue: the eventfd's wait queue; its lock is for @address and @data
 * @wait: our entry there
 * @poll: how we get there
 * @retry: delivers what could not be from where the signal came
 * @address: message address
 * @data: message data
 */
struct hv_irqfd {
	struct list_head link;
	struct hv_domain *domain;
	struct eventfd_ctx *eventfd;
	wait_queue_head_t *queue;
	wait_queue_entry_t wait;
	poll_table poll;
	struct delayed_work retry;
	u64 address;
	u32 data;
};

/*
 * The queue's lock is held, interrupts are off. A processor that comes online
 * has interrupts before it has the core; what is signalled there waits for it.
 */
static void hv_irqfd_deliver(struct hv_irqfd *irqfd)
{
	if (hv_domain_message(irqfd->domain, irqfd->address, irqfd->data) == -EIO)
		schedule_delayed_work(&irqfd->retry, 1);
}

static void hv_irqfd_retry(struct work_struct *work)
{
	struct hv_irqfd *irqfd = container_of(work, struct hv_irqfd, retry.work);

	spin_lock_irq(&irqfd->queue->lock);
	hv_irqfd_deliver(irqfd);
	spin_unlock_irq(&irqfd->queue->lock);
}

/* The queue's lock is held, interrupts are off. */
static int hv_irqfd_signalled(wait_queue_entry_t *wait, unsigned int mode,
			      int sync, void *key)
{
	struct hv_irqfd *irqfd = container_of(wait, struct hv_irqfd, wait);
	u64 count;

	if (!(key_to_poll(key) & EPOLLIN))
		return 0;
	eventfd_ctx_do_read(irqfd->eventfd, &count);
	hv_irqfd_deliver(irqfd);
	return 0;
}

static void hv_irqfd_queue(struct file *file, wait_queue_head_t *queue,
			   poll_table *poll)
{
	struct hv_irqfd *irqfd = container_of(poll, struct hv_irqfd, poll);

	irqfd->queue = queue;
	add_wait_queue(queue, &irqfd->wait);
}

/* Signals from before have their delivery too. */
static void hv_irqfd_begin(struct hv_irqfd *irqfd, struct file *file)
{
	u64 count;

	INIT_DELAYED_WORK(&irqfd->retry, hv_irqfd_retry);
	init_waitqueue_func_entry(&irqfd->wait, hv_irqfd_signalled);
	init_poll_funcptr(&irqfd->poll, hv_irqfd_queue);
	vfs_poll(file, &irqfd->poll);

	spin_lock_irq(&irqfd->queue->lock);
	eventfd_ctx_do_read(irqfd->eventfd, &count);
	if (count)
		hv_irqfd_deliver(irqfd);
	spin_unlock_irq(&irqfd->queue->lock);
}

/* Undo hv_irqfd_begin() and free; no delivery is under way afterwards. */
static void hv_irqfd_end(struct hv_irqfd *irqfd)
{
	u64 count;

	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
	cancel_delayed_work_sync(&irqfd->retry);
	eventfd_ctx_put(irqfd->eventfd);
	hv_uncharge(irqfd->domain, HVMOD_MEMORY_DRIVER, sizeof(*irqfd));
	kfree(irqfd);
}

/* domain->eventfd_lock held. */
static struct hv_irqfd *hv_irqfd_find(struct hv_domain *domain,
				      struct eventfd_ctx *eventfd)
{
	struct hv_irqfd *irqfd;

	list_for_each_entry(irqfd, &domain->irqfds, link)
		if (irqfd->eventfd == eventfd)
			return irqfd;
	return NULL;
}

/* Takes over the reference to @eventfd if it succeeds. */
static int hv_irqfd_new(struct hv_domain *domain, struct eventfd_ctx *eventfd,
			struct file *file, const struct hvmod_irqfd *arg)
{
	struct hv_irqfd *irqfd;
	int ret;

	if (domain->irqfd_count >= HVMOD_IRQFDS_MAX)
		return -ENOSPC;
	ret = hv_charge(domain, HVMOD_MEMORY_DRIVER, sizeof(*irqfd));
	if (ret)
		return ret;
	irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd) {
		hv_uncharge(domain, HVMOD_MEMORY_DRIVER, sizeof(*irqfd));
		return -ENOMEM;
	}
	irqfd->domain = domain;
	irqfd->eventfd = eventfd;
	irqfd->address = arg->address;
	irqfd->data = arg->data;
	list_add(&irqfd->link, &domain->irqfds);
	domain->irqfd_count++;
	hv_irqfd_begin(irqfd, file);
	return 0;
}

static void hv_irqfd_replace(struct hv_irqfd *irqfd,
			     const struct hvmod_irqfd *arg)
{
	spin_lock_irq(&irqfd->queue->lock);
	irqfd->address = arg->address;
	irqfd->data = arg->data;
	spin_unlock_irq(&irqfd->queue->lock);
}

static int hv_irqfd_assign(struct hv_domain *domain, struct file *file,
			   const struct hvmod_irqfd *arg)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fileget(file);
	struct hv_irqfd *irqfd;
	int ret = 0;

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	mutex_lock(&domain->eventfd_lock);
	irqfd = hv_irqfd_find(domain, eventfd);
	if (irqfd)
		hv_irqfd_replace(irqfd, arg);
	else
		ret = hv_irqfd_new(domain, eventfd, file, arg);
	mutex_unlock(&domain->eventfd_lock);
	if (irqfd || ret)
		eventfd_ctx_put(eventfd);
	return ret;
}

static int hv_irqfd_deassign(struct hv_domain *domain, struct file *file)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fileget(file);
	struct hv_irqfd *irqfd;

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	mutex_lock(&domain->eventfd_lock);
	irqfd = hv_irqfd_find(domain, eventfd);
	if (irqfd) {
		list_del(&irqfd->link);
		domain->irqfd_count--;
		hv_irqfd_end(irqfd);
	}
	mutex_unlock(&domain->eventfd_lock);
	eventfd_ctx_put(eventfd);
	return irqfd ? 0 : -ENOENT;
}

/**
 * hv_irqfd_ioctl() - HVMOD_IRQFD
 * @call: the call, on a domain
 *
 * Process context; takes the domain's eventfd lock.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_irqfd_ioctl(struct hv_call *call)
{
	struct hv_domain *domain = call->object;
	struct hvmod_irqfd *arg = &call->arg.irqfd;
	bool deassign = arg->flags & HVMOD_IRQFD_DEASSIGN;
	struct file *file;
	int ret;

	if (arg->flags & ~HVMOD_IRQFD_DEASSIGN)
		return -EINVAL;
	if (!deassign && !hv_is_msi(arg->address))
		return -EINVAL;
	file = eventfd_fget(arg->fd);
	if (IS_ERR(file))
		return -EBADF;
	ret = deassign ? hv_irqfd_deassign(domain, file) :
			 hv_irqfd_assign(domain, file, arg);
	fput(file);
	return ret;
}

/**
 * hv_irqfd_end_all() - undo every HVMOD_IRQFD of a domain
 * @domain: a domain without users
 *
 * Process context. No signal reaches the domain afterwards.
 */
void hv_irqfd_end_all(struct hv_domain *domain)
{
	struct hv_irqfd *irqfd, *next;

	list_for_each_entry_safe(irqfd, next, &domain->irqfds, link)
		hv_irqfd_end(irqfd);
	INIT_LIST_HEAD(&domain->irqfds);
}
