// SPDX-License-Identifier: GPL-2.0-only
/*
 * From attributes to structs. What a message does not have is zero: an older
 * module knows fewer attributes, and a newer one's are skipped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "duration.h"
#include "name.h"
#include "netlink_records.h"
#include "output.h"

/* About two seconds of waiting altogether, so that what goes on has an end. */
#define TRIES		64

#define ATTRIBUTES_MAX	32

struct attributes {
	struct nlattr *attr[ATTRIBUTES_MAX + 1];
};

_Static_assert(HVMOD_A_DOMAIN_MAX <= ATTRIBUTES_MAX && HVMOD_A_VCPU_MAX <= ATTRIBUTES_MAX &&
	       HVMOD_A_STATS_MAX <= ATTRIBUTES_MAX, "ATTRIBUTES_MAX");

/* A message that can't be parsed has no attributes. */
static void parse_attributes(const struct genlmsghdr *head, struct attributes *a)
{
	if (nla_parse(a->attr, ATTRIBUTES_MAX, genlmsg_attrdata(head, 0),
		      genlmsg_attrlen(head, 0), NULL))
		memset(a, 0, sizeof(*a));
}

static void parse_nested(struct nlattr *nest, struct attributes *a)
{
	if (nla_parse_nested(a->attr, ATTRIBUTES_MAX, nest, NULL))
		memset(a, 0, sizeof(*a));
}

static uint32_t u32_of(const struct attributes *a, int number, uint32_t otherwise)
{
	struct nlattr *attr = a->attr[number];

	return attr && nla_len(attr) == sizeof(uint32_t) ? nla_get_u32(attr) : otherwise;
}

static uint64_t u64_of(const struct attributes *a, int number)
{
	struct nlattr *attr = a->attr[number];

	return attr && nla_len(attr) == sizeof(uint64_t) ? nla_get_u64(attr) : 0;
}

static void text_of(const struct attributes *a, int number, char name[HVMOD_NAME_MAX])
{
	name[0] = '\0';
	if (a->attr[number])
		nla_strlcpy(name, a->attr[number], HVMOD_NAME_MAX);
}

void record_domain(const struct genlmsghdr *head, struct domain_event *event)
{
	struct hvmod_domain_info *info = &event->info;
	struct attributes a;

	memset(event, 0, sizeof(*event));
	parse_attributes(head, &a);
	event->cmd = head->cmd;
	event->seq_now = u64_of(&a, HVMOD_A_DOMAIN_SEQ_NOW);
	event->time_ns = u64_of(&a, HVMOD_A_DOMAIN_TIME_NS);
	text_of(&a, HVMOD_A_DOMAIN_NAME, info->name);
	if (a.attr[HVMOD_A_DOMAIN_UUID] &&
	    nla_len(a.attr[HVMOD_A_DOMAIN_UUID]) == sizeof(info->uuid))
		memcpy(info->uuid, nla_data(a.attr[HVMOD_A_DOMAIN_UUID]), sizeof(info->uuid));
	info->id = u32_of(&a, HVMOD_A_DOMAIN_ID, 0);
	info->state = u32_of(&a, HVMOD_A_DOMAIN_STATE, 0);
	info->reason = u32_of(&a, HVMOD_A_DOMAIN_REASON, 0);
	info->owner_uid = u32_of(&a, HVMOD_A_DOMAIN_OWNER_UID, 0);
	info->owner_pid = u32_of(&a, HVMOD_A_DOMAIN_OWNER_PID, 0);
	info->vcpus = u32_of(&a, HVMOD_A_DOMAIN_VCPUS, 0);
	info->vcpus_max = u32_of(&a, HVMOD_A_DOMAIN_VCPUS_MAX, 0);
	info->cpu_cap = u32_of(&a, HVMOD_A_DOMAIN_CPU_CAP, 0);
	info->cpu_period_us = u32_of(&a, HVMOD_A_DOMAIN_CPU_PERIOD_US, 0);
	info->created_ns = u64_of(&a, HVMOD_A_DOMAIN_CREATED_NS);
	info->mem_max = u64_of(&a, HVMOD_A_DOMAIN_MEM_MAX);
	info->mem_current = u64_of(&a, HVMOD_A_DOMAIN_MEM_CURRENT);
	info->held = u64_of(&a, HVMOD_A_DOMAIN_MEM_HELD);
	info->held_max = u64_of(&a, HVMOD_A_DOMAIN_MEM_HELD_MAX);
	info->core_pages = u64_of(&a, HVMOD_A_DOMAIN_CORE_PAGES);
	info->run_ns = u64_of(&a, HVMOD_A_DOMAIN_RUN_NS);
	info->exits = u64_of(&a, HVMOD_A_DOMAIN_EXITS);
	info->exits_driver = u64_of(&a, HVMOD_A_DOMAIN_EXITS_DRIVER);
	info->exits_vmm = u64_of(&a, HVMOD_A_DOMAIN_EXITS_VMM);
	info->seq = u64_of(&a, HVMOD_A_DOMAIN_SEQ);
}

