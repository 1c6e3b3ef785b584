// SPDX-License-Identifier: GPL-2.0-only
/* The VMM process of a domain: what follows when its guest ends itself. */
#include <errno.h>
#include <string.h>

#include "control.h"
#include "duration.h"
#include "vmm/vmm.h"
#include "vmmproc_impl.h"

#define QUICK_NS	2000000000ULL	/* no kernel gets far in that time */
#define QUICK_ENDS_MAX	10

int vmmproc_reset(struct vmmproc *proc)
{
	if (proc->dumper.active)
		return -ETXTBSY;
	if (vmm_reset(proc->vmm))
		return -errno;
	proc->restarts++;
	proc->began_ns = boottime_ns();
	return 0;
}

/* One that fails at once would do so for ever, and fill the log. */
static bool ends_too_quickly(struct vmmproc *proc)
{
	if (boottime_ns() - proc->began_ns > QUICK_NS)
		proc->quick_ends = 0;
	return ++proc->quick_ends > QUICK_ENDS_MAX;
}

static void restart(struct vmmproc *proc, enum vmm_outcome outcome)
{
	int err;

	if (ends_too_quickly(proc)) {
		vmmproc_log("ended %u times in a row within 2 s, not restarted",
			    proc->quick_ends);
		vmm_stop(proc->vmm, outcome);
		return;
	}
	err = vmmproc_reset(proc);
	if (err == -ETXTBSY)
		return;
	vmmproc_log("%s, restarted: %s", outcome_word(outcome),
		    err ? strerror(-err) : "runs");
}

void vmmproc_halted(struct vmmproc *proc)
{
	enum vmm_outcome outcome;

	if (!proc->vmm)
		return;
	switch (vmm_halted(proc->vmm, &outcome)) {
	case VMM_ACTION_RESTART:
		restart(proc, outcome);
		break;
	case VMM_ACTION_PRESERVE:
		if (proc->preserved)
			break;
		proc->preserved = true;
		vmmproc_log("%s, preserved", outcome_word(outcome));
		control_finish(proc->control, CONTROL_WAIT, 0, outcome, "");
		break;
	case VMM_ACTION_DESTROY:
		break;
	}
}
