/*
 * Direct XIP, and how images are chosen, through boot_choose over a flash model: every pair of slot contents and
 * trailers, every cut.
 */
#include "tests/unit.h"

#include <string.h>

#include "boot/choose_fixture.h"

#define CUT_SEEDS 6U

/* docs/SPEC.md, "Choosing", written down a second time: 3 requested, 2 without a request, 1 failed, 0 no image. */
static int claim(bool has_revert, enum content content, unsigned trailer)
{
    bool magic = trailer % 3 == 1;
    bool confirmed = trailer / 3 % 3 != 0;
    bool tried = trailer / 9 % 3 == 1 || trailer / 27 % 3 != 0;

    if (!choose_is_valid(content)) {
        return 0;
    }
    if (!has_revert) {
        return 3;
    }
    return !magic ? 2 : confirmed || !tried ? 3 : 1;
}

/* The slot that must be started, or -1. */
static int expected(bool has_revert, const enum content content[2], const unsigned trailer[2])
{
    int claims[2];

    for (size_t i = 0; i < 2; i++) {
        claims[i] = claim(has_revert, content[i], trailer[i]);
    }
    if (claims[0] == 0 && claims[1] == 0) {
        return -1;
    }
    if (claims[0] != claims[1]) {
        return claims[0] > claims[1] ? 0 : 1;
    }
    return claims[0] != 2 && content[1] == HIGHER && content[0] == LOWER ? 1 : 0;
}

/* Boots until nothing is written any more: soon, and never without an image. */
static void settle(struct fixture *f)
{
    unsigned boots = 0;

    do {
        assert_int_equal(choose_boot(f), OK);
        assert_true(++boots <= 4);
    } while (f->power.ops != 0);
}

/* What is written was programmed, and on this flash may not be again. */
static void count_programs(struct fixture *f)
{
    for (size_t i = 0; i < FLASH; i += 4) {
        f->device.model.programs[i / 4] = memcmp(f->data + i, "\xff\xff\xff\xff", 4) != 0;
    }
}

static void check_pair(struct fixture *f, bool has_revert, const enum content content[2], const unsigned trailer[2])
{
    int want = expected(has_revert, content, trailer);

    choose_put_slot(f, 0, content[0], trailer[0]);
    choose_put_slot(f, 1, content[1], trailer[1]);
    count_programs(f);
    assert_int_equal(choose_boot(f), want < 0 ? ERR_BOOT_NO_IMAGE : OK);
    if (want < 0) {
        assert_int_equal(f->power.ops, 0);
        return;
    }
    assert_int_equal(f->result.address, BASE + (uint32_t)want * SLOT);
    assert_int_equal(f->result.image_off, (uint32_t)want * SLOT);
    assert_int_equal(f->result.header.version.major, content[want] == HIGHER ? 2 : 1);
    settle(f);
    /* Without requests there is nothing to clear: what is for another place is skipped each time. */
    assert_true(!has_revert || f->result.outcome[0].refused == OK);
}

static void check_all_pairs(const struct choice_mode *mode, unsigned trailers)
{
    struct fixture *f = choose_start(mode, false);

    for (unsigned i = 0; i < CONTENTS * CONTENTS * trailers * trailers; i++) {
        const enum content content[2] = {(enum content)(i % CONTENTS), (enum content)(i / CONTENTS % CONTENTS)};
        const unsigned rest = i / (CONTENTS * CONTENTS);
        const unsigned trailer[2] = {rest % trailers, rest / trailers};

        check_pair(f, mode->has_revert, content, trailer);
    }
    choose_stop(f);
}

static void test_the_best_valid_image_is_started(void **state)
{
    (void)state;
    check_all_pairs(&choice_direct_xip, 1);
}

static void test_trailers_decide_with_revert(void **state)
{
    (void)state;
    check_all_pairs(&choice_direct_xip_revert, TRAILERS);
}

/* --- Power cuts ------------------------------------------------------------------------------------------------- */

/* Contents of the flash and what has happened to it, for going on from the same point more than once. */
struct moment {
    uint8_t data[FLASH];
    uint8_t programs[FLASH / 4];
};

