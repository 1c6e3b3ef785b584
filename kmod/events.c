// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ring -1 has to tell. It has no way to call Linux, so Linux asks, once a
 * second.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/workqueue.h>

#include "hvmod.h"

static void hv_events_poll(struct work_struct *work);
static DECLARE_DELAYED_WORK(hv_events_work, hv_events_poll);

static void hv_events_poll(struct work_struct *work)
{
	struct hv_result event;

	while (!hv_gate(GATE_EVENT, 0, 0, 0, 0, &event)) {
		if (event.rdx == HV_EVENT_PROTECTION)
			pr_warn_ratelimited("something in Domain-0 tried to reach ring -1: physical address %#llx\n",
					    event.rcx);
	}
	schedule_delayed_work(&hv_events_work, HZ);
}

/**
 * hv_events_start() - begin to ask
 *
 * Process context, after hv_launch().
 */
void hv_events_start(void)
{
	schedule_delayed_work(&hv_events_work, HZ);
}

/**
 * hv_events_stop() - undo hv_events_start()
 *
 * Process context, may sleep.
 */
void hv_events_stop(void)
{
	cancel_delayed_work_sync(&hv_events_work);
}
