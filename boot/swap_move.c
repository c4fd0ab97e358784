/*
 * Swap using move: the old image first moves up by one sector inside the primary slot, from its end; then its sectors
 * and those of the new image change places, from the start. No scratch area; the primary's sectors are erased twice.
 * Layout and order are MCUboot's; docs/SPEC.md, "Swap using move".
 *
 *   move, k = 0 .. last:   primary last-k -> primary last-k+1
 *   swap, unit i:          1. secondary i -> primary i      2. primary i+1 -> secondary i
 *
 * A revert is the same swap again. It is announced in the secondary's trailer, as a permanent update whose swap_info
 * says "revert", while the primary's trailer is rewritten; otherwise trailers are used as in swap using offset.
 */
#include "boot/swap.h"

#define SWAPS_PER_UNIT 2U
#define STEPS_PER_UNIT 3U

static int check(const struct boot *boot)
{
    return swap_check_equal_sectors(boot, boot->slots[BOOT_PRIMARY].sectors - boot->slots[BOOT_SECONDARY].sectors);
}

/* MCUboot's announcement has no swap_info, but a size, which no application writes. */
static bool announces_revert(const struct boot *boot)
{
    const struct trailer *secondary = &boot->update.secondary;

    return secondary->magic == TRAILER_MAGIC_GOOD && secondary->image_ok == TRAILER_FLAG_SET &&
           (secondary->swap_type == SWAP_REVERT ||
            (secondary->swap_type == SWAP_NONE && swap_size_is_possible(boot, secondary->swap_size)));
}

static void classify(struct boot *boot)
{
    swap_classify(boot, announces_revert(boot));
}

static uint32_t source_off(const struct boot *boot, enum swap_type type)
{
    (void)boot;
    (void)type;
    return 0;
}

/* The primary has one sector more than the image, to move it. */
static uint32_t source_limit(const struct boot *boot, enum swap_type type)
{
    const struct boot_slot *primary = &boot->slots[BOOT_PRIMARY];
    uint32_t room = swap_first_trailer_sector(primary);

    (void)type;
    room -= swap_smaller(room, primary->sector);
    return swap_smaller(room, swap_first_trailer_sector(&boot->slots[BOOT_SECONDARY]));
}

static void measure(struct update *update)
{
    update->units = swap_units(update->swap_size, update->sector);
    update->steps = STEPS_PER_UNIT * update->units;
    update->cells = SWAPS_PER_UNIT * update->units;
}

static int start(struct boot *boot, const struct image *source)
{
    struct update *update = &boot->update;
    int err = swap_start(boot, source);

    update->announcement.image_ok = update->starting.image_ok;
    return err;
}

/* Neither image's size is on flash: everything is copied. */
static void resume(struct boot *boot)
{
    boot->update.primary_used = boot->update.swap_size;
    boot->update.secondary_used = boot->update.swap_size;
}

static void plan_move(const struct update *update, struct boot_step *step)
{
    uint32_t unit = update->units - 1 - update->done;

    step->kind = STEP_COPY;
    step->src_off = unit * update->sector;
    step->dst_off = step->src_off + update->sector;
    step->len = step->src_off < update->primary_used ? update->sector : 0;
    step->status_index = update->done;
    step->status_value = 1;
}

static void plan_swap(const struct update *update, struct boot_step *step)
{
    uint32_t index = update->done - update->units;
    uint32_t low = index / SWAPS_PER_UNIT * update->sector;
    bool installs = index % SWAPS_PER_UNIT == 0;
    uint32_t used = installs ? update->secondary_used : update->primary_used;

    step->kind = STEP_COPY;
    step->dst = installs ? BOOT_PRIMARY : BOOT_SECONDARY;
    step->src = installs ? BOOT_SECONDARY : BOOT_PRIMARY;
    step->dst_off = low;
    step->src_off = installs ? low : low + update->sector;
    step->len = low < used ? update->sector : 0;
    step->status_index = update->slots[BOOT_PRIMARY].layout.move_cells + index;
    step->status_value = (uint8_t)(1 + index % SWAPS_PER_UNIT);
}

static void plan(const struct update *update, struct boot_step *step)
{
    if (update->done == 0 && !update->secondary_is_cleared) {
        swap_plan_preparation(update, step);
    } else if (update->done < update->units) {
        plan_move(update, step);
    } else if (update->done < update->steps) {
        plan_swap(update, step);
    } else {
        swap_plan_completion(update, step);
    }
}

const struct boot_mode boot_mode_swap_move = {
    .start_line = "Starting swap using move algorithm.",
    .rules = &swap_rules_swap,
    .status_steps = STEPS_PER_UNIT,
    .move_steps = 1,
    .can_revert = true,
    .check = check,
    .classify = classify,
    .source_off = source_off,
    .source_limit = source_limit,
    .start = start,
    .resume = resume,
    .measure = measure,
    .plan = plan,
    .advance = swap_advance,
};
