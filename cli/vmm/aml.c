// SPDX-License-Identifier: GPL-2.0-only
/* A writer of ACPI Machine Language. */
#include <string.h>

#include "aml.h"

#define OP_ZERO		0x00
#define OP_ONE		0x01
#define OP_NAME		0x08
#define OP_BYTE		0x0A
#define OP_WORD		0x0B
#define OP_DWORD	0x0C
#define OP_STRING	0x0D
#define OP_SCOPE	0x10
#define OP_BUFFER	0x11
#define OP_PACKAGE	0x12
#define OP_METHOD	0x14
#define OP_DUAL_NAME	0x2E
#define OP_EXT		0x5B
#define OP_EXT_DEVICE	0x82
#define OP_NOTIFY	0x86

#define METHOD_SERIALIZED	(1U << 3)

#define RESOURCE_IO		0x47
#define RESOURCE_IO_DECODE_16	0x01
#define RESOURCE_INTERRUPT	0x89
#define RESOURCE_CONSUMER_LEVEL	0x01
#define RESOURCE_CONSUMER_EDGE	0x03
#define RESOURCE_END		0x79
#define RESOURCE_MEMORY_FIXED	0x86
#define RESOURCE_DWORD_WINDOW	0x87
#define RESOURCE_WORD_WINDOW	0x88
#define WINDOW_MEMORY		0
#define WINDOW_IO		1
#define WINDOW_BUS		2
#define WINDOW_FIXED		0x0C	/* first and last address are */
#define WINDOW_ALL_PORTS	0x03
#define MEMORY_READ_WRITE	0x01

static void aml_byte(struct aml *aml, uint8_t byte)
{
	aml_bytes(aml, &byte, 1);
}

/**
 * aml_bytes() - write bytes as they are
 * @aml: the buffer
 * @data: the bytes
 * @count: how many
 */
void aml_bytes(struct aml *aml, const void *data, size_t count)
{
	if (aml->overflow || count > aml->size - aml->used) {
		aml->overflow = true;
		return;
	}
	memcpy(aml->bytes + aml->used, data, count);
	aml->used += count;
}

/**
 * aml_integer() - write a constant in its shortest form
 * @aml: the buffer
 * @value: the constant
 */
void aml_integer(struct aml *aml, uint32_t value)
{
	if (value <= 1) {
		aml_byte(aml, value ? OP_ONE : OP_ZERO);
	} else if (value <= 0xFF) {
		aml_byte(aml, OP_BYTE);
		aml_bytes(aml, &value, 1);
	} else if (value <= 0xFFFF) {
		aml_byte(aml, OP_WORD);
		aml_bytes(aml, &value, 2);
	} else {
		aml_byte(aml, OP_DWORD);
		aml_bytes(aml, &value, 4);
	}
}

/**
 * aml_string() - write a string constant
 * @aml: the buffer
 * @text: the string
 */
void aml_string(struct aml *aml, const char *text)
{
	aml_byte(aml, OP_STRING);
	aml_bytes(aml, text, strlen(text) + 1);
}

/**
 * aml_path() - write a name string
 * @aml: the buffer
 * @path: one or two names of four characters with a dot between, after an
 *	optional backslash
 */
void aml_path(struct aml *aml, const char *path)
{
	if (*path == '\\')
		aml_byte(aml, (uint8_t)*path++);
	if (path[4] == '.') {
		aml_byte(aml, OP_DUAL_NAME);
		aml_bytes(aml, path, 4);
		path += 5;
	}
	aml_bytes(aml, path, 4);
}

/**
 * aml_name() - begin Name(); its value comes next
 * @aml: the buffer
 * @path: the name
 */
void aml_name(struct aml *aml, const char *path)
{
	aml_byte(aml, OP_NAME);
	aml_path(aml, path);
}

static uint8_t hex_digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/**
 * aml_eisa_id() - write EISAID()
 * @aml: the buffer
 * @id: three capital letters and four capital hexadecimal digits
 */
