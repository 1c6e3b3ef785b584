/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control protocol between hvctl and the VMM process of a domain: one
 * request and one reply, each one message of a SOCK_SEQPACKET socket. Neither
 * side trusts the other: a VMM process serves any user's hvctl, and hvctl asks
 * a process that a guest may have taken over.
 */
#ifndef HVCTL_CONTROL_H
#define HVCTL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hvmod.h>

#include "loop.h"

#define CONTROL_MAGIC		0x6d767668u	/* "hvvm" */
#define CONTROL_VERSION		1
#define CONTROL_TEXT_MAX	32768
#define CONTROL_ASK_MAX		1023
#define CONTROL_ALL_VCPUS	UINT32_MAX

/**
 * enum control_op - what is asked
 * @CONTROL_PAUSE: hold the vCPUs
 * @CONTROL_UNPAUSE: let them go on; starts a domain that was created paused
 * @CONTROL_POWER_BUTTON: press it
 * @CONTROL_DESTROY: end the guest now
 * @CONTROL_WAIT: the reply comes when the guest has ended; value: enum
 *	vmm_outcome, text: how it ended
 * @CONTROL_CONSOLE: the request carries a stream socket, which becomes the
 *	console: the VMM process makes no descriptors of its own
 * @CONTROL_INFO: text: a JSON object
 * @CONTROL_START: start a domain that was created paused and has never run
 * @CONTROL_RESET: begin again, now
 * @CONTROL_REBOOT: press the power button, and begin again when the guest is off
 * @CONTROL_NMI: send an NMI to all vCPUs; value: how many took it
 * @CONTROL_SYSRQ: value: the key. A break and the key on the serial port
 * @CONTROL_RENAME: text: the new name
 * @CONTROL_PIN: value: the vCPU, or CONTROL_ALL_VCPUS; text: a list of
 *	processors that it may run on
 * @CONTROL_SET_VCPUS: value: how many it shall have; value of the reply: the most
 *	that it can have
 * @CONTROL_DUMP: the request carries a descriptor to which an ELF core is
 *	written; the reply comes when all is written. Hanging up cancels it
 * @CONTROL_MEM_SET: value: MiB of memory that the guest shall have. ERANGE: none,
 *	or more than it was made with, which is the reply's value
 */
enum control_op {
	CONTROL_PAUSE		= 1,
	CONTROL_UNPAUSE		= 2,
	CONTROL_POWER_BUTTON	= 3,
	CONTROL_DESTROY		= 4,
	CONTROL_WAIT		= 5,
	CONTROL_CONSOLE		= 6,
	CONTROL_INFO		= 7,
	CONTROL_START		= 8,
	CONTROL_RESET		= 9,
	CONTROL_REBOOT		= 10,
	CONTROL_NMI		= 11,
	CONTROL_SYSRQ		= 12,
	CONTROL_RENAME		= 13,
	CONTROL_PIN		= 14,
	CONTROL_DUMP		= 15,
	CONTROL_SET_VCPUS	= 16,
	CONTROL_MEM_SET		= 17,
};

/* Flags of CONTROL_CONSOLE. */
#define CONTROL_CONSOLE_READONLY	(1U << 0)
#define CONTROL_CONSOLE_FORCE		(1U << 1)	/* detach who types now */
#define CONTROL_CONSOLE_LOG		(1U << 2)	/* what is kept, then EOF */

/**
 * struct control_request - a request
 * @magic: CONTROL_MAGIC
 * @version: CONTROL_VERSION
 * @op: enum control_op
 * @flags: flags of the operation
 * @value: depends on the operation; zero where it says nothing
 * @text: the same, at most CONTROL_ASK_MAX bytes; on the wire it has the rest
 *	of the message and no NUL
 */
struct control_request {
	uint32_t magic;
	uint16_t version;
	uint16_t op;
	uint32_t flags;
	uint32_t value;
	char text[CONTROL_ASK_MAX + 1];
};

#define CONTROL_REQUEST_HEAD	offsetof(struct control_request, text)

/**
 * struct control_reply - a reply
 * @magic: CONTROL_MAGIC
 * @version: CONTROL_VERSION
 * @op: that of the request
 * @status: 0, or an errno value
 * @value: depends on the operation
 * @text_len: bytes of text that follow
 * @text: more about the failure, or what was asked for
 */
struct control_reply {
	uint32_t magic;
	uint16_t version;
	uint16_t op;
	int32_t status;
	uint32_t value;
	uint32_t text_len;
	char text[CONTROL_TEXT_MAX + 1];
};

