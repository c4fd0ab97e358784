/*
 * Swap using scratch: unit by unit, from the last one down, the new image's unit goes to the scratch area, the old
 * one's to the secondary, and what scratch holds to the primary. A unit is what fits into scratch, in whole sectors of
 * both slots: their sectors may differ. Layout and order are MCUboot's; docs/SPEC.md, "Swap using scratch".
 *
 *   unit [off, end):   1. secondary -> scratch      2. primary -> secondary      3. scratch -> primary
 *
 * Usually the trailers' sectors are not exchanged, and status is kept in the primary as in the other swaps. An image
 * that reaches into those sectors makes the last unit, the first to be exchanged, contain the trailers: then status is
 * kept in the scratch area's own trailer until step 3 has written the primary's.
 *
 * While the secondary's magic is good nothing has been destroyed: it is erased only when scratch holds the first unit.
 * A revert has no request there; it is announced in scratch while the primary's trailer is rewritten.
 */
#include "boot/swap.h"

#include <farboot/log.h>

#define STEPS_PER_UNIT 3U

/* The sector of a slot that contains `off`. Slots are whole sectors (check), so that it exists. */
static uint32_t sector_start(const struct boot_slot *slot, uint32_t off)
{
    uint32_t start = 0;
    uint32_t size = 0;

    return flash_area_sector_at(slot->area, off, &start, &size) == OK ? start : 0;
}

static uint32_t sector_end(const struct boot_slot *slot, uint32_t off)
{
    uint32_t start = 0;
    uint32_t size = 0;

    return flash_area_sector_at(slot->area, off, &start, &size) == OK ? start + size : slot->area->size;
}

/* The last place before `end` where a sector begins in both slots. */
static uint32_t boundary_before(const struct boot_slot *slots, uint32_t end)
{
    uint32_t primary = sector_start(&slots[BOOT_PRIMARY], end - 1);
    uint32_t secondary = sector_start(&slots[BOOT_SECONDARY], primary);

    while (primary != secondary) {
        primary = sector_start(&slots[BOOT_PRIMARY], secondary);
        secondary = sector_start(&slots[BOOT_SECONDARY], primary);
    }
    return primary;
}

/* The first place not before `off`, which is not 0, where a sector ends in both slots. */
static uint32_t boundary_behind(const struct boot_slot *slots, uint32_t off)
{
    uint32_t primary = sector_end(&slots[BOOT_PRIMARY], off - 1);
    uint32_t secondary = sector_end(&slots[BOOT_SECONDARY], primary - 1);

    while (primary != secondary) {
        primary = sector_end(&slots[BOOT_PRIMARY], secondary - 1);
        secondary = sector_end(&slots[BOOT_SECONDARY], primary - 1);
    }
    return primary;
}

/* Where the unit that ends at `end` begins. */
static uint32_t unit_start(const struct boot_slot *slots, uint32_t end)
{
    uint32_t start = boundary_before(slots, end);
    uint32_t next = start;

    while (next > 0) {
        next = boundary_before(slots, start);
        if (end - next > slots[BOOT_SCRATCH].area->size) {
            break;
        }
        start = next;
    }
    return start;
}

/* Where the earlier of the two trailers begins. */
static uint32_t trailers_start(const struct boot_slot *slots)
{
    return swap_smaller(slots[BOOT_PRIMARY].layout.status, slots[BOOT_SECONDARY].layout.status);
}

/* Whether the unit that ends at `end` contains a part of a sector with a trailer. */
static bool has_trailer(const struct boot_slot *slots, uint32_t end)
{
    return end > boundary_before(slots, trailers_start(slots) + 1);
}

/* What is copied of the unit [off, end): the trailers are not, and scratch has its own. */
static uint32_t copy_len(const struct boot_slot *slots, uint32_t off, uint32_t end)
{
    if (!has_trailer(slots, end)) {
        return end - off;
    }
    return swap_smaller(trailers_start(slots) - off, slots[BOOT_SCRATCH].layout.status);
}

/* Whether the first unit to be exchanged contains the trailers. */
static bool trailers_are_exchanged(const struct boot_slot *slots, uint32_t swap_size)
{
    return has_trailer(slots, boundary_behind(slots, swap_size));
}

