/*
 * The NOR flash model: contents, physics and wear of one flash array. Shared by unit tests, the power-cut
 * simulator (through nor_device.h, as a flash device) and the virtual boards (behind the models of NVMC and
 * QSPI chip).
 *
 * It enforces what silicon does: programming only clears bits (sets them where the erased value is 0), whole
 * write blocks only, at most `max_programs` programs of a write block between two erases, erase of whole
 * sectors. A violation changes nothing, returns ERR_FLASH_PHYSICS and leaves a line that names it. Contents
 * start as the caller supplies them, so that a test decides between random, erased and persisted.
 *
 * What an interrupted operation leaves is nor_damage.c's. Part of it are unstable bits, which read differently each
 * time until they are programmed or their sector is erased.
 *
 * The model keeps no time; it tells how long an operation takes, and whoever owns a clock adds it up.
 */
#ifndef FLASH_MODEL_NOR_MODEL_H
#define FLASH_MODEL_NOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/flash.h>

#include "host/random.h"

/* Changes are noted by pages of this many bytes, for whoever keeps many states of one array. */
#define NOR_PAGE 1024U

/* Time of one erase command of `size` bytes. */
struct nor_erase_time {
    uint32_t size;
    uint64_t ns;
};

/* Program time of each page touched: min(page_max_ns, base_ns + bytes * byte_ns). Sources: the part's data
 * sheet. */
struct nor_timing {
    uint32_t page_size; /* bytes; a program is accounted page by page */
    uint64_t program_base_ns;
    uint64_t program_byte_ns;
    uint64_t program_page_max_ns;
    const struct nor_erase_time *erase; /* ascending sizes */
    size_t erase_count;
};

struct nor_config {
    const char *name;
    struct flash_geometry geometry;
    uint8_t max_programs; /* per write block between two erases; 0: any number (bits still only clear) */
    struct nor_timing timing;
};

struct nor_stats {
    uint64_t erases; /* sectors erased */
    uint64_t programs;
    uint64_t bytes_programmed;
    uint64_t bytes_read;
};

/* How unstable bits read: each time anew, or all of them one way for as long as the noise lasts. */
enum nor_noise { NOR_NOISE_RANDOM, NOR_NOISE_ERASED, NOR_NOISE_PROGRAMMED, NOR_NOISES };

struct nor_model {
    const struct nor_config *config;
    uint8_t *data;     /* config->geometry.size bytes, borrowed from the caller (heap, mapped file, snapshot) */
    uint8_t *programs; /* owned; programs since erase per write block; NULL when max_programs is 0 */
    struct nor_stats stats;
    char violation[160]; /* the last one, "" if none */

    /* Owned; NULL unless nor_model_track was called. */
    uint8_t *unstable; /* by byte: bits that read differently each time; their place in `data` holds the erased value */
    uint8_t *changed;  /* by NOR_PAGE: not 0 when the page was written since the owner of the states cleared it */
    enum nor_noise noise;
    struct random noise_random;
    bool has_unstable; /* false: there is none; true: look */
    bool settles;      /* unstable bits settle at once */
};

/* `data` stays the caller's. Returns OK. */
void nor_model_init(struct nor_model *model, const struct nor_config *config, uint8_t *data);
void nor_model_free(struct nor_model *model);

/* From now on there are unstable bits, and changed pages are noted. Without it unstable bits settle at once. */
void nor_model_track(struct nor_model *model);

/* From now on unstable bits read as `seed` says: its remainder by NOR_NOISES is the kind. */
void nor_model_make_noise(struct nor_model *model, uint64_t seed);

/* Pages of NOR_PAGE bytes, the last one possibly shorter. */
static inline uint32_t nor_model_pages(const struct nor_model *model)
{
    return (model->config->geometry.size + NOR_PAGE - 1) / NOR_PAGE;
}

/* Each returns OK; ERR_FLASH_INVALID outside the array; ERR_FLASH_PHYSICS. */
int nor_model_read(struct nor_model *model, uint32_t off, void *dst, size_t len) ERROR_MUST_CHECK;
int nor_model_program(struct nor_model *model, uint32_t off, const void *src, size_t len) ERROR_MUST_CHECK;
int nor_model_erase(struct nor_model *model, uint32_t off, uint32_t len) ERROR_MUST_CHECK;

/*
 * What an operation leaves when power fails inside it (nor_damage.c; docs/TESTING.md, "The damage model"). `seed`
 * decides the damage, its two low bits the kind, so that a run can be replayed and few seeds show every kind:
 *
 *     program  0 a prefix, in whole write blocks      1 a prefix, then one write block of which some bits changed
 *              2 the same, the rest of a page         3 all of it, but some bits are weak: unstable
 *     erase    0 cells of 8 bytes erased, others not  1 bits that fell and rose at random
 *              2 the same, some of them unstable      3 nearly erased: a few unstable bits are left, or many that
 *                                                       were programmed
 *
 * An interrupted erase does not restart the count of programs; an interrupted program counts where it changed
 * something. The same seed damages the same place in the same way, whatever was there before.
 */
int nor_model_program_torn(struct nor_model *model, uint32_t off, const void *src, size_t len,
                           uint32_t seed) ERROR_MUST_CHECK;
int nor_model_erase_torn(struct nor_model *model, uint32_t off, uint32_t len, uint32_t seed) ERROR_MUST_CHECK;

/* For nor_damage.c: the checks of the whole operation. Each returns what nor_model_program and _erase return. */
int nor_model_check_program(struct nor_model *model, uint32_t off, const void *src, size_t len) ERROR_MUST_CHECK;
int nor_model_check_erase(struct nor_model *model, uint32_t off, uint32_t len, uint32_t *sectors) ERROR_MUST_CHECK;

/* For nor_damage.c: programs without checking or counting, and notes a change. */
void nor_model_program_bits(struct nor_model *model, uint32_t off, const uint8_t *src, size_t len);
void nor_model_note_change(struct nor_model *model, uint32_t off, size_t len);

uint64_t nor_model_program_ns(const struct nor_config *config, uint32_t off, size_t len);

/* Time to erase `len` bytes from an aligned start by the largest commands that fit. */
uint64_t nor_model_erase_ns(const struct nor_config *config, uint32_t len);

/* Size of the largest erase command of the part that may start at `off` and fits into `len`. */
uint32_t nor_model_erase_unit(const struct nor_config *config, uint32_t off, uint32_t len);

/* The two parts of the nRF52840 DK (flash/model/parts.c), with the source of each figure beside it. */
extern const struct nor_config nor_part_nrf5340;  /* the same with the nRF5340's times */
extern const struct nor_config nor_part_nrf52840; /* internal flash, 1 MiB, 4 KiB pages, write block 4, nWRITE 2 */
extern const struct nor_config nor_part_mx25r6435f_slow; /* the same with the maximum times */
extern const struct nor_config nor_part_mx25r6435f;      /* 8 MiB, 4 KiB sectors, high-performance times */

#endif
