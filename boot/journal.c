/*
 * A page is a row of claims, one write block each, and a row of slots. A slot is programmed only after its claim is
 * durable, and only once. A claim has no erased bit, so that one that was cut short and reads erased can be programmed
 * again; a slot whose claim is durable is never taken for free, whatever it reads. A slot without one was never begun.
 *
 * A page counts when it holds a valid record that was not carried over from the other one, with another one begun
 * behind it: so it was completed, with everything before it. Those that were carried are written first.
 */
#include "boot/journal.h"

#include <string.h>

#include "boot/crc32.h"

/* At least: the record that is written most. With write blocks of 4 bytes: 146 slots in a page of 4 KiB. */
#define SLOT_SIZE 24U

enum { FLAG_CARRIED = 1 };

/* Of a record that says nothing but that those in front of it were completed. */
enum { KEY_SEAL = 0 };

static uint8_t nothing;
static const struct journal_value seal = {&nothing, sizeof nothing, KEY_SEAL};

struct record_head {
    uint32_t crc; /* of what follows, after the number of the slot */
    uint32_t generation;
    uint8_t key;
    uint8_t flags;
    uint16_t size;
};

_Static_assert(sizeof(struct record_head) == 12, "journal format");

struct record {
    struct record_head head;
    uint8_t data[JOURNAL_VALUE_MAX];
    uint8_t padding[JOURNAL_WRITE_BLOCK_MAX]; /* to a whole write block */
};

static uint32_t align_up(uint32_t value, uint32_t align)
{
    return (value + align - 1) / align * align;
}

/* Slots of a record with a value of `size` bytes. */
static uint32_t slots_of(const struct journal *journal, uint32_t size)
{
    uint32_t bytes = (uint32_t)sizeof(struct record_head) + size;

    return (bytes + journal->slot_size - 1) / journal->slot_size;
}

static uint32_t slot_off(const struct journal *journal, uint32_t page, uint32_t slot)
{
    return page + journal->slots * journal->block + slot * journal->slot_size;
}

static uint32_t record_crc(const struct record *record, uint32_t slot)
{
    uint32_t crc = crc32_update(0, &slot, sizeof slot);

    return crc32_update(crc, &record->head.generation,
                        sizeof record->head - sizeof record->head.crc + record->head.size);
}

/* Reads what begins in `slot`; no byte twice. Whether it is a record. */
static bool read_record(const struct journal *journal, uint32_t page, uint32_t slot, uint32_t used,
                        struct record *record)
{
    uint32_t off = slot_off(journal, page, slot);

    return flash_area_read(journal->area, off, &record->head, sizeof record->head) == OK && record->head.size != 0 &&
           record->head.size <= JOURNAL_VALUE_MAX && slots_of(journal, record->head.size) <= used - slot &&
           flash_area_read(journal->area, off + (uint32_t)sizeof record->head, record->data, record->head.size) == OK &&
           record->head.crc == record_crc(record, slot);
}

/* Whether these bytes are there, `len` of them, at most a record's; false also when they cannot be read. */
static bool holds(const struct journal *journal, uint32_t off, const void *bytes, uint32_t len)
{
    uint8_t found[sizeof(struct record)];

    return flash_area_read(journal->area, off, found, len) == OK && memcmp(found, bytes, len) == 0;
}

static bool is_claimed(const struct journal *journal, uint32_t page, uint32_t slot)
{
    uint8_t erased[JOURNAL_WRITE_BLOCK_MAX];

    memset(erased, journal->erased_value, sizeof erased);
    return !holds(journal, page + slot * journal->block, erased, journal->block);
}

static uint32_t count_used(const struct journal *journal, uint32_t page)
{
    uint32_t used = journal->slots;

    while (used > 0 && !is_claimed(journal, page, used - 1)) {
        used--;
    }
    return used;
}

static void load(struct journal *journal, const struct record *record)
{
    if (record->head.generation != journal->generation) {
        return;
    }
    for (size_t i = 0; i < journal->value_count; i++) {
        const struct journal_value *value = &journal->values[i];

        if (value->key == record->head.key && value->size == record->head.size) {
            memcpy(value->data, record->data, value->size);
        }
    }
}

