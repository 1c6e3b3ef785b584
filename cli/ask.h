/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_ASK_H
#define HVCTL_ASK_H

#include "control.h"
#include "hvctl.h"

#define ASK_MS	10000	/* a VMM process that takes longer is stuck */

/**
 * ask_check() - whether the environment says where control sockets are
 *
 * Return: 0, or the exit status, and the error has been reported.
 */
int ask_check(void);

/** ask_deadline() - when to wait no longer for an answer: --timeout, or ASK_MS */
int64_t ask_deadline(void);

/**
 * ask_connect() - connect to the VMM process of ctx->domain
 * @ctx: the verb's context
 * @verb: what can't be done if it fails, for the message
 * @fd: the socket
 *
 * Return: 0, or the exit status, and the error has been reported.
 */
int ask_connect(struct verb_context *ctx, const char *verb, int *fd);

/**
 * ask() - connect, ask, and wait for the reply
 * @ctx: the verb's context
 * @verb: for the message
 * @op: what to ask
 * @reply: the reply
 *
 * Return: 0, or the exit status, and the error has been reported.
 */
int ask(struct verb_context *ctx, const char *verb, enum control_op op,
	struct control_reply *reply);

/**
 * ask_more() - the same for a request that says more
 * @ctx: the verb's context
 * @verb: for the message
 * @op: what to ask
 * @value: value of the request
 * @text: its text, or NULL
 * @reply: the reply
 *
 * Return: 0, or the exit status, and the error has been reported; but 0 with
 * EEXIST in the reply's status, which only the verb can name.
 */
int ask_more(struct verb_context *ctx, const char *verb, enum control_op op,
	     uint32_t value, const char *text, struct control_reply *reply);

/**
 * ask_reply() - the same, but only the verb judges the reply's status
 * @ctx: the verb's context
 * @verb: for the message
 * @op: what to ask
 * @value: value of the request
 * @text: its text, or NULL
 * @reply: the reply
 *
 * Return: 0, or the exit status if there is no reply, which has been reported.
 */
int ask_reply(struct verb_context *ctx, const char *verb, enum control_op op,
	      uint32_t value, const char *text, struct control_reply *reply);

/** ask_fail() - report that asking failed with errno value @err */
int ask_fail(struct verb_context *ctx, const char *verb, int err);

/**
 * ask_refused() - report the failure that a reply tells
 * @ctx: the verb's context
 * @verb: for the message
 * @reply: the reply
 *
 * Return: 0 if it tells of none, or the exit status.
 */
int ask_refused(struct verb_context *ctx, const char *verb,
		const struct control_reply *reply);

/**
 * fail_state() - report that the domain is in the wrong state
 * @ctx: the verb's context
 * @verb: for the message
 * @hint: the next step, or NULL
 */
int fail_state(struct verb_context *ctx, const char *verb, const char *hint);

#endif