void aml_eisa_id(struct aml *aml, const char *id)
{
	unsigned int letters = (unsigned int)(id[0] - '@') << 10 |
			       (unsigned int)(id[1] - '@') << 5 |
			       (unsigned int)(id[2] - '@');
	uint8_t packed[4] = {
		(uint8_t)(letters >> 8),
		(uint8_t)letters,
		(uint8_t)(hex_digit(id[3]) << 4 | hex_digit(id[4])),
		(uint8_t)(hex_digit(id[5]) << 4 | hex_digit(id[6])),
	};

	aml_byte(aml, OP_DWORD);
	aml_bytes(aml, packed, sizeof(packed));
}

/*
 * PkgLength counts itself and takes one byte up to 63, more beyond; it is put
 * in by aml_end(), when the rest is known.
 */
static size_t package_length(uint8_t *out, size_t content)
{
	size_t more = 0;
	size_t length;
	size_t i;

	if (content + 1 > 0x3F)
		more = content + 2 <= 0xFFF ? 1 : 2;
	length = content + 1 + more;
	out[0] = more ? (uint8_t)(more << 6 | (length & 0xF)) : (uint8_t)length;
	for (i = 0; i < more; i++)
		out[1 + i] = (uint8_t)(length >> (4 + 8 * i));
	return 1 + more;
}

/**
 * aml_end() - end what an aml_begin_ function began
 * @aml: the buffer
 * @mark: what it returned
 */
void aml_end(struct aml *aml, size_t mark)
{
	uint8_t length[3];
	size_t content = aml->used - mark;
	size_t count;

	count = package_length(length, content);
	aml_bytes(aml, length, count);
	if (aml->overflow)
		return;
	memmove(aml->bytes + mark + count, aml->bytes + mark, content);
	memcpy(aml->bytes + mark, length, count);
}

/**
 * aml_begin_scope() - begin Scope()
 * @aml: the buffer
 * @path: its name
 *
 * Return: for aml_end()
 */
size_t aml_begin_scope(struct aml *aml, const char *path)
{
	size_t mark;

	aml_byte(aml, OP_SCOPE);
	mark = aml->used;
	aml_path(aml, path);
	return mark;
}

/**
 * aml_begin_device() - begin Device()
 * @aml: the buffer
 * @path: its name
 *
 * Return: for aml_end()
 */
size_t aml_begin_device(struct aml *aml, const char *path)
{
	size_t mark;

	aml_byte(aml, OP_EXT);
	aml_byte(aml, OP_EXT_DEVICE);
	mark = aml->used;
	aml_path(aml, path);
	return mark;
}

/**
 * aml_begin_method() - begin a serialized Method()
 * @aml: the buffer
 * @path: its name
 * @args: number of arguments
 *
 * Return: for aml_end()
 */
size_t aml_begin_method(struct aml *aml, const char *path, unsigned int args)
{
	size_t mark;

	aml_byte(aml, OP_METHOD);
	mark = aml->used;
	aml_path(aml, path);
	aml_byte(aml, (uint8_t)(args | METHOD_SERIALIZED));
	return mark;
}

/**
 * aml_begin_package() - begin Package(); its elements come next
 * @aml: the buffer
 * @elements: how many
 *
 * Return: for aml_end()
 */
size_t aml_begin_package(struct aml *aml, unsigned int elements)
{
	size_t mark;

	aml_byte(aml, OP_PACKAGE);
	mark = aml->used;
	aml_byte(aml, (uint8_t)elements);
	return mark;
}

/**
 * aml_begin_resources() - begin ResourceTemplate()
 * @aml: the buffer
 *
 * A template is a buffer whose size is written before its bytes; it is filled
 * in by aml_end_resources().
 *
 * Return: for aml_end_resources()
 */
size_t aml_begin_resources(struct aml *aml)
{
	uint8_t size[2] = { OP_BYTE, 0 };
	size_t mark;

	aml_byte(aml, OP_BUFFER);
	mark = aml->used;
	aml_bytes(aml, size, sizeof(size));
	return mark;
}

/**
 * aml_io() - write IO(): fixed ports
 * @aml: the buffer
 * @port: the first
 * @count: how many
 */
void aml_io(struct aml *aml, uint16_t port, uint8_t count)
{
	uint8_t low = (uint8_t)port;
	uint8_t high = (uint8_t)(port >> 8);
	uint8_t io[] = {
		RESOURCE_IO, RESOURCE_IO_DECODE_16, low, high, low, high,
		1, count,
	};

	aml_bytes(aml, io, sizeof(io));
}

