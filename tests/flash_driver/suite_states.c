/*
 * A SPI NOR chip in every state that an application can leave, and in some that a driver meets while it works. Raw
 * commands go through the controller, which the driver has started.
 */
#include <string.h>

#include <farboot/timer.h>
#include <farboot/util.h>

#include "drivers/spi_nor_commands.h"
#include "tests/flash_driver/suite.h"

#define OP_READ       0x03u
#define OP_READ_2     0x35u /* second status register */
#define OP_SUSPEND    0x75u
#define START_MAX_US  1500000u /* what spi_nor_init promises, with an erase of a sector to wait for */
#define ABSENT_MAX_US 200000u

static void raw(const struct suite_device *device, uint8_t opcode)
{
    (void)spi_nor_simple(device->nor, opcode);
}

static uint8_t raw_register(const struct suite_device *device, uint8_t opcode)
{
    return spi_nor_register(device->nor, opcode);
}

/* Waits as long as a register takes, without the driver's knowledge. */
static void raw_write_status(const struct suite_device *device, uint8_t status)
{
    raw(device, OP_WREN);
    (void)spi_nor_send(device->nor, OP_WRSR, &status, 1);
    for (unsigned i = 0; i < 1000 && (raw_register(device, OP_RDSR) & SR_WIP) != 0; i++) {
        timer_wait(100);
    }
}

/* Erase of the sector at `off` of the area, by the chip's smallest command. */
static int raw_erase(const struct suite_device *device, uint32_t off)
{
    const struct sfdp_chip *chip = spi_nor_chip(device->nor);
    const struct sfdp_erase *type = spi_nor_plan_erase(chip, device->off + off, suite_sector(device));

    return spi_nor_change(device->nor, spi_nor_has_4byte_opcodes(device->nor) ? type->opcode_4byte : type->opcode,
                          device->off + off, NULL, 0);
}

static const char *fill_second_sector(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);

    CHECK(flash_erase(device->flash, device->off + sector, sector) == OK);
    CHECK(flash_program(device->flash, device->off + sector, suite_ram, SUITE_BUFFER) == OK);
    CHECK(flash_sync(device->flash) == OK);
    return NULL;
}

/* init brings the chip back, in bounded time, with what it held. */
static const char *check_recovers(const struct suite_device *device)
{
    uint32_t start = timer_now_us();

    CHECK(flash_init(device->flash) == OK);
    CHECK(timer_now_us() - start < START_MAX_US);
    CHECK((raw_register(device, OP_RDSR) & (SR_WIP | SR_WEL | spi_nor_chip(device->nor)->lock)) == 0);
    memset(suite_back, 0, 64);
    CHECK(flash_read(device->flash, device->off, suite_back, 64) == OK);
    for (uint32_t i = 0; i < 64; i++) {
        CHECK(suite_back[i] == suite_pattern(i));
    }
    return suite_check_works(device);
}

static const char *check_asleep(const struct suite_device *device)
{
    CHECK_ALL(suite_check_works(device));
    raw(device, OP_DEEP_POWER);
    timer_wait(100);
    return check_recovers(device);
}

static const char *check_4byte(const struct suite_device *device)
{
    static const uint8_t bank = 0x80;
    static const uint8_t segment = 1;

    CHECK_ALL(suite_check_works(device));
    raw(device, OP_WREN);
    raw(device, OP_ENTER_4BYTE);
    if ((spi_nor_chip(device->nor)->four_byte & SFDP_4BYTE_BANK) != 0) {
        CHECK(spi_nor_send(device->nor, OP_WRITE_BANK, &bank, 1) == OK);
    }
    if ((spi_nor_chip(device->nor)->four_byte & SFDP_4BYTE_EXTENDED) != 0) {
        CHECK(spi_nor_write_register(device->nor, OP_EXTENDED, &segment, 1) == OK);
    }
    return check_recovers(device);
}

static const char *check_write_enabled(const struct suite_device *device)
{
    CHECK_ALL(suite_check_works(device));
    raw(device, OP_WREN);
    CHECK_ALL(check_recovers(device));
    raw(device, OP_RESET_ENABLE);
    return check_recovers(device);
}

