/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_FS_OPTION_H
#define HVCTL_FS_OPTION_H

#include <limits.h>

#include "vmm/vmm.h"

/**
 * struct fs_option - a directory that a domain gets, as the user describes it
 * @tag: what the guest mounts it by
 * @socket: that of virtiofsd
 */
struct fs_option {
	char tag[VMM_FS_TAG_MAX + 1];
	char socket[PATH_MAX];
};

/**
 * fs_parse() - "tag=NAME,socket=PATH", in any order, to its parts
 * @text: the text; a comma is written twice
 * @option: filled
 *
 * Return: NULL, or what is wrong with it
 */
const char *fs_parse(const char *text, struct fs_option *option);

/**
 * fs_format() - undo fs_parse()
 * @option: the parts
 *
 * Return: the text, for free(), or NULL without memory
 */
char *fs_format(const struct fs_option *option);

#endif
