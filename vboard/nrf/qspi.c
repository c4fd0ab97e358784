#include "vboard/nrf/qspi.h"

#include <stddef.h>

#include "vboard/nrf/power.h"
#include "vboard/nrf/qspi_lines.h"
#include "vboard/nrf/qspi_regs.h"

#define DISCONNECTED     0xffffffffU
#define CNT_MASK         0x3ffffU
#define DPMENABLE        (1U << 7)
#define ANOMALY_121      (1U << 16)
#define PPSIZE_512       (1U << 12)
#define DPMEN            (1U << 24)
#define STATUS_DPM       (1U << 2)
#define STATUS_READY     (1U << 3)
#define CINSTR_LIO2      (1U << 12)
#define CINSTR_LIO3      (1U << 13)
#define CINSTR_WIPWAIT   (1U << 14)
#define CINSTR_WREN      (1U << 15)
#define CINSTR_LFEN      (1U << 16)
#define CINSTR_LFSTOP    (1U << 17)
#define ADDRCONF_WIPWAIT (1U << 26)
#define ADDRCONF_WREN    (1U << 27)
#define CMD_WREN         0x06U
#define CMD_RDSR         0x05U
#define CMD_SLEEP        0xb9U
#define CMD_WAKE         0xabU
#define WIP              1U
#define POLL_TICKS       ((uint64_t)20 * TICKS_PER_US) /* how often the controller looks at WIP */
#define ACTIVATE_TICKS   ((uint64_t)5 * TICKS_PER_US)
#define DPM_UNIT_TICKS   ((uint64_t)16 * TICKS_PER_US) /* DPMDUR counts 256 periods of 16 MHz */

