/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_DEVICE_H
#define HVCTL_DEVICE_H

#include <stdint.h>

#include <hvmod.h>

/**
 * device_open() - open /dev/hvmod and compare ABI versions
 *
 * Return: the descriptor; -1 with errno: ENOENT, ENODEV, ENXIO: not loaded;
 * EACCES, EPERM: no permission; EPROTO: another ABI version.
 */
int device_open(void);

/** device_open_any() - open it whatever its ABI version. Return: fd or -1 */
int device_open_any(void);

/** device_caps() - HVMOD_GET_CAPS. Return: 0, or -1 with errno */
int device_caps(int device, struct hvmod_caps *caps);

/**
 * device_domain_info() - HVMOD_DOMAIN_INFO
 * @device: from device_open()
 * @id: lowest id that is wanted
 * @info: the domain with the lowest id that is not below @id
 *
 * Return: 0; -1 with errno, ENOENT: there is none.
 */
int device_domain_info(int device, uint32_t id, struct hvmod_domain_info *info);

/** device_set_quota() - HVMOD_SET_QUOTA. Return: 0, or -1 with errno */
int device_set_quota(int device, const struct hvmod_quota *quota);

#endif
