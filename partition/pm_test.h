/*
 * What the Partition Manager's unit tests share: a run from YAML text to a map, with the regions of a usual board.
 */
#ifndef PARTITION_PM_TEST_H
#define PARTITION_PM_TEST_H

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "partition/pm_emit.h"
#include "partition/pm_parse.h"
#include "partition/pm_resolve.h"

struct pm_test {
    struct pm_pool pool;
    struct pm_map map;
    struct buffer notes;
    struct failure failure;
    struct pm_region regions[4];
};

/* flash_primary (complex, 1 MiB), external_flash (start_to_end, 64 KiB), sram_primary (complex), otp (end_to_start). */
static inline void pm_test_begin(struct pm_test *test)
{
    *test = (struct pm_test){
        .regions = {
            {.name = "flash_primary", .size = 0x100000, .strategy = PM_COMPLEX, .device = "flash_controller"},
            {.name = "external_flash", .size = 0x10000, .device = "mx25r64"},
            {.name = "sram_primary",
             .base = 0x20000000,
             .size = 0x40000,
             .strategy = PM_COMPLEX,
             .device = "",
             .dynamic_partition = "sram_primary"},
            {.name = "otp", .base = 0xff8100, .size = 764, .strategy = PM_END_TO_START, .device = ""},
        }};
    test->map = (struct pm_map){.pool = &test->pool, .domain = "", .regions = test->regions, .region_count = 4};
    for (size_t i = 0; i < 4; i++) {
        test->regions[i].default_driver_kconfig = "";
    }
}

static inline int pm_test_parse(struct pm_test *test, enum pm_source source, const char *path, const char *text,
                                struct pm_set *set)
{
    struct pm_map map = {.pool = &test->pool, .domain = "", .partitions = *set};
    struct buffer buffer = {0};
    int err;

    buffer_append(&buffer, text, strlen(text));
    err = pm_parse_partitions(&map, source, path, &buffer, &test->notes, &test->failure);
    buffer_free(&buffer);
    *set = map.partitions;
    return err;
}

/* `fixed` is a static configuration or NULL. Returns what parsing or resolving returned. */
static inline int pm_test_run(struct pm_test *test, const char *wanted, const char *fixed)
{
    struct pm_set wanted_set = {0};
    struct pm_set fixed_set = {0};
    int err = pm_test_parse(test, PM_SOURCE_WANTED, "pm.yml", wanted, &wanted_set);

    if (err == OK && fixed != NULL) {
        err = pm_test_parse(test, PM_SOURCE_STATIC, "pm_static.yml", fixed, &fixed_set);
    }
    return err == OK ? pm_resolve(&test->map, &wanted_set, &fixed_set, &test->notes, &test->failure) : err;
}

static inline void pm_test_end(struct pm_test *test)
{
    buffer_free(&test->notes);
    pm_pool_free(&test->pool);
}

#endif
