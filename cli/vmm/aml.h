/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A writer of ACPI Machine Language (ACPI 6.5, chapter 20). Scopes, devices and
 * methods are begun and ended; the lengths in between come by themselves.
 */
#ifndef HVMOD_VMM_AML_H
#define HVMOD_VMM_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct aml - a buffer that is written
 * @bytes: the buffer
 * @size: its size
 * @used: bytes written
 * @overflow: something did not fit; the content is void
 */
struct aml {
	uint8_t *bytes;
	size_t size;
	size_t used;
	bool overflow;
};

void aml_bytes(struct aml *aml, const void *data, size_t count);
void aml_integer(struct aml *aml, uint32_t value);
void aml_string(struct aml *aml, const char *text);
void aml_path(struct aml *aml, const char *path);
void aml_name(struct aml *aml, const char *path);
void aml_eisa_id(struct aml *aml, const char *id);
size_t aml_begin_scope(struct aml *aml, const char *path);
size_t aml_begin_device(struct aml *aml, const char *path);
size_t aml_begin_method(struct aml *aml, const char *path, unsigned int args);
size_t aml_begin_package(struct aml *aml, unsigned int elements);
size_t aml_begin_resources(struct aml *aml);
void aml_io(struct aml *aml, uint16_t port, uint8_t count);
void aml_edge_interrupt(struct aml *aml, uint32_t gsi);
void aml_level_interrupt(struct aml *aml, uint32_t gsi);
void aml_bus_window(struct aml *aml, uint8_t first, uint8_t last);
void aml_io_window(struct aml *aml, uint16_t first, uint16_t count);
void aml_memory_window(struct aml *aml, uint32_t first, uint32_t bytes);
void aml_memory(struct aml *aml, uint32_t first, uint32_t bytes);
void aml_end_resources(struct aml *aml, size_t mark);
void aml_notify(struct aml *aml, const char *path, uint8_t value);

/* aml_code.c */

/**
 * enum aml_local - what a method computes with
 * @AML_LOCAL0: its first variable
 * @AML_ARG0: its first argument
 * @AML_ARG1: the second
 */
enum aml_local {
	AML_LOCAL0	= 0x60,
	AML_ARG0	= 0x68,
	AML_ARG1	= 0x69,
};

/**
 * enum aml_access - how a field's register is accessed
 * @AML_BYTE: in bytes; what is written beside the field's bits is zero
 * @AML_DWORD: in 4 bytes
 */
enum aml_access {
	AML_BYTE	= 0x41,
	AML_DWORD	= 0x43,
};

void aml_ports_region(struct aml *aml, const char *name, uint16_t port,
		      uint8_t count);
size_t aml_begin_field(struct aml *aml, const char *region,
		       enum aml_access access);
void aml_field_bits(struct aml *aml, const char *name, uint8_t bits);
void aml_local(struct aml *aml, enum aml_local local);
void aml_equal(struct aml *aml);
void aml_and(struct aml *aml, enum aml_local local, uint32_t mask);
void aml_shift_right(struct aml *aml, enum aml_local local, uint8_t bits);
void aml_store_path(struct aml *aml, const char *from, enum aml_local to);
void aml_store_one(struct aml *aml, const char *to);
void aml_return(struct aml *aml);
size_t aml_begin_if(struct aml *aml);
size_t aml_begin_while(struct aml *aml);
size_t aml_begin_buffer(struct aml *aml, uint8_t bytes);
void aml_notify_local(struct aml *aml, const char *path, enum aml_local value);
void aml_end(struct aml *aml, size_t mark);

#endif
