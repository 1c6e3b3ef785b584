// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls that hvctl itself makes. Those on a domain and its vCPUs are the
 * VMM's. Tests link another file in place of this one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "hvctl.h"

int device_open_any(void)
{
	return open(HVCTL_DEVICE, O_RDWR | O_CLOEXEC);
}

int device_open(void)
{
	struct hvmod_caps caps;
	int fd = device_open_any();
	int err = 0;

	if (fd < 0)
		return -1;
	if (device_caps(fd, &caps))
		err = errno;
	else if (caps.abi_version != HVMOD_ABI_VERSION)
		err = EPROTO;
	if (err) {
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

int device_caps(int device, struct hvmod_caps *caps)
{
	memset(caps, 0, sizeof(*caps));
	caps->size = sizeof(*caps);
	if (ioctl(device, HVMOD_GET_CAPS, caps))
		return -1;
	caps->module_version[sizeof(caps->module_version) - 1] = '\0';
	return 0;
}

int device_domain_info(int device, uint32_t id, struct hvmod_domain_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->id = id;
	if (ioctl(device, HVMOD_DOMAIN_INFO, info))
		return -1;
	info->name[sizeof(info->name) - 1] = '\0';
	return 0;
}

int device_set_quota(int device, const struct hvmod_quota *quota)
{
	return ioctl(device, HVMOD_SET_QUOTA, quota);
}
