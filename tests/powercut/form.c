#include "tests/powercut/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/backup.h"
#include "boot/crc32.h"
#include "tests/powercut/doomed.h"

#define CACHE_SIZE  4096U
#define RECORDS_MAX 400U /* of a page */
#define FAR         3    /* numbers that are further apart are as good as these */

enum { KEY_SEAL = 0, FLAG_CARRIED = 1, PAGES = 2 };

/* docs/SPEC.md, "Journal". */
struct head {
    uint32_t crc;
    uint32_t generation;
    uint8_t key;
    uint8_t flags;
    uint16_t size;
};

struct found {
    const uint8_t *value;
    struct head head;
    uint32_t slot;
    bool is_sure; /* reads as a record every time */
};

/* One page, as it reads when every unstable bit reads as programmed. */
struct page_form {
    uint8_t *bytes;
    const uint8_t *data; /* as it reads when every one reads as erased */
    const uint8_t *unstable;
    struct found found[RECORDS_MAX];
    uint32_t count;
    uint32_t used_surely; /* slots */
    uint32_t used_at_most;
    bool ends_in_junk; /* the last slots are no record */
    bool counts;       /* in every boot */
    uint32_t generation;
};

struct form {
    struct state_key contents; /* the journal's part of a state's key */
    struct state_key key;
    uint16_t run; /* the last that is sure */
    uint32_t generation;
    bool is_known;
    struct doomed doomed; /* whatever a boot reads */
};

struct form_cache {
    struct form forms[CACHE_SIZE];
    struct page_form pages[PAGES];
    struct journal journal; /* as the core opens it: its layout */
    struct backup_state state;
    struct backup_progress progress;
    struct records records;
    uint64_t disagreements;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "powercut: %s\n", what);
    exit(1);
}

struct form_cache *form_cache_new(void)
{
    return host_alloc(sizeof(struct form_cache));
}

void form_cache_free(struct form_cache *cache)
{
    for (uint32_t i = 0; i < PAGES; i++) {
        free(cache->pages[i].bytes);
    }
    free(cache);
}

static void add(struct state_key *key, uint64_t word)
{
    key->word[0] = (key->word[0] ^ word) * 0x9e3779b97f4a7c15U;
    key->word[0] ^= key->word[0] >> 29;
    key->word[1] = (key->word[1] + word) * 0xc2b2ae3d27d4eb4fU;
    key->word[1] ^= key->word[1] >> 31;
}

static void add_bytes(struct state_key *key, const uint8_t *bytes, size_t len)
{
    add(key, len);
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = 0;

        memcpy(&word, bytes + i, len - i < 8 ? len - i : 8);
        add(key, word);
    }
}

/* How far a number is from the one that counts; never negative. */
static uint64_t distance(int32_t difference)
{
    if (difference > FAR) {
        return (uint64_t)2 * FAR;
    }
    return difference < -FAR ? 0 : (uint64_t)(difference + FAR);
}

static bool is_filled(const uint8_t *bytes, size_t len, uint8_t value)
{
    size_t i = 0;

    while (i < len && bytes[i] == value) {
        i++;
    }
    return i == len;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Slots up to the last claim that is not erased. */
static uint32_t count_used(const struct journal *journal, const uint8_t *page)
{
    uint32_t used = journal->slots;

    while (used > 0 && is_filled(page + (size_t)(used - 1) * journal->block, journal->block, journal->erased_value)) {
        used--;
    }
    return used;
}

static uint32_t slots_of(const struct journal *journal, uint32_t size)
{
    return ((uint32_t)sizeof(struct head) + size + journal->slot_size - 1) / journal->slot_size;
}

static bool read_record(const struct journal *journal, const struct page_form *page, uint32_t slot, struct found *found)
{
    uint32_t off = journal->slots * journal->block + slot * journal->slot_size;
    uint32_t crc = crc32_update(0, &slot, sizeof slot);

    memcpy(&found->head, page->bytes + off, sizeof found->head);
    found->value = page->bytes + off + sizeof found->head;
    found->slot = slot;
    if (found->head.size == 0 || found->head.size > JOURNAL_VALUE_MAX ||
        slots_of(journal, found->head.size) > page->used_at_most - slot) {
        return false;
    }
    found->is_sure = is_filled(page->unstable + off, sizeof found->head + found->head.size, 0) &&
                     slot + slots_of(journal, found->head.size) <= page->used_surely;
    return crc32_update(crc, page->bytes + off + 4, sizeof found->head - 4 + found->head.size) == found->head.crc;
}

static void read_page(const struct journal *journal, struct page_form *page, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        page->bytes[i] = page->data[i] ^ page->unstable[i];
    }
    page->used_surely = count_used(journal, page->data);
    page->used_at_most = count_used(journal, page->bytes);
    page->count = 0;
    page->counts = false;
    page->ends_in_junk = false;
    for (uint32_t slot = 0; slot < page->used_at_most && page->count < RECORDS_MAX;) {
        struct found *found = &page->found[page->count];

        page->ends_in_junk = !read_record(journal, page, slot, found);
        if (page->ends_in_junk) {
            slot++;
            continue;
        }
        page->count++;
        slot += slots_of(journal, found->head.size);
        if (found->is_sure && (found->head.flags & FLAG_CARRIED) == 0 && slot < page->used_surely) {
            page->counts = true;
            page->generation = found->head.generation;
        }
    }
}

