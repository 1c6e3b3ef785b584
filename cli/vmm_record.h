/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_VMM_RECORD_H
#define HVCTL_VMM_RECORD_H

#include <json-c/json.h>

#include "hvctl.h"

/**
 * vmm_record() - what the VMM process of ctx->domain tells about it
 *
 * Return: an object, which is not to be trusted; NULL if it does not answer.
 */
struct json_object *vmm_record(struct verb_context *ctx);

/**
 * vmm_record_ask() - the same, for a verb that can't do without
 * @ctx: the verb's context
 * @verb: what can't be done if it fails, for the message
 * @record: the object (out)
 *
 * Return: 0, or the exit status, and the error has been reported.
 */
int vmm_record_ask(struct verb_context *ctx, const char *verb,
		   struct json_object **record);

#endif
