/*
 * What upgrade with backup does when it is decided what: one transaction of all pairs that have a part in it, from the
 * record that it begins to the record that it is done. Whatever fails leaves a state to go on from.
 */
#include <string.h>

#include <farboot/log.h>

#include "boot/backup.h"
#include "boot/progress.h"

#define TURNS_MAX 2 /* to the old images, and there once more */

/* Writes what `backup_memory.next` says, if that is news. */
static int record(void)
{
    if (memcmp(&backup_memory.state, &backup_memory.next, sizeof backup_memory.next) == 0) {
        return OK;
    }
    backup_memory.state = backup_memory.next;
    return backup_write(BACKUP_KEY_STATE);
}

struct backup_job backup_job_of(const struct boot *boot)
{
    const struct backup_image *image = backup_image_of(boot);
    bool reverts = backup_memory.state.phase == BACKUP_REVERT;
    bool saves = !reverts && (image->flags & BACKUP_IS_KEPT) == 0;

    return (struct backup_job){.primary = &boot->slots[BOOT_PRIMARY],
                               .source = boot_source(boot),
                               .backup = backup_slot(boot),
                               .in_size = reverts ? image->restore : image->new_size,
                               .out_size = saves ? image->old_size : 0,
                               .is_repeated = boot->update.is_resumed,
                               .is_unknown = (image->flags & BACKUP_IS_WEAK) != 0 || (!reverts && image->old_size == 0),
                               .buffer = boot->config->buffer,
                               .buffer_size = boot->config->buffer_size};
}

/* Goes on with the copying of one pair. */
static int move(struct boot *boot)
{
    struct backup_progress *progress = &backup_memory.progress;
    struct backup_job job;
    int err = OK;

    backup_use_source(boot, backup_memory.state.phase == BACKUP_REVERT ? BACKUP_OTHER(backup_image_of(boot)->from)
                                                                       : backup_image_of(boot)->from);
    job = backup_job_of(boot);
    if (progress->run != backup_memory.state.run || progress->image < backup_index(boot)) {
        *progress = (struct backup_progress){.run = backup_memory.state.run, .image = backup_index(boot)};
    }
    boot->primary_is_valid = HARDENED_FALSE;
    while (err == OK && progress->image == backup_index(boot) && !backup_is_moved(&job, progress)) {
        err = backup_move(&job, progress);
        job.is_repeated = err == ERR_FLASH_IO;
        if (job.is_repeated) {
            err = backup_move(&job, progress);
            job.is_repeated = false;
        }
        /* Only now, since power may fail: both copies are on flash. */
        if (err == OK) {
            err = backup_write(BACKUP_KEY_PROGRESS);
        }
    }
    return err;
}

/* Whether the primary holds what was to be installed: another valid image will not do. */
static bool is_installed(struct boot *boot)
{
    const struct backup_image *image = backup_image_of(boot);
    const uint8_t *wanted_digest = backup_memory.state.phase == BACKUP_REVERT ? image->old_digest : image->new_digest;
    uint8_t digest[SHA256_SIZE];

    return backup_verify_primary(boot, digest) && memcmp(digest, wanted_digest, SHA256_SIZE) == 0;
}

static int move_all(struct boot *boots)
{
    int err = journal_restate(backup_memory.journal);
    uint32_t work = 0;

    for (size_t i = 0; i < backup_pairs(boots); i++) {
        struct backup_job job = backup_job_of(&boots[i]);

        work += backup_has_part(&boots[i]) ? job.in_size + job.out_size : 0;
    }
    progress_begin_bytes(work);
    for (size_t i = 0; err == OK && i < backup_pairs(boots); i++) {
        if (backup_has_part(&boots[i])) {
            err = move(&boots[i]);
        }
    }
    for (size_t i = 0; err == OK && i < backup_pairs(boots); i++) {
        if (backup_has_part(&boots[i]) && !is_installed(&boots[i])) {
            boot_say_invalid("primary");
            err = ERR_IMAGE_HASH;
        }
    }
    return err;
}