static void record_vcpu(const struct genlmsghdr *head, struct vcpu_record *vcpu)
{
	struct attributes a;

	parse_attributes(head, &a);
	*vcpu = (struct vcpu_record){
		.domain = u32_of(&a, HVMOD_A_VCPU_DOMAIN, 0),
		.index = u32_of(&a, HVMOD_A_VCPU_INDEX, 0),
		.activity = u32_of(&a, HVMOD_A_VCPU_ACTIVITY, 0),
		.cpu = u32_of(&a, HVMOD_A_VCPU_CPU, NO_CPU),
		.tid = u32_of(&a, HVMOD_A_VCPU_TID, 0),
		.run_ns = u64_of(&a, HVMOD_A_VCPU_RUN_NS),
		.halt_ns = u64_of(&a, HVMOD_A_VCPU_HALT_NS),
		.capped_ns = u64_of(&a, HVMOD_A_VCPU_CAPPED_NS),
		.steal_ns = u64_of(&a, HVMOD_A_VCPU_STEAL_NS),
		.exits = u64_of(&a, HVMOD_A_VCPU_EXITS),
		.exits_driver = u64_of(&a, HVMOD_A_VCPU_EXITS_DRIVER),
		.exits_vmm = u64_of(&a, HVMOD_A_VCPU_EXITS_VMM),
		.interrupts = u64_of(&a, HVMOD_A_VCPU_INTERRUPTS),
		.nmis = u64_of(&a, HVMOD_A_VCPU_NMIS),
	};
}

static void add_exit(struct nlattr *nest, struct stats_record *stats)
{
	struct attributes a;
	uint32_t reason;

	parse_nested(nest, &a);
	reason = u32_of(&a, HVMOD_A_EXIT_REASON, EXIT_REASONS);
	if (reason >= EXIT_REASONS)
		return;
	stats->exits[reason].resumed = u64_of(&a, HVMOD_A_EXIT_RESUMED);
	stats->exits[reason].driver = u64_of(&a, HVMOD_A_EXIT_DRIVER);
	stats->exits[reason].vmm = u64_of(&a, HVMOD_A_EXIT_VMM);
}

static void add_memory(struct nlattr *nest, struct stats_record *stats)
{
	struct attributes a;
	uint32_t kind;

	parse_nested(nest, &a);
	kind = u32_of(&a, HVMOD_A_MEMORY_KIND, MEMORY_KINDS);
	if (kind < MEMORY_KINDS)
		stats->memory[kind] = u64_of(&a, HVMOD_A_MEMORY_BYTES);
}

static void record_stats(const struct genlmsghdr *head, struct stats_record *stats)
{
	struct attributes a;
	struct nlattr *attr;
	int rest;

	memset(stats, 0, sizeof(*stats));
	parse_attributes(head, &a);
	stats->domain = u32_of(&a, HVMOD_A_STATS_DOMAIN, 0);
	text_of(&a, HVMOD_A_STATS_NAME, stats->name);
	stats->run_ns = u64_of(&a, HVMOD_A_STATS_RUN_NS);
	stats->halt_ns = u64_of(&a, HVMOD_A_STATS_HALT_NS);
	stats->capped_ns = u64_of(&a, HVMOD_A_STATS_CAPPED_NS);
	stats->steal_ns = u64_of(&a, HVMOD_A_STATS_STEAL_NS);
	stats->interrupts = u64_of(&a, HVMOD_A_STATS_INTERRUPTS);
	stats->nmis = u64_of(&a, HVMOD_A_STATS_NMIS);
	stats->msis = u64_of(&a, HVMOD_A_STATS_MSIS);
	nla_for_each_attr(attr, genlmsg_attrdata(head, 0), genlmsg_attrlen(head, 0), rest) {
		if (nla_type(attr) == HVMOD_A_STATS_EXIT)
			add_exit(attr, stats);
		else if (nla_type(attr) == HVMOD_A_STATS_MEMORY)
			add_memory(attr, stats);
	}
}

/**
 * struct answer - an array that grows with each message of an answer
 * @items: the array
 * @size: of one of them
 * @count: how many there are
 * @room: how many there is room for
 * @failed: there was none for the next
 * @put: fills one
 * @seq_now: of the first record of a domain, Domain-0's
 */
struct answer {
	char *items;
	size_t size;
	size_t count;
	size_t room;
	bool failed;
	void (*put)(const struct genlmsghdr *head, struct answer *answer, void *item);
	uint64_t seq_now;
};

static void take_record(const struct genlmsghdr *head, void *arg)
{
	struct answer *answer = arg;

	if (answer->count == answer->room) {
		size_t room = answer->room ? 2 * answer->room : 16;
		void *more = reallocarray(answer->items, room, answer->size);

		if (!more) {
			answer->failed = true;
			return;
		}
		answer->items = more;
		answer->room = room;
	}
	answer->put(head, answer, answer->items + answer->size * answer->count);
	answer->count++;
}

static void put_domain(const struct genlmsghdr *head, struct answer *answer, void *item)
{
	struct domain_event event;

	record_domain(head, &event);
	memcpy(item, &event.info, sizeof(event.info));
	if (!answer->count)
		answer->seq_now = event.seq_now;
}

