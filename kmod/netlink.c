// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "hvmod", for reading and watching. What its
 * messages mean is in uapi/hvmod_netlink.yaml.
 *
 * Events get their number and go out under one lock, so that they arrive in
 * the order of their numbers; and they are made under the lock that covers what
 * they tell of, so that a record and its seq agree.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#include "netlink.h"

/* A message about a domain is not longer. */
#define HV_NL_EVENT_BYTES	1024

/* A message about vCPUs or statistics may be; then the answer has more room. */
#define HV_NL_REPLY_MAX		SZ_64K

static struct genl_family hv_family;

static DEFINE_MUTEX(hv_events_lock);
static u64 hv_last_seq;
static u64 hv_last_come_or_gone;	/* the last of them that made the list another one */

/**
 * hv_event_seq() - number of the last event
 *
 * Any context.
 */
u64 hv_event_seq(void)
{
	return READ_ONCE(hv_last_seq);
}

static int hv_nl_message(struct sk_buff *skb, u32 portid, u32 seq,
			 struct netlink_callback *cb, u8 cmd, hv_nl_put put,
			 const void *what)
{
	void *head = genlmsg_put(skb, portid, seq, &hv_family,
				 cb ? NLM_F_MULTI : 0, cmd);

	if (!head)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, head);
	if (put(skb, what)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/**
 * hv_nl_reply() - answer a request for one object
 * @info: the request
 * @put: writes the attributes
 * @what: of this record
 *
 * Process context.
 *
 * Return: 0 or a negative errno.
 */
int hv_nl_reply(struct genl_info *info, hv_nl_put put, const void *what)
{
	struct sk_buff *skb;
	size_t size;

	for (size = NLMSG_DEFAULT_SIZE; size <= HV_NL_REPLY_MAX; size *= 2) {
		skb = genlmsg_new(size, GFP_KERNEL);
		if (!skb)
			return -ENOMEM;
		if (!hv_nl_message(skb, info->snd_portid, info->snd_seq, NULL,
				   info->genlhdr->cmd, put, what))
			return genlmsg_reply(skb, info);
		nlmsg_free(skb);
	}
	return -EMSGSIZE;
}

/**
 * hv_nl_dump_message() - one message of a dump
 * @skb: where to
 * @cb: the dump
 * @put: writes the attributes
 * @what: of this record
 *
 * Return: 0, or -EMSGSIZE: the next call has to begin with it.
 */
int hv_nl_dump_message(struct sk_buff *skb, struct netlink_callback *cb,
		       hv_nl_put put, const void *what)
{
	const struct genlmsghdr *asked = nlmsg_data(cb->nlh);

	return hv_nl_message(skb, NETLINK_CB(cb->skb).portid,
			     cb->nlh->nlmsg_seq, cb, asked->cmd, put, what);
}

/**
 * hv_nl_dump() - go on with a dump of something that domains have
 * @skb: where to
 * @cb: the dump
 * @room: size of what @one wants to have at hv_dump.room
 * @only: id of the only domain that is asked for, or NULL for all
 * @one: writes the messages of one domain, whose lock is held; NULL is Domain-0
 *
 * No domain comes or goes during one call; between two, the event's number
 * shows it. A change of a domain does not make a dump another one, or who
 * changes his on and on would keep all others from listing. The call after the
 * last message, which has nothing to send, tells nothing about that. Process
 * context; takes the domains lock.
 *
 * Return: as a dumpit().
 */
int hv_nl_dump(struct sk_buff *skb, struct netlink_callback *cb, size_t room,
	       struct nlattr *only,
	       int (*one)(struct sk_buff *skb, struct netlink_callback *cb,
			  struct hv_dump *dump, struct hv_domain *domain))
{
	struct hv_dump *dump = (struct hv_dump *)cb->ctx;
	unsigned long last = only ? nla_get_u32(only) : ULONG_MAX;
	struct hv_domain *domain;
	int ret = 0;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	if (dump->done)
		return 0;
	dump->room = kmalloc(room, GFP_KERNEL);
	if (!dump->room)
		return -ENOMEM;
	mutex_lock(&hv_domains_lock);
	cb->seq = READ_ONCE(hv_last_come_or_gone) % U32_MAX + 1;
	if (only) {
		cb->answer_flags |= NLM_F_DUMP_FILTERED;
		dump->domain = last;
		if (last && !hv_domains_by_id(last)) {
			NL_SET_ERR_MSG_ATTR(cb->extack, only, "no such domain");
			ret = -ENOENT;
		}
	}
	if (!dump->domain) {
		ret = one(skb, cb, dump, NULL);
		if (!ret)
			dump->domain = 1;
	}
	while (!ret) {
		domain = hv_domains_next(&dump->domain);
		if (!domain || dump->domain > last)
			break;
		mutex_lock(&domain->lock);
		ret = one(skb, cb, dump, domain);
		mutex_unlock(&domain->lock);
		if (!ret)
			dump->domain++;
	}
	dump->done = !ret;
	mutex_unlock(&hv_domains_lock);
	kfree(dump->room);
	/* More room comes with the next call, if this one sent anything. */
	return skb->len ?: ret;
}

/**
 * hv_nl_with_domain() - look at the domain that a request names
 * @info: the request
 * @id: attribute with its id
 * @name: attribute with its name, or 0 if the request has none
 * @look: fills @record; with the domain's lock; NULL is Domain-0
 * @record: for @look
 *
 * Process context; takes the domains lock.
 *
 * Return: as @look, or -EINVAL or -ENOENT with a text.
 */
int hv_nl_with_domain(struct genl_info *info, int id, int name,
		      int (*look)(struct genl_info *info,
				  struct hv_domain *domain, void *record),
		      void *record)
{
	struct nlattr *by_id = info->attrs[id];
	struct nlattr *by_name = name ? info->attrs[name] : NULL;
	struct hv_domain *domain;
	int ret;

	if (!by_id == !by_name) {
		GENL_SET_ERR_MSG(info, "one domain is needed");
		return -EINVAL;
	}
	if (by_id ? !nla_get_u32(by_id) : !nla_strcmp(by_name, HV_DOMAIN0))
		return look(info, NULL, record);
	mutex_lock(&hv_domains_lock);
	domain = by_id ? hv_domains_by_id(nla_get_u32(by_id)) :
		 hv_domains_by_name(nla_data(by_name));
	if (domain) {
		mutex_lock(&domain->lock);
		ret = look(info, domain, record);
		mutex_unlock(&domain->lock);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack, by_id ?: by_name,
				    "no such domain");
		ret = -ENOENT;
	}
	mutex_unlock(&hv_domains_lock);
	return ret;
}

