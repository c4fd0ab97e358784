/*
 * Chooses of each image pair the image to start. The order of things is what makes it safe to lose power anywhere:
 *
 *     candidates -> { best one -> place -> verify } -> mark as tried -> erase what was refused -> result
 *
 * An image is marked only after every pair has a verified one, and nothing that could be an image is erased before
 * another has been verified in this boot. A boot that finds everything as the last one left it writes nothing.
 */
#include "boot/choose.h"

#include <string.h>

#include <farboot/log.h>

#include "boot/counter.h"

/* With one pair nothing depends on anything, and what sees to it is not compiled. */
#define CAN_DEPEND (BOOT_IMAGES_MAX > 1)

/* VTOR's lowest seven bits do not exist (ARM DDI 0403E B3.2.5). */
#define VECTORS_ALIGN 128U

static const char *const slot_names[] = {"primary", "secondary"};

static const char *name_of(const struct pair *pair, const struct choice_slot *slot)
{
    return slot_names[slot == &pair->slots[BOOT_SECONDARY]];
}

enum choice_rank choice_rank(const struct trailer *trailer, bool is_marked)
{
    if (trailer->magic != TRAILER_MAGIC_GOOD) {
        return CHOICE_UNREQUESTED;
    }
    /* A torn image_ok counts: only the running application begins to write it. */
    if (trailer->image_ok != TRAILER_FLAG_UNSET) {
        return CHOICE_REQUESTED;
    }
    /* A torn copy_done does not: the image is started only after copy_done, or the mark in its place, is durable. */
    return trailer->copy_done == TRAILER_FLAG_SET || is_marked ? CHOICE_FAILED : CHOICE_REQUESTED;
}

int choice_check_vectors(const struct image *image, uint32_t address)
{
    uint32_t first = address + image->header.hdr_size;
    uint32_t vector = 0;
    int err = flash_area_read(image->area, image->off + image->header.hdr_size + 4U, &vector, sizeof vector);

    if (err != OK) {
        return err;
    }
    return first % VECTORS_ALIGN == 0 && vector >= first && vector - first < image->header.img_size ? OK
                                                                                                    : ERR_IMAGE_ADDRESS;
}

/* Whether the cell that can stand for copy_done is the trailer's, or holds the end of an image. */
static bool has_mark(const struct choice_slot *slot)
{
    return slot->image.end <= slot->flash.layout.status;
}

/* A slot that cannot have a trailer, because of its write block or size, can still hold an image. */
static int open_slot(const struct boot_config *config, struct choice_slot *slot, const struct trailer_params *params)
{
    const struct flash_area *area = slot->flash.area;
    uint32_t limit;
    int err = OK;

    if (area == NULL) {
        return ERR_FLASH_NO_AREA;
    }
    limit = area->size;
    slot->trailer = trailer_unset();
    if (trailer_layout_init(&slot->flash.layout, area, params) == OK) {
        limit = slot->flash.layout.swap_info;
        err = choice_mode(config)->has_revert ? trailer_read(area, &slot->flash.layout, &slot->trailer) : OK;
    }
    if (err == OK) {
        err = image_open_untrusted(&slot->image, area, 0, limit);
    }
    slot->rank = CHOICE_REQUESTED;
    if (choice_mode(config)->has_revert) {
        slot->rank = choice_rank(&slot->trailer, slot->trailer.status_done != 0 && has_mark(slot));
    }
    return err;
}

static uint32_t write_block(const struct flash_area *area)
{
    return area != NULL ? flash_geometry(area->dev)->write_block : 0;
}

static void open_pair(struct choice *choice, struct pair *pair)
{
    const struct boot_areas *areas = &choice->config->images[pair->index];
    struct trailer_params params = {
        .max_align = trailer_max_align(write_block(areas->primary), write_block(areas->secondary)),
        .status_cells = 1,
    };

    pair->slots[BOOT_PRIMARY].flash.area = areas->primary;
    pair->slots[BOOT_PRIMARY].address = areas->primary_address;
    pair->slots[BOOT_SECONDARY].flash.area = areas->secondary;
    pair->slots[BOOT_SECONDARY].address = areas->secondary_address;
#pragma GCC unroll 1
    for (size_t i = 0; i < 2; i++) {
        pair->slots[i].error = open_slot(choice->config, &pair->slots[i], &params);
    }
}

/* Whether `slot` goes before `best`, which lies in a lower slot. */
static bool is_better(const struct choice_slot *slot, const struct choice_slot *best)
{
    if (slot->rank != best->rank) {
        return slot->rank > best->rank;
    }
    /* What nobody asked for: the primary is where images are programmed, the secondary where uploads may be. */
    return slot->rank != CHOICE_UNREQUESTED &&
           image_version_compare(&slot->image.header.version, &best->image.header.version) > 0;
}