/* For the application: what it finds after an update in MCUboot's modes. */
static int write_primary_trailer(const struct boot *boot, bool is_test)
{
    const struct boot_slot *slot = &boot->slots[BOOT_PRIMARY];
    struct trailer trailer = trailer_unset();
    int err = trailer_erase(slot->area, &slot->layout);

    trailer.swap_type = boot->update.type;
    trailer.image_index = boot->index;
    trailer.copy_done = TRAILER_FLAG_SET;
    trailer.image_ok = is_test ? TRAILER_FLAG_UNSET : TRAILER_FLAG_SET;
    return err != OK ? err : trailer_program(slot->area, &slot->layout, &trailer);
}

/* The erase may still run when this returns. */
static int erase_request(const struct boot_slot *slot)
{
    uint32_t start = 0;
    int err = trailer_first_sector(slot->area, &slot->layout, &start);

    return err != OK ? err : flash_area_erase(slot->area, start, slot->area->size - start);
}

/* Erased also when it reads erased, if an erase may have been cut short: that may leave a request that comes back. */
static int clear_requests(const struct boot *boot)
{
    const struct trailer *backup = boot->source_slot == BOOT_BACKUP ? &boot->update.secondary : &boot->update.backup;
    int err = OK;

    if (boot->update.is_resumed || backup->magic != TRAILER_MAGIC_UNSET) {
        err = erase_request(backup_slot(boot));
    }
    return err != OK ? err : erase_request(boot_source(boot));
}

/* The copies are verified: from now on the primaries' images are the ones that count. */
static int complete(struct boot *boots)
{
    bool any_test = false;
    int err = OK;

    for (size_t i = 0; err == OK && i < backup_pairs(boots); i++) {
        bool is_test = backup_memory.state.phase == BACKUP_INSTALL && backup_image_of(&boots[i])->old_size != 0 &&
                       (backup_image_of(&boots[i])->flags & BACKUP_IS_PERMANENT) == 0;

        if (!backup_has_part(&boots[i])) {
            continue;
        }
        any_test = any_test || is_test;
        err = clear_requests(&boots[i]);
        if (err == OK) {
            err = write_primary_trailer(&boots[i], is_test);
        }
        /* Only then the journal may forget the requests. */
        if (err == OK) {
            err = flash_area_sync(boot_source(&boots[i])->area);
        }
        boots[i].outcome->performed = boots[i].update.type;
    }
    backup_memory.next.phase = any_test ? BACKUP_DONE : BACKUP_IDLE;
    return err != OK ? err : record();
}

/* How much of the old image has left the primary. */
static uint32_t moved_out(const struct backup_image *image, size_t index)
{
    const struct backup_progress *progress = &backup_memory.progress;
    uint32_t saved = index == progress->image ? progress->saved : 0;

    return index < progress->image || (image->flags & BACKUP_IS_KEPT) != 0 || saved > image->old_size ? image->old_size
                                                                                                      : saved;
}

static bool have_old_images(const struct boot *boots)
{
    for (size_t i = 0; i < backup_pairs(boots); i++) {
        if (backup_has_part(&boots[i]) && backup_image_of(&boots[i])->old_size == 0) {
            return false;
        }
    }
    return true;
}

/*
 * From what has been installed so far back to the old images, if every pair has one; from a way back that did not lead
 * there, since external flash answered differently from when it was compared, once more.
 */
static bool turn_back(struct boot *boots, int reason)
{
    if (!have_old_images(boots)) {
        return false;
    }
    for (size_t i = 0; i < backup_pairs(boots); i++) {
        struct backup_image *image = &backup_memory.next.images[i];

        if (!backup_has_part(&boots[i])) {
            continue;
        }
        if (backup_memory.state.phase == BACKUP_INSTALL) {
            image->restore = moved_out(image, i);
            image->refused = (int16_t)reason;
            boots[i].outcome->refused = reason;
        }
        image->flags |= BACKUP_IS_WEAK; /* what is in the primary may be half of anything */
        boots[i].update.type = SWAP_REVERT;
        boot_say_restoring(&boots[i]);
    }
    backup_memory.next.phase = BACKUP_REVERT;
    backup_memory.next.run++;
    return true;
}