static const struct periph_row rows[] = {
    {ACTIVATE, DEACTIVATE, PERIPH_TASK, 0, 0},
    {ANOMALY_122, ANOMALY_122, PERIPH_TASK, 0, 0},
    {READY, READY, PERIPH_EVENT, 0, 0},
    {ENABLE, ENABLE, PERIPH_READ_WRITE, 1, 0},
    {READ_SRC, READ_DST, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {READ_CNT, READ_CNT, PERIPH_READ_WRITE, CNT_MASK, 0},
    {WRITE_DST, WRITE_SRC, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {WRITE_CNT, WRITE_CNT, PERIPH_READ_WRITE, CNT_MASK, 0},
    {ERASE_PTR, ERASE_PTR, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {ERASE_LEN, ERASE_LEN, PERIPH_READ_WRITE, 3, 0},
    {PSEL_SCK, PSEL_CSN, PERIPH_READ_WRITE, 0xffffffffU, DISCONNECTED},
    {PSEL_IO0, PSEL_IO3, PERIPH_READ_WRITE, 0xffffffffU, DISCONNECTED},
    {XIPOFFSET, XIPOFFSET, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {IFCONFIG0, IFCONFIG0, PERIPH_READ_WRITE, 0x310ff, 0},
    {IFCONFIG1, IFCONFIG1, PERIPH_READ_WRITE, 0xffffffffU, 0x00040480},
    {STATUS, STATUS, PERIPH_READ_ONLY, 0, 0},
    {DPMDUR, DPMDUR, PERIPH_READ_WRITE, 0xffffffffU, 0xffffffffU},
    {ADDRCONF, ADDRCONF, PERIPH_READ_WRITE, 0x0fffffffU, 0xb7},
    {CINSTRCONF, CINSTRCONF, PERIPH_READ_WRITE, 0x3ffff, 0x2000},
    {CINSTRDAT0, CINSTRDAT1, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {IFTIMING, IFTIMING, PERIPH_READ_WRITE, 0x700, 0x200},
};

/* ERASE.LEN */
static const struct {
    uint8_t opcode;
    uint32_t size;
} erases[] = {{0x20, 0x1000}, {0xd8, 0x10000}, {0xc7, 0}};

static struct qspi *of(struct periph *periph)
{
    return (struct qspi *)(void *)((char *)periph - offsetof(struct qspi, periph));
}

bool qspi_is_working(const struct qspi *qspi)
{
    return qspi->job != QSPI_IDLE;
}

/* ---- jobs ---- */

static void arm(struct qspi *qspi, uint64_t ticks)
{
    struct sim_clock *clock = &qspi->periph.machine->clock;

    qspi->transfer_begin = clock->now;
    sim_timer_set(clock, &qspi->timer, clock->now + ticks);
}

static void finish(struct qspi *qspi)
{
    qspi->job = QSPI_IDLE;
    qspi->polling = false;
    periph_event(&qspi->periph, READY);
}

/* The controller waits for WIP to clear. Returns false while it has to look again later. */
static bool chip_is_ready(struct qspi *qspi)
{
    qspi->polling = (qspi_read_status(qspi) & WIP) != 0;
    if (qspi->polling) {
        arm(qspi, POLL_TICKS);
    }
    return !qspi->polling;
}

static void finish_read(struct qspi *qspi)
{
    uint8_t *to = machine_dma(qspi->periph.machine, qspi->ram_addr, qspi->left);
    const struct qspi_transfer *transfer = qspi_read_transfer(qspi);

    qspi_send_header(qspi, transfer, qspi->flash_addr);
    for (uint32_t i = 0; i < qspi->left; i++) {
        to[i] = qspi_shift(qspi, 0, transfer->data_lines);
    }
    qspi_deselect(qspi);
    machine_dma_written(qspi->periph.machine, qspi->ram_addr, qspi->left);
    finish(qspi);
}

static uint32_t page_part(const struct qspi *qspi)
{
    uint32_t page = (PERIPH_REG(&qspi->periph, IFCONFIG0) & PPSIZE_512) != 0 ? 512 : 256;
    uint32_t room = page - qspi->flash_addr % page;

    return qspi->left < room ? qspi->left : room;
}

static void begin_page(struct qspi *qspi)
{
    arm(qspi, qspi_transfer_ticks(qspi, qspi_write_transfer(qspi), page_part(qspi)) + qspi_ticks(qspi, 16));
}

static void send_page(struct qspi *qspi, uint32_t len)
{
    const uint8_t *from = machine_dma(qspi->periph.machine, qspi->ram_addr, len);
    const struct qspi_transfer *transfer = qspi_write_transfer(qspi);

    qspi_send_simple(qspi, CMD_WREN);
    qspi_send_header(qspi, transfer, qspi->flash_addr);
    for (uint32_t i = 0; i < len; i++) {
        (void)qspi_shift(qspi, from[i], transfer->data_lines);
    }
    qspi_deselect(qspi);
}

static void continue_write(struct qspi *qspi)
{
    uint32_t len = page_part(qspi);

    if (qspi->polling) {
        if (chip_is_ready(qspi)) {
            begin_page(qspi);
        }
        return;
    }
    send_page(qspi, len);
    qspi->flash_addr += len;
    qspi->ram_addr += len;
    qspi->left -= len;
    if (qspi->left == 0) {
        finish(qspi);
    } else {
        qspi->polling = true;
        arm(qspi, POLL_TICKS);
    }
}

static void finish_erase(struct qspi *qspi)
{
    uint32_t which = PERIPH_REG(&qspi->periph, ERASE_LEN);

    qspi_send_simple(qspi, CMD_WREN);
    if (erases[which].size == 0) {
        qspi_send_simple(qspi, erases[which].opcode);
    } else {
        const struct qspi_transfer erase = {erases[which].opcode, 1, 0, 1};

        qspi_send_header(qspi, &erase, qspi->flash_addr);
        qspi_deselect(qspi);
    }
    finish(qspi);
}

static uint8_t custom_byte(const struct qspi *qspi, unsigned index)
{
    return (uint8_t)(PERIPH_REG(&qspi->periph, CINSTRDAT0 + (index & 4)) >> (8 * (index & 3)));
}

static void set_custom_byte(struct qspi *qspi, unsigned index, uint8_t byte)
{
    uint32_t *reg = &PERIPH_REG(&qspi->periph, CINSTRDAT0 + (index & 4));

    *reg = (*reg & ~(0xffU << (8 * (index & 3)))) | (uint32_t)byte << (8 * (index & 3));
}

/* In long-frame mode chip select stays low; the opcode goes out with the first part only. */
static void send_custom(struct qspi *qspi)
{
    uint32_t conf = PERIPH_REG(&qspi->periph, CINSTRCONF);
    unsigned len = (conf >> 8 & 15) == 0 ? 0 : (conf >> 8 & 15) - 1;
    bool is_status = (conf & 0xff) == CMD_RDSR;

    if (!qspi->frame_open) {
        qspi_select(qspi);
        (void)qspi_shift(qspi, (uint8_t)conf, 1);
    }
    for (unsigned i = 0; i < len && i < 8; i++) {
        set_custom_byte(qspi, i, qspi_shift(qspi, custom_byte(qspi, i), 1));
    }
    if (is_status && len > 0) {
        qspi->status_read = custom_byte(qspi, 0);
    }
    qspi->frame_open = (conf & CINSTR_LFEN) != 0 && (conf & CINSTR_LFSTOP) == 0;
    if (!qspi->frame_open) {
        qspi_deselect(qspi);
    }
}

static void continue_custom(struct qspi *qspi)
{
    uint32_t conf = PERIPH_REG(&qspi->periph, CINSTRCONF);

    if (qspi->polling && !chip_is_ready(qspi)) {
        return;
    }
    if ((conf & CINSTR_WREN) != 0) {
        qspi_send_simple(qspi, CMD_WREN);
    }
    send_custom(qspi);
    finish(qspi);
}

static void send_addrconf(struct qspi *qspi)
{
    uint32_t conf = PERIPH_REG(&qspi->periph, ADDRCONF);
    unsigned mode = conf >> 24 & 3;

    if (mode == 0) {
        return;
    }
    if ((conf & ADDRCONF_WREN) != 0) {
        qspi_send_simple(qspi, CMD_WREN);
    }
    qspi_select(qspi);
    for (unsigned i = 0; i < mode; i++) {
        (void)qspi_shift(qspi, (uint8_t)(conf >> (8 * i)), 1);
    }
    qspi_deselect(qspi);
}

static void on_timer(void *ctx)
{
    struct qspi *qspi = ctx;

    switch (qspi->job) {
    case QSPI_ACTIVATE:
        qspi->active = true;
        send_addrconf(qspi);
        finish(qspi);
        break;
    case QSPI_READ:
        finish_read(qspi);
        break;
    case QSPI_WRITE:
        continue_write(qspi);
        break;
    case QSPI_ERASE:
        finish_erase(qspi);
        break;
    case QSPI_CUSTOM:
        continue_custom(qspi);
        break;
    default:
        qspi->job = QSPI_IDLE;
        break;
    }
}

/* ---- what starts a job ---- */

/* The nRF5340's anomalies 159 (the clocks that it transfers with) and 121 (a bit of IFCONFIG0 for its input timing). */
static void check_clock(struct qspi *qspi, const char *what)
{
    if (qspi->clock == NULL) {
        return;
    }
    if (PERIPH_REG(qspi->clock, POWER_HFCLK192MCTRL) != 0 || PERIPH_REG(qspi->clock, POWER_HFCLKCTRL) != 1) {
        machine_bug(qspi->periph.machine, "QSPI: %s with HFCLK192M divided or the core at 128 MHz (anomaly 159)", what);
    }
    if ((PERIPH_REG(&qspi->periph, IFCONFIG0) & ANOMALY_121) == 0) {
        machine_bug(qspi->periph.machine, "QSPI: %s without bit 16 of IFCONFIG0 (anomaly 121)", what);
    }
}

static bool may_start(struct qspi *qspi, const char *what, bool needs_active)
{
    struct machine *machine = qspi->periph.machine;

    check_clock(qspi, what);
    if (PERIPH_REG(&qspi->periph, ENABLE) == 0) {
        machine_bug(machine, "QSPI: %s while it is not enabled", what);
    } else if (needs_active && !qspi->active) {
        machine_bug(machine, "QSPI: %s while it is not activated", what);
    } else if (qspi->job != QSPI_IDLE) {
        machine_bug(machine, "QSPI: %s while the previous task still runs (EVENTS_READY has not come)", what);
    } else {
        return true;
    }
    return false;
}

static bool may_transfer(struct qspi *qspi, const char *what, uint32_t flash_addr, uint32_t ram_addr, uint32_t len)
{
    struct machine *machine = qspi->periph.machine;

    if (!may_start(qspi, what, true)) {
        return false;
    }
    if (qspi->frame_open) {
        machine_bug(machine, "QSPI: %s inside a long frame", what);
        return false;
    }
    if (flash_addr % 4 != 0 || ram_addr % 4 != 0 || len % 4 != 0 || len == 0) {
        machine_bug(machine, "QSPI: %s of %u bytes between flash 0x%x and 0x%x: all must be multiples of 4, and not 0",
                    what, (unsigned)len, (unsigned)flash_addr, (unsigned)ram_addr);
        return false;
    }
    if (machine_dma(machine, ram_addr, len) == NULL) {
        machine_bug(machine, "QSPI: %s: EasyDMA cannot reach 0x%x, %u bytes: Data RAM only", what, (unsigned)ram_addr,
                    (unsigned)len);
        return false;
    }
    return true;
}

static void start_transfer(struct qspi *qspi, enum qspi_job job, uint32_t flash_addr, uint32_t ram_addr, uint32_t len)
{
    qspi->job = job;
    qspi->flash_addr = flash_addr;
    qspi->ram_addr = ram_addr;
    qspi->left = len;
}

static void start_read(struct qspi *qspi)
{
    uint32_t from = PERIPH_REG(&qspi->periph, READ_SRC);
    uint32_t to = PERIPH_REG(&qspi->periph, READ_DST);
    uint32_t len = PERIPH_REG(&qspi->periph, READ_CNT);

    if (may_transfer(qspi, "READSTART", from, to, len)) {
        start_transfer(qspi, QSPI_READ, from, to, len);
        arm(qspi, qspi_transfer_ticks(qspi, qspi_read_transfer(qspi), len));
    }
}

static void start_write(struct qspi *qspi)
{
    uint32_t to = PERIPH_REG(&qspi->periph, WRITE_DST);
    uint32_t from = PERIPH_REG(&qspi->periph, WRITE_SRC);
    uint32_t len = PERIPH_REG(&qspi->periph, WRITE_CNT);

    if (may_transfer(qspi, "WRITESTART", to, from, len)) {
        start_transfer(qspi, QSPI_WRITE, to, from, len);
        begin_page(qspi);
    }
}

static void start_erase(struct qspi *qspi)
{
    uint32_t addr = PERIPH_REG(&qspi->periph, ERASE_PTR);
    uint32_t which = PERIPH_REG(&qspi->periph, ERASE_LEN);
    const struct qspi_transfer erase = {0, 1, 0, 1};

    if (!may_start(qspi, "ERASESTART", true)) {
        return;
    }
    if (which > 2 || (erases[which].size != 0 && addr % erases[which].size != 0)) {
        machine_bug(qspi->periph.machine, "QSPI: ERASESTART of 0x%x with ERASE.LEN %u: not the address of such a block",
                    (unsigned)addr, (unsigned)which);
        return;
    }
    start_transfer(qspi, QSPI_ERASE, addr, 0, 0);
    arm(qspi, qspi_transfer_ticks(qspi, &erase, 0) + qspi_ticks(qspi, 16));
}

static void start_custom(struct qspi *qspi)
{
    uint32_t conf = PERIPH_REG(&qspi->periph, CINSTRCONF);

    if (!may_start(qspi, "a custom instruction", true)) {
        return;
    }
    if ((conf & CINSTR_LIO3) == 0 || (conf & CINSTR_LIO2) == 0) {
        machine_note(qspi->periph.machine, "QSPI: custom instruction with IO2 or IO3 low (WP#, HOLD#)");
    }
    qspi->wires.set_io3(qspi->wires.ctx, (conf & CINSTR_LIO3) != 0);
    qspi->job = QSPI_CUSTOM;
    qspi->polling = (conf & CINSTR_WIPWAIT) != 0;
    arm(qspi, qspi_ticks(qspi, 8 * ((uint64_t)(conf >> 8 & 15) + 1)));
}

static void task(struct periph *periph, uint32_t off)
{
    struct qspi *qspi = of(periph);

    switch (off) {
    case ACTIVATE:
        if (may_start(qspi, "ACTIVATE", false)) {
            qspi->job = QSPI_ACTIVATE;
            arm(qspi, ACTIVATE_TICKS);
        }
        break;
    case READSTART:
        start_read(qspi);
        break;
    case WRITESTART:
        start_write(qspi);
        break;
    case ERASESTART:
        start_erase(qspi);
        break;
    case DEACTIVATE:
        qspi->active = false;
        break;
    default:
        break;
    }
}

/* ---- registers ---- */

static void change_sleep(struct qspi *qspi, bool sleep)
{
    uint32_t duration = PERIPH_REG(&qspi->periph, DPMDUR) >> (sleep ? 0 : 16) & 0xffff;

    if ((PERIPH_REG(&qspi->periph, IFCONFIG0) & DPMENABLE) == 0 || sleep == qspi->asleep ||
        !may_start(qspi, "deep power-down", true)) {
        return;
    }
    qspi_send_simple(qspi, sleep ? CMD_SLEEP : CMD_WAKE);
    qspi->asleep = sleep;
    qspi->job = QSPI_SLEEP;
    arm(qspi, duration * DPM_UNIT_TICKS);
}

/* An early end of chip select makes the chip program what it has got so far. */
void qspi_stop(struct qspi *qspi)
{
    struct sim_clock *clock = &qspi->periph.machine->clock;
    uint64_t length = qspi->timer.due == SIM_NEVER ? 0 : qspi->timer.due - qspi->transfer_begin;

    sim_timer_stop(clock, &qspi->timer);
    if (qspi->job == QSPI_WRITE && !qspi->polling && length != 0) {
        uint32_t sent = (uint32_t)(page_part(qspi) * (clock->now - qspi->transfer_begin) / length);

        if (sent > 0) {
            send_page(qspi, sent);
        }
    }
    if (qspi->frame_open) {
        qspi_deselect(qspi);
    }
    qspi->job = QSPI_IDLE;
    qspi->polling = false;
    qspi->frame_open = false;
    qspi->active = false;
}

static void disable(struct qspi *qspi)
{
    if (qspi->job != QSPI_IDLE) {
        machine_bug(qspi->periph.machine, "QSPI: disabled in the middle of a task");
    }
    qspi_stop(qspi);
}

static void written(struct periph *periph, uint32_t off, uint32_t old)
{
    struct qspi *qspi = of(periph);

    if (off == CINSTRCONF) {
        start_custom(qspi);
    } else if (off == IFCONFIG1 && PERIPH_REG(periph, ENABLE) != 0) {
        change_sleep(qspi, (PERIPH_REG(periph, IFCONFIG1) & DPMEN) != 0);
    } else if (off == ENABLE && old != 0 && PERIPH_REG(periph, ENABLE) == 0) {
        disable(qspi);
    }
}

static uint32_t read_register(struct periph *periph, uint32_t off, uint32_t stored)
{
    const struct qspi *qspi = of(periph);

    if (off != STATUS) {
        return stored;
    }
    return (uint32_t)qspi->status_read << 24 | (qspi->job == QSPI_IDLE ? STATUS_READY : 0) |
           (qspi->asleep ? STATUS_DPM : 0);
}

uint32_t qspi_xip_read(struct qspi *qspi, uint32_t addr, unsigned size)
{
    struct machine *machine = qspi->periph.machine;
    const struct qspi_transfer *transfer = qspi_read_transfer(qspi);
    uint32_t value = 0;

    if (!may_start(qspi, "a read of the execute-in-place window", true)) {
        return 0xffffffffU;
    }
    qspi_send_header(qspi, transfer, addr + PERIPH_REG(&qspi->periph, XIPOFFSET));
    for (unsigned i = 0; i < size; i++) {
        value |= (uint32_t)qspi_shift(qspi, 0, transfer->data_lines) << (8 * i);
    }
    qspi_deselect(qspi);
    sim_clock_advance(&machine->clock, qspi_transfer_ticks(qspi, transfer, size));
    return value;
}

/* The flash chip knows nothing of the reset that stops its controller; periph_reset calls this with fresh registers. */
static void reset(struct periph *periph, enum reset_kind kind)
{
    struct qspi *qspi = of(periph);

    (void)kind;
    sim_timer_stop(&periph->machine->clock, &qspi->timer);
    qspi->job = QSPI_IDLE;
    qspi->polling = false;
    qspi->frame_open = false;
    qspi->active = false;
    qspi->asleep = false;
    qspi->status_read = 0;
}

static const struct periph_model model = {
    .name = "QSPI",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .reset = reset,
    .task = task,
    .written = written,
    .read = read_register,
};

void qspi_init(struct qspi *qspi, struct machine *machine, const char *name, uint32_t base, int irq,
               const struct periph *clock, const struct qspi_wires *wires)
{
    *qspi = (struct qspi){.wires = *wires, .clock = clock};
    periph_init(&qspi->periph, &model, machine, name, base, irq);
    sim_timer_init(&machine->clock, &qspi->timer, on_timer, qspi);
}

void qspi_free(struct qspi *qspi)
{
    periph_free(&qspi->periph);
}
