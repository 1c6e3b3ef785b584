/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_DISK_OPTION_H
#define HVCTL_DISK_OPTION_H

#include <limits.h>
#include <stdbool.h>

#include "vmm/vmm.h"

/**
 * struct disk_option - a disk as the user describes it
 * @path: the image, or a socket
 * @serial: serial number, "" if none was given
 * @read_only: "ro"
 * @direct: "direct"
 * @vhost_user: "vhost-user:" before the path
 */
struct disk_option {
	char path[PATH_MAX];
	char serial[VMM_DISK_SERIAL_MAX + 1];
	bool read_only;
	bool direct;
	bool vhost_user;
};

/**
 * disk_parse() - "PATH[,ro][,direct][,serial=S]" or "vhost-user:SOCKET" to its
 * parts
 * @text: the text; a comma of the path is written twice, "id=" is "serial="
 * @option: filled
 *
 * Return: NULL, or what is wrong with it
 */
const char *disk_parse(const char *text, struct disk_option *option);

/**
 * disk_format() - undo disk_parse()
 * @option: the parts
 *
 * Return: the text, for free(), or NULL without memory
 */
char *disk_format(const struct disk_option *option);

#endif
