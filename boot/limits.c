#include "boot/limits.h"

#include <string.h>

#include "boot/chosen.h"
#include "boot/mode.h"

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* What a mode that installs refuses by. */
static int largest_installed(const struct boot_config *config, const struct boot_areas *areas, uint32_t *bytes)
{
    struct boot boot;
    int err;

    memset(&boot, 0, sizeof boot);
    boot.config = config;
    boot.areas = areas;
    err = boot_lay_out(&boot);
    if (err == OK) {
        err = boot_mode(&boot)->check(&boot);
    }
    if (err == OK) {
        *bytes = boot_mode(&boot)->source_limit(&boot, SWAP_TEST);
    }
    return err;
}

/* Where an image stays: up to the flags of its trailer, in either slot, and within the RAM that it is loaded to. */
static int largest_in_place(const struct boot_config *config, const struct boot_areas *areas, uint32_t *bytes)
{
    const struct trailer_params params = {.max_align =
                                              trailer_max_align(flash_geometry(areas->primary->dev)->write_block,
                                                                flash_geometry(areas->secondary->dev)->write_block)};
    struct trailer_layout primary;
    struct trailer_layout secondary;
    int err = trailer_layout_init(&primary, areas->primary, &params);

    if (err == OK) {
        err = trailer_layout_init(&secondary, areas->secondary, &params);
    }
    if (err != OK) {
        return err;
    }
    *bytes = smaller(primary.swap_info, secondary.swap_info);
    if (config->ram.size != 0) {
        *bytes = smaller(*bytes, config->ram.size);
    }
    return OK;
}

int limits_largest_image(const struct boot_config *config, const struct boot_areas *areas, uint32_t *bytes)
{
    if (areas->secondary == NULL) {
        *bytes = areas->primary->size;
        return OK;
    }
    return config->mode == NULL ? largest_in_place(config, areas, bytes) : largest_installed(config, areas, bytes);
}
