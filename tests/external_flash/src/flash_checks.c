#include "flash_checks.h"

#include <stdio.h>
#include <string.h>

#include <farboot/devicetree.h>
#include <farboot/util.h>

#define SECTOR 4096u

/* Returned from a check; the text names what went wrong. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            return #condition;                                                                                         \
        }                                                                                                              \
    } while (0)

extern const struct flash_device DEVICE_DT_NAME(DT_CHOSEN(nordic_pm_ext_flash));

static uint8_t ram[1024 + 8] __attribute__((aligned(4)));
static uint8_t back[1024 + 8] __attribute__((aligned(4)));

/* Lies in internal flash, out of reach of the controller's DMA; crosses program pages of the external chip. */
static const uint8_t internal[600] = {[0] = 0x11, [1] = 0x22, [254] = 0x33, [255] = 0x44, [256] = 0x55, [599] = 0x66};

static uint8_t pattern(uint32_t at)
{
    return (uint8_t)(at * 7 + (at >> 8) + 3);
}

static bool is_erased(const struct flash_area *area, uint32_t off, uint32_t len)
{
    for (uint32_t at = off; at < off + len; at += sizeof(back)) {
        uint32_t part = off + len - at < sizeof(back) ? off + len - at : sizeof(back);

        if (flash_area_read(area, at, back, part) != OK) {
            return false;
        }
        for (uint32_t i = 0; i < part; i++) {
            if (back[i] != 0xff) {
                return false;
            }
        }
    }
    return true;
}

static const char *check_place(const struct flash_area *area)
{
    uint32_t start;
    uint32_t size;

    CHECK(area->dev == &DEVICE_DT_NAME(DT_CHOSEN(nordic_pm_ext_flash)));
    CHECK(flash_area_sector_at(area, SECTOR + 1, &start, &size) == OK);
    CHECK(start == SECTOR && size == SECTOR);
    return NULL;
}

static const char *check_one_byte(const struct flash_area *area)
{
    CHECK(flash_area_erase(area, 0, SECTOR) == OK);
    for (uint32_t at = 0; at < 32; at++) {
        uint8_t byte = pattern(at);

        CHECK(flash_area_program(area, at, &byte, 1) == OK);
    }
    for (uint32_t at = 0; at < 32; at++) {
        uint8_t byte = 0;

        CHECK(flash_area_read(area, at, &byte, 1) == OK);
        CHECK(byte == pattern(at));
    }
    CHECK(is_erased(area, 32, SECTOR - 32));
    return NULL;
}

/* Every alignment of offset and memory, lengths around words and across pages; neighbours stay. */
static const char *check_alignments(const struct flash_area *area)
{
    static const uint16_t lengths[] = {1, 2, 3, 4, 5, 255, 256, 257, 515};
    uint32_t at = SECTOR;

    CHECK(flash_area_erase(area, SECTOR, 16 * SECTOR) == OK);
    for (uint32_t n = 0; n < 16 * ARRAY_SIZE(lengths); n++) {
        uint32_t len = lengths[n / 16];
        uint32_t off = at + n % 4;
        uint8_t *memory = ram + n / 4 % 4;

        for (uint32_t i = 0; i < len; i++) {
            memory[i] = pattern(off + i);
        }
        CHECK(flash_area_program(area, off, memory, len) == OK);
        memset(back, 0, sizeof(back));
        CHECK(flash_area_read(area, off, back + n % 3, len) == OK);
        CHECK(memcmp(back + n % 3, memory, len) == 0);
        CHECK(back[n % 3 + len] == 0);
        CHECK(is_erased(area, off + len, 4));
        at = (off + len + 7) & ~3u;
    }
    CHECK(at < 17 * SECTOR);
    return NULL;
}

static const char *check_internal_source(const struct flash_area *area)
{
    CHECK(flash_area_erase(area, 0, SECTOR) == OK);
    CHECK(flash_area_program(area, 130, internal, sizeof(internal)) == OK);
    CHECK(flash_area_read(area, 130, back, sizeof(internal)) == OK);
    CHECK(memcmp(back, internal, sizeof(internal)) == 0);
    return NULL;
}

