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
#include "boot/swap.h"

#define STEPS_PER_UNIT 2U

int swap_offset_check(const struct boot *boot)
{
    return swap_check_equal_sectors(boot, boot->slots[BOOT_SECONDARY].sectors - boot->slots[BOOT_PRIMARY].sectors);
}

void swap_offset_classify(struct boot *boot)
{
    swap_classify(boot, false); /* it has a row of its own in the table */
}

uint32_t swap_offset_source_off(const struct boot *boot, enum swap_type type)
{
    return type == SWAP_REVERT ? 0 : boot->slots[BOOT_SECONDARY].sector;
}

uint32_t swap_offset_source_limit(const struct boot *boot, enum swap_type type)
{
    const struct boot_slot *secondary = &boot->slots[BOOT_SECONDARY];
    uint32_t room = swap_first_trailer_sector(secondary);

    room -= swap_smaller(room, swap_offset_source_off(boot, type));
    return swap_smaller(room, swap_first_trailer_sector(&boot->slots[BOOT_PRIMARY]));
}

void swap_offset_measure(struct update *update)
{
    update->units = swap_units(update->swap_size, update->sector);
    update->steps = STEPS_PER_UNIT * update->units;
    update->cells = update->steps;
}

int swap_offset_start(struct boot *boot, const struct image *source)
{
    struct update *update = &boot->update;
    int err = swap_start(boot, source);

    if (update->type == SWAP_PERM) {
        update->announcement.image_ok = TRAILER_FLAG_SET;
    }
    if (update->type == SWAP_REVERT) {
        update->announcement.copy_done = TRAILER_FLAG_SET;
    }
    return err;
}

/* Bytes of an image whose header is read from the middle of an update; all that is swapped when it says nothing. */
static uint32_t used_untrusted(const struct boot *boot, enum boot_slot_id id, uint32_t off, uint32_t tlv_size)
{
    const struct update *update = &boot->update;
    struct image_header header;
    uint64_t size;

    if (flash_area_read(boot->slots[id].area, off, &header, sizeof header) != OK || header.magic != IMAGE_MAGIC) {
        return update->swap_size;
    }
    size = (uint64_t)header.hdr_size + header.img_size + header.protect_tlv_size + tlv_size;
    return size < update->swap_size ? (uint32_t)size : update->swap_size;
}

void swap_offset_resume(struct boot *boot)
{
    struct update *update = &boot->update;
    uint32_t primary_tlvs = update->primary.tlv_sizes & 0xffff;
    uint32_t secondary_tlvs = update->primary.tlv_sizes >> 16;

    if (update->type == SWAP_REVERT) { /* both headers stay until the last unit, which every image uses */
        update->primary_used = used_untrusted(boot, BOOT_PRIMARY, 0, primary_tlvs);
        update->secondary_used = used_untrusted(boot, BOOT_SECONDARY, 0, secondary_tlvs);
        return;
    }
    update->primary_used = used_untrusted(boot, BOOT_SECONDARY, 0, primary_tlvs);
    update->secondary_used = update->done < STEPS_PER_UNIT
                                 ? used_untrusted(boot, BOOT_SECONDARY, update->sector, secondary_tlvs)
                                 : used_untrusted(boot, BOOT_PRIMARY, 0, secondary_tlvs);
}

static void plan_exchange(const struct update *update, struct boot_step *step)
{
    bool forward = update->type != SWAP_REVERT;
    bool saves = update->done % STEPS_PER_UNIT == 0; /* first what the primary holds, then what it gets */
    uint32_t index = update->done / STEPS_PER_UNIT;
    uint32_t unit = forward ? index : update->units - 1 - index;
    uint32_t low = unit * update->sector;
    uint32_t high = low + update->sector;
    uint32_t used = saves ? update->primary_used : update->secondary_used;

    step->kind = STEP_COPY;
    step->dst = saves ? BOOT_SECONDARY : BOOT_PRIMARY;
    step->src = saves ? BOOT_PRIMARY : BOOT_SECONDARY;
    step->dst_off = saves && !forward ? high : low;
    step->src_off = !saves && forward ? high : low;
    step->len = low < used ? update->sector : 0;
    step->status_index = update->done;
    step->status_value = (uint8_t)(1 + update->done % STEPS_PER_UNIT);
}

void swap_offset_plan(const struct update *update, struct boot_step *step)
{
    if (update->done == 0 && !update->secondary_is_cleared) {
        swap_plan_preparation(update, step);
    } else if (update->done < update->steps) {
        plan_exchange(update, step);
    } else if (update->is_installed == HARDENED_TRUE && update->type == SWAP_REVERT && !update->head_is_erased) {
        step->kind = STEP_ERASE; /* so that nothing is taken for an upload there */
        step->dst = BOOT_SECONDARY;
        step->len = update->sector;
    } else {
        swap_plan_completion(update, step);
    }
}

const struct boot_mode boot_mode_swap_offset = SWAP_OFFSET_MODE;
