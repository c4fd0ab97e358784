/*
 * Several image pairs: what is installed together, refused together, and never mixed, at whatever instants power fails.
 */
#include "tests/powercut/board.h"

#include <string.h>

#include "host/random.h"

#define PAIRS   3
#define PAYLOAD 9000U

static const struct world_geometry geometry = {"set", {{4, 0, 0xff, {{4096, 8}}}, {1, 0, 0xff, {{4096, 8}}}}, {0}, 0};

/* An image of a version that needs at least the version given of another pair; needs < 0: nothing. */
static const struct buffer *image(struct board *board, uint8_t major, int needs, uint8_t needed)
{
    const struct image_dependency dependency = {.image_id = (uint8_t)needs, .min_version = {.major = needed}};
    const struct sign_params params = {
        .version = {.major = major}, .dependencies = &dependency, .dependency_count = needs < 0 ? 0 : 1};

    return board_image(board, &params, PAYLOAD);
}

static void start(struct board *board, const struct boot_mode *mode)
{
    board_init(board, &geometry, sim_mode_of(mode), PAIRS);
}

static void install(struct board *board, unsigned pair, const struct buffer *present)
{
    world_put_image(&board->world, WORLD_AREA(pair, WORLD_PRIMARY), 0, present);
}

/* Version 1 in every primary, which needs nothing. */
static void start_with_ones(struct board *board, const struct boot_mode *mode)
{
    start(board, mode);
    for (unsigned i = 0; i < PAIRS; i++) {
        install(board, i, image(board, 1, -1, 0));
    }
}

/* Version 2 of pairs 0 and 1, each of which needs the other's. */
static void request_set(struct board *board)
{
    board_upload(board, 0, image(board, 2, 1, 2), false);
    board_upload(board, 1, image(board, 2, 0, 2), false);
}

static unsigned version(const struct board *board, unsigned pair)
{
    return world_bytes(&board->world, WORLD_AREA(pair, WORLD_PRIMARY))[offsetof(struct image_header, version)];
}

static void assert_versions(const struct board *board, unsigned first, unsigned second, unsigned third)
{
    assert_int_equal(version(board, 0), first);
    assert_int_equal(version(board, 1), second);
    assert_int_equal(version(board, 2), third);
}

/* Those that have a way back first. */
static const struct boot_mode *const modes[] = {&boot_mode_swap_offset, &boot_mode_backup, &boot_mode_overwrite};
enum { REVERTING = 2, MODES = 3 };

static void test_pairs_are_updated_in_one_boot(void **state)
{
    (void)state;
    for (size_t m = 0; m < MODES; m++) {
        struct board board;

        start_with_ones(&board, modes[m]);
        board_upload(&board, 1, image(&board, 2, -1, 0), true);
        board_upload(&board, 2, image(&board, 3, -1, 0), true);
        assert_int_equal(board_boot(&board), OK);
        assert_versions(&board, 1, 2, 3);
        assert_int_equal(board.result.outcome[0].performed, SWAP_NONE);
        assert_int_equal(board.result.outcome[1].performed, SWAP_PERM);
        assert_int_equal(board.result.outcome[2].performed, SWAP_PERM);
        assert_int_equal(board.result.header.version.major, 1);
        if (m < REVERTING) {
            assert_int_equal(world_trailer(&board.world, WORLD_AREA(2, WORLD_PRIMARY), 0).image_index, 2);
        }
        board_assert_quiet(&board);
        board_stop(&board);
    }
}

/* The set of pairs 0 and 1, which need one another, is tried; `confirmed`: bits of those that confirm themselves. */
static void try_set(const struct boot_mode *mode, unsigned confirmed, unsigned version_after)
{
    struct board board;

    start_with_ones(&board, mode);
    request_set(&board);
    assert_int_equal(board_boot(&board), OK);
    assert_versions(&board, 2, 2, 1);
    for (unsigned i = 0; i < 2; i++) {
        if ((confirmed >> i & 1U) != 0) {
            world_confirm(&board.world, WORLD_AREA(i, WORLD_PRIMARY));
        }
    }
    assert_int_equal(board_boot(&board), OK);
    assert_versions(&board, version_after, version_after, 1);
    board_assert_quiet(&board);
    board_stop(&board);
}

static void test_an_unconfirmed_set_goes_back_and_a_confirmed_one_stays(void **state)
{
    (void)state;
    for (size_t m = 0; m < REVERTING; m++) {
        try_set(modes[m], 0, 1);
        try_set(modes[m], 3, 2);
    }
}

