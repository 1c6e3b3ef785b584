/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_VSOCK_OPTION_H
#define HVCTL_VSOCK_OPTION_H

#include <stdint.h>

#define VSOCK_TEXT_MAX	16

/**
 * vsock_parse() - "cid=N" or "auto" to an address for vsock(7)
 * @text: the text
 * @cid: the address, or VMM_VSOCK_AUTO
 *
 * Return: NULL, or what is wrong with it
 */
const char *vsock_parse(const char *text, uint32_t *cid);

/**
 * vsock_format() - undo vsock_parse()
 * @cid: the address, or 0 for none
 * @text: VSOCK_TEXT_MAX bytes
 *
 * Return: @text, or NULL if there is no address
 */
const char *vsock_format(uint32_t cid, char *text);

#endif
