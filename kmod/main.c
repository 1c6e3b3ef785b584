// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvmod: a thin hypervisor that is launched under the running Linux.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <asm/cpu_device_id.h>
#include <asm/cpufeatures.h>

#include "hvmod.h"

/* For udev: a machine with VMX. modprobe.d/hvmod.conf says whether it may. */
static const struct x86_cpu_id hv_cpu_ids[] = {
	X86_MATCH_FEATURE(X86_FEATURE_VMX, NULL),
	{}
};
MODULE_DEVICE_TABLE(x86cpu, hv_cpu_ids);

static bool selftest;
module_param(selftest, bool, 0444);
MODULE_PARM_DESC(selftest, "allow deliberate faults in ring -1 (default N)");

static bool apicv = true;
module_param(apicv, bool, 0444);
MODULE_PARM_DESC(apicv, "let the processor deliver interrupts to a DomU where it can (default Y)");

static bool mitigations = true;
module_param(mitigations, bool, 0444);
MODULE_PARM_DESC(mitigations,
		 "issue the processor's mitigations around a DomU (default Y)");

static int __init hvmod_init(void)
{
	int ret;

	ret = hv_crash_init();
	if (ret)
		return ret;
	ret = hv_launch((selftest ? HV_BOOT_SELFTEST : 0) |
			(mitigations ? HV_BOOT_MITIGATIONS : 0) |
			(apicv ? HV_BOOT_APICV : 0));
	if (ret)
		goto crash;
	ret = hv_netlink_init();
	if (ret)
		goto leave;
	ret = hv_chardev_register();
	if (ret)
		goto netlink;
	hv_events_start();
	return 0;

netlink:
	hv_netlink_exit();
leave:
	hv_leave();
crash:
	hv_crash_exit();
	return ret;
}

/* Every descriptor holds a reference, so there is no domain any more. */
static void __exit hvmod_exit(void)
{
	hv_chardev_unregister();
	hv_netlink_exit();
	hv_events_stop();
	hv_leave();
	hv_crash_exit();
}

module_init(hvmod_init);
module_exit(hvmod_exit);

MODULE_DESCRIPTION("Late-launched hypervisor");
MODULE_AUTHOR("The hvmod authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(HVMOD_VERSION);
