// SPDX-License-Identifier: GPL-2.0-only
/* What netlink's messages have in them, and that none is half written. */
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include "driver.h"
#include "../../kmod/netlink_get.c"

#define ROOM	2048

static struct sk_buff *skb;
static struct hvmod_domain_info info;

static int start(struct kunit *test)
{
	driver_init();
	driver.events = 99;
	memset(&info, 0, sizeof(info));
	info.id = 3;
	strscpy(info.name, "web", sizeof(info.name));
	memset(info.uuid, 0xa5, sizeof(info.uuid));
	info.state = HVMOD_STATE_PAUSED;
	info.reason = 2;
	info.seq = 1ULL << 40;
	info.mem_max = 5ULL << 30;
	info.mem_current = 4096;
	info.held = 8192;
	info.held_max = 6ULL << 30;
	info.exits = 10;
	info.exits_driver = 11;
	info.exits_vmm = 12;
	info.run_ns = 13;
	info.owner_uid = 14;
	info.owner_pid = 15;
	info.vcpus = 16;
	info.vcpus_max = 17;
	info.cpu_cap = 18;
	info.cpu_period_us = 19;
	info.core_pages = 20;
	info.created_ns = 21;
	skb = alloc_skb(ROOM, GFP_KERNEL);
	return skb ? 0 : -ENOMEM;
}

static void stop(struct kunit *test)
{
	kfree_skb(skb);
}

/* Bytes that are left. */
static int spare(struct sk_buff *message)
{
#ifdef __KERNEL__
	return skb_tailroom(message);
#else
	return message->room - message->len;
#endif
}

static struct nlattr *find(int type)
{
	return nla_find((struct nlattr *)skb->data, skb->len, type);
}

static void expect_u32(struct kunit *test, int type, u32 value)
{
	struct nlattr *attr = find(type);

	KUNIT_ASSERT_NOT_NULL(test, attr);
	KUNIT_EXPECT_EQ(test, nla_len(attr), 4);
	KUNIT_EXPECT_EQ(test, nla_get_u32(attr), value);
}

static void expect_u64(struct kunit *test, int type, u64 value)
{
	struct nlattr *attr = find(type);

	KUNIT_ASSERT_NOT_NULL(test, attr);
	KUNIT_EXPECT_EQ(test, nla_len(attr), 8);
	KUNIT_EXPECT_EQ(test, (u64)nla_get_u64(attr), value);
}

static void a_domain_has_all_of_it(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, hv_nl_put_domain(skb, &info), 0);
	expect_u32(test, HVMOD_A_DOMAIN_ID, 3);
	expect_u32(test, HVMOD_A_DOMAIN_STATE, HVMOD_STATE_PAUSED);
	expect_u32(test, HVMOD_A_DOMAIN_REASON, 2);
	expect_u64(test, HVMOD_A_DOMAIN_SEQ, 1ULL << 40);
	expect_u64(test, HVMOD_A_DOMAIN_SEQ_NOW, 99);
	expect_u64(test, HVMOD_A_DOMAIN_MEM_MAX, 5ULL << 30);
	expect_u64(test, HVMOD_A_DOMAIN_MEM_CURRENT, 4096);
	expect_u64(test, HVMOD_A_DOMAIN_MEM_HELD, 8192);
	expect_u64(test, HVMOD_A_DOMAIN_MEM_HELD_MAX, 6ULL << 30);
	expect_u64(test, HVMOD_A_DOMAIN_EXITS, 10);
	expect_u64(test, HVMOD_A_DOMAIN_EXITS_DRIVER, 11);
	expect_u64(test, HVMOD_A_DOMAIN_EXITS_VMM, 12);
	expect_u64(test, HVMOD_A_DOMAIN_RUN_NS, 13);
	expect_u32(test, HVMOD_A_DOMAIN_OWNER_UID, 14);
	expect_u32(test, HVMOD_A_DOMAIN_OWNER_PID, 15);
	expect_u32(test, HVMOD_A_DOMAIN_VCPUS, 16);
	expect_u32(test, HVMOD_A_DOMAIN_VCPUS_MAX, 17);
	expect_u32(test, HVMOD_A_DOMAIN_CPU_CAP, 18);
	expect_u32(test, HVMOD_A_DOMAIN_CPU_PERIOD_US, 19);
	expect_u64(test, HVMOD_A_DOMAIN_CORE_PAGES, 20);
	expect_u64(test, HVMOD_A_DOMAIN_CREATED_NS, 21);
	KUNIT_ASSERT_NOT_NULL(test, find(HVMOD_A_DOMAIN_UUID));
	KUNIT_EXPECT_EQ(test, nla_len(find(HVMOD_A_DOMAIN_UUID)), 16);
	KUNIT_EXPECT_EQ(test, memcmp(nla_data(find(HVMOD_A_DOMAIN_UUID)), info.uuid, 16), 0);
	KUNIT_ASSERT_NOT_NULL(test, find(HVMOD_A_DOMAIN_NAME));
	KUNIT_EXPECT_EQ(test, memcmp(nla_data(find(HVMOD_A_DOMAIN_NAME)), "web", 4), 0);
}