static void interrupt(struct aml *aml, uint8_t flags, uint32_t gsi)
{
	uint8_t head[] = { RESOURCE_INTERRUPT, 6, 0, flags, 1 };

	aml_bytes(aml, head, sizeof(head));
	aml_bytes(aml, &gsi, sizeof(gsi));
}

/**
 * aml_edge_interrupt() - write Interrupt(): edge, active high, exclusive
 * @aml: the buffer
 * @gsi: global system interrupt
 */
void aml_edge_interrupt(struct aml *aml, uint32_t gsi)
{
	interrupt(aml, RESOURCE_CONSUMER_EDGE, gsi);
}

/**
 * aml_level_interrupt() - write Interrupt(): level, active high, exclusive
 * @aml: the buffer
 * @gsi: global system interrupt
 */
void aml_level_interrupt(struct aml *aml, uint32_t gsi)
{
	interrupt(aml, RESOURCE_CONSUMER_LEVEL, gsi);
}

/* What the bridge decodes for those behind it (6.4.3.5). */
static void word_window(struct aml *aml, uint8_t type, uint8_t flags,
			uint16_t first, uint16_t last)
{
	uint8_t head[] = {
		RESOURCE_WORD_WINDOW, 13, 0, type, WINDOW_FIXED, flags,
	};
	uint16_t body[] = {
		0, first, last, 0, (uint16_t)(last - first + 1),
	};

	aml_bytes(aml, head, sizeof(head));
	aml_bytes(aml, body, sizeof(body));
}

/**
 * aml_bus_window() - write WordBusNumber(): the buses behind a bridge
 * @aml: the buffer
 * @first: the first
 * @last: the last
 */
void aml_bus_window(struct aml *aml, uint8_t first, uint8_t last)
{
	word_window(aml, WINDOW_BUS, 0, first, last);
}

/**
 * aml_io_window() - write WordIO(): the ports behind a bridge
 * @aml: the buffer
 * @first: the first
 * @count: how many
 */
void aml_io_window(struct aml *aml, uint16_t first, uint16_t count)
{
	word_window(aml, WINDOW_IO, WINDOW_ALL_PORTS, first,
		    (uint16_t)(first + count - 1));
}

/**
 * aml_memory_window() - write DWordMemory(): the addresses behind a bridge
 * @aml: the buffer
 * @first: the first
 * @bytes: how many
 */
void aml_memory_window(struct aml *aml, uint32_t first, uint32_t bytes)
{
	uint8_t head[] = {
		RESOURCE_DWORD_WINDOW, 23, 0, WINDOW_MEMORY, WINDOW_FIXED,
		MEMORY_READ_WRITE,
	};
	uint32_t body[] = { 0, first, first + bytes - 1, 0, bytes };

	aml_bytes(aml, head, sizeof(head));
	aml_bytes(aml, body, sizeof(body));
}

/**
 * aml_memory() - write Memory32Fixed(): addresses that a device uses
 * @aml: the buffer
 * @first: the first
 * @bytes: how many
 */
void aml_memory(struct aml *aml, uint32_t first, uint32_t bytes)
{
	uint8_t head[] = { RESOURCE_MEMORY_FIXED, 9, 0, MEMORY_READ_WRITE };

	aml_bytes(aml, head, sizeof(head));
	aml_bytes(aml, &first, sizeof(first));
	aml_bytes(aml, &bytes, sizeof(bytes));
}

/**
 * aml_end_resources() - end ResourceTemplate(), at most 255 bytes
 * @aml: the buffer
 * @mark: what aml_begin_resources() returned
 */
void aml_end_resources(struct aml *aml, size_t mark)
{
	uint8_t end[] = { RESOURCE_END, 0 };
	size_t count;

	aml_bytes(aml, end, sizeof(end));
	count = aml->used - mark - 2;
	if (aml->overflow || count > 0xFF) {
		aml->overflow = true;
		return;
	}
	aml->bytes[mark + 1] = (uint8_t)count;
	aml_end(aml, mark);
}

/**
 * aml_notify() - write Notify()
 * @aml: the buffer
 * @path: the device
 * @value: the notification
 */
void aml_notify(struct aml *aml, const char *path, uint8_t value)
{
	aml_byte(aml, OP_NOTIFY);
	aml_path(aml, path);
	aml_integer(aml, value);
}
