// SPDX-License-Identifier: GPL-2.0-only
/* What a configuration says about a network device, made. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

#define FNV_OFFSET	0xCBF29CE484222325ULL
#define FNV_PRIME	0x100000001B3ULL
#define MACHINE_ID	"/etc/machine-id"

static uint64_t hash(uint64_t value, const void *data, size_t bytes)
{
	const uint8_t *byte = data;

	while (bytes--)
		value = (value ^ *byte++) * FNV_PRIME;
	return value;
}

/**
 * net_default_mac() - an address for a device that was given none
 * @mac: filled
 * @domain: name of the domain
 * @index: number of the device in the domain
 *
 * It is locally administered, the same each time, and differs between domains,
 * devices and, where they have a machine-id(5), machines.
 */
void net_default_mac(uint8_t mac[6], const char *domain, unsigned int index)
{
	uint64_t value = FNV_OFFSET;
	char id[32];
	FILE *file = fopen(MACHINE_ID, "re");
	unsigned int i;

	if (file) {
		value = hash(value, id, fread(id, 1, sizeof(id), file));
		fclose(file);
	}
	value = hash(value, domain, strlen(domain) + 1);
	value = hash(value, &index, sizeof(index));
	for (i = 0; i < 6; i++)
		mac[i] = (uint8_t)(value >> 8 * i);
	mac[0] = (uint8_t)((mac[0] & 0xFC) | 0x02);
}

/**
 * net_open() - what a device is connected to
 * @config: which
 * @err: buffer for a message about what is wrong, with a hint
 * @err_size: its size
 *
 * Return: the backend; or NULL with errno and the message
 */
struct net_backend *net_open(const struct vmm_net *config, char *err,
			     size_t err_size)
{
	struct net_backend *backend;
	int error;
	int fd;

	if (config->kind == VMM_NET_TAP)
		return net_tap_open(config->name, err, err_size);
	if (config->kind == VMM_NET_FD)
		return net_tap_from_fd(config->fd, err, err_size);
	fd = config->name ? net_passt_connect(config->name, err, err_size) :
	     net_passt_start(err, err_size);
	if (fd < 0)
		return NULL;
	backend = net_stream_create(fd);
	if (backend)
		return backend;
	error = errno;
	close(fd);
	snprintf(err, err_size, "passt: %s", strerror(error));
	errno = error;
	return NULL;
}