/* An erase that the application did not wait for: it ends, and nothing is lost beside it. */
static const char *check_busy(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);

    CHECK_ALL(suite_check_works(device));
    CHECK_ALL(fill_second_sector(device));
    CHECK(raw_erase(device, sector) == OK);
    CHECK_ALL(check_recovers(device));
    CHECK(suite_is_erased(device, sector, sector));
    return NULL;
}

static const char *check_suspended(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);

    CHECK_ALL(suite_check_works(device));
    CHECK_ALL(fill_second_sector(device));
    CHECK(raw_erase(device, sector) == OK);
    timer_wait(200);
    raw(device, OP_SUSPEND);
    timer_wait(200);
    CHECK_ALL(check_recovers(device));
    CHECK(suite_is_erased(device, sector, sector));
    return NULL;
}

/* With three and four address bytes, write enabled or not, and after somebody else has tried to read the ID. */
static const char *check_mode(const struct suite_device *device, enum suite_mode mode)
{
    uint8_t id[3];

    for (unsigned variant = 0; variant < 8 && device->leave_in != NULL; variant++) {
        CHECK_ALL(suite_check_works(device));
        if ((variant & 1) != 0) {
            raw(device, OP_WREN);
            raw(device, OP_ENTER_4BYTE);
        }
        raw(device, (variant & 2) != 0 ? OP_WREN : OP_WRDI);
        if (!device->leave_in(mode)) {
            CHECK(flash_init(device->flash) == OK);
            return SUITE_SKIP "the chip has no such mode that one line can end";
        }
        if ((variant & 4) != 0) {
            CHECK(spi_nor_receive(device->nor, OP_RDID, id, 3) == OK);
            CHECK(memcmp(id, device->nor->id, 3) != 0); /* it has no ear for that */
        }
        CHECK_ALL(check_recovers(device));
    }
    return device->leave_in != NULL ? NULL : SUITE_SKIP "one data line cannot bring the chip there";
}

static const char *check_qpi(const struct suite_device *device)
{
    return check_mode(device, SUITE_QPI);
}

static const char *check_read_quad(const struct suite_device *device)
{
    return check_mode(device, SUITE_READ_QUAD);
}

static const char *check_read_dual(const struct suite_device *device)
{
    return check_mode(device, SUITE_READ_DUAL);
}

static const char *check_read_qpi(const struct suite_device *device)
{
    return check_mode(device, SUITE_READ_QPI);
}

/* Everything at once, as far as it goes together. */
static const char *check_combination(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);

    CHECK_ALL(suite_check_works(device));
    raw_write_status(device, raw_register(device, OP_RDSR) | spi_nor_chip(device->nor)->lock);
    raw(device, OP_ENTER_4BYTE);
    raw(device, OP_WREN);
    raw(device, OP_DEEP_POWER);
    timer_wait(100);
    CHECK_ALL(check_recovers(device));
    CHECK(flash_erase(device->flash, device->off + sector, sector) == OK);
    CHECK(flash_sync(device->flash) == OK);
    return NULL;
}

static const char *check_protected_at_start(const struct suite_device *device)
{
    uint8_t lock = spi_nor_chip(device->nor)->lock;

    CHECK_ALL(suite_check_works(device));
    raw_write_status(device, raw_register(device, OP_RDSR) | lock);
    if ((raw_register(device, OP_RDSR) & lock) == 0) {
        return SUITE_SKIP "the chip keeps no protection";
    }
    return check_recovers(device);
}

/* Where quad enable is in a register that a short status write clears, it outlives the end of the protection. */
static const char *check_quad_enable_stays(const struct suite_device *device)
{
    uint8_t quad = spi_nor_chip(device->nor)->quad_enable;
    uint8_t both[2] = {spi_nor_chip(device->nor)->lock, 0x02};

    if (quad != QER_S2B1_V1 && quad != QER_S2B1_V4 && quad != QER_S2B1_V5) {
        return SUITE_SKIP "quad enable is elsewhere";
    }
    CHECK_ALL(suite_check_works(device));
    CHECK(spi_nor_write_register(device->nor, OP_WRSR, both, sizeof(both)) == OK);
    if ((raw_register(device, OP_READ_2) & 0x02) == 0) {
        CHECK(flash_init(device->flash) == OK);
        return SUITE_SKIP "the chip keeps no quad enable";
    }
    CHECK_ALL(check_recovers(device));
    CHECK((raw_register(device, OP_READ_2) & 0x02) != 0);
    return NULL;
}

