/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every part of hvctl knows: exit statuses, global flags, the shape of a
 * verb.
 */
#ifndef HVCTL_H
#define HVCTL_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include <hvmod.h>

#define HVCTL_DEVICE		"/dev/hvmod"
#define HVCTL_JSON_SCHEMA	1

/**
 * enum exit_code - exit status of hvctl
 * @HVCTL_OK: done
 * @HVCTL_FAILED: the operation failed
 * @HVCTL_USAGE: wrong verb, flag, value or configuration
 * @HVCTL_NO_DOMAIN: no such domain
 * @HVCTL_UNSUPPORTED: this machine can't, or the module is not loaded
 * @HVCTL_PERMISSION: not allowed
 * @HVCTL_TIMEOUT: timed out
 * @HVCTL_STATE: the domain is in the wrong state for it
 *
 * "run" and "create --foreground" end with enum vmm_outcome instead once the
 * guest has started.
 */
enum exit_code {
	HVCTL_OK		= 0,
	HVCTL_FAILED		= 1,
	HVCTL_USAGE		= 2,
	HVCTL_NO_DOMAIN		= 3,
	HVCTL_UNSUPPORTED	= 4,
	HVCTL_PERMISSION	= 5,
	HVCTL_TIMEOUT		= 6,
	HVCTL_STATE		= 7,
};

/**
 * struct globals - the global flags
 * @json: --json
 * @quiet: --quiet
 * @dry_run: --dry-run
 * @verbose: how often --verbose was given
 * @color: --color: -1 automatic, 0 never, 1 always
 * @timeout_ms: --timeout, -1 if it was not given
 */
struct globals {
	bool json;
	bool quiet;
	bool dry_run;
	int verbose;
	int color;
	int64_t timeout_ms;
};

extern struct globals globals;

/**
 * enum verb_flag - what the dispatcher does before and around verb.run()
 * @VERB_DEVICE: open /dev/hvmod
 * @VERB_DOMAIN: take a DOMAIN argument and look it up (implies @VERB_DEVICE)
 * @VERB_DOMU: that domain must not be Domain-0
 * @VERB_MODIFIES: changes something
 * @VERB_DRY_RUN: knows --dry-run
 * @VERB_TIMEOUT: knows --timeout
 * @VERB_NETLINK: ask over netlink, where anybody may
 * @VERB_ANY_DOMAIN: take a DOMAIN argument or none (implies @VERB_NETLINK)
 */
enum verb_flag {
	VERB_DEVICE	= 1 << 0,
	VERB_DOMAIN	= 1 << 1 | VERB_DEVICE,
	VERB_DOMU	= 1 << 2 | VERB_DOMAIN,
	VERB_MODIFIES	= 1 << 3,
	VERB_DRY_RUN	= 1 << 4,
	VERB_NETLINK	= 1 << 5,
	VERB_ANY_DOMAIN	= 1 << 6 | VERB_NETLINK,
	VERB_TIMEOUT	= 1 << 7,
};

/**
 * struct verb_context - what the dispatcher prepared
 * @device: descriptor of /dev/hvmod, or -1 without VERB_DEVICE
 * @netlink: from netlink_open(), with VERB_NETLINK
 * @named: with VERB_ANY_DOMAIN: whether there was an argument
 * @domain: the domain, with VERB_DOMAIN, and with VERB_ANY_DOMAIN if @named
 */
struct verb_context {
	int device;
	struct netlink *netlink;
	bool named;
	struct hvmod_domain_info domain;
};

/**
 * struct verb - one verb
 * @name: what the user types
 * @alias: another word for it, not shown in the list of verbs, or NULL;
 *	several are separated by spaces
 * @args: its arguments, for help; without the options
 * @summary: one line
 * @doc: the rest of its help, or NULL
 * @flags: enum verb_flag
 * @options: its own options, or NULL
 * @parse: parser of these and of its arguments, or NULL
 * @run: does it; returns the exit status
 */
struct verb {
	const char *name;
	const char *alias;
	const char *args;
	const char *summary;
	const char *doc;
	unsigned int flags;
	const struct argp_option *options;
	argp_parser_t parse;
	int (*run)(struct verb_context *ctx);
};

#endif
