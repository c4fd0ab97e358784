#include "boot/swap.h"

#include "boot/chosen.h"

#include <farboot/log.h>

__attribute__((noinline)) uint32_t swap_units(uint32_t bytes, uint32_t unit)
{
    return bytes / unit + (bytes % unit != 0 ? 1 : 0);
}

uint32_t swap_first_trailer_sector(const struct boot_slot *slot)
{
    return slot->layout.status / slot->sector * slot->sector;
}

int swap_check_equal_sectors(const struct boot *boot, uint32_t more)
{
    const struct boot_slot *primary = &boot->slots[BOOT_PRIMARY];
    const struct boot_slot *secondary = &boot->slots[BOOT_SECONDARY];
    uint32_t cells_per_sector = boot_mode(boot)->status_steps;
    bool same_size = primary->sector != 0 && primary->sector == secondary->sector;

    if (same_size && primary->sectors != 0 && secondary->sectors != 0 && more <= 1 &&
        primary->layout.status_cells / cells_per_sector >= primary->sectors) {
        return OK;
    }
    LOG_WRN("Cannot upgrade: not %s", same_size ? "a compatible amount of sectors" : "same sector layout");
    /* A size of 0: the slot's sectors differ, or it does not begin and end at one. */
    LOG_WRN("Sectors: primary %u of %u bytes, secondary %u of %u, trailer %u", (unsigned)primary->sectors,
            (unsigned)primary->sector, (unsigned)secondary->sectors, (unsigned)secondary->sector,
            (unsigned)(primary->layout.status_cells / cells_per_sector));
    return ERR_BOOT_GEOMETRY;
}

bool swap_size_is_possible(const struct boot *boot, uint32_t swap_size)
{
    return swap_size != 0 && swap_size <= boot_mode(boot)->source_limit(boot, SWAP_REVERT);
}

void swap_take_over(struct boot *boot, const struct trailer *from)
{
    struct update *update = &boot->update;
    uint32_t moves;

    update->swap_size = from->swap_size;
    boot_mode(boot)->measure(update);
    moves = update->steps - update->cells;
    update->type = from->swap_type;
    update->is_resumed = true;
    update->done = from->status_done > 0 ? moves + swap_smaller(from->status_done, update->cells)
                                         : swap_smaller(from->moves_done, moves);
}

/* Whether there is a status cell behind those that the exchange uses. */
static bool has_spare_cell(const struct update *update)
{
    const struct trailer_layout *layout = &update->slots[BOOT_PRIMARY].layout;

    return update->cells < layout->status_cells - layout->move_cells;
}

/*
 * A program of copy_done that power cut short: all that comes before it is on flash, and the image was not started. The
 * word is not programmed again, some flash would not stand it; one more status cell says instead that the image is
 * started now. With that cell a torn copy_done means what a whole one means.
 */
static void classify_torn_copy_done(struct boot *boot)
{
    struct update *update = &boot->update;

    swap_take_over(boot, &update->primary);
    update->done = update->steps;
    if (update->primary.status_done > update->cells || !has_spare_cell(update)) {
        update->is_resumed = false;
        update->done = 0;
        update->type = SWAP_REVERT;
    }
}

static bool is_torn_completion(const struct boot *boot)
{
    const struct trailer *primary = &boot->update.primary;

    return primary->magic == TRAILER_MAGIC_GOOD && primary->copy_done == TRAILER_FLAG_BAD &&
           primary->swap_type == SWAP_TEST && primary->image_ok == TRAILER_FLAG_UNSET &&
           boot->update.secondary.magic != TRAILER_MAGIC_GOOD && swap_size_is_possible(boot, primary->swap_size);
}

enum swap_type swap_requested(const struct trailer *secondary)
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
    /* Swap using scratch erases the secondary's trailer behind its first step. */
    bool is_ready = update_is_begun(primary) && primary->moves_done == 0 && primary->status_done <= 1;

    if (is_ready && primary->swap_type == SWAP_REVERT) {
        return SWAP_REVERT;
    }
    if (is_ready && primary->swap_type == SWAP_PERM && asked == SWAP_TEST && update->secondary.swap_type != SWAP_TEST) {
        return SWAP_PERM;
    }
    if (asked == SWAP_REVERT && primary->magic == TRAILER_MAGIC_GOOD && primary->image_ok == TRAILER_FLAG_SET &&
        primary->copy_done == TRAILER_FLAG_SET) {
        return swap_requested(&update->secondary);
    }
    return asked;
}

void swap_classify(struct boot *boot, bool announces_revert)
{
    struct update *update = &boot->update;

    update->slots = boot->slots;
    update->sector = boot->slots[BOOT_PRIMARY].sector;
    update->fallback = swap_requested(&update->secondary);
    if (is_torn_completion(boot)) {
        classify_torn_copy_done(boot);
    } else if (!update_is_begun(&update->primary) || update->secondary.magic == TRAILER_MAGIC_GOOD) {
        update->type =
            announces_revert ? SWAP_REVERT : swap_decide(boot_mode(boot)->rules, &update->primary, &update->secondary);
        update->type = type_before_first_step(update, update->type);
    } else if (swap_size_is_possible(boot, update->primary.swap_size)) {
        swap_take_over(boot, &update->primary);
    } else {
        LOG_ERR("Impossible swap size: %u", (unsigned)update->primary.swap_size);
        update->type = SWAP_NONE;
    }
}

static int say_too_large(uint32_t required, uint32_t available)
{
    LOG_WRN("Not enough free space to run swap upgrade");
    LOG_WRN("required %u bytes but only %u are available", (unsigned)required, (unsigned)available);
    return ERR_IMAGE_SIZE;
}