static void save(const struct fixture *f, struct moment *moment)
{
    memcpy(moment->data, f->data, FLASH);
    memcpy(moment->programs, f->device.model.programs, FLASH / 4);
}

static void restore(struct fixture *f, const struct moment *moment)
{
    memcpy(f->data, moment->data, FLASH);
    memcpy(f->device.model.programs, moment->programs, FLASH / 4);
    f->device.running.kind = NOR_OP_NONE;
    f->device.model.violation[0] = '\0';
}

static uint64_t boot_cut_at(struct fixture *f, uint64_t op, enum nor_cut cut, uint32_t seed)
{
    int err;

    nor_power_on(&f->power, op, cut, seed);
    err = boot_choose(&f->config, &f->result);
    err = err != OK ? err : nor_power_settle(&f->power);
    (void)err; /* power may be off: what counts is what flash holds now */
    assert_string_equal(f->device.model.violation, "");
    return f->power.ops;
}

/* Every operation of a boot from here is cut, in every way; from each of those on a valid image boots and flash
 * settles. */
static void cut_everywhere(struct fixture *f, unsigned depth)
{
    static const enum nor_cut cuts[] = {NOR_CUT_CLEAN, NOR_CUT_TORN};
    struct moment here;
    uint64_t ops;

    save(f, &here);
    ops = boot_cut_at(f, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    for (uint64_t op = 0; op < ops; op++) {
        for (uint32_t i = 0; i < 1 + CUT_SEEDS; i++) { /* clean once, torn with every seed */
            restore(f, &here);
            (void)boot_cut_at(f, op, cuts[i != 0], i);
            if (depth > 1) {
                cut_everywhere(f, depth - 1);
            }
            settle(f);
        }
    }
    restore(f, &here);
}

/* Both slots hold valid images; `trailer` as put_trailer takes it. */
static void begin_life(struct fixture *f, unsigned primary, unsigned secondary)
{
    choose_put_slot(f, 0, LOWER, primary);
    choose_put_slot(f, 1, HIGHER, secondary);
    count_programs(f);
}

static void test_no_cut_costs_the_last_valid_image(void **state)
{
    /* magic good; then image_ok set; copy_done set. */
    static const unsigned untrailered = 0, requested = 1, confirmed = 1 + 3 + 9, tried = 1 + 9;
    static const unsigned starts[][2] = {
        {confirmed, requested}, {untrailered, requested}, {confirmed, tried}, {tried, confirmed}, {tried, tried},
    };
    struct fixture *f = choose_start(&choice_direct_xip_revert, false);

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        begin_life(f, starts[i][0], starts[i][1]);
        cut_everywhere(f, 3);
    }
    choose_stop(f);
}

/* An image to be tried is started once, however often power is lost before, and then the confirmed one is. */
static void test_an_image_is_tried_once_and_given_up(void **state)
{
    struct fixture *f = choose_start(&choice_direct_xip_revert, false);
    unsigned lost = 0;

    (void)state;
    for (uint32_t seed = 0; seed < 200; seed++) {
        begin_life(f, 1 + 3 + 9, 1);
        (void)boot_cut_at(f, 0, NOR_CUT_TORN, seed);
        assert_int_equal(choose_boot(f), OK);
        /* Torn so that it reads as set: undecidable, docs/SPEC.md. */
        lost += f->result.header.version.major == 1 ? 1 : 0;
        for (int i = 0; i < 3; i++) {
            assert_int_equal(choose_boot(f), OK);
            assert_int_equal(f->result.header.version.major, 1);
        }
        assert_int_equal(f->power.ops, 0);
        assert_int_equal(f->data[SLOT], 0xff); /* erased, since the other is confirmed */
    }
    assert_true(lost < 100);
    choose_stop(f);
}

