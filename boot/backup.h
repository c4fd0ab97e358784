/*
 * Upgrade with backup, between its files: what the journal says of an update, the decision, and the copying. Reasoning
 * and rules: docs/DESIGN.md and docs/SPEC.md, "Upgrade with backup".
 */
#ifndef BOOT_BACKUP_H
#define BOOT_BACKUP_H

#include "boot/mode.h"
#include "boot/records.h"
#include "crypto/sha256.h"

enum backup_phase {
    BACKUP_IDLE,    /* what is in the primaries stays */
    BACKUP_INSTALL, /* the new images are being installed */
    BACKUP_DONE,    /* they are installed, but were not yet started */
    BACKUP_TRIED,   /* started; until every one is confirmed */
    BACKUP_REVERT,  /* the old images are being installed */
    BACKUP_PHASES
};

/* External slots, as they are numbered on flash. */
enum { BACKUP_E0, BACKUP_E1 };

_Static_assert(BOOT_SECONDARY + BACKUP_E1 == BOOT_BACKUP, "slots of E0 and E1");

/* The external slot that is not `which`, by either numbers. */
#define BACKUP_OTHER(which)      ((which) ^ (BACKUP_E0 ^ BACKUP_E1))
#define BACKUP_OTHER_SLOT(which) ((which) ^ (BOOT_SECONDARY ^ BOOT_BACKUP))

enum { BACKUP_HAS_PART = 1, BACKUP_IS_PERMANENT = 2, BACKUP_IS_KEPT = 4, BACKUP_IS_WEAK = 8 };

/* One image pair in an update. SPEC, "Upgrade with backup". */
struct backup_image {
    uint8_t flags;     /* HAS_PART: of this update; KEPT: the other slot holds the old image, nothing is evacuated;
                        * WEAK: the copying was given up, and what reads right in the primary may be weak */
    uint8_t from;      /* the external slot with the new image; the old one is, or goes, in the other */
    int16_t refused;   /* why the last request was refused; 0: it was not */
    uint32_t new_size; /* bytes */
    uint32_t old_size; /* bytes; 0: there is no old image, and no way back */
    uint32_t restore;  /* bytes that a revert brings back; what is behind them in the primary is still the old image */
    uint8_t new_digest[SHA256_SIZE];
    uint8_t old_digest[SHA256_SIZE];
};

struct backup_state {
    uint8_t phase; /* enum backup_phase */
    uint8_t reserved;
    uint16_t run; /* number of the present copying; goes up whenever one begins */
    struct backup_image images[BOOT_IMAGES_MAX];
};

/* How far the copying is. Offsets in the slots of pair `image`; those in front of it are done. */
struct backup_progress {
    uint16_t run; /* of the state to which this belongs */
    uint8_t image;
    uint8_t reserved;
    uint32_t installed; /* the primary is new up to here */
    uint32_t saved;     /* the old image is saved up to here, and the primary is old from here on */
};

_Static_assert(sizeof(struct backup_image) == 80 && sizeof(struct backup_progress) == 12, "journal format");
_Static_assert(sizeof(struct backup_state) <= JOURNAL_VALUE_MAX, "journal format");

/* In the journal. */
enum backup_key { BACKUP_KEY_STATE = 1, BACKUP_KEY_PROGRESS = 2 };

struct backup {
    struct backup_state state; /* both are what the journal says */
    struct backup_progress progress;
    struct backup_state next; /* what the journal is to say next */
    struct journal *journal;
    bool was_confirmed; /* every image of the last update was, when this boot began */
};

/* Filled anew by every boot. */
extern struct backup backup_memory;

/* Pairs lie side by side, by index. */
static inline struct boot *backup_first_pair(struct boot *boot)
{
    return BOOT_IMAGES_MAX == 1 ? boot : boot - boot->index;
}

/* With one pair the loops over pairs are not compiled, nor what looks for one. */
static inline size_t backup_pairs(const struct boot *boots)
{
    return BOOT_IMAGES_MAX == 1 ? 1 : boots->config->image_count;
}

static inline uint8_t backup_index(const struct boot *boot)
{
    return BOOT_IMAGES_MAX == 1 ? 0 : boot->index;
}

static inline struct backup_image *backup_image_of(const struct boot *boot)
{
    return &backup_memory.state.images[backup_index(boot)];
}

static inline bool backup_has_part(const struct boot *boot)
{
    return (backup_image_of(boot)->flags & BACKUP_HAS_PART) != 0;
}

/* Makes E0 or E1 the source of what is installed; the other is for the backup. */
static inline void backup_use_source(struct boot *boot, unsigned which)
{
    boot->source_slot = (uint8_t)(BOOT_SECONDARY + which);
}