/**
 * control_check_request() - check a message that came in as a request
 * @data: the message
 * @len: its length
 *
 * Return: 0; -EBADMSG: no request at all; -EPROTONOSUPPORT: of another version;
 * -EOPNOTSUPP: no such operation; -EINVAL: flags.
 */
int control_check_request(const void *data, size_t len);

/** control_check_reply() - Return: 0; -EBADMSG; -EPROTONOSUPPORT */
int control_check_reply(const struct control_reply *reply, size_t len, uint16_t op);

/** control_send() - send a message and maybe a descriptor. Return: 0 or -1 */
int control_send(int fd, const void *data, size_t len, int pass_fd);

/**
 * control_receive() - receive a message and maybe a descriptor
 * @fd: the socket
 * @data: buffer
 * @size: its size
 * @pass_fd: the descriptor that came with it, or -1; NULL to refuse any
 *
 * Return: its length, @size + 1 if it was longer, 0 at the end; -1 with errno.
 */
ssize_t control_receive(int fd, void *data, size_t size, int *pass_fd);

/** control_reply_size() - bytes of a reply on the wire */
size_t control_reply_size(const struct control_reply *reply);

/* The client. */

/**
 * control_connect() - connect to the VMM process of a domain
 * @device: from device_open(), to see whether the domain is still there
 * @info: the domain
 * @deadline: from deadline_in()
 *
 * Waits for a VMM process that is just starting, and makes sure that who
 * answers is the process that made the domain.
 *
 * Return: the socket; -1 with errno.
 */
int control_connect(int device, const struct hvmod_domain_info *info,
		    int64_t deadline);

/**
 * control_ask() - send a request
 * @fd: from control_connect()
 * @op: what is asked
 * @flags: flags of the operation
 * @pass_fd: a descriptor that goes with it, or -1
 *
 * Return: 0, or -1 with errno.
 */
int control_ask(int fd, enum control_op op, uint32_t flags, int pass_fd);

/**
 * control_ask_more() - send a request that says more
 * @fd: from control_connect()
 * @op: what is asked
 * @flags: flags of the operation
 * @value: its value
 * @text: its text, or NULL
 * @pass_fd: a descriptor that goes with it, or -1
 *
 * Return: 0, or -1 with errno, EMSGSIZE: the text is too long.
 */
int control_ask_more(int fd, enum control_op op, uint32_t flags, uint32_t value,
		     const char *text, int pass_fd);

/**
 * control_answer() - wait for the reply
 * @fd: from control_connect()
 * @op: what was asked
 * @reply: the reply; its text ends with a NUL
 * @deadline: from deadline_in()
 *
 * Return: 0; -1 with errno, ETIMEDOUT, ECONNRESET: it went away.
 */
int control_answer(int fd, enum control_op op, struct control_reply *reply,
		   int64_t deadline);

/** control_wait_readable() - Return: 0; -1 with errno, ETIMEDOUT */
int control_wait_readable(int fd, int64_t deadline);

/* The server. */

struct control_server;

/**
 * control_handler_t - serve a request
 * @ctx: from control_serve()
 * @request: what was asked, checked; its text ends with a NUL
 * @pass_fd: the descriptor that came with it, or -1; set it to -1 to keep it
 * @reply: to be filled; complete but for status, value and text
 *
 * Return: true if @reply shall be sent now; false if the asker waits for
 * control_finish().
 */
typedef bool (*control_handler_t)(void *ctx,
				  const struct control_request *request,
				  int *pass_fd, struct control_reply *reply);

/**
 * control_gone_t - who waits for control_finish() has hung up
 * @ctx: from control_serve()
 * @op: what was asked
 */
typedef void (*control_gone_t)(void *ctx, uint16_t op);

/** control_listen() - make a socket in a directory and listen. Return: fd or -1 */
int control_listen(int dir, uint32_t id);

/**
 * control_serve() - serve requests that come to a socket
 * @loop: the event loop
 * @fd: from control_listen(), taken over
 * @handler: called for each request of root or of our own user
 * @gone: called when one who waits hangs up
 * @ctx: their first argument
 *
 * Return: the server, or NULL with errno.
 */
struct control_server *control_serve(struct loop *loop, int fd,
				     control_handler_t handler,
				     control_gone_t gone, void *ctx);

/**
 * control_finish() - answer all who wait for an operation
 * @server: the server
 * @op: the operation
 * @status: 0, or an errno value
 * @value: of the reply
 * @text: of the reply
 */
void control_finish(struct control_server *server, uint16_t op, int status,
		    uint32_t value, const char *text);

/** control_stop() - close all */
void control_stop(struct control_server *server);

/** control_set_text() - put @text into a reply, cut to what fits */
void control_set_text(struct control_reply *reply, const char *text);

#endif
