#include "boot/boot.h"

#include <string.h>

#include <farboot/boot_hooks.h>
#include <farboot/log.h>

#include "boot/chosen.h"
#include "boot/counter.h"
#include "boot/dependency.h"

/* Firmware without the option has no code for it. */
#define CAN_BOOTSTRAP (!IS_ENABLED(CONFIG_MCUBOOT) || IS_ENABLED(CONFIG_BOOT_BOOTSTRAP))
#define CAN_TRUST     (!IS_ENABLED(CONFIG_MCUBOOT) || !IS_ENABLED(CONFIG_BOOT_VALIDATE_SLOT0))

void boot_measure(struct boot_slot *slot)
{
    uint32_t end = 0;
    uint32_t count = 0;

    slot->sector = 0;
    slot->sectors = 0;
    slot->sizes = 0;
    while (end < slot->area->size) {
        uint32_t start = 0;
        uint32_t size = 0;

        if (flash_area_sector_at(slot->area, end, &start, &size) != OK) {
            return;
        }
        slot->sector = count == 0 || slot->sector == size ? size : 0;
        slot->sizes |= size;
        end = start + size;
        count++;
    }
    slot->sectors = end == slot->area->size ? count : 0;
}

/* Primary and external slots. */
static size_t slots_of_pair(const struct boot *boot)
{
    return boot_is_transaction(boot) ? BOOT_BACKUP + 1 : BOOT_SECONDARY + 1;
}

/* For how many sectors the trailers have status cells. */
static uint32_t status_sectors(const struct boot *boot)
{
    uint32_t primary = boot->slots[BOOT_PRIMARY].sectors;
    uint32_t secondary = boot->slots[BOOT_SECONDARY].sectors;

    if (boot_mode(boot)->status_steps == 0 || boot->config->max_sectors != 0) {
        return boot_mode(boot)->status_steps == 0 ? 0 : boot->config->max_sectors;
    }
    return primary > secondary ? primary : secondary;
}

static int lay_out_trailers(struct boot *boot)
{
    const struct boot_mode *mode = boot_mode(boot);
    uint32_t sectors = status_sectors(boot);
    const struct trailer_params params = {
        .max_align = trailer_max_align(flash_geometry(boot->areas->primary->dev)->write_block,
                                       flash_geometry(boot->areas->secondary->dev)->write_block),
        .status_cells = sectors * mode->status_steps,
        .move_cells = sectors * mode->move_steps,
        .tlv_sizes = mode->has_tlv_sizes,
    };
    int err = sectors > UINT32_MAX / 4 ? ERR_BOOT_GEOMETRY : OK;

    for (size_t i = 0; err == OK && i < slots_of_pair(boot); i++) {
        if (boot->slots[i].area != NULL) {
            err = trailer_layout_init(&boot->slots[i].layout, boot->slots[i].area, &params);
        }
    }
    return err;
}

/* Of an external slot. Returns whether it could be read. */
static bool read_external(const struct boot *boot, enum boot_slot_id id, struct trailer *trailer)
{
    const struct boot_slot *slot = &boot->slots[id];
    bool is_read = trailer_read(slot->area, &slot->layout, trailer) == OK;

    if (!is_read) {
        LOG_INF("%s image of image pair (%u) is unreachable. Treat it as empty",
                id == BOOT_BACKUP ? "Backup" : "Secondary", (unsigned)boot->index);
    }
    return is_read;
}

static int read_trailers(struct boot *boot)
{
    const struct boot_slot *primary = &boot->slots[BOOT_PRIMARY];
    const struct boot_slot *scratch = &boot->slots[BOOT_SCRATCH];
    int err = trailer_read(primary->area, &primary->layout, &boot->update.primary);

    if (err != OK) {
        return err;
    }
    boot->has_secondary = read_external(boot, BOOT_SECONDARY, &boot->update.secondary) &&
                          (!boot_is_transaction(boot) || read_external(boot, BOOT_BACKUP, &boot->update.backup));
    if (boot_has_scratch() && scratch->area != NULL &&
        trailer_read(scratch->area, &scratch->layout, &boot->update.scratch) != OK) {
        LOG_WRN("Cannot upgrade: the scratch area is unreachable");
        boot->has_secondary = false;
    }
    return OK;
}

