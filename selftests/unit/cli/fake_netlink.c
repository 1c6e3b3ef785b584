// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands in for cli/netlink_client.c: answers from the files of fake_device.c, as
 * the messages that the module would send. Events are lines of the FIFO
 * $HVMOD_FAKE_EVENTS:
 *
 *	created|changed SEQ ID NAME STATE, deleted SEQ ID NAME,
 *	lost SEQ (ENOBUFS, that being the last one), dropped SEQ (so are those up
 *	to it, of which the socket, not yet empty, does not tell), unload (ENODEV),
 *	garbage (no attribute as it should be)
 *
 * $HVMOD_FAKE_OVERTAKEN dumps are overtaken by events.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler.h"
#include "device.h"
#include "domains.h"
#include "netlink_client.h"

#define FAMILY	0x20

struct netlink {
	int device;
	int events;
	char line[256];
	size_t bytes;
};

static unsigned int number_from(const char *variable)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 10) : 0;
}

struct netlink *netlink_open(void)
{
	struct netlink *netlink;

	errno = number_from("HVMOD_FAKE_ERRNO");
	if (errno)
		return NULL;
	netlink = calloc(1, sizeof(*netlink));
	netlink->device = device_open_any();
	netlink->events = -1;
	return netlink;
}

struct netlink *netlink_open_events(void)
{
	struct netlink *netlink = netlink_open();
	const char *fifo = getenv("HVMOD_FAKE_EVENTS");
	int ends[2];

	if (!netlink)
		return NULL;
	if (fifo) {
		netlink->events = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	} else if (!pipe2(ends, O_NONBLOCK | O_CLOEXEC)) {
		/* The end for writing stays open. */
		netlink->events = ends[0];
	}
	if (netlink->events < 0)
		abort();
	return netlink;
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	close(netlink->device);
	if (netlink->events >= 0)
		close(netlink->events);
	free(netlink);
}

int netlink_fd(const struct netlink *netlink)
{
	return netlink->events;
}

static struct nl_msg *message(int cmd)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!genlmsg_put(msg, 0, 0, FAMILY, 0, 0, cmd, HVMOD_FAMILY_VERSION))
		abort();
	return msg;
}

struct nl_msg *netlink_request(struct netlink *netlink, int cmd, int flags)
{
	struct nl_msg *msg = message(cmd);

	(void)netlink;
	nlmsg_hdr(msg)->nlmsg_flags = flags;
	return msg;
}

static void tell(struct nl_msg *msg, netlink_seen seen, void *arg)
{
	seen(genlmsg_hdr(nlmsg_hdr(msg)), arg);
	nlmsg_free(msg);
}

/* Number of the last event. */
static uint64_t latest;

static void put_domain(struct nl_msg *msg, const struct hvmod_domain_info *info)
{
	nla_put_u32(msg, HVMOD_A_DOMAIN_ID, info->id);
	nla_put_string(msg, HVMOD_A_DOMAIN_NAME, info->name);
	nla_put(msg, HVMOD_A_DOMAIN_UUID, sizeof(info->uuid), info->uuid);
	nla_put_u32(msg, HVMOD_A_DOMAIN_REASON, info->reason);
	nla_put_u64(msg, HVMOD_A_DOMAIN_SEQ, info->seq);
	if (!info->state)
		return;
	nla_put_u32(msg, HVMOD_A_DOMAIN_STATE, info->state);
	nla_put_u32(msg, HVMOD_A_DOMAIN_OWNER_UID, info->owner_uid);
	nla_put_u32(msg, HVMOD_A_DOMAIN_OWNER_PID, info->owner_pid);
	nla_put_u64(msg, HVMOD_A_DOMAIN_CREATED_NS, info->created_ns);
	nla_put_u32(msg, HVMOD_A_DOMAIN_VCPUS, info->vcpus);
	nla_put_u32(msg, HVMOD_A_DOMAIN_VCPUS_MAX, info->vcpus_max);
	nla_put_u64(msg, HVMOD_A_DOMAIN_MEM_MAX, info->mem_max);
	nla_put_u64(msg, HVMOD_A_DOMAIN_MEM_CURRENT, info->mem_current);
	nla_put_u64(msg, HVMOD_A_DOMAIN_MEM_HELD, info->held);
	nla_put_u64(msg, HVMOD_A_DOMAIN_MEM_HELD_MAX, info->held_max);
	nla_put_u32(msg, HVMOD_A_DOMAIN_CPU_CAP, info->cpu_cap);
	nla_put_u32(msg, HVMOD_A_DOMAIN_CPU_PERIOD_US, info->cpu_period_us);
	nla_put_u64(msg, HVMOD_A_DOMAIN_RUN_NS, info->run_ns);
	nla_put_u64(msg, HVMOD_A_DOMAIN_EXITS, info->exits);
}