static int lay_out_slot(struct boot *boot, enum boot_slot_id id, const struct trailer_params *params)
{
    struct boot_slot *slot = &boot->slots[id];
    struct trailer_params own = *params;
    uint32_t block = flash_geometry(slot->area->dev)->write_block;

    own.cell = params->cell > block ? params->cell : block;
    return trailer_layout_init(&slot->layout, slot->area, &own);
}

/* Fields and cells are made for the larger of the write blocks. Without a scratch area, check refuses. */
static int lay_out(struct boot *boot)
{
    struct boot_slot *slots = boot->slots;
    uint32_t primary = flash_geometry(slots[BOOT_PRIMARY].area->dev)->write_block;
    uint32_t scratch;
    struct trailer_params params;
    int err;

    slots[BOOT_SCRATCH].area = boot->config->scratch;
    if (slots[BOOT_SCRATCH].area == NULL) {
        return OK;
    }
    scratch = flash_geometry(slots[BOOT_SCRATCH].area->dev)->write_block;
    params = (struct trailer_params){.max_align = trailer_max_align(slots[BOOT_PRIMARY].layout.max_align, scratch),
                                     .status_cells = slots[BOOT_PRIMARY].layout.status_cells,
                                     .cell = primary > scratch ? primary : scratch};
    err = lay_out_slot(boot, BOOT_PRIMARY, &params);

    if (err == OK) {
        err = lay_out_slot(boot, BOOT_SECONDARY, &params);
    }
    params.status_cells = STEPS_PER_UNIT;
    return err != OK ? err : lay_out_slot(boot, BOOT_SCRATCH, &params);
}

static const char *obstacle(const struct boot *boot)
{
    const struct boot_slot *slots = boot->slots;
    const struct boot_slot *primary = &slots[BOOT_PRIMARY];
    const struct boot_slot *secondary = &slots[BOOT_SECONDARY];

    if (slots[BOOT_SCRATCH].area == NULL) {
        return "no scratch area";
    }
    if (primary->sectors == 0 || secondary->sectors == 0 || primary->area->size != secondary->area->size) {
        return "slots are not compatible";
    }
    if (primary->layout.status_cells / STEPS_PER_UNIT < primary->sectors) {
        return "more sectors than allowed";
    }
    for (uint32_t end = primary->area->size; end > 0;) {
        uint32_t start = boundary_before(slots, end);

        if (end - start > slots[BOOT_SCRATCH].area->size) {
            return "not all sectors fit inside scratch";
        }
        end = start;
    }
    return NULL;
}

static int check(const struct boot *boot)
{
    const char *what = obstacle(boot);

    if (what == NULL) {
        return OK;
    }
    LOG_WRN("Cannot upgrade: %s", what);
    return ERR_BOOT_GEOMETRY;
}

static uint32_t source_off(const struct boot *boot, enum swap_type type)
{
    (void)boot;
    (void)type;
    return 0;
}

/* Up to the trailers; of the unit that contains them, no more than fits into scratch beside its trailer. */
static uint32_t source_limit(const struct boot *boot, enum swap_type type)
{
    const struct boot_slot *slots = boot->slots;
    uint32_t end = boundary_behind(slots, trailers_start(slots));
    uint32_t off = unit_start(slots, end);

    (void)type;
    return off + copy_len(slots, off, end);
}

static void measure(struct update *update)
{
    update->unit_end = boundary_behind(update->slots, update->swap_size);
    update->units = 0;
    for (uint32_t end = update->unit_end; end > 0; end = unit_start(update->slots, end)) {
        update->units++;
    }
    update->steps = STEPS_PER_UNIT * update->units;
    update->cells = update->steps;
}

/* An image's bytes lie in scratch too: they must not look like a trailer. */
static bool scratch_has_trailer(const struct boot *boot)
{
    const struct trailer *scratch = &boot->update.scratch;

    return scratch->magic == TRAILER_MAGIC_GOOD && scratch->swap_type != SWAP_NONE &&
           scratch->copy_done == TRAILER_FLAG_UNSET && scratch->image_index == boot->index &&
           swap_size_is_possible(boot, scratch->swap_size);
}

