// SPDX-License-Identifier: GPL-2.0-only
/* Keys of a configuration that are lists of devices. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "config_devices.h"
#include "disk_option.h"
#include "fs_option.h"
#include "net_option.h"
#include "output.h"

static const char *disk_error(const struct config_list *list, const char *value)
{
	struct disk_option option;

	(void)list;
	return disk_parse(value, &option);
}

static const char *net_error(const struct config_list *list, const char *value)
{
	struct net_option option;

	(void)list;
	return net_parse(value, &option);
}

/* A guest that has two of a tag gets one of them. */
static const char *fs_error(const struct config_list *list, const char *value)
{
	struct fs_option option, other;
	const char *why = fs_parse(value, &option);
	unsigned int i;

	for (i = 0; i < list->count && !why; i++) {
		fs_parse(list->text[i], &other);
		if (!strcmp(other.tag, option.tag))
			why = "another directory has the same tag";
	}
	return why;
}

/* @full: for free(); or NULL without memory */
static int replace(char **text, char *full)
{
	if (!full)
		return fail(HVCTL_FAILED, ENOMEM, NULL, NULL, "out of memory");
	free(*text);
	*text = full;
	return HVCTL_OK;
}

/*
 * The VMM process opens @path, PATH_MAX bytes, in another directory. @cannot: what
 * we can't do with it; @none: a hint if it is not there.
 */
static int make_absolute(char *path, const char *cannot, const char *none)
{
	char *full = realpath(path, NULL);
	int err = errno;

	if (!full)
		return fail(err == EACCES ? HVCTL_PERMISSION : HVCTL_FAILED, err, path,
			    err == ENOENT ? none : NULL, "cannot %s: %s", cannot,
			    strerror(err));
	strcpy(path, full);
	free(full);
	return HVCTL_OK;
}

static int complete_disk(char **text)
{
	struct disk_option option;
	int ret;

	disk_parse(*text, &option);
	ret = make_absolute(option.path, "open the disk", option.vhost_user ?
			    "start the back end, such as qemu-storage-daemon" :
			    "'truncate -s 10G FILE' makes an empty image");
	return ret ? ret : replace(text, disk_format(&option));
}

static int complete_net(char **text)
{
	struct net_option option;
	int ret;

	net_parse(*text, &option);
	if (option.kind == VMM_NET_FD && fcntl(option.fd, F_GETFD) < 0)
		return fail(HVCTL_FAILED, EBADF, *text,
			    "hvctl has to inherit the descriptor of an open tap",
			    "cannot use descriptor %d: it is not open", option.fd);
	if (option.kind != VMM_NET_PASST || !*option.name)
		return HVCTL_OK;
	ret = make_absolute(option.name, "connect to passt",
			    "start passt: passt --socket PATH");
	return ret ? ret : replace(text, net_format(&option));
}

static int complete_fs(char **text)
{
	struct fs_option option;
	int ret;

	fs_parse(*text, &option);
	ret = make_absolute(option.socket, "connect to virtiofsd",
			    "start virtiofsd: virtiofsd --socket-path=PATH -o source=DIRECTORY");
	return ret ? ret : replace(text, fs_format(&option));
}

static const struct device_key {
	const char *key;
	const char *hint;
	const char *(*error)(const struct config_list *list, const char *value);
	int (*complete)(char **text);
} device_keys[] = {
	{ "disk", "disk=/images/web.raw,ro is one", disk_error, complete_disk },
	{ "net", "net=tap=tap0 is one, net=passt another", net_error, complete_net },
	{ "fs", "fs=tag=data,socket=/run/data.socket is one", fs_error, complete_fs },
};

static const struct device_key *find_device_key(const char *key)
{
	size_t i = 0;

	while (strcmp(device_keys[i].key, key))
		i++;
	return &device_keys[i];
}

const char *config_device_error(const char *key, const struct config_list *list,
				const char *value, const char **hint)
{
	const struct device_key *k = find_device_key(key);

	*hint = k->hint;
	return k->error(list, value);
}

int config_devices_complete(const char *key, struct config_list *list)
{
	const struct device_key *k = find_device_key(key);
	unsigned int i;
	int ret = HVCTL_OK;

	for (i = 0; i < list->count && !ret; i++)
		ret = k->complete(&list->text[i]);
	return ret;
}
