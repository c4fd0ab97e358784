/* What holds for any flash device: which bytes change, and which calls are refused. */
#include <string.h>

#include <farboot/util.h>

#include "tests/flash_driver/suite.h"

#define PAGE       256u
#define TWO_PAGES  512u
#define FOUR_PAGES 1024u
#define FAR        0x1000000u

static uint32_t write_block(const struct suite_device *device)
{
    return flash_geometry(device->flash)->write_block;
}

static int erase_area(const struct suite_device *device, uint32_t off, uint32_t len)
{
    return flash_erase(device->flash, device->off + off, len);
}

static int program(const struct suite_device *device, uint32_t off, const void *src, size_t len)
{
    return flash_program(device->flash, device->off + off, src, len);
}

static int read(const struct suite_device *device, uint32_t off, void *dst, size_t len)
{
    return flash_read(device->flash, device->off + off, dst, len);
}

static void fill(uint8_t *memory, uint32_t off, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        memory[i] = suite_pattern(off + i);
    }
}

static const char *check_geometry(const struct suite_device *device)
{
    const struct flash_geometry *geometry = flash_geometry(device->flash);
    uint32_t at = 0;
    uint32_t start;
    uint32_t size;

    for (size_t i = 0; i < geometry->range_count; i++) {
        CHECK(geometry->ranges[i].off == at);
        CHECK(geometry->ranges[i].sector_size > 0 && geometry->ranges[i].count > 0);
        at += geometry->ranges[i].sector_size * geometry->ranges[i].count;
    }
    CHECK(at == geometry->size);
    CHECK((geometry->write_block & (geometry->write_block - 1)) == 0 && geometry->write_block > 0);
    CHECK(flash_sector_at(device->flash, device->off + 1, &start, &size) == OK);
    CHECK(start == device->off && size == geometry->ranges[0].sector_size);
    CHECK(flash_sector_at(device->flash, geometry->size, &start, &size) == ERR_FLASH_INVALID);
    return NULL;
}

/* The smallest there is: one write block at a time, and one byte at a time back. */
static const char *check_smallest(const struct suite_device *device)
{
    uint32_t block = write_block(device);

    CHECK(erase_area(device, 0, suite_sector(device)) == OK);
    fill(suite_ram, 0, 64);
    for (uint32_t at = 0; at < 64; at += block) {
        CHECK(program(device, at, suite_ram + at, block) == OK);
    }
    for (uint32_t at = 0; at < 64; at++) {
        uint8_t byte = 0;

        CHECK(read(device, at, &byte, 1) == OK);
        CHECK(byte == suite_pattern(at));
    }
    CHECK(suite_is_erased(device, 64, suite_sector(device) - 64));
    return NULL;
}

/* Every alignment of offset and memory, lengths around words and across pages; neighbours stay. */
static const char *check_alignment(const struct suite_device *device, uint32_t off, uint32_t len, uint32_t align)
{
    uint8_t *memory = suite_ram + align;

    fill(memory, off, len);
    CHECK(program(device, off, memory, len) == OK);
    memset(suite_back, 0, sizeof(suite_back));
    CHECK(read(device, off, suite_back + (align + 1) % 4, len) == OK);
    CHECK(memcmp(suite_back + (align + 1) % 4, memory, len) == 0);
    CHECK(suite_back[(align + 1) % 4 + len] == 0);
    CHECK(suite_is_erased(device, off + len, 4));
    return NULL;
}

static const char *check_alignments(const struct suite_device *device)
{
    static const uint16_t lengths[] = {1, 2, 3, 4, 5, 8, 255, 256, 257, 515};
    uint32_t block = write_block(device);
    uint32_t sector = suite_sector(device);
    uint32_t room = sector < 16384 ? 16384 : sector;
    uint32_t at = sector;

    CHECK(erase_area(device, sector, room) == OK);
    for (uint32_t n = 0; n < 16 * ARRAY_SIZE(lengths) && at + 1024 < sector + room; n++) {
        uint32_t len = (lengths[n / 16] + block - 1) & ~(block - 1);
        uint32_t off = at + (n % 4 & ~(block - 1));

        CHECK_ALL(check_alignment(device, off, len, n / 4 % 4));
        at = (off + len + 7) & ~3u;
    }
    return NULL;
}

