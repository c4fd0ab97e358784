/*
 * An update from request to completion, the same for every mode: is the image admitted, if not why, and the loop
 *
 *     plan_next (pure) -> apply (one idempotent erase or copy) -> commit (the one program that makes it true).
 */
#include <string.h>

#include <farboot/log.h>

#include "boot/chosen.h"
#include "boot/mode.h"
#include "boot/progress.h"
#include "boot/ram_load.h"

static const char *const swap_type_names[] = {"", "none", "test", "perm", "revert"};

/* The registry's texts of refusals; those that cannot come up in this bootloader, and other errors', are left out. */
#define IMAGE_TEXT(symbol, value, name, text) [ERROR_NUMBER(value)] = CAN_REFUSE(symbol) ? (text) : "",
#define CAN_REFUSE(symbol)                                                                                             \
    ((symbol) == ERR_IMAGE_DEPENDENCY ? BOOT_IMAGES_MAX > 1 : (symbol) != ERR_IMAGE_COUNTER || VERIFY_CAN_COUNT)
#define GEOMETRY_TEXT(symbol, value, name, text)                                                                       \
    if ((symbol) == ERR_BOOT_GEOMETRY) {                                                                               \
        return text;                                                                                                   \
    }

static const char *refusal_text(int reason)
{
    static const char *const texts[] = {ERROR_LIST_IMAGE(IMAGE_TEXT)};

    if (ERROR_IS_ABOUT_IMAGE(reason)) {
        return texts[ERROR_NUMBER(reason)];
    }
    ERROR_LIST_BOOT(GEOMETRY_TEXT)
    return "";
}

int boot_open_source(struct boot *boot, enum swap_type type, struct image *source)
{
    const struct boot_mode *mode = boot_mode(boot);
    const struct flash_area *area = boot_source(boot)->area;
    uint32_t off = mode->source_off(boot, type);
    hardened_bool valid = HARDENED_FALSE;
    int err = image_open_untrusted(source, area, off, mode->source_limit(boot, type));

    if (err == ERR_IMAGE_HEADER && off != 0 && image_has_magic(area, 0)) {
        LOG_ERR("Secondary header magic detected in first sector, wrong upload address?");
    }
    if (err == ERR_IMAGE_SIZE) {
        LOG_WRN("The largest that fits has %u bytes", (unsigned)mode->source_limit(boot, type));
    }
    if (err == OK) { /* whatever becomes of this image, its slot is going to be written to */
        err = flash_area_erase(area, 0, 0);
    }
    if (err == OK) {
        err = verify_image(&boot->verifier, source, &valid);
    }
    if (err != OK) {
        return err;
    }
    HARDENED_CHECK(hardened_launder(valid) == HARDENED_TRUE);
    return OK;
}

/* The vector table's second word must point into the primary slot: an image linked for elsewhere would not run. */
static int check_address(const struct boot *boot, const struct image *source)
{
    uint32_t first = boot->areas->primary_address;
    uint32_t size = boot->slots[BOOT_PRIMARY].area->size;
    uint32_t vector = 0;
    int err;

    if (!BOOT_OPTION(boot->config, verify_address, CONFIG_MCUBOOT_VERIFY_IMG_ADDRESS)) {
        return OK;
    }
    if (IS_ENABLED(CONFIG_BOOT_COPY_TO_RAM) && !ram_load_fits(&boot->config->ram, source)) {
        LOG_ERR("Binary in secondary slot of image %u cannot be copied to RAM", (unsigned)boot->index);
        return ERR_IMAGE_ADDRESS;
    }
    err = flash_area_read(source->area, source->off + source->header.hdr_size + 4U, &vector, sizeof vector);
    if (err != OK) {
        return err;
    }
    if (vector < first || vector - first >= size) {
        return ERR_IMAGE_ADDRESS;
    }
    return OK;
}

static int check_version(const struct boot *boot, const struct image *source)
{
    const struct flash_area *area = boot->slots[BOOT_PRIMARY].area;
    struct image present;

    if (!BOOT_OPTION(boot->config, downgrade_prevention, CONFIG_MCUBOOT_DOWNGRADE_PREVENTION) ||
        image_open_untrusted(&present, area, 0, area->size) != OK ||
        image_version_compare(&source->header.version, &present.header.version) >= 0) {
        return OK;
    }
    return ERR_IMAGE_VERSION;
}

/*
 * A revert may bring back a lower version, but only one that the primary's own trailer announces: external flash can
 * request, it cannot exempt. While that trailer is being rewritten it announces nothing (docs/SPEC.md, "Downgrade
 * prevention").
 */