/* One byte in the first and the last page of each sector stands for its contents. */
static const char *mark(const struct flash_area *area, uint32_t off, uint32_t len)
{
    uint8_t byte = 0;

    for (uint32_t at = off; at < off + len; at += SECTOR) {
        CHECK(flash_area_program(area, at, &byte, 1) == OK);
        CHECK(flash_area_program(area, at + SECTOR - 1, &byte, 1) == OK);
    }
    return NULL;
}

/* From before a 64 KiB boundary: sector, 32 KiB and 64 KiB commands all occur, and nothing outside is erased. */
static const char *check_erase(const struct flash_area *area, uint32_t off, uint32_t len)
{
    uint8_t edge[2] = {0xff, 0xff};
    const char *failure = mark(area, off - SECTOR, len + 2 * SECTOR);

    if (failure != NULL) {
        return failure;
    }
    CHECK(flash_area_erase(area, off, len) == OK);
    CHECK(is_erased(area, off, len));
    CHECK(flash_area_read(area, off - 1, edge, 1) == OK);
    CHECK(flash_area_read(area, off + len, edge + 1, 1) == OK);
    CHECK(edge[0] == 0 && edge[1] == 0);
    return NULL;
}

static const char *check_erase_sizes(const struct flash_area *area)
{
    const char *failure = check_erase(area, 0x20000, SECTOR);

    failure = failure != NULL ? failure : check_erase(area, 0x30000, 0x8000);
    return failure != NULL ? failure : check_erase(area, 0x47000, 0x1b000);
}

static const char *check_refusals(const struct flash_area *area)
{
    uint8_t byte = 0;

    CHECK(flash_area_erase(area, 1, SECTOR) == ERR_FLASH_INVALID);
    CHECK(flash_area_erase(area, 0, SECTOR - 1) == ERR_FLASH_INVALID);
    CHECK(flash_area_program(area, area->size, &byte, 1) == ERR_FLASH_INVALID);
    CHECK(flash_area_program(area, UINT32_MAX, &byte, 2) == ERR_FLASH_INVALID);
    CHECK(flash_area_read(area, area->size - 1, &byte, 1) == OK);
    CHECK(flash_area_read(area, area->size - 1, ram, 2) == ERR_FLASH_INVALID);
    return NULL;
}

/* Down and up again: the chip forgets nothing, and the controller wakes. */
static const char *check_restart(const struct flash_area *area)
{
    uint8_t byte = 0;

    CHECK(flash_area_erase(area, 0, SECTOR) == OK);
    CHECK(flash_area_program(area, 5, &byte, 1) == OK);
    CHECK(flash_deinit(area->dev) == OK);
    CHECK(flash_area_read(area, 5, &byte, 1) == ERR_FLASH_NO_DEVICE);
    CHECK(flash_init(area->dev) == OK);
    CHECK(flash_area_read(area, 4, ram, 3) == OK);
    CHECK(ram[0] == 0xff && ram[1] == 0 && ram[2] == 0xff);
    return NULL;
}

static const struct {
    const char *name;
    const char *(*run)(const struct flash_area *area);
} checks[] = {
    {"slot lies in external flash", check_place},     {"one-byte reads and writes", check_one_byte},
    {"odd alignments and lengths", check_alignments}, {"writes sourced from internal flash", check_internal_source},
    {"erase by 4, 32 and 64 KiB", check_erase_sizes}, {"ranges outside are refused", check_refusals},
    {"controller and chip restart", check_restart},
};

bool flash_checks_run(const struct flash_area *area)
{
    bool passed = true;

    for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
        const char *failure = checks[i].run(area);

        if (failure == NULL) {
            printf("PASS %s\n", checks[i].name);
        } else {
            printf("FAIL %s: %s\n", checks[i].name, failure);
            passed = false;
        }
    }
    return passed;
}