/* Any part of what is there, to any address. */
static const char *check_reads(const struct suite_device *device)
{
    uint32_t len = SUITE_BUFFER;

    CHECK(erase_area(device, 0, suite_sector(device)) == OK);
    fill(suite_ram, 0, len);
    CHECK(program(device, 0, suite_ram, len) == OK);
    for (uint32_t off = 0; off < 300; off += 37) {
        for (uint32_t part = 1; part < 600; part += part < 10 ? 1 : 97) {
            memset(suite_back, 0xa5, sizeof(suite_back));
            CHECK(read(device, off, suite_back + off % 4, part) == OK);
            CHECK(memcmp(suite_back + off % 4, suite_ram + off, part) == 0);
            CHECK(suite_back[off % 4 + part] == 0xa5);
            CHECK(off % 4 == 0 || suite_back[off % 4 - 1] == 0xa5);
        }
    }
    return NULL;
}

/* A program that begins at every place around a page's end, and is as long as two pages. */
static const char *check_pages(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);
    uint32_t block = write_block(device);

    for (uint32_t n = 0; n < 6; n++) {
        uint32_t off = PAGE - 3 * block + n * block;

        CHECK(erase_area(device, 0, sector) == OK);
        fill(suite_ram, off, TWO_PAGES);
        CHECK(program(device, off, suite_ram, TWO_PAGES) == OK);
        CHECK(suite_is_erased(device, 0, off));
        CHECK(read(device, off, suite_back, TWO_PAGES) == OK);
        CHECK(memcmp(suite_back, suite_ram, TWO_PAGES) == 0);
        CHECK(suite_is_erased(device, off + TWO_PAGES, sector - off - TWO_PAGES));
    }
    return NULL;
}

static const char *check_source(const struct suite_device *device, const uint8_t *src, uint32_t len)
{
    CHECK(erase_area(device, 0, suite_sector(device)) == OK);
    CHECK(program(device, 128 + 4, src, len) == OK);
    CHECK(read(device, 128 + 4, suite_back, len) == OK);
    CHECK(memcmp(suite_back, src, len) == 0);
    return NULL;
}

/* Lies where the program lies: internal flash where code is executed there. */
static const uint8_t constants[601] = {[0] = 0x11, [1] = 0x22, [254] = 0x33, [255] = 0x44, [256] = 0x55, [599] = 0x66};

static const char *check_sources(const struct suite_device *device)
{
    uint8_t stack[64];

    CHECK_ALL(check_source(device, constants, 600));
    CHECK_ALL(check_source(device, constants + 1, 600));
    fill(stack, 5, sizeof(stack));
    CHECK_ALL(check_source(device, stack, 60));
    CHECK_ALL(check_source(device, stack + 3, 60));
    for (size_t i = 0; i < device->memory_count; i++) {
        const struct suite_memory *memory = &device->memories[i];
        uint32_t len = (memory->len < 512 ? (uint32_t)memory->len : 512) & ~7u;

        CHECK_ALL(check_source(device, memory->bytes, len));
        CHECK_ALL(check_source(device, memory->bytes + 1, len - 8));
    }
    return NULL;
}

/* What the first page made busy cannot be read while it is. */
static const char *check_window(const struct suite_device *device)
{
    const struct spi_controller *controller = device->nor == NULL ? NULL : device->nor->chip.controller;
    const uint8_t *window;

    if (controller == NULL || controller->window_len == 0) {
        return SUITE_SKIP "no window in memory";
    }
    window = (const uint8_t *)(uintptr_t)controller->window;
    CHECK(erase_area(device, 0, suite_sector(device)) == OK);
    CHECK(program(device, 0, window + 0x1000, 4) == ERR_FLASH_INVALID);
    CHECK(program(device, 0, window + controller->window_len - 4, 8) == ERR_FLASH_INVALID);
    CHECK(program(device, 0, window - 4, 8) == ERR_FLASH_INVALID);
    CHECK(suite_is_erased(device, 0, 64));
    return NULL;
}

