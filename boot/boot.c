#include "boot/boot.h"

#include <string.h>

#include <farboot/log.h>

#include "boot/mode.h"

/* Sector size if all are equal, and their number if the slot consists of whole sectors. Walks them; keeps nothing. */
static void measure(struct boot_slot *slot)
{
    uint32_t end = 0;
    uint32_t count = 0;

    slot->sector = 0;
    slot->sectors = 0;
    while (end < slot->area->size) {
        uint32_t start = 0;
        uint32_t size = 0;

        if (flash_area_sector_at(slot->area, end, &start, &size) != OK || start != end) {
            return;
        }
        slot->sector = count == 0 || slot->sector == size ? size : 0;
        end = start + size;
        count++;
    }
    slot->sectors = end == slot->area->size ? count : 0;
}

static int lay_out_trailers(struct boot *boot)
{
    const struct boot_mode *mode = boot->config->mode;
    struct boot_slot *primary = &boot->slots[BOOT_PRIMARY];
    struct boot_slot *secondary = &boot->slots[BOOT_SECONDARY];
    uint32_t larger = primary->sectors > secondary->sectors ? primary->sectors : secondary->sectors;
    uint32_t max_sectors = boot->config->max_sectors != 0 ? boot->config->max_sectors : larger;
    struct trailer_params params = {
        .max_align = trailer_max_align(flash_geometry(primary->area->dev)->write_block,
                                       flash_geometry(secondary->area->dev)->write_block),
        .tlv_sizes = mode->has_tlv_sizes,
    };
    int err;

    if (max_sectors > UINT32_MAX / 4) {
        return ERR_BOOT_GEOMETRY;
    }
    params.status_cells = max_sectors * mode->status_steps;
    err = trailer_layout_init(&primary->layout, primary->area, &params);
    return err != OK ? err : trailer_layout_init(&secondary->layout, secondary->area, &params);
}

static int read_trailers(struct boot *boot)
{
    const struct boot_slot *primary = &boot->slots[BOOT_PRIMARY];
    const struct boot_slot *secondary = &boot->slots[BOOT_SECONDARY];
    int err = trailer_read(primary->area, &primary->layout, &boot->update.primary);

    if (err != OK) {
        return err;
    }
    if (trailer_read(secondary->area, &secondary->layout, &boot->update.secondary) != OK) {
        LOG_INF("Secondary image of image pair (0) is unreachable. Treat it as empty");
        boot->has_secondary = false;
    }
    return OK;
}

/* Without a secondary slot nothing is updated, and the primary's trailer decides nothing. */
static int open_slots(struct boot *boot)
{
    int err;

    boot->slots[BOOT_PRIMARY].area = boot->areas->primary;
    measure(&boot->slots[BOOT_PRIMARY]);
    boot->has_secondary = boot->areas->secondary != NULL;
    if (!boot->has_secondary) {
        return OK;
    }
    boot->slots[BOOT_SECONDARY].area = boot->areas->secondary;
    measure(&boot->slots[BOOT_SECONDARY]);
    err = lay_out_trailers(boot);
    if (err != OK) {
        LOG_WRN("Cannot upgrade: not a compatible amount of sectors");
        boot->has_secondary = false;
        return OK;
    }
    return read_trailers(boot);
}

void boot_verify_primary(struct boot *boot)
{
    const struct flash_area *area = boot->slots[BOOT_PRIMARY].area;
    struct image image;

    boot->primary_is_valid = HARDENED_FALSE;
    if (image_open_untrusted(&image, area, 0, area->size) != OK) {
        return;
    }
    if (!boot->config->validate_primary) {
        boot->primary_is_valid = HARDENED_TRUE;
    } else if (verify_image(&boot->verifier, &image, &boot->primary_is_valid) != OK) {
        return;
    }
    if (boot->index == 0) {
        boot->result->header = image.header;
    }
}

/* What the trailers of one pair ask for is done, as far as it can be. */
static int update_image(struct boot *boot)
{
    int err = open_slots(boot);

    if (err == OK && boot->has_secondary) {
        boot_update(boot);
    }
    return err;
}

static int validate_image(struct boot *boot)
{
    if (boot->primary_is_valid != HARDENED_TRUE) {
        boot_verify_primary(boot);
    }
    if (boot->primary_is_valid != HARDENED_TRUE && boot->has_secondary) {
        LOG_ERR("Image in the primary slot is not valid!");
        boot_recover(boot);
    }
    if (hardened_launder(boot->primary_is_valid) != HARDENED_TRUE) {
        return ERR_BOOT_NO_IMAGE;
    }
    HARDENED_CHECK(boot->primary_is_valid == HARDENED_TRUE);
    return OK;
}

static void begin_image(struct boot *boot, const struct boot_config *config, size_t index, struct boot_result *result)
{
    boot->config = config;
    boot->areas = &config->images[index];
    boot->result = result;
    boot->outcome = &result->outcome[index];
    boot->index = (uint8_t)index;
    boot->verifier = (struct verifier){config->keys, config->key_count, config->buffer, config->buffer_size};
    boot->primary_is_valid = HARDENED_FALSE;
    boot->update.is_installed = HARDENED_FALSE;
    boot->update.type = SWAP_NONE;
    *boot->outcome = (struct boot_outcome){.performed = SWAP_NONE, .refused = OK};
}

int boot_go(const struct boot_config *config, struct boot_result *result)
{
    struct boot boots[BOOT_IMAGES_MAX];
    int err = OK;

    memset(boots, 0, sizeof boots);
    *result = (struct boot_result){.is_verified = HARDENED_FALSE};
    for (size_t i = 0; err == OK && i < config->image_count; i++) {
        begin_image(&boots[i], config, i, result);
        err = update_image(&boots[i]);
    }
    for (size_t i = config->image_count; err == OK && i-- > 0;) { /* the first one last: its header is the result's */
        err = validate_image(&boots[i]);
    }
    if (err != OK) {
        return err;
    }
    result->is_verified = boots[0].primary_is_valid;
    result->image_off = config->images[0].primary->off;
    return OK;
}