static void tell_domain(struct netlink *netlink, const struct hvmod_domain_info *info,
			netlink_seen seen, void *arg)
{
	struct nl_msg *msg = message(HVMOD_CMD_DOMAIN_GET);

	put_domain(msg, info);
	(void)netlink;
	nla_put_u64(msg, HVMOD_A_DOMAIN_SEQ_NOW, latest);
	tell(msg, seen, arg);
}

/* One that waits; one that is not plugged in; and of a domain that did not start yet one that never ran. */
static void tell_vcpus(struct netlink *netlink, const struct hvmod_domain_info *info,
		       netlink_seen seen, void *arg)
{
	uint32_t i;

	(void)netlink;
	for (i = 0; i < info->vcpus_max; i++) {
		struct nl_msg *msg = message(HVMOD_CMD_VCPU_GET);
		bool plugged = i < info->vcpus, ran = plugged && info->state == HVMOD_STATE_RUNNING;

		nla_put_u32(msg, HVMOD_A_VCPU_DOMAIN, info->id);
		nla_put_u32(msg, HVMOD_A_VCPU_INDEX, i);
		nla_put_u32(msg, HVMOD_A_VCPU_ACTIVITY, !info->id ? HVMOD_ACTIVITY_RUNNING :
			    !plugged ? HVMOD_ACTIVITY_UNPLUGGED :
			    ran ? HVMOD_ACTIVITY_HALTED : HVMOD_ACTIVITY_STOPPED);
		if (ran) {
			nla_put_u32(msg, HVMOD_A_VCPU_CPU, i);
			if (info->id)
				nla_put_u32(msg, HVMOD_A_VCPU_TID, info->owner_pid);
		}
		nla_put_u64(msg, HVMOD_A_VCPU_RUN_NS, 1250000000);
		nla_put_u64(msg, HVMOD_A_VCPU_HALT_NS, 10);
		nla_put_u64(msg, HVMOD_A_VCPU_EXITS, 7);
		tell(msg, seen, arg);
	}
}

static void put_exit(struct nl_msg *msg, uint32_t reason, uint64_t resumed, uint64_t driver,
		     uint64_t vmm)
{
	struct nlattr *nest = nla_nest_start(msg, HVMOD_A_STATS_EXIT);

	nla_put_u32(msg, HVMOD_A_EXIT_REASON, reason);
	nla_put_u64(msg, HVMOD_A_EXIT_RESUMED, resumed);
	nla_put_u64(msg, HVMOD_A_EXIT_DRIVER, driver);
	nla_put_u64(msg, HVMOD_A_EXIT_VMM, vmm);
	nla_nest_end(msg, nest);
}

static void tell_stats(struct netlink *netlink, const struct hvmod_domain_info *info,
		       netlink_seen seen, void *arg)
{
	struct nl_msg *msg = message(HVMOD_CMD_STATS_GET);
	uint32_t kind;

	(void)netlink;
	nla_put_u32(msg, HVMOD_A_STATS_DOMAIN, info->id);
	nla_put_string(msg, HVMOD_A_STATS_NAME, info->name);
	nla_put_u64(msg, HVMOD_A_STATS_RUN_NS, 1500000001);
	nla_put_u64(msg, HVMOD_A_STATS_HALT_NS, 2000000000);
	nla_put_u64(msg, HVMOD_A_STATS_STEAL_NS, 5);
	nla_put_u64(msg, HVMOD_A_STATS_INTERRUPTS, 11);
	nla_put_u64(msg, HVMOD_A_STATS_NMIS, 1);
	nla_put_u64(msg, HVMOD_A_STATS_MSIS, 3);
	put_exit(msg, HVMOD_HW_EXIT_CPUID, 1000, 2, 0);
	put_exit(msg, HVMOD_HW_EXIT_IO, 0, 0, 50);
	/* Of a processor that has a reason more, and of a kernel that is mad. */
	put_exit(msg, 100, 0, 1, 0);
	put_exit(msg, 70000, 9, 9, 9);
	for (kind = HVMOD_MEMORY_GUEST; kind <= HVMOD_MEMORY_DRIVER + 1; kind++) {
		struct nlattr *nest = nla_nest_start(msg, HVMOD_A_STATS_MEMORY);

		nla_put_u32(msg, HVMOD_A_MEMORY_KIND, kind);
		nla_put_u64(msg, HVMOD_A_MEMORY_BYTES, kind << 20);
		nla_nest_end(msg, nest);
	}
	tell(msg, seen, arg);
}

typedef void (*tell_fn)(struct netlink *netlink, const struct hvmod_domain_info *info,
			netlink_seen seen, void *arg);

static const struct {
	tell_fn tell;
	int id;
	int name;
} answers[] = {
	[HVMOD_CMD_DOMAIN_GET]	= { tell_domain, HVMOD_A_DOMAIN_ID, HVMOD_A_DOMAIN_NAME },
	[HVMOD_CMD_VCPU_GET]	= { tell_vcpus, HVMOD_A_VCPU_DOMAIN, 0 },
	[HVMOD_CMD_STATS_GET]	= { tell_stats, HVMOD_A_STATS_DOMAIN, 0 },
};

