/*
 * Direct XIP: an image is started in the slot it lies in and must be linked for that slot. docs/SPEC.md, "Direct XIP".
 */
#include "boot/choose.h"

/*
 * A slot without address is one that cannot be executed, or must not: what lies in external flash could be exchanged
 * between verification and execution.
 */
static int place(struct choice *choice, struct pair *pair, const struct choice_slot *slot)
{
    const struct image_header *header = &slot->image.header;

    (void)choice;
    pair->running = slot->image;
    pair->address = slot->address;
    if (slot->address == 0 || (header->flags & IMAGE_FLAG_RAM_LOAD) != 0) {
        return ERR_IMAGE_ADDRESS;
    }
    /* MCUboot compares with the offset in the device, which need not be the address on the bus. */
    if ((header->flags & IMAGE_FLAG_ROM_FIXED) != 0 && header->load_addr != slot->address &&
        header->load_addr != slot->flash.area->off) {
        return ERR_IMAGE_ADDRESS;
    }
    return OK;
}

const struct choice_mode choice_direct_xip = {.has_revert = false, .place = place};
const struct choice_mode choice_direct_xip_revert = {.has_revert = true, .place = place};