static void choose(struct journal *journal, uint32_t page, uint32_t generation)
{
    if (!journal->has_page || (int32_t)(generation - journal->generation) > 0) {
        journal->has_page = true;
        journal->page = page;
        journal->generation = generation;
    }
}

/*
 * Goes through the records of a page: looks for what makes it count, or loads those of the page that counts. Returns
 * whether it counts.
 */
static bool scan(struct journal *journal, uint32_t page, bool is_loading)
{
    uint32_t used = count_used(journal, page);
    struct record record;
    bool is_sealed = false;
    bool counts = false;

    for (uint32_t slot = 0; slot < used;) {
        if (!read_record(journal, page, slot, used, &record)) {
            is_sealed = false;
            slot++;
            continue;
        }
        slot += slots_of(journal, record.head.size);
        is_sealed = record.head.key == KEY_SEAL;
        if (is_loading) {
            load(journal, &record);
        }
        if ((record.head.flags & FLAG_CARRIED) == 0 && slot < used) {
            counts = true;
            choose(journal, page, record.head.generation);
        }
    }
    journal->is_settled = used == 0 || (counts && is_sealed);
    journal->used = used;
    return counts;
}

/* Two pages of whole sectors, which are equal. */
static bool has_pages(struct journal *journal)
{
    uint32_t start = 0;
    uint32_t size = 0;

    journal->page_size = journal->area->size / 2;
    return flash_area_sector_at(journal->area, journal->page_size, &start, &size) == OK &&
           start == journal->page_size && start % size == 0;
}

static bool lay_out(struct journal *journal)
{
    uint32_t largest = 0;

    if (journal->block > JOURNAL_WRITE_BLOCK_MAX || !has_pages(journal)) {
        return false;
    }
    journal->slot_size = align_up(SLOT_SIZE, journal->block);
    journal->slots = journal->page_size / (journal->block + journal->slot_size);
    for (size_t i = 0; i < journal->value_count; i++) {
        uint32_t slots = slots_of(journal, journal->values[i].size);

        journal->all_slots += slots;
        largest = slots > largest ? slots : largest;
    }
    /* What a change of pages leaves, then every value again: until that is done the other page may not go. */
    return 2 * (journal->all_slots + largest + 1) <= journal->slots;
}

/* Called once, but not made a part of its caller, whose variables would have to leave the registers for it. */
__attribute__((noinline)) int journal_open(struct journal *journal, const struct flash_area *area,
                                           const struct journal_value *values, size_t count)
{
    const struct flash_geometry *geometry = flash_geometry(area->dev);
    bool is_quiet = true; /* nothing may be read otherwise at another time: neither here nor in the other page */

    *journal = (struct journal){.area = area,
                                .values = values,
                                .value_count = count,
                                .block = geometry->write_block,
                                .erased_value = geometry->erased_value};
    for (size_t i = 0; i < count; i++) {
        memset(values[i].data, 0, values[i].size);
    }
    if (!lay_out(journal)) {
        journal->error = ERR_BOOT_GEOMETRY;
        return ERR_BOOT_GEOMETRY;
    }
    journal->has_previous = true;
    for (uint32_t page = 0; page < journal->area->size; page += journal->page_size) {
        bool counts = scan(journal, page, false);

        journal->has_previous = journal->has_previous && counts;
        is_quiet = is_quiet && (counts || journal->used == 0);
    }
    if (journal->has_page) {
        (void)scan(journal, journal->page, true);
    }
    journal->is_settled = journal->is_settled && is_quiet;
    return OK;
}

/* Returns when it is durable, after looking whether it is there. */
static int program(const struct journal *journal, uint32_t off, const void *data, uint32_t len)
{
    int err = flash_area_program(journal->area, off, data, len);

    if (err == OK) {
        err = flash_area_sync(journal->area);
    }
    return err != OK || holds(journal, off, data, len) ? err : ERR_FLASH_IO;
}

