// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processor hotplug, the ports of it. The guest is told and asked, and does as
 * it likes: what it lets go is gone, what it keeps stays until it is reset.
 */
#include <string.h>

#include "cpus.h"
#include "layout.h"

/* The first @count processors. */
static uint64_t first(unsigned int count)
{
	return count >= CPUS_MAX ? UINT64_MAX : (1ULL << count) - 1;
}

/* With the lock. */
static void update_line(struct cpus *cpus)
{
	cpus->ops->line(cpus->ctx, cpus->check || cpus->request);
}

/* With the lock. */
static uint32_t take_event(struct cpus *cpus)
{
	uint64_t *events = cpus->check ? &cpus->check : &cpus->request;
	uint32_t notify = cpus->check ? CPUS_NOTIFY_CHECK : CPUS_NOTIFY_EJECT;
	unsigned int index;

	if (!*events)
		return 0;
	index = (unsigned int)__builtin_ctzll(*events);
	*events &= *events - 1;
	update_line(cpus);
	return index | notify << 8;
}

static uint64_t cpus_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct cpus *cpus = ctx;
	uint64_t value = 0;

	pthread_mutex_lock(&cpus->lock);
	if (offset + size <= CPUS_EJECT)
		value = cpus->present >> 8 * offset;
	else if (offset == CPUS_EVENT && size == 4)
		value = take_event(cpus);
	pthread_mutex_unlock(&cpus->lock);
	return value;
}

static void cpus_write(void *ctx, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct cpus *cpus = ctx;
	unsigned int index;
	uint64_t gone;

	if (offset < CPUS_EJECT || offset + size > CPUS_EVENT)
		return;
	/* Somebody has to run: the first one stays. */
	value = value << 8 * (offset - CPUS_EJECT) & ~1ULL;
	pthread_mutex_lock(&cpus->lock);
	gone = value & cpus->present;
	cpus->present &= ~gone;
	cpus->wanted &= ~gone;
	cpus->check &= ~gone;
	cpus->request &= ~gone;
	update_line(cpus);
	pthread_mutex_unlock(&cpus->lock);
	for (; gone; gone &= gone - 1) {
		index = (unsigned int)__builtin_ctzll(gone);
		cpus->ops->eject(cpus->ctx, index);
	}
}

/**
 * cpus_init() - the first state
 * @cpus: to be filled
 * @count: processors that there can be, 1 to CPUS_MAX
 * @present: how many of them are there at first
 * @ops: who is told
 * @ctx: first argument of that
 */
void cpus_init(struct cpus *cpus, unsigned int count, unsigned int present,
	       const struct cpus_ops *ops, void *ctx)
{
	memset(cpus, 0, sizeof(*cpus));
	pthread_mutex_init(&cpus->lock, NULL);
	cpus->ops = ops;
	cpus->ctx = ctx;
	cpus->count = count;
	cpus->present = first(present);
	cpus->wanted = cpus->present;
}

/**
 * cpus_destroy() - undo cpus_init()
 * @cpus: the ports
 */
void cpus_destroy(struct cpus *cpus)
{
	pthread_mutex_destroy(&cpus->lock);
}

/**
 * cpus_add() - put the ports on the bus
 * @cpus: the ports
 * @ports: the port bus
 *
 * Return: 0, or what bus_add() said
 */
int cpus_add(struct cpus *cpus, struct bus *ports)
{
	const struct bus_device device = {
		.first = CPUS_PORT,
		.last = CPUS_PORT + CPUS_PORTS - 1,
		.read = cpus_read,
		.write = cpus_write,
		.ctx = cpus,
	};

	return bus_add(ports, &device);
}

/**
 * cpus_present() - which processors are plugged in
 * @cpus: the ports
 *
 * Return: a bit for each
 */
uint64_t cpus_present(struct cpus *cpus)
{
	uint64_t present;

	pthread_mutex_lock(&cpus->lock);
	present = cpus->present;
	pthread_mutex_unlock(&cpus->lock);
	return present;
}

/**
 * cpus_wanted() - which ones shall be
 * @cpus: the ports
 *
 * Return: a bit for each
 */
uint64_t cpus_wanted(struct cpus *cpus)
{
	uint64_t wanted;

	pthread_mutex_lock(&cpus->lock);
	wanted = cpus->wanted;
	pthread_mutex_unlock(&cpus->lock);
	return wanted;
}

/**
 * cpus_plugged() - a processor was plugged in: let the guest look
 * @cpus: the ports
 * @index: the processor
 */
void cpus_plugged(struct cpus *cpus, unsigned int index)
{
	uint64_t bit = 1ULL << index;

	pthread_mutex_lock(&cpus->lock);
	cpus->present |= bit;
	cpus->wanted |= bit;
	cpus->check |= bit;
	cpus->request &= ~bit;
	update_line(cpus);
	pthread_mutex_unlock(&cpus->lock);
}

/**
 * cpus_want() - ask the guest to let go all but the first processors
 * @cpus: the ports
 * @count: how many it keeps, 1 to its count
 *
 * Asked once more, it is told once more of those that it still has.
 */
void cpus_want(struct cpus *cpus, unsigned int count)
{
	uint64_t wanted = first(count);

	pthread_mutex_lock(&cpus->lock);
	cpus->check |= cpus->present & wanted & ~cpus->wanted;
	cpus->wanted = wanted;
	cpus->request = cpus->present & ~wanted;
	cpus->check &= ~cpus->request;
	update_line(cpus);
	pthread_mutex_unlock(&cpus->lock);
}

/**
 * cpus_reset() - as after power on, with the processors that are wanted
 * @cpus: the ports; the vCPUs are held
 *
 * Return: those that are not plugged in any more, a bit for each
 */
uint64_t cpus_reset(struct cpus *cpus)
{
	uint64_t gone;

	pthread_mutex_lock(&cpus->lock);
	gone = cpus->present & ~cpus->wanted;
	cpus->present &= cpus->wanted;
	cpus->wanted = cpus->present;
	cpus->check = 0;
	cpus->request = 0;
	update_line(cpus);
	pthread_mutex_unlock(&cpus->lock);
	return gone;
}
