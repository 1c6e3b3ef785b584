/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_WORDS_H
#define HVCTL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * words_next() - take a word off a list with commas
 * @text: the list, then what is behind the word, NULL behind the last; a comma of
 *	a word is written twice
 * @word: filled
 * @size: its size
 *
 * Return: false if the word is too long for @word
 */
bool words_next(const char **text, char *word, size_t size);

/**
 * words_put() - write a word so that words_next() reads it
 * @to: where; room for twice its length and a NUL
 * @word: the word
 *
 * Return: the end of what was written, a NUL
 */
char *words_put(char *to, const char *word);

#endif