/* The next `count` slots. `buffer` has room for as many write blocks. */
static int claim(struct journal *journal, uint32_t count, struct record *buffer)
{
    uint32_t off = journal->page + journal->used * journal->block;
    uint32_t len = count * journal->block;

    memset(buffer, (uint8_t)~journal->erased_value, len);
    journal->used += count;
    return program(journal, off, buffer, len);
}

static int append(struct journal *journal, const struct journal_value *value, uint8_t flags)
{
    uint32_t slot = journal->used;
    uint32_t len = align_up((uint32_t)sizeof(struct record_head) + value->size, journal->block);
    uint32_t off = slot_off(journal, journal->page, slot);
    struct record record;
    int err = claim(journal, slots_of(journal, value->size), &record);

    if (err != OK) {
        return err;
    }
    memset(&record, journal->erased_value, len);
    if (!holds(journal, off, &record, len)) {
        return ERR_FLASH_IO;
    }
    record.head =
        (struct record_head){.generation = journal->generation, .key = value->key, .flags = flags, .size = value->size};
    memcpy(record.data, value->data, value->size);
    record.head.crc = record_crc(&record, slot);
    /* Only now, since power may fail: the claim is on flash, and nobody will take this place for free. */
    return program(journal, off, &record, len);
}

/* Every value, unless this boot has written them before; and `last`. */
static int append_all(struct journal *journal, const struct journal_value *last, uint8_t flags)
{
    int err = OK;

    for (size_t i = 0; err == OK && !journal->is_restated && i < journal->value_count; i++) {
        err = append(journal, &journal->values[i], flags);
    }
    if (err == OK) {
        err = append(journal, last, 0);
    }
    journal->is_restated = err == OK;
    return err;
}

/*
 * Without a previous page, what the other one holds may be the beginning of a change that was cut short, and might be
 * read as newer at another time: before anything is appended here it has to go.
 */
static bool has_room(const struct journal *journal, const struct journal_value *last)
{
    uint32_t slots = slots_of(journal, last->size) + (journal->is_restated ? 0 : journal->all_slots);

    return journal->has_previous && slots <= journal->slots - journal->used;
}

/*
 * The page that counts stays until the record that is not carried is in the other one, and the seal begun behind it:
 * then no later boot can miss that record. `last` is carried as well, so that all that is carried is of one time.
 * Where none counts both are erased, since either may hold the beginning of a change that was cut short, and there is
 * nothing to carry.
 */
static int change_page(struct journal *journal, const struct journal_value *last)
{
    uint32_t len = journal->has_page ? journal->page_size : 2 * journal->page_size;
    int err;

    journal->page = journal->has_page && journal->page == 0 ? journal->page_size : 0;
    journal->generation++;
    journal->used = 0;
    journal->is_restated = !journal->has_page;
    journal->has_previous = true;
    journal->has_page = true;
    err = flash_area_erase(journal->area, journal->page, len);
    if (err == OK) {
        err = flash_area_sync(journal->area);
    }
    if (err == OK) {
        err = append_all(journal, last, FLAG_CARRIED);
    }
    return err != OK ? err : append(journal, &seal, 0);
}

int journal_write(struct journal *journal, const struct journal_value *value)
{
    int err = journal->error;

    journal->is_settled = false;
    if (err == OK) {
        /* A place that does not take what is programmed, or is not erased, is left with its page. */
        err = has_room(journal, value) ? append_all(journal, value, 0) : ERR_FLASH_IO;
        err = err == ERR_FLASH_IO ? change_page(journal, value) : err;
        journal->error = err;
    }
    return err;
}

int journal_restate(struct journal *journal)
{
    return journal->is_restated ? OK : journal_write(journal, &journal->values[0]);
}

int journal_settle(struct journal *journal)
{
    int err = OK;

    if (!journal->is_settled) {
        err = journal_restate(journal);
        err = err == OK ? journal_write(journal, &seal) : err;
        journal->is_settled = err == OK;
    }
    return err;
}