/* A write block at both ends of each sector stands for its contents. */
static const char *mark(const struct suite_device *device, uint32_t off, uint32_t len)
{
    static const uint8_t zeros[8];
    uint32_t sector = suite_sector(device);
    uint32_t block = write_block(device);

    for (uint32_t at = off; at < off + len; at += sector) {
        CHECK(program(device, at, zeros, block) == OK);
        CHECK(program(device, at + sector - block, zeros, block) == OK);
    }
    return NULL;
}

static const char *check_erase(const struct suite_device *device, uint32_t off, uint32_t len)
{
    uint32_t sector = suite_sector(device);
    uint8_t edge[2] = {0xff, 0xff};

    CHECK(erase_area(device, off - sector, len + 2 * sector) == OK);
    CHECK_ALL(mark(device, off - sector, len + 2 * sector));
    CHECK(erase_area(device, off, len) == OK);
    CHECK(suite_is_erased(device, off, len));
    CHECK(read(device, off - 1, edge, 1) == OK);
    CHECK(read(device, off + len, edge + 1, 1) == OK);
    CHECK(edge[0] == 0 && edge[1] == 0);
    return NULL;
}

static const char *check_erase_sector(const struct suite_device *device)
{
    CHECK(erase_area(device, 0, 0) == OK);
    return check_erase(device, suite_sector(device), suite_sector(device));
}

/* From before a 64 KiB boundary to behind one: commands for 4, 32 and 64 KiB all occur. */
static const char *check_erase_sizes(const struct suite_device *device)
{
    if (device->len < SUITE_AREA || suite_sector(device) > 0x1000) {
        return SUITE_SKIP "one size of sector";
    }
    CHECK_ALL(check_erase(device, 0x8000, 0x8000));
    return check_erase(device, 0x17000, 0x2a000);
}

/* Programs and erases one after the other without a wait, then everything is as it was asked for. */
static const char *check_write_behind(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);

    fill(suite_ram, 0, SUITE_BUFFER);
    for (uint32_t n = 0; n < 3; n++) {
        CHECK(erase_area(device, n * sector, sector) == OK);
        CHECK(program(device, n * sector, suite_ram, 512) == OK);
        CHECK(program(device, n * sector + 512, suite_ram + 512, 512) == OK);
    }
    CHECK(read(device, sector, suite_back, SUITE_BUFFER) == OK);
    CHECK(memcmp(suite_back, suite_ram, SUITE_BUFFER) == 0);
    CHECK(erase_area(device, sector, sector) == OK);
    CHECK(flash_sync(device->flash) == OK);
    CHECK(flash_sync(device->flash) == OK);
    CHECK(suite_is_erased(device, sector, sector));
    CHECK(read(device, 2 * sector, suite_back, SUITE_BUFFER) == OK);
    CHECK(memcmp(suite_back, suite_ram, SUITE_BUFFER) == 0);
    return NULL;
}

/* The source may change once the next call has returned, and not before. */
static const char *check_source_is_free_after_sync(const struct suite_device *device)
{
    CHECK(erase_area(device, 0, suite_sector(device)) == OK);
    for (uint32_t n = 0; n < 4; n++) {
        fill(suite_ram, n * PAGE, PAGE);
        CHECK(program(device, n * PAGE, suite_ram, PAGE) == OK);
        CHECK(flash_sync(device->flash) == OK);
        memset(suite_ram, 0, PAGE);
    }
    CHECK(read(device, 0, suite_back, FOUR_PAGES) == OK);
    for (uint32_t i = 0; i < FOUR_PAGES; i++) {
        CHECK(suite_back[i] == suite_pattern(i));
    }
    return NULL;
}

