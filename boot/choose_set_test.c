/*
 * Several pairs of which images are chosen that need one another: random versions, dependencies, trailers and damage,
 * against every set of candidates counted out. RAM shows what was chosen.
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "boot/choose_fixture.h"
#include "host/random.h"

#define PAIRS      3U
#define SLOTS      (2U * PAIRS)
#define KINDS      6U /* of images of a pair: version 1 or 2, which needs nothing or version 2 of one of the others */
#define IMAGE_ROOM 0x800U

enum trailer_kind { BARE, REQUESTED, CONFIRMED, FAILED, TRAILER_KINDS };

struct filled {
    int kind; /* below 0: no valid image */
    enum trailer_kind trailer;
};

struct board {
    struct fixture *f;
    struct nor_device device;
    uint8_t data[SLOTS * SLOT];
    struct flash_area area[SLOTS];
    struct boot_areas areas[PAIRS];
    struct buffer images[PAIRS][KINDS];
    struct filled content[SLOTS];
};

static const struct flash_range sectors[] = {{0, SECTOR, SLOTS *SLOT / SECTOR}};
static const struct nor_erase_time erase_time[] = {{SECTOR, 1}};
static const struct nor_config flash_config = {
    .name = "flash", .geometry = {SLOTS * SLOT, 4, 0xff, 1, sectors}, .timing = {256, 1, 1, 1, erase_time, 1}};

static unsigned version_of(int kind)
{
    return 1U + (unsigned)kind / 3U;
}

/* The pair of which version 2 is needed, or PAIRS. */
static unsigned need_of(unsigned pair, int kind)
{
    return kind % 3 == 0 ? PAIRS : (pair + (unsigned)kind % 3U) % PAIRS;
}

static void make_images(struct board *board)
{
    for (unsigned i = 0; i < PAIRS * KINDS; i++) {
        unsigned pair = i / KINDS;
        int kind = (int)(i % KINDS);
        const struct image_dependency dependency = {.image_id = (uint8_t)need_of(pair, kind),
                                                    .min_version = {.major = 2}};
        struct sign_params params = {.version = {.major = (uint8_t)version_of(kind)},
                                     .header_size = HEADER_SIZE,
                                     .load_addr = RAM_BASE + pair * IMAGE_ROOM,
                                     .pad_signature = true,
                                     .dependencies = &dependency,
                                     .dependency_count = need_of(pair, kind) < PAIRS ? 1 : 0};
        uint8_t payload[PAYLOAD];
        struct random random = {i};
        struct failure failure;
        uint32_t vector = params.load_addr + HEADER_SIZE + 9;

        random_fill(&random, payload, sizeof payload);
        memcpy(payload + 4, &vector, sizeof vector);
        assert_int_equal(
            image_sign(&params, board->f->key, payload, sizeof payload, &board->images[pair][kind], &failure), OK);
        assert_true(board->images[pair][kind].len < IMAGE_ROOM);
    }
}

static struct board *start(void)
{
    struct board *board = host_alloc(sizeof *board);

    memset(board, 0, sizeof *board);
    board->f = choose_start(&choice_ram_load_revert, true);
    nor_device_init(&board->device, &board->f->power, &flash_config, board->data);
    for (unsigned i = 0; i < SLOTS; i++) {
        board->area[i] = (struct flash_area){.dev = &board->device.flash, .off = i * SLOT, .size = SLOT};
    }
    for (unsigned i = 0; i < PAIRS; i++) {
        board->areas[i] =
            (struct boot_areas){.primary = &board->area[(size_t)2 * i], .secondary = &board->area[(size_t)2 * i + 1]};
    }
    make_images(board);
    board->f->config.images = board->areas;
    board->f->config.image_count = PAIRS;
    return board;
}

static void stop(struct board *board)
{
    for (unsigned i = 0; i < PAIRS * KINDS; i++) {
        buffer_free(&board->images[i / KINDS][i % KINDS]);
    }
    nor_device_free(&board->device);
    choose_stop(board->f);
    free(board);
}

static void put(struct board *board, unsigned slot, struct random *random)
{
    static const uint8_t magic[] = IMAGE_TRAILER_MAGIC_8;
    struct filled *content = &board->content[slot];
    unsigned kind = random_below(random, KINDS);
    uint8_t *data = board->data + (size_t)slot * SLOT;
    const struct buffer *image = &board->images[slot / 2][kind];

    *content = (struct filled){(int)kind, (enum trailer_kind)random_below(random, TRAILER_KINDS)};
    memset(data, 0xff, SLOT);
    memcpy(data, image->data, image->len);
    if (random_below(random, 6) == 0) {
        data[HEADER_SIZE + 100] ^= 1;
        content->kind = -1;
    }
    if (content->trailer != BARE) {
        memcpy(data + SLOT - 16, magic, sizeof magic);
    }
    data[SLOT - 24] = content->trailer == CONFIRMED ? 1 : 0xff;
    data[SLOT - 32] = content->trailer == FAILED ? 1 : 0xff;
}

static const struct filled *of_set(const struct board *board, unsigned set, unsigned pair)
{
    return &board->content[2 * pair + (set >> pair & 1U)];
}

static unsigned claim(const struct filled *content)
{
    return content->trailer == FAILED ? 2 : content->trailer == BARE ? 1 : 0;
}

