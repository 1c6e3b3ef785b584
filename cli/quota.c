// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "device.h"
#include "output.h"
#include "quota.h"
#include "size.h"

/* What each refusal of the kernel means. */
static int refused(struct verb_context *ctx, const char *verb, int err)
{
	char used[SIZE_TEXT_MAX];
	const char *name = ctx->domain.name;

	switch (err) {
	case EPERM:
		return fail(HVCTL_PERMISSION, err, name,
			    "a domain is its creator's and root's; what root has locked, root alone makes larger",
			    "cannot %s: not permitted", verb);
	case EBUSY:
		return fail(HVCTL_STATE, err, name, "'hvctl mem-set' has its guest give memory up",
			    "cannot %s: it has more than that already, %s of guest memory", verb,
			    format_size(ctx->domain.mem_current, used));
	case ENOMEM:
		return fail(HVCTL_FAILED, err, name,
			    "Domain-0 keeps /sys/module/hvmod/parameters/dom0_reserve_mib for itself",
			    "cannot %s: the machine has not that much for domains", verb);
	case EDQUOT:
		return fail(HVCTL_FAILED, err, name,
			    "see /sys/module/hvmod/parameters/uid_memory_max_mib",
			    "cannot %s: its user may not have that much", verb);
	case ENOENT:
		return fail(HVCTL_NO_DOMAIN, err, name, NULL, "cannot %s: it is gone", verb);
	case ENOTTY:
		return fail(HVCTL_UNSUPPORTED, err, name, "load the module that came with this hvctl",
			    "cannot %s: the loaded module has no quotas", verb);
	default:
		return fail(HVCTL_FAILED, err, name, NULL, "cannot %s: %s", verb, strerror(err));
	}
}

int quota_set(struct verb_context *ctx, const char *verb, struct hvmod_quota *quota)
{
	quota->size = sizeof(*quota);
	quota->id = ctx->domain.id;
	return device_set_quota(ctx->device, quota) ? refused(ctx, verb, errno) : HVCTL_OK;
}