/* Copies that are complete and no valid image, and nothing to go back to: the journal has no more to say. */
static int abandon(int reason)
{
    backup_memory.next = backup_memory.state;
    backup_memory.next.phase = BACKUP_IDLE;
    return record() != OK ? backup_journal_error() : reason;
}

/* Whether the copying led to nothing, and will not the next time. */
static bool is_spoilt(int err)
{
    return err == ERR_IMAGE_HASH ||
           (err == ERR_FLASH_IO && backup_memory.state.phase == BACKUP_INSTALL && backup_journal_error() == OK);
}

static bool is_under_way(void)
{
    return backup_memory.state.phase == BACKUP_INSTALL || backup_memory.state.phase == BACKUP_REVERT;
}

static int run(struct boot *boots)
{
    unsigned turns = 0;
    int err;

    if (!is_under_way()) {
        return OK;
    }
    LOG_INF("Starting upgrade with backup.");
    err = move_all(boots);
    for (; is_spoilt(err) && turns < TURNS_MAX && turn_back(boots, err); turns++) {
        err = record();
        if (err == OK) {
            err = move_all(boots);
        }
    }
    if (is_spoilt(err)) {
        return abandon(err);
    }
    return err != OK ? err : complete(boots);
}

/* What the product postponed is asked for again at the next boot. */
static bool is_refused(const struct boot *boot)
{
    return boot->outcome->refused != OK && boot->outcome->refused != ERR_BOOT_POSTPONED;
}

static void keep_refusal(const struct boot *boot)
{
    if (is_refused(boot)) {
        backup_memory.next.images[backup_index(boot)].refused = (int16_t)boot->outcome->refused;
    }
}

static bool any_refused(const struct boot *boots)
{
    for (size_t i = 0; i < backup_pairs(boots); i++) {
        if (is_refused(&boots[i])) {
            return true;
        }
    }
    return false;
}

static int confirm(const struct boot *boot)
{
    const struct boot_slot *slot = &boot->slots[BOOT_PRIMARY];
    const struct trailer *trailer = &boot->update.primary;

    return trailer->magic == TRAILER_MAGIC_GOOD && trailer->image_ok == TRAILER_FLAG_UNSET
               ? trailer_program_image_ok(slot->area, &slot->layout)
               : OK;
}

/* A revert that has nothing to go back to: the images that run stay. */
static int give_up(struct boot *boots)
{
    int err = OK;

    for (size_t i = 0; err == OK && i < backup_pairs(boots); i++) {
        if (backup_has_part(&boots[i])) {
            err = confirm(&boots[i]);
        }
        boots[i].update.type = SWAP_NONE;
        keep_refusal(&boots[i]);
    }
    backup_memory.next.phase = BACKUP_IDLE;
    return err;
}

/* A request that power cut short, or what an erase of one left: it might be read as whole at another time. */
static bool is_remainder(const struct trailer *trailer)
{
    bool is_clear = trailer->magic == TRAILER_MAGIC_UNSET && trailer->swap_type == SWAP_NONE &&
                    trailer->image_ok == TRAILER_FLAG_UNSET;

    return !is_clear && trailer->magic != TRAILER_MAGIC_GOOD;
}

/* Erases what is a remainder, or a request that is `done`. */
static int clear_external(const struct boot *boot, enum boot_slot_id id, bool done)
{
    const struct boot_slot *slot = &boot->slots[id];
    const struct trailer *trailer = id == BOOT_BACKUP ? &boot->update.backup : &boot->update.secondary;

    return (done && slot == boot_source(boot)) || is_remainder(trailer) ? trailer_erase(slot->area, &slot->layout) : OK;
}

/* The requests that were admitted become one update; one for the image that runs is done when it is cleared. */
static int begin(struct boot *boots)
{
    bool any = false;
    int err = OK;

    for (size_t i = 0; err == OK && i < backup_pairs(boots); i++) {
        bool runs = boots[i].update.type != SWAP_NONE && backup_memory.next.images[i].flags == 0;

        if (runs) {
            LOG_INF("Image index: %u is running already", (unsigned)i);
            boots[i].update.type = SWAP_NONE;
        }
        err = clear_external(&boots[i], BOOT_SECONDARY, runs);
        if (err == OK) {
            err = clear_external(&boots[i], BOOT_BACKUP, runs);
        }
        any = any || boots[i].update.type != SWAP_NONE;
    }
    for (size_t i = 0; i < backup_pairs(boots); i++) {
        if (boots[i].update.type == SWAP_NONE) {
            backup_memory.next.images[i] = *backup_image_of(&boots[i]);
            backup_memory.next.images[i].flags = any ? 0 : backup_memory.next.images[i].flags;
            keep_refusal(&boots[i]);
        }
    }
    if (any) {
        backup_memory.next.phase = BACKUP_INSTALL;
        backup_memory.next.run++;
    }
    return err;
}

