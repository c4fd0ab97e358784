/*
 * Partition files: any pm.yml, and behind a zero byte any static configuration, become a map that can be written and
 * read again, or one line that says why not.
 */
#include <stdlib.h>
#include <string.h>

#include "partition/pm_config.h"
#include "partition/pm_emit.h"
#include "partition/pm_parse.h"
#include "partition/pm_report.h"
#include "partition/pm_resolve.h"
#include "tests/fuzz/fuzz.h"

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Everything that can be made of a map; what is written must say the same when it is read. */
static void use_map(struct pm_map *map)
{
    const struct pm_map *pointer = map;
    struct pm_map again = *map;
    struct buffer first = {0};
    struct buffer second = {0};
    struct buffer notes = {0};
    struct failure failure;

    pm_emit_partitions(map, &first);
    again.partitions = (struct pm_set){0};
    require(pm_parse_partitions(&again, PM_SOURCE_RESULT, "partitions.yml", &first, &notes, &failure) == OK);
    pm_emit_partitions(&again, &second);
    require(strcmp(buffer_text(&first), buffer_text(&second)) == 0);
    require(pm_config_file(&pointer, 1, &first, &failure) == OK);
    pm_report(map, false, &first);
    buffer_free(&first);
    buffer_free(&second);
    buffer_free(&notes);
}

static int run(struct pm_map *map, const struct buffer *wanted, const struct buffer *fixed, struct failure *failure)
{
    struct pm_map parsed = *map;
    struct pm_map statics = *map;
    struct buffer notes = {0};
    int err = pm_parse_partitions(&parsed, PM_SOURCE_WANTED, "pm.yml", wanted, &notes, failure);

    if (err == OK) {
        err = pm_parse_partitions(&statics, PM_SOURCE_STATIC, "pm_static.yml", fixed, &notes, failure);
    }
    if (err == OK) {
        err = pm_resolve(map, &parsed.partitions, &statics.partitions, &notes, failure);
    }
    buffer_free(&notes);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_region regions[] = {
        {"flash_primary", 0, 0x100000, PM_COMPLEX, "flash_controller", "CONFIG_SOC_FLASH_NRF", NULL},
        {"external_flash", 0, 0x10000, PM_START_TO_END, "DT_CHOSEN(nordic_pm_ext_flash)", "", NULL},
        {"otp", 0xff8100, 764, PM_END_TO_START, "", "", NULL},
        {"sram_primary", 0x20000000, 0x40000, PM_COMPLEX, "", "", "sram_primary"},
    };
    struct pm_pool pool = {0};
    struct pm_map map = {.pool = &pool, .domain = "", .regions = regions, .region_count = 4};
    const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
    size_t wanted_len = zero != NULL ? (size_t)(zero - data) : size;
    struct buffer wanted = {0};
    struct buffer fixed = {0};
    struct failure failure = {0};

    if (size > 0) {
        buffer_append(&wanted, data, wanted_len);
    }
    if (zero != NULL) {
        buffer_append(&fixed, zero + 1, size - wanted_len - 1);
    }
    if (run(&map, &wanted, &fixed, &failure) == OK) {
        use_map(&map);
    } else {
        require(failure.text[0] != 0 && strchr(failure.text, '\n') == NULL);
    }
    buffer_free(&wanted);
    buffer_free(&fixed);
    pm_pool_free(&pool);
    return 0;
}
