#include "boot/dependency.h"

#include <farboot/log.h>

/* What will run in this pair when all that is planned is done. */
static int open_future(const struct boot *boot, struct image *image)
{
    const struct flash_area *primary = boot->areas->primary;

    if (boot->update.type != SWAP_NONE) {
        *image = boot->source;
        return OK;
    }
    return image_open_untrusted(image, primary, 0, primary->size);
}

static bool is_met(const struct boot *boots, size_t count, const struct image_dependency *dependency)
{
    struct image image;

    return dependency->image_id < count && open_future(&boots[dependency->image_id], &image) == OK &&
           image_version_compare(&image.header.version, &dependency->min_version) >= 0;
}

/* Whether what one TLV asks for is there. A TLV of another type asks for nothing; an unprotected one was refused. */
static bool is_entry_met(const struct boot *boots, size_t count, const struct image *image,
                         const struct image_tlv_entry *entry)
{
    struct image_dependency dependency;

    if (entry->type != IMAGE_TLV_DEPENDENCY) {
        return true;
    }
    return entry->len == sizeof dependency &&
           flash_area_read(image->area, entry->off, &dependency, sizeof dependency) == OK &&
           is_met(boots, count, &dependency);
}

/* A primary without an image depends on nothing. */
static bool has_all(const struct boot *boots, size_t count, size_t index)
{
    struct image image;
    struct image_tlv_iter iter;
    struct image_tlv_entry entry;
    bool more = true;
    bool met = true;

    if (open_future(&boots[index], &image) != OK) {
        return true;
    }
    iter = image_tlv_begin(&image);
    while (met && more) {
        met = image_tlv_next_untrusted(&iter, &entry, &more) == OK;
        if (met && more) {
            met = is_entry_met(boots, count, &image, &entry);
        }
    }
    return met;
}

static bool goes_forward(enum swap_type type)
{
    return type == SWAP_TEST || type == SWAP_PERM;
}

/* An image that is under test, and its way back not yet found closed. */
static bool can_go_back(const struct boot *boot)
{
    const struct trailer *primary = &boot->update.primary;

    return boot->has_secondary && boot_mode(boot)->can_revert && boot->outcome->refused == OK &&
           primary->magic == TRAILER_MAGIC_GOOD && primary->copy_done == TRAILER_FLAG_SET &&
           primary->image_ok == TRAILER_FLAG_UNSET;
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

/* Returns whether anything changed. */
static bool settle_one(struct boot *boots, size_t count, size_t index)
{
    struct boot *boot = &boots[index];
    bool met = has_all(boots, count, index);

    if (!met && goes_forward(boot->update.type)) {
        boot_refuse(boot, ERR_IMAGE_DEPENDENCY);
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