/* Whether the chip has protection: at least one bit is kept, and a program under it changes nothing. */
static const char *check_protected_in_use(const struct suite_device *device)
{
    uint8_t lock = spi_nor_chip(device->nor)->lock;
    static const uint8_t zeros[16];
    int result;

    CHECK(flash_init(device->flash) == OK);
    CHECK(flash_erase(device->flash, device->off, suite_sector(device)) == OK);
    CHECK(flash_sync(device->flash) == OK);
    raw_write_status(device, raw_register(device, OP_RDSR) | lock);
    result = flash_program(device->flash, device->off, zeros, sizeof(zeros));
    result = result != OK ? result : flash_sync(device->flash);
    if (!suite_is_erased(device, 0, sizeof(zeros))) {
        CHECK(flash_init(device->flash) == OK);
        return SUITE_SKIP "the chip does not enforce protection";
    }
    CHECK(result == ERR_FLASH_PROTECTED);
    CHECK(flash_sync(device->flash) == OK); /* told once */
    CHECK(suite_is_erased(device, 0, suite_sector(device)));
    result = flash_erase(device->flash, device->off, suite_sector(device));
    result = result != OK ? result : flash_read(device->flash, device->off, suite_back, 1);
    CHECK(result == ERR_FLASH_PROTECTED);
    CHECK((raw_register(device, OP_RDSR) & SR_WEL) == 0);
    CHECK(flash_init(device->flash) == OK);
    return suite_check_works(device);
}

static const char *check_foreign(const struct suite_device *device)
{
    struct spi_nor foreign = *device->nor;
    struct spi_nor_state state;

    memset(&state, 0xa5, sizeof(state));
    CHECK_ALL(suite_check_works(device));
    foreign.state = &state;
    foreign.name = "foreign";
    foreign.id[0] ^= 0x10;
    CHECK(spi_nor_init(&foreign) == ERR_FLASH_WRONG_DEVICE);
    CHECK(spi_nor_wait(&foreign) == ERR_FLASH_NO_DEVICE);
    CHECK(spi_nor_erase(&foreign, device->off, suite_sector(device)) == ERR_FLASH_NO_DEVICE);
    CHECK(spi_nor_deinit(&foreign) == OK);
    return check_recovers(device);
}

/* The devicetree may say less than the chip has, never more. */
static const char *check_too_small(const struct suite_device *device)
{
    struct spi_nor larger = *device->nor;
    struct spi_nor_state state;

    if (IS_ENABLED(CONFIG_SPI_NOR_SFDP_DEVICETREE) || spi_nor_chip(device->nor)->size == 0) {
        return SUITE_SKIP "the chip does not tell its size";
    }
    larger.state = &state;
    larger.geometry.size *= 2;
    CHECK(spi_nor_init(&larger) == ERR_FLASH_WRONG_DEVICE);
    return check_recovers(device);
}

static const char *check_absent(const struct suite_device *device)
{
    uint32_t start;
    uint8_t byte;

    if (device->set_present == NULL) {
        return SUITE_SKIP "the chip cannot be taken away";
    }
    CHECK_ALL(suite_check_works(device));
    device->set_present(false);
    start = timer_now_us();
    CHECK(flash_init(device->flash) == ERR_FLASH_NO_DEVICE);
    CHECK(timer_now_us() - start < ABSENT_MAX_US);
    CHECK(flash_read(device->flash, 0, &byte, 1) == ERR_FLASH_NO_DEVICE);
    CHECK(flash_erase(device->flash, device->off, suite_sector(device)) == ERR_FLASH_NO_DEVICE);
    CHECK(flash_deinit(device->flash) == OK);
    device->set_present(true);
    return check_recovers(device);
}

