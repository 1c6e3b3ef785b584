// SPDX-License-Identifier: GPL-2.0-only
/* What domains there are: always the kernel's answer, never a directory's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "device.h"
#include "domains.h"
#include "duration.h"
#include "name.h"

#define POLL_MS		5

static const char *const states[] = {
	[HVMOD_STATE_CREATED]	= "created",
	[HVMOD_STATE_RUNNING]	= "running",
	[HVMOD_STATE_PAUSED]	= "paused",
	[HVMOD_STATE_SHUTDOWN]	= "shutdown",
	[HVMOD_STATE_CRASHED]	= "crashed",
	[HVMOD_STATE_DYING]	= "dying",
};

static const char *const reasons[] = {
	[HVMOD_REASON_NONE]		= "none",
	[HVMOD_REASON_POWEROFF]		= "poweroff",
	[HVMOD_REASON_RESET]		= "reset",
	[HVMOD_REASON_TRIPLE_FAULT]	= "triple-fault",
	[HVMOD_REASON_PANIC]		= "panic",
	[HVMOD_REASON_WATCHDOG]		= "watchdog",
	[HVMOD_REASON_DESTROYED]	= "destroyed",
	[HVMOD_REASON_INTERNAL]		= "internal",
};

const char *state_word(uint32_t state)
{
	if (state >= ARRAY_SIZE(states) || !states[state])
		return "unknown";
	return states[state];
}

uint32_t parse_state(const char *word)
{
	uint32_t i;

	for (i = 1; i < ARRAY_SIZE(states); i++) {
		if (!strcmp(states[i], word))
			return i;
	}
	return 0;
}

const char *reason_word(uint32_t reason)
{
	return reason < ARRAY_SIZE(reasons) ? reasons[reason] : "unknown";
}

bool domain_ended(const struct hvmod_domain_info *info)
{
	return info->state >= HVMOD_STATE_SHUTDOWN;
}

int domains_read(int device, struct domain_list *list)
{
	struct hvmod_domain_info info;
	size_t room = 0;
	uint32_t id = 0;

	list->items = NULL;
	list->count = 0;
	while (!device_domain_info(device, id, &info)) {
		/* An id that does not grow would keep us here for ever. */
		if (info.id < id) {
			errno = EPROTO;
			goto fail;
		}
		if (list->count == room) {
			void *more;

			room = room ? 2 * room : 16;
			more = realloc(list->items, room * sizeof(info));
			if (!more)
				goto fail;
			list->items = more;
		}
		list->items[list->count++] = info;
		if (info.id == UINT32_MAX)
			return 0;
		id = info.id + 1;
	}
	if (errno == ENOENT)
		return 0;
fail:
	domains_free(list);
	return -1;
}

void domains_free(struct domain_list *list)
{
	int err = errno;

	free(list->items);
	list->items = NULL;
	list->count = 0;
	errno = err;
}

int domain_by_id(int device, uint32_t id, struct hvmod_domain_info *info)
{
	if (device_domain_info(device, id, info))
		return -1;
	if (info->id != id) {
		errno = ENOENT;
		return -1;
	}
	return 0;
}

static int domain_by_name(int device, const char *name,
			  struct hvmod_domain_info *info)
{
	struct domain_list list;
	bool found = false;
	size_t i;

	if (domains_read(device, &list))
		return -1;
	for (i = 0; i < list.count; i++) {
		if (strcmp(list.items[i].name, name))
			continue;
		*info = list.items[i];
		found = true;
		/* A dying domain can have a successor of the same name. */
		if (info->state != HVMOD_STATE_DYING)
			break;
	}
	domains_free(&list);
	if (!found)
		errno = ENOENT;
	return found ? 0 : -1;
}

int domain_lookup(int device, const char *text, struct hvmod_domain_info *info)
{
	uint32_t id;

	switch (parse_id(text, &id)) {
	case 0:
		return domain_by_id(device, id, info);
	case -ERANGE:
		errno = ENOENT;
		return -1;
	default:
		return domain_by_name(device, text, info);
	}
}

int domain_wait_gone(int device, uint32_t id, int64_t deadline)
{
	struct hvmod_domain_info info;

	while (!domain_by_id(device, id, &info)) {
		if (!deadline_left(deadline)) {
			errno = ETIMEDOUT;
			return -1;
		}
		sleep_ms(POLL_MS);
	}
	return errno == ENOENT ? 0 : -1;
}

int domain_default_name(int device, char name[HVMOD_NAME_MAX])
{
	struct domain_list list;
	unsigned int n = 0;
	size_t i;

	if (domains_read(device, &list))
		return -1;
	do {
		snprintf(name, HVMOD_NAME_MAX, "dom%u", ++n);
		for (i = 0; i < list.count; i++) {
			if (!strcmp(list.items[i].name, name))
				break;
		}
	} while (i < list.count);
	domains_free(&list);
	return 0;
}
