/* `farboot imgtool max-size`: the largest image that fits, from the same function that the bootloader refuses by. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <farboot/log.h>

#include "boot/limits.h"
#include "boot/mode.h"
#include "cli/commands.h"
#include "cli/options.h"

#define SINGLE "single-app"

static const struct cli_option options[] = {
    {"mode", 'm', CLI_VALUE, "MODE", "update mode, as the build names it; default swap-using-offset"},
    {"slot-size", 'S', CLI_VALUE, "BYTES", "of the primary slot (required)"},
    {"secondary-size", 0, CLI_VALUE, "BYTES", "of the secondary slot; default: as the primary"},
    {"sector", 0, CLI_VALUE, "BYTES", "that the primary's flash erases at once; default 4096"},
    {"secondary-sector", 0, CLI_VALUE, "BYTES", "the same of the secondary's; default: as the primary's"},
    {"align", 0, CLI_VALUE, "BYTES", "write block of the primary's flash; default 4"},
    {"secondary-align", 0, CLI_VALUE, "BYTES", "write block of the secondary's flash; default: as the primary's"},
    {"scratch-size", 0, CLI_VALUE, "BYTES", "swap using scratch: the scratch area, on the primary's flash"},
    {"ram-size", 0, CLI_VALUE, "BYTES", "RAM load: the RAM that images are loaded to"},
    {"max-sectors", 'M', CLI_VALUE, "N", "CONFIG_BOOT_MAX_IMG_SECTORS; default 0: computed"},
};

static const struct cli_command command = {
    .name = "imgtool max-size",
    .summary =
        "Prints the size of the largest image, from its header to the end of its TLVs, that an update can install.",
    .positional = "",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .example = "  farboot imgtool max-size --mode swap-using-offset --slot-size 0xf4000",
};

/* NULL: images stay where they are, or are loaded. Names are the build's, MCUBOOT_BOOTLOADER_MODE_*. */
static const struct {
    const char *name;
    const struct boot_mode *mode;
} modes[] = {
    {"swap-using-offset", &boot_mode_swap_offset},
    {"swap-using-move", &boot_mode_swap_move},
    {"swap-scratch", &boot_mode_swap_scratch},
    {"overwrite-only", &boot_mode_overwrite},
    {"upgrade-with-backup", &boot_mode_backup},
    {"direct-xip", NULL},
    {"direct-xip-with-revert", NULL},
    {"ram-load", NULL},
    {"ram-load-with-revert", NULL},
    {SINGLE, NULL},
};

#define MODES (sizeof(modes) / sizeof(modes[0]))

/* Why slots cannot be used is what the bootloader would say. */
static char reason[160];

void log_line(char level, const char *format, ...)
{
    va_list args;

    (void)level;
    va_start(args, format);
    /* The analyzer overlooks va_start above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
}

/* Flash of which only the geometry is asked for. */
struct paper_flash {
    struct flash_range range;
    struct flash_geometry geometry;
    struct flash_device device;
    struct flash_area area;
};

static const struct flash_geometry *geometry_of(const struct flash_device *dev)
{
    return dev->config;
}

static void paper_flash_init(struct paper_flash *flash, uint32_t size, uint32_t sector, uint32_t write_block)
{
    static const struct flash_driver driver = {.geometry = geometry_of};

    flash->range = (struct flash_range){0, sector, (size + sector - 1) / sector};
    flash->geometry = (struct flash_geometry){.size = flash->range.count * sector,
                                              .write_block = write_block,
                                              .erased_value = 0xff,
                                              .range_count = 1,
                                              .ranges = &flash->range};
    flash->device = (struct flash_device){.driver = &driver, .config = &flash->geometry, .name = "paper"};
    flash->area = (struct flash_area){.dev = &flash->device, .off = 0, .size = size};
}

/* The sizes of both slots; the secondary's are the primary's unless given. */
static bool take_flash(const struct cli_args *args, struct paper_flash flash[2], uint64_t *max_sectors)
{
    static const uint64_t most = UINT32_MAX / 2;
    uint64_t size[2];
    uint64_t sector[2];
    uint64_t align[2];

    if (!cli_number(args, "slot-size", 0, most, &size[0]) ||
        !cli_number(args, "secondary-size", size[0], most, &size[1]) ||
        !cli_number(args, "sector", 4096, most, &sector[0]) ||
        !cli_number(args, "secondary-sector", sector[0], most, &sector[1]) ||
        !cli_number(args, "align", 4, TRAILER_MAX_ALIGN_MAX, &align[0]) ||
        !cli_number(args, "secondary-align", align[0], TRAILER_MAX_ALIGN_MAX, &align[1]) ||
        !cli_number(args, "max-sectors", 0, most, max_sectors)) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        if (size[i] == 0 || sector[i] == 0 || align[i] == 0) {
            (void)cli_usage(&command, "%s", "sizes must not be 0: --slot-size is needed");
            return false;
        }
        paper_flash_init(&flash[i], (uint32_t)size[i], (uint32_t)sector[i], (uint32_t)align[i]);
    }
    return true;
}

/* Returns false after a usage error. */
static bool choose_mode(const struct cli_args *args, size_t *mode)
{
    const char *names[MODES];

    for (size_t i = 0; i < MODES; i++) {
        names[i] = modes[i].name;
    }
    return cli_choice(args, "mode", names, MODES, 0, mode);
}

static int print_limit(const struct cli_args *args)
{
    struct paper_flash flash[2];
    struct paper_flash scratch;
    struct boot_areas areas = {.primary = &flash[0].area, .secondary = &flash[1].area};
    struct boot_config config = {.images = &areas, .image_count = 1};
    struct failure failure;
    uint64_t max_sectors;
    uint64_t ram_size;
    uint64_t scratch_size;
    uint32_t bytes;
    size_t mode;

    if (!choose_mode(args, &mode) || !cli_number(args, "ram-size", 0, UINT32_MAX, &ram_size) ||
        !cli_number(args, "scratch-size", 0, UINT32_MAX / 2, &scratch_size) || !take_flash(args, flash, &max_sectors)) {
        return CLI_USAGE;
    }
    config.mode = modes[mode].mode;
    config.max_sectors = (uint32_t)max_sectors;
    config.ram.size = (uint32_t)ram_size;
    if (scratch_size != 0) {
        paper_flash_init(&scratch, (uint32_t)scratch_size, flash[0].range.sector_size, flash[0].geometry.write_block);
        config.scratch = &scratch.area;
    }
    if (strcmp(modes[mode].name, SINGLE) == 0) {
        areas.secondary = NULL;
    }
    if (limits_largest_image(&config, &areas, &bytes) != OK) {
        (void)failure_set(&failure, ERR_BOOT_GEOMETRY, "no image can be installed in these slots by %s%s%s",
                          modes[mode].name, reason[0] != '\0' ? ": " : "", reason);
        return cli_failed(&command, &failure);
    }
    (void)printf("%u\n", (unsigned)bytes);
    return CLI_DONE;
}

int cmd_imgtool_max_size(int argc, char **argv)
{
    struct cli_args args;
    int status;

    if (cli_parse(&command, argc, argv, &args, &status)) {
        status = print_limit(&args);
    }
    cli_args_free(&args);
    return status;
}
