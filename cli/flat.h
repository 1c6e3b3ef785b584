/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_FLAT_H
#define HVCTL_FLAT_H

#include <stdint.h>

#include "vmm/vmm.h"

#define DEBUG_EXIT_PORT	"0x501"		/* as QEMU's isa-debug-exit */

/**
 * parse_flat() - "0x7c00,real" to address and mode
 * @text: an address in C's notation, a comma, and real, protected or long
 * @address: the address
 * @mode: the mode
 *
 * Return: NULL, or what is wrong with it: text that goes behind the value and a
 * colon
 */
const char *parse_flat(const char *text, uint64_t *address, enum vmm_flat *mode);

/**
 * parse_port() - a port number in C's notation
 * @text: the text
 * @port: the number, 1 to 0xFFFC, so that 4 bytes at it are ports
 *
 * Return: NULL, or what is wrong with it
 */
const char *parse_port(const char *text, uint32_t *port);

#endif
