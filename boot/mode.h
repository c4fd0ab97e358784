/*
 * What the update modes share with the loop in boot.c, and nobody else sees: the two slots, the state of an update,
 * and the functions of which a mode consists.
 */
#ifndef BOOT_MODE_H
#define BOOT_MODE_H

#include <farboot/util.h>

#include "boot/boot.h"
#include "boot/decide.h"
#include "boot/records.h"
#include "boot/step.h"

/*
 * The state of an update: everything that planning looks at. Read from flash once per boot; afterwards `advance` keeps
 * it equal to what reading flash again would give.
 */
struct update {
    enum swap_type type; /* SWAP_NONE: there is nothing to do */
    bool is_resumed;     /* the type comes from the trailer of an update that was begun */
    bool status_is_in_scratch;
    enum swap_type fallback;    /* what to try when there is no image that a revert could bring back */
    bool replaces_invalid;      /* what the primary holds is known to be no valid image and need not be kept */
    bool primary_is_cleared;    /* its trailer, before anything is copied over */
    bool primary_is_written;    /* its trailer, in this boot */
    bool is_copied;             /* overwrite */
    bool erases_whole;          /* overwrite */
    bool secondary_is_cleared;  /* its trailer */
    bool scratch_is_cleared;    /* swap using scratch: its trailer, or all of it */
    bool head_is_erased;        /* the secondary's first sector, at the end */
    hardened_bool is_installed; /* what was installed is verified in the primary */

    uint32_t steps; /* of the exchange: status cells, moves included */
    uint32_t cells; /* of them, those that are not moves */
    uint32_t done;  /* steps that are on flash */

    uint32_t sector;         /* bytes of a unit of exchange, where all are equal */
    uint32_t units;          /* to be exchanged */
    uint32_t unit_end;       /* swap using scratch: where the current one ends */
    uint32_t primary_used;   /* bytes that are worth copying, of the image that begins in the primary */
    uint32_t secondary_used; /* of the image that begins in the secondary */
    uint32_t swap_size;      /* bytes of the larger image */

    struct trailer primary; /* as they are on flash */
    struct trailer secondary;
    struct trailer backup;       /* upgrade with backup: the other external slot's */
    struct trailer scratch;      /* swap using scratch */
    struct trailer starting;     /* the primary's before the first step */
    struct trailer announcement; /* the secondary's that lets the update begin again while the primary's is rewritten */

    const struct boot_slot *slots; /* their geometry: constant */
};

/* One image pair in one boot. What is used most comes first: there it takes shorter instructions. */
struct boot {
    const struct boot_config *config;
    const struct boot_areas *areas; /* of this pair */
    struct boot_outcome *outcome;   /* of this pair, in result */
    uint8_t index;                  /* of the image */
    uint8_t source_slot;            /* enum boot_slot_id: where the image to be installed is */
    bool has_secondary;             /* its trailer could be read */
    bool has_turned;                /* boot_go_back was called: once in a boot */
    bool is_at_rest;                /* no update has touched a primary: it may be taken for valid */
    hardened_bool primary_is_valid; /* verified in this boot, and nothing but trailers written since */
    struct update update;
    struct boot_slot slots[BOOT_SLOTS]; /* by enum boot_slot_id */
    struct image source;         /* what the update installs, as admitted; .area is NULL when it was not looked at */
    struct image present;        /* in the primary, when that is valid */
    struct verifier verifier;    /* with what config says */
    struct records *records;     /* of all pairs; NULL: this bootloader keeps none */
    uint8_t digest[SHA256_SIZE]; /* upgrade with backup: of the image that was verified last */
};

/*
 * Areas, sectors and trailers of both slots, from geometries alone. Returns OK; ERR_BOOT_GEOMETRY.
 */
int boot_lay_out(struct boot *boot) ERROR_MUST_CHECK;

/* Of the image to be installed. Only upgrade with backup has two slots in which it may be. */
static inline const struct boot_slot *boot_source(const struct boot *boot)
{
    bool has_two = !IS_ENABLED(CONFIG_MCUBOOT) || IS_ENABLED(CONFIG_BOOT_UPGRADE_WITH_BACKUP);

    return &boot->slots[has_two ? boot->source_slot : BOOT_SECONDARY];
}

/* What that slot's trailer said when this boot began. */
static inline const struct trailer *boot_request(const struct boot *boot)
{
    return boot_source(boot) == &boot->slots[BOOT_BACKUP] ? &boot->update.backup : &boot->update.secondary;
}

/* Sets the slot's sector, sectors and sizes from its area. Walks all sectors; keeps nothing. */
void boot_measure(struct boot_slot *slot);

/* Verifies the primary, unless it is at rest and the configuration trusts it: sets primary_is_valid and present. */
void boot_verify_primary(struct boot *boot);

/* Opens and verifies the image that an update of this type would install. Returns what image_open_untrusted and
 * verify_image return. */
int boot_open_source(struct boot *boot, enum swap_type type, struct image *source) ERROR_MUST_CHECK;

