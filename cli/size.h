/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_SIZE_H
#define HVCTL_SIZE_H

#include <stdint.h>

#define SIZE_TEXT_MAX	32

/**
 * parse_size() - "512M" to bytes
 * @text: a decimal number and one of k, M, G, T, with or without "iB"
 * @bytes: the result
 *
 * Return: 0; -EINVAL: not a size; -EDOM: a number without a suffix, which means
 * bytes nowhere; -ERANGE: does not fit.
 */
int parse_size(const char *text, uint64_t *bytes);

/**
 * size_error() - say what is wrong with a size
 * @err: what parse_size() returned
 *
 * Return: text that goes behind the value and a colon.
 */
const char *size_error(int err);

/**
 * format_size() - bytes to "512M" or "1.5G"
 * @bytes: how many
 * @text: buffer of SIZE_TEXT_MAX
 *
 * Return: @text
 */
const char *format_size(uint64_t bytes, char *text);

/**
 * format_size_exact() - like format_size(), but never rounded
 * @bytes: how many; a multiple of 1024
 * @text: buffer of SIZE_TEXT_MAX
 *
 * Return: @text, which parse_size() reads back to @bytes
 */
const char *format_size_exact(uint64_t bytes, char *text);

#endif