/*
 * Nothing was moved, and nothing but scratch may know what goes on. Where the primary counts steps of the same update
 * it knows better: what lies in scratch then is an image's.
 */
static bool scratch_announces(const struct update *update)
{
    const struct trailer *primary = &update->primary;

    return update->secondary.magic != TRAILER_MAGIC_GOOD &&
           !(update_is_begun(primary) && primary->swap_type == update->scratch.swap_type && primary->status_done > 0);
}

/*
 * The trailers are exchanged, and the primary's is complete again: scratch is about to be erased, and what it still
 * says may be torn. The primary's old trailer, torn in step 3, does not look like this: it had a cell for every step.
 */
static bool is_behind_first_unit(const struct boot *boot)
{
    const struct trailer *primary = &boot->update.primary;

    return update_is_begun(primary) && primary->status_done == STEPS_PER_UNIT &&
           swap_size_is_possible(boot, primary->swap_size) && trailers_are_exchanged(boot->slots, primary->swap_size);
}

static void classify(struct boot *boot)
{
    struct update *update = &boot->update;
    const struct trailer *scratch = &update->scratch;
    bool scratch_counts;

    update->slots = boot->slots;
    scratch_counts = scratch_has_trailer(boot) && !is_behind_first_unit(boot);
    if (scratch_counts && scratch->status_done > 0 && trailers_are_exchanged(boot->slots, scratch->swap_size)) {
        swap_take_over(boot, scratch);
        update->done = swap_smaller(update->done, STEPS_PER_UNIT - 1);
        update->status_is_in_scratch = true;
    } else if (scratch_counts && scratch_announces(update)) {
        update->type = scratch->swap_type;
        update->fallback = SWAP_NONE;
    } else {
        swap_classify(boot, false);
    }
    for (uint32_t i = 0; i < update->done / STEPS_PER_UNIT; i++) {
        update->unit_end = unit_start(boot->slots, update->unit_end);
    }
}

/* Neither image's size is on flash: everything is copied. */
static void resume(struct boot *boot)
{
    struct update *update = &boot->update;

    update->primary_used = update->swap_size;
    update->secondary_used = update->swap_size;
    if (update->status_is_in_scratch) {
        update->starting = update->scratch;
    }
}

/*
 * Whether scratch's trailer must be erased for the primary's to decide alone. One that reads as erased may be the
 * remainder of an erase that was cut short, and read as good in a later boot: only an erase in this one is known.
 */
static bool scratch_may_speak(const struct update *update)
{
    return update->scratch.magic == TRAILER_MAGIC_GOOD || !update->scratch_is_cleared;
}

/*
 * Whether scratch says all that the primary's trailer will. The remainder of an erase may say less, and must not be
 * what the primary's trailer is rewritten from.
 */
static bool is_announced(const struct update *update)
{
    const struct trailer *found = &update->scratch;
    const struct trailer *wanted = &update->starting;

    return found->magic == TRAILER_MAGIC_GOOD && found->swap_type == wanted->swap_type &&
           found->image_index == wanted->image_index && found->swap_size == wanted->swap_size &&
           found->copy_done == TRAILER_FLAG_UNSET;
}

/* The trailers are not exchanged. Returns whether there is a step. */
static bool plan_trailers(const struct update *update, struct boot_step *step)
{
    bool announces = is_announced(update);

    step->dst = BOOT_SCRATCH;
    step->trailer = &update->starting;
    if (swap_primary_is_ready(update) &&
        (update->primary_is_written || (update->secondary.magic != TRAILER_MAGIC_GOOD && !announces))) {
        step->kind = STEP_ERASE_TRAILER;
        step->trailer = NULL;
        return scratch_may_speak(update);
    }
    step->kind = STEP_WRITE_TRAILER;
    if (update->type != SWAP_REVERT || announces) {
        step->dst = BOOT_PRIMARY;
    }
    return true;
}