int boot_lay_out(struct boot *boot)
{
    int err;

    boot->slots[BOOT_PRIMARY].area = boot->areas->primary;
    boot->slots[BOOT_SECONDARY].area = boot->areas->secondary;
    boot->slots[BOOT_BACKUP].area = boot_is_transaction(boot) ? boot->areas->backup : NULL;
    boot->source_slot = BOOT_SECONDARY;
    for (size_t i = 0; i < slots_of_pair(boot); i++) {
        if (boot->slots[i].area != NULL) {
            boot_measure(&boot->slots[i]);
        }
    }
    err = lay_out_trailers(boot);
    return err == OK && boot_mode(boot)->lay_out != NULL ? boot_mode(boot)->lay_out(boot) : err;
}

/* Without a secondary slot nothing is updated, and the primary's trailer decides nothing. */
static int open_pair(struct boot *boot)
{
    boot->has_secondary = boot->areas->secondary != NULL && (!boot_is_transaction(boot) || boot->areas->backup != NULL);
    if (!boot->has_secondary) {
        boot->slots[BOOT_PRIMARY].area = boot->areas->primary;
        return OK;
    }
    if (boot_lay_out(boot) != OK) {
        LOG_WRN("Cannot upgrade: not %s", "a compatible amount of sectors"); /* as the modes say it: one text */
        boot->has_secondary = false;
        return OK;
    }
    return read_trailers(boot);
}

void boot_verify_primary(struct boot *boot)
{
    const struct flash_area *area = boot->slots[BOOT_PRIMARY].area;

    boot->primary_is_valid = HARDENED_FALSE;
    if (image_open_untrusted(&boot->present, area, 0, area->size) != OK) {
        return;
    }
    if (!BOOT_OPTION(boot->config, validate_primary, CONFIG_BOOT_VALIDATE_SLOT0) && boot->is_at_rest) {
        boot->primary_is_valid = HARDENED_TRUE;
    } else if (verify_image(&boot->verifier, &boot->present, &boot->primary_is_valid) != OK) {
        boot->primary_is_valid = HARDENED_FALSE;
    }
}

/* With one pair the loops over pairs and what needs a second one are not compiled. */
static size_t pair_count(const struct boot_config *config)
{
    return BOOT_IMAGES_MAX == 1 ? 1 : config->image_count;
}

/* All that is not set here is zero. */
static void begin(struct boot *boot, const struct boot_config *config, size_t index, struct boot_result *result)
{
    boot->config = config;
    boot->areas = &config->images[index];
    boot->outcome = &result->outcome[index];
    boot->index = (uint8_t)index;
    counter_set_verifier(&boot->verifier, config, boot->records, boot->index);
    if (VERIFY_GIVES_DIGEST) {
        boot->verifier.digest = boot->digest;
    }
    boot->primary_is_valid = HARDENED_FALSE;
    boot->update.is_installed = HARDENED_FALSE;
    boot->update.type = SWAP_NONE;
    boot->outcome->performed = SWAP_NONE;
}

/*
 * Whether no update has touched this primary, or one was completed: none is asked for, none was begun, and nothing is
 * out of reach. Overwriting notes its end alone, in the magic; without, the request of a half done one may be lost.
 */
static bool is_at_rest(const struct boot *boot)
{
    const struct trailer *primary = &boot->update.primary;

    return boot->has_secondary && boot->update.type == SWAP_NONE && !update_is_begun(primary) &&
           (boot_mode(boot)->can_revert || primary->magic == TRAILER_MAGIC_GOOD);
}

