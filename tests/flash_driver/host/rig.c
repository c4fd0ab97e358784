#include "tests/flash_driver/host/rig.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <farboot/log.h>
#include <farboot/timer.h>

#include "host/buffer.h"

struct nor_chip rig_chip;
char rig_log[RIG_LOG_SIZE];

static struct {
    struct machine machine;
    struct stats stats;
    struct nor_model array;
    uint8_t *contents;
    unsigned bugs;
    bool is_started;
    uint32_t hz;
} rig;

/* ---- the board that the chip is part of ---- */

static void bug(void *ctx, const char *text)
{
    (void)ctx;
    printf("BUG %s\n", text);
    rig.bugs++;
}

static void note(void *ctx, const char *text)
{
    (void)ctx;
    (void)text;
}

static enum flash_fate flash_operation(void *ctx, enum stats_operation kind, uint32_t off, uint32_t len, uint32_t *seed)
{
    (void)ctx;
    (void)kind;
    (void)off;
    (void)len;
    (void)seed;
    return FLASH_DONE;
}

/* ---- time ---- */

static uint32_t now_us(void)
{
    return (uint32_t)(rig.machine.clock.now / TICKS_PER_US);
}

struct deadline deadline_in(uint32_t us)
{
    if (us > 60000000u) {
        bug(NULL, "a deadline beyond a minute");
    }
    return (struct deadline){.start = now_us(), .length = us};
}

bool deadline_passed(const struct deadline *deadline)
{
    return now_us() - deadline->start > deadline->length;
}

void timer_wait(uint32_t us)
{
    rig_advance_us(us);
}

uint32_t timer_now_us(void)
{
    return now_us();
}

void log_line(char level, const char *format, ...)
{
    size_t len = strlen(rig_log);
    va_list arguments;

    va_start(arguments, format);
    (void)snprintf(rig_log + len, sizeof(rig_log) - len, "%c: ", level);
    len = strlen(rig_log);
    (void)vsnprintf(rig_log + len, sizeof(rig_log) - len, format, arguments);
    va_end(arguments);
}

/* ---- the controller ---- */

static int start(const struct spi_chip *chip)
{
    rig.is_started = true;
    rig.hz = chip->max_hz;
    return OK;
}

static uint8_t shift(uint8_t out)
{
    sim_clock_advance(&rig.machine.clock, (uint64_t)8 * TICKS_PER_S / rig.hz);
    return nor_chip_shift(&rig_chip, out, 1);
}

static void check_transfer(const struct spi_transfer *transfer)
{
    if (!rig.is_started) {
        bug(NULL, "a transfer through a controller that was not started");
    }
    if (transfer->command_len < 1 || transfer->command_len > SPI_COMMAND_MAX ||
        transfer->len > rig_controller->transfer_max - transfer->command_len) {
        bug(NULL, "a transfer that is too long");
    }
    if ((transfer->in != NULL && transfer->out != NULL) ||
        ((transfer->in != NULL || transfer->out != NULL) != (transfer->len > 0))) {
        bug(NULL, "a transfer whose data go both ways, or nowhere");
    }
}

static int transfer_frame(const struct spi_chip *chip, const struct spi_transfer *transfer)
{
    const uint8_t *out = transfer->out;
    uint8_t *in = transfer->in;

    (void)chip;
    check_transfer(transfer);
    nor_chip_select(&rig_chip);
    for (size_t i = 0; i < transfer->command_len; i++) {
        (void)shift(transfer->command[i]);
    }
    for (size_t i = 0; i < transfer->len; i++) {
        uint8_t byte = shift(out != NULL ? out[i] : 0);

        if (in != NULL) {
            in[i] = byte;
        }
    }
    nor_chip_deselect(&rig_chip);
    return OK;
}

/* The MX25R stands its full clock only in its fast mode. */
static void set_clock(const struct spi_chip *chip, uint32_t hz)
{
    bool is_slow_part = rig_chip.part->jedec_id[1] == 0x28 && (rig_chip.config[1] & 0x02) == 0;

    if (hz > chip->max_hz || (is_slow_part && hz > SPI_NOR_SLOW_HZ)) {
        bug(NULL, "a clock above the chip's");
    }
    rig.hz = hz;
}

static void stop(const struct spi_chip *chip)
{
    (void)chip;
    rig.is_started = false;
}

