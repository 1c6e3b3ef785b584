/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_NOTIFY_H
#define HVCTL_NOTIFY_H

#include <stdint.h>

/**
 * notify_open() - get ready to tell the service manager, see sd_notify(3)
 *
 * To be called before the sandbox is entered. Without $NOTIFY_SOCKET nobody
 * wants to hear, and notify_ready() does nothing.
 */
void notify_open(void);

/**
 * notify_ready() - the service is up
 * @id: the domain
 * @name: its name
 */
void notify_ready(uint32_t id, const char *name);

#endif
