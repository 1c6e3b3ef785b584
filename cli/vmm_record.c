// SPDX-License-Identifier: GPL-2.0-only
/* Asking a VMM process to describe its domain. */
#include <errno.h>
#include <unistd.h>

#include "ask.h"
#include "duration.h"
#include "output.h"
#include "vmm_record.h"

#define RECORD_MS	2000

static struct json_object *parse(const struct control_reply *reply)
{
	struct json_object *record = json_tokener_parse(reply->text);

	if (json_object_get_type(record) == json_type_object)
		return record;
	json_object_put(record);
	return NULL;
}

/* A domain is described without it too: it may be another user's, or stuck. */
struct json_object *vmm_record(struct verb_context *ctx)
{
	static struct control_reply reply;
	struct json_object *record = NULL;
	int64_t ms = globals.timeout_ms >= 0 && globals.timeout_ms < RECORD_MS ?
		     globals.timeout_ms : RECORD_MS;
	int64_t deadline = deadline_in(ms);
	int fd;

	if (!ctx->domain.id)
		return NULL;
	fd = control_connect(ctx->device, &ctx->domain, deadline);
	if (fd < 0)
		return NULL;
	if (!control_ask(fd, CONTROL_INFO, 0, -1) &&
	    !control_answer(fd, CONTROL_INFO, &reply, deadline) && !reply.status)
		record = parse(&reply);
	close(fd);
	return record;
}

int vmm_record_ask(struct verb_context *ctx, const char *verb,
		   struct json_object **record)
{
	static struct control_reply reply;
	int ret = ask(ctx, verb, CONTROL_INFO, &reply);

	if (ret)
		return ret;
	*record = parse(&reply);
	return *record ? HVCTL_OK : ask_fail(ctx, verb, EPROTO);
}
