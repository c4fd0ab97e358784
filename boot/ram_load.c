/*
 * RAM load: an image is copied to the RAM address in its header and started there. What is verified is the copy, since
 * the flash it came from may answer differently the next time. docs/SPEC.md, "RAM load".
 */
#include "boot/ram_load.h"

#include <string.h>

#include <farboot/log.h>
#include <farboot/watchdog.h>

#include "boot/choose.h"

#define COPY_AT_ONCE 4096U /* bytes between two feeds of the watchdog */

static int ram_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    const struct boot_ram *ram = dev->config;

    memcpy(dst, ram->memory + off, len);
    return OK;
}

static const struct flash_geometry *ram_geometry(const struct flash_device *dev)
{
    return dev->state;
}

/* Images are read from RAM as from flash; nothing else is done with it. */
static const struct flash_driver ram_driver = {.read = ram_read, .geometry = ram_geometry};

static void begin(struct choice *choice)
{
    const struct boot_ram *ram = &choice->config->ram;

    choice->ram_geometry = (struct flash_geometry){.size = ram->size, .write_block = 1};
    choice->ram_device = (struct flash_device){&ram_driver, ram, &choice->ram_geometry, "RAM"};
    choice->ram_area = (struct flash_area){.dev = &choice->ram_device, .size = ram->size, .read_only = true};
}

/* `range` does not wrap: it was checked to lie in RAM. */
static bool overlaps(const struct choice_range *range, uint32_t address, uint32_t len)
{
    return range->len != 0 && (address - range->address < range->len || range->address - address < len);
}

bool ram_load_fits(const struct boot_ram *ram, const struct image *image)
{
    uint32_t off = image->header.load_addr - ram->address; /* below RAM: larger than any RAM, which does not wrap */

    return (image->header.flags & IMAGE_FLAG_RAM_LOAD) != 0 && off <= ram->size && image->end <= ram->size - off;
}

/* Whether `len` bytes at `address` lie over no image of another pair. */
static bool is_free(const struct choice *choice, const struct pair *pair, uint32_t address, uint32_t len)
{
    for (size_t i = 0; i < choice_pairs(choice->config); i++) {
        if (&choice->pairs[i] != pair && overlaps(&choice->pairs[i].loaded, address, len)) {
            return false;
        }
    }
    return true;
}

/* The header is the one that was checked, not a second reading of it. */
static int copy(const struct image *image, uint8_t *dst)
{
    int err = OK;

    memcpy(dst, &image->header, sizeof image->header);
    for (uint32_t at = sizeof image->header; err == OK && at < image->end; at += COPY_AT_ONCE) {
        uint32_t part = image->end - at < COPY_AT_ONCE ? image->end - at : COPY_AT_ONCE;

        watchdog_feed();
        err = flash_area_read(image->area, image->off + at, dst + at, part);
    }
    return err;
}

static int place(struct choice *choice, struct pair *pair, const struct choice_slot *slot)
{
    const struct image *image = &slot->image;
    uint32_t address = image->header.load_addr;
    uint32_t off = address - choice->config->ram.address;
    int err;

    pair->loaded = (struct choice_range){address, 0};
    if (!ram_load_fits(&choice->config->ram, image) || !is_free(choice, pair, address, image->end)) {
        LOG_ERR("Image %u RAM load address 0x%x is invalid.", (unsigned)pair->index, (unsigned)address);
        return ERR_IMAGE_ADDRESS;
    }
    pair->loaded.len = image->end;
    pair->address = address;
    err = copy(image, choice->config->ram.memory + off);
    /* From here on flash is not asked again; the sizes of the TLV areas are read anew, from RAM. */
    return err != OK ? err : image_open_untrusted(&pair->running, &choice->ram_area, off, image->end);
}

/* What nobody vouches for does not stay where it could be executed. */
static void discard(struct choice *choice, struct pair *pair)
{
    if (pair->loaded.len != 0) {
        memset(choice->config->ram.memory + (pair->loaded.address - choice->config->ram.address), 0, pair->loaded.len);
        pair->loaded.len = 0;
    }
}

const struct choice_mode choice_ram_load = {.begin = begin, .place = place, .discard = discard};
const struct choice_mode choice_ram_load_revert = {
    .has_revert = true, .begin = begin, .place = place, .discard = discard};

/*
 * The primary is chosen as RAM load would choose it, had the device nothing else. Its trailer, its counter and its
 * dependencies were judged before. Flash may now answer differently than when boot_go read it, but only with an image
 * of the same header: the signature over the copy proves the rest.
 */
int boot_copy_to_ram(const struct boot_config *config, const struct boot_result *found, struct boot_result *result)
{
    const struct boot_areas areas = {.primary = config->images[0].primary};
    struct boot_config copying = *config;
    struct boot_result copied;
    int err;

    copying.images = &areas;
    copying.image_count = 1;
    copying.choice = &choice_ram_load;
    copying.journal = NULL;
    copying.security_counter = false;
    *result = *found;
    result->is_verified = HARDENED_FALSE;
    err = boot_choose(&copying, &copied);
    if (err == OK && memcmp(&copied.header, &found->header, sizeof copied.header) != 0) {
        return ERR_BOOT_NO_IMAGE;
    }
    result->address = copied.address;
    result->is_verified = copied.is_verified;
    return err;
}