/* With a journal the set is one update: all of it is kept or all of it goes back. */
static void test_a_set_that_is_confirmed_in_part_goes_back(void **state)
{
    (void)state;
    try_set(&boot_mode_backup, 1, 1);
    try_set(&boot_mode_backup, 2, 1);
}

static void test_a_request_that_needs_what_is_not_there_is_refused(void **state)
{
    static const struct {
        int needs;
        uint8_t needed;
        int reason;
    } rows[] = {{1, 1, OK},
                {1, 2, ERR_IMAGE_DEPENDENCY},
                {0, 2, OK},
                {0, 3, ERR_IMAGE_DEPENDENCY},
                {PAIRS, 0, ERR_IMAGE_DEPENDENCY}};

    (void)state;
    for (size_t m = 0; m < MODES; m++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct board board;

            start_with_ones(&board, modes[m]);
            board_upload(&board, 0, image(&board, 2, rows[i].needs, rows[i].needed), true);
            assert_int_equal(board_boot(&board), OK);
            assert_int_equal(board.result.outcome[0].refused, rows[i].reason);
            assert_versions(&board, rows[i].reason == OK ? 2 : 1, 1, 1);
            board_assert_quiet(&board);
            board_stop(&board);
        }
    }
}

/* 0 needs 1, 1 needs 2, and 2 is refused for another reason: none of them is installed. */
static void test_what_needs_a_refused_image_is_refused_with_it(void **state)
{
    (void)state;
    for (size_t m = 0; m < MODES; m++) {
        struct board board;

        start_with_ones(&board, modes[m]);
        board_upload(&board, 0, image(&board, 2, 1, 2), false);
        board_upload(&board, 1, image(&board, 2, 2, 2), false);
        board_upload(&board, 2, image(&board, 2, -1, 0), false);
        world_bytes(&board.world, WORLD_AREA(2, WORLD_SECONDARY))[8000] ^= 1;
        assert_int_equal(board_boot(&board), OK);
        assert_int_equal(board.result.outcome[0].refused, ERR_IMAGE_DEPENDENCY);
        assert_int_equal(board.result.outcome[1].refused, ERR_IMAGE_DEPENDENCY);
        assert_int_equal(board.result.outcome[2].refused, ERR_IMAGE_HASH);
        assert_versions(&board, 1, 1, 1);
        board_assert_quiet(&board);
        board_stop(&board);
    }
}

static void test_a_request_that_takes_away_what_another_needs_is_refused(void **state)
{
    (void)state;
    for (size_t m = 0; m < MODES; m++) {
        struct board board;

        start(&board, modes[m]);
        install(&board, 0, image(&board, 2, -1, 0));
        install(&board, 1, image(&board, 1, 0, 2));
        install(&board, 2, image(&board, 1, -1, 0));
        board_upload(&board, 0, image(&board, 1, -1, 0), true);
        assert_int_equal(board_boot(&board), OK);
        assert_int_equal(board.result.outcome[0].refused, ERR_IMAGE_DEPENDENCY);
        assert_versions(&board, 2, 1, 1);
        board_assert_quiet(&board);
        board_stop(&board);
    }
}

/* Dependencies that were never met keep nothing from booting: that would be a brick. */
static void test_unmet_dependencies_of_what_is_installed_do_not_keep_it_from_booting(void **state)
{
    (void)state;
    for (size_t m = 0; m < MODES; m++) {
        struct board board;

        start(&board, modes[m]);
        install(&board, 0, image(&board, 1, 2, 9));
        install(&board, 1, image(&board, 1, -1, 0));
        install(&board, 2, image(&board, 1, -1, 0));
        board_assert_quiet(&board);
        board_stop(&board);
    }
}

static void test_nothing_starts_when_one_primary_is_not_valid(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MODES * PAIRS; i++) {
        struct board board;

        start_with_ones(&board, modes[i / PAIRS]);
        world_bytes(&board.world, WORLD_AREA(i % PAIRS, WORLD_PRIMARY))[5000] ^= 1;
        assert_int_equal(board_boot(&board), ERR_BOOT_NO_IMAGE);
        assert_int_equal(board.result.is_verified, HARDENED_FALSE);
        board_stop(&board);
    }
}

