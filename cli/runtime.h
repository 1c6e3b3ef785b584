/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_RUNTIME_H
#define HVCTL_RUNTIME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <hvmod.h>

/*
 * The runtime directory: ID.sock is the control socket of domain ID, ID.log
 * what its VMM process has to say. It is $HVMOD_RUNTIME_DIR; else /run/hvmod if
 * we may write there; else $XDG_RUNTIME_DIR/hvmod. What domains there are is
 * never read from it.
 */

/**
 * runtime_relative() - what HVMOD_RUNTIME_DIR is if it is no whole path
 *
 * It can't be used: a VMM process in the background has / as its directory.
 *
 * Return: its value; NULL if it is not set, or a whole path.
 */
const char *runtime_relative(void);

/**
 * runtime_hint() - what to do if runtime_open() failed. Return: the text
 */
const char *runtime_hint(void);

/**
 * runtime_open() - open the directory, make it if it is not there
 * @path: its path, for messages
 * @size: size of @path
 *
 * Return: its descriptor; -1 with errno, and @path the place that failed.
 */
int runtime_open(char *path, size_t size);

/**
 * runtime_connect() - connect a socket to the control socket of a domain
 * @socket_fd: the socket
 * @info: the domain
 *
 * Looks where the owner's runtime directory may be.
 *
 * Return: 0, or -1 with errno.
 */
int runtime_connect(int socket_fd, const struct hvmod_domain_info *info);

/**
 * runtime_address() - address of a socket in a directory
 * @dir: descriptor of the directory
 * @id: the domain
 * @address: the result; not bound to the 108 bytes of a socket path
 */
void runtime_address(int dir, uint32_t id, struct sockaddr_un *address);

/** runtime_log() - make and open the log of a domain. Return: fd, or -1 */
int runtime_log(int dir, uint32_t id);

/** runtime_remove() - remove the socket of a domain, and its log with @log */
void runtime_remove(int dir, uint32_t id, int log);

/**
 * runtime_sweep() - remove what belongs to no domain any more
 * @dir: descriptor of the directory
 * @device: from device_open()
 *
 * Logs of domains that failed stay for a day.
 */
void runtime_sweep(int dir, int device);

#endif
