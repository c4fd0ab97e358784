/*
 * The SPI NOR core against a chip at command level, which can be put into any state a bootloader may find it in. Time
 * is the test's own: it passes only when the core waits, so an unbounded wait shows as a test that does not end.
 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include <farboot/log.h>
#include <farboot/util.h>

#include "drivers/spi_nor.h"
#include "drivers/spi_nor_parts.h"
#include "host/random.h"

#define EXIT_DPD_US 35u
#define DATA_MAX    8u

static const uint8_t bfp[64] = {
    0xe5, 0x20, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x03, 0x44, 0xeb, 0x08, 0x6b, 0x08, 0x3b, 0x04, 0xbb,
    0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0xff, 0xff, 0xff, 0x00, 0xff, 0x0c, 0x20, 0x0f, 0x52,
    0x10, 0xd8, 0x00, 0xff, 0x23, 0x72, 0xf5, 0x00, 0x82, 0xed, 0x04, 0xcc, 0x44, 0x83, 0x68, 0x44,
    0x30, 0xb0, 0x30, 0xb0, 0xf7, 0xc4, 0xd5, 0x5c, 0x00, 0xbe, 0x29, 0xff, 0xf0, 0xd0, 0xff, 0xff,
};

static struct {
    uint64_t now_us;
    uint64_t busy_until; /* WIP */
    uint64_t awake_at;
    uint64_t suspended_us; /* what a suspended erase has left; 0: none */
    uint32_t sectors_erased;
    uint32_t status_writes;
    uint32_t aborted; /* operations that a reset broke off */
    uint8_t id[3];
    uint8_t status; /* without WIP */
    uint8_t cr2;
    uint8_t silence; /* what an absent or deaf chip leaves on the line */
    uint8_t failed;  /* security register's P_FAIL, E_FAIL */
    bool is_absent;
    bool is_asleep;
    bool is_4byte;
    bool is_clocked_fast;
    bool is_reset_enabled;
    bool has_sfdp;
    bool is_protected; /* by a pin: BP bits cannot be cleared and erases are ignored */
} chip;

static char log_text[512];

void log_line(char level, const char *format, ...)
{
    size_t len = strlen(log_text);
    va_list arguments;

    va_start(arguments, format);
    (void)snprintf(log_text + len, sizeof(log_text) - len, "%c: ", level);
    len = strlen(log_text);
    (void)vsnprintf(log_text + len, sizeof(log_text) - len, format, arguments);
    va_end(arguments);
}

struct deadline deadline_in(uint32_t us)
{
    assert_true(us <= 60000000u);
    return (struct deadline){.start = (uint32_t)chip.now_us, .length = us};
}

bool deadline_passed(const struct deadline *deadline)
{
    return (uint32_t)chip.now_us - deadline->start > deadline->length;
}

void timer_wait(uint32_t us)
{
    assert_true(us > 0);
    chip.now_us += us;
}

static bool is_busy(void)
{
    return chip.now_us < chip.busy_until;
}

static void erase(uint8_t opcode, const uint8_t *address, size_t len)
{
    static const struct {
        uint8_t opcode;
        uint32_t sectors, us;
    } kinds[] = {{0x20, 1, 58000}, {0x52, 8, 300000}, {0xd8, 16, 580000}};

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (kinds[i].opcode == opcode && (chip.status & 2) != 0 && !chip.is_protected) {
            uint32_t at;

            assert_int_equal(len, 3);
            at = (uint32_t)address[0] << 16 | (uint32_t)address[1] << 8 | address[2];
            assert_int_equal(at % (kinds[i].sectors * 4096), 0);
            chip.sectors_erased += kinds[i].sectors;
            chip.busy_until = chip.now_us + kinds[i].us;
            chip.status &= (uint8_t)~2;
        }
    }
}

static void write_status(const uint8_t *data, size_t len)
{
    if ((chip.status & 2) == 0) {
        return;
    }
    chip.status_writes++;
    chip.status = (uint8_t)((chip.is_protected ? chip.status & 0x3c : data[0] & 0x3c) | (data[0] & 0xc0));
    chip.cr2 = len == 3 ? data[2] & 2 : chip.cr2;
    chip.busy_until = chip.now_us + 10000;
}

static void reset_chip(void)
{
    assert_false(chip.is_clocked_fast);
    chip.aborted += is_busy() || chip.suspended_us > 0;
    chip.busy_until = chip.now_us + (is_busy() || chip.suspended_us > 0 ? 12000 : 30);
    chip.suspended_us = 0;
    chip.is_4byte = false;
    chip.status &= 0xfc;
    chip.cr2 = 0;
}

