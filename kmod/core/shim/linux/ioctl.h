/* SPDX-License-Identifier: GPL-2.0-only */
/* Ring -1 has no use for the numbers of ioctls. */
#ifndef HVMOD_SHIM_LINUX_IOCTL_H
#define HVMOD_SHIM_LINUX_IOCTL_H
#endif
