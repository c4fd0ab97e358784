#include "tests/powercut/state.h"

#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"

#define CHAINS (1U << 16)
#define NONE   UINT32_MAX

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 32)) * 0xd6e8feb86659fd93U;
    value = (value ^ (value >> 32)) * 0xd6e8feb86659fd93U;
    return value ^ (value >> 32);
}

/* Two words from eight bytes at a time, each multiplied along; `len` is a multiple of 8 and not 0. */
static void hash_bytes(const uint8_t *data, size_t len, uint64_t hash[2])
{
    uint64_t a = 0;
    uint64_t b = UINT64_MAX;
    size_t i = 0;

    do {
        uint64_t word;

        memcpy(&word, data + i, sizeof word);
        a = (a ^ word) * 0x9e3779b97f4a7c15U;
        a ^= a >> 29;
        b = (b + word) * 0xc2b2ae3d27d4eb4fU;
        b ^= b >> 31;
        i += 8;
    } while (i < len);
    hash[0] = mix(a);
    hash[1] = mix(b);
}

static bool is_zero(const uint8_t *data, size_t len)
{
    uint64_t any = 0;

    for (size_t i = 0; i < len; i += 8) {
        uint64_t word;

        memcpy(&word, data + i, sizeof word);
        any |= word;
    }
    return any == 0;
}

static struct nor_model *model_at(const struct state_store *store, uint32_t at, uint32_t *off)
{
    size_t id = 0;

    while (at >= store->first[id + 1]) {
        id++;
    }
    *off = (at - store->first[id]) * NOR_PAGE;
    return &store->devices[id]->model;
}

/* Program counts of a page, bytes; a multiple of 8. */
static uint32_t count_len(const struct nor_model *model)
{
    return model->programs == NULL ? 0 : NOR_PAGE / model->config->geometry.write_block;
}

/* Collects what a page consists of. */
static uint32_t gather(const struct nor_model *model, uint32_t off, uint8_t *out, bool *has_unstable)
{
    uint32_t counts = count_len(model);
    uint32_t len = NOR_PAGE + counts;

    memcpy(out, model->data + off, NOR_PAGE);
    if (counts > 0) {
        memcpy(out + NOR_PAGE, model->programs + off / model->config->geometry.write_block, counts);
    }
    *has_unstable = model->has_unstable && !is_zero(model->unstable + off, NOR_PAGE);
    if (*has_unstable) {
        memcpy(out + len, model->unstable + off, NOR_PAGE);
        len += NOR_PAGE;
    }
    return len;
}

static void scatter(struct nor_model *model, uint32_t off, const struct page *page)
{
    uint32_t counts = count_len(model);

    memcpy(model->data + off, page->data, NOR_PAGE);
    if (counts > 0) {
        memcpy(model->programs + off / model->config->geometry.write_block, page->data + NOR_PAGE, counts);
    }
    if (page->has_unstable) {
        memcpy(model->unstable + off, page->data + NOR_PAGE + counts, NOR_PAGE);
        model->has_unstable = true;
    } else {
        memset(model->unstable + off, 0, NOR_PAGE);
    }
    model->changed[off / NOR_PAGE] = 0;
}

static uint32_t new_page(struct state_store *store)
{
    uint32_t id = store->free_pages;

    if (id != NONE) {
        store->free_pages = store->pages[id].next;
        return id;
    }
    if (store->page_count == store->page_capacity) {
        store->page_capacity = store->page_capacity * 2 + 1024;
        store->pages = host_realloc(store->pages, store->page_capacity * sizeof *store->pages);
    }
    return store->page_count++;
}

/* The page of these contents, counted once more. */
static uint32_t intern(struct state_store *store, const uint8_t *data, uint32_t len, bool has_unstable)
{
    uint64_t hash[2];
    uint32_t *chain;
    uint32_t id;

    hash_bytes(data, len, hash);
    chain = &store->chains[hash[0] % CHAINS];
    for (id = *chain; id != NONE; id = store->pages[id].next) {
        struct page *page = &store->pages[id];

        if (page->hash[0] == hash[0] && page->hash[1] == hash[1] && page->len == len) {
            page->users++;
            return id;
        }
    }
    id = new_page(store);
    store->pages[id] = (struct page){.hash = {hash[0], hash[1]},
                                     .data = host_alloc(len),
                                     .len = len,
                                     .users = 1,
                                     .next = *chain,
                                     .has_unstable = has_unstable};
    memcpy(store->pages[id].data, data, len);
    *chain = id;
    return id;
}

static void release(struct state_store *store, uint32_t id)
{
    struct page *page = &store->pages[id];
    uint32_t *link = &store->chains[page->hash[0] % CHAINS];

    if (--page->users > 0) {
        return;
    }
    while (*link != id) {
        link = &store->pages[*link].next;
    }
    *link = page->next;
    free(page->data);
    page->data = NULL;
    page->next = store->free_pages;
    store->free_pages = id;
}

/* A page's part in the key of a state; parts are added, so that a change costs one subtraction and one addition. */
static void add_to_key(struct state_key *key, const struct page *page, uint32_t at, bool remove)
{
    for (size_t i = 0; i < 2; i++) {
        uint64_t part = mix(page->hash[i] + (at + 1) * 0x9e3779b97f4a7c15U);

        key->word[i] += remove ? 0 - part : part;
    }
}

struct state_key state_key_of(const struct state_store *store, size_t device, uint32_t off, uint32_t len)
{
    uint32_t first = store->first[device] + off / NOR_PAGE;
    struct state_key key = {{0, 0}};

