// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI transport (virtio 1.2, 4.1): a memory BAR with registers, device
 * configuration and MSI-X, and a BAR of ports, one notification port a queue,
 * which tells a store's queue by its address alone.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <stddef.h>
#include <string.h>

#include "compiler.h"
#include "virtio.h"

#define VENDOR		0x1AF4
#define DEVICE_BASE	0x1040
#define SUBSYSTEM	0x1100
#define REVISION	1

#define MEMORY_BAR	0
#define NOTIFY_BAR	2

/* In MEMORY_BAR */
#define COMMON_OFFSET	0x0000
#define ISR_OFFSET	0x0800
#define CONFIG_OFFSET	0x1000
#define TABLE_OFFSET	0x2000
#define PENDING_OFFSET	0x3000
#define MEMORY_BYTES	0x4000

#define NOTIFY_BYTES	(VIRTIO_NOTIFY_STEP * VIRTIO_QUEUES_MAX)
#define NOTIFY_WIDTH	2

_Static_assert(NOTIFY_BYTES <= 256, "ports of a BAR: PCI 3.0, 6.2.5.1");
_Static_assert(VIRTIO_QUEUES_MAX < MSIX_VECTORS_MAX, "a vector a queue");
_Static_assert(sizeof(struct virtio_pci_common_cfg) <= ISR_OFFSET &&
	       VIRTIO_CONFIG_MAX <= TABLE_OFFSET - CONFIG_OFFSET &&
	       MSIX_TABLE_BYTES <= PENDING_OFFSET - TABLE_OFFSET &&
	       MSIX_PENDING_BYTES <= MEMORY_BYTES - PENDING_OFFSET,
	       "the structures do not overlap");

/* The queue whose registers show, NULL if there is no such queue. */
static struct virtio_queue *selected(struct virtio_device *device)
{
	if (device->queue_select >= device->shape.queues)
		return NULL;
	return &device->queue[device->queue_select];
}

static uint32_t feature_half(uint64_t features, uint32_t select)
{
	return select > 1 ? 0 : (uint32_t)(features >> 32 * select);
}

static uint64_t read_queue(struct virtio_device *device, uint64_t offset)
{
	const struct virtio_queue *queue = selected(device);

	if (!queue)
		return offset == VIRTIO_PCI_COMMON_Q_MSIX ? VIRTIO_MSI_NO_VECTOR : 0;
	switch (offset) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		return queue->layout.size;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		return __atomic_load_n(&queue->vector, __ATOMIC_RELAXED);
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		return queue->enabled;
	case VIRTIO_PCI_COMMON_Q_NOFF:
		return device->queue_select;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
		return queue->layout.desc;
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		return queue->layout.desc >> 32;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
		return queue->layout.driver;
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		return queue->layout.driver >> 32;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
		return queue->layout.device;
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		return queue->layout.device >> 32;
	}
	return 0;
}

static uint64_t read_common(struct virtio_device *device, uint64_t offset)
{
	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		return device->device_select;
	case VIRTIO_PCI_COMMON_DF:
		return feature_half(device->shape.features,
				    device->device_select);
	case VIRTIO_PCI_COMMON_GFSELECT:
		return device->driver_select;
	case VIRTIO_PCI_COMMON_GF:
		return feature_half(device->driver_features,
				    device->driver_select);
	case VIRTIO_PCI_COMMON_MSIX:
		return device->config_vector;
	case VIRTIO_PCI_COMMON_NUMQ:
		return device->shape.queues;
	case VIRTIO_PCI_COMMON_STATUS:
		return device->status;
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return device->generation;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		return device->queue_select;
	}
	return read_queue(device, offset);
}

static void set_half(uint64_t *field, unsigned int half, uint64_t value)
{
	uint64_t mask = 0xFFFFFFFFULL << 32 * half;

	*field = (*field & ~mask) | value << 32 * half;
}

/* A vector that there is not reads back as none (4.1.5.1.2.1). */
static uint16_t valid_vector(struct virtio_device *device, uint64_t vector)
{
	return vector < device->msix.vectors ? (uint16_t)vector
					     : VIRTIO_MSI_NO_VECTOR;
}

/* Where the rings are: until the queue is enabled. */
static void write_layout(struct virtio_queue *queue, uint64_t offset,
			 uint64_t value)
{
	struct virtqueue_layout *layout = &queue->layout;

	switch (offset) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		layout->size = (uint16_t)value;
		break;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		set_half(&layout->desc, offset == VIRTIO_PCI_COMMON_Q_DESCHI,
			 value);
		break;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		set_half(&layout->driver, offset == VIRTIO_PCI_COMMON_Q_AVAILHI,
			 value);
		break;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		set_half(&layout->device, offset == VIRTIO_PCI_COMMON_Q_USEDHI,
			 value);
		break;
	}
}