static bool is_asked(const struct hvmod_domain_info *info, struct nlattr *id, struct nlattr *name)
{
	if (id)
		return nla_get_u32(id) == info->id;
	return !name || !strcmp(nla_get_string(name), info->name);
}

int netlink_ask(struct netlink *netlink, struct nl_msg *request, netlink_seen seen, void *arg)
{
	static unsigned int overtaken;
	struct genlmsghdr *head = genlmsg_hdr(nlmsg_hdr(request));
	int dump = nlmsg_hdr(request)->nlmsg_flags & NLM_F_DUMP, cmd = head->cmd;
	struct nlattr *id, *name = NULL;
	struct hvmod_domain_info info;
	unsigned int told = 0;
	uint32_t next;
	int err = 0;

	id = nla_find(genlmsg_attrdata(head, 0), genlmsg_attrlen(head, 0), answers[cmd].id);
	if (answers[cmd].name)
		name = nla_find(genlmsg_attrdata(head, 0), genlmsg_attrlen(head, 0),
				answers[cmd].name);
	/* Only vCPUs are dumped of one domain. */
	if (dump ? name || (id && cmd != HVMOD_CMD_VCPU_GET) : !id && !name)
		err = EINVAL;
	for (next = 0; !err && !device_domain_info(netlink->device, next, &info); next = info.id + 1) {
		if (!is_asked(&info, id, name))
			continue;
		/* Half of what there is. */
		if (dump && told && overtaken < number_from("HVMOD_FAKE_OVERTAKEN")) {
			overtaken++;
			err = EAGAIN;
			break;
		}
		answers[cmd].tell(netlink, &info, seen, arg);
		told++;
	}
	nlmsg_free(request);
	if (!err && !told)
		err = ENOENT;
	errno = err;
	return err ? -1 : 0;
}

static int tell_event(const char *line, netlink_seen seen, void *arg)
{
	struct hvmod_domain_info info = { .created_ns = 1, .owner_uid = 1000, .vcpus_max = 1,
					  .uuid = { 0xab } };
	char word[16], name[32], state[16] = "";
	unsigned long long seq;
	struct nl_msg *msg;
	int cmd;

	if (sscanf(line, "%15s %llu %u %31s %15s", word, &seq, &info.id, name, state) < 4)
		abort();
	cmd = !strcmp(word, "created") ? HVMOD_CMD_DOMAIN_CREATED_NTF :
	      !strcmp(word, "changed") ? HVMOD_CMD_DOMAIN_CHANGED_NTF :
	      HVMOD_CMD_DOMAIN_DELETED_NTF;
	snprintf(info.name, sizeof(info.name), "%s", name);
	info.state = parse_state(state);
	info.seq = latest = seq;
	info.reason = cmd == HVMOD_CMD_DOMAIN_DELETED_NTF ? HVMOD_REASON_POWEROFF : 0;
	msg = message(cmd);
	put_domain(msg, &info);
	nla_put_u64(msg, HVMOD_A_DOMAIN_TIME_NS, 1000000000 + seq);
	tell(msg, seen, arg);
	return 0;
}

static int tell_garbage(netlink_seen seen, void *arg)
{
	struct nl_msg *msg = message(HVMOD_CMD_DOMAIN_CHANGED_NTF);

	nla_put(msg, HVMOD_A_DOMAIN_SEQ, 2, "ab");
	nla_put(msg, HVMOD_A_DOMAIN_NAME, 3, "abc");
	nla_put(msg, HVMOD_A_DOMAIN_UUID, 3, "abc");
	nla_put(msg, HVMOD_A_DOMAIN_ID, 0, "");
	tell(msg, seen, arg);
	/* And no event at all. */
	tell(message(77), seen, arg);
	return 0;
}

/* Return: false if there is no whole line. */
static bool next_line(struct netlink *netlink, char line[256])
{
	char *end;
	ssize_t n;

	while (!(end = memchr(netlink->line, '\n', netlink->bytes))) {
		n = read(netlink->events, netlink->line + netlink->bytes,
			 sizeof(netlink->line) - netlink->bytes);
		if (n <= 0)
			return false;
		netlink->bytes += n;
	}
	*end = '\0';
	strcpy(line, netlink->line);
	netlink->bytes -= end + 1 - netlink->line;
	memmove(netlink->line, end + 1, netlink->bytes);
	return true;
}

int netlink_take(struct netlink *netlink, netlink_seen seen, void *arg)
{
	unsigned long long seq;
	char line[256];

	errno = EAGAIN;
	do {
		if (!next_line(netlink, line))
			return -1;
	} while (sscanf(line, "dropped %" SCNu64, &latest) == 1);
	if (sscanf(line, "lost %llu", &seq) == 1) {
		latest = seq;
		errno = ENOBUFS;
	} else if (!strcmp(line, "unload")) {
		errno = ENODEV;
	} else {
		return !strcmp(line, "garbage") ? tell_garbage(seen, arg) : tell_event(line, seen, arg);
	}
	return -1;
}
