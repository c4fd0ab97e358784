/* What a UART has received and nobody has read yet: filled by one side and emptied by the other, without a lock. */
#ifndef DRIVERS_UART_RING_H
#define DRIVERS_UART_RING_H

#include <stddef.h>
#include <stdint.h>

struct uart_ring {
    uint8_t bytes[CONFIG_UART_RX_BUFFER_SIZE];
    volatile uint16_t in;  /* next place to fill; moved by uart_ring_put only */
    volatile uint16_t out; /* next place to read; moved by uart_ring_take only */
};

/* A byte for which there is no room is lost. */
static inline void uart_ring_put(struct uart_ring *ring, uint8_t byte)
{
    uint16_t next = (uint16_t)((ring->in + 1u) % CONFIG_UART_RX_BUFFER_SIZE);

    if (next != ring->out) {
        ring->bytes[ring->in] = byte;
        ring->in = next;
    }
}

/* Returns how many bytes were taken, at most `len`. */
static inline size_t uart_ring_take(struct uart_ring *ring, void *data, size_t len)
{
    uint8_t *bytes = data;
    size_t count = 0;

    while (count < len && ring->out != ring->in) {
        bytes[count++] = ring->bytes[ring->out];
        ring->out = (uint16_t)((ring->out + 1u) % CONFIG_UART_RX_BUFFER_SIZE);
    }
    return count;
}

#endif