static int hv_nl_put_event(struct sk_buff *skb, u8 cmd,
			   const struct hvmod_domain_info *info)
{
	return (cmd == HVMOD_CMD_DOMAIN_DELETED_NTF ?
		hv_nl_put_identity(skb, info) : hv_nl_put_domain(skb, info)) ?:
	       nla_put_u64_64bit(skb, HVMOD_A_DOMAIN_TIME_NS,
				 ktime_get_boottime_ns(), HVMOD_A_DOMAIN_PAD);
}

static void hv_event_send(struct hv_domain *domain, u8 cmd)
{
	struct hvmod_domain_info info;
	struct sk_buff *skb;
	void *head;

	skb = genlmsg_new(HV_NL_EVENT_BYTES, GFP_KERNEL);
	if (!skb)
		return;
	hv_domain_fill_info(domain, &info);
	/* Listeners are in all user and pid namespaces. */
	info.owner_uid = from_kuid_munged(&init_user_ns, domain->uid);
	info.owner_pid = pid_nr(domain->pid);
	head = genlmsg_put(skb, 0, 0, &hv_family, 0, cmd);
	if (WARN_ON_ONCE(!head || hv_nl_put_event(skb, cmd, &info))) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast(&hv_family, skb, 0, 0, GFP_KERNEL);
}