/* An image may reach into the cell that stands for copy_done: what is there is then its own, and says nothing. */
static void test_the_largest_image_has_no_second_mark(void **state)
{
    struct fixture *f = choose_start(&choice_direct_xip_revert, false);
    size_t overhead = f->image[1][HIGHER].len - PAYLOAD;

    (void)state;
    buffer_free(&f->image[1][HIGHER]);
    f->image[1][HIGHER] = choose_make_image(f, 2, BASE + SLOT, 0, SLOT - 40 - overhead);
    choose_put_slot(f, 0, LOWER, 1 + 3 + 9);
    choose_put_slot(f, 1, HIGHER, 1 + 18); /* copy_done torn */
    count_programs(f);
    assert_int_equal(choose_boot(f), OK);
    assert_int_equal(f->result.header.version.major, 1);
    choose_put_slot(f, 1, HIGHER, 1);
    count_programs(f);
    assert_int_equal(choose_boot(f), OK);
    assert_int_equal(f->result.header.version.major, 2);
    assert_int_equal(choose_boot(f), OK);
    assert_int_equal(f->result.header.version.major, 1);
    choose_stop(f);
}

static void remake(struct fixture *f, size_t slot, enum content content, uint8_t major, const uint32_t *counter)
{
    f->counter = counter;
    buffer_free(&f->image[slot][content]);
    f->image[slot][content] = choose_make_image(f, major, BASE + (uint32_t)slot * SLOT, 0, PAYLOAD);
}

/* The counter rises when an image runs that is confirmed, and then there is no way below it, not even the last one. */
static void test_a_confirmed_image_closes_the_way_back(void **state)
{
    static const uint32_t low = 1;
    static const uint32_t high = 5;
    struct fixture *f = choose_start(&choice_direct_xip_revert, false);

    (void)state;
    remake(f, 0, LOWER, 1, &low);
    remake(f, 1, HIGHER, 2, &high);
    f->config.security_counter = true;
    f->config.journal = &f->journal;
    begin_life(f, 1 + 3 + 9, 1);
    assert_int_equal(choose_boot(f), OK);
    assert_int_equal(f->result.header.version.major, 2);
    settle(f);
    assert_int_equal(f->result.header.version.major, 1);
    begin_life(f, 1 + 3 + 9, 1 + 3 + 9);
    settle(f);
    assert_int_equal(f->result.header.version.major, 2);
    choose_put_slot(f, 1, NOTHING, 0);
    assert_int_equal(choose_boot(f), ERR_BOOT_NO_IMAGE);
    remake(f, 0, LOWER, 1, NULL); /* nor below it by an image that says nothing */
    choose_put_slot(f, 0, LOWER, 1 + 3 + 9);
    assert_int_equal(choose_boot(f), ERR_BOOT_NO_IMAGE);
    choose_stop(f);
}

/* A write block that no trailer can have: images are chosen all the same, by version or, with revert, by slot. */
static void test_flash_that_cannot_have_trailers_still_boots(void **state)
{
    static const struct nor_erase_time erase_time[] = {{SECTOR, 1}};
    static const struct nor_config coarse = {.name = "coarse",
                                             .geometry = {FLASH, 128, 0xff, 1, choose_ranges},
                                             .max_programs = 1,
                                             .timing = {256, 1, 1, 1, erase_time, 1}};
    struct fixture *f = choose_start(&choice_direct_xip, false);

    (void)state;
    nor_device_free(&f->device);
    f->power.device_count = 0;
    nor_device_init(&f->device, &f->power, &coarse, f->data);
    choose_put_slot(f, 0, LOWER, 0);
    choose_put_slot(f, 1, HIGHER, 0);
    assert_int_equal(choose_boot(f), OK);
    assert_int_equal(f->result.header.version.major, 2);
    f->config.choice = &choice_direct_xip_revert;
    assert_int_equal(choose_boot(f), OK);
    assert_int_equal(f->result.header.version.major, 1);
    choose_put_slot(f, 0, BROKEN, 0);
    settle(f);
    assert_int_equal(f->result.header.version.major, 2);
    choose_stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_valid_image_is_started),
        cmocka_unit_test(test_trailers_decide_with_revert),
        cmocka_unit_test(test_no_cut_costs_the_last_valid_image),
        cmocka_unit_test(test_an_image_is_tried_once_and_given_up),
        cmocka_unit_test(test_the_largest_image_has_no_second_mark),
        cmocka_unit_test(test_a_confirmed_image_closes_the_way_back),
        cmocka_unit_test(test_flash_that_cannot_have_trailers_still_boots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
