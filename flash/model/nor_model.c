#include "flash/model/nor_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"
#include "host/random.h"

void nor_model_init(struct nor_model *model, const struct nor_config *config, uint8_t *data)
{
    *model = (struct nor_model){.config = config, .data = data};
    if (config->max_programs != 0) {
        model->programs = host_alloc(config->geometry.size / config->geometry.write_block);
    }
}

void nor_model_free(struct nor_model *model)
{
    free(model->programs);
    *model = (struct nor_model){0};
}

static bool range_is_inside(const struct nor_model *model, uint32_t off, size_t len)
{
    uint32_t size = model->config->geometry.size;

    return off <= size && len <= size - off;
}

static int violate(struct nor_model *model, const char *what, uint32_t off, size_t len)
{
    (void)snprintf(model->violation, sizeof model->violation, "%s: %s at 0x%" PRIx32 ", %zu bytes", model->config->name,
                   what, off, len);
    return ERR_FLASH_PHYSICS;
}

int nor_model_read(struct nor_model *model, uint32_t off, void *dst, size_t len)
{
    if (!range_is_inside(model, off, len)) {
        return ERR_FLASH_INVALID;
    }
    if (len > 0) {
        memcpy(dst, model->data + off, len);
    }
    model->stats.bytes_read += len;
    return OK;
}

static uint64_t load64(const uint8_t *at, size_t len)
{
    uint64_t word = 0;

    memcpy(&word, at, len);
    return word;
}

/* Set in each byte of `word` that is 0xff. */
static uint64_t full_bytes(uint64_t word)
{
    uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t full = (word & low) + UINT64_C(0x0101010101010101); /* bit 7: the seven low bits were all set */

    return ((full & word & ~low) >> 7) * 0xff;
}

/*
 * Whether programming `new` over `old` only makes bits leave the erased value. A byte of the erased value programs
 * nothing: controllers that move whole words pad with it.
 */
static bool only_leaves_erased(const uint8_t *old, const uint8_t *new, size_t len, uint8_t erased_value)
{
    uint64_t flip = erased_value == 0xff ? 0 : UINT64_MAX;
    uint64_t bad = 0;

    for (size_t i = 0; i < len; i += 8) {
        size_t part = len - i < 8 ? len - i : 8;
        uint64_t valid = UINT64_MAX >> (8 * (8 - part));
        uint64_t wanted = load64(new + i, part) ^ flip;

        bad |= valid & wanted & ~full_bytes(wanted) & ~(load64(old + i, part) ^ flip);
    }
    return bad == 0;
}

static void program_bits(uint8_t *data, const uint8_t *src, size_t len, uint8_t erased_value)
{
    for (size_t i = 0; i < len; i++) {
        data[i] = erased_value == 0xff ? data[i] & src[i] : data[i] | src[i];
    }
}

/* Counts one more program of each write block; false when a block has had its number. */
static bool count_programs(struct nor_model *model, uint32_t off, size_t len)
{
    uint32_t block = model->config->geometry.write_block;
    uint8_t *count = model->programs + off / block;
    uint8_t worst = 0;

    if (model->programs == NULL) {
        return true;
    }
    for (size_t i = 0; i < len / block; i++) {
        worst = count[i] > worst ? count[i] : worst;
    }
    if (worst >= model->config->max_programs) {
        return false;
    }
    for (size_t i = 0; i < len / block; i++) {
        count[i]++;
    }
    return true;
}

static int check_program(struct nor_model *model, uint32_t off, const void *src, size_t len)
{
    uint32_t block = model->config->geometry.write_block;

    if (!range_is_inside(model, off, len)) {
        return ERR_FLASH_INVALID;
    }
    if (off % block != 0 || len % block != 0) {
        return violate(model, "program of part of a write block", off, len);
    }
    if (!only_leaves_erased(model->data + off, src, len, model->config->geometry.erased_value)) {
        return violate(model, "program of bits that are not erased", off, len);
    }
    if (!count_programs(model, off, len)) {
        return violate(model, "too many programs of a write block", off, len);
    }
    return OK;
}