static void put_vcpu(const struct genlmsghdr *head, struct answer *answer, void *item)
{
	(void)answer;
	record_vcpu(head, item);
}

static void put_stats(const struct genlmsghdr *head, struct answer *answer, void *item)
{
	(void)answer;
	record_stats(head, item);
}

static int ask_once(struct netlink *netlink, int cmd, int flags, int attribute, int64_t value,
		    struct answer *answer)
{
	struct nl_msg *request = netlink_request(netlink, cmd, flags);

	if (request && value != ALL_DOMAINS && nla_put_u32(request, attribute, value)) {
		nlmsg_free(request);
		errno = EMSGSIZE;
		return -1;
	}
	if (netlink_ask(netlink, request, take_record, answer))
		return -1;
	errno = ENOMEM;
	return answer->failed ? -1 : 0;
}

/* With an attribute where @value is not ALL_DOMAINS. What was half read is dropped. */
static int ask(struct netlink *netlink, int cmd, int flags, int attribute, int64_t value,
	       struct answer *answer)
{
	int tries, err;

	for (tries = 0; tries < TRIES; tries++) {
		answer->count = 0;
		if (!ask_once(netlink, cmd, flags, attribute, value, answer))
			return 0;
		if (errno != EAGAIN)
			break;
		sleep_ms(tries);
		errno = EAGAIN;
	}
	err = errno;
	free(answer->items);
	answer->items = NULL;
	answer->count = 0;
	errno = err;
	return -1;
}

int netlink_domains(struct netlink *netlink, struct domain_list *list, uint64_t *seq_now)
{
	struct answer answer = { .size = sizeof(*list->items), .put = put_domain };
	int ret = ask(netlink, HVMOD_CMD_DOMAIN_GET, NLM_F_DUMP, 0, ALL_DOMAINS, &answer);

	list->items = (void *)answer.items;
	list->count = answer.count;
	if (seq_now)
		*seq_now = answer.seq_now;
	return ret;
}

static int ask_by_name(struct netlink *netlink, const char *name, struct answer *answer)
{
	struct nl_msg *request = netlink_request(netlink, HVMOD_CMD_DOMAIN_GET, 0);

	if (request)
		nla_put_string(request, HVMOD_A_DOMAIN_NAME, name);
	return netlink_ask(netlink, request, take_record, answer);
}

int netlink_domain(struct netlink *netlink, const char *text, struct hvmod_domain_info *info)
{
	struct answer answer = { .size = sizeof(*info), .put = put_domain };
	uint32_t id;
	int ret = -1;

	switch (parse_id(text, &id)) {
	case 0:
		ret = ask(netlink, HVMOD_CMD_DOMAIN_GET, 0, HVMOD_A_DOMAIN_ID, id, &answer);
		break;
	case -ERANGE:
		errno = ENOENT;
		break;
	default:
		/* The kernel takes no longer ones. */
		errno = ENOENT;
		if (strlen(text) < HVMOD_NAME_MAX)
			ret = ask_by_name(netlink, text, &answer);
	}
	if (!ret && !answer.count) {
		errno = EPROTO;
		ret = -1;
	}
	if (!ret)
		memcpy(info, answer.items, sizeof(*info));
	free(answer.items);
	return ret;
}

int netlink_vcpus(struct netlink *netlink, int64_t domain, struct vcpu_list *list)
{
	struct answer answer = { .size = sizeof(*list->items), .put = put_vcpu };
	int ret = ask(netlink, HVMOD_CMD_VCPU_GET, NLM_F_DUMP, HVMOD_A_VCPU_DOMAIN, domain, &answer);

	list->items = (void *)answer.items;
	list->count = answer.count;
	return ret;
}

int netlink_stats(struct netlink *netlink, int64_t domain, struct stats_list *list)
{
	struct answer answer = { .size = sizeof(*list->items), .put = put_stats };
	int ret = ask(netlink, HVMOD_CMD_STATS_GET, domain == ALL_DOMAINS ? NLM_F_DUMP : 0,
		      HVMOD_A_STATS_DOMAIN, domain, &answer);

	list->items = (void *)answer.items;
	list->count = answer.count;
	return ret;
}

int fail_netlink(int err)
{
	switch (err) {
	case ENOENT:
		if (!access(HVCTL_DEVICE, F_OK))
			return fail(HVCTL_UNSUPPORTED, err, NULL,
				    "run it in the machine's first network namespace: 'nsenter --net=/proc/1/ns/net hvctl ...'",
				    "cannot watch: the module is loaded, but this network namespace has no netlink family '%s'",
				    HVMOD_FAMILY_NAME);
		return fail_device(err);
	case ENODEV:
		return fail(HVCTL_UNSUPPORTED, err, HVCTL_DEVICE, NULL,
			    "the hvmod module has been unloaded");
	case EAGAIN:
		return fail(HVCTL_FAILED, err, NULL, "try again when there is less going on",
			    "cannot read: domains change faster than they can be listed");
	default:
		return fail(HVCTL_FAILED, err, NULL, NULL, "cannot ask the module by netlink: %s",
			    strerror(err));
	}
}
