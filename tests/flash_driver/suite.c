#include "tests/flash_driver/suite.h"

#include <stdio.h>
#include <string.h>

uint8_t suite_ram[SUITE_BUFFER + 8] __attribute__((aligned(8)));
uint8_t suite_back[SUITE_BUFFER + 8] __attribute__((aligned(8)));

uint8_t suite_pattern(uint32_t at)
{
    return (uint8_t)(at * 7 + (at >> 8) + 3);
}

uint32_t suite_sector(const struct suite_device *device)
{
    uint32_t start;
    uint32_t size = 0;

    return flash_sector_at(device->flash, device->off, &start, &size) == OK ? size : 0;
}

bool suite_is_erased(const struct suite_device *device, uint32_t off, uint32_t len)
{
    for (uint32_t at = off; at < off + len; at += SUITE_BUFFER) {
        uint32_t part = off + len - at < SUITE_BUFFER ? off + len - at : SUITE_BUFFER;

        if (flash_read(device->flash, device->off + at, suite_back, part) != OK) {
            return false;
        }
        for (uint32_t i = 0; i < part; i++) {
            if (suite_back[i] != flash_geometry(device->flash)->erased_value) {
                return false;
            }
        }
    }
    return true;
}

const char *suite_check_works(const struct suite_device *device)
{
    uint8_t data[64];

    for (uint32_t i = 0; i < sizeof(data); i++) {
        data[i] = suite_pattern(i);
    }
    CHECK(flash_erase(device->flash, device->off, suite_sector(device)) == OK);
    CHECK(flash_program(device->flash, device->off, data, sizeof(data)) == OK);
    CHECK(flash_sync(device->flash) == OK);
    memset(suite_back, 0, sizeof(data));
    CHECK(flash_read(device->flash, device->off, suite_back, sizeof(data)) == OK);
    CHECK(memcmp(suite_back, data, sizeof(data)) == 0);
    return NULL;
}

static void report(const char *name, const char *outcome, struct suite_count *count)
{
    if (outcome == NULL) {
        printf("PASS %s\n", name);
        count->passed++;
    } else if (strncmp(outcome, SUITE_SKIP, sizeof(SUITE_SKIP) - 1) == 0) {
        printf("SKIP %s: %s\n", name, outcome + sizeof(SUITE_SKIP) - 1);
        count->skipped++;
    } else {
        printf("FAIL %s: %s\n", name, outcome);
        count->failed++;
    }
}

static void run_all(const struct suite_device *device, const struct suite_check *check, struct suite_count *count)
{
    for (; check->name != NULL; check++) {
        report(check->name, check->run(device), count);
    }
}

static const char *check_start(const struct suite_device *device)
{
    CHECK(flash_init(device->flash) == OK);
    return NULL;
}

void suite_run(const struct suite_device *device, struct suite_count *count)
{
    const char *failure = check_start(device);

    printf("device %s\n", device->flash->name);
    report("init", failure, count);
    if (failure != NULL) {
        return;
    }
    run_all(device, suite_accesses, count);
    if (device->nor != NULL) {
        run_all(device, suite_states, count);
    }
}

static const char *check_unusable(const struct suite_device *device)
{
    const struct flash_device *flash = device->flash;
    uint8_t byte = 0;

    CHECK(flash_read(flash, 0, &byte, 1) == ERR_FLASH_NO_DEVICE);
    CHECK(flash_program(flash, 0, &byte, 1) == ERR_FLASH_NO_DEVICE);
    CHECK(flash_erase(flash, 0, suite_sector(device)) == ERR_FLASH_NO_DEVICE);
    CHECK(flash_sync(flash) == ERR_FLASH_NO_DEVICE);
    CHECK(flash_geometry(flash)->size > 0);
    CHECK(flash_deinit(flash) == OK);
    return NULL;
}

void suite_run_unusable(const struct suite_device *device, int expected, struct suite_count *count)
{
    int result = flash_init(device->flash);

    printf("device %s\n", device->flash->name);
    report("init tells what is wrong", result == expected ? NULL : "another result", count);
    report("nothing is accessed", check_unusable(device), count);
}
