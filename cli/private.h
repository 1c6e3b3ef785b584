/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_PRIVATE_H
#define HVCTL_PRIVATE_H

#define PRIVATE_WORDS_MAX	16
#define PRIVATE_WORD_MAX	80

/**
 * struct private - words that nobody else needs to know
 * @words: names of the machine and of who runs this
 * @count: how many
 */
struct private {
	char words[PRIVATE_WORDS_MAX][PRIVATE_WORD_MAX];
	int count;
};

/**
 * private_read() - collect the names of the machine and of who runs this
 * @p: filled
 * @root: "" for this machine, or a directory with a copy of its /proc
 */
void private_read(struct private *p, const char *root);

/** private_add() - one more word; "", names that many have and those of one letter are left out */
void private_add(struct private *p, const char *word);

/**
 * private_hide() - put dots in the place of private words, MAC addresses and UUIDs
 * @p: the words
 * @text: is changed in place
 */
void private_hide(const struct private *p, char *text);

#endif