/* Takes a run's number out of a value. */
static void add_value(struct state_key *key, const struct form *form, const struct head *head, const uint8_t *value)
{
    uint8_t bytes[JOURNAL_VALUE_MAX];
    size_t at =
        head->key == BACKUP_KEY_STATE ? offsetof(struct backup_state, run) : offsetof(struct backup_progress, run);

    memcpy(bytes, value, head->size);
    if ((head->key == BACKUP_KEY_STATE || head->key == BACKUP_KEY_PROGRESS) && at + 2 <= head->size) {
        uint16_t run;

        memcpy(&run, bytes + at, sizeof run);
        add(key, distance((int16_t)(uint16_t)(run - form->run)));
        memset(bytes + at, 0, sizeof run);
    }
    add(key, (uint64_t)head->key << 32 | head->size);
    add_bytes(key, bytes, head->size);
}

static void add_record(struct state_key *key, const struct form *form, const struct found *found)
{
    add(key, found->is_sure ? 1 : 2);
    add(key, distance((int32_t)(found->head.generation - form->generation)));
    add_value(key, form, &found->head, found->value);
}

/* Whether a later record says the same value in every boot. */
static bool is_replaced(const struct page_form *page, uint32_t at)
{
    for (uint32_t i = at + 1; i < page->count; i++) {
        if (page->found[i].is_sure && page->found[i].head.key == page->found[at].head.key &&
            page->found[i].head.size == page->found[at].head.size) {
            return true;
        }
    }
    return false;
}

/* How many records of the same value follow. */
static uint32_t later_ones(const struct page_form *page, uint32_t at)
{
    uint32_t count = 0;

    for (uint32_t i = at + 1; i < page->count; i++) {
        count += page->found[i].head.key == page->found[at].head.key ? 1 : 0;
    }
    return count;
}

/* Where appending goes on, and whether the end is a seal: never, in some boots, always. */
static void add_end(struct state_key *key, const struct journal *journal, const struct page_form *page)
{
    const struct found *last = page->count > 0 ? &page->found[page->count - 1] : NULL;
    bool is_seal = !page->ends_in_junk && last != NULL && last->head.key == KEY_SEAL;

    add(key, page->used_surely);
    for (uint32_t slot = page->used_surely; slot < page->used_at_most; slot++) {
        uint32_t at = slot * journal->block;

        add(key, is_filled(page->unstable + at, journal->block, 0) ? 0 : slot);
    }
    add(key, is_seal ? 1 + (last->is_sure ? 1U : 0) : 0);
}

/* What may be programmed before the next erase. */
static void add_free(struct state_key *key, const struct journal *journal, const struct page_form *page)
{
    uint32_t from = journal->slots * journal->block + page->used_surely * journal->slot_size;
    uint32_t len = journal->slots * (journal->block + journal->slot_size) - from;

    if (!is_filled(page->bytes + from, len, journal->erased_value)) {
        add_bytes(key, page->bytes + from, len);
        add_bytes(key, page->unstable + from, len);
    }
}

/* Of each value the records from the last one that is read in every boot; in what order they stand does not matter. */
static void add_values(struct state_key *key, const struct form *form, const struct page_form *page)
{
    struct state_key sum = {{0, 0}};

    for (uint32_t i = 0; i < page->count; i++) {
        if (!is_replaced(page, i) && page->found[i].head.key != KEY_SEAL) {
            struct state_key value = {{0, 0}};

            add(&value, later_ones(page, i));
            add_record(&value, form, &page->found[i]);
            sum.word[0] += value.word[0];
            sum.word[1] += value.word[1];
        }
    }
    add(key, sum.word[0]);
    add(key, sum.word[1]);
}

