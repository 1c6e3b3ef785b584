/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the parts of the netlink family: what travels (netlink_get.c) and how
 * (netlink.c).
 */
#ifndef HVMOD_NETLINK_KMOD_H
#define HVMOD_NETLINK_KMOD_H

#include <net/genetlink.h>

#include "hvmod.h"

/**
 * typedef hv_nl_put - write the attributes of one message
 * @skb: where to
 * @what: the record
 *
 * Return: 0, or not 0 if there is no room.
 */
typedef int (*hv_nl_put)(struct sk_buff *skb, const void *what);

/**
 * struct hv_dump - where a dump goes on; in struct netlink_callback.ctx
 * @domain: id of the next domain
 * @index: what comes next of this domain, for the dump itself
 * @done: all is sent
 * @room: one record, for the dump itself
 */
struct hv_dump {
	unsigned long domain;
	unsigned int index;
	bool done;
	void *room;
};

/* netlink.c */
int hv_nl_reply(struct genl_info *info, hv_nl_put put, const void *what);
int hv_nl_dump_message(struct sk_buff *skb, struct netlink_callback *cb,
		       hv_nl_put put, const void *what);
int hv_nl_dump(struct sk_buff *skb, struct netlink_callback *cb, size_t room,
	       struct nlattr *only,
	       int (*one)(struct sk_buff *skb, struct netlink_callback *cb,
			  struct hv_dump *dump, struct hv_domain *domain));
int hv_nl_with_domain(struct genl_info *info, int id, int name,
		      int (*look)(struct genl_info *info,
				  struct hv_domain *domain, void *record),
		      void *record);

/* netlink_get.c */
int hv_nl_put_identity(struct sk_buff *skb, const struct hvmod_domain_info *info);
int hv_nl_put_domain(struct sk_buff *skb, const void *what);
int hv_nl_domain_doit(struct sk_buff *skb, struct genl_info *info);
int hv_nl_domain_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int hv_nl_vcpu_doit(struct sk_buff *skb, struct genl_info *info);
int hv_nl_vcpu_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int hv_nl_stats_doit(struct sk_buff *skb, struct genl_info *info);
int hv_nl_stats_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int hv_nl_host_doit(struct sk_buff *skb, struct genl_info *info);

#endif
