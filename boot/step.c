#include "boot/step.h"

#include <farboot/watchdog.h>

#include "boot/progress.h"

/*
 * Copies within one erased sector, `len` rounded up to the write block. The halves of the buffer alternate: the device
 * may still be programming from the one when the other is filled.
 */
static int copy_into_erased(const struct boot_slot *dst, uint32_t dst_off, const struct boot_slot *src,
                            uint32_t src_off, uint32_t len, const struct step_buffer *buffer)
{
    uint32_t half = (uint32_t)(buffer->size / 2);
    uint32_t block = dst->layout.write_block;
    int err = OK;

    for (uint32_t at = 0; err == OK && at < len; at += half) {
        uint8_t *data = &buffer->data[(size_t)(at / half % 2) * half];
        uint32_t part = len - at < half ? (len - at + block - 1) / block * block : half;

        err = flash_area_read(src->area, src_off + at, data, part);
        if (err == OK) {
            err = flash_area_program(dst->area, dst_off + at, data, part);
        }
        watchdog_feed();
    }
    return err;
}

/* Sector by sector of the destination; its sectors may differ from the source's. */
static int copy(const struct boot_slot *dst, const struct boot_slot *src, const struct boot_step *step,
                const struct step_buffer *buffer)
{
    uint32_t at = 0;
    int err = OK;

    while (err == OK && at < step->len) {
        uint32_t start = 0;
        uint32_t size = 0;

        err = flash_area_sector_at(dst->area, step->dst_off + at, &start, &size);
        if (err == OK && (!boot_has_scratch() || step->kind == STEP_COPY)) {
            err = flash_area_erase(dst->area, start, size);
        }
        if (err == OK) {
            uint32_t left = step->len - at;

            left = left < size ? left : size;
            err = copy_into_erased(dst, start, src, step->src_off + at, left, buffer);
            progress_add(left);
            at += size;
        }
    }
    return err;
}

/* As trailer_erase_sectors, but a scratch area takes longer than a watchdog waits. */
static int erase(const struct boot_slot *slot, uint32_t off, uint32_t end)
{
    int err = OK;

    while (err == OK && end > off) {
        uint32_t start = 0;
        uint32_t size = 0;

        err = flash_area_sector_at(slot->area, end - 1, &start, &size);
        if (err == OK) {
            err = trailer_erase_sectors(slot->area, start, end);
        }
        watchdog_feed();
        end = start;
    }
    return err;
}

int step_apply(const struct boot_slot slots[BOOT_SLOTS], const struct boot_step *step, const struct step_buffer *buffer)
{
    const struct boot_slot *dst = &slots[step->dst];
    int err = OK;

    switch (step->kind) {
    case STEP_COPY:
    case STEP_FILL:
        err = copy(dst, &slots[step->src], step, buffer);
        break;
    case STEP_WRITE_TRAILER:
    case STEP_ERASE_TRAILER:
        err = trailer_erase(dst->area, &dst->layout);
        break;
    case STEP_ERASE:
        err = erase(dst, step->dst_off, step->dst_off + step->len);
        break;
    default:
        return OK;
    }
    /* Slots are on different devices: what follows may certify this step only when it is durable here. */
    return err != OK ? err : flash_area_sync(dst->area);
}

static int commit_status(const struct boot_slot *slot, const struct boot_step *step)
{
    if (step->status_value == 0) {
        return OK;
    }
    return trailer_program_status(slot->area, &slot->layout, step->status_index, step->status_value);
}

/* A trailer that goes on with a status that was kept elsewhere: its cells before this step's, the trailer, the cell. */
static int commit_copy(const struct boot_slot slots[BOOT_SLOTS], const struct boot_step *step)
{
    const struct boot_slot *dst = &slots[step->dst];
    int err = OK;

    if (boot_has_scratch() && step->trailer != NULL) {
        for (uint32_t i = 0; err == OK && i < step->status_index; i++) {
            err = trailer_program_status(dst->area, &dst->layout, i, (uint8_t)(i + 1));
        }
        if (err == OK) {
            err = trailer_program(dst->area, &dst->layout, step->trailer);
        }
    }
    return err != OK ? err : commit_status(&slots[step->status_slot], step);
}

int step_commit(const struct boot_slot slots[BOOT_SLOTS], const struct boot_step *step)
{
    const struct boot_slot *primary = &slots[BOOT_PRIMARY];
    const struct boot_slot *dst = &slots[step->dst];

    switch (step->kind) {
    case STEP_COPY:
    case STEP_FILL:
        return commit_copy(slots, step);
    case STEP_STATUS:
        return commit_status(primary, step);
    case STEP_WRITE_TRAILER:
        return trailer_program(dst->area, &dst->layout, step->trailer);
    case STEP_MAGIC:
        return trailer_program_magic(dst->area, &dst->layout);
    case STEP_IMAGE_OK:
        return trailer_program_image_ok(primary->area, &primary->layout);
    case STEP_COPY_DONE:
        return trailer_program_copy_done(primary->area, &primary->layout);
    default:
        return OK;
    }
}
