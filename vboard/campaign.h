/*
 * Power cuts over the user's own binaries: an update is run once without a cut and every flash operation of it logged;
 * from then on a cut costs only what comes after it, because flash before each operation is known. What is started
 * after the cut is judged by comparing the image that runs with the old and the new one, byte for byte.
 *
 *     create -> (give it flash contents) -> baseline -> { run cases, on several processors } or { replay one }
 *
 * A case is one cut, or a chain of them, each in the recovery from the one before. Its id, "SEED:17C/3T", says where: C
 * before the operation (from 1, since power came on), T inside it. The seed decides the damage, and RAM at power-on.
 */
#ifndef VBOARD_CAMPAIGN_H
#define VBOARD_CAMPAIGN_H

#include "vboard/flash_log.h"

#define CAMPAIGN_CHAIN_MAX 6
#define CAMPAIGN_TEXT      256

/* A range of internal flash, or of the external chip, that the bootloader may change. */
struct campaign_area {
    enum flash_device_id device;
    uint32_t off;
    uint32_t size;
    bool is_slot; /* images are executed here, if it is internal flash */
};

struct campaign_config {
    const char *board;
    uint32_t seed;
    const struct campaign_area *areas; /* borrowed; the first one is the primary slot of the pair that is updated */
    size_t area_count;
    bool is_companion; /* what is started is the image of another pair, in a slot of `areas`, and stays as it is */
    const char *const *untils; /* borrowed; one of these on the console means that the application has started */
    size_t until_count;        /* 0: it has started when the processor is about to execute it */
    uint64_t timeout_ns;       /* of the board's time, for the run without cuts */
};

/* What runs after a boot. */
enum campaign_image { CAMPAIGN_NOTHING, CAMPAIGN_OLD, CAMPAIGN_NEW, CAMPAIGN_OTHER };

/* One power-on, up to the start of an application or the end of all hope. */
struct campaign_boot {
    enum campaign_image image;
    size_t slot; /* index of the area that it runs from; when it runs from RAM, 0 */
    uint64_t operations;
    size_t resets;               /* on the way */
    uint64_t ns;                 /* the board's time */
    char trouble[CAMPAIGN_TEXT]; /* why it counts as failed; "" when nothing was wrong */
};

struct campaign;

int campaign_create(const struct campaign_config *config, struct campaign **out,
                    struct failure *failure) ERROR_MUST_CHECK; /* ERR_HOST_INPUT: no such board */
void campaign_free(struct campaign *campaign);

/* Flash before the update's first boot; to be filled in by the caller, who may start over with it. */
struct flash_state *campaign_start(struct campaign *campaign);

/*
 * The bytes by which the old or the new image is known where it is executed: at the start of a slot, or in RAM when
 * `load_len` is not 0, where its first `load_len` bytes are copied to `load_addr`. Copied. An image that was not told
 * is CAMPAIGN_OTHER.
 */
void campaign_set_image(struct campaign *campaign, enum campaign_image which, const uint8_t *image, size_t len,
                        uint32_t load_addr, uint32_t load_len);

/*
 * Boots without a cut, and again to see whether an unconfirmed update is reverted. Whether that is what the user
 * wanted is for the caller to look at. campaign_result is flash after the first boot; the campaign's.
 */
struct campaign_baseline {
    struct campaign_boot first;
    bool reverts;
    uint64_t cpu_ns; /* processor time that the first boot took here */
    uint64_t count[OP_KINDS];
    const char *console; /* what the first boot printed; the campaign's */
};
void campaign_baseline(struct campaign *campaign, struct campaign_baseline *out);
const struct flash_state *campaign_result(const struct campaign *campaign);

struct campaign_plan {
    uint64_t every;     /* one first cut in each stretch of so many operations, 1: all; 0: `first` decides */
    uint64_t first;     /* how many operations get a first cut; those that are not one of many alike get half of them */
    bool torn;          /* inside the operation as well as before it */
    uint32_t second;    /* cuts in the recovery from each cut */
    unsigned processes; /* that work at the same time */
};

/* plan->first with which it takes about `seconds` here, by what the baseline took. */
uint64_t campaign_suggest_first(const struct campaign *campaign, const struct campaign_plan *plan, unsigned seconds);

enum campaign_cut { CAMPAIGN_CLEAN, CAMPAIGN_TORN, CAMPAIGN_SECOND, CAMPAIGN_CUTS };

struct campaign_tally {
    uint64_t tried[CAMPAIGN_CUTS];
    uint64_t new_runs;
    uint64_t old_runs; /* the update was given up, the old image is whole: only where a torn operation left no proof */
    uint64_t failed;
};

struct campaign_report {
    struct campaign_tally by_kind[OP_KINDS]; /* of the first cut's operation */
    struct campaign_tally total;
    size_t most_resets;
    struct buffer failures; /* a line each, "ID: why", at most a dozen */
};

/* `progress` is called now and then; may be NULL. Returns OK, ERR_HOST_FILE (no processes or memory to be had). */
int campaign_run(struct campaign *campaign, const struct campaign_plan *plan, struct campaign_report *report,
                 void (*progress)(void *ctx, uint64_t done, uint64_t all, uint64_t failed), void *ctx,
                 struct failure *failure) ERROR_MUST_CHECK;
void campaign_report_free(struct campaign_report *report);

/* Where a case cuts power. */
struct campaign_case {
    uint32_t seed;
    size_t cuts;
    struct {
        uint64_t operation; /* from 1 */
        bool torn;
    } chain[CAMPAIGN_CHAIN_MAX];
};

/* "SEED:17C/3T"; false when the text is none. */
bool campaign_parse_id(const char *text, struct campaign_case *parsed);

/*
 * Plays one case with everything that the console prints and the board says. The verdict is one line, "" when all is
 * well. Returns OK, ERR_HOST_INPUT (an operation that does not happen; line in `failure`).
 */
int campaign_replay(struct campaign *campaign, const struct campaign_case *which, const struct vboard_host *host,
                    char verdict[CAMPAIGN_TEXT], struct failure *failure) ERROR_MUST_CHECK;

#endif