const struct choice_slot *choice_best_of(const struct pair *pair)
{
    const struct choice_slot *best = NULL;

    for (size_t i = 0; i < 2; i++) {
        const struct choice_slot *slot = &pair->slots[i];

        if (slot->error == OK && (best == NULL || is_better(slot, best))) {
            best = slot;
        }
    }
    return best;
}

/* Returns OK and a verified image in `pair`; what place, choice_check_vectors and verify_image return. */
static int try(struct choice *choice, struct pair *pair, const struct choice_slot *slot)
{
    const struct boot_config *config = choice->config;
    struct verifier verifier;
    int err = choice_mode(config)->place(choice, pair, slot);

    counter_set_verifier(&verifier, config, choice->records, pair->index);
    if (err == OK && BOOT_OPTION(config, verify_address, CONFIG_MCUBOOT_VERIFY_IMG_ADDRESS)) {
        err = choice_check_vectors(&pair->running, pair->address);
    }
    if (err == OK) {
        err = verify_image(&verifier, &pair->running, &pair->is_verified);
    }
    if (err != OK && choice_mode(config)->discard != NULL) {
        choice_mode(config)->discard(choice, pair);
    }
    return err;
}

/* The same, and says why not. */
static int take(struct choice *choice, struct pair *pair, struct choice_slot *slot)
{
    slot->error = try(choice, pair, slot);
    if (slot->error == OK) {
        pair->chosen = slot;
    } else if (slot->error == ERR_IMAGE_ADDRESS) {
        LOG_WRN("Image in %s slot at 0x%x has been built for another address, skipping", name_of(pair, slot),
                (unsigned)slot->address);
    } else {
        LOG_ERR("Image in the %s slot is not valid!", name_of(pair, slot));
    }
    return slot->error;
}

static struct choice_slot *best_of(struct pair *pair)
{
    const struct choice_slot *best = choice_best_of(pair);

    return best != NULL ? &pair->slots[best - pair->slots] : NULL;
}

/* The best image that is valid. Returns OK; ERR_BOOT_NO_IMAGE; the primary's error, when its flash failed. */
static int choose(struct choice *choice, struct pair *pair)
{
    struct choice_slot *slot;
    int err;

    pair->is_verified = HARDENED_FALSE;
    while ((slot = best_of(pair)) != NULL) {
        if (take(choice, pair, slot) == OK) {
            return OK;
        }
    }
    err = pair->slots[BOOT_PRIMARY].error;
    return ERROR_IS_ABOUT_IMAGE(err) ? ERR_BOOT_NO_IMAGE : err;
}

/*
 * An image to be tried is marked before it is started for the first time: by copy_done or, where that is torn, by the
 * cell below the trailer, since some flash allows one program of a word. A torn cell counts.
 * Returns OK; ERR_BOOT_TRAILER: there is no such cell; what trailer_program_copy_done and _status return.
 */
static int mark(const struct pair *pair, struct boot_outcome *outcome)
{
    const struct choice_slot *slot = pair->chosen;
    const struct trailer *trailer = &slot->trailer;

    if (trailer->magic != TRAILER_MAGIC_GOOD || slot->rank != CHOICE_REQUESTED ||
        trailer->image_ok != TRAILER_FLAG_UNSET || (CAN_DEPEND && slot->is_marked)) {
        return OK;
    }
    outcome->performed = SWAP_TEST;
    if (trailer->copy_done == TRAILER_FLAG_UNSET) {
        return trailer_program_copy_done(slot->flash.area, &slot->flash.layout);
    }
    return has_mark(slot) ? trailer_program_status(slot->flash.area, &slot->flash.layout, 0, 1) : ERR_BOOT_TRAILER;
}

/* A good image, but not for here, or not with the others: its request goes, and it stays. */
static bool is_out_of_place(const struct choice_slot *slot)
{
    return slot->error == ERR_IMAGE_ADDRESS || (CAN_DEPEND && slot->error == ERR_IMAGE_DEPENDENCY);
}

/* Whether this slot's error is a statement about an image that is there. */
static bool is_invalid(const struct choice_slot *slot)
{
    return ERROR_IS_ABOUT_IMAGE(slot->error) && slot->error != ERR_IMAGE_HEADER && !is_out_of_place(slot);
}

static int erase_header(const struct flash_area *area)
{
    uint32_t start = 0;
    uint32_t size = 0;
    int err = flash_area_sector_at(area, 0, &start, &size);

    if (err == OK) {
        err = flash_area_erase(area, start, size);
    }
    return err != OK ? err : flash_area_sync(area);
}

/*
 * The header goes first: what is left when power fails has no image but still its trailer, and is cleared again next
 * time, whatever unstable bits say then. Of an image that is out of place only the request goes. Nothing depends on it
 * in this boot, so an error is only said.
 */
