#include "vboard/flash_log.h"

#include <stdlib.h>
#include <string.h>

#include "host/random.h"
#include "vboard/nrf/nvmc.h"

#define ERASED 0xff
#define NONE   SIZE_MAX

/* ---- contents ---- */

void flash_state_init(struct flash_state *state)
{
    const struct nor_config *const parts[FLASH_DEVICES] = {&nor_part_nrf52840, &nor_part_mx25r6435f, &nvmc_uicr_part};

    for (size_t i = 0; i < FLASH_DEVICES; i++) {
        uint8_t *data = aligned_alloc(0x1000, parts[i]->geometry.size); /* the engine maps whole pages */

        if (data == NULL) {
            abort();
        }
        memset(data, ERASED, parts[i]->geometry.size);
        nor_model_init(&state->models[i], parts[i], data);
    }
    state->registers = (struct vboard_chip_registers){0};
}

void flash_state_free(struct flash_state *state)
{
    for (size_t i = 0; i < FLASH_DEVICES; i++) {
        free(state->models[i].data);
        nor_model_free(&state->models[i]);
    }
}

static size_t words(const struct nor_model *model)
{
    return model->config->geometry.size / model->config->geometry.write_block;
}

void flash_state_copy(struct flash_state *to, const struct flash_state *from)
{
    for (size_t i = 0; i < FLASH_DEVICES; i++) {
        const struct nor_model *model = &from->models[i];

        memcpy(to->models[i].data, model->data, model->config->geometry.size);
        if (model->programs != NULL) {
            memcpy(to->models[i].programs, model->programs, words(model));
        }
    }
    to->registers = from->registers;
}

/* Four lanes, so that the processor can work on several at a time; lengths are multiples of 32. */
static uint64_t hash(uint64_t seed, const uint8_t *data, size_t len)
{
    uint64_t lanes[4] = {seed, seed + 1, seed + 2, seed + 3};

    for (size_t i = 0; i < len; i += sizeof(lanes)) {
        uint64_t part[4];

        memcpy(part, data + i, sizeof(part));
        for (size_t lane = 0; lane < 4; lane++) {
            lanes[lane] = (lanes[lane] ^ part[lane]) * 0x9e3779b97f4a7c15U;
            lanes[lane] ^= lanes[lane] >> 32;
        }
    }
    return lanes[0] ^ (lanes[1] << 1) ^ (lanes[2] << 2) ^ (lanes[3] << 3);
}

uint64_t flash_state_hash(const struct flash_state *state)
{
    const struct vboard_chip_registers *kept = &state->registers;
    uint64_t sum = 1U + kept->status + ((uint64_t)kept->status2 << 8) + ((uint64_t)kept->config << 16);

    for (size_t i = 0; i < FLASH_DEVICES; i++) {
        const struct nor_model *model = &state->models[i];

        sum = hash(sum, model->data, model->config->geometry.size);
        if (model->programs != NULL) {
            sum = hash(sum, model->programs, words(model));
        }
    }
    return sum;
}

void flash_state_guess_programs(struct flash_state *state)
{
    struct nor_model *model = &state->models[FLASH_INTERNAL];

    for (size_t i = 0; i < words(model); i++) {
        uint32_t word;

        memcpy(&word, model->data + 4 * i, sizeof(word));
        model->programs[i] = word != UINT32_MAX;
    }
}

/* ---- recording ---- */

void flash_log_init(struct flash_log *log)
{
    *log = (struct flash_log){.open = {NONE, NONE, NONE}};
}

void flash_log_free(struct flash_log *log)
{
    free(log->entries);
    buffer_free(&log->bytes);
    flash_log_init(log);
}

static bool all_erased(const uint8_t *data, size_t len)
{
    return data[0] == ERASED && memcmp(data, data + 1, len - 1) == 0;
}

/* The device's last operation has taken effect when operation `by` begins. */
static void settle(struct flash_log *log, const struct flash_state *state, enum flash_device_id device, size_t by)
{
    struct flash_log_entry *entry;
    const uint8_t *now;

    if (log->open[device] == NONE) {
        return;
    }
    entry = &log->entries[log->open[device]];
    now = state->models[device].data + entry->off;
    entry->settled = by;
    entry->is_erased = all_erased(now, entry->len);
    entry->result = log->bytes.len;
    if (!entry->is_erased) {
        buffer_append(&log->bytes, now, entry->len);
    }
    log->open[device] = NONE;
}

