/*
 * Boots flash contents that somebody else left: boot_dump MODE PRIMARY SECONDARY SCRATCH KEY MAX_SECTORS [CUT]. The
 * files are areas of 4 KiB sectors, the secondary external with write block 1 and the others internal with 4; they are
 * replaced by what is there after one boot. SCRATCH may be empty. With CUT, power is lost before that operation. Prints
 * what was performed; exit status 0 when an image was found, 3 after a cut.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <farboot/log.h>

#include "boot/boot.h"
#include "flash/model/nor_device.h"
#include "host/buffer.h"
#include "host/file.h"

#define SECTOR 4096U

struct slot {
    struct buffer contents;
    struct flash_range range;
    struct nor_config config;
    struct nor_device device;
    struct flash_area area;
};

static const struct nor_erase_time erase_time[] = {{SECTOR, 1}};

void log_line(char level, const char *format, ...)
{
    char text[160] = "";
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)printf("%c: %s\n", level, text);
}

static void die(const struct failure *failure)
{
    (void)fprintf(stderr, "boot_dump: %s\n", failure->text);
    exit(2);
}

static void load(const char *path, struct buffer *out)
{
    struct failure failure;

    if (file_read(path, out, &failure) != OK) {
        die(&failure);
    }
}

static void open_slot(struct slot *slot, struct nor_power *power, const char *path, uint32_t write_block)
{
    uint32_t size;

    load(path, &slot->contents);
    size = (uint32_t)slot->contents.len;
    slot->range = (struct flash_range){0, SECTOR, size / SECTOR};
    slot->config = (struct nor_config){
        .name = path, .geometry = {size, write_block, 0xff, 1, &slot->range}, .timing = {256, 1, 1, 1, erase_time, 1}};
    nor_device_init(&slot->device, power, &slot->config, slot->contents.data);
    slot->area = (struct flash_area){.dev = &slot->device.flash, .size = size};
}

static void close_slot(struct slot *slot, const char *path)
{
    struct failure failure;

    if (file_write(path, slot->contents.data, slot->contents.len, &failure) != OK) {
        die(&failure);
    }
    nor_device_free(&slot->device);
    buffer_free(&slot->contents);
}

static const struct boot_mode *find_mode(const char *name)
{
    static const struct {
        const char *name;
        const struct boot_mode *mode;
    } modes[] = {{"offset", &boot_mode_swap_offset},
                 {"move", &boot_mode_swap_move},
                 {"scratch", &boot_mode_swap_scratch},
                 {"overwrite", &boot_mode_overwrite}};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(name, modes[i].name) == 0) {
            return modes[i].mode;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static uint8_t work[1024];
    static struct slot primary;
    static struct slot secondary;
    static struct slot scratch;
    struct nor_power power = {0};
    struct buffer key_der = {0};
    struct boot_key key;
    struct boot_areas areas;
    struct boot_config config;
    struct boot_result result;
    int err;

    if (argc < 7 || argc > 8 || find_mode(argv[1]) == NULL) {
        (void)fprintf(
            stderr,
            "usage: boot_dump offset|move|scratch|overwrite PRIMARY SECONDARY SCRATCH KEY.der MAX_SECTORS [CUT]\n");
        return 2;
    }
    open_slot(&primary, &power, argv[2], 4);
    open_slot(&secondary, &power, argv[3], 1);
    open_slot(&scratch, &power, argv[4], 4);
    load(argv[5], &key_der);
    key = (struct boot_key){key_der.data, key_der.len};
    areas = (struct boot_areas){.primary = &primary.area, .secondary = &secondary.area};
    config = (struct boot_config){.images = &areas,
                                  .image_count = 1,
                                  .mode = find_mode(argv[1]),
                                  .scratch = scratch.area.size > 0 ? &scratch.area : NULL,
                                  .keys = &key,
                                  .key_count = 1,
                                  .buffer = work,
                                  .buffer_size = sizeof work,
                                  .max_sectors = (uint32_t)strtoul(argv[6], NULL, 10),
                                  .validate_primary = true};
    nor_power_on(&power, argc == 8 ? strtoull(argv[7], NULL, 10) : NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    err = boot_go(&config, &result);
    if (!power.off && nor_power_settle(&power) != OK) {
        err = ERR_FLASH_PHYSICS;
    }
    (void)printf("result %d, performed %d, %" PRIu64 " operations\n", err, (int)result.outcome[0].performed, power.ops);
    close_slot(&primary, argv[2]);
    close_slot(&secondary, argv[3]);
    close_slot(&scratch, argv[4]);
    buffer_free(&key_der);
    return power.off ? 3 : err == OK ? 0 : 1;
}