/* A page of which it is not certain that it counts. */
static void add_records(struct state_key *key, const struct form *form, const struct page_form *page)
{
    for (uint32_t i = 0; i < page->count; i++) {
        add(key, (uint64_t)page->found[i].slot << 8 | page->found[i].head.flags);
        add_record(key, form, &page->found[i]);
    }
}

/* A page that is older in every boot: it will be erased, and until then only this matters. */
static void add_old_page(struct state_key *key, const struct page_form *page)
{
    bool may_count = false;

    for (uint32_t i = 0; i < page->count; i++) {
        may_count = may_count || (page->found[i].head.flags & FLAG_CARRIED) == 0;
    }
    add(key, (page->used_surely > 0 ? 1U : 0) | (page->used_at_most > 0 ? 2U : 0) | (page->counts ? 4U : 0) |
                 (may_count ? 8U : 0));
}

static bool may_be_newer(const struct page_form *page, uint32_t generation)
{
    bool any = false;

    for (uint32_t i = 0; i < page->count; i++) {
        any = any || (int32_t)(page->found[i].head.generation - generation) > 0;
    }
    return any;
}

/* The page that counts in every boot, unless the other one does in some; PAGES: there is none. */
static uint32_t chosen_page(const struct page_form *pages)
{
    if (pages[0].counts && pages[1].counts) {
        return (int32_t)(pages[1].generation - pages[0].generation) > 0 ? 1 : 0;
    }
    if (pages[0].counts || pages[1].counts) {
        return pages[0].counts ? 0 : 1;
    }
    return PAGES;
}

/* The last run that is sure. */
static uint16_t run_of(const struct page_form *page)
{
    uint16_t run = 0;

    for (uint32_t i = 0; i < page->count; i++) {
        if (page->found[i].is_sure && page->found[i].head.key == BACKUP_KEY_STATE) {
            memcpy(&run, page->found[i].value + offsetof(struct backup_state, run), sizeof run);
        }
    }
    return run;
}

/*
 * One of the values that a boot may read: record `at`, or for `at` = count zero, where no record is read every time.
 * Whether it may.
 */
static bool may_read(const struct page_form *page, uint32_t at, uint8_t key, void *value, size_t size)
{
    memset(value, 0, size);
    if (at < page->count) {
        const struct found *found = &page->found[at];

        memcpy(value, found->value, smaller(found->head.size, size));
        return found->head.key == key && found->head.size == size && !is_replaced(page, at);
    }
    for (uint32_t i = 0; i < page->count; i++) {
        if (page->found[i].is_sure && page->found[i].head.key == key && page->found[i].head.size == size) {
            return false;
        }
    }
    return true;
}

/* Only what is doomed by everything that may be read from the page stays so. */
static void meet_doomed(struct form *form, const struct world *world, const struct page_form *page)
{
    for (uint32_t s = 0; s <= page->count; s++) {
        struct backup_state state;

        for (uint32_t p = 0; p <= page->count && may_read(page, s, BACKUP_KEY_STATE, &state, sizeof state); p++) {
            struct backup_progress progress;

            if (may_read(page, p, BACKUP_KEY_PROGRESS, &progress, sizeof progress)) {
                struct doomed doomed = doomed_of(world, &state, &progress);

                doomed_meet(&form->doomed, &doomed);
            }
        }
    }
}

/* Whether a boot may take this page for one that counts, and for the newer one. */
static bool may_win(const struct page_form *page, uint32_t generation)
{
    bool any = false;

    for (uint32_t i = 0; i < page->count; i++) {
        const struct head *head = &page->found[i].head;

        any = any || ((head->flags & FLAG_CARRIED) == 0 && (int32_t)(head->generation - generation) > 0 &&
                      i + 1 < page->count + (page->ends_in_junk ? 1 : 0));
    }
    return any;
}

/* Whether the core reads what is read here. */
static bool agrees(const struct form_cache *cache, const struct page_form *chosen)
{
    const struct journal *journal = &cache->journal;

    if (chosen == NULL) {
        return !journal->has_page;
    }
    if (!journal->has_page || journal->used != chosen->used_surely || journal->generation != chosen->generation ||
        journal->has_previous != (cache->pages[0].counts && cache->pages[1].counts)) {
        return false;
    }
    for (uint32_t i = 0; i < chosen->count; i++) {
        const struct found *found = &chosen->found[i];

        for (size_t v = 0; v < journal->value_count && !is_replaced(chosen, i); v++) {
            if (journal->values[v].key == found->head.key && journal->values[v].size == found->head.size &&
                memcmp(journal->values[v].data, found->value, found->head.size) != 0) {
                return false;
            }
        }
    }
    return true;
}