enum flash_device_id flash_log_device(enum stats_operation kind, uint32_t addr)
{
    if (kind == OP_EXT_ERASE || kind == OP_EXT_PROGRAM) {
        return FLASH_EXTERNAL;
    }
    return addr >= VBOARD_INTERNAL_SIZE ? FLASH_UICR : FLASH_INTERNAL;
}

static bool is_program(enum stats_operation kind)
{
    return kind == OP_INT_PROGRAM || kind == OP_EXT_PROGRAM;
}

static bool goes_on(const struct flash_log *log, enum stats_operation kind, enum flash_device_id device, uint32_t off)
{
    for (size_t i = log->count; is_program(kind) && i > 0; i--) {
        const struct flash_log_entry *last = &log->entries[i - 1];

        if (last->device == device) {
            return last->kind == kind && last->off + last->len == off;
        }
    }
    return false;
}

void flash_log_add(struct flash_log *log, const struct flash_state *state, bool external_is_busy,
                   enum stats_operation kind, uint32_t addr, uint32_t len)
{
    enum flash_device_id device = flash_log_device(kind, addr);
    uint32_t off = device == FLASH_UICR ? addr % NVMC_UICR_SIZE : addr;

    settle(log, state, FLASH_INTERNAL, log->count);
    settle(log, state, FLASH_UICR, log->count);
    if (device == FLASH_EXTERNAL || !external_is_busy) {
        settle(log, state, FLASH_EXTERNAL, log->count);
    }
    if ((log->count & (log->count + 1)) == 0) { /* room for the next power of two */
        log->entries = host_realloc(log->entries, (2 * log->count + 2) * sizeof(*log->entries));
    }
    log->entries[log->count] = (struct flash_log_entry){
        .kind = kind,
        .device = device,
        .off = off,
        .len = len,
        .settled = NONE,
        .registers = state->registers,
        .is_straight = goes_on(log, kind, device, off),
    };
    log->open[device] = log->count++;
}

void flash_log_end(struct flash_log *log, const struct flash_state *state)
{
    for (size_t i = 0; i < FLASH_DEVICES; i++) {
        settle(log, state, (enum flash_device_id)i, log->count);
    }
}

/* ---- going along ---- */

/* What the model refuses (a torn erase after a watchdog's reset, say) happened all the same. */
static void apply(struct nor_model *models, const struct flash_log *log, const struct flash_log_entry *entry)
{
    struct nor_model *model = &models[entry->device];
    const uint8_t *result = entry->is_erased ? NULL : log->bytes.data + entry->result;

    if (!is_program(entry->kind) && entry->is_erased) {
        if (nor_model_erase(model, entry->off, entry->len) != OK) {
            abort();
        }
    } else if (entry->is_erased) {
        return; /* a program of nothing but erased bytes */
    } else if (!is_program(entry->kind) || nor_model_program(model, entry->off, result, entry->len) != OK) {
        memcpy(model->data + entry->off, result, entry->len);
    }
}

void flash_walk_to(struct flash_walk *walk, const struct flash_log *log, size_t at)
{
    for (; walk->at < at; walk->at++) {
        size_t now = walk->at + 1;

        if (walk->pending != 0 && log->entries[walk->pending - 1].settled <= now) {
            apply(walk->models, log, &log->entries[walk->pending - 1]);
            walk->pending = 0;
        }
        if (log->entries[walk->at].settled <= now) {
            apply(walk->models, log, &log->entries[walk->at]);
        } else {
            walk->pending = walk->at + 1;
        }
    }
}

static void tear(struct nor_model *models, const struct flash_log *log, const struct flash_log_entry *entry,
                 uint32_t seed)
{
    struct nor_model *model = &models[entry->device];
    int err = OK;

    if (!is_program(entry->kind)) {
        err = nor_model_erase_torn(model, entry->off, entry->len, seed);
    } else if (!entry->is_erased) {
        err = nor_model_program_torn(model, entry->off, log->bytes.data + entry->result, entry->len, seed);
    }
    if (err != OK) { /* logged, so legal when it began */
        abort();
    }
}

void flash_walk_cut(const struct flash_walk *walk, const struct flash_log *log, struct flash_state *state, bool torn,
                    uint32_t seed)
{
    struct random random = {seed};

    state->registers = log->entries[walk->at].registers;
    if (walk->pending != 0) {
        const struct flash_log_entry *entry = &log->entries[walk->pending - 1];

        switch (random_below(&random, 4)) {
        case 0:
            break;
        case 1:
            apply(state->models, log, entry);
            break;
        default:
            tear(state->models, log, entry, (uint32_t)random_next(&random));
            break;
        }
    }
    if (torn) {
        tear(state->models, log, &log->entries[walk->at], (uint32_t)random_next(&random));
    }
}
