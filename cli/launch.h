/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_LAUNCH_H
#define HVCTL_LAUNCH_H

#include <stdbool.h>

#include "config.h"

/*
 * The ways to start a domain. Each returns an exit status and has reported what
 * went wrong. The device comes from launch_device().
 */

/** launch_show() - print what would be started, in place of that */
void launch_show(const struct domain_config *config);

/** launch_device() - open the device and see that the name is not in use */
int launch_device(const struct domain_config *config, int *device);

/** launch_background() - return when the domain is there; print its id */
int launch_background(int device, const struct domain_config *config, bool paused);

/** launch_console() - the same, and attach to its console */
int launch_console(int device, const struct domain_config *config, bool paused);

/** launch_foreground() - be its VMM process */
int launch_foreground(int device, const struct domain_config *config, bool paused);

/**
 * launch_run() - run it with its console here, and end it when we end
 *
 * Return: VMM_STATUS() of an enum vmm_outcome, if the domain was made.
 */
int launch_run(int device, const struct domain_config *config, bool paused);

#endif
