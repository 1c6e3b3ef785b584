/* SPDX-License-Identifier: GPL-2.0-only */
/* What the netlink family says, as structs. */
#ifndef HVCTL_NETLINK_RECORDS_H
#define HVCTL_NETLINK_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domains.h"
#include "netlink_client.h"

/* SDM volume 3, appendix C: numbers below 128 are used, and not all. */
#define EXIT_REASONS	128
#define MEMORY_KINDS	(HVMOD_MEMORY_DRIVER + 1)

#define ALL_DOMAINS	(-1)

/* Of a vCPU that never ran. */
#define NO_CPU		UINT32_MAX

/**
 * struct domain_event - a domain's record, or an event about it
 * @cmd: HVMOD_CMD_DOMAIN_*
 * @info: the domain; of a deleted one id, name, uuid, reason and seq alone
 * @seq_now: number of the last event when a record was written
 * @time_ns: CLOCK_BOOTTIME of an event
 */
struct domain_event {
	int cmd;
	struct hvmod_domain_info info;
	uint64_t seq_now;
	uint64_t time_ns;
};

/**
 * struct vcpu_record - a vCPU; of Domain-0: a processor
 * @domain: id of the domain
 * @index: number of the vCPU
 * @activity: enum hvmod_activity
 * @cpu: processor that runs it or ran it last, or NO_CPU
 * @tid: thread that runs it or ran it last, 0: none that can be named here
 * @run_ns: time in the guest
 * @halt_ns: time asleep in HLT
 * @capped_ns: time held back by the domain's cap
 * @steal_ns: time that its thread waited for a processor
 * @exits: VM exits
 * @exits_driver: those of them that left ring -1
 * @exits_vmm: those of them that left the kernel
 * @interrupts: external interrupts that were injected
 * @nmis: NMIs that were injected
 */
struct vcpu_record {
	uint32_t domain;
	uint32_t index;
	uint32_t activity;
	uint32_t cpu;
	uint32_t tid;
	uint64_t run_ns, halt_ns, capped_ns, steal_ns;
	uint64_t exits, exits_driver, exits_vmm;
	uint64_t interrupts, nmis;
};

/**
 * struct stats_record - statistics of a domain, sums over its vCPUs
 * @domain: its id
 * @name: its name
 * @run_ns: as in struct vcpu_record, like the next five
 * @halt_ns: time asleep in HLT
 * @capped_ns: time held back by its cap
 * @steal_ns: time that threads waited for a processor
 * @interrupts: external interrupts that were injected
 * @nmis: NMIs that were injected
 * @msis: message-signalled interrupts that VMM and irqfds delivered
 * @exits: by basic exit reason: how many ended with ring -1, the driver, the VMM
 * @memory: bytes by enum hvmod_memory
 */
struct stats_record {
	uint32_t domain;
	char name[HVMOD_NAME_MAX];
	uint64_t run_ns, halt_ns, capped_ns, steal_ns;
	uint64_t interrupts, nmis, msis;
	struct {
		uint64_t resumed, driver, vmm;
	} exits[EXIT_REASONS];
	uint64_t memory[MEMORY_KINDS];
};

/** struct vcpu_list - vCPUs, by domain and number */
struct vcpu_list {
	struct vcpu_record *items;
	size_t count;
};

/** struct stats_list - statistics, by domain */
struct stats_list {
	struct stats_record *items;
	size_t count;
};

/** record_domain() - read a record of a domain or an event about one */
void record_domain(const struct genlmsghdr *head, struct domain_event *event);

/**
 * netlink_domains() - all domains as they are at one moment
 * @netlink: from netlink_open()
 * @list: filled; for domains_free()
 * @seq_now: number of the last event that is in it, may be NULL
 *
 * A dump that an event overtook is repeated, as are the others here.
 *
 * Return: 0; -1 with errno, EAGAIN: each of many was overtaken.
 */
int netlink_domains(struct netlink *netlink, struct domain_list *list, uint64_t *seq_now);

/**
 * netlink_domain() - the domain that a DOMAIN argument means
 * @netlink: from netlink_open()
 * @text: id or name
 * @info: the domain
 *
 * Return: 0; -1 with errno, ENOENT: no such domain.
 */
int netlink_domain(struct netlink *netlink, const char *text, struct hvmod_domain_info *info);

/**
 * netlink_vcpus() - vCPUs
 * @netlink: from netlink_open()
 * @domain: of this domain, or ALL_DOMAINS
 * @list: filled; the caller frees @list->items
 *
 * Return: 0; -1 with errno, ENOENT: no such domain.
 */
int netlink_vcpus(struct netlink *netlink, int64_t domain, struct vcpu_list *list);

/**
 * netlink_stats() - statistics
 * @netlink: from netlink_open()
 * @domain: of this domain, or ALL_DOMAINS
 * @list: filled; the caller frees @list->items
 *
 * Return: 0; -1 with errno, ENOENT: no such domain.
 */
int netlink_stats(struct netlink *netlink, int64_t domain, struct stats_list *list);

/** fail_netlink() - report that the family can't be asked. Return: the exit status */
int fail_netlink(int err);

#endif