static const char *check_bits_only_clear(const struct suite_device *device)
{
    uint8_t block[8];
    uint32_t len = write_block(device);

    CHECK(erase_area(device, 0, suite_sector(device)) == OK);
    memset(block, 0xf5, sizeof(block));
    CHECK(program(device, 0, block, len) == OK);
    memset(block, 0x35, sizeof(block)); /* a subset: a second program of the block */
    CHECK(program(device, 0, block, len) == OK);
    CHECK(read(device, 0, suite_back, len + 1) == OK);
    CHECK(memcmp(suite_back, block, len) == 0);
    CHECK(suite_back[len] == 0xff);
    return NULL;
}

static const char *check_refusals(const struct suite_device *device)
{
    const struct flash_device *flash = device->flash;
    uint32_t size = flash_geometry(flash)->size;
    uint32_t block = write_block(device);
    uint8_t data[8] = {0};

    CHECK(erase_area(device, 1, suite_sector(device)) == ERR_FLASH_INVALID);
    CHECK(erase_area(device, 0, suite_sector(device) - 1) == ERR_FLASH_INVALID);
    CHECK(flash_erase(flash, size - suite_sector(device), 2 * suite_sector(device)) == ERR_FLASH_INVALID);
    CHECK(flash_erase(flash, suite_sector(device), UINT32_MAX & ~(suite_sector(device) - 1)) == ERR_FLASH_INVALID);
    CHECK(flash_program(flash, size, data, block) == ERR_FLASH_INVALID);
    CHECK(flash_program(flash, UINT32_MAX - 3, data, 8) == ERR_FLASH_INVALID);
    CHECK(block == 1 || program(device, 1, data, block) == ERR_FLASH_INVALID);
    CHECK(block == 1 || program(device, 0, data, block - 1) == ERR_FLASH_INVALID);
    CHECK(program(device, 0, data, 0) == OK);
    CHECK(flash_read(flash, size - 1, data, 1) == OK);
    CHECK(flash_read(flash, size - 1, data, 2) == ERR_FLASH_INVALID);
    CHECK(flash_read(flash, UINT32_MAX, data, 2) == ERR_FLASH_INVALID);
    CHECK(read(device, 0, data, 0) == OK);
    return NULL;
}

/* Down and up again, also in the middle of something: nothing is forgotten. */
static const char *check_restart(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);
    uint8_t byte = 0xff;
    int result;

    CHECK_ALL(suite_check_works(device));
    CHECK(flash_deinit(device->flash) == OK);
    CHECK(flash_deinit(device->flash) == OK);
    result = read(device, 3, &byte, 1);
    CHECK(result == ERR_FLASH_NO_DEVICE || (result == OK && byte == suite_pattern(3)));
    CHECK(flash_init(device->flash) == OK);
    CHECK(read(device, 3, &byte, 1) == OK);
    CHECK(byte == suite_pattern(3));
    CHECK(erase_area(device, sector, sector) == OK);
    CHECK(flash_init(device->flash) == OK);
    CHECK(suite_is_erased(device, sector, sector));
    CHECK(read(device, 3, &byte, 1) == OK);
    CHECK(byte == suite_pattern(3));
    return NULL;
}

/* Two devices at the same time, and a sync of each. */
static const char *check_two_devices(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);

    if (device->other == NULL) {
        return SUITE_SKIP "no other device";
    }
    CHECK(erase_area(device, 0, sector) == OK);
    CHECK(flash_read(device->other, 0, suite_back, 64) == OK);
    fill(suite_ram, 0, 512);
    CHECK(program(device, 0, suite_ram, 512) == OK);
    CHECK(flash_read(device->other, 0, suite_back + 64, 64) == OK);
    CHECK(memcmp(suite_back, suite_back + 64, 64) == 0);
    CHECK(flash_sync(device->other) == OK);
    CHECK(flash_sync(device->flash) == OK);
    CHECK(read(device, 0, suite_back, 512) == OK);
    CHECK(memcmp(suite_back, suite_ram, 512) == 0);
    return NULL;
}

