#include "vboard/nrf/uarte.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"

enum {
    STARTRX = 0x000,
    STOPRX = 0x004,
    STARTTX = 0x008,
    STOPTX = 0x00c,
    FLUSHRX = 0x02c,
    CTS = 0x100,
    NCTS = 0x104,
    RXDRDY = 0x108,
    ENDRX = 0x110,
    TXDRDY = 0x11c,
    ENDTX = 0x120,
    ERROR = 0x124,
    RXTO = 0x144,
    RXSTARTED = 0x14c,
    TXSTARTED = 0x150,
    TXSTOPPED = 0x158,
    ERRORSRC = 0x480,
    ENABLE = 0x500,
    PSEL_RTS = 0x508,
    PSEL_TXD = 0x50c,
    PSEL_RXD = 0x514,
    BAUDRATE = 0x524,
    RXD_PTR = 0x534,
    RXD_MAXCNT = 0x538,
    RXD_AMOUNT = 0x53c,
    TXD_PTR = 0x544,
    TXD_MAXCNT = 0x548,
    TXD_AMOUNT = 0x54c,
    CONFIG = 0x56c,
};

#define ENABLE_UARTE        8U
#define SHORT_ENDRX_STARTRX (1U << 5)
#define SHORT_ENDRX_STOPRX  (1U << 6)
#define OVERRUN             1U
#define BAUD_SCALE          16000000ULL /* BAUDRATE = bits per second * 2^32 / 16 MHz, rounded */
#define BITS_PER_BYTE       10U         /* start, 8 data, stop */
#define RXTO_BYTES          4U          /* receiver time-out after STOPRX */