static bool may_go_down(const struct boot *boot)
{
    const struct update *update = &boot->update;
    const struct trailer *primary = &update->primary;

    if (update->replaces_invalid || update->type != SWAP_REVERT) {
        return update->replaces_invalid;
    }
    return boot_is_transaction(boot) || primary->magic != TRAILER_MAGIC_GOOD ||
           (update_is_begun(primary) && primary->swap_type == SWAP_REVERT) ||
           (primary->copy_done != TRAILER_FLAG_UNSET && primary->image_ok == TRAILER_FLAG_UNSET);
}

/* May this update begin, and how large is it? Nothing is written. */
int boot_try(struct boot *boot)
{
    struct update *update = &boot->update;
    int err = boot_open_source(boot, update->type, &boot->source);

    if (err == OK && update->type != SWAP_REVERT) {
        err = check_address(boot, &boot->source);
    }
    if (err == OK && !may_go_down(boot)) {
        err = check_version(boot, &boot->source);
    }
    return err != OK ? err : boot_mode(boot)->start(boot, &boot->source);
}

/*
 * Clears a request that cannot be honoured, and what an interrupted boot may already have made of it. A revert that
 * has nothing to go back to is one: the image in the primary then stays.
 */
static int clear_request(struct boot *boot)
{
    const struct boot_slot *primary = &boot->slots[BOOT_PRIMARY];
    const struct boot_slot *source = boot_source(boot);
    const struct update *update = &boot->update;
    int err = OK;

    /* The primary's first: without the request in the secondary it would be taken for an update that goes on. */
    if (!boot_is_transaction(boot) && update_is_begun(&update->primary)) {
        err = trailer_erase(primary->area, &primary->layout);
    } else if (!boot_is_transaction(boot) && update->type == SWAP_REVERT &&
               update->primary.magic == TRAILER_MAGIC_GOOD && update->primary.image_ok == TRAILER_FLAG_UNSET) {
        err = trailer_program_image_ok(primary->area, &primary->layout);
    }
    if (err == OK && boot_request(boot)->magic != TRAILER_MAGIC_UNSET) {
        err = trailer_erase(source->area, &source->layout);
    }
    if (err == OK && boot_has_scratch() && update->scratch.magic == TRAILER_MAGIC_GOOD) {
        err = trailer_erase(boot->slots[BOOT_SCRATCH].area, &boot->slots[BOOT_SCRATCH].layout);
    }
    return err;
}

void boot_say_restoring(const struct boot *boot)
{
    LOG_INF("Restoring the primary slot, swap type: %s", swap_type_names[boot->update.type]);
}

void boot_say_invalid(const char *slot)
{
    LOG_ERR("Image in the %s slot is not valid!", slot);
}

void boot_say_not_completed(int err)
{
    LOG_ERR("Update not completed: error -0x%x", (unsigned)-err);
}

void boot_refuse(struct boot *boot, int reason)
{
    int err;

    boot->outcome->refused = reason;
    boot_say_invalid("secondary");
    LOG_ERR("Update refused: %s-%u: %s", ERROR_IS_ABOUT_IMAGE(reason) ? "IMAGE" : "BOOT", ERROR_NUMBER(reason),
            refusal_text(reason));
    err = clear_request(boot);
    if (err != OK) {
        boot_say_not_completed(err);
    }
    boot->update.type = SWAP_NONE;
}

bool boot_is_under_way(const struct boot *boot)
{
    return boot->update.type != SWAP_NONE && boot->update.is_resumed && boot->update.done > 0;
}

void boot_admit(struct boot *boot)
{
    struct update *update = &boot->update;
    int err;

    if (update->type == SWAP_NONE) {
        return;
    }
    err = boot_try(boot);
    if (!boot_is_transaction(boot) && ERROR_IS_ABOUT_IMAGE(err) && update->type == SWAP_REVERT &&
        update->fallback != SWAP_NONE) {
        update->type = update->fallback;
        err = boot_try(boot);
    }
    if (ERROR_IS_ABOUT_IMAGE(err)) {
        boot_refuse(boot, err);
    } else if (err != OK) {
        boot_say_not_completed(err);
        update->type = SWAP_NONE;
    }
}

/* The same pair once more, the other way round. */
static void turn(struct update *update, enum swap_type type)
{
    update->type = type;
    update->secondary_is_cleared = false;
    update->head_is_erased = false;
    update->is_installed = HARDENED_FALSE;
}

void boot_go_back(struct boot *boot)
{
    boot->has_turned = true;
    turn(&boot->update, SWAP_REVERT);
    boot->update.fallback = SWAP_NONE;
    boot_admit(boot);
}

/*
 * What was installed is not valid, though it was when it was verified: external flash answered differently. The other
 * image of the pair is still there; go back to it, once.
 */