/* As the core opens it; false when it cannot. */
static bool open_journal(struct form_cache *cache, const struct world *world)
{
    struct nor_power power = {.cut_at = NOR_NO_CUT};
    struct nor_device device = {.power = &power};
    struct flash_area area = world->area[WORLD_JOURNAL];
    const struct journal_value values[] = {{&cache->state, sizeof cache->state, BACKUP_KEY_STATE},
                                           {&cache->progress, sizeof cache->progress, BACKUP_KEY_PROGRESS}};

    nor_device_borrow(&device, &world->device[WORLD_INTERNAL], NOR_NOISE_ERASED);
    area.dev = &device.flash;
    records_open(&cache->records, &area, values, 2);
    cache->journal = cache->records.journal;
    return cache->journal.error == OK;
}

static void read_pages(struct form_cache *cache, const struct world *world)
{
    const struct flash_area *area = &world->area[WORLD_JOURNAL];
    const struct nor_model *model = &world->device[WORLD_INTERNAL].model;

    for (uint32_t i = 0; i < PAGES; i++) {
        struct page_form *page = &cache->pages[i];
        uint32_t off = area->off + i * cache->journal.page_size;

        free(page->bytes);
        page->bytes = host_alloc(cache->journal.page_size);
        page->data = model->data + off;
        page->unstable = model->unstable + off;
        read_page(&cache->journal, page, cache->journal.page_size);
    }
}

static void make_form(struct form_cache *cache, const struct world *world, struct form *form)
{
    uint32_t chosen;

    form->key = form->contents;
    form->generation = 0;
    form->run = 0;
    form->doomed = (struct doomed){.are_trailers = false};
    if (!open_journal(cache, world)) {
        cache->disagreements++;
        return;
    }
    read_pages(cache, world);
    chosen = chosen_page(cache->pages);
    if (!world_is_unstable(world, WORLD_JOURNAL, 0, world->area[WORLD_JOURNAL].size) &&
        !agrees(cache, chosen == PAGES ? NULL : &cache->pages[chosen])) {
        cache->disagreements++;
        return;
    }
    form->generation = chosen == PAGES ? 0 : cache->pages[chosen].generation;
    form->run = chosen == PAGES ? 0 : run_of(&cache->pages[chosen]);
    form->key = (struct state_key){{chosen, ~(uint64_t)chosen}};
    if (chosen != PAGES) {
        form->doomed = doomed_all();
        meet_doomed(form, world, &cache->pages[chosen]);
        if (may_win(&cache->pages[PAGES - 1 - chosen], form->generation)) {
            meet_doomed(form, world, &cache->pages[PAGES - 1 - chosen]);
        }
    }
    for (uint32_t i = 0; i < PAGES; i++) {
        if (i == chosen || chosen == PAGES || may_be_newer(&cache->pages[i], form->generation)) {
            (i == chosen ? add_values : add_records)(&form->key, form, &cache->pages[i]);
            add_end(&form->key, &cache->journal, &cache->pages[i]);
            add_free(&form->key, &cache->journal, &cache->pages[i]);
        } else {
            add_old_page(&form->key, &cache->pages[i]);
        }
    }
}

static const struct form *form_of(struct form_cache *cache, const struct world *world)
{
    const struct flash_area *area = &world->area[WORLD_JOURNAL];
    struct state_key contents = state_key_of(&world->store, WORLD_INTERNAL, area->off, area->size);
    struct form *form = &cache->forms[contents.word[0] % CACHE_SIZE];

    if (!form->is_known || memcmp(&form->contents, &contents, sizeof contents) != 0) {
        form->contents = contents;
        form->is_known = true;
        make_form(cache, world, form);
    }
    return form;
}

/* A field as it is where it is stable, and its unstable bits. */
static void add_field(struct state_key *key, const struct world *world, unsigned area, uint32_t off, uint32_t len)
{
    const struct nor_model *model = &world->device[world_device_of(world, area)].model;

    if (world_is_unstable(world, area, off, len)) {
        add_bytes(key, model->data + world->area[area].off + off, len);
        add_bytes(key, model->unstable + world->area[area].off + off, len);
    }
}

