/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_DOMAINS_H
#define HVCTL_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvmod.h>

/**
 * struct domain_list - all domains of the machine, by id
 * @items: the domains
 * @count: how many
 */
struct domain_list {
	struct hvmod_domain_info *items;
	size_t count;
};

/** domains_read() - ask the kernel for all domains. Return: 0, or -1 with errno */
int domains_read(int device, struct domain_list *list);

/** domains_free() - give the memory back */
void domains_free(struct domain_list *list);

/** domain_by_id() - Return: 0; -1 with errno, ENOENT: no such domain */
int domain_by_id(int device, uint32_t id, struct hvmod_domain_info *info);

/**
 * domain_lookup() - the domain that a DOMAIN argument means
 * @device: from device_open()
 * @text: id or name
 * @info: the domain
 *
 * Return: 0; -1 with errno, ENOENT: no such domain.
 */
int domain_lookup(int device, const char *text, struct hvmod_domain_info *info);

/**
 * domain_wait_gone() - until the kernel does not list the domain any more
 * @device: from device_open()
 * @id: its id
 * @deadline: from deadline_in()
 *
 * Return: 0; -1 with errno, ETIMEDOUT: it is still there.
 */
int domain_wait_gone(int device, uint32_t id, int64_t deadline);

/** domain_default_name() - the first unused one of dom1, dom2, ... */
int domain_default_name(int device, char name[HVMOD_NAME_MAX]);

/** domain_ended() - whether its guest has ended */
bool domain_ended(const struct hvmod_domain_info *info);

/** state_word() - "running" and so on; "unknown" for a state of a newer module */
const char *state_word(uint32_t state);

/** parse_state() - the reverse. Return: enum hvmod_state, 0 if there is none */
uint32_t parse_state(const char *word);

/** reason_word() - "poweroff" and so on, "none" */
const char *reason_word(uint32_t reason);

#endif