int nor_model_program(struct nor_model *model, uint32_t off, const void *src, size_t len)
{
    int err = check_program(model, off, src, len);

    if (err != OK || len == 0) {
        return err;
    }
    program_bits(model->data + off, src, len, model->config->geometry.erased_value);
    model->stats.programs++;
    model->stats.bytes_programmed += len;
    return OK;
}

/* Start of the sector that contains `off`, or UINT32_MAX outside the array. `end` is where it ends. */
static uint32_t sector_start(const struct flash_geometry *geometry, uint32_t off, uint32_t *end)
{
    for (unsigned i = 0; i < geometry->range_count; i++) {
        const struct flash_range *range = &geometry->ranges[i];

        if (off >= range->off && (off - range->off) / range->sector_size < range->count) {
            uint32_t start = off - (off - range->off) % range->sector_size;

            *end = start + range->sector_size;
            return start;
        }
    }
    return UINT32_MAX;
}

/* Number of whole sectors in the range, or 0 when it is not made of whole sectors. */
static uint32_t whole_sectors(const struct flash_geometry *geometry, uint32_t off, uint32_t len)
{
    uint32_t count = 0;
    uint32_t at = off;

    while (at - off < len) {
        uint32_t end = 0;

        if (sector_start(geometry, at, &end) != at) {
            return 0;
        }
        at = end;
        count++;
    }
    return at - off == len ? count : 0;
}

static int check_erase(struct nor_model *model, uint32_t off, uint32_t len, uint32_t *sectors)
{
    if (!range_is_inside(model, off, len)) {
        return ERR_FLASH_INVALID;
    }
    *sectors = whole_sectors(&model->config->geometry, off, len);
    return *sectors != 0 ? OK : violate(model, "erase of part of a sector", off, len);
}

int nor_model_erase(struct nor_model *model, uint32_t off, uint32_t len)
{
    const struct flash_geometry *geometry = &model->config->geometry;
    uint32_t sectors;
    int err = check_erase(model, off, len, &sectors);

    if (err != OK) {
        return err;
    }
    memset(model->data + off, geometry->erased_value, len);
    if (model->programs != NULL) {
        memset(model->programs + off / geometry->write_block, 0, len / geometry->write_block);
    }
    model->stats.erases += sectors;
    return OK;
}

/* Of the bits that `src` would change in data[0..len), a random part changes. */
static void program_some_bits(struct random *random, uint8_t *data, const uint8_t *src, size_t len,
                              uint8_t erased_value)
{
    uint32_t sixteenths = random_below(random, 17);

    for (size_t i = 0; i < len; i++) {
        uint8_t kept = (uint8_t)random_bits(random, sixteenths);
        uint8_t bits = erased_value == 0xff ? src[i] | kept : src[i] & (uint8_t)~kept;

        program_bits(&data[i], &bits, 1, erased_value);
    }
}

/* A program that changed nothing leaves no trace, and nobody could count it. */
static void uncount_unchanged(struct nor_model *model, uint32_t off, const uint8_t *before, size_t len)
{
    uint32_t block = model->config->geometry.write_block;

    for (size_t i = 0; model->programs != NULL && i < len; i += block) {
        if (memcmp(model->data + off + i, before + i, block) == 0) {
            model->programs[(off + i) / block]--;
        }
    }
}

int nor_model_program_torn(struct nor_model *model, uint32_t off, const void *src, size_t len, uint32_t seed)
{
    struct random random = {seed};
    uint8_t erased = model->config->geometry.erased_value;
    uint32_t block = model->config->geometry.write_block;
    uint32_t page = model->config->timing.page_size;
    int err = check_program(model, off, src, len);
    uint8_t *before;
    uint32_t prefix;
    uint32_t torn;

    if (err != OK || len == 0) {
        return err;
    }
    before = host_alloc(len);
    memcpy(before, model->data + off, len);
    prefix = random_below(&random, (uint32_t)(len / block)) * block;
    torn = block;
    if (page > block && (random_next(&random) & 1) != 0) { /* a chip programs the bytes of a page together */
        prefix -= prefix % page;
        torn = page - (off + prefix) % page;
    }
    torn = torn < len - prefix ? torn : (uint32_t)(len - prefix);
    program_bits(model->data + off, src, prefix, erased);
    program_some_bits(&random, model->data + off + prefix, (const uint8_t *)src + prefix, torn, erased);
    uncount_unchanged(model, off, before, len);
    free(before);
    model->stats.programs++;
    model->stats.bytes_programmed += prefix;
    return OK;
}

