/*
 * Upgrade with backup: two external slots, of which one takes the new image and the other keeps the old one; nothing is
 * swapped and no source is destroyed. What happens is written in the journal before it happens; the trailers of the
 * external slots only request, the primary's is for the application. docs/DESIGN.md and docs/SPEC.md, "Upgrade with
 * backup".
 */
#include <string.h>

#include <farboot/log.h>

#include "boot/backup.h"

struct backup backup_memory;

const struct journal_value backup_values[BACKUP_VALUES] = {
    {&backup_memory.state, sizeof backup_memory.state, BACKUP_KEY_STATE},
    {&backup_memory.progress, sizeof backup_memory.progress, BACKUP_KEY_PROGRESS},
};

int backup_journal_error(void)
{
    return backup_memory.journal->error;
}

int backup_write(enum backup_key key)
{
    return journal_write(backup_memory.journal, &backup_values[key - BACKUP_KEY_STATE]);
}

void backup_open(struct records *records)
{
    backup_memory.journal = &records->journal;
    if (backup_journal_error() != OK || backup_memory.state.phase >= BACKUP_PHASES) {
        backup_memory.state = (struct backup_state){.phase = BACKUP_IDLE};
    }
    backup_memory.next = backup_memory.state;
}

/*
 * Copies go on from chunk to chunk, and erase where a sector begins. Also where only primary and secondary are known,
 * to compute the largest image.
 */
int backup_check(const struct boot *boot)
{
    for (size_t i = 0; i < BOOT_SLOTS; i++) {
        const struct boot_slot *slot = &boot->slots[i];

        if (slot->area != NULL && (slot->sectors == 0 || slot->sizes % BACKUP_CHUNK != 0)) {
            LOG_WRN("Cannot upgrade: not %s", "whole sectors of n * 256 bytes");
            return ERR_BOOT_GEOMETRY;
        }
    }
    return OK;
}

/* Whether a slot holds the image with this digest; nothing is verified. */
static bool holds(const struct boot_slot *slot, const uint8_t digest[SHA256_SIZE], struct image *image)
{
    uint8_t found[SHA256_SIZE];

    return image_open_untrusted(image, slot->area, 0, slot->area->size) == OK && image_digest(image, found) == OK &&
           hardened_equal(found, digest, SHA256_SIZE) == HARDENED_TRUE;
}

static bool is_confirmed(const struct boot *boot)
{
    return boot->update.primary.magic == TRAILER_MAGIC_GOOD && boot->update.primary.image_ok == TRAILER_FLAG_SET;
}

/* An update is confirmed when every image that it installed is. */
static bool all_confirmed(const struct boot *boots)
{
    for (size_t i = 0; i < backup_pairs(boots); i++) {
        if (backup_has_part(&boots[i]) && !is_confirmed(&boots[i])) {
            return false;
        }
    }
    return true;
}

/* What was tried is no longer there: somebody programmed the primary by other means. The journal is out of date. */
static bool is_replaced(const struct boot *boots)
{
    struct image image;

    for (size_t i = 0; i < backup_pairs(boots); i++) {
        if (backup_has_part(&boots[i]) &&
            !holds(&boots[i].slots[BOOT_PRIMARY], backup_image_of(&boots[i])->new_digest, &image)) {
            return true;
        }
    }
    return false;
}

/* One pair cannot be reached: no pair's update can be completed. */
bool backup_can_go_on(const struct boot *boots)
{
    for (size_t i = 0; i < backup_pairs(boots); i++) {
        if (!boots[i].has_secondary) {
            return false;
        }
    }
    return true;
}

static enum backup_slot_says says(bool is_reachable, const struct trailer *trailer)
{
    if (!is_reachable) {
        return BACKUP_GONE;
    }
    return trailer->magic == TRAILER_MAGIC_GOOD ? BACKUP_ASKS : BACKUP_QUIET;
}

static enum backup_action decide(struct boot *boot)
{
    const struct boot *boots = backup_first_pair(boot);
    bool is_reachable = backup_can_go_on(boots);
    enum backup_slot_says e0 = says(is_reachable, &boot->update.secondary);
    enum backup_slot_says e1 = says(is_reachable, &boot->update.backup);
    enum backup_action action =
        backup_decide((enum backup_phase)backup_memory.next.phase, backup_memory.was_confirmed, e0, e1);

    if (action == BACKUP_KEEP || (action == BACKUP_GO_BACK && is_replaced(boots))) {
        backup_memory.next.phase = BACKUP_IDLE;
        action = backup_decide(BACKUP_IDLE, backup_memory.was_confirmed, e0, e1);
    }
    return action;
}

