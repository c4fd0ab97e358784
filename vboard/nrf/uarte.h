/*
 * The nRF52840's UART with EasyDMA. Bytes take their time on the line; what arrives while the receiver has no buffer
 * waits in a FIFO of six bytes and is then lost.
 */
#ifndef VBOARD_NRF_UARTE_H
#define VBOARD_NRF_UARTE_H

#include "vboard/periph.h"

#define UARTE_FIFO 6

/* What the board connects. */
struct uarte_wires {
    void *ctx;
    uint32_t txd_pin; /* PSEL values of the pins that lead anywhere */
    uint32_t rxd_pin;
    void (*sent)(void *ctx, uint8_t byte);
};

struct uarte {
    struct periph periph;
    struct uarte_wires wires;
    struct sim_timer tx_timer;
    struct sim_timer rx_timer;
    struct sim_timer stop_timer;
    bool tx_active;
    uint32_t tx_ptr, tx_left, tx_done;
    uint64_t tx_since; /* clock and instructions at the start of sending */
    uint64_t tx_instructions;
    bool rx_active; /* a buffer is being filled */
    bool rx_listening;
    uint32_t rx_ptr, rx_max, rx_done;
    uint8_t fifo[UARTE_FIFO];
    unsigned fifo_len;
    uint8_t *line; /* owned: bytes that the other side has sent and that are not on the line yet */
    size_t line_len, line_capacity, line_at;
};

void uarte_init(struct uarte *uarte, struct machine *machine, const char *name, uint32_t base, int irq,
                const struct uarte_wires *wires);
void uarte_free(struct uarte *uarte);

/* The other side sends. */
void uarte_receive(struct uarte *uarte, const uint8_t *data, size_t len);

bool uarte_is_listening(const struct uarte *uarte);
bool uarte_is_working(const struct uarte *uarte);

#endif