/**
 * hv_event_domain() - tell that a domain changed
 * @domain: an announced domain
 * @cmd: HVMOD_CMD_DOMAIN_*_NTF
 *
 * The number is used up even if the event can't be sent, so that a reader sees
 * the gap. Process context, with the domain's lock; for a domain that comes or
 * goes, with the domains lock too.
 */
void hv_event_domain(struct hv_domain *domain, u8 cmd)
{
	lockdep_assert_held(&domain->lock);
	mutex_lock(&hv_events_lock);
	domain->seq = hv_last_seq + 1;
	WRITE_ONCE(hv_last_seq, domain->seq);
	if (cmd != HVMOD_CMD_DOMAIN_CHANGED_NTF)
		WRITE_ONCE(hv_last_come_or_gone, domain->seq);
	if (genl_has_listeners(&hv_family, &init_net, 0))
		hv_event_send(domain, cmd);
	mutex_unlock(&hv_events_lock);
}

static const struct nla_policy hv_domain_policy[] = {
	[HVMOD_A_DOMAIN_ID]	= { .type = NLA_U32 },
	[HVMOD_A_DOMAIN_NAME]	= { .type = NLA_NUL_STRING,
				    .len = HVMOD_NAME_MAX - 1 },
};

static const struct nla_policy hv_vcpu_policy[] = {
	[HVMOD_A_VCPU_DOMAIN]	= { .type = NLA_U32 },
	[HVMOD_A_VCPU_INDEX]	= { .type = NLA_U32 },
};

static const struct nla_policy hv_stats_policy[] = {
	[HVMOD_A_STATS_DOMAIN]	= { .type = NLA_U32 },
};

/* Attributes that answers alone have are not accepted in a request. */
static const struct genl_ops hv_ops[] = {
	{
		.cmd = HVMOD_CMD_DOMAIN_GET,
		.doit = hv_nl_domain_doit,
		.dumpit = hv_nl_domain_dumpit,
		.policy = hv_domain_policy,
		.maxattr = ARRAY_SIZE(hv_domain_policy) - 1,
	},
	{
		.cmd = HVMOD_CMD_VCPU_GET,
		.doit = hv_nl_vcpu_doit,
		.dumpit = hv_nl_vcpu_dumpit,
		.policy = hv_vcpu_policy,
		.maxattr = ARRAY_SIZE(hv_vcpu_policy) - 1,
	},
	{
		.cmd = HVMOD_CMD_STATS_GET,
		.doit = hv_nl_stats_doit,
		.dumpit = hv_nl_stats_dumpit,
		.policy = hv_stats_policy,
		.maxattr = ARRAY_SIZE(hv_stats_policy) - 1,
	},
	{
		.cmd = HVMOD_CMD_HOST_GET,
		.doit = hv_nl_host_doit,
	},
};

static const struct genl_multicast_group hv_groups[] = {
	{ .name = HVMOD_MCGRP_LIFECYCLE },
};

static struct genl_family hv_family __ro_after_init = {
	.name = HVMOD_FAMILY_NAME,
	.version = HVMOD_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = hv_ops,
	.n_ops = ARRAY_SIZE(hv_ops),
	.mcgrps = hv_groups,
	.n_mcgrps = ARRAY_SIZE(hv_groups),
	.resv_start_op = HVMOD_CMD_MAX + 1,
};

/**
 * hv_netlink_init() - offer the family
 *
 * Process context, after hv_launch() and before /dev/hvmod is there.
 *
 * Return: 0 or a negative errno.
 */
int hv_netlink_init(void)
{
	return genl_register_family(&hv_family);
}

/**
 * hv_netlink_exit() - undo hv_netlink_init()
 *
 * Process context; no domain is left.
 */
void hv_netlink_exit(void)
{
	genl_unregister_family(&hv_family);
}