void backup_classify(struct boot *boot)
{
    struct update *update = &boot->update;
    const struct backup_image *image = backup_image_of(boot);
    enum backup_action action;

    if (boot->index == 0) {
        backup_memory.was_confirmed = all_confirmed(boot);
    }
    action = decide(boot);
    update->fallback = SWAP_NONE;
    if (action == BACKUP_TAKE_E0 || action == BACKUP_TAKE_E1) {
        backup_use_source(boot, action - BACKUP_TAKE_E0);
        update->type = boot_request(boot)->image_ok == TRAILER_FLAG_SET ? SWAP_PERM : SWAP_TEST;
    } else if (backup_has_part(boot) && action == BACKUP_GO_BACK) {
        backup_use_source(boot, BACKUP_OTHER(image->from));
        update->type = SWAP_REVERT;
    } else if (backup_has_part(boot) && action == BACKUP_GO_ON) {
        update->type = (image->flags & BACKUP_IS_PERMANENT) != 0 ? SWAP_PERM : SWAP_TEST;
        update->type = backup_memory.next.phase == BACKUP_REVERT ? SWAP_REVERT : update->type;
        update->is_resumed = true;
        update->done = 1;
    }
}

uint32_t backup_source_off(const struct boot *boot, enum swap_type type)
{
    (void)boot;
    (void)type;
    return 0;
}

/* Where the first sector with a part of the trailer begins: requests are cleared while the image stays. */
static uint32_t capacity(const struct boot_slot *slot)
{
    uint32_t start = 0;

    return trailer_first_sector(slot->area, &slot->layout, &start) == OK ? start : 0;
}

uint32_t backup_source_limit(const struct boot *boot, enum swap_type type)
{
    uint32_t primary = capacity(&boot->slots[BOOT_PRIMARY]);
    uint32_t source = capacity(boot_source(boot));

    (void)type;
    return primary < source ? primary : source;
}

/* Two callers: a copy for each costs more than the calls. */
__attribute__((noinline)) bool backup_verify_primary(struct boot *boot, uint8_t digest[SHA256_SIZE])
{
    boot->is_at_rest = false; /* whatever the configuration says of other boots */
    boot_verify_primary(boot);
    memcpy(digest, boot->digest, SHA256_SIZE);
    return hardened_launder(boot->primary_is_valid) == HARDENED_TRUE;
}

/* Whether the other slot holds, byte for byte, the image in the primary, which is verified. */
static bool is_saved(const struct boot *boot)
{
    struct backup_job job = backup_job_of(boot);
    bool equal = false;

    return backup_compare(&job, job.backup, 0, boot->present.end, &equal) == OK && equal;
}

/* What becomes of the image in the primary: kept in the other slot, if it is there already, or saved to it. */
static int plan_backup(struct boot *boot, struct backup_image *image)
{
    if (!backup_verify_primary(boot, image->old_digest)) {
        return OK;
    }
    image->old_size = boot->present.end;
    if (memcmp(image->old_digest, image->new_digest, SHA256_SIZE) == 0) {
        image->flags = 0; /* it is running: there is nothing to do */
    } else if (image->old_size > capacity(backup_slot(boot))) {
        LOG_WRN("No room in the backup slot for the present image");
        return ERR_IMAGE_SIZE;
    } else if (is_saved(boot)) {
        image->flags |= BACKUP_IS_KEPT;
    }
    return OK;
}

/* The image in the primary is the one that stays. */
bool backup_is_kept(const struct boot *boot)
{
    (void)boot;
    return backup_memory.state.phase == BACKUP_IDLE;
}

int backup_start(struct boot *boot, const struct image *source)
{
    struct backup_image *image = &backup_memory.next.images[backup_index(boot)];

    if (boot->update.type == SWAP_REVERT) {
        return memcmp(boot->digest, image->old_digest, SHA256_SIZE) == 0 ? OK : ERR_IMAGE_HASH;
    }
    *image = (struct backup_image){
        .flags = BACKUP_HAS_PART, .from = (uint8_t)(boot->source_slot - BOOT_SECONDARY), .new_size = source->end};
    image->flags |= boot->update.type == SWAP_PERM ? BACKUP_IS_PERMANENT : 0;
    /* As verified: external flash, asked again, may name another image. */
    memcpy(image->new_digest, boot->digest, SHA256_SIZE);
    return plan_backup(boot, image);
}

const struct boot_mode boot_mode_backup = BACKUP_MODE;
