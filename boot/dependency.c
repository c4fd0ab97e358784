#include "boot/dependency.h"

#include "boot/chosen.h"

#include <farboot/log.h>

/* Names a pair that is not there; malformed dependencies do as well. */
#define UNKNOWN SIZE_MAX

/* The pair that this dependency names, `count` when it is met. */
static size_t unmet_entry(const struct image *images, size_t count, size_t index, const struct image_tlv_entry *entry)
{
    struct image_dependency dependency;
    const struct image *other;

    if (entry->len != sizeof dependency ||
        flash_area_read(images[index].area, entry->off, &dependency, sizeof dependency) != OK ||
        dependency.image_id >= count) {
        return UNKNOWN;
    }
    other = &images[dependency.image_id];
    if (other->area != NULL && image_version_compare(&other->header.version, &dependency.min_version) >= 0) {
        return count;
    }
    return dependency.image_id;
}

size_t dependency_first_unmet(const struct image *images, size_t count, size_t index)
{
    struct image_tlv_iter iter;
    struct image_tlv_entry entry;
    size_t wanted = count;
    bool more = true;

    if (images[index].area == NULL) {
        return count;
    }
    iter = image_tlv_begin(&images[index]);
    while (wanted == count && more) {
        if (image_tlv_next_untrusted(&iter, &entry, &more) != OK) {
            return index;
        }
        if (more && entry.type == IMAGE_TLV_DEPENDENCY) {
            wanted = unmet_entry(images, count, index, &entry);
        }
    }
    return wanted == UNKNOWN ? index : wanted;
}

/* What will run in this pair when all that is planned is done. */
static void open_future(const struct boot *boot, struct image *image)
{
    const struct flash_area *primary = boot->areas->primary;

    if (boot->update.type != SWAP_NONE) {
        *image = boot->source;
    } else if (image_open_untrusted(image, primary, 0, primary->size) != OK) {
        image->area = NULL;
    }
}

static size_t first_unmet(const struct boot *boots, size_t count, size_t index)
{
    struct image images[BOOT_IMAGES_MAX];

    for (size_t i = 0; i < count; i++) {
        open_future(&boots[i], &images[i]);
    }
    return dependency_first_unmet(images, count, index);
}

static bool goes_forward(enum swap_type type)
{
    return type == SWAP_TEST || type == SWAP_PERM;
}

/* An image that is under test, and its way back not yet found closed. */
static bool can_go_back(const struct boot *boot)
{
    const struct trailer *primary = &boot->update.primary;

    return !boot_is_transaction(boot) && boot->has_secondary && !boot->has_turned && boot_mode(boot)->can_revert &&
           boot->outcome->refused == OK && primary->magic == TRAILER_MAGIC_GOOD &&
           primary->copy_done != TRAILER_FLAG_UNSET && primary->image_ok == TRAILER_FLAG_UNSET;
}

/*
 * Pairs are installed in the order of their index. When power fails between two of one set, the first is found as one
 * that was started and did not confirm itself; as long as a later one is still to come, or came in this boot, it was
 * not started.
 */
static bool is_in_progress(const struct boot *boots, size_t count, size_t index)
{
    for (size_t later = index + 1; later < count; later++) {
        if (goes_forward(boots[later].update.type) || goes_forward(boots[later].outcome->performed)) {
            return true;
        }
    }
    return false;
}

static void postpone_reverts(struct boot *boots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (boots[i].update.type == SWAP_REVERT && can_go_back(&boots[i]) && is_in_progress(boots, count, i)) {
            boots[i].update.type = SWAP_NONE;
        }
    }
}

/* An unmet dependency: whose request is it? Returns whether one was withdrawn. */
static bool withdraw(struct boot *boots, size_t index, size_t wanted)
{
    if (goes_forward(boots[index].update.type)) {
        boot_refuse(&boots[index], ERR_IMAGE_DEPENDENCY);
        return true;
    }
    if (goes_forward(boots[wanted].update.type)) { /* what stays would lose what it needs */
        boot_refuse(&boots[wanted], ERR_IMAGE_DEPENDENCY);
        return true;
    }
    return false;
}

/* Returns whether anything changed. */
static bool settle_one(struct boot *boots, size_t count, size_t index)
{
    struct boot *boot = &boots[index];
    size_t wanted = first_unmet(boots, count, index);
    bool met = wanted == count;

    if (!met && withdraw(boots, index, wanted)) {
        return true;
    }
    if (boot->update.type != SWAP_NONE || !can_go_back(boot)) {
        return false;
    }
    if (met && (boot->outcome->performed != SWAP_NONE || is_in_progress(boots, count, index))) {
        return false;
    }
    LOG_WRN("Image %u goes back: %s", (unsigned)index, met ? "not confirmed" : "its dependencies are not met");
    boot_go_back(boot);
    return true;
}

void dependency_settle(struct boot *boots, size_t count)
{
    bool changed;

    postpone_reverts(boots, count);
    do {
        changed = false;
        for (size_t i = 0; i < count; i++) {
            changed = settle_one(boots, count, i) || changed;
        }
    } while (changed);
}