static bool any_of_type(const struct boot *boots, enum swap_type type)
{
    for (size_t i = 0; i < backup_pairs(boots); i++) {
        if (boots[i].update.type == type) {
            return true;
        }
    }
    return false;
}

static int set_course(struct boot *boots)
{
    int err = OK;

    if (backup_memory.next.phase == BACKUP_IDLE) {
        err = begin(boots);
    } else if (backup_memory.next.phase == BACKUP_TRIED && any_refused(boots)) {
        err = give_up(boots);
    } else if (backup_memory.next.phase == BACKUP_TRIED && any_of_type(boots, SWAP_REVERT)) {
        backup_memory.next.phase = BACKUP_REVERT;
        backup_memory.next.run++;
        for (size_t i = 0; i < backup_pairs(boots); i++) {
            backup_memory.next.images[i].restore = backup_memory.next.images[i].old_size;
        }
    }
    return err != OK ? err : record();
}

void backup_transact(struct boot *boots)
{
    uint32_t start = boot_now_us(boots);
    int err = backup_journal_error();

    if (err != OK || !backup_can_go_on(boots)) {
        return;
    }
    err = set_course(boots);
    if (err == OK) {
        err = run(boots);
        boots->outcome->update_us += boot_now_us(boots) - start; /* of all pairs, which are moved as one */
    }
    if (err != OK) {
        boot_say_not_completed(err);
    }
}

/* Which external slot claims the higher version; nothing is verified. */
static unsigned newer(const struct boot *boot)
{
    const struct flash_area *e0 = boot->slots[BOOT_SECONDARY].area;
    const struct flash_area *e1 = boot->slots[BOOT_BACKUP].area;
    struct image first;
    struct image second;

    if (image_open_untrusted(&second, e1, 0, e1->size) != OK || image_open_untrusted(&first, e0, 0, e0->size) != OK) {
        return BACKUP_E0;
    }
    return image_version_compare(&second.header.version, &first.header.version) > 0 ? BACKUP_E1 : BACKUP_E0;
}

/* A valid image for a primary that has none: of two the higher version. What is under way is gone on with instead. */
void backup_recover(struct boot *boot)
{
    struct update *update = &boot->update;
    unsigned which = newer(boot);

    if (backup_check(boot) != OK || update->replaces_invalid || is_under_way()) {
        return;
    }
    for (size_t i = 0; i < backup_pairs(boot); i++) {
        backup_first_pair(boot)[i].update.type = SWAP_NONE;
    }
    update->replaces_invalid = true;
    for (unsigned tries = 0; tries < 2; tries++, which = BACKUP_OTHER(which)) {
        update->type = SWAP_PERM;
        backup_use_source(boot, which);
        if (boot_try(boot) == OK) {
            boot_say_restoring(boot);
            backup_memory.next.phase = BACKUP_IDLE;
            backup_transact(backup_first_pair(boot));
            return;
        }
    }
}

/*
 * Just before an image is started. One that was installed has had its chance from now on, and the next boot writes down
 * what became of it. Otherwise nothing in the journal may be read differently later, when the application has worked
 * with what is true now.
 */
void backup_starting(void)
{
    int err = backup_journal_error();

    if (err == OK && backup_memory.state.phase == BACKUP_DONE) {
        backup_memory.next = backup_memory.state;
        backup_memory.next.phase = BACKUP_TRIED;
        err = record();
    } else if (err == OK) {
        err = journal_settle(backup_memory.journal);
    }
    if (err != OK) {
        LOG_ERR("boot_journal is not usable: error -0x%x", (unsigned)-err);
    }
}