/* An erase begins by programming every bit (so that the sector wears evenly), then lets them rise. */
static void erase_some_bits(struct random *random, uint8_t *data, uint32_t len, uint64_t erased)
{
    uint32_t fallen = (random_next(random) & 1) != 0 ? random_below(random, 17) : 0;
    uint32_t risen = random_below(random, 17);

    for (uint32_t i = 0; i < len; i++) {
        uint64_t bits = data[i] ^ erased; /* set: programmed */

        bits = (bits | random_bits(random, fallen)) & ~random_bits(random, risen);
        data[i] = (uint8_t)(bits ^ erased);
    }
}

/* Parts of the array erase at different speed: some cells of 8 bytes are done, the others untouched. */
static void erase_some_cells(struct random *random, uint8_t *data, uint32_t len, uint8_t erased)
{
    uint32_t risen = random_below(random, 17);

    for (uint32_t i = 0; i < len; i += 8) {
        if ((random_bits(random, risen) & 1) != 0) {
            memset(data + i, erased, len - i < 8 ? len - i : 8);
        }
    }
}

int nor_model_erase_torn(struct nor_model *model, uint32_t off, uint32_t len, uint32_t seed)
{
    struct random random = {seed};
    uint8_t erased = model->config->geometry.erased_value;
    uint32_t sectors;
    int err = check_erase(model, off, len, &sectors);

    if (err != OK) {
        return err;
    }
    if ((random_next(&random) & 1) != 0) {
        erase_some_bits(&random, model->data + off, len, erased == 0 ? 0 : UINT64_MAX);
    } else {
        erase_some_cells(&random, model->data + off, len, erased);
    }
    model->stats.erases += sectors;
    return OK;
}

uint64_t nor_model_program_ns(const struct nor_config *config, uint32_t off, size_t len)
{
    const struct nor_timing *timing = &config->timing;
    uint64_t total = 0;

    while (len > 0) {
        size_t left = timing->page_size - off % timing->page_size;
        size_t part = len < left ? len : left;
        uint64_t ns = timing->program_base_ns + part * timing->program_byte_ns;

        total += ns < timing->program_page_max_ns ? ns : timing->program_page_max_ns;
        off += (uint32_t)part;
        len -= part;
    }
    return total;
}

uint32_t nor_model_erase_unit(const struct nor_config *config, uint32_t off, uint32_t len)
{
    const struct nor_timing *timing = &config->timing;
    uint32_t end = off + len;
    uint32_t best;

    (void)sector_start(&config->geometry, off, &end);
    best = end - off;
    for (size_t i = 0; i < timing->erase_count; i++) {
        uint32_t size = timing->erase[i].size;

        if (size > best && off % size == 0 && len >= size) {
            best = size;
        }
    }
    return best;
}

static uint64_t erase_command_ns(const struct nor_timing *timing, uint32_t size)
{
    uint64_t ns = 0;

    for (size_t i = 0; i < timing->erase_count; i++) {
        ns = timing->erase[i].size == size ? timing->erase[i].ns : ns;
    }
    return ns;
}

uint64_t nor_model_erase_ns(const struct nor_config *config, uint32_t len)
{
    uint64_t total = 0;
    uint32_t unit;

    for (uint32_t at = 0; at < len; at += unit) {
        unit = nor_model_erase_unit(config, at, len - at);
        total += erase_command_ns(&config->timing, unit);
    }
    return total;
}