/* Every length that is too short is refused; the first that is enough is not. */
static void what_does_not_fit_is_not_sent(struct kunit *test)
{
	unsigned int whole, room, tried = 0;
	int ret;

	KUNIT_ASSERT_EQ(test, hv_nl_put_domain(skb, &info), 0);
	whole = skb->len;
	for (room = 0; room <= whole; room += 4) {
		struct sk_buff *small = alloc_skb(ROOM, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, small);
		/* What is full already. */
		ret = nla_put(small, HVMOD_A_DOMAIN_PAD, 0, "");
		while (!ret && spare(small) > (int)room)
			ret = nla_put(small, HVMOD_A_DOMAIN_PAD, 0, "");
		if (!ret && spare(small) == (int)room) {
			ret = hv_nl_put_domain(small, &info);
			KUNIT_EXPECT_EQ(test, ret, room < whole ? -EMSGSIZE : 0);
			tried++;
		}
		kfree_skb(small);
	}
	KUNIT_EXPECT_EQ(test, tried, whole / 4 + 1);
}

static void a_vcpu_that_never_ran_has_no_processor(struct kunit *test)
{
	struct hv_vcpu_record *record = kunit_kzalloc(test, sizeof(*record), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, record);
	record->domain = 3;
	record->index = 2;
	record->stats.cpu = -1;
	record->stats.run_ns = 5;
	record->stats.resumed[0] = 1;
	record->stats.driver[1] = 2;
	record->stats.vmm[HV_EXIT_REASONS - 1] = 4;
	KUNIT_ASSERT_EQ(test, hv_put_vcpu(skb, record), 0);
	KUNIT_EXPECT_NULL(test, find(HVMOD_A_VCPU_CPU));
	KUNIT_EXPECT_NULL(test, find(HVMOD_A_VCPU_TID));
	expect_u32(test, HVMOD_A_VCPU_DOMAIN, 3);
	expect_u32(test, HVMOD_A_VCPU_INDEX, 2);
	expect_u64(test, HVMOD_A_VCPU_RUN_NS, 5);
	expect_u64(test, HVMOD_A_VCPU_EXITS, 7);
}

static void statistics_have_the_exits_there_were(struct kunit *test)
{
	struct hv_stats_record *record = kunit_kzalloc(test, sizeof(*record), GFP_KERNEL);
	struct nlattr *nest;

	KUNIT_ASSERT_NOT_NULL(test, record);
	record->domain = 3;
	strscpy(record->name, "web", sizeof(record->name));
	record->memory[HVMOD_MEMORY_DRIVER] = 77;
	record->one.driver[10] = 4;
	record->one.halt_ns = 100;
	hv_add_stats(&record->sum, &record->one);
	hv_add_stats(&record->sum, &record->one);
	KUNIT_ASSERT_EQ(test, hv_put_stats(skb, record), 0);
	expect_u64(test, HVMOD_A_STATS_HALT_NS, 200);
	nest = find(HVMOD_A_STATS_EXIT);
	KUNIT_ASSERT_NOT_NULL(test, nest);
	KUNIT_EXPECT_EQ(test, nla_get_u32(nla_find(nla_data(nest), nla_len(nest), HVMOD_A_EXIT_REASON)), 10U);
	KUNIT_EXPECT_EQ(test, (u64)nla_get_u64(nla_find(nla_data(nest), nla_len(nest), HVMOD_A_EXIT_DRIVER)),
			8ULL);
	/* No other reason has one: what follows is memory. */
	KUNIT_EXPECT_NULL(test, nla_find((void *)((u8 *)nest + nla_len(nest) + NLA_HDRLEN),
					 (int)(skb->data + skb->len - ((u8 *)nest + nla_len(nest) + NLA_HDRLEN)),
					 HVMOD_A_STATS_EXIT));
	nest = find(HVMOD_A_STATS_MEMORY);
	KUNIT_ASSERT_NOT_NULL(test, nest);
	KUNIT_EXPECT_EQ(test, nla_get_u32(nla_find(nla_data(nest), nla_len(nest), HVMOD_A_MEMORY_KIND)),
			(u32)HVMOD_MEMORY_GUEST);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_domain_has_all_of_it),
	KUNIT_CASE(what_does_not_fit_is_not_sent),
	KUNIT_CASE(a_vcpu_that_never_ran_has_no_processor),
	KUNIT_CASE(statistics_have_the_exits_there_were),
	{}
};

static struct kunit_suite records_suite = {
	.name = "hvmod_records",
	.init = start,
	.exit = stop,
	.test_cases = cases,
};
kunit_test_suite(records_suite);