static void write_queue(struct virtio_device *device, uint64_t offset,
			uint64_t value)
{
	struct virtio_queue *queue = selected(device);

	if (!queue)
		return;
	if (offset == VIRTIO_PCI_COMMON_Q_MSIX) {
		__atomic_store_n(&queue->vector, valid_vector(device, value),
				 __ATOMIC_RELAXED);
		if (device->status & VIRTIO_CONFIG_S_DRIVER_OK) {
			device->vectors_changed = true;
			virtio_worker_wake(device);
		}
		return;
	}
	if (queue->enabled || device->status & VIRTIO_CONFIG_S_DRIVER_OK)
		return;
	if (offset != VIRTIO_PCI_COMMON_Q_ENABLE) {
		write_layout(queue, offset, value);
		return;
	}
	queue->enabled = value == 1;
	virtio_update_doorbells(device);
}

static void write_common(struct virtio_device *device, uint64_t offset,
			 uint64_t value)
{
	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		device->device_select = (uint32_t)value;
		break;
	case VIRTIO_PCI_COMMON_GFSELECT:
		device->driver_select = (uint32_t)value;
		break;
	case VIRTIO_PCI_COMMON_GF:
		if (device->driver_select <= 1 &&
		    !(device->status & VIRTIO_CONFIG_S_FEATURES_OK))
			set_half(&device->driver_features, device->driver_select,
				 value);
		break;
	case VIRTIO_PCI_COMMON_MSIX:
		device->config_vector = valid_vector(device, value);
		break;
	case VIRTIO_PCI_COMMON_STATUS:
		virtio_set_status(device, (uint8_t)value);
		break;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		device->queue_select = (uint16_t)value;
		break;
	default:
		write_queue(device, offset, value);
	}
}

/*
 * Widths of the registers by offset (4.1.3.1: each is accessed with its own).
 * The halves of an address may be stored at once.
 */
static const uint8_t common_width[] = {
	[VIRTIO_PCI_COMMON_DFSELECT] = 4,
	[VIRTIO_PCI_COMMON_DF] = 4,
	[VIRTIO_PCI_COMMON_GFSELECT] = 4,
	[VIRTIO_PCI_COMMON_GF] = 4,
	[VIRTIO_PCI_COMMON_MSIX] = 2,
	[VIRTIO_PCI_COMMON_NUMQ] = 2,
	[VIRTIO_PCI_COMMON_STATUS] = 1,
	[VIRTIO_PCI_COMMON_CFGGENERATION] = 1,
	[VIRTIO_PCI_COMMON_Q_SELECT] = 2,
	[VIRTIO_PCI_COMMON_Q_SIZE] = 2,
	[VIRTIO_PCI_COMMON_Q_MSIX] = 2,
	[VIRTIO_PCI_COMMON_Q_ENABLE] = 2,
	[VIRTIO_PCI_COMMON_Q_NOFF] = 2,
	[VIRTIO_PCI_COMMON_Q_DESCLO] = 4,
	[VIRTIO_PCI_COMMON_Q_DESCHI] = 4,
	[VIRTIO_PCI_COMMON_Q_AVAILLO] = 4,
	[VIRTIO_PCI_COMMON_Q_AVAILHI] = 4,
	[VIRTIO_PCI_COMMON_Q_USEDLO] = 4,
	[VIRTIO_PCI_COMMON_Q_USEDHI] = 4,
};

/* Return: accesses to make, 0 if none is defined; @size becomes that of each */
static unsigned int split_common(uint64_t offset, unsigned int *size)
{
	if (offset >= ARRAY_SIZE(common_width))
		return 0;
	if (common_width[offset] == *size)
		return 1;
	if (*size != 8 || offset & 7 || offset < VIRTIO_PCI_COMMON_Q_DESCLO)
		return 0;
	*size = 4;
	return 2;
}

static uint64_t common_read(struct virtio_device *device, uint64_t offset,
			    unsigned int size)
{
	unsigned int count = split_common(offset, &size);
	uint64_t value = 0;

	pthread_mutex_lock(&device->lock);
	if (count)
		value = read_common(device, offset) & bus_mask(size);
	if (count == 2)
		value |= read_common(device, offset + 4) << 32;
	pthread_mutex_unlock(&device->lock);
	return value;
}

static void common_write(struct virtio_device *device, uint64_t offset,
			 unsigned int size, uint64_t value)
{
	unsigned int count = split_common(offset, &size);

	pthread_mutex_lock(&device->lock);
	if (count)
		write_common(device, offset, value & bus_mask(size));
	if (count == 2)
		write_common(device, offset + 4, value >> 32);
	pthread_mutex_unlock(&device->lock);
}