/* External flash gives another image for pair 1 while it is copied; pair 0, which needs the new one, goes back too. */
static void spoil_second_pair(void *context, const struct nor_device *device, const struct nor_op *op)
{
    struct board *board = context;
    const struct flash_area *primary = &board->world.area[WORLD_AREA(1, WORLD_PRIMARY)];

    if (device == &board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_ERASE && op->off == primary->off) {
        world_bytes(&board->world, WORLD_AREA(1, WORLD_SECONDARY))[0x2000] ^= 1;
    }
}

static void test_a_set_goes_back_when_one_of_it_cannot_be_installed(void **state)
{
    (void)state;
    for (size_t m = 0; m < REVERTING; m++) {
        struct board board;

        start_with_ones(&board, modes[m]);
        request_set(&board);
        board.world.power.watch = spoil_second_pair;
        board.world.power.context = &board;
        assert_int_equal(board_boot(&board), OK);
        board.world.power.watch = NULL;
        assert_versions(&board, 1, 1, 1);
        board_assert_quiet(&board);
        board_stop(&board);
    }
}

/* Both images of a set, or neither: whenever one of them could be started, after whatever cut. */
static void assert_not_mixed(struct board *board, uint64_t at)
{
    if (version(board, 0) != version(board, 1)) {
        fail_msg("cut at %u: versions %u and %u are started together", (unsigned)at, version(board, 0),
                 version(board, 1));
    }
}

static void assert_none_refused(const struct board *board)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        assert_int_equal(board->result.outcome[i].refused, OK);
    }
}

/*
 * As MCUboot's layout has it: what was installed completely looks as if it was started (SPEC, "What cannot be
 * decided"). With a journal only the record that it is about to be started does.
 */
static bool may_have_run(struct board *board)
{
    struct trailer last = world_trailer(&board->world, WORLD_AREA(1, WORLD_PRIMARY), 0);

    if (world_has(&board->world, WORLD_JOURNAL)) {
        return sim_is_undecidable(&board->world);
    }
    return last.magic == TRAILER_MAGIC_GOOD && last.copy_done != TRAILER_FLAG_UNSET;
}