static int turn_back(struct boot *boot)
{
    struct update *update = &boot->update;

    boot->primary_is_valid = HARDENED_FALSE; /* it may be, but is not the one that was admitted, and is overwritten */
    boot_say_invalid("primary");
    if (!boot_mode(boot)->can_revert || update->replaces_invalid) {
        return ERR_BOOT_NO_IMAGE;
    }
    update->replaces_invalid = true;
    turn(update, update->type == SWAP_REVERT ? SWAP_PERM : SWAP_REVERT);
    boot_say_restoring(boot);
    return boot_try(boot);
}

/* External flash may have answered with another valid image than the one that was admitted. */
static bool is_admitted(const struct boot *boot)
{
    return boot->source.area == NULL ||
           memcmp(&boot->present.header, &boot->source.header, sizeof boot->source.header) == 0;
}

static int run_step(struct boot *boot, const struct boot_step *step)
{
    struct step_buffer buffer = {boot->config->buffer, boot->config->buffer_size};
    int err;

    if (step->kind == STEP_VERIFY) {
        boot_verify_primary(boot);
        if (boot->primary_is_valid != HARDENED_TRUE || !is_admitted(boot)) {
            return turn_back(boot);
        }
        boot->update.is_installed = boot->primary_is_valid;
        return OK;
    }
    err = step_apply(boot->slots, step, &buffer);
    /* Only now, since power may fail: what apply did is on flash. */
    if (err == OK) {
        err = step_commit(boot->slots, step);
    }
    if (err == OK) {
        boot_mode(boot)->advance(&boot->update, step);
    }
    return err;
}

static int run(struct boot *boot)
{
    struct boot_step step;
    uint32_t start = boot_now_us(boot);
    int err;

    boot->is_at_rest = false;
    progress_begin(boot);
    do {
        step = (struct boot_step){.kind = STEP_DONE};
        boot_mode(boot)->plan(&boot->update, &step);
        err = run_step(boot, &step);
    } while (err == OK && step.kind != STEP_DONE);
    boot->outcome->update_us += boot_now_us(boot) - start;
    if (err != OK) {
        boot_say_not_completed(err);
    } else {
        boot->outcome->performed = boot->update.type;
    }
    boot->update.type = SWAP_NONE;
    return err;
}

static void log_trailer(const char *slot, const struct trailer *trailer)
{
    static const char *const magic[] = {"", "good", "bad", "unset"};

    LOG_INF("%s: magic=%s, swap_type=0x%x, copy_done=0x%x, image_ok=0x%x", slot, magic[trailer->magic],
            (unsigned)trailer->swap_type, (unsigned)trailer->copy_done, (unsigned)trailer->image_ok);
}

void boot_decide(struct boot *boot)
{
    const struct boot_mode *mode = boot_mode(boot);
    struct update *update = &boot->update;

    log_trailer("Primary image", &update->primary);
    log_trailer("Secondary image", &update->secondary);
    if (mode->lay_out != NULL) {
        log_trailer("Scratch", &update->scratch);
    }
    if (mode->check(boot) != OK) {
        if (update->secondary.magic == TRAILER_MAGIC_GOOD) {
            boot_refuse(boot, ERR_BOOT_GEOMETRY);
        }
        boot->has_turned = true; /* nor is there a way back, whatever trailers say */
        return;
    }
    mode->classify(boot);
    LOG_INF("Boot source: %s", boot_has_scratch() && update->status_is_in_scratch ? "scratch"
                               : update->is_resumed                               ? "primary slot"
                                                                                  : "none");
    LOG_INF("Image index: %u, Swap type: %s", (unsigned)boot->index, swap_type_names[update->type]);
}

int boot_perform(struct boot *boot)
{
    if (boot->update.type == SWAP_NONE) {
        return OK;
    }
    if (boot_is_under_way(boot)) {
        boot_mode(boot)->resume(boot);
    }
    LOG_INF("%s", boot_mode(boot)->start_line);
    boot->primary_is_valid = HARDENED_FALSE;
    return run(boot);
}

void boot_recover(struct boot *boot)
{
    static const enum swap_type candidates[] = {SWAP_REVERT, SWAP_PERM};
    const struct boot_mode *mode = boot_mode(boot);
    struct update *update = &boot->update;

    if (mode->check(boot) != OK || update->replaces_invalid) {
        return;
    }
    update->replaces_invalid = true;
    for (size_t i = mode->can_revert ? 0 : 1; i < sizeof candidates / sizeof candidates[0]; i++) {
        update->type = candidates[i];
        if (boot_try(boot) == OK) {
            boot_say_restoring(boot);
            (void)run(boot); /* what it says is what was wrong before: the primary is not valid */
            return;
        }
    }
    update->type = SWAP_NONE;
}
