/*
 * Swap using offset: the image to be installed lies one sector up in the secondary slot, so that the sector in front of
 * it is free to take the first sector of the old image, and so on: no scratch area, each sector erased once on either
 * side. The revert runs the same way backwards. Layout and order are MCUboot's; docs/SPEC.md, "Swap using offset".
 *
 *   secondary  [ free ][ new 0 ][ new 1 ]...        primary  [ old 0 ][ old 1 ]...
 *   forward, unit i:   1. primary i -> secondary i      2. secondary i+1 -> primary i
 *   revert,  unit m:   1. primary m -> secondary m+1    2. secondary m   -> primary m     (from the last unit down)
 *
 * While the secondary's magic is good nothing has been moved, and everything can begin again from what the slots hold.
 * That magic is erased only after the primary trailer, complete, says what goes on; from then on that trailer decides.
 */
#include "boot/mode.h"

#include <farboot/log.h>

#define STEPS_PER_UNIT 2U

static __attribute__((noinline)) uint32_t units(uint32_t bytes, uint32_t sector)
{
    return bytes / sector + (bytes % sector != 0 ? 1 : 0);
}

static uint32_t first_trailer_sector(const struct boot_slot *slot)
{
    return slot->layout.status / slot->sector * slot->sector;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* What an image may have so that it can lie in both slots; `raised`: one sector up in the secondary. */
static uint32_t capacity(const struct boot *boot, bool raised)
{
    const struct boot_slot *primary = &boot->slots[BOOT_PRIMARY];
    const struct boot_slot *secondary = &boot->slots[BOOT_SECONDARY];
    uint32_t room = first_trailer_sector(secondary);

    if (raised) {
        room -= smaller(room, secondary->sector);
    }
    return smaller(room, first_trailer_sector(primary));
}

static int check(const struct boot *boot)
{
    const struct boot_slot *primary = &boot->slots[BOOT_PRIMARY];
    const struct boot_slot *secondary = &boot->slots[BOOT_SECONDARY];
    bool same_size = primary->sector != 0 && primary->sector == secondary->sector;

    if (same_size && primary->sectors != 0 && secondary->sectors - primary->sectors <= 1 &&
        primary->layout.status_cells >= STEPS_PER_UNIT * primary->sectors) {
        return OK;
    }
    LOG_WRN("Cannot upgrade: not %s", same_size ? "a compatible amount of sectors" : "same sector layout");
    /* A size of 0: the slot's sectors differ, or it does not begin and end at one. */
    LOG_WRN("Sectors: primary %u of %u bytes, secondary %u of %u, trailer %u", (unsigned)primary->sectors,
            (unsigned)primary->sector, (unsigned)secondary->sectors, (unsigned)secondary->sector,
            (unsigned)(primary->layout.status_cells / STEPS_PER_UNIT));
    return ERR_BOOT_GEOMETRY;
}

static uint32_t source_off(const struct boot *boot, enum swap_type type)
{
    return type == SWAP_REVERT ? 0 : boot->slots[BOOT_SECONDARY].sector;
}

static uint32_t source_limit(const struct boot *boot, enum swap_type type)
{
    return capacity(boot, type != SWAP_REVERT);
}

static bool swap_size_is_possible(const struct boot *boot, uint32_t swap_size)
{
    return swap_size != 0 && swap_size <= capacity(boot, false);
}

static void take_sizes_from_trailer(struct update *update)
{
    update->swap_size = update->primary.swap_size;
    update->sectors = units(update->swap_size, update->sector);
}

/*
 * A program of copy_done that power cut short: all that comes before it is on flash, and the image was not started. The
 * word is not programmed again, some flash would not stand it; one more status cell says instead that the image is
 * started now. With that cell a torn copy_done means what a whole one means.
 */
static void classify_torn_copy_done(struct update *update)
{
    take_sizes_from_trailer(update);
    if (update->primary.status_done > STEPS_PER_UNIT * update->sectors) {
        update->type = SWAP_REVERT;
        return;
    }
    update->type = update->primary.swap_type;
    update->is_resumed = true;
    update->done = STEPS_PER_UNIT * update->sectors;
}

static bool is_torn_completion(const struct boot *boot)
{
    const struct trailer *primary = &boot->update.primary;

    return primary->magic == TRAILER_MAGIC_GOOD && primary->copy_done == TRAILER_FLAG_BAD &&
           primary->swap_type == SWAP_TEST && primary->image_ok == TRAILER_FLAG_UNSET &&
           boot->update.secondary.magic != TRAILER_MAGIC_GOOD && swap_size_is_possible(boot, primary->swap_size);
}

/* What a request in the secondary asks for, whatever else its trailer says. */
static enum swap_type requested(const struct trailer *secondary)
{
    if (secondary->magic != TRAILER_MAGIC_GOOD) {
        return SWAP_NONE;
    }
    return secondary->image_ok == TRAILER_FLAG_SET ? SWAP_PERM : SWAP_TEST;
}

/*
 * Nothing has been moved, but power may have failed while the secondary's trailer was being erased: of a revert its
 * copy_done may be gone, of a permanent update its image_ok. A complete primary trailer then knows better. The other
 * way round a confirmed primary knows that there is nothing to be reverted, whatever external flash says.
 */
static enum swap_type type_before_first_step(const struct update *update, enum swap_type asked)
{
    const struct trailer *primary = &update->primary;
    bool is_ready = update_is_begun(primary) && primary->status_is_clear;

    if (is_ready && primary->swap_type == SWAP_REVERT) {
        return SWAP_REVERT;
    }
    if (is_ready && primary->swap_type == SWAP_PERM && asked == SWAP_TEST && update->secondary.swap_type != SWAP_TEST) {
        return SWAP_PERM;
    }
    if (asked == SWAP_REVERT && primary->magic == TRAILER_MAGIC_GOOD && primary->image_ok == TRAILER_FLAG_SET &&
        primary->copy_done == TRAILER_FLAG_SET) {
        return requested(&update->secondary);
    }
    return asked;
}

static void classify(struct boot *boot)
{
    struct update *update = &boot->update;

    update->sector = boot->slots[BOOT_PRIMARY].sector;
    update->fallback = requested(&update->secondary);
    if (is_torn_completion(boot)) {
        classify_torn_copy_done(update);
        return;
    }
    if (!update_is_begun(&update->primary) || update->secondary.magic == TRAILER_MAGIC_GOOD) {
        update->type = swap_decide(boot_mode(boot)->rules, &update->primary, &update->secondary);
        update->type = type_before_first_step(update, update->type);
        return;
    }
    if (!swap_size_is_possible(boot, update->primary.swap_size)) {
        LOG_ERR("Impossible swap size: %u", (unsigned)update->primary.swap_size);
        update->type = SWAP_NONE;
        return;
    }
    take_sizes_from_trailer(update);
    update->type = update->primary.swap_type;
    update->is_resumed = true;
    update->done = smaller(update->primary.status_done, STEPS_PER_UNIT * update->sectors);
}

static int say_too_large(uint32_t required, uint32_t available)
{
    LOG_WRN("Not enough free space to run swap upgrade");
    LOG_WRN("required %u bytes but only %u are available", (unsigned)required, (unsigned)available);
    return ERR_IMAGE_SIZE;
}

/* The trailers that preparation programs. */
static void write_out_trailers(struct update *update, uint8_t image_index, uint32_t tlv_sizes)
{
    struct trailer *starting = &update->starting;

    *starting = trailer_unset();
    starting->magic = TRAILER_MAGIC_GOOD;
    starting->swap_type = update->type;
    starting->image_index = image_index;
    starting->swap_size = update->swap_size;
    starting->tlv_sizes = tlv_sizes;
    update->announcement = *starting;
    if (update->type != SWAP_TEST) {
        starting->image_ok = TRAILER_FLAG_SET;
    }
    if (update->type == SWAP_PERM) {
        update->announcement.image_ok = TRAILER_FLAG_SET;
    }
    if (update->type == SWAP_REVERT) {
        update->announcement.copy_done = TRAILER_FLAG_SET;
    }
}

static int start(struct boot *boot, const struct image *source)
{
    struct update *update = &boot->update;
    const struct boot_slot *primary = &boot->slots[BOOT_PRIMARY];
    bool forward = update->type != SWAP_REVERT;
    uint32_t available = capacity(boot, !forward);
    struct image present;
    uint32_t present_end = 0;
    uint32_t present_tlvs = 0;

    if (!update->replaces_invalid && image_open_untrusted(&present, primary->area, 0, primary->area->size) == OK) {
        present_end = present.end;
        present_tlvs = image_unprotected_size(&present);
    }
    if (present_end > available) {
        return say_too_large(present_end, available);
    }
    update->swap_size = present_end > source->end ? present_end : source->end;
    update->sectors = units(update->swap_size, update->sector);
    update->primary_sectors = units(present_end, update->sector);
    update->secondary_sectors = units(source->end, update->sector);
    update->done = 0;
    write_out_trailers(update, boot->index, (uint32_t)image_unprotected_size(source) << 16 | present_tlvs);
    return OK;
}

/* Sectors used by an image whose header is read from the middle of an update; all of them when it says nothing. */
static uint32_t used_sectors_untrusted(const struct boot *boot, enum boot_slot_id id, uint32_t off, uint32_t tlv_size)
{
    const struct update *update = &boot->update;
    struct image_header header;
    uint64_t size;

    if (flash_area_read(boot->slots[id].area, off, &header, sizeof header) != OK || header.magic != IMAGE_MAGIC) {
        return update->sectors;
    }
    size = (uint64_t)header.hdr_size + header.img_size + header.protect_tlv_size + tlv_size;
    return size < update->swap_size ? units((uint32_t)size, update->sector) : update->sectors;
}

static void resume(struct boot *boot)
{
    struct update *update = &boot->update;
    uint32_t primary_tlvs = update->primary.tlv_sizes & 0xffff;
    uint32_t secondary_tlvs = update->primary.tlv_sizes >> 16;

    if (update->type == SWAP_REVERT) { /* both headers stay until the last unit, which every image uses */
        update->primary_sectors = used_sectors_untrusted(boot, BOOT_PRIMARY, 0, primary_tlvs);
        update->secondary_sectors = used_sectors_untrusted(boot, BOOT_SECONDARY, 0, secondary_tlvs);
        return;
    }
    update->primary_sectors = used_sectors_untrusted(boot, BOOT_SECONDARY, 0, primary_tlvs);
    update->secondary_sectors = update->done < STEPS_PER_UNIT
                                    ? used_sectors_untrusted(boot, BOOT_SECONDARY, update->sector, secondary_tlvs)
                                    : used_sectors_untrusted(boot, BOOT_PRIMARY, 0, secondary_tlvs);
}

static bool primary_is_ready(const struct update *update)
{
    const struct trailer *found = &update->primary;
    const struct trailer *wanted = &update->starting;

    return update_is_begun(found) && found->status_is_clear && found->swap_type == wanted->swap_type &&
           (found->image_ok == wanted->image_ok || update->type == SWAP_REVERT) &&
           found->swap_size == wanted->swap_size && found->tlv_sizes == wanted->tlv_sizes;
}

static bool secondary_announces(const struct update *update)
{
    const struct trailer *found = &update->secondary;
    const struct trailer *wanted = &update->announcement;

    return found->magic == TRAILER_MAGIC_GOOD && found->image_ok == wanted->image_ok &&
           (found->copy_done == TRAILER_FLAG_SET) == (wanted->copy_done == TRAILER_FLAG_SET);
}

/* One of the two trailers always says what goes on: each is rewritten only while the other one does. */
static void plan_preparation(const struct update *update, struct boot_step *step)
{
    step->kind = STEP_WRITE_TRAILER;
    step->dst = BOOT_SECONDARY;
    if (primary_is_ready(update)) {
        step->kind = STEP_ERASE_TRAILER;
    } else if (!secondary_announces(update)) {
        step->trailer = &update->announcement;
    } else {
        step->dst = BOOT_PRIMARY;
        step->trailer = &update->starting;
    }
}

static void plan_exchange(const struct update *update, struct boot_step *step)
{
    bool forward = update->type != SWAP_REVERT;
    bool saves = update->done % STEPS_PER_UNIT == 0; /* first what the primary holds, then what it gets */
    uint32_t index = update->done / STEPS_PER_UNIT;
    uint32_t unit = forward ? index : update->sectors - 1 - index;
    uint32_t low = unit * update->sector;
    uint32_t high = low + update->sector;
    uint32_t used = saves ? update->primary_sectors : update->secondary_sectors;

    step->kind = STEP_COPY;
    step->dst = saves ? BOOT_SECONDARY : BOOT_PRIMARY;
    step->src = saves ? BOOT_PRIMARY : BOOT_SECONDARY;
    step->dst_off = saves && !forward ? high : low;
    step->src_off = !saves && forward ? high : low;
    step->len = unit < used ? update->sector : 0;
    step->status_index = update->done;
    step->status_value = (uint8_t)(1 + update->done % STEPS_PER_UNIT);
}

static void plan_completion(const struct update *update, struct boot_step *step)
{
    const struct trailer *primary = &update->primary;
    uint32_t cells = STEPS_PER_UNIT * update->sectors;

    if (update->is_installed != HARDENED_TRUE) {
        step->kind = STEP_VERIFY;
    } else if (update->type == SWAP_REVERT && !update->head_is_erased) {
        step->kind = STEP_ERASE; /* so that nothing is taken for an upload there */
        step->dst = BOOT_SECONDARY;
    } else if (update->type != SWAP_TEST && primary->image_ok == TRAILER_FLAG_UNSET) {
        step->kind = STEP_IMAGE_OK;
    } else if (primary->copy_done == TRAILER_FLAG_UNSET) {
        step->kind = STEP_COPY_DONE;
    } else if (primary->copy_done == TRAILER_FLAG_BAD && primary->status_done <= cells) {
        step->kind = STEP_STATUS;
        step->status_index = cells;
        step->status_value = 1;
    }
}

static void plan(const struct update *update, struct boot_step *step)
{
    if (update->done == 0 && !update->secondary_is_cleared) {
        plan_preparation(update, step);
    } else if (update->done < STEPS_PER_UNIT * update->sectors) {
        plan_exchange(update, step);
    } else {
        plan_completion(update, step);
    }
}

static void advance(struct update *update, const struct boot_step *step)
{
    switch (step->kind) {
    case STEP_WRITE_TRAILER:
        *(step->dst == BOOT_PRIMARY ? &update->primary : &update->secondary) = *step->trailer;
        break;
    case STEP_ERASE_TRAILER:
        update->secondary = trailer_unset();
        update->secondary_is_cleared = true;
        break;
    case STEP_COPY:
        update->done++;
        update->primary.status_done++;
        update->primary.status_is_clear = false;
        break;
    case STEP_STATUS:
        update->primary.status_done++;
        break;
    case STEP_ERASE:
        update->head_is_erased = true;
        break;
    case STEP_IMAGE_OK:
        update->primary.image_ok = TRAILER_FLAG_SET;
        break;
    case STEP_COPY_DONE:
        update->primary.copy_done = TRAILER_FLAG_SET;
        break;
    default:
        break;
    }
}

const struct boot_mode boot_mode_swap_offset = {
    .start_line = "Starting swap using offset algorithm.",
    .rules = &swap_rules_offset,
    .status_steps = STEPS_PER_UNIT,
    .has_tlv_sizes = true,
    .can_revert = true,
    .check = check,
    .classify = classify,
    .source_off = source_off,
    .source_limit = source_limit,
    .start = start,
    .resume = resume,
    .plan = plan,
    .advance = advance,
};
