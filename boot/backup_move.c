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

/*
 * Bytes of a stretch, at least; each has a record in the journal. While there is an old image to save they are short:
 * the first one's time is not hidden, since nothing is installed beside it.
 */
#define STRETCH_SAVING 8192U
#define STRETCH        32768U
#define GLANCE         32U /* bytes of the first comparison */

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
    uint32_t end = off + (job->out_size > 0 ? STRETCH_SAVING : STRETCH);
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

/* Up to a whole write block: what follows an image in its last sector is copied with it. */
static uint32_t whole_blocks(const struct boot_slot *slot, uint32_t len)
{
    uint32_t block = slot->layout.cell;

    return (len + block - 1) / block * block;
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

/* The two copies of a stretch, side by side; `in` and `out` are where they stand. */
struct stretch {
    uint32_t in;
    uint32_t in_end;
    uint32_t out;
    uint32_t out_end;
    uint32_t in_sector; /* bytes of the primary's sector that begins here and is to be erased; 0: none */
    bool is_equal;      /* the primary's present sector holds already what it is to hold */
};

/* At the start of a sector of the primary: is it to be written at all? */
static int look(const struct backup_job *job, struct stretch *stretch)
{
    uint32_t start = 0;
    uint32_t size = 0;
    int err;

    stretch->in_sector = 0;
    if (stretch->in >= stretch->in_end) {
        return OK;
    }
    err = flash_area_sector_at(job->primary->area, stretch->in, &start, &size);
    if (err != OK || start != stretch->in) {
        return err;
    }
    stretch->is_equal = false;
    if (!job->is_repeated && !job->is_unknown) {
        err = backup_compare(job, job->source, start, smaller(stretch->in_end, start + size), &stretch->is_equal);
    }
    stretch->in_sector = stretch->is_equal ? 0 : size;
    return err;
}

/* Erases the sector of `slot` that begins at `off`, if one does. */
static int erase_at(const struct boot_slot *slot, uint32_t off)
{
    uint32_t start = 0;
    uint32_t size = 0;
    int err = flash_area_sector_at(slot->area, off, &start, &size);

    return err != OK || start != off ? err : flash_area_erase(slot->area, start, size);
}

/* The external erase first: it runs by itself while the internal one stalls the processor. */
static int erase_both(const struct backup_job *job, const struct stretch *stretch)
{
    int err = OK;

    if (stretch->out < stretch->out_end) {
        err = erase_at(job->backup, stretch->out);
    }
    if (err == OK && stretch->in_sector != 0) {
        err = flash_area_erase(job->primary->area, stretch->in, stretch->in_sector);
    }
    return err;
}

/* Reads both chunks before either is programmed: the source is on the device that is about to be busy. */
static int copy_chunks(const struct backup_job *job, const struct stretch *stretch)
{
    uint8_t *in = job->buffer;
    uint8_t *out = job->buffer + job->buffer_size / 2;
    uint32_t in_len = 0;
    uint32_t out_len = 0;
    int err = wait_both(job);

    if (stretch->in < stretch->in_end && !stretch->is_equal) {
        in_len = whole_blocks(job->primary, smaller(chunk_size(job), stretch->in_end - stretch->in));
    }
    if (stretch->out < stretch->out_end) {
        out_len = whole_blocks(job->backup, smaller(chunk_size(job), stretch->out_end - stretch->out));
    }
    if (err == OK && in_len > 0) {
        err = flash_area_read(job->source->area, stretch->in, in, in_len);
    }
    if (err == OK && out_len > 0) {
        err = flash_area_read(job->primary->area, stretch->out, out, out_len);
    }
    if (err == OK && out_len > 0) {
        err = flash_area_program(job->backup->area, stretch->out, out, out_len);
    }
    if (err == OK && in_len > 0) {
        err = flash_area_program(job->primary->area, stretch->in, in, in_len);
    }
    return err;
}

static int copy_stretch(const struct backup_job *job, struct stretch *stretch)
{
    int err = OK;

    while (err == OK && (stretch->in < stretch->in_end || stretch->out < stretch->out_end)) {
        err = look(job, stretch);
        if (err == OK) {
            err = erase_both(job, stretch);
        }
        if (err == OK) {
            err = copy_chunks(job, stretch);
        }
        watchdog_feed();
        stretch->in += chunk_size(job);
        stretch->out += chunk_size(job);
    }
    return err;
}

int backup_move(const struct backup_job *job, struct backup_progress *progress)
{
    uint32_t saved = progress->saved;
    bool saves = saved < job->out_size;
    uint32_t end = stretch_end(job, saves ? saved : progress->installed);
    /* What was saved before may now be overwritten; without an old image there is nothing to wait for. */
    uint32_t install_end = job->out_size == 0 || !saves ? stretch_end(job, progress->installed) : saved;
    struct stretch stretch = {progress->installed,
                              smaller(install_end, job->in_size),
                              saved,
                              saves ? smaller(end, job->out_size) : saved,
                              0,
                              false};
    bool equal = true;
    int err = copy_stretch(job, &stretch);

    if (err == OK) {
        err = wait_both(job);
    }
    if (err == OK && saves) {
        err = backup_compare(job, job->backup, saved, smaller(end, job->out_size), &equal);
    }
    if (err == OK && !equal) {
        err = ERR_FLASH_IO;
    }
    if (err == OK) {
        progress_add(stretch.in_end - smaller(progress->installed, stretch.in_end) + stretch.out_end - saved);
        progress->installed = install_end;
        progress->saved = saves ? end : saved;
    }
    return err;
}