/* `expected`: the version that the first boot after the cuts must start. Returns false when no cut came. */
static bool play_cuts(const struct state *before, struct board *board, uint64_t at, struct random *random,
                      unsigned expected)
{
    enum nor_cut kind = (enum nor_cut)random_below(random, 3);
    bool is_cut;
    bool is_open; /* whether it goes back at once; torn, the record that says so may read either way */

    world_restore(&board->world, before);
    is_cut = board_boot_until(board, at, kind, (uint32_t)random_below(random, 1U << 30)) != OK;
    if (is_cut && random_below(random, 2) == 0) { /* and once more while it recovers */
        (void)board_boot_until(board, random_below(random, 60), (enum nor_cut)random_below(random, 3), 7);
    }
    nor_power_on(&board->world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    is_open = may_have_run(board);
    for (unsigned again = 0; again < 3; again++) {
        assert_int_equal(board_boot(board), OK);
        assert_not_mixed(board, at);
        assert_none_refused(board);
        assert_true(version(board, 0) == 1 || (again == 0 && version(board, 0) == expected));
        assert_true(is_open || version(board, 0) == (again == 0 ? expected : 1));
    }
    assert_versions(board, 1, 1, 1); /* nobody confirmed */
    board_assert_quiet(board);
    return is_cut;
}

/* `reverts`: power fails while the set goes back. The third image needs what the second is in either version. */
static void cut_everywhere(const struct boot_mode *mode, bool reverts)
{
    struct board board;
    struct state before;
    struct random random = {77};
    uint64_t at = 0;

    start(&board, mode);
    install(&board, 0, image(&board, 1, -1, 0));
    install(&board, 1, image(&board, 1, -1, 0));
    install(&board, 2, image(&board, 1, 1, 1));
    request_set(&board);
    if (reverts) {
        assert_int_equal(board_boot(&board), OK);
        assert_versions(&board, 2, 2, 1);
    }
    world_save(&board.world, &before);
    while (play_cuts(&before, &board, at, &random, reverts ? 1 : 2)) {
        at++;
    }
    assert_true(at > 60);
    world_drop(&board.world, &before);
    board_stop(&board);
}

static void test_a_set_is_never_mixed_by_power_cuts(void **state)
{
    (void)state;
    for (size_t m = 0; m < REVERTING; m++) {
        cut_everywhere(modes[m], false);
        cut_everywhere(modes[m], true);
    }
}

/* Fields of a trailer, each right, torn or random. */
static void scramble_trailer(struct board *board, unsigned area, struct random *random)
{
    static const uint8_t values[] = {0x01, 0xff, 0x03, 0x12, 0x23, 0x00};
    const struct trailer_layout *layout = &board->world.layout[area];
    uint8_t *slot = world_bytes(&board->world, area);

    if (random_below(random, 3) != 0) {
        memcpy(slot + layout->magic, layout->magic_value, IMAGE_TRAILER_MAGIC_SIZE);
    }
    slot[layout->image_ok] = values[random_below(random, sizeof values)];
    slot[layout->copy_done] = values[random_below(random, sizeof values)];
    slot[layout->swap_info] = values[random_below(random, sizeof values)];
    slot[layout->swap_size] = (uint8_t)random_next(random);
    slot[layout->swap_size + 1] = (uint8_t)random_below(random, 0x80);
    slot[layout->swap_size + 2] = slot[layout->swap_size + 3] = 0;
    for (uint32_t i = random_below(random, 10); i > 0; i--) {
        slot[layout->status + (i - 1) * layout->cell] = 1;
    }
}

static const struct buffer *any_image(const struct board *board, struct random *random)
{
    return &board->images[random_below(random, (uint32_t)board->image_count)];
}

static void scramble(struct board *board, struct random *random)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        unsigned secondary = WORLD_AREA(i, WORLD_SECONDARY);
        unsigned backup = WORLD_AREA(i, WORLD_BACKUP);

        world_erase(&board->world, WORLD_AREA(i, WORLD_PRIMARY));
        world_erase(&board->world, secondary);
        install(board, i, any_image(board, random));
        world_put_image(&board->world, secondary, random_below(random, 2) * 4096, any_image(board, random));
        scramble_trailer(board, WORLD_AREA(i, WORLD_PRIMARY), random);
        scramble_trailer(board, secondary, random);
        if (world_has(&board->world, backup)) {
            world_erase(&board->world, backup);
            world_put_image(&board->world, backup, 0, any_image(board, random));
            scramble_trailer(board, backup, random);
        }
        if (random_below(random, 8) == 0) {
            random_fill(random, world_bytes(&board->world, secondary) + random_below(random, 9000), 3000);
        }
    }
}

static void survive_random_sets(const struct boot_mode *mode)
{
    struct board board;
    struct random random = {91};
    unsigned booted = 0;

    start(&board, mode);
    for (unsigned i = 0; i < 8; i++) {
        (void)image(&board, (uint8_t)(1 + i % 3), (int)(i % 5) - 1, (uint8_t)(i % 4));
    }
    for (unsigned run = 0; run < 1000; run++) {
        struct state before;

        scramble(&board, &random);
        world_save(&board.world, &before);
        for (unsigned again = 0; again < 4; again++) {
            booted += board_boot(&board) == OK ? 1 : 0;
        }
        assert_true(world_guards_hold(&board.world, &before));
        world_drop(&board.world, &before);
    }
    assert_true(booted > 1000);
    board_stop(&board);
}

/* Fuzz: whatever slots, trailers and dependencies say, boot_go ends and leaves what is not its own alone. */
static void test_random_sets_are_survived(void **state)
{
    (void)state;
    for (size_t m = 0; m < REVERTING; m++) {
        survive_random_sets(modes[m]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_are_updated_in_one_boot),
        cmocka_unit_test(test_an_unconfirmed_set_goes_back_and_a_confirmed_one_stays),
        cmocka_unit_test(test_a_set_that_is_confirmed_in_part_goes_back),
        cmocka_unit_test(test_a_request_that_needs_what_is_not_there_is_refused),
        cmocka_unit_test(test_what_needs_a_refused_image_is_refused_with_it),
        cmocka_unit_test(test_a_request_that_takes_away_what_another_needs_is_refused),
        cmocka_unit_test(test_unmet_dependencies_of_what_is_installed_do_not_keep_it_from_booting),
        cmocka_unit_test(test_nothing_starts_when_one_primary_is_not_valid),
        cmocka_unit_test(test_a_set_goes_back_when_one_of_it_cannot_be_installed),
        cmocka_unit_test(test_a_set_is_never_mixed_by_power_cuts),
        cmocka_unit_test(test_random_sets_are_survived),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