static const struct spi_driver driver = {
    .start = start, .transfer = transfer_frame, .set_clock = set_clock, .stop = stop};
static struct spi_controller controller = {.driver = &driver};
const struct spi_controller *rig_controller = &controller;

/* ---- life ---- */

void rig_begin(const struct nor_chip_part *part, uint32_t transfer_max)
{
    uint32_t size = part->array->geometry.size;
    struct random random = {.state = size};

    memset(&rig, 0, sizeof(rig));
    rig_log[0] = '\0';
    sim_clock_init(&rig.machine.clock);
    rig.machine.clock.now = (uint64_t)0xffff0000u * TICKS_PER_US; /* deadlines meet the wrap of the counter */
    rig.machine.random.state = 1;
    rig.machine.reporter = (struct machine_reporter){.bug = bug, .note = note, .flash_operation = flash_operation};
    rig.machine.stats = &rig.stats;
    stats_begin_boot(&rig.stats, "power-on", 0);
    rig.contents = host_alloc(size);
    random_fill(&random, rig.contents, size);
    nor_model_init(&rig.array, part->array, rig.contents);
    nor_chip_init(&rig_chip, part, &rig.machine, &rig.array);
    controller.transfer_max = transfer_max;
}

void rig_end(void)
{
    nor_model_free(&rig.array);
    free(rig.contents);
    stats_free(&rig.stats);
}

unsigned rig_bugs(void)
{
    return rig.bugs;
}

const struct stats_device *rig_stats(void)
{
    return &stats_now(&rig.stats)->external;
}

void rig_advance_us(uint32_t us)
{
    sim_clock_advance(&rig.machine.clock, (uint64_t)us * TICKS_PER_US);
}

void rig_set_present(bool is_present)
{
    rig_chip.present = is_present;
}

void rig_set_endless(bool is_endless)
{
    if (is_endless) {
        sim_timer_stop(&rig.machine.clock, &rig_chip.done);
    } else {
        sim_timer_set(&rig.machine.clock, &rig_chip.done, rig.machine.clock.now + 1);
    }
}

/* ---- what an application does on more lines than the driver has ---- */

static void wide_frame(unsigned opcode_lines, unsigned lines, const uint8_t *bytes, size_t len)
{
    nor_chip_select(&rig_chip);
    for (size_t i = 0; i < len; i++) {
        (void)nor_chip_shift(&rig_chip, bytes[i], i == 0 ? opcode_lines : lines);
    }
    nor_chip_deselect(&rig_chip);
}

/* Mode bits that every vendor takes for those of a read that goes on. */
static void begin_continuous(uint8_t opcode, unsigned opcode_lines, unsigned lines)
{
    uint8_t frame[12] = {opcode};

    frame[rig_chip.four_byte ? 5 : 4] = 0xa5;
    wide_frame(opcode_lines, lines, frame, sizeof(frame));
}

static void enter_qpi(void)
{
    static const uint8_t by_38 = 0x38;
    static const uint8_t by_35 = 0x35;
    unsigned features = rig_chip.part->features;

    if ((features & NOR_CHIP_QPI_38) != 0) {
        wide_frame(1, 1, &by_38, 1);
    } else if ((features & NOR_CHIP_QPI_35) != 0) {
        wide_frame(1, 1, &by_35, 1);
    }
}

static void set_quad_enable(void)
{
    if ((rig_chip.part->features & NOR_CHIP_STATUS2) != 0) {
        rig_chip.status2 |= 0x02;
    } else {
        rig_chip.status |= 0x40;
    }
}

bool rig_leave_in(enum suite_mode mode)
{
    bool has_mode_bits = rig_chip.part->mode_bits != NOR_CHIP_NO_MODE_BITS;

    if (mode != SUITE_READ_DUAL) {
        set_quad_enable();
    }
    if (mode == SUITE_QPI || mode == SUITE_READ_QPI) {
        enter_qpi();
    }
    if (mode == SUITE_READ_QPI && rig_chip.qpi) {
        begin_continuous(0xeb, 4, 4);
    } else if (mode == SUITE_READ_QUAD && has_mode_bits) {
        begin_continuous(0xeb, 1, 4);
    } else if (mode == SUITE_READ_DUAL && has_mode_bits) {
        begin_continuous(0xbb, 1, 2);
    }
    return mode == SUITE_QPI ? rig_chip.qpi : rig_chip.continuous != NULL;
}