/* Above 16 MiB the fourth byte of an address counts. */
static const char *check_far(const struct suite_device *device)
{
    uint32_t far = device->off ^ FAR;
    uint32_t sector = suite_sector(device);

    if (flash_geometry(device->flash)->size < 2 * FAR) {
        return SUITE_SKIP "at most 16 MiB";
    }
    CHECK(flash_erase(device->flash, far, sector) == OK);
    CHECK_ALL(suite_check_works(device));
    CHECK(flash_read(device->flash, far, suite_back, 64) == OK);
    for (uint32_t i = 0; i < 64; i++) {
        CHECK(suite_back[i] == 0xff);
    }
    fill(suite_ram, 7, 64);
    CHECK(flash_program(device->flash, far, suite_ram, 64) == OK);
    CHECK(flash_read(device->flash, device->off, suite_back, 64) == OK);
    CHECK(suite_back[0] == suite_pattern(0) && suite_back[63] == suite_pattern(63));
    CHECK(flash_erase(device->flash, far, sector) == OK);
    CHECK(flash_read(device->flash, device->off, suite_back, 64) == OK);
    CHECK(suite_back[0] == suite_pattern(0) && suite_back[63] == suite_pattern(63));
    return NULL;
}

/* Accesses that begin below 16 MiB and end above. */
static const char *check_across(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);

    if (flash_geometry(device->flash)->size < 2 * FAR) {
        return SUITE_SKIP "at most 16 MiB";
    }
    CHECK(flash_erase(device->flash, FAR - sector, 2 * sector) == OK);
    fill(suite_ram, 3, FOUR_PAGES);
    CHECK(flash_program(device->flash, FAR - TWO_PAGES - 4, suite_ram, FOUR_PAGES) == OK);
    CHECK(flash_read(device->flash, FAR - TWO_PAGES - 4, suite_back, FOUR_PAGES) == OK);
    CHECK(memcmp(suite_back, suite_ram, FOUR_PAGES) == 0);
    CHECK(flash_erase(device->flash, FAR - sector, 2 * sector) == OK);
    CHECK(flash_read(device->flash, FAR - 4, suite_back, 8) == OK);
    CHECK(suite_back[0] == 0xff && suite_back[7] == 0xff);
    return NULL;
}

/* The last sector is reached, and is not the first. */
static const char *check_end(const struct suite_device *device)
{
    uint32_t sector = suite_sector(device);
    uint32_t off = flash_geometry(device->flash)->size - sector;

    CHECK_ALL(suite_check_works(device));
    CHECK(flash_erase(device->flash, off, sector) == OK);
    fill(suite_ram, 1000, 512);
    CHECK(flash_program(device->flash, off + sector - 512, suite_ram, 512) == OK);
    CHECK(flash_read(device->flash, off + sector - 512, suite_back, 512) == OK);
    CHECK(memcmp(suite_back, suite_ram, 512) == 0);
    CHECK(flash_read(device->flash, off + sector - 516, suite_back, 4) == OK);
    CHECK(suite_back[0] == 0xff && suite_back[3] == 0xff);
    CHECK(read(device, 0, suite_back, 64) == OK);
    for (uint32_t i = 0; i < 64; i++) {
        CHECK(suite_back[i] == suite_pattern(i));
    }
    return NULL;
}

const struct suite_check suite_accesses[] = {
    {"geometry covers the device", check_geometry},
    {"smallest programs, one-byte reads", check_smallest},
    {"every alignment of offset and memory", check_alignments},
    {"reads of any part", check_reads},
    {"programs across pages", check_pages},
    {"sources in every memory", check_sources},
    {"sources in the device's own window are refused", check_window},
    {"erase of one sector", check_erase_sector},
    {"erase by 4, 32 and 64 KiB", check_erase_sizes},
    {"write-behind and sync", check_write_behind},
    {"source is free after sync", check_source_is_free_after_sync},
    {"bits only clear", check_bits_only_clear},
    {"ranges outside are refused", check_refusals},
    {"first and last sector", check_end},
    {"addresses above 16 MiB", check_far},
    {"accesses across 16 MiB", check_across},
    {"two devices at the same time", check_two_devices},
    {"restart, also in an erase", check_restart},
    {NULL, NULL},
};