static uint64_t config_read(struct virtio_device *device, uint64_t offset,
			    unsigned int size)
{
	uint64_t value = 0;

	if (offset + size > device->shape.config_bytes)
		return 0;
	pthread_mutex_lock(&device->lock);
	memcpy(&value, device->config + offset, size);
	pthread_mutex_unlock(&device->lock);
	return value;
}

static void config_write(struct virtio_device *device, uint64_t offset,
			 unsigned int size, uint64_t value)
{
	if (!device->ops->config_written ||
	    offset + size > device->shape.config_bytes)
		return;
	pthread_mutex_lock(&device->lock);
	device->ops->config_written(device, (uint32_t)offset, size, value);
	pthread_mutex_unlock(&device->lock);
}

static uint64_t isr_read(struct virtio_device *device)
{
	return __atomic_exchange_n(&device->isr, 0, __ATOMIC_RELAXED);
}

static uint64_t memory_read(struct virtio_device *device, uint64_t offset,
			    unsigned int size)
{
	if (offset >= PENDING_OFFSET)
		return msix_read_pending(&device->msix, offset - PENDING_OFFSET,
					 size);
	if (offset >= TABLE_OFFSET)
		return msix_read_table(&device->msix, offset - TABLE_OFFSET,
				       size);
	if (offset >= CONFIG_OFFSET)
		return config_read(device, offset - CONFIG_OFFSET, size);
	if (offset >= ISR_OFFSET)
		return offset == ISR_OFFSET ? isr_read(device) : 0;
	return common_read(device, offset, size);
}

static void memory_write(struct virtio_device *device, uint64_t offset,
			 unsigned int size, uint64_t value)
{
	if (offset >= PENDING_OFFSET)
		return;
	if (offset >= TABLE_OFFSET)
		msix_write_table(&device->msix, offset - TABLE_OFFSET, size,
				 value);
	else if (offset >= CONFIG_OFFSET)
		config_write(device, offset - CONFIG_OFFSET, size, value);
	else if (offset < ISR_OFFSET)
		common_write(device, offset, size, value);
}

static uint64_t bar_read(void *ctx, unsigned int bar, uint64_t offset,
			 unsigned int size)
{
	return bar == MEMORY_BAR ? memory_read(ctx, offset, size) : 0;
}

static void bar_write(void *ctx, unsigned int bar, uint64_t offset,
		      unsigned int size, uint64_t value)
{
	struct virtio_device *device = ctx;
	unsigned int queue = (unsigned int)(offset / VIRTIO_NOTIFY_STEP);

	if (bar == MEMORY_BAR)
		memory_write(device, offset, size, value);
	else if (size == NOTIFY_WIDTH && offset % VIRTIO_NOTIFY_STEP == 0 &&
		 queue < device->shape.queues)
		virtio_ring_doorbell(device, queue);
}

static void bar_moved(void *ctx, unsigned int bar, uint64_t address)
{
	struct virtio_device *device = ctx;

	if (bar != NOTIFY_BAR)
		return;
	pthread_mutex_lock(&device->lock);
	device->notify_port = (uint16_t)address;
	virtio_update_doorbells(device);
	pthread_mutex_unlock(&device->lock);
}

/*
 * VIRTIO_PCI_CAP_PCI_CFG (4.1.4.9): the guest writes BAR, offset and length,
 * and then loads or stores the data behind them.
 */
struct window {
	unsigned int bar;
	uint64_t offset;
	unsigned int size;
	unsigned int data;	/* where it is in the configuration space */
};

static bool find_window(struct virtio_device *device, unsigned int offset,
			unsigned int size, struct window *window)
{
	struct virtio_pci_cfg_cap cap;

	window->data = device->config_cap +
		       offsetof(struct virtio_pci_cfg_cap, pci_cfg_data);
	if (offset >= window->data + sizeof(cap.pci_cfg_data) ||
	    offset + size <= window->data)
		return false;
	memcpy(&cap, device->function.config + device->config_cap, sizeof(cap));
	window->bar = cap.cap.bar;
	window->offset = cap.cap.offset;
	window->size = cap.cap.length;
	if (window->size != 1 && window->size != 2 && window->size != 4)
		return false;
	return window->bar < PCI_BARS &&
	       !(window->offset & (window->size - 1)) &&
	       window->offset + window->size <=
			device->function.bar[window->bar].bytes;
}

static void function_read(void *ctx, unsigned int offset, unsigned int size)
{
	struct virtio_device *device = ctx;
	struct window window;
	uint64_t value;

	if (!find_window(device, offset, size, &window))
		return;
	value = bar_read(device, window.bar, window.offset, window.size);
	memcpy(device->function.config + window.data, &value, window.size);
}

