/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_CONSOLE_HUB_H
#define HVCTL_CONSOLE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

/**
 * struct console_hub - the console of a guest and who is attached to it
 *
 * console_hub_output() may be called from any thread and never waits; the rest
 * is for the thread of the event loop.
 */
struct console_hub;

/**
 * console_input_t - give typed bytes to the guest
 *
 * Return: how many fitted.
 */
typedef size_t (*console_input_t)(void *ctx, const uint8_t *data, size_t len);

/** console_hub_new() - Return: the hub, or NULL with errno */
struct console_hub *console_hub_new(struct loop *loop, console_input_t input,
				    void *ctx);

/** console_hub_output() - the guest wrote something */
void console_hub_output(struct console_hub *hub, const uint8_t *data, size_t len);

/** console_hub_bytes() - how much the guest has written so far */
uint64_t console_hub_bytes(struct console_hub *hub);

/**
 * console_hub_attach() - attach a stream socket
 * @hub: the hub
 * @fd: the socket, taken over even if it fails
 * @flags: CONTROL_CONSOLE_*
 *
 * It gets what is kept, then what comes.
 *
 * Return: 0; -1 with errno, EBUSY: somebody types already and @flags has no
 * CONTROL_CONSOLE_FORCE.
 */
int console_hub_attach(struct console_hub *hub, int fd, uint32_t flags);

/**
 * console_hub_poll() - try again what could not be done at once
 * @hub: the hub
 *
 * Return: milliseconds until it wants to be called again, -1 for never.
 */
int console_hub_poll(struct console_hub *hub);

/** console_hub_end() - nothing more will come: close readers when they have all */
void console_hub_end(struct console_hub *hub);

/** console_hub_busy() - whether anybody is attached */
bool console_hub_busy(const struct console_hub *hub);

/** console_hub_free() - close all */
void console_hub_free(struct console_hub *hub);

#endif