static inline const struct boot_slot *backup_slot(const struct boot *boot)
{
    return &boot->slots[BACKUP_OTHER_SLOT(boot->source_slot)];
}

/* Verifies the primary. Returns whether it holds a valid image, then `present`, with this digest. */
bool backup_verify_primary(struct boot *boot, uint8_t digest[SHA256_SIZE]);

/* Writes one of this mode's values. Returns what journal_write returns. */
int backup_write(enum backup_key key) ERROR_MUST_CHECK;

/* Why nothing can be written to the journal; OK: it can. */
int backup_journal_error(void);

/* Whether every pair's slots can be reached: otherwise no update can be completed. */
bool backup_can_go_on(const struct boot *boots);

/* The values in the journal. */
enum { BACKUP_VALUES = 2 };
extern const struct journal_value backup_values[BACKUP_VALUES];

/* The functions of the mode, see struct boot_mode; the last three in backup_run.c. */
bool backup_is_kept(const struct boot *boot);
int backup_check(const struct boot *boot) ERROR_MUST_CHECK;
void backup_classify(struct boot *boot);
uint32_t backup_source_off(const struct boot *boot, enum swap_type type);
uint32_t backup_source_limit(const struct boot *boot, enum swap_type type);
int backup_start(struct boot *boot, const struct image *source) ERROR_MUST_CHECK;
void backup_open(struct records *records);
void backup_transact(struct boot *boots);
void backup_recover(struct boot *boot);
void backup_starting(void);

/* For boot_mode_backup, and for firmware of this mode (boot/chosen.h). */
#define BACKUP_MODE                                                                                                    \
    {                                                                                                                  \
        .can_revert = true, .values = backup_values, .value_count = BACKUP_VALUES, .is_confirmed = backup_is_kept,     \
        .check = backup_check, .classify = backup_classify, .source_off = backup_source_off,                           \
        .source_limit = backup_source_limit, .start = backup_start, .open = backup_open, .transact = backup_transact,  \
        .recover = backup_recover, .starting = backup_starting,                                                        \
    }

#define BACKUP_CHUNK 256U /* bytes: what a serial chip programs at once; sectors are multiples of it */

/*
 * Bytes of a stretch, at least; each has a record in the journal. Where the old image is saved they are the shortest
 * that there are: nothing is installed beside the first one, so that its time is not hidden.
 */
#define BACKUP_STRETCH_SAVING 1U
#define BACKUP_STRETCH        32768U

/* What an external slot says. */
enum backup_slot_says { BACKUP_GONE, BACKUP_QUIET, BACKUP_ASKS };

enum backup_action {
    BACKUP_STAY,    /* nothing is moved */
    BACKUP_TAKE_E0, /* install what is asked for */
    BACKUP_TAKE_E1 = BACKUP_TAKE_E0 + BACKUP_E1,
    BACKUP_GO_ON,   /* with what was interrupted */
    BACKUP_KEEP,    /* the images were confirmed: record it, then decide again */
    BACKUP_GO_BACK, /* to the old images */
};

/* The decision of one pair. Total. */
enum backup_action backup_decide(enum backup_phase phase, bool is_confirmed, enum backup_slot_says e0,
                                 enum backup_slot_says e1);

/* One stretch of both copies: [progress->installed, ...) from the source to the primary while [progress->saved, ...) of
 * the primary goes to the backup slot. */
struct backup_job {
    const struct boot_slot *primary;
    const struct boot_slot *source;
    const struct boot_slot *backup;
    uint32_t in_size;   /* bytes that are installed */
    uint32_t out_size;  /* bytes that are saved; 0: none */
    bool is_repeated;   /* this stretch was begun before: what reads right may be weak, and is written again */
    bool is_unknown;    /* the same of every stretch: what the primary holds is no valid image */
    uint8_t *buffer;    /* two halves */
    size_t buffer_size; /* bytes */
};

/* The copying of a pair, of what the journal says now. */
struct backup_job backup_job_of(const struct boot *boot);

/*
 * Whether the primary and another slot hold the same in [off, end): `equal`. Uses primary, backup (both are waited for)
 * and buffer of the job. Returns OK; what flash areas return.
 */
int backup_compare(const struct backup_job *job, const struct boot_slot *other, uint32_t off, uint32_t end,
                   bool *equal) ERROR_MUST_CHECK;

/* Whether both copies are complete. */
bool backup_is_moved(const struct backup_job *job, const struct backup_progress *progress);

/*
 * Copies the next stretch, compares what was saved, and returns with both durable: only then may the journal say
 * `progress`, which it advances.
 * Returns OK; ERR_FLASH_IO also when the backup slot does not hold what was saved; what flash areas return.
 */
int backup_move(const struct backup_job *job, struct backup_progress *progress) ERROR_MUST_CHECK;

#endif