static void function_written(void *ctx, unsigned int offset, unsigned int size)
{
	struct virtio_device *device = ctx;
	struct window window;
	uint64_t value = 0;

	msix_config_written(&device->msix, &device->function);
	if (!find_window(device, offset, size, &window))
		return;
	memcpy(&value, device->function.config + window.data, window.size);
	bar_write(device, window.bar, window.offset, window.size, value);
}

static const struct pci_function_ops function_ops = {
	.bar_read = bar_read,
	.bar_write = bar_write,
	.bar_moved = bar_moved,
	.config_read = function_read,
	.config_written = function_written,
};

static unsigned int add_structure(struct virtio_device *device, uint8_t type,
				  uint8_t bar, uint32_t offset, uint32_t length,
				  const void *rest, size_t rest_bytes)
{
	struct virtio_pci_cap cap = {
		.cap_len = (uint8_t)(sizeof(cap) + rest_bytes),
		.cfg_type = type,
		.bar = bar,
		.offset = offset,
		.length = length,
	};
	uint8_t body[sizeof(cap) + sizeof(uint32_t)];

	memcpy(body, &cap, sizeof(cap));
	if (rest_bytes)
		memcpy(body + sizeof(cap), rest, rest_bytes);
	/* Id and next pointer are not ours. */
	return pci_add_capability(&device->function, PCI_CAP_ID_VNDR, body + 2,
				  (unsigned int)(sizeof(cap) - 2 + rest_bytes));
}

static int add_capabilities(struct virtio_device *device)
{
	static const uint8_t window_bits[] = {
		[offsetof(struct virtio_pci_cap, bar)] = 0xFF,
		[offsetof(struct virtio_pci_cap, offset)] = 0xFF, 0xFF, 0xFF, 0xFF,
		[offsetof(struct virtio_pci_cap, length)] = 0xFF, 0xFF, 0xFF, 0xFF,
		[offsetof(struct virtio_pci_cfg_cap, pci_cfg_data)] = 0xFF, 0xFF,
		0xFF, 0xFF,
	};
	const uint32_t step = VIRTIO_NOTIFY_STEP;
	const uint32_t data = 0;
	bool all;

	all = add_structure(device, VIRTIO_PCI_CAP_COMMON_CFG, MEMORY_BAR,
			    COMMON_OFFSET, sizeof(struct virtio_pci_common_cfg),
			    NULL, 0) &&
	      add_structure(device, VIRTIO_PCI_CAP_ISR_CFG, MEMORY_BAR,
			    ISR_OFFSET, 1, NULL, 0) &&
	      add_structure(device, VIRTIO_PCI_CAP_NOTIFY_CFG, NOTIFY_BAR, 0,
			    NOTIFY_BYTES, &step, sizeof(step));
	if (all && device->shape.config_bytes)
		all = add_structure(device, VIRTIO_PCI_CAP_DEVICE_CFG,
				    MEMORY_BAR, CONFIG_OFFSET,
				    device->shape.config_bytes, NULL, 0);
	if (!all || msix_add_capability(&device->msix, &device->function,
					MEMORY_BAR, TABLE_OFFSET,
					PENDING_OFFSET))
		return -1;
	device->config_cap = add_structure(device, VIRTIO_PCI_CAP_PCI_CFG, 0, 0,
					   0, &data, sizeof(data));
	if (!device->config_cap)
		return -1;
	memcpy(device->function.writable + device->config_cap, window_bits,
	       sizeof(window_bits));
	return 0;
}

/**
 * virtio_pci_add() - put a device on the bus
 * @device: the device, its configuration filled
 * @pci: the bus
 *
 * Before the first vCPU runs.
 *
 * Return: 0, or -ENOSPC
 */
int virtio_pci_add(struct virtio_device *device, struct pci *pci)
{
	const struct pci_id id = {
		.vendor = VENDOR,
		.device = (uint16_t)(DEVICE_BASE + device->ops->type),
		.revision = REVISION,
		.class_code = device->ops->class_code,
		.subsystem_vendor = VENDOR,
		.subsystem = SUBSYSTEM,
	};
	int slot;

	pci_function_init(&device->function, &id, &function_ops, device);
	pci_add_bar(&device->function, MEMORY_BAR, false, MEMORY_BYTES);
	pci_add_bar(&device->function, NOTIFY_BAR, true, NOTIFY_BYTES);
	if (add_capabilities(device))
		return -ENOSPC;
	slot = pci_add(pci, &device->function);
	return slot < 0 ? slot : 0;
}
