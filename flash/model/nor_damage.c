/* What an operation leaves in a NOR array when power fails inside it. Kinds and seeds: nor_model.h. */
#include <stdlib.h>
#include <string.h>

#include "flash/model/nor_model.h"
#include "host/buffer.h"

#define KINDS 4U

/* The same place suffers the same from the same seed, so that damage done twice is no news to who counts states. */
static struct random damage_random(uint32_t seed, uint32_t off)
{
    struct random random = {seed + ((uint64_t)off << 32)};

    (void)random_next(&random);
    return random;
}

/* `bits` of the byte at `at` read differently from now on; where nobody tracks them they settle at once. */
static void make_unstable(struct nor_model *model, struct random *random, uint32_t at, uint8_t bits)
{
    uint8_t erased = model->config->geometry.erased_value;

    if (model->unstable == NULL || model->settles) {
        bits &= (uint8_t)random_next(random);
    } else if (bits != 0) {
        model->unstable[at] |= bits;
        model->has_unstable = true;
    }
    model->data[at] = (uint8_t)((model->data[at] & ~bits) | (erased & bits));
}

/* Random bytes that come eight at a time from random_bits. */
struct stream {
    struct random *random;
    uint32_t sixteenths;
    uint64_t word;
    uint32_t used;
};

static uint8_t next_bits(struct stream *stream)
{
    if (stream->used++ % 8 == 0) {
        stream->word = random_bits(stream->random, stream->sixteenths);
    } else {
        stream->word >>= 8;
    }
    return (uint8_t)stream->word;
}

/* Of the bits that `src` would change a random part changes. */
static void program_some_bits(struct nor_model *model, struct random *random, uint32_t off, const uint8_t *src,
                              size_t len)
{
    uint8_t erased = model->config->geometry.erased_value;
    struct stream kept = {random, random_below(random, 17), 0, 0};

    for (size_t i = 0; i < len; i++) {
        uint8_t left = next_bits(&kept);
        uint8_t bits = erased == 0xff ? src[i] | left : src[i] & (uint8_t)~left;

        nor_model_program_bits(model, off + (uint32_t)i, &bits, 1);
    }
}

/* All of it is programmed, but some of the bits that changed are weak. */
static void program_weakly(struct nor_model *model, struct random *random, uint32_t off, const uint8_t *src, size_t len)
{
    uint32_t sixteenths = random_below(random, 32); /* often all of them */
    struct stream weak = {random, sixteenths < 16 ? 1 + sixteenths : 16, 0, 0};

    for (size_t i = 0; i < len; i++) {
        uint32_t at = off + (uint32_t)i;
        uint8_t before = model->data[at];

        nor_model_program_bits(model, at, &src[i], 1);
        make_unstable(model, random, at, next_bits(&weak) & (before ^ model->data[at]));
    }
}

/* A prefix, then `torn` bytes of which some bits changed. */
static void program_partly(struct nor_model *model, struct random *random, uint32_t off, const uint8_t *src,
                           uint32_t len, unsigned kind)
{
    uint32_t block = model->config->geometry.write_block;
    uint32_t page = model->config->timing.page_size;
    uint32_t prefix = random_below(random, len / block) * block;
    uint32_t torn = block;

    if (kind == 0 && len > block) {
        nor_model_program_bits(model, off, src, prefix != 0 ? prefix : block);
        return;
    }
    if (kind == 2 && page > block) { /* a chip programs the bytes of a page together */
        prefix -= prefix % page;
        torn = page - (off + prefix) % page;
    }
    torn = torn < len - prefix ? torn : len - prefix;
    if (prefix > 0) {
        nor_model_program_bits(model, off, src, prefix);
    }
    program_some_bits(model, random, off + prefix, src + prefix, torn);
}

/* A program that changed no bit for good leaves no trace that anybody could count on. */
static void uncount_unchanged(struct nor_model *model, uint32_t off, const uint8_t *before, size_t len)
{
    uint32_t block = model->config->geometry.write_block;

    for (size_t i = 0; model->programs != NULL && block > 0 && i < len; i += block) {
        if (memcmp(model->data + off + i, before + i, block) == 0) {
            model->programs[(off + i) / block]--;
        }
    }
}