/* What a trailer says, whatever its bits read as, and whether anything else is in its sectors, which begin at `start`.
 */
static struct state_key trailer_form(const struct world *world, unsigned area, uint32_t start)
{
    const struct trailer_layout *layout = &world->layout[area];
    uint32_t len = world->area[area].size - start;
    struct state_key key = {{area, start}};

    for (uint32_t noise = 0; noise < NOR_NOISES; noise++) {
        struct trailer trailer = world_trailer(world, area, noise);

        add(&key, (uint64_t)trailer.magic | (uint64_t)trailer.image_ok << 8 | (uint64_t)trailer.copy_done << 16 |
                      (uint64_t)trailer.swap_type << 24 | (uint64_t)trailer.image_index << 32);
    }
    add_field(&key, world, area, layout->magic, IMAGE_TRAILER_MAGIC_SIZE);
    add_field(&key, world, area, layout->image_ok, 1);
    add_field(&key, world, area, layout->copy_done, 1);
    add_field(&key, world, area, layout->swap_info, 1);
    add(&key, is_filled(world_bytes(world, area) + start, len, layout->erased_value) &&
                  !world_is_unstable(world, area, start, len));
    return key;
}

static void replace(struct state_key *key, const struct state_key *part, const struct state_key *form)
{
    for (size_t i = 0; i < 2; i++) {
        key->word[i] += form->word[i] - part->word[i];
    }
}

uint64_t form_disagreements(const struct form_cache *cache)
{
    return cache->disagreements;
}

/* In place of the contents of these sectors. */
static void replace_range(struct state_key *key, const struct world *world, unsigned area,
                          const struct doomed_range *range, const struct state_key *form)
{
    uint32_t off = world->area[area].off + range->off;
    struct state_key part = state_key_of(&world->store, world_device_of(world, area), off, range->end - range->off);

    replace(key, &part, form);
}

static void replace_trailers(struct state_key *key, const struct world *world, bool are_doomed)
{
    static const unsigned slots[] = {WORLD_PRIMARY, WORLD_SECONDARY, WORLD_BACKUP};

    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        struct doomed_range range = {0, world->area[slots[i]].size};
        struct state_key form = {{0, 0}};

        if (trailer_first_sector(&world->area[slots[i]], &world->layout[slots[i]], &range.off) != OK) {
            die("no trailer");
        }
        if (!are_doomed) {
            form = trailer_form(world, slots[i], range.off);
        }
        replace_range(key, world, slots[i], &range, &form);
    }
}

static void replace_doomed(struct state_key *key, const struct world *world, const struct doomed *doomed)
{
    static const struct state_key nothing = {{0, 0}};

    if (doomed->are_trailers) {
        replace_range(key, world, WORLD_PRIMARY, &doomed->primary, &nothing);
        replace_range(key, world, doomed->backup_area, &doomed->backup, &nothing);
        add(key, doomed_says(world, doomed));
    }
}

struct state_key form_key(struct form_cache *cache, const struct world *world, bool with_doomed)
{
    struct state_key key = world->store.now.key;
    const struct form *form;

    if (!world_has(world, WORLD_JOURNAL)) {
        return key;
    }
    form = form_of(cache, world);
    replace(&key, &form->contents, &form->key);
    replace_trailers(&key, world, form->doomed.are_trailers && !with_doomed);
    if (!with_doomed) {
        replace_doomed(&key, world, &form->doomed);
    }
    return key;
}

/* Whether a range of the internal device begins a record of the journal. */
static bool is_in_journal(const struct world *world, uint32_t off)
{
    const struct flash_area *area = &world->area[WORLD_JOURNAL];

    return world_has(world, WORLD_JOURNAL) && off >= area->off && off - area->off < area->size;
}

void form_of_program(struct form_cache *cache, const struct world *world, uint32_t off, const uint8_t *data,
                     uint32_t len, uint8_t *out)
{
    struct head head;

    memcpy(out, data, len);
    if (!is_in_journal(world, off) || len < sizeof head) {
        return;
    }
    memcpy(&head, data, sizeof head);
    if (head.size != 0 && head.size <= len - sizeof head) {
        const struct form *form = form_of(cache, world);
        struct state_key key = {{0, 0}};

        head.crc = 0;
        add(&key, distance((int32_t)(head.generation - form->generation)) << 8 | head.flags);
        add_value(&key, form, &head, data + sizeof head);
        memset(out, 0, len);
        memcpy(out, &key, len < sizeof key ? len : sizeof key);
    }
}