static void clear(const struct pair *pair, const struct choice_slot *slot)
{
    int err = OK;

    if (!is_out_of_place(slot)) {
        LOG_INF("Erasing the image in the %s slot", name_of(pair, slot));
        err = erase_header(slot->flash.area);
    }
    if (err == OK && slot->trailer.magic != TRAILER_MAGIC_UNSET) {
        err = trailer_erase(slot->flash.area, &slot->flash.layout);
    }
    if (err != OK) {
        LOG_ERR("Slot not erased: error -0x%x", (unsigned)-err);
    }
}

/* Whether the image that runs is one to stay with: confirmed, or programmed into the primary without a trailer. */
static bool is_settled(const struct pair *pair)
{
    const struct choice_slot *chosen = pair->chosen;

    return chosen->rank == CHOICE_UNREQUESTED
               ? chosen == &pair->slots[BOOT_PRIMARY]
               : chosen->rank == CHOICE_REQUESTED && chosen->trailer.image_ok != TRAILER_FLAG_UNSET;
}

/*
 * Takes back the request of the image that was not chosen, with the image: when it is invalid, or failed and there is
 * one to stay with. An image that is out of place only loses the request. Without revert there are no requests; what is
 * invalid is erased so that it is not verified again at each boot.
 */
static void tidy(const struct choice *choice, struct pair *pair, struct boot_outcome *outcome)
{
    const struct choice_slot *other = &pair->slots[pair->chosen == &pair->slots[BOOT_PRIMARY] ? 1 : 0];
    bool is_request = other->trailer.magic != TRAILER_MAGIC_UNSET;
    bool may_ask = is_request || !choice_mode(choice->config)->has_revert;
    bool has_failed = other->error == OK && other->rank == CHOICE_FAILED && is_settled(pair);
    bool is_stale = (other->error == ERR_IMAGE_HEADER || is_out_of_place(other)) && is_request;

    if (may_ask && ERROR_IS_ABOUT_IMAGE(other->error) && other->error != ERR_IMAGE_HEADER) {
        outcome->refused = other->error;
    }
    if (has_failed) {
        outcome->performed = SWAP_REVERT;
    }
    if (has_failed || is_stale || (is_invalid(other) && may_ask)) {
        clear(pair, other);
    }
}

/* The best valid image of every pair for itself. What is chosen already stays verified. */
static int choose_each(struct choice *choice)
{
    int err = OK;

    for (size_t i = 0; err == OK && i < choice_pairs(choice->config); i++) {
        struct pair *pair = &choice->pairs[i];

        if (!CAN_DEPEND || pair->chosen == NULL || pair->chosen != best_of(pair)) {
            err = choose(choice, pair);
        }
    }
    return err;
}

static bool is_chosen(const struct choice *choice, unsigned set)
{
    bool same = true;

    for (size_t i = 0; i < choice_pairs(choice->config); i++) {
        same = same && choice->pairs[i].chosen == choice_of_set(choice, set, i);
    }
    return same;
}

/* From what is chosen to `set`. All that goes goes first: it may lie in the way. A pair whose image turns out not to
 * be valid gets its other one. */
static int take_set(struct choice *choice, unsigned set)
{
    int err = OK;

    for (size_t i = 0; i < choice_pairs(choice->config); i++) {
        struct pair *pair = &choice->pairs[i];

        if (pair->chosen != choice_of_set(choice, set, i)) {
            pair->chosen = NULL;
            pair->is_verified = HARDENED_FALSE;
            if (choice_mode(choice->config)->discard != NULL) {
                choice_mode(choice->config)->discard(choice, pair);
            }
        }
    }
    for (size_t i = 0; err == OK && i < choice_pairs(choice->config); i++) {
        struct pair *pair = &choice->pairs[i];

        if (pair->chosen == NULL && take(choice, pair, &pair->slots[set >> i & 1U]) != OK) {
            err = choose(choice, pair);
        }
    }
    return err;
}

/* What was better for itself does not go with the others. */
static void refuse_others(struct choice *choice)
{
    for (size_t i = 0; i < choice_pairs(choice->config); i++) {
        struct pair *pair = &choice->pairs[i];
        struct choice_slot *best = best_of(pair);

        if (best != pair->chosen) {
            LOG_WRN("Image in the %s slot of image pair (%u) is refused: IMAGE-10", name_of(pair, best), (unsigned)i);
            best->error = ERR_IMAGE_DEPENDENCY;
        }
    }
}

/*
 * From the best of each pair to the best set. Each round but the last finds at least one image not to be valid; flash
 * that answers differently every time gets no more of them. Dependencies that no set meets keep nothing from booting.
 */