    for (uint32_t at = first; at < first + len / NOR_PAGE; at++) {
        add_to_key(&key, &store->pages[store->now.pages[at]], at, false);
    }
    return key;
}

static void set_page(struct state_store *store, uint32_t at, uint32_t id)
{
    add_to_key(&store->now.key, &store->pages[store->now.pages[at]], at, true);
    add_to_key(&store->now.key, &store->pages[id], at, false);
    store->now.pages[at] = id;
}

static uint32_t total(const struct state_store *store)
{
    return store->first[store->device_count];
}

void state_store_init(struct state_store *store, struct nor_device *const *devices, size_t count)
{
    *store = (struct state_store){.devices = devices, .device_count = count, .free_pages = NONE};
    for (size_t i = 0; i < count; i++) {
        store->first[i + 1] = store->first[i] + nor_model_pages(&devices[i]->model);
    }
    store->chains = host_alloc(CHAINS * sizeof *store->chains);
    memset(store->chains, 0xff, CHAINS * sizeof *store->chains);
    store->now.pages = host_alloc(total(store) * sizeof *store->now.pages);
    store->changes = host_alloc(total(store) * sizeof *store->changes);
    store->scratch = host_alloc(3UL * NOR_PAGE);
    for (uint32_t at = 0; at < total(store); at++) {
        uint32_t off;
        struct nor_model *model = model_at(store, at, &off);
        bool has_unstable;
        uint32_t len = gather(model, off, store->scratch, &has_unstable);

        store->now.pages[at] = intern(store, store->scratch, len, has_unstable);
        add_to_key(&store->now.key, &store->pages[store->now.pages[at]], at, false);
        model->changed[off / NOR_PAGE] = 0;
    }
}

void state_store_free(struct state_store *store)
{
    for (uint32_t id = 0; id < store->page_count; id++) {
        free(store->pages[id].data);
    }
    free(store->pages);
    free(store->chains);
    free(store->now.pages);
    free(store->changes);
    free(store->scratch);
    *store = (struct state_store){0};
}

static void settle_page(struct state_store *store, struct nor_model *model, uint32_t off, uint32_t at)
{
    bool has_unstable;
    uint32_t len = gather(model, off, store->scratch, &has_unstable);
    uint32_t id = intern(store, store->scratch, len, has_unstable);

    model->changed[off / NOR_PAGE] = 0;
    if (id == store->now.pages[at]) {
        release(store, id);
        return;
    }
    /* The list has room for each page once; one that changes twice between two marks was noted the first time. */
    for (size_t i = 0; i < store->change_count; i++) {
        if (store->changes[i].at == at) {
            uint32_t old = store->now.pages[at];

            set_page(store, at, id);
            release(store, old);
            return;
        }
    }
    store->changes[store->change_count++] = (struct state_change){at, store->now.pages[at]};
    set_page(store, at, id);
}

void state_settle(struct state_store *store)
{
    for (size_t d = 0; d < store->device_count; d++) {
        struct nor_model *model = &store->devices[d]->model;
        uint32_t pages = store->first[d + 1] - store->first[d];

        for (uint32_t page = 0; page < pages; page++) {
            if (model->changed[page] != 0) {
                settle_page(store, model, page * NOR_PAGE, store->first[d] + page);
            }
        }
    }
}

void state_take(struct state_store *store, struct state *state)
{
    *state = (struct state){.pages = host_alloc(total(store) * sizeof *state->pages), .key = store->now.key};
    for (uint32_t at = 0; at < total(store); at++) {
        state->pages[at] = store->now.pages[at];
        store->pages[state->pages[at]].users++;
    }
}

void state_drop(struct state_store *store, struct state *state)
{
    for (uint32_t at = 0; state->pages != NULL && at < total(store); at++) {
        release(store, state->pages[at]);
    }
    free(state->pages);
    *state = (struct state){0};
}

static void forget_unstable(struct state_store *store)
{
    for (size_t d = 0; d < store->device_count; d++) {
        struct nor_model *model = &store->devices[d]->model;

        model->has_unstable = false;
        for (uint32_t at = store->first[d]; at < store->first[d + 1] && !model->has_unstable; at++) {
            model->has_unstable = store->pages[store->now.pages[at]].has_unstable;
        }
    }
}

void state_restore(struct state_store *store, const struct state *state)
{
    state_mark(store);
    for (uint32_t at = 0; at < total(store); at++) {
        uint32_t off;
        struct nor_model *model = model_at(store, at, &off);
        uint32_t old = store->now.pages[at];

        if (old != state->pages[at] || model->changed[off / NOR_PAGE] != 0) {
            scatter(model, off, &store->pages[state->pages[at]]);
            store->pages[state->pages[at]].users++;
            set_page(store, at, state->pages[at]);
            release(store, old);
        }
    }
    forget_unstable(store);
    for (size_t d = 0; d < store->device_count; d++) {
        store->devices[d]->running.kind = NOR_OP_NONE;
        store->devices[d]->model.violation[0] = '\0';
    }
}

void state_mark(struct state_store *store)
{
    for (size_t i = 0; i < store->change_count; i++) {
        release(store, store->changes[i].page);
    }
    store->change_count = 0;
}

void state_undo(struct state_store *store)
{
    for (size_t i = 0; i < store->change_count; i++) {
        const struct state_change *change = &store->changes[i];
        uint32_t off;
        struct nor_model *model = model_at(store, change->at, &off);
        uint32_t damaged = store->now.pages[change->at];

        scatter(model, off, &store->pages[change->page]);
        set_page(store, change->at, change->page);
        release(store, damaged);
    }
    store->change_count = 0;
}
