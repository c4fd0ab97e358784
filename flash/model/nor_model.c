#include "flash/model/nor_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"

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
    free(model->unstable);
    free(model->changed);
    *model = (struct nor_model){0};
}

void nor_model_track(struct nor_model *model)
{
    model->unstable = host_alloc(model->config->geometry.size);
    model->changed = host_alloc(nor_model_pages(model));
}

void nor_model_note_change(struct nor_model *model, uint32_t off, size_t len)
{
    for (uint32_t page = off / NOR_PAGE; model->changed != NULL && page <= (off + len - 1) / NOR_PAGE; page++) {
        model->changed[page] = 1;
    }
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

void nor_model_make_noise(struct nor_model *model, uint64_t seed)
{
    model->noise = (enum nor_noise)(seed % NOR_NOISES);
    model->noise_random.state = seed;
}

static uint8_t next_noise(struct nor_model *model)
{
    switch (model->noise) {
    case NOR_NOISE_ERASED:
        return 0; /* which is what the array holds in their place */
    case NOR_NOISE_PROGRAMMED:
        return 0xff;
    default:
        return (uint8_t)random_next(&model->noise_random);
    }
}

static void read_unstable(struct nor_model *model, uint32_t off, uint8_t *dst, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (model->unstable[off + i] != 0) {
            dst[i] ^= model->unstable[off + i] & next_noise(model);
        }
    }
}

int nor_model_read(struct nor_model *model, uint32_t off, void *dst, size_t len)
{
    if (!range_is_inside(model, off, len)) {
        return ERR_FLASH_INVALID;
    }
    if (len > 0) {
        memcpy(dst, model->data + off, len);
    }
    if (model->has_unstable) {
        read_unstable(model, off, dst, len);
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
static bool word_leaves_erased(uint64_t old, uint64_t new, uint64_t flip)
{
    uint64_t wanted = new ^ flip;

    return (wanted & ~full_bytes(wanted) & ~(old ^ flip)) == 0;
}

static bool only_leaves_erased(const uint8_t *old, const uint8_t *new, size_t len, uint8_t erased_value)
{
    uint64_t flip = erased_value == 0xff ? 0 : UINT64_MAX;
    bool good = true;
    size_t i;

    for (i = 0; i + 8 <= len; i += 8) {
        good &= word_leaves_erased(load64(old + i, 8), load64(new + i, 8), flip);
    }
    if (i < len) {
        uint64_t rest = ~(UINT64_MAX >> (8 * (8 - (len - i)))); /* as if erased, and not to be programmed */

        good &= word_leaves_erased(load64(old + i, len - i) | (rest & ~flip), load64(new + i, len - i) | (rest & ~flip),
                                   flip);
    }
    return good;
}

/* A bit that is programmed is stable. */
static void settle_programmed(struct nor_model *model, uint32_t off, const uint8_t *src, size_t len)
{
    uint8_t erased = model->config->geometry.erased_value;

    for (size_t i = 0; i < len; i++) {
        model->unstable[off + i] &= (uint8_t) ~(src[i] ^ erased);
    }
}

void nor_model_program_bits(struct nor_model *model, uint32_t off, const uint8_t *src, size_t len)
{
    uint64_t flip = model->config->geometry.erased_value == 0xff ? 0 : UINT64_MAX;
    uint8_t *data = model->data + off;
    size_t i;

    for (i = 0; i + 8 <= len; i += 8) {
        uint64_t word = ((load64(data + i, 8) ^ flip) & (load64(src + i, 8) ^ flip)) ^ flip;

        memcpy(data + i, &word, sizeof word);
    }
    for (; i < len; i++) {
        data[i] = ((data[i] ^ (uint8_t)flip) & (src[i] ^ (uint8_t)flip)) ^ (uint8_t)flip;
    }
    if (model->has_unstable) {
        settle_programmed(model, off, src, len);
    }
    nor_model_note_change(model, off, len);
}

/*
 * Whether a write block is programmed without an erased bit. Parts whose words take one program allow that again: no
 * check bits could be wrong then (STM32L4 reference manual RM0351, flash programming).
 */
static bool is_filled(const struct nor_model *model, const uint8_t *src)
{
    uint8_t erased = 0;

    for (uint32_t i = 0; i < model->config->geometry.write_block; i++) {
        erased |= (uint8_t) ~(src[i] ^ model->config->geometry.erased_value);
    }
    return erased == 0;
}

/* Counts one more program of each write block; false when a block has had its number. */
static bool count_programs(struct nor_model *model, uint32_t off, const uint8_t *src, size_t len)
{
    uint32_t block = model->config->geometry.write_block;
    uint8_t *count = model->programs + off / block;

    if (model->programs == NULL) {
        return true;
    }
    for (size_t i = 0; i < len / block; i++) {
        if (count[i] >= model->config->max_programs && !is_filled(model, src + i * block)) {
            return false;
        }
    }
    for (size_t i = 0; i < len / block; i++) {
        count[i] = (uint8_t)(count[i] + (count[i] < UINT8_MAX ? 1 : 0));
    }
    return true;
}

int nor_model_check_program(struct nor_model *model, uint32_t off, const void *src, size_t len)
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
    if (!count_programs(model, off, src, len)) {
        return violate(model, "too many programs of a write block", off, len);
    }
    return OK;
}

int nor_model_program(struct nor_model *model, uint32_t off, const void *src, size_t len)
{
    int err = nor_model_check_program(model, off, src, len);

    if (err != OK || len == 0) {
        return err;
    }
    nor_model_program_bits(model, off, src, len);
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

int nor_model_check_erase(struct nor_model *model, uint32_t off, uint32_t len, uint32_t *sectors)
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
    int err = nor_model_check_erase(model, off, len, &sectors);

    if (err != OK) {
        return err;
    }
    memset(model->data + off, geometry->erased_value, len);
    if (model->has_unstable) {
        memset(model->unstable + off, 0, len);
    }
    nor_model_note_change(model, off, len);
    if (model->programs != NULL) {
        memset(model->programs + off / geometry->write_block, 0, len / geometry->write_block);
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