static const struct periph_row rows[] = {
    {STARTRX, STOPTX, PERIPH_TASK, 0, 0},
    {FLUSHRX, FLUSHRX, PERIPH_TASK, 0, 0},
    {CTS, RXDRDY, PERIPH_EVENT, 0, 0},
    {ENDRX, ENDRX, PERIPH_EVENT, 0, 0},
    {TXDRDY, ERROR, PERIPH_EVENT, 0, 0},
    {RXTO, RXTO, PERIPH_EVENT, 0, 0},
    {RXSTARTED, TXSTARTED, PERIPH_EVENT, 0, 0},
    {TXSTOPPED, TXSTOPPED, PERIPH_EVENT, 0, 0},
    {PERIPH_SHORTS, PERIPH_SHORTS, PERIPH_READ_WRITE, 0x60, 0},
    {ERRORSRC, ERRORSRC, PERIPH_READ_WRITE, 0xf, 0},
    {ENABLE, ENABLE, PERIPH_READ_WRITE, 0xf, 0},
    {PSEL_RTS, PSEL_RXD, PERIPH_READ_WRITE, 0xffffffffU, 0xffffffffU},
    {BAUDRATE, BAUDRATE, PERIPH_READ_WRITE, 0xffffffffU, 0x04000000U},
    {RXD_PTR, RXD_PTR, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {RXD_MAXCNT, RXD_MAXCNT, PERIPH_READ_WRITE, 0xffff, 0},
    {RXD_AMOUNT, RXD_AMOUNT, PERIPH_READ_ONLY, 0, 0},
    {TXD_PTR, TXD_PTR, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {TXD_MAXCNT, TXD_MAXCNT, PERIPH_READ_WRITE, 0xffff, 0},
    {TXD_AMOUNT, TXD_AMOUNT, PERIPH_READ_ONLY, 0, 0},
    {CONFIG, CONFIG, PERIPH_READ_WRITE, 0x1f, 0},
};

static struct uarte *of(struct periph *periph)
{
    return (struct uarte *)(void *)((char *)periph - offsetof(struct uarte, periph));
}

static uint64_t byte_time(const struct uarte *uarte)
{
    uint64_t rate = PERIPH_REG(&uarte->periph, BAUDRATE) * BAUD_SCALE >> 32;

    return rate == 0 ? TICKS_PER_S : BITS_PER_BYTE * (uint64_t)TICKS_PER_S / rate;
}

static uint64_t now(const struct uarte *uarte)
{
    return uarte->periph.machine->clock.now;
}

static void arm(struct uarte *uarte, struct sim_timer *timer, uint64_t ticks)
{
    sim_timer_set(&uarte->periph.machine->clock, timer, now(uarte) + ticks);
}

bool uarte_is_listening(const struct uarte *uarte)
{
    return uarte->rx_listening;
}

bool uarte_is_working(const struct uarte *uarte)
{
    return uarte->tx_active || (uarte->line_at < uarte->line_len && uarte->rx_listening);
}

/* ---- sending ---- */

static void end_tx(struct uarte *uarte)
{
    struct machine *machine = uarte->periph.machine;
    struct stats_counters *stats = stats_now(machine->stats);

    uarte->tx_active = false;
    stats->uart_time += now(uarte) - uarte->tx_since;
    stats->uart_instructions += machine->cpu.instructions - uarte->tx_instructions;
    PERIPH_REG(&uarte->periph, TXD_AMOUNT) = uarte->tx_done;
    periph_event(&uarte->periph, ENDTX);
}

static void byte_sent(void *ctx)
{
    struct uarte *uarte = ctx;
    struct machine *machine = uarte->periph.machine;
    const uint8_t *at = machine_dma(machine, uarte->tx_ptr + uarte->tx_done, 1);

    if (at != NULL && PERIPH_REG(&uarte->periph, PSEL_TXD) == uarte->wires.txd_pin) {
        stats_now(machine->stats)->uart_sent++;
        uarte->wires.sent(uarte->wires.ctx, *at);
    }
    uarte->tx_done++;
    uarte->tx_left--;
    periph_event(&uarte->periph, TXDRDY);
    if (uarte->tx_left > 0) {
        arm(uarte, &uarte->tx_timer, byte_time(uarte));
    } else {
        end_tx(uarte);
    }
}

static void start_tx(struct uarte *uarte)
{
    struct machine *machine = uarte->periph.machine;
    uint32_t ptr = PERIPH_REG(&uarte->periph, TXD_PTR);
    uint32_t len = PERIPH_REG(&uarte->periph, TXD_MAXCNT);

    if (uarte->tx_active) {
        machine_bug(machine, "%s: STARTTX while the previous transfer still runs", uarte->periph.name);
        return;
    }
    if (len != 0 && machine_dma(machine, ptr, len) == NULL) {
        machine_bug(machine, "%s: EasyDMA cannot send from 0x%x, %u bytes: it reaches only Data RAM",
                    uarte->periph.name, (unsigned)ptr, (unsigned)len);
        return;
    }
    uarte->tx_ptr = ptr;
    uarte->tx_left = len;
    uarte->tx_done = 0;
    uarte->tx_active = true;
    uarte->tx_since = now(uarte);
    uarte->tx_instructions = machine->cpu.instructions;
    periph_event(&uarte->periph, TXSTARTED);
    if (len == 0) {
        end_tx(uarte);
    } else {
        arm(uarte, &uarte->tx_timer, byte_time(uarte));
    }
}

static void stop_tx(struct uarte *uarte)
{
    if (uarte->tx_active) {
        sim_timer_stop(&uarte->periph.machine->clock, &uarte->tx_timer);
        end_tx(uarte);
    }
    periph_event(&uarte->periph, TXSTOPPED);
}

/* ---- receiving ---- */

static void start_rx(struct uarte *uarte);

static void begin_stop(struct uarte *uarte)
{
    arm(uarte, &uarte->stop_timer, RXTO_BYTES * byte_time(uarte));
}

static void end_rx(struct uarte *uarte)
{
    uint32_t shorts = PERIPH_REG(&uarte->periph, PERIPH_SHORTS);

    uarte->rx_active = false;
    PERIPH_REG(&uarte->periph, RXD_AMOUNT) = uarte->rx_done;
    machine_dma_written(uarte->periph.machine, uarte->rx_ptr, uarte->rx_done);
    periph_event(&uarte->periph, ENDRX);
    if ((shorts & SHORT_ENDRX_STARTRX) != 0) {
        start_rx(uarte);
    } else if ((shorts & SHORT_ENDRX_STOPRX) != 0) {
        begin_stop(uarte);
    }
}

static void store_received(struct uarte *uarte, uint8_t byte)
{
    uint8_t *at = machine_dma(uarte->periph.machine, uarte->rx_ptr + uarte->rx_done, 1);

    if (at != NULL) {
        *at = byte;
    }
    uarte->rx_done++;
    periph_event(&uarte->periph, RXDRDY);
    if (uarte->rx_done == uarte->rx_max) {
        end_rx(uarte);
    }
}

static void drain_fifo(struct uarte *uarte)
{
    while (uarte->rx_active && uarte->fifo_len > 0) {
        uint8_t byte = uarte->fifo[0];

        uarte->fifo_len--;
        memmove(uarte->fifo, uarte->fifo + 1, uarte->fifo_len);
        store_received(uarte, byte);
    }
}

static void arrive(struct uarte *uarte, uint8_t byte)
{
    stats_now(uarte->periph.machine->stats)->uart_received++;
    if (uarte->rx_active && uarte->fifo_len == 0) {
        store_received(uarte, byte);
    } else if (uarte->fifo_len < UARTE_FIFO) {
        uarte->fifo[uarte->fifo_len++] = byte;
    } else {
        PERIPH_REG(&uarte->periph, ERRORSRC) |= OVERRUN;
        machine_note(uarte->periph.machine, "%s: receiver overrun, bytes are lost", uarte->periph.name);
        periph_event(&uarte->periph, ERROR);
    }
}

static void schedule_line(struct uarte *uarte)
{
    if (uarte->rx_timer.due == SIM_NEVER && uarte->line_at < uarte->line_len && uarte->rx_listening) {
        arm(uarte, &uarte->rx_timer, byte_time(uarte));
    }
}

static void byte_received(void *ctx)
{
    struct uarte *uarte = ctx;
    uint8_t byte = uarte->line[uarte->line_at++];

    if (uarte->line_at == uarte->line_len) {
        uarte->line_at = 0;
        uarte->line_len = 0;
    }
    if (PERIPH_REG(&uarte->periph, PSEL_RXD) == uarte->wires.rxd_pin) {
        arrive(uarte, byte);
    }
    schedule_line(uarte);
}

static void start_rx(struct uarte *uarte)
{
    struct machine *machine = uarte->periph.machine;
    uint32_t ptr = PERIPH_REG(&uarte->periph, RXD_PTR);
    uint32_t len = PERIPH_REG(&uarte->periph, RXD_MAXCNT);

    if (len != 0 && machine_dma(machine, ptr, len) == NULL) {
        machine_bug(machine, "%s: EasyDMA cannot receive to 0x%x, %u bytes: it reaches only Data RAM",
                    uarte->periph.name, (unsigned)ptr, (unsigned)len);
        return;
    }
    uarte->rx_ptr = ptr;
    uarte->rx_max = len;
    uarte->rx_done = 0;
    uarte->rx_active = len != 0;
    uarte->rx_listening = true;
    sim_timer_stop(&machine->clock, &uarte->stop_timer);
    periph_event(&uarte->periph, RXSTARTED);
    drain_fifo(uarte);
    schedule_line(uarte);
}

static void receiver_timed_out(void *ctx)
{
    struct uarte *uarte = ctx;

    uarte->rx_listening = false;
    periph_event(&uarte->periph, RXTO);
}

static void stop_rx(struct uarte *uarte)
{
    if (uarte->rx_active) {
        uarte->rx_active = false;
        PERIPH_REG(&uarte->periph, RXD_AMOUNT) = uarte->rx_done;
        machine_dma_written(uarte->periph.machine, uarte->rx_ptr, uarte->rx_done);
        periph_event(&uarte->periph, ENDRX);
    }
    begin_stop(uarte);
}

/* What is in the FIFO goes to the buffer as if a transfer had been started, and ENDRX always follows. */
static void flush_rx(struct uarte *uarte)
{
    uint32_t ptr = PERIPH_REG(&uarte->periph, RXD_PTR);
    uint32_t max = PERIPH_REG(&uarte->periph, RXD_MAXCNT);
    uint32_t len = uarte->fifo_len < max ? uarte->fifo_len : max;
    uint8_t *at = machine_dma(uarte->periph.machine, ptr, len);

    if (at != NULL && len > 0) {
        memcpy(at, uarte->fifo, len);
        uarte->fifo_len -= len;
        memmove(uarte->fifo, uarte->fifo + len, uarte->fifo_len);
        machine_dma_written(uarte->periph.machine, ptr, len);
        PERIPH_REG(&uarte->periph, RXD_AMOUNT) = len;
    }
    periph_event(&uarte->periph, ENDRX);
}

void uarte_receive(struct uarte *uarte, const uint8_t *data, size_t len)
{
    if (uarte->line_len + len > uarte->line_capacity) {
        uarte->line_capacity = 2 * (uarte->line_len + len);
        uarte->line = host_realloc(uarte->line, uarte->line_capacity);
    }
    memcpy(uarte->line + uarte->line_len, data, len);
    uarte->line_len += len;
    schedule_line(uarte);
}

/* ---- registers ---- */

static void task(struct periph *periph, uint32_t off)
{
    struct uarte *uarte = of(periph);

    if (PERIPH_REG(periph, ENABLE) != ENABLE_UARTE) {
        machine_bug(periph->machine, "%s: task 0x%03x while it is not enabled", periph->name, (unsigned)off);
        return;
    }
    switch (off) {
    case STARTRX:
        start_rx(uarte);
        break;
    case STOPRX:
        stop_rx(uarte);
        break;
    case STARTTX:
        start_tx(uarte);
        break;
    case STOPTX:
        stop_tx(uarte);
        break;
    default:
        flush_rx(uarte);
        break;
    }
}

static void silence(struct uarte *uarte)
{
    struct sim_clock *clock = &uarte->periph.machine->clock;

    sim_timer_stop(clock, &uarte->tx_timer);
    sim_timer_stop(clock, &uarte->rx_timer);
    sim_timer_stop(clock, &uarte->stop_timer);
    uarte->tx_active = false;
    uarte->rx_active = false;
    uarte->rx_listening = false;
    uarte->fifo_len = 0;
}

static void written(struct periph *periph, uint32_t off, uint32_t old)
{
    struct uarte *uarte = of(periph);

    if (off == ERRORSRC) {
        PERIPH_REG(periph, ERRORSRC) = old & ~PERIPH_REG(periph, ERRORSRC);
    } else if (off == ENABLE && PERIPH_REG(periph, ENABLE) == 0) {
        if (uarte->tx_active) {
            machine_bug(periph->machine, "%s: disabled in the middle of sending, %u bytes are lost", periph->name,
                        (unsigned)uarte->tx_left);
        }
        silence(uarte);
    } else if (off == ENABLE && PERIPH_REG(periph, ENABLE) != ENABLE_UARTE) {
        machine_note(periph->machine, "%s: ENABLE = %u; only the UART with EasyDMA (8) is modelled", periph->name,
                     (unsigned)PERIPH_REG(periph, ENABLE));
    }
}

static void reset(struct periph *periph, enum reset_kind kind)
{
    (void)kind;
    silence(of(periph));
}

static const struct periph_model model = {
    .name = "UARTE",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .reset = reset,
    .task = task,
    .written = written,
};

void uarte_init(struct uarte *uarte, struct machine *machine, const char *name, uint32_t base, int irq,
                const struct uarte_wires *wires)
{
    *uarte = (struct uarte){.wires = *wires};
    periph_init(&uarte->periph, &model, machine, name, base, irq);
    sim_timer_init(&machine->clock, &uarte->tx_timer, byte_sent, uarte);
    sim_timer_init(&machine->clock, &uarte->rx_timer, byte_received, uarte);
    sim_timer_init(&machine->clock, &uarte->stop_timer, receiver_timed_out, uarte);
}

void uarte_free(struct uarte *uarte)
{
    periph_free(&uarte->periph);
    free(uarte->line);
}