/* The trailers are exchanged: status begins in scratch. Returns whether there is a step. */
static bool plan_scratch(const struct update *update, struct boot_step *step)
{
    step->dst = BOOT_SCRATCH;
    if (!update->scratch_is_cleared) {
        step->kind = STEP_ERASE; /* all of it: behind the trailer's sectors it is filled without another erase */
        step->len = update->slots[BOOT_SCRATCH].area->size;
        return true;
    }
    step->kind = STEP_FILL;
    step->trailer = &update->starting;
    return update->scratch.magic != TRAILER_MAGIC_GOOD;
}

/* Trailers that must be gone before a step of the first unit. Returns whether there is one. */
static bool plan_erase(const struct update *update, bool exchanges_trailers, struct boot_step *step)
{
    step->kind = STEP_ERASE_TRAILER;
    if (update->done == 1 && !update->secondary_is_cleared) {
        step->dst = BOOT_SECONDARY;
        return true;
    }
    if (update->done == 2 && exchanges_trailers && !update->primary_is_cleared) {
        step->dst = BOOT_PRIMARY;
        return true;
    }
    if (update->done == STEPS_PER_UNIT && exchanges_trailers && scratch_may_speak(update)) {
        step->dst = BOOT_SCRATCH; /* the primary's trailer is complete */
        return true;
    }
    return false;
}

static void plan_exchange(const struct update *update, bool exchanges_trailers, struct boot_step *step)
{
    static const uint8_t from[STEPS_PER_UNIT] = {BOOT_SECONDARY, BOOT_PRIMARY, BOOT_SCRATCH};
    static const uint8_t to[STEPS_PER_UNIT] = {BOOT_SCRATCH, BOOT_SECONDARY, BOOT_PRIMARY};
    uint32_t state = update->done % STEPS_PER_UNIT;
    uint32_t off = unit_start(update->slots, update->unit_end);
    uint32_t used = state == 1 ? update->primary_used : update->secondary_used;

    step->kind = STEP_COPY;
    step->src = (enum boot_slot_id)from[state];
    step->dst = (enum boot_slot_id)to[state];
    step->src_off = step->src == BOOT_SCRATCH ? 0 : off;
    step->dst_off = step->dst == BOOT_SCRATCH ? 0 : off;
    step->len = off < used ? copy_len(update->slots, off, update->unit_end) : 0;
    step->status_index = update->done;
    step->status_value = (uint8_t)(1 + state);
    if (exchanges_trailers && update->done < STEPS_PER_UNIT) {
        step->kind = state == 0 ? STEP_FILL : STEP_COPY;
        step->status_slot = state == 2 ? BOOT_PRIMARY : BOOT_SCRATCH;
        step->trailer = state == 2 ? &update->starting : NULL;
    }
}

static void plan(const struct update *update, struct boot_step *step)
{
    bool exchanges_trailers = trailers_are_exchanged(update->slots, update->swap_size);

    if (update->done == 0 && (exchanges_trailers ? plan_scratch(update, step) : plan_trailers(update, step))) {
        return;
    }
    *step = (struct boot_step){.kind = STEP_DONE};
    if (plan_erase(update, exchanges_trailers, step)) {
        return;
    }
    *step = (struct boot_step){.kind = STEP_DONE};
    if (update->done < update->steps) {
        plan_exchange(update, exchanges_trailers, step);
    } else {
        swap_plan_completion(update, step);
    }
}

static void advance(struct update *update, const struct boot_step *step)
{
    uint32_t before = update->done;

    swap_advance(update, step);
    if (update->done != before && update->done % STEPS_PER_UNIT == 0) {
        update->unit_end = unit_start(update->slots, update->unit_end);
    }
}

const struct boot_mode boot_mode_swap_scratch = {
    .start_line = "Starting swap using scratch algorithm.",
    .rules = &swap_rules_swap,
    .status_steps = STEPS_PER_UNIT,
    .can_revert = true,
    .lay_out = lay_out,
    .check = check,
    .classify = classify,
    .source_off = source_off,
    .source_limit = source_limit,
    .start = swap_start,
    .resume = resume,
    .measure = measure,
    .plan = plan,
    .advance = advance,
};
