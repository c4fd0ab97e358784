/*
 * Single slot: the image in the primary is verified and started, and nothing is ever written. docs/SPEC.md, "Single
 * slot".
 */
#include "boot/counter.h"

#include <farboot/log.h>

int boot_single(const struct boot_config *config, struct boot_result *result)
{
    const struct boot_areas *areas = &config->images[0];
    struct verifier verifier;
    struct records records;
    struct image image;
    int err;

    *result = (struct boot_result){.is_verified = HARDENED_FALSE};
    result->outcome[0] = (struct boot_outcome){.performed = SWAP_NONE, .refused = OK};
    if (BOOT_CAN_KEEP) {
        counter_open(config, &records, NULL, 0);
    }
    counter_set_verifier(&verifier, config, &records, 0);
    err = image_open_untrusted(&image, areas->primary, 0, areas->primary->size);
    if (err == OK && BOOT_OPTION(config, validate_primary, CONFIG_BOOT_VALIDATE_SLOT0)) {
        err = verify_image(&verifier, &image, &result->is_verified);
    } else if (err == OK) {
        result->is_verified = HARDENED_TRUE;
    }
    if (err != OK) {
        LOG_ERR("Image in the primary slot is not valid!");
        return ERROR_IS_ABOUT_IMAGE(err) ? ERR_BOOT_NO_IMAGE : err;
    }
    counter_keep(config, &records, 0, &image);
    result->header = image.header;
    result->image_off = areas->primary->off;
    result->address = areas->primary_address;
    return OK;
}
