// SPDX-License-Identifier: GPL-2.0-only
/* --net tap=NAME|fd=N|passt[=SOCKET][,mac=ADDRESS][,vhost=on|off] */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_option.h"
#include "words.h"

static const char *set_tap(struct net_option *option, const char *value)
{
	if (!*value)
		return "the name of the tap is empty";
	if (strlen(value) >= IFNAMSIZ)
		return "the name of an interface has at most 15 characters";
	strcpy(option->name, value);
	return NULL;
}

static const char *set_fd(struct net_option *option, const char *value)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || number < 3 || number > INT_MAX)
		return "the number of a descriptor from 3 on is expected";
	option->fd = (int)number;
	return NULL;
}

static const char *set_passt(struct net_option *option, const char *value)
{
	if (!*value)
		return "the path of passt's socket is empty";
	strcpy(option->name, value);
	return NULL;
}

static const struct {
	const char *prefix;
	enum vmm_net_kind kind;
	const char *(*set)(struct net_option *option, const char *value);
} kinds[] = {
	{ "tap=", VMM_NET_TAP, set_tap },
	{ "fd=", VMM_NET_FD, set_fd },
	{ "passt=", VMM_NET_PASST, set_passt },
};

static const char *set_kind(struct net_option *option, const char *word)
{
	size_t i;

	option->kind = VMM_NET_PASST;
	if (!strcmp(word, "passt"))
		return NULL;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].prefix);

		if (strncmp(word, kinds[i].prefix, len))
			continue;
		option->kind = kinds[i].kind;
		return kinds[i].set(option, word + len);
	}
	return "it begins with tap=NAME, fd=N, passt or passt=SOCKET";
}

static const char *set_mac(struct net_option *option, const char *value)
{
	static const uint8_t zero[6];
	uint8_t *mac = option->mac;
	int end = 0;

	if (sscanf(value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1],
		   &mac[2], &mac[3], &mac[4], &mac[5], &end) != 6 ||
	    end != 17 || value[end])
		return "an address is six bytes such as 52:54:00:12:34:56";
	if (mac[0] & 1)
		return "this is the address of a group: its first byte is odd";
	if (!memcmp(mac, zero, sizeof(zero)))
		return "an address of zeros is none";
	return NULL;
}

static const char *set_vhost(struct net_option *option, const char *value)
{
	option->vhost = !strcmp(value, "on");
	if (!option->vhost && strcmp(value, "off"))
		return "vhost= is on or off";
	if (option->vhost && option->kind == VMM_NET_PASST)
		return "the kernel serves taps alone: no vhost=on with passt";
	return NULL;
}

static const struct {
	const char *prefix;
	const char *(*set)(struct net_option *option, const char *value);
} extras[] = {
	{ "mac=", set_mac },
	{ "vhost=", set_vhost },
};

static const char *set_extra(struct net_option *option, const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(extras) / sizeof(extras[0]); i++) {
		size_t len = strlen(extras[i].prefix);

		if (!strncmp(word, extras[i].prefix, len))
			return extras[i].set(option, word + len);
	}
	return "behind it comes mac=ADDRESS or vhost=on; a comma of the path is written twice";
}

const char *net_parse(const char *text, struct net_option *option)
{
	char word[PATH_MAX];
	const char *why;

	memset(option, 0, sizeof(*option));
	option->fd = -1;
	if (!words_next(&text, word, sizeof(word)))
		return "it is too long";
	why = set_kind(option, word);
	while (text && !why) {
		if (!words_next(&text, word, sizeof(word)))
			return "it is too long";
		why = set_extra(option, word);
	}
	return why;
}

char *net_format(const struct net_option *option)
{
	static const uint8_t zero[6];
	const uint8_t *mac = option->mac;
	char text[NET_TEXT_MAX];
	char *at = text;

	if (option->kind == VMM_NET_FD) {
		at += sprintf(at, "fd=%d", option->fd);
	} else if (*option->name) {
		at = stpcpy(at, option->kind == VMM_NET_TAP ? "tap=" : "passt=");
		at = words_put(at, option->name);
	} else {
		at = stpcpy(at, "passt");
	}
	if (memcmp(mac, zero, sizeof(zero)))
		at += sprintf(at, ",mac=%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
			      mac[2], mac[3], mac[4], mac[5]);
	if (option->vhost)
		strcpy(at, ",vhost=on");
	return strdup(text);
}