static void sfdp(uint8_t *data, size_t len)
{
    static const uint8_t head[16] = {'S', 'F', 'D', 'P', 6, 1, 0, 0xff, 0, 6, 1, 16, 0x10, 0, 0, 0xff};
    uint8_t area[80];
    uint32_t at = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];

    memcpy(area, head, sizeof(head));
    memcpy(area + 16, bfp, sizeof(bfp));
    for (size_t i = 4; i < len; i++) {
        data[i] = chip.has_sfdp && at + i - 4 < sizeof(area) ? area[at + i - 4] : 0xff;
    }
}

/* Commands that a chip takes when it is awake and not busy. */
static void idle_command(uint8_t opcode, uint8_t *data, size_t len)
{
    switch (opcode) {
    case 0x06:
        chip.status |= 2;
        break;
    case 0x04:
        chip.status &= (uint8_t)~2;
        break;
    case 0x01:
        write_status(data, len);
        break;
    case 0x9f:
        memcpy(data, chip.id, 3);
        break;
    case 0x5a:
        sfdp(data, len);
        break;
    case 0x7a:
        chip.busy_until = chip.suspended_us > 0 ? chip.now_us + chip.suspended_us : chip.busy_until;
        chip.suspended_us = 0;
        break;
    case 0xe9:
        chip.is_4byte = false;
        break;
    default:
        erase(opcode, data, len);
        break;
    }
}

static void obey(uint8_t opcode, uint8_t *data, size_t len)
{
    bool is_reset = opcode == 0x99 && chip.is_reset_enabled;

    chip.now_us++;
    chip.is_reset_enabled = opcode == 0x66;
    if (opcode == 0xab && chip.is_asleep && !chip.is_absent) {
        chip.is_asleep = false;
        chip.awake_at = chip.now_us + EXIT_DPD_US;
    }
    if (chip.is_absent || chip.is_asleep || chip.now_us < chip.awake_at) {
        memset(data, chip.silence, len);
    } else if (opcode == 0x05) {
        memset(data, chip.status | is_busy(), len);
    } else if (opcode == 0x2b) {
        memset(data, chip.failed, len);
    } else if (opcode == 0x15) {
        data[0] = 0;
        data[1] = chip.cr2;
    } else if (is_reset) {
        reset_chip();
    } else if (!is_busy()) {
        idle_command(opcode, data, len);
    } else {
        memset(data, chip.silence, len);
    }
}

/* What is sent after the opcode, and what is received, in the same bytes. */
static int fake_transfer(const struct spi_chip *at, const struct spi_transfer *transfer)
{
    uint8_t data[DATA_MAX] = {0};
    size_t sent = transfer->command_len - 1u;

    (void)at;
    assert_true(sent + transfer->len <= DATA_MAX);
    memcpy(data, transfer->command + 1, sent);
    if (transfer->out != NULL) {
        memcpy(data + sent, transfer->out, transfer->len);
    }
    obey(transfer->command[0], data, sent + transfer->len);
    if (transfer->in != NULL) {
        memcpy(transfer->in, data + sent, transfer->len);
    }
    return OK;
}

/* The chip stands the full clock only in its fast mode. */
static void fake_set_clock(const struct spi_chip *at, uint32_t hz)
{
    bool is_full = hz == at->max_hz;

    assert_true(hz == 8000000 || (is_full && (chip.cr2 == 2 || chip.id[0] != 0xc2)));
    chip.is_clocked_fast = is_full;
}

static const struct spi_driver fake_driver = {.transfer = fake_transfer, .set_clock = fake_set_clock};
static const struct spi_controller fake_controller = {.driver = &fake_driver, .transfer_max = 1 + DATA_MAX};
static const struct sfdp_chip common = {SPI_NOR_PART_CHIP(0), .quad_enable = QER_S1B6, .report = REPORT_SECURITY,
                                        .lock = SPI_NOR_BP3};
static struct spi_nor_state nor_state;
static const struct spi_nor nor = {.chip = {.controller = &fake_controller, .max_hz = 32000000},
                                   .state = &nor_state,
                                   .name = "flash@0",
                                   .geometry = {.size = 8 << 20},
                                   .exit_dpd_us = EXIT_DPD_US,
                                   .id = {0xc2, 0x28, 0x17},
                                   .described = &common,
                                   .needs_quad = true};