static int settle(struct choice *choice)
{
    unsigned set = 0;
    int err = OK;

    for (unsigned round = 0; err == OK && round <= 2U * BOOT_IMAGES_MAX; round++) {
        if (!choice_best_set(choice, &set)) {
            break;
        }
        if (is_chosen(choice, set)) {
            refuse_others(choice);
            return OK;
        }
        err = take_set(choice, set);
    }
    if (err == OK) {
        LOG_WRN("There are no images whose dependencies are met");
        err = choose_each(choice);
    }
    return err;
}

static int choose_all(struct choice *choice)
{
    int err = choose_each(choice);

    return CAN_DEPEND && err == OK && choice_pairs(choice->config) > 1 ? settle(choice) : err;
}

/* Marks what is to be tried. Returns a pair whose image cannot be marked; NULL: there is none. */
static struct pair *mark_all(struct choice *choice)
{
    for (size_t i = 0; i < choice_pairs(choice->config); i++) {
        struct pair *pair = &choice->pairs[i];

        if (mark(pair, &choice->result->outcome[i]) != OK) {
            return pair;
        }
        pair->chosen->is_marked = CAN_DEPEND;
    }
    return NULL;
}

/* What did not go with the others may go with what is left. */
static void reconsider(struct choice *choice)
{
    for (size_t i = 0; CAN_DEPEND && i < choice_pairs(choice->config); i++) {
        for (size_t slot = 0; slot < 2; slot++) {
            int *error = &choice->pairs[i].slots[slot].error;

            *error = *error == ERR_IMAGE_DEPENDENCY ? OK : *error;
        }
    }
}

static int choose_and_mark(struct choice *choice)
{
    int err = choose_all(choice);
    struct pair *pair;

    /* Only now: an image that is marked will be started. */
    while (err == OK && (pair = mark_all(choice)) != NULL) {
        LOG_ERR("Trailer in the %s slot cannot be written", name_of(pair, pair->chosen));
        pair->chosen->rank = CHOICE_FAILED; /* could be tried without end: only if there is no other */
        reconsider(choice);
        err = choose_all(choice);
    }
    return err;
}

static void begin(struct choice *choice, const struct boot_config *config, struct boot_result *result)
{
    memset(choice, 0, sizeof *choice);
    *result = (struct boot_result){.is_verified = HARDENED_FALSE};
    choice->config = config;
    choice->result = result;
    if (choice_mode(config)->begin != NULL) {
        choice_mode(config)->begin(choice);
    }
    for (size_t i = 0; i < choice_pairs(config); i++) {
        result->outcome[i] = (struct boot_outcome){.performed = SWAP_NONE, .refused = OK};
        choice->pairs[i].index = (uint8_t)i;
        open_pair(choice, &choice->pairs[i]);
    }
}

/* The image of the first pair is the one to jump to. */
static void finish(const struct choice *choice, struct pair *pair, struct boot_result *result)
{
    HARDENED_CHECK(hardened_launder(pair->is_verified) == HARDENED_TRUE);
    LOG_INF("Image %u loaded from the %s slot", (unsigned)pair->index, name_of(pair, pair->chosen));
    if (pair->chosen->rank == CHOICE_FAILED) {
        LOG_WRN("It was not confirmed, but there is no other");
    }
    tidy(choice, pair, &result->outcome[pair->index]);
    if (pair->index == 0) {
        result->header = pair->running.header;
        result->image_off = pair->chosen->flash.area->off;
        result->address = pair->address;
        result->slot = pair->chosen == &pair->slots[BOOT_SECONDARY];
        result->is_verified = pair->is_verified;
    }
}

/* Without revert there is no way back that could be closed; otherwise as the trailer says, or nobody asked for it. */
static bool is_confirmed(const struct choice *choice, const struct pair *pair)
{
    const struct trailer *trailer = &pair->chosen->trailer;

    return !choice_mode(choice->config)->has_revert || trailer->magic == TRAILER_MAGIC_UNSET ||
           (trailer->magic == TRAILER_MAGIC_GOOD && trailer->image_ok == TRAILER_FLAG_SET);
}

int boot_choose(const struct boot_config *config, struct boot_result *result)
{
    struct choice choice;
    struct records records;
    int err;

    begin(&choice, config, result);
    if (BOOT_CAN_KEEP) {
        choice.records = &records;
        counter_open(config, &records, NULL, 0);
    }
    err = choose_and_mark(&choice);
    for (size_t i = 0; err == OK && i < choice_pairs(config); i++) {
        finish(&choice, &choice.pairs[i], result);
    }
    for (size_t i = 0; err == OK && i < choice_pairs(config); i++) {
        if (is_confirmed(&choice, &choice.pairs[i])) {
            counter_keep(config, choice.records, (uint8_t)i, &choice.pairs[i].running);
        }
    }
    return err;
}
