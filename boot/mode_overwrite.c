/*
 * Overwrite only: the image in the secondary replaces the one in the primary; there is no way back. The request stays
 * in the secondary until the primary is verified, so whatever is interrupted begins again from the start. MCUboot's
 * layout; docs/SPEC.md, "Overwrite only".
 */
#include "boot/chosen.h"
#include "boot/mode.h"

#include <farboot/log.h>

static int check(const struct boot *boot)
{
    if (boot->slots[BOOT_PRIMARY].sectors != 0 && boot->slots[BOOT_SECONDARY].sectors != 0) {
        return OK;
    }
    LOG_WRN("Cannot upgrade: slots do not begin and end at sectors");
    return ERR_BOOT_GEOMETRY;
}

static void classify(struct boot *boot)
{
    struct update *update = &boot->update;

    update->slots = boot->slots;
    update->type = swap_decide(boot_mode(boot)->rules, &update->primary, &update->secondary);
}

static uint32_t source_off(const struct boot *boot, enum swap_type type)
{
    (void)boot;
    (void)type;
    return 0;
}

static uint32_t source_limit(const struct boot *boot, enum swap_type type)
{
    uint32_t primary = boot->slots[BOOT_PRIMARY].layout.swap_info;
    uint32_t secondary = boot->slots[BOOT_SECONDARY].layout.swap_info;

    (void)type;
    return primary < secondary ? primary : secondary;
}

static int start(struct boot *boot, const struct image *source)
{
    boot->update.swap_size = source->end;
    boot->update.erases_whole = boot->config->overwrite_whole;
    boot->update.head_is_erased = boot->config->overwrite_keeps_image;
    LOG_INF("Image %u upgrade secondary slot -> primary slot", (unsigned)boot->index);
    LOG_INF("Image %u copying the secondary slot to the primary slot: 0x%x bytes", (unsigned)boot->index,
            (unsigned)source->end);
    return OK;
}

static void resume(struct boot *boot)
{
    (void)boot; /* never: this mode keeps no progress */
}

static void plan(const struct update *update, struct boot_step *step)
{
    if (!update->primary_is_cleared && update->erases_whole) {
        step->kind = STEP_ERASE; /* all that the image does not use, the trailer with it */
        step->dst_off = update->swap_size;
        step->len = update->slots[BOOT_PRIMARY].area->size - update->swap_size;
    } else if (!update->primary_is_cleared) {
        step->kind = STEP_ERASE_TRAILER;
    } else if (!update->is_copied) {
        step->kind = STEP_COPY;
        step->src = BOOT_SECONDARY;
        step->len = update->swap_size;
    } else if (update->is_installed != HARDENED_TRUE) {
        step->kind = STEP_VERIFY;
    } else if (update->primary.magic != TRAILER_MAGIC_GOOD) {
        step->kind = STEP_MAGIC;
    } else if (!update->secondary_is_cleared) {
        step->kind = STEP_ERASE_TRAILER; /* the request only now: the primary is complete and verified */
        step->dst = BOOT_SECONDARY;
    } else if (!update->head_is_erased) {
        step->kind = STEP_ERASE; /* so that the image is not seen again */
        step->dst = BOOT_SECONDARY;
        step->len = 1;
    }
}

static void advance(struct update *update, const struct boot_step *step)
{
    switch (step->kind) {
    case STEP_ERASE_TRAILER:
        *(step->dst == BOOT_PRIMARY ? &update->primary_is_cleared : &update->secondary_is_cleared) = true;
        *(step->dst == BOOT_PRIMARY ? &update->primary : &update->secondary) = trailer_unset();
        break;
    case STEP_COPY:
        update->is_copied = true;
        break;
    case STEP_MAGIC:
        update->primary.magic = TRAILER_MAGIC_GOOD;
        break;
    case STEP_ERASE:
        if (step->dst == BOOT_SECONDARY) {
            update->head_is_erased = true;
            break;
        }
        update->primary_is_cleared = true;
        update->primary = trailer_unset();
        break;
    default:
        break;
    }
}

const struct boot_mode boot_mode_overwrite = {
    .start_line = "Erasing the primary slot",
    .rules = &swap_rules_overwrite,
    .status_steps = 0,
    .has_tlv_sizes = false,
    .can_revert = false,
    .check = check,
    .classify = classify,
    .source_off = source_off,
    .source_limit = source_limit,
    .start = start,
    .resume = resume,
    .plan = plan,
    .advance = advance,
};