static void find_rest(struct boot *boots, size_t count)
{
    bool all_are = true;

    for (size_t i = 0; i < count; i++) {
        all_are = all_are && is_at_rest(&boots[i]);
    }
    for (size_t i = 0; i < count; i++) {
        boots[i].is_at_rest = all_are;
    }
}

/* Reads what every pair is asked to do before anything is written. */
static int decide_all(struct boot *boots, size_t count, const struct boot_config *config, struct boot_result *result)
{
    int err = OK;

    for (size_t i = 0; err == OK && i < count; i++) {
        begin(&boots[i], config, i, result);
        err = open_pair(&boots[i]);
    }
    for (size_t i = 0; err == OK && i < count; i++) {
        if (boots[i].has_secondary) {
            boot_decide(&boots[i]);
        }
    }
    if (CAN_TRUST) {
        find_rest(boots, count);
    }
    return err;
}

/* When one fails the later ones are not begun: they may need it. Their requests stay for the next boot. */
static int perform_all(struct boot *boots, size_t count, bool only_under_way)
{
    int err = OK;

    for (size_t i = 0; err == OK && i < count; i++) {
        if (!only_under_way || boot_is_under_way(&boots[i])) {
            err = boot_perform(&boots[i]);
        }
    }
    return err;
}

/*
 * The product's say, once the updates are known and before the first write. A "no" counts for all pairs,
 * which may need one another; where one was begun in an earlier boot, or has no valid image, it is too late to ask.
 */
static void ask_product(struct boot *boots, size_t count)
{
    bool is_late = false;
    bool may_begin = true;

    for (size_t i = 0; i < count; i++) {
        const struct update *update = &boots[i].update;

        is_late = is_late || boots[i].outcome->performed != SWAP_NONE ||
                  (update->type != SWAP_NONE && (update->is_resumed || update->replaces_invalid));
    }
    for (size_t i = 0; may_begin && !is_late && i < count; i++) {
        enum swap_type type = boots[i].update.type;

        may_begin = type == SWAP_NONE || boot_hook_may_begin(boots[i].index, type == SWAP_REVERT);
    }
    for (size_t i = 0; !may_begin && i < count; i++) {
        if (boots[i].update.type != SWAP_NONE) { /* nothing is cleared: the next boot asks again */
            LOG_WRN("Image index: %u, update postponed by the product: BOOT-4", (unsigned)i);
            boots[i].outcome->refused = ERR_BOOT_POSTPONED;
            boots[i].update.type = SWAP_NONE;
        }
    }
}

/* What was begun in an earlier boot was settled then; its images are not opened again. */
static bool any_under_way(const struct boot *boots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (boot_is_under_way(&boots[i])) {
            return true;
        }
    }
    return false;
}

static void update_all(struct boot *boots, size_t count)
{
    if (count > 1 && !boot_is_transaction(&boots[0])) {
        /* What is half done cannot be withdrawn, and others may need what it installs: it is finished first. */
        if (perform_all(boots, count, true) != OK) {
            return;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!boot_is_under_way(&boots[i])) {
            boot_admit(&boots[i]);
        }
    }
    if (count > 1 && !any_under_way(boots, count)) {
        dependency_settle(boots, count);
    }
    ask_product(boots, count);
    if (boot_is_transaction(&boots[0])) {
        boot_mode(&boots[0])->transact(boots);
        return;
    }
    (void)perform_all(boots, count, false);
    if (count > 1) {
        /* An image that could not be installed as it was admitted takes back with it those that need it. */
        dependency_settle(boots, count);
        (void)perform_all(boots, count, false);
    }
}

static void restore(struct boot *boot)
{
    if (boot_is_transaction(boot)) {
        boot_mode(boot)->recover(boot);
    } else {
        boot_recover(boot);
    }
}