/* The trailers that preparation programs. */
static void write_out_trailers(struct boot *boot, uint32_t tlv_sizes)
{
    struct update *update = &boot->update;
    struct trailer *starting = &update->starting;

    *starting = trailer_unset();
    starting->magic = TRAILER_MAGIC_GOOD;
    starting->swap_type = update->type;
    starting->image_index = boot->index;
    starting->swap_size = update->swap_size;
    starting->tlv_sizes = boot_mode(boot)->has_tlv_sizes ? tlv_sizes : 0;
    update->announcement = *starting;
    if (update->type != SWAP_TEST) {
        starting->image_ok = TRAILER_FLAG_SET;
    }
}

int swap_start(struct boot *boot, const struct image *source)
{
    struct update *update = &boot->update;
    const struct boot_mode *mode = boot_mode(boot);
    const struct flash_area *area = boot->slots[BOOT_PRIMARY].area;
    /* What the primary holds goes to where the opposite update would find it. */
    uint32_t available = mode->source_limit(boot, update->type == SWAP_REVERT ? SWAP_TEST : SWAP_REVERT);
    struct image present;
    uint32_t present_end = 0;
    uint32_t present_tlvs = 0;

    if (!update->replaces_invalid && image_open_untrusted(&present, area, 0, area->size) == OK) {
        present_end = present.end;
        present_tlvs = image_unprotected_size(&present);
    }
    if (present_end > available) {
        return say_too_large(present_end, available);
    }
    update->swap_size = present_end > source->end ? present_end : source->end;
    update->primary_used = present_end;
    update->secondary_used = source->end;
    update->done = 0;
    update->primary_is_cleared = false;
    update->secondary_is_cleared = false;
    update->scratch_is_cleared = false;
    mode->measure(update);
    write_out_trailers(boot, (uint32_t)image_unprotected_size(source) << 16 | present_tlvs);
    return OK;
}

bool swap_primary_is_ready(const struct update *update)
{
    const struct trailer *found = &update->primary;
    const struct trailer *wanted = &update->starting;

    return update_is_begun(found) && trailer_status_is_clear(found) && found->swap_type == wanted->swap_type &&
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

/*
 * One of the two trailers always says what goes on: each is rewritten only while the other one does. As long as the
 * secondary's does, a primary's that was found complete is written again: torn, it may read differently next time.
 */
void swap_plan_preparation(const struct update *update, struct boot_step *step)
{
    step->kind = STEP_WRITE_TRAILER;
    step->dst = BOOT_SECONDARY;
    if (swap_primary_is_ready(update) && (update->primary_is_written || !secondary_announces(update))) {
        step->kind = STEP_ERASE_TRAILER;
    } else if (!secondary_announces(update)) {
        step->trailer = &update->announcement;
    } else {
        step->dst = BOOT_PRIMARY;
        step->trailer = &update->starting;
    }
}

void swap_plan_completion(const struct update *update, struct boot_step *step)
{
    const struct trailer *primary = &update->primary;

    if (update->is_installed != HARDENED_TRUE) {
        step->kind = STEP_VERIFY;
    } else if (update->type != SWAP_TEST && primary->image_ok == TRAILER_FLAG_UNSET) {
        step->kind = STEP_IMAGE_OK;
    } else if (primary->copy_done == TRAILER_FLAG_UNSET) {
        step->kind = STEP_COPY_DONE;
    } else if (primary->copy_done == TRAILER_FLAG_BAD && primary->status_done <= update->cells &&
               has_spare_cell(update)) {
        step->kind = STEP_STATUS;
        step->status_index = update->slots[BOOT_PRIMARY].layout.move_cells + update->cells;
        step->status_value = 1;
    }
}

static void advance_trailer(struct update *update, const struct boot_step *step)
{
    struct trailer *trailer = &update->primary;

    if (step->dst == BOOT_PRIMARY) {
        update->primary_is_cleared = true;
        update->primary_is_written = step->trailer != NULL;
    } else if (!boot_has_scratch() || step->dst == BOOT_SECONDARY) {
        update->secondary_is_cleared = step->trailer == NULL;
        trailer = &update->secondary;
    } else {
        update->scratch_is_cleared = true;
        trailer = &update->scratch;
    }
    *trailer = step->trailer != NULL ? *step->trailer : trailer_unset();
}

static void advance_exchange(struct update *update, const struct boot_step *step)
{
    uint32_t moves = update->steps - update->cells;

    update->done++;
    if (update->done <= moves) {
        update->primary.moves_done = update->done;
    } else if (!boot_has_scratch() || step->status_slot == BOOT_PRIMARY) {
        update->primary.status_done = update->done - moves;
    }
}

void swap_advance(struct update *update, const struct boot_step *step)
{
    switch (step->kind) {
    case STEP_WRITE_TRAILER:
    case STEP_ERASE_TRAILER:
        advance_trailer(update, step);
        break;
    case STEP_COPY:
    case STEP_FILL:
        if (boot_has_scratch() && step->trailer != NULL) {
            advance_trailer(update, step);
        }
        if (step->status_value != 0) {
            advance_exchange(update, step);
        }
        break;
    case STEP_STATUS:
        update->primary.status_done++;
        break;
    case STEP_ERASE:
        if (!boot_has_scratch() || step->dst == BOOT_SECONDARY) {
            update->head_is_erased = true;
        } else {
            update->scratch_is_cleared = true;
            update->scratch = trailer_unset();
        }
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