/*
 * An update in the order of these functions (update.c). Whatever fails is said and leaves a state to go on from.
 * What the trailers ask for: update.type.
 */
void boot_decide(struct boot *boot);

/* Whether steps of the update were done in an earlier boot, so that it can only be finished. */
bool boot_is_under_way(const struct boot *boot);

/* Verifies what a request wants installed; refuses it, or gets it to where its first step can be planned. */
void boot_admit(struct boot *boot);

/*
 * The same without refusing: is the image that update.type would install admissible? It is then `source`.
 * Returns OK; what image_open_untrusted, verify_image and the mode's start return; ERR_IMAGE_ADDRESS, _VERSION.
 */
int boot_try(struct boot *boot) ERROR_MUST_CHECK;

/* Clears a request and keeps the reason. */
void boot_refuse(struct boot *boot, int reason);

/* From an image under test to the one before it, in this boot: asks for it and admits it. */
void boot_go_back(struct boot *boot);

/* Lines that several files print. */
void boot_say_invalid(const char *slot);
void boot_say_restoring(const struct boot *boot);
void boot_say_not_completed(int err);

/* Runs the update that was admitted or is under way. Returns OK, also when there is none; what flash areas return;
 * ERR_BOOT_NO_IMAGE or what image_open_untrusted and verify_image return: what was installed is not valid, and there
 * is no way back. */
int boot_perform(struct boot *boot) ERROR_MUST_CHECK;

/* Puts a valid image of the secondary into a primary that has none, if there is one. */
void boot_recover(struct boot *boot);

struct boot_mode {
    const char *start_line;         /* logged when an update begins or goes on */
    const struct swap_rules *rules; /* for the common part of the decision */
    uint8_t status_steps;           /* status cells per sector */
    uint8_t move_steps;             /* of them, those that lie in front and count apart */
    bool has_tlv_sizes;             /* field of the trailer */
    bool can_revert;

    /* What this mode keeps in the journal, opened before anything else is done: at most two values, of keys below
     * RECORDS_KEY_COUNTERS. Their data is written by the opening. */
    const struct journal_value *values;
    size_t value_count;

    /* Whether the image in the primary was confirmed, so that its security counter may be recorded. NULL: the primary
     * trailer says so, or there never was an update. */
    bool (*is_confirmed)(const struct boot *boot);

    /* Layouts of a mode with a third area, behind those of the two slots. NULL: it has none. Returns OK;
     * ERR_BOOT_GEOMETRY. */
    int (*lay_out)(struct boot *boot) ERROR_MUST_CHECK;

    /* Whether this mode can work with these slots. Returns OK; ERR_BOOT_GEOMETRY after saying why not. */
    int (*check)(const struct boot *boot) ERROR_MUST_CHECK;

    /* From the trailers to type, is_resumed, done and fallback. Touches no flash. */
    void (*classify)(struct boot *boot);

    /* Where the image to be installed lies in the secondary slot. */
    uint32_t (*source_off)(const struct boot *boot, enum swap_type type);

    /* Largest image that may be at source_off. */
    uint32_t (*source_limit)(const struct boot *boot, enum swap_type type);

    /*
     * Sizes of an update of which no step is done. `source` is verified.
     * Returns OK; ERR_IMAGE_SIZE after saying what is too large.
     */
    int (*start)(struct boot *boot, const struct image *source) ERROR_MUST_CHECK;

    /* Sizes of one that was interrupted after its first step; what flash holds there is believed only within bounds. */
    void (*resume)(struct boot *boot);

    /* From swap_size to units, steps and cells. NULL where there is no status. */
    void (*measure)(struct update *update);

    /* The next step, into a `step` that is all zero. Pure. */
    void (*plan)(const struct update *update, struct boot_step *step);

    /* The state after `step` is committed. Pure. */
    void (*advance)(struct update *update, const struct boot_step *step);

    /*
     * For a mode with a journal, which plans all pairs' updates as one; NULL in the others, where the loop of update.c
     * does this. open: `values` were read, or could not be. transact: performs what was admitted for all pairs.
     * recover: as boot_recover. starting: all images are valid and are about to be started.
     */
    void (*open)(struct records *records);
    void (*transact)(struct boot *boots);
    void (*recover)(struct boot *boot);
    void (*starting)(void);
};

/* For boot_outcome.update_us; 0 where nobody asks for it. */
static inline uint32_t boot_now_us(const struct boot *boot)
{
    if (IS_ENABLED(CONFIG_MCUBOOT)) {
        return IS_ENABLED(CONFIG_BOOT_SHARE_DATA_BOOTINFO) ? boot->config->clock_us() : 0;
    }
    return boot->config->clock_us != NULL ? boot->config->clock_us() : 0;
}

/* Whether the primary trailer says that an update was begun and not completed. */
static inline bool update_is_begun(const struct trailer *primary)
{
    return primary->magic == TRAILER_MAGIC_GOOD && primary->copy_done == TRAILER_FLAG_UNSET &&
           primary->swap_type != SWAP_NONE;
}

#endif