static void new_chip(void)
{
    static const uint8_t id[3] = {0xc2, 0x28, 0x17};

    memset(&chip, 0, sizeof(chip));
    memset(&nor_state, 0xa5, sizeof(nor_state));
    memcpy(chip.id, id, sizeof(id));
    log_text[0] = '\0';
    chip.now_us = 0xffff0000u; /* deadlines meet the wrap of the counter */
    chip.status = 0x40;
    chip.silence = 0xff;
    chip.has_sfdp = true;
}

static void assert_ready(void)
{
    assert_int_equal(chip.status & 0x7e, 0x40);
    assert_false(chip.is_asleep || chip.is_4byte || is_busy());
    assert_int_equal(chip.suspended_us, 0);
    assert_string_equal(log_text, "");
    assert_int_equal(spi_nor_wait(&nor), OK);
}

static void test_init_recovers_from_every_combination_of_states(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 256; bits++) {
        new_chip();
        chip.is_asleep = (bits & 1) != 0;
        chip.is_4byte = (bits & 2) != 0;
        chip.status =
            (uint8_t)(((bits & 4) != 0 ? 0 : 0x40) | ((bits & 8) != 0 ? 0x3c : 0) | ((bits & 16) != 0 ? 2 : 0));
        chip.suspended_us = (bits & 32) != 0 ? 200000 : 0;
        chip.busy_until = (bits & 64) != 0 && !chip.is_asleep ? chip.now_us + 240000 : 0;
        chip.silence = (bits & 128) != 0 ? 0xff : 0;
        assert_int_equal(spi_nor_init(&nor), OK);
        assert_ready();
        assert_int_equal(chip.aborted, 0); /* an erase that is broken off leaves bits that read as they like */
    }
}

static void test_a_chip_that_needs_nothing_is_written_nothing(void **state)
{
    (void)state;
    new_chip();
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(spi_nor_deinit(&nor), OK);
    assert_int_equal(chip.status_writes, 0);
}

static void test_a_chip_that_stays_busy_is_reset(void **state)
{
    uint64_t start;

    (void)state;
    new_chip();
    chip.busy_until = chip.now_us + 200000000; /* a chip erase */
    start = chip.now_us;
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_true(chip.now_us - start < 1500000);
    assert_ready();
}

static void test_an_absent_chip_costs_little_and_one_warning(void **state)
{
    static const uint8_t levels[] = {0x00, 0xff};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
        uint64_t start;

        new_chip();
        chip.is_absent = true;
        chip.silence = levels[i];
        start = chip.now_us;
        assert_int_equal(spi_nor_init(&nor), ERR_FLASH_NO_DEVICE);
        assert_true(chip.now_us - start < 100000);
        assert_non_null(strstr(log_text, "W: flash@0: JEDEC ID"));
        assert_non_null(strstr(log_text, "expected c2 28 17: no flash chip answers"));
        assert_int_equal(spi_nor_wait(&nor), ERR_FLASH_NO_DEVICE);
        assert_int_equal(spi_nor_erase(&nor, 0, 4096), ERR_FLASH_NO_DEVICE);
        assert_int_equal(spi_nor_deinit(&nor), OK);
    }
}

static void test_another_chip_is_named_and_not_used(void **state)
{
    (void)state;
    new_chip();
    chip.id[0] = 0xef;
    chip.id[1] = 0x40;
    assert_int_equal(spi_nor_init(&nor), ERR_FLASH_WRONG_DEVICE);
    assert_non_null(strstr(log_text, "JEDEC ID ef 40 17, expected c2 28 17"));
    assert_int_equal(spi_nor_erase(&nor, 0, 4096), ERR_FLASH_NO_DEVICE);
    assert_int_equal(chip.sectors_erased + chip.status_writes, 0);
}

static void test_erase_returns_early_and_fast_mode_comes_with_the_first_write(void **state)
{
    (void)state;
    new_chip();
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(chip.cr2, 0);
    assert_int_equal(spi_nor_erase(&nor, 0xf000, 0x21000), OK); /* 4 KiB, then 64, then 64 */
    assert_int_equal(chip.sectors_erased, 33);
    assert_true(is_busy());
    assert_int_equal(chip.cr2, 2);
    assert_true(chip.is_clocked_fast);
    assert_int_equal(spi_nor_wait(&nor), OK);
    assert_false(is_busy());
    assert_int_equal(chip.status_writes, 1);
    assert_int_equal(spi_nor_deinit(&nor), OK);
    assert_int_equal(chip.cr2, 0);
}