/* Gone while something ran: the wait ends. */
static const char *check_lost(const struct suite_device *device)
{
    uint32_t start;
    int result;

    if (device->set_present == NULL) {
        return SUITE_SKIP "the chip cannot be taken away";
    }
    CHECK_ALL(suite_check_works(device));
    CHECK(flash_erase(device->flash, device->off, suite_sector(device)) == OK);
    device->set_present(false);
    start = timer_now_us();
    result = flash_sync(device->flash);
    CHECK(timer_now_us() - start < SFDP_LONGEST_US);
    device->set_present(true);
    CHECK(result == ERR_FLASH_TIMEOUT || result == ERR_FLASH_PROTECTED || result == ERR_FLASH_IO || result == OK);
    CHECK(flash_init(device->flash) == OK);
    return suite_check_works(device);
}

static const char *check_endless(const struct suite_device *device)
{
    const struct sfdp_erase *type;
    uint32_t start;
    uint32_t took;

    if (device->set_endless == NULL) {
        return SUITE_SKIP "what the chip does ends";
    }
    CHECK_ALL(suite_check_works(device));
    type = spi_nor_plan_erase(spi_nor_chip(device->nor), device->off, suite_sector(device));
    CHECK(flash_erase(device->flash, device->off, suite_sector(device)) == OK);
    device->set_endless(true);
    start = timer_now_us();
    CHECK(flash_sync(device->flash) == ERR_FLASH_TIMEOUT);
    took = timer_now_us() - start;
    CHECK(took + 1000 >= type->max_us && took <= type->max_us + 10000);
    CHECK(flash_read(device->flash, device->off, suite_back, 1) == ERR_FLASH_TIMEOUT);
    device->set_endless(false);
    CHECK(flash_sync(device->flash) == OK);
    return suite_check_works(device);
}

/* deinit leaves chip and controller as after reset: awake, three address bytes, slow where there is a slow mode. */
static const char *check_deinit(const struct suite_device *device)
{
    const struct spi_nor *nor = device->nor;
    struct spi_transfer transfer = {.command = {OP_READ}, .command_len = 4, .in = suite_back, .len = 5};
    uint8_t id[3] = {0};

    CHECK_ALL(suite_check_works(device));
    CHECK(flash_deinit(device->flash) == OK);
    CHECK(nor->chip.controller->driver->start(&nor->chip) == OK);
    CHECK((raw_register(device, OP_RDSR) & (SR_WIP | SR_WEL)) == 0);
    CHECK(spi_nor_receive(nor, OP_RDID, id, 3) == OK);
    CHECK(memcmp(id, nor->id, 3) == 0);
    transfer.command[1] = (uint8_t)(device->off >> 16);
    transfer.command[2] = (uint8_t)(device->off >> 8);
    CHECK(spi_transfer(&nor->chip, &transfer) == OK);
    CHECK(device->off >= SPI_NOR_LIMIT_3BYTE ||
          (suite_back[0] == suite_pattern(0) && suite_back[4] == suite_pattern(4)));
    CHECK(!spi_nor_has_slow_mode(nor) || (spi_nor_receive(nor, OP_RDCR, id, 2) == OK && id[1] == 0));
    nor->chip.controller->driver->stop(&nor->chip);
    return check_recovers(device);
}

const struct suite_check suite_states[] = {
    {"left in deep power-down", check_asleep},
    {"left in 4-byte mode", check_4byte},
    {"left write enabled, or about to reset", check_write_enabled},
    {"left busy with an erase", check_busy},
    {"left with a suspended erase", check_suspended},
    {"left in QPI mode", check_qpi},
    {"left in a continuous read on four lines", check_read_quad},
    {"left in a continuous read on two lines", check_read_dual},
    {"left in a continuous read in QPI mode", check_read_qpi},
    {"left block-protected", check_protected_at_start},
    {"quad enable outlives protection", check_quad_enable_stays},
    {"left in several states at once", check_combination},
    {"protected while in use: a deferred error, once", check_protected_in_use},
    {"another chip than devicetree's", check_foreign},
    {"a smaller chip than devicetree's", check_too_small},
    {"no chip", check_absent},
    {"a chip that is lost in an erase", check_lost},
    {"an erase that does not end", check_endless},
    {"as after reset behind deinit", check_deinit},
    {NULL, NULL},
};
