/*
 * The copying of an upgrade with backup. A stretch lies between two offsets at which sectors begin in all three slots,
 * so geometries may differ and be uneven. The primary is overwritten only where it was saved in an earlier stretch, so
 * that one that was cut short is simply done again.
 *
 * Both devices work at once: the external erase runs while the internal one stalls the processor, external pages are
 * programmed while internal words are.
 */
#include <string.h>

#include <farboot/watchdog.h>

#include "boot/backup.h"
#include "boot/progress.h"

#define GLANCE 32U /* bytes of the first comparison */

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The first offset not below `off` at which a sector of `slot` begins; behind the slot: `off`. */
static uint32_t sector_end(const struct boot_slot *slot, uint32_t off)
{
    uint32_t start = 0;
    uint32_t size = 0;

    if (flash_area_sector_at(slot->area, off, &start, &size) != OK) {
        return off;
    }
    return start == off ? off : start + size;
}

/* Where the stretch that begins at `off` ends: images end in front of where slots do. */
static uint32_t stretch_end(const struct backup_job *job, uint32_t off)
{
    uint32_t end = off + (job->out_size > 0 ? BACKUP_STRETCH_SAVING : BACKUP_STRETCH);
    uint32_t before;

    do {
        before = end;
        end = sector_end(job->primary, end);
        end = sector_end(job->source, end);
        end = sector_end(job->backup, end);
    } while (end != before);
    return end;
}

bool backup_is_moved(const struct backup_job *job, const struct backup_progress *progress)
{
    return progress->installed >= job->in_size && progress->saved >= job->out_size;
}

static uint32_t chunk_size(const struct backup_job *job)
{
    return smaller(BACKUP_CHUNK, (uint32_t)(job->buffer_size / 2));
}

/* The buffers are free when what is programmed from them is. */
static int wait_both(const struct backup_job *job)
{
    int err = flash_area_sync(job->primary->area);

    return err != OK ? err : flash_area_sync(job->backup->area);
}

int backup_compare(const struct backup_job *job, const struct boot_slot *other, uint32_t off, uint32_t end, bool *equal)
{
    uint8_t *halves[2] = {job->buffer, job->buffer + job->buffer_size / 2};
    uint32_t most = GLANCE; /* what differs usually does so at once */
    int err = wait_both(job);

    *equal = true;
    while (err == OK && *equal && off < end) {
        uint32_t part = smaller(end - off, most);

        most = (uint32_t)(job->buffer_size / 2);
        err = flash_area_read(job->primary->area, off, halves[0], part);
        if (err == OK) {
            err = flash_area_read(other->area, off, halves[1], part);
        }
        *equal = err == OK && memcmp(halves[0], halves[1], part) == 0;
        off += part;
        watchdog_feed();
    }
    return err;
}

/* One of the two copies of a stretch. */
struct copy {
    uint32_t at;
    uint32_t end;
    uint32_t sector_end; /* of the sector in which it is */
};

/* Side by side. Stretches begin where sectors do. */
struct stretch {
    struct copy in;
    struct copy out;
    bool is_equal; /* the primary's present sector holds already what it is to hold */
};

/* Bytes of the sector that begins where the copy to `slot` is; 0: none does, or the copy is complete. */
static int next_sector(const struct boot_slot *slot, struct copy *copy, uint32_t *size)
{
    uint32_t start = 0;
    int err = OK;

    *size = 0;
    if (copy->at < copy->end && copy->at >= copy->sector_end) {
        err = flash_area_sector_at(slot->area, copy->at, &start, size);
        copy->sector_end = start + *size;
    }
    return err;
}

/* Erases the sectors that begin here; not one of the primary that needs not be written at all. */
static int open_sectors(const struct backup_job *job, struct stretch *stretch)
{
    uint32_t in_size = 0;
    uint32_t out_size = 0;
    int err = next_sector(job->primary, &stretch->in, &in_size);

    if (err == OK) {
        err = next_sector(job->backup, &stretch->out, &out_size);
    }
    if (err == OK && in_size > 0) {
        stretch->is_equal = false;
        if (!job->is_repeated && !job->is_unknown) {
            err = backup_compare(job, job->source, stretch->in.at, smaller(stretch->in.end, stretch->in.sector_end),
                                 &stretch->is_equal);
        }
    }
    /* The external erase first: it runs by itself while the internal one stalls the processor. */
    if (err == OK && out_size > 0) {
        err = flash_area_erase(job->backup->area, stretch->out.at, out_size);
    }
    if (err == OK && in_size > 0 && !stretch->is_equal) {
        err = flash_area_erase(job->primary->area, stretch->in.at, in_size);
    }
    return err;
}

/*
 * Reads both chunks before either is programmed: the source is on the device that is about to be busy. Whole chunks, so
 * what follows an image in its last one is copied with it.
 */
static int copy_chunks(const struct backup_job *job, const struct stretch *stretch)
{
    uint8_t *in = job->buffer;
    uint8_t *out = job->buffer + job->buffer_size / 2;
    uint32_t chunk = chunk_size(job);
    bool installs = stretch->in.at < stretch->in.end && !stretch->is_equal;
    bool saves = stretch->out.at < stretch->out.end;
    int err = wait_both(job);

    if (err == OK && installs) {
        err = flash_area_read(job->source->area, stretch->in.at, in, chunk);
    }
    if (err == OK && saves) {
        err = flash_area_read(job->primary->area, stretch->out.at, out, chunk);
    }
    if (err == OK && saves) {
        err = flash_area_program(job->backup->area, stretch->out.at, out, chunk);
    }
    if (err == OK && installs) {
        err = flash_area_program(job->primary->area, stretch->in.at, in, chunk);
    }
    return err;
}

static int copy_stretch(const struct backup_job *job, struct stretch *stretch)
{
    int err = OK;

    while (err == OK && (stretch->in.at < stretch->in.end || stretch->out.at < stretch->out.end)) {
        err = open_sectors(job, stretch);
        if (err == OK) {
            err = copy_chunks(job, stretch);
        }
        watchdog_feed();
        stretch->in.at += chunk_size(job);
        stretch->out.at += chunk_size(job);
    }
    return err;
}

int backup_move(const struct backup_job *job, struct backup_progress *progress)
{
    uint32_t installed = progress->installed;
    uint32_t saved = progress->saved;
    bool saves = saved < job->out_size;
    uint32_t end = stretch_end(job, saves ? saved : installed);
    /* What was saved before may now be overwritten; when all is saved there is nothing to wait for. */
    uint32_t in_end = smaller(saves ? saved : end, job->in_size);
    uint32_t out_end = saves ? smaller(end, job->out_size) : saved;
    struct stretch stretch = {{installed, in_end, installed}, {saved, out_end, saved}, false};
    bool equal = true;
    int err = copy_stretch(job, &stretch);

    if (err == OK) { /* waits for both */
        err = backup_compare(job, job->backup, saved, out_end, &equal);
    }
    if (err == OK && !equal) {
        err = ERR_FLASH_IO;
    }
    if (err == OK) {
        progress_add(in_end - smaller(installed, in_end) + out_end - saved);
        progress->installed = saves ? saved : end;
        progress->saved = saves ? end : saved;
    }
    return err;
}
