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
 * The model keeps no time; it tells how long an operation takes, and whoever owns a clock adds it up.
 */
#ifndef FLASH_MODEL_NOR_MODEL_H
#define FLASH_MODEL_NOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/flash.h>

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

struct nor_model {
    const struct nor_config *config;
    uint8_t *data;     /* config->geometry.size bytes, borrowed from the caller (heap, mapped file, snapshot) */
    uint8_t *programs; /* owned; programs since erase per write block; NULL when max_programs is 0 */
    struct nor_stats stats;
    char violation[160]; /* the last one, "" if none */
};

/* `data` stays the caller's. Returns OK. */
void nor_model_init(struct nor_model *model, const struct nor_config *config, uint8_t *data);
void nor_model_free(struct nor_model *model);

/* Each returns OK; ERR_FLASH_INVALID outside the array; ERR_FLASH_PHYSICS. */
int nor_model_read(struct nor_model *model, uint32_t off, void *dst, size_t len) ERROR_MUST_CHECK;
int nor_model_program(struct nor_model *model, uint32_t off, const void *src, size_t len) ERROR_MUST_CHECK;
int nor_model_erase(struct nor_model *model, uint32_t off, uint32_t len) ERROR_MUST_CHECK;

/*
 * What an operation leaves when power fails inside it; `seed` decides the damage, so that a run can be
 * replayed. program: a prefix of the data, then one write block (or, where the part programs a page at once, the rest
 * of a page) in which only some of the bits changed. erase: bits of the range that have fallen and risen at random,
 * from hardly any to nearly all, or cells of 8 bytes that are erased beside others that are untouched. An interrupted
 * erase does not restart the count of programs; an interrupted program counts where it changed something.
 */
int nor_model_program_torn(struct nor_model *model, uint32_t off, const void *src, size_t len,
                           uint32_t seed) ERROR_MUST_CHECK;
int nor_model_erase_torn(struct nor_model *model, uint32_t off, uint32_t len, uint32_t seed) ERROR_MUST_CHECK;

uint64_t nor_model_program_ns(const struct nor_config *config, uint32_t off, size_t len);

/* Time to erase `len` bytes from an aligned start by the largest commands that fit. */
uint64_t nor_model_erase_ns(const struct nor_config *config, uint32_t len);

/* Size of the largest erase command of the part that may start at `off` and fits into `len`. */
uint32_t nor_model_erase_unit(const struct nor_config *config, uint32_t off, uint32_t len);

/* The two parts of the nRF52840 DK (flash/model/parts.c), with the source of each figure beside it. */
extern const struct nor_config nor_part_nrf52840;   /* internal flash, 1 MiB, 4 KiB pages, write block 4, nWRITE 2 */
extern const struct nor_config nor_part_mx25r6435f; /* 8 MiB, 4 KiB sectors, high-performance times */

#endif