int nor_model_program_torn(struct nor_model *model, uint32_t off, const void *src, size_t len, uint32_t seed)
{
    struct random random = damage_random(seed, off);
    int err = nor_model_check_program(model, off, src, len);
    uint8_t *before;

    if (err != OK || len == 0) {
        return err;
    }
    before = host_alloc(len);
    memcpy(before, model->data + off, len);
    if (seed % KINDS == 3) {
        program_weakly(model, &random, off, src, len);
    } else {
        program_partly(model, &random, off, src, (uint32_t)len, seed % KINDS);
    }
    uncount_unchanged(model, off, before, len);
    free(before);
    model->stats.programs++;
    return OK;
}

/* An erase begins by programming every bit (so that the sector wears evenly), then lets them rise. */
static void erase_some_bits(struct nor_model *model, struct random *random, uint32_t off, uint32_t len, bool unstable)
{
    uint8_t erased = model->config->geometry.erased_value;
    struct stream fallen = {random, (random_next(random) & 1) != 0 ? random_below(random, 17) : 0, 0, 0};
    struct stream risen = {random, random_below(random, 17), 0, 0};
    struct stream wavering = {random, unstable ? random_below(random, 17) : 0, 0, 0};

    for (uint32_t i = 0; i < len; i++) {
        uint8_t bits = model->data[off + i] ^ erased; /* set: programmed */

        bits = (bits | next_bits(&fallen)) & (uint8_t)~next_bits(&risen);
        model->data[off + i] = bits ^ erased;
        make_unstable(model, random, off + i, next_bits(&wavering));
    }
}

/* Parts of the array erase at different speed: some cells of 8 bytes are done, the others untouched. */
static void erase_some_cells(struct nor_model *model, struct random *random, uint32_t off, uint32_t len)
{
    uint8_t erased = model->config->geometry.erased_value;
    uint32_t risen = random_below(random, 17);

    for (uint32_t i = 0; i < len; i += 8) {
        if ((random_bits(random, risen) & 1) != 0) {
            uint32_t part = len - i < 8 ? len - i : 8;

            memset(model->data + off + i, erased, part);
            if (model->has_unstable) {
                memset(model->unstable + off + i, 0, part);
            }
        }
    }
}

/* The last moment of an erase: what a blank check would let pass, now and then. */
static void erase_nearly(struct nor_model *model, struct random *random, uint32_t off, uint32_t len)
{
    memset(model->data + off, model->config->geometry.erased_value, len);
    if (model->has_unstable) {
        memset(model->unstable + off, 0, len);
    }
    for (uint32_t i = random_below(random, 16); i < len; i += 1 + random_below(random, 32)) {
        make_unstable(model, random, off + i, (uint8_t)random_next(random));
    }
}

/* The same where all cells were equally fast: what was programmed may still be read, whole or in part. */
static void erase_weakly(struct nor_model *model, struct random *random, uint32_t off, uint32_t len)
{
    uint8_t erased = model->config->geometry.erased_value;
    uint32_t sixteenths = random_below(random, 32); /* often all of it */
    struct stream weak = {random, sixteenths < 16 ? 1 + sixteenths : 16, 0, 0};

    for (uint32_t i = 0; i < len; i++) {
        uint8_t programmed = model->data[off + i] ^ erased;

        model->data[off + i] = erased;
        make_unstable(model, random, off + i, next_bits(&weak) & programmed);
    }
}

int nor_model_erase_torn(struct nor_model *model, uint32_t off, uint32_t len, uint32_t seed)
{
    struct random random = damage_random(seed, off);
    uint32_t sectors;
    int err = nor_model_check_erase(model, off, len, &sectors);

    if (err != OK) {
        return err;
    }
    switch (seed % KINDS) {
    case 0:
        erase_some_cells(model, &random, off, len);
        break;
    case 3:
        ((random_next(&random) & 1) != 0 ? erase_weakly : erase_nearly)(model, &random, off, len);
        break;
    default:
        erase_some_bits(model, &random, off, len, seed % KINDS == 2);
        break;
    }
    nor_model_note_change(model, off, len);
    model->stats.erases += sectors;
    return OK;
}
