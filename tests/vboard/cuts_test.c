/* Power cuts on a virtual board: where they hit, what they leave, how they are counted. */
#include <string.h>

#include "tests/vboard/rig.h"

#define PAGE   0x40000U
#define SECTOR 0x1000U

static void start(struct rig *rig, const char *cut, bool torn, struct vboard_cut *storage)
{
    rig_init(rig);
    assert_true(vboard_cut_parse(cut, storage));
    rig->config.cuts = storage;
    rig->config.cut_count = 1;
    rig->config.torn = torn;
    rig->config.stop_at_cut = true;
    rig_start(rig, "cuts", 0);
    memset(vboard_internal(rig->board) + PAGE, 0x5a, 0x1000);
    memset(vboard_external(rig->board) + SECTOR, 0xa5, 0x1000);
}

static uint32_t word_at(const uint8_t *data)
{
    uint32_t word;

    memcpy(&word, data, 4);
    return word;
}

/* Bytes of a range that have this value. */
static size_t count_of(const uint8_t *data, uint8_t value, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        count += data[i] == value;
    }
    return count;
}

static void test_clean_cut_is_before_the_operation(void **state)
{
    struct vboard_cut cut;
    struct rig rig;

    (void)state;
    start(&rig, "1", false, &cut);
    assert_int_equal(rig_run(&rig), VBOARD_CUT);
    assert_int_equal(count_of(vboard_internal(rig.board) + PAGE, 0x5a, 0x1000), 0x1000);
    rig_free(&rig);
    start(&rig, "2", false, &cut);
    assert_int_equal(rig_run(&rig), VBOARD_CUT);
    assert_int_equal(word_at(vboard_internal(rig.board) + PAGE), 0xffffffff);
    rig_free(&rig);
    start(&rig, "4", false, &cut);
    assert_int_equal(rig_run(&rig), VBOARD_CUT);
    assert_int_equal(word_at(vboard_internal(rig.board) + PAGE), 0x11112222);
    assert_int_equal(count_of(vboard_external(rig.board) + SECTOR, 0xff, 0x1000), 0x1000);
    rig_expect_line(&rig, "power cut 1 before operation 4: ext-program at 0x00001000, 256 bytes");
    rig_free(&rig);
}

static void test_torn_cut_is_inside_the_operation(void **state)
{
    struct vboard_cut cut;
    struct rig rig;
    size_t differing = 0;

    (void)state;
    for (uint32_t seed = 1; seed <= 8; seed++) {
        start(&rig, "erase:1", true, &cut);
        vboard_free(rig.board);
        rig.config.seed = seed;
        rig_start(&rig, "cuts", 0);
        memset(vboard_internal(rig.board) + PAGE, 0x5a, 0x1000);
        assert_int_equal(rig_run(&rig), VBOARD_CUT);
        differing += count_of(vboard_internal(rig.board) + PAGE, 0x5a, 0x1000) != 0x1000 &&
                     count_of(vboard_internal(rig.board) + PAGE, 0xff, 0x1000) != 0x1000;
        rig_free(&rig);
    }
    assert_true(differing >= 4); /* some seeds leave a page that is hardly touched or nearly erased */
}

/* Operation 6 is inside; the chip was still busy with operation 5, which is torn though the cut is clean. */
static void test_cut_hits_what_the_chip_is_doing(void **state)
{
    struct vboard_cut cut;
    struct rig rig;
    size_t written;

    (void)state;
    start(&rig, "6", false, &cut);
    assert_int_equal(rig_run(&rig), VBOARD_CUT);
    rig_expect_line(&rig, "the external chip was busy when power went");
    written = count_of(vboard_external(rig.board) + SECTOR, 0xff, 0x100);
    assert_true(written != 0x100 || word_at(vboard_internal(rig.board) + PAGE) == 0x11112222);
    assert_int_equal(word_at(vboard_internal(rig.board) + PAGE), 0x11112222);
    rig_free(&rig);
}

static void test_power_returns_and_counts_again(void **state)
{
    struct vboard_cut cuts[3];
    struct rig rig;

    (void)state;
    rig_init(&rig);
    assert_true(vboard_cut_parse("2", &cuts[0]));
    assert_true(vboard_cut_parse("ext-erase:2", &cuts[1]));
    assert_true(vboard_cut_parse("int-erase:1", &cuts[2]));
    rig.config.cuts = cuts;
    rig.config.cut_count = 3;
    rig_start(&rig, "cuts", 0);
    assert_int_equal(rig_run(&rig), VBOARD_UNTIL);
    rig_expect_line(&rig, "power cut 1 before operation 2: int-program");
    rig_expect_line(&rig, "power cut 2 before operation 5: ext-erase");
    rig_expect_line(&rig, "power cut 3 before operation 1: int-erase");
    assert_int_equal(vboard_stats(rig.board)->boot_count, 4);
    rig_expect(&rig, "done\n");
    rig_free(&rig);
}

static void test_counting_can_begin_at_a_text(void **state)
{
    struct vboard_cut cut;
    struct rig rig;

    (void)state;
    start(&rig, "1", false, &cut);
    vboard_free(rig.board);
    rig.config.cut_from = "half\n";
    rig_start(&rig, "cuts", 0);
    assert_int_equal(rig_run(&rig), VBOARD_CUT);
    rig_expect_line(&rig, "power cut 1 before operation 5: ext-erase");
    rig_free(&rig);
}

static void test_runs_go_on_from_given_contents(void **state)
{
    static uint8_t internal[VBOARD_INTERNAL_SIZE] __attribute__((aligned(4096)));
    static uint8_t external[VBOARD_EXTERNAL_SIZE] __attribute__((aligned(4096)));
    struct rig rig;

    (void)state;
    memset(internal, 0xff, sizeof(internal));
    memset(external, 0xff, sizeof(external));
    rig_init(&rig);
    rig.config.internal = internal;
    rig.config.external = external;
    rig_start(&rig, "cuts", 0);
    assert_int_equal(vboard_run(rig.board, "half\n", 0), VBOARD_UNTIL);
    assert_int_equal(word_at(internal + PAGE), 0x11112222);
    assert_int_equal(word_at(external + SECTOR), 0x55aa0000);
    vboard_power_cycle(rig.board);
    assert_int_equal(rig_run(&rig), VBOARD_UNTIL);
    rig_free(&rig);
}

static void test_selectors_are_checked(void **state)
{
    static const char *const wrong[] = {"", "0", "x", "erase:", "erase:0", "erase:x", "erse:1", "1x", "-1", "int-1"};
    struct vboard_cut cut;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(vboard_cut_parse(wrong[i], &cut));
    }
    assert_true(vboard_cut_parse("ext-program:12", &cut));
    assert_int_equal(cut.number, 12);
    assert_int_equal(cut.kinds, 1U << OP_EXT_PROGRAM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean_cut_is_before_the_operation),
        cmocka_unit_test(test_torn_cut_is_inside_the_operation),
        cmocka_unit_test(test_cut_hits_what_the_chip_is_doing),
        cmocka_unit_test(test_power_returns_and_counts_again),
        cmocka_unit_test(test_counting_can_begin_at_a_text),
        cmocka_unit_test(test_runs_go_on_from_given_contents),
        cmocka_unit_test(test_selectors_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
