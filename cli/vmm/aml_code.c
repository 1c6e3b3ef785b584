// SPDX-License-Identifier: GPL-2.0-only
/*
 * What methods are made of: registers, conditions, loops (ACPI 6.5, 20.2.5).
 * An expression is written in front of its operands, which come next.
 */
#include "aml.h"

#define OP_BYTE			0x0A
#define OP_WORD			0x0B
#define OP_BUFFER		0x11
#define OP_EXT			0x5B
#define OP_EXT_REGION		0x80
#define OP_EXT_FIELD		0x81
#define OP_STORE		0x70
#define OP_SHIFT_RIGHT		0x7A
#define OP_AND			0x7B
#define OP_NOTIFY		0x86
#define OP_EQUAL		0x93
#define OP_IF			0xA0
#define OP_WHILE		0xA2
#define OP_RETURN		0xA4

#define REGION_PORTS		0x01

static void aml_byte(struct aml *aml, uint8_t byte)
{
	aml_bytes(aml, &byte, 1);
}

/**
 * aml_ports_region() - write OperationRegion() of ports
 * @aml: the buffer
 * @name: its name
 * @port: the first
 * @count: how many
 */
void aml_ports_region(struct aml *aml, const char *name, uint16_t port,
		      uint8_t count)
{
	aml_byte(aml, OP_EXT);
	aml_byte(aml, OP_EXT_REGION);
	aml_path(aml, name);
	aml_byte(aml, REGION_PORTS);
	aml_integer(aml, port);
	aml_integer(aml, count);
}

/**
 * aml_begin_field() - begin Field(); its parts come next, from bit 0 on
 * @aml: the buffer
 * @region: the region that it is in
 * @access: how it is accessed
 *
 * Return: for aml_end()
 */
size_t aml_begin_field(struct aml *aml, const char *region,
		       enum aml_access access)
{
	size_t mark;

	aml_byte(aml, OP_EXT);
	aml_byte(aml, OP_EXT_FIELD);
	mark = aml->used;
	aml_path(aml, region);
	aml_byte(aml, (uint8_t)access);
	return mark;
}

/**
 * aml_field_bits() - write a part of a field
 * @aml: the buffer
 * @name: its name
 * @bits: how many, up to 63
 */
void aml_field_bits(struct aml *aml, const char *name, uint8_t bits)
{
	aml_path(aml, name);
	aml_byte(aml, bits);
}

/**
 * aml_local() - write a variable or argument, as an operand
 * @aml: the buffer
 * @local: which one
 */
void aml_local(struct aml *aml, enum aml_local local)
{
	aml_byte(aml, (uint8_t)local);
}

/**
 * aml_equal() - begin LEqual(); its two operands come next
 * @aml: the buffer
 */
void aml_equal(struct aml *aml)
{
	aml_byte(aml, OP_EQUAL);
}

/**
 * aml_and() - write And(), as an operand
 * @aml: the buffer
 * @local: of what
 * @mask: and what
 */
void aml_and(struct aml *aml, enum aml_local local, uint32_t mask)
{
	aml_byte(aml, OP_AND);
	aml_local(aml, local);
	aml_integer(aml, mask);
	aml_integer(aml, 0);
}

/**
 * aml_shift_right() - write ShiftRight(), as an operand
 * @aml: the buffer
 * @local: of what
 * @bits: how far
 */
void aml_shift_right(struct aml *aml, enum aml_local local, uint8_t bits)
{
	aml_byte(aml, OP_SHIFT_RIGHT);
	aml_local(aml, local);
	aml_integer(aml, bits);
	aml_integer(aml, 0);
}

/**
 * aml_store_path() - write Store() of a named object
 * @aml: the buffer
 * @from: its name
 * @to: the variable
 */
void aml_store_path(struct aml *aml, const char *from, enum aml_local to)
{
	aml_byte(aml, OP_STORE);
	aml_path(aml, from);
	aml_local(aml, to);
}

/**
 * aml_store_one() - write Store() of 1
 * @aml: the buffer
 * @to: the named object that it goes to
 */
void aml_store_one(struct aml *aml, const char *to)
{
	aml_byte(aml, OP_STORE);
	aml_integer(aml, 1);
	aml_path(aml, to);
}

/**
 * aml_return() - begin Return(); its operand comes next
 * @aml: the buffer
 */
void aml_return(struct aml *aml)
{
	aml_byte(aml, OP_RETURN);
}

/**
 * aml_begin_if() - begin If(); the condition comes next, then what to do
 * @aml: the buffer
 *
 * Return: for aml_end()
 */
size_t aml_begin_if(struct aml *aml)
{
	aml_byte(aml, OP_IF);
	return aml->used;
}

/**
 * aml_begin_while() - begin While(); the condition comes next, then what to do
 * @aml: the buffer
 *
 * Return: for aml_end()
 */
size_t aml_begin_while(struct aml *aml)
{
	aml_byte(aml, OP_WHILE);
	return aml->used;
}

/**
 * aml_begin_buffer() - begin Buffer(); its bytes come next
 * @aml: the buffer
 * @bytes: how many there will be
 *
 * Return: for aml_end()
 */
size_t aml_begin_buffer(struct aml *aml, uint8_t bytes)
{
	size_t mark;

	aml_byte(aml, OP_BUFFER);
	mark = aml->used;
	aml_integer(aml, bytes);
	return mark;
}

/**
 * aml_notify_local() - write Notify() with a value that is computed
 * @aml: the buffer
 * @path: the device
 * @value: the notification
 */
void aml_notify_local(struct aml *aml, const char *path, enum aml_local value)
{
	aml_byte(aml, OP_NOTIFY);
	aml_path(aml, path);
	aml_local(aml, value);
}
