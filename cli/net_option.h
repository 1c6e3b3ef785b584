/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_NET_OPTION_H
#define HVCTL_NET_OPTION_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/vmm.h"

#define NET_TEXT_MAX	(2 * PATH_MAX + 64)

/**
 * struct net_option - a network device as the user describes it
 * @kind: what it is connected to
 * @name: name of the tap, or path of passt's socket; "" if there is none
 * @fd: descriptor of an open tap
 * @mac: its address, all zero if none was given
 * @vhost: the host's kernel serves it
 */
struct net_option {
	enum vmm_net_kind kind;
	char name[PATH_MAX];
	int fd;
	uint8_t mac[6];
	bool vhost;
};

/**
 * net_parse() - "tap=NAME", "fd=N", "passt" or "passt=SOCKET", maybe with
 * ",mac=ADDRESS", and with ",vhost=on" or "off" if it is a tap, to its parts
 * @text: the text; a comma of the path is written twice
 * @option: filled
 *
 * Return: NULL, or what is wrong with it
 */
const char *net_parse(const char *text, struct net_option *option);

/**
 * net_format() - undo net_parse()
 * @option: the parts
 *
 * Return: the text, for free(), or NULL without memory
 */
char *net_format(const struct net_option *option);

#endif