/* Whether the secondary goes before the primary; docs/SPEC.md, "Choosing". */
static bool secondary_is_first(const struct filled *primary, const struct filled *secondary)
{
    if (primary->kind < 0 || secondary->kind < 0) {
        return primary->kind < 0;
    }
    if (claim(primary) != claim(secondary)) {
        return claim(secondary) < claim(primary);
    }
    return primary->trailer != BARE && version_of(secondary->kind) > version_of(primary->kind);
}

/* Failed ones, then those without a request, then second choices: digits. UINT32_MAX: not all are valid. */
static unsigned badness(const struct board *board, unsigned set)
{
    static const unsigned digits[] = {0, 10, 100};
    unsigned sum = 0;

    for (unsigned i = 0; i < PAIRS; i++) {
        const struct filled *content = of_set(board, set, i);
        bool first = secondary_is_first(of_set(board, 0, i), of_set(board, ~0U, i));

        if (content->kind < 0) {
            return UINT32_MAX;
        }
        sum += digits[claim(content)] + (first != (set >> i & 1U) ? 1 : 0);
    }
    return sum;
}

static bool is_met(const struct board *board, unsigned set)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        unsigned needed = need_of(i, of_set(board, set, i)->kind);

        if (needed < PAIRS && version_of(of_set(board, set, needed)->kind) < 2) {
            return false;
        }
    }
    return true;
}

/* The least badness of a set that is met, or of any where none is; UINT32_MAX: there is no set. */
static unsigned expected(const struct board *board, bool *met)
{
    unsigned least[2] = {UINT32_MAX, UINT32_MAX};

    for (unsigned set = 0; set < 1U << PAIRS; set++) {
        unsigned bad = badness(board, set);

        least[0] = bad < least[0] ? bad : least[0];
        least[1] = bad < least[1] && is_met(board, set) ? bad : least[1];
    }
    *met = least[1] != UINT32_MAX;
    return least[*met];
}

static bool is_in_ram(const struct board *board, unsigned pair, int kind)
{
    const struct buffer *image = &board->images[pair][kind];

    return memcmp(board->f->ram + RAM_GUARD + (size_t)pair * IMAGE_ROOM, image->data, image->len) == 0;
}

static bool is_loaded(const struct board *board, unsigned set)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        if (!is_in_ram(board, i, of_set(board, set, i)->kind)) {
            return false;
        }
    }
    return true;
}

static int boot(struct board *board)
{
    int err = choose_boot(board->f);

    assert_string_equal(board->device.model.violation, "");
    return err;
}

/* What runs is as good as the best set. */
static void check_choice(const struct board *board, unsigned least, bool met)
{
    bool found = false;

    for (unsigned set = 0; set < 1U << PAIRS; set++) {
        found = found || (badness(board, set) == least && is_met(board, set) == met && is_loaded(board, set));
    }
    assert_true(found);
}

/* Every later boot starts a set as well, and soon none writes nor refuses anything. */
static void settle(struct board *board)
{
    unsigned boots = 0;

    do {
        assert_int_equal(boot(board), OK);
        assert_true(++boots <= 6);
    } while (board->f->power.ops != 0);
    for (unsigned i = 0; i < PAIRS; i++) { /* every slot may hold an unrequested image, but no refused request */
        assert_int_equal(board->f->result.outcome[i].refused, OK);
    }
}

static void test_the_best_set_whose_dependencies_are_met_is_started(void **state)
{
    struct board *board = start();
    struct random random = {1122};
    unsigned sets[2] = {0, 0};

    (void)state;
    for (unsigned run = 0; run < 3000; run++) {
        bool met = false;
        unsigned least;

        for (unsigned slot = 0; slot < SLOTS; slot++) {
            put(board, slot, &random);
        }
        least = expected(board, &met);
        assert_int_equal(boot(board), least == UINT32_MAX ? ERR_BOOT_NO_IMAGE : OK);
        if (least != UINT32_MAX) {
            check_choice(board, least, met);
            settle(board);
            sets[met]++;
        }
    }
    assert_true(sets[0] > 100 && sets[1] > 1000);
    stop(board);
}

/* An image without needs for pair 1, loaded at `address`, in its primary; the other pairs have theirs. */
static void put_loaded_at(struct board *board, uint32_t address)
{
    struct buffer *image = &board->images[1][0];

    buffer_free(image);
    *image = choose_make_image(board->f, 1, address, address, PAYLOAD);
    memset(board->data, 0xff, sizeof board->data);
    for (unsigned pair = 0; pair < PAIRS; pair++) {
        memcpy(board->data + (size_t)2 * pair * SLOT, board->images[pair][0].data, board->images[pair][0].len);
    }
}

/* Over the image of an earlier pair, and over the place of a later one. */
static void test_an_image_is_not_loaded_over_that_of_another_pair(void **state)
{
    struct board *board = start();
    const uint32_t len = (uint32_t)board->images[0][0].len;

    (void)state;
    for (uint32_t off = 0; off + len <= RAM_SIZE; off += 0x80) {
        uint32_t later = 2 * IMAGE_ROOM;
        bool is_free = off >= len && (off + len <= later || off >= later + len);

        put_loaded_at(board, RAM_BASE + off);
        assert_int_equal(boot(board), is_free ? OK : ERR_BOOT_NO_IMAGE);
        if (is_free) {
            assert_true(is_in_ram(board, 0, 0) && is_in_ram(board, 2, 0));
        }
    }
    stop(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_image_is_not_loaded_over_that_of_another_pair),
        cmocka_unit_test(test_the_best_set_whose_dependencies_are_met_is_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
