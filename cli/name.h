/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_NAME_H
#define HVCTL_NAME_H

#include <stddef.h>
#include <stdint.h>

/**
 * name_error() - check the name of a domain
 * @name: the name
 *
 * Return: NULL if it is [A-Za-z][A-Za-z0-9._-]{0,62}; else what is wrong.
 */
const char *name_error(const char *name);

/**
 * parse_id() - a DOMAIN argument that is a number
 * @text: the argument
 * @id: the id
 *
 * Return: 0; -EINVAL: not a number; -ERANGE: no id is that large.
 */
int parse_id(const char *text, uint32_t *id);

/**
 * suggest() - the nearest of some words, for "did you mean"
 * @word: what was typed
 * @words: candidates
 * @count: how many
 *
 * Return: the index of the nearest; -1 if none is near.
 */
int suggest(const char *word, const char *const *words, size_t count);

#endif