static int validate(struct boot *boot)
{
    if (boot->primary_is_valid != HARDENED_TRUE) {
        boot_verify_primary(boot);
    }
    if (boot->primary_is_valid != HARDENED_TRUE && boot->has_secondary) {
        boot_say_invalid("primary");
        if (CAN_BOOTSTRAP) {
            restore(boot);
        }
    }
    if (hardened_launder(boot->primary_is_valid) != HARDENED_TRUE) {
        return ERR_BOOT_NO_IMAGE;
    }
    HARDENED_CHECK(boot->primary_is_valid == HARDENED_TRUE);
    return OK;
}

/* Nothing is started unless the image of every pair is valid in this boot; each proof goes into the sum. */
static int validate_all(struct boot *boots, size_t count, hardened_bool *all_valid)
{
    uint32_t sum = 0;
    size_t i;
    int err = OK;

    for (i = 0; err == OK && i < count; i++) {
        err = validate(&boots[i]);
        sum += boots[i].primary_is_valid;
    }
    if (err != OK) {
        return err;
    }
    HARDENED_CHECK(hardened_launder(sum) == (uint32_t)count * HARDENED_TRUE);
    *all_valid = boots[0].primary_is_valid;
    return OK;
}

/* No update was ever asked for, or the primary's trailer is being rewritten: what another one then says is good. */
static bool was_made_so(const struct update *update)
{
    return update->primary.magic == TRAILER_MAGIC_UNSET && update->secondary.magic != TRAILER_MAGIC_GOOD &&
           !(boot_has_scratch() && update->scratch.magic == TRAILER_MAGIC_GOOD);
}

/*
 * What MCUboot's trailers say: an image with which the device was made, or one that said it works. A trailer of an
 * update that was only prepared says what the image that it brings will be, not the present one.
 */
static bool is_confirmed(const struct boot *boot)
{
    const struct trailer *primary = &boot->update.primary;

    if (boot_mode(boot)->is_confirmed != NULL) {
        return boot_mode(boot)->is_confirmed(boot);
    }
    return boot->has_secondary && (!boot_mode(boot)->can_revert || was_made_so(&boot->update) ||
                                   (primary->magic == TRAILER_MAGIC_GOOD && primary->image_ok == TRAILER_FLAG_SET &&
                                    !update_is_begun(primary)));
}

/* Only now that every image is verified. */
static void keep_counters(struct boot *boots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_confirmed(&boots[i])) {
            counter_keep(boots[i].config, boots[i].records, boots[i].index, &boots[i].present);
        }
    }
}

static void open_records(struct boot *boots, size_t count, const struct boot_config *config, struct records *records)
{
    const struct boot_mode *mode;

    boots[0].config = config; /* for boot_mode */
    mode = boot_mode(&boots[0]);
    for (size_t i = 0; i < count; i++) {
        boots[i].records = records;
    }
    counter_open(config, records, mode->values, mode->value_count);
    if (boot_is_transaction(&boots[0])) {
        mode->open(records);
    }
}

int boot_go(const struct boot_config *config, struct boot_result *result)
{
    struct records records;
    struct boot boots[BOOT_IMAGES_MAX];
    size_t count = pair_count(config);
    int err;

    memset(boots, 0, sizeof boots);
    boots[0].config = config; /* names the mode, also of no pairs */
    *result = (struct boot_result){.is_verified = HARDENED_FALSE};
    if (BOOT_CAN_KEEP) {
        open_records(boots, count, config, &records);
    }
    err = decide_all(boots, count, config, result);
    if (err != OK) {
        return err;
    }
    update_all(boots, count);
    err = validate_all(boots, count, &result->is_verified);
    if (err != OK) {
        return err;
    }
    if (BOOT_OPTION(config, security_counter, CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION)) {
        keep_counters(boots, count);
    }
    if (boot_is_transaction(&boots[0])) {
        boot_mode(&boots[0])->starting();
    }
    result->header = boots[0].present.header;
    result->image_off = config->images[0].primary->off;
    result->address = config->images[0].primary_address;
    return OK;
}
