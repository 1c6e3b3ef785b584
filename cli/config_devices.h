/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_CONFIG_DEVICES_H
#define HVCTL_CONFIG_DEVICES_H

#include "config_list.h"

/**
 * config_device_error() - what is wrong with a device, before there is one more
 * @key: "disk", "net" or "fs"
 * @list: those that there are
 * @value: how the user describes it
 * @hint: one that is right (out)
 *
 * Return: NULL if nothing is
 */
const char *config_device_error(const char *key, const struct config_list *list,
				const char *value, const char **hint);

/**
 * config_devices_complete() - check what devices are connected to, make paths
 * absolute
 * @key: as config_device_error() has it
 * @list: devices without an error
 *
 * Return: an exit status, 0: all is well; else what is wrong has been reported
 */
int config_devices_complete(const char *key, struct config_list *list);

#endif