static void test_an_erase_of_nothing_brings_fast_mode_alone(void **state)
{
    (void)state;
    new_chip();
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(spi_nor_erase(&nor, 0x1000, 0), OK);
    assert_true(chip.is_clocked_fast);
    assert_int_equal(chip.sectors_erased, 0);
    assert_int_equal(chip.status_writes, 1);
}

static void test_failures_are_told_by_the_next_call_once(void **state)
{
    (void)state;
    new_chip();
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(spi_nor_erase(&nor, 0, 4096), OK);
    chip.failed = 0x40;
    assert_int_equal(spi_nor_wait(&nor), ERR_FLASH_IO);
    chip.failed = 0;
    assert_int_equal(spi_nor_wait(&nor), OK);
    chip.is_protected = true;
    assert_int_equal(spi_nor_erase(&nor, 0, 4096), OK);
    assert_int_equal(spi_nor_wait(&nor), ERR_FLASH_PROTECTED);
    assert_int_equal(chip.status & 2, 0);
    assert_int_equal(spi_nor_wait(&nor), OK);
}

static void test_an_erase_that_does_not_end_times_out(void **state)
{
    uint64_t start;

    (void)state;
    new_chip();
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(spi_nor_erase(&nor, 0, 4096), OK);
    chip.busy_until = UINT64_MAX;
    start = chip.now_us;
    assert_int_equal(spi_nor_wait(&nor), ERR_FLASH_TIMEOUT);
    assert_true(chip.now_us - start >= 300000);
    assert_true(chip.now_us - start < 500000);
    assert_int_equal(spi_nor_wait(&nor), ERR_FLASH_TIMEOUT);
    chip.busy_until = 0;
    assert_int_equal(spi_nor_wait(&nor), OK);
}

static void test_a_chip_without_sfdp_erases_by_4_and_64_kib(void **state)
{
    (void)state;
    new_chip();
    chip.has_sfdp = false;
    chip.status = 0;
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(chip.status, 0x40);
    assert_int_equal(spi_nor_sector_size(&nor_state.chip), 4096);
    assert_int_equal(spi_nor_erase(&nor, 0x8000, 0x18000), OK);
    assert_int_equal(chip.sectors_erased, 24);
}

static void test_erase_plans_cover_the_range_with_the_fewest_commands(void **state)
{
    struct random random = {.state = 3};
    struct sfdp_chip planned = {0};

    (void)state;
    assert_true(sfdp_parse_bfp(bfp, sizeof(bfp), &planned));
    for (int i = 0; i < 5000; i++) {
        uint32_t off = random_below(&random, 64) * 4096;
        uint32_t end = off + random_below(&random, 64) * 4096;

        while (off < end) {
            const struct sfdp_erase *type = spi_nor_plan_erase(&planned, off, end - off);

            assert_non_null(type);
            assert_int_equal(off % type->size, 0);
            assert_true(type->size <= end - off);
            for (size_t j = 0; j < SFDP_ERASE_TYPES; j++) { /* no larger one would do */
                uint32_t size = planned.erase[j].size;

                assert_true(size <= type->size || off % size != 0 || size > end - off);
            }
            off += type->size;
        }
        assert_int_equal(off, end > off ? end : off);
    }
    assert_null(spi_nor_plan_erase(&planned, 0x800, 0x1000));
    assert_null(spi_nor_plan_erase(&planned, 0, 0x800));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_recovers_from_every_combination_of_states),
        cmocka_unit_test(test_a_chip_that_needs_nothing_is_written_nothing),
        cmocka_unit_test(test_a_chip_that_stays_busy_is_reset),
        cmocka_unit_test(test_an_absent_chip_costs_little_and_one_warning),
        cmocka_unit_test(test_another_chip_is_named_and_not_used),
        cmocka_unit_test(test_erase_returns_early_and_fast_mode_comes_with_the_first_write),
        cmocka_unit_test(test_an_erase_of_nothing_brings_fast_mode_alone),
        cmocka_unit_test(test_failures_are_told_by_the_next_call_once),
        cmocka_unit_test(test_an_erase_that_does_not_end_times_out),
        cmocka_unit_test(test_a_chip_without_sfdp_erases_by_4_and_64_kib),
        cmocka_unit_test(test_erase_plans_cover_the_range_with_the_fewest_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
