/* Campaigns of power cuts over a small bootloader that is right, and over ones that are not. */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "host/file.h"
#include "host/memory_image.h"
#include "tests/vboard/rig.h"
#include "vboard/campaign.h"

#define PRIMARY      0x40000U
#define SECONDARY    0x48000U
#define SLOT         0x4000U
#define IMAGE        0x1100U
#define UICR_CASE    0x80U
#define QUAD_ENABLED 0x40 /* bit of the external chip's status register, which cuts.c sets */

#define ASIDE        0x60000U

enum { RIGHT = 1, FORGETS = 2, STRAYS = 3, STARTS_ONCE = 4, COMPANION = 5, SPOILS_OTHER = 6 };

static const struct campaign_area areas[] = {
    {FLASH_INTERNAL, PRIMARY, SLOT, true},
    {FLASH_INTERNAL, SECONDARY, SLOT, true},
};
/* The same slots, not executed: another image is. */
static const struct campaign_area companion_areas[] = {
    {FLASH_INTERNAL, PRIMARY, SLOT, false},
    {FLASH_INTERNAL, SECONDARY, SLOT, false},
    {FLASH_INTERNAL, ASIDE, SLOT, true},
};

/* An endless loop at the address that its vector table names, and bytes that tell it from others. Sparse: every
 * written word is an operation. */
static void make_image(uint8_t image[IMAGE], uint8_t mark, uint32_t addr)
{
    const uint32_t vectors[] = {0x20010000, addr + 9, 0xe7fee7fe};

    memset(image, 0xff, IMAGE);
    memcpy(image, vectors, sizeof(vectors));
    memset(image + 0x40, mark, 0x20);
    memset(image + 0x1010, mark, 0x20);
}

static void load_firmware(struct flash_state *flash, uint32_t which)
{
    struct memory_image image = {0};
    struct failure failure;

    assert_int_equal(memory_image_load(&image, FIRMWARE_DIR "/updater.elf", NULL, MEMORY_OVERLAP_ERROR, &failure), OK);
    memory_image_flatten(&image, 0, PRIMARY, 0xff, flash->models[FLASH_INTERNAL].data);
    memcpy(flash->models[FLASH_UICR].data + UICR_CASE, &which, sizeof(which));
    memory_image_free(&image);
}

static struct campaign *prepare(uint32_t which, struct campaign_baseline *baseline)
{
    bool is_companion = which >= COMPANION;
    const struct campaign_config config = {.board = "nrf52840dk",
                                           .seed = 7,
                                           .areas = is_companion ? companion_areas : areas,
                                           .area_count = is_companion ? 3 : 2,
                                           .is_companion = is_companion,
                                           .timeout_ns = 10000000000U};
    const uint32_t request = 0x600df00d;
    uint8_t image[IMAGE];
    struct campaign *campaign;
    struct failure failure;
    uint8_t *internal;

    assert_int_equal(campaign_create(&config, &campaign, &failure), OK);
    internal = campaign_start(campaign)->models[FLASH_INTERNAL].data;
    load_firmware(campaign_start(campaign), which);
    make_image(image, 3, ASIDE);
    memcpy(internal + ASIDE, image, IMAGE);
    make_image(image, 1, PRIMARY);
    memcpy(internal + PRIMARY, image, IMAGE);
    campaign_set_image(campaign, CAMPAIGN_OLD, image, IMAGE, 0, 0);
    make_image(image, 2, PRIMARY);
    memcpy(internal + SECONDARY, image, IMAGE);
    campaign_set_image(campaign, CAMPAIGN_NEW, image, IMAGE, 0, 0);
    memcpy(internal + SECONDARY + SLOT - 4, &request, 4);
    campaign_baseline(campaign, baseline);
    return campaign;
}

static struct campaign_report run(struct campaign *campaign, bool torn, uint32_t second, uint64_t every)
{
    const struct campaign_plan plan = {.every = every, .first = 20, .torn = torn, .second = second, .processes = 2};
    struct campaign_report report;
    struct failure failure = {""};

    if (campaign_run(campaign, &plan, &report, NULL, NULL, &failure) != OK) {
        fail_msg("%s", failure.text);
    }
    return report;
}

static void test_a_bootloader_in_the_right_order_passes(void **state)
{
    struct campaign_baseline baseline;
    struct campaign *campaign = prepare(RIGHT, &baseline);
    struct campaign_report report;

    (void)state;
    assert_int_equal(baseline.first.image, CAMPAIGN_NEW);
    assert_string_equal(baseline.first.trouble, "");
    assert_false(baseline.reverts);
    assert_int_equal(baseline.count[OP_INT_ERASE], 4);
    assert_int_equal(baseline.count[OP_INT_PROGRAM], 3 + 8 + 8);
    report = run(campaign, true, 0, 1);
    assert_string_equal(buffer_text(&report.failures), "");
    assert_int_equal(report.total.tried[CAMPAIGN_CLEAN], 23);
    assert_int_equal(report.total.tried[CAMPAIGN_TORN], 23);
    assert_int_equal(report.by_kind[OP_INT_ERASE].tried[CAMPAIGN_CLEAN], 4);
    assert_int_equal(report.total.new_runs, 46);
    campaign_report_free(&report);
    campaign_free(campaign);
}

/* The pair that is updated is not the one that is started. */
static void test_a_companion_is_judged_where_it_lies(void **state)
{
    struct campaign_baseline baseline;
    struct campaign *campaign = prepare(COMPANION, &baseline);
    struct campaign_report report;

    (void)state;
    assert_int_equal(baseline.first.image, CAMPAIGN_NEW);
    assert_string_equal(baseline.first.trouble, "");
    report = run(campaign, true, 2, 1);
    assert_string_equal(buffer_text(&report.failures), "");
    assert_true(report.total.new_runs > 46);
    campaign_report_free(&report);
    campaign_free(campaign);
    campaign = prepare(SPOILS_OTHER, &baseline);
    assert_string_equal(baseline.first.trouble, "the slot that is started, of another image pair, has changed");
    campaign_free(campaign);
}

static void test_second_cuts_hit_the_recovery(void **state)
{
    struct campaign_baseline baseline;
    struct campaign *campaign = prepare(RIGHT, &baseline);
    struct campaign_report report = run(campaign, false, 1000, 6);

    (void)state;
    /* One of each six operations; a recovery copies everything again, or only erases the request. */
    assert_int_equal(report.total.tried[CAMPAIGN_CLEAN], 4);
    assert_true(report.total.tried[CAMPAIGN_SECOND] >= 69);
    assert_int_equal(report.total.failed, 0);
    campaign_report_free(&report);
    report = run(campaign, true, 3, 0);
    assert_int_equal(report.total.tried[CAMPAIGN_TORN], report.total.tried[CAMPAIGN_CLEAN]);
    assert_in_range(report.total.tried[CAMPAIGN_CLEAN], 15, 20);
    assert_int_equal(report.total.failed, 0);
    campaign_report_free(&report);
    campaign_free(campaign);
}

/* What the campaign says of a bootloader that is wrong, and that the id it gives shows the same again. */
static void expect_failures(uint32_t which, const char *why)
{
    const struct vboard_host silent = {0};
    struct campaign_baseline baseline;
    struct campaign *campaign = prepare(which, &baseline);
    struct campaign_report report = run(campaign, true, 2, 1);
    struct campaign_case parsed;
    struct failure failure;
    char verdict[CAMPAIGN_TEXT];
    char line[512];

    assert_true(report.total.failed > 0);
    assert_non_null(strstr(buffer_text(&report.failures), why));
    (void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(buffer_text(&report.failures), "\n"),
                   buffer_text(&report.failures));
    *strstr(line, ": ") = 0;
    assert_true(campaign_parse_id(line, &parsed));
    assert_int_equal(campaign_replay(campaign, &parsed, &silent, verdict, &failure), OK);
    assert_string_equal(verdict, line + strlen(line) + 2);
    campaign_report_free(&report);
    campaign_free(campaign);
}

static void test_a_forgotten_request_is_found(void **state)
{
    (void)state;
    expect_failures(FORGETS, "neither the old nor the new image");
    expect_failures(FORGETS, "the update is lost: the old image runs");
}

static void test_a_stray_write_is_found(void **state)
{
    (void)state;
    expect_failures(STRAYS, "int-program at 0x00060000, 4 bytes, is outside");
}

static void test_a_device_that_stays_dead_is_found(void **state)
{
    (void)state;
    expect_failures(STARTS_ONCE, "boot 2 after the cut, unconfirmed: no application starts: asleep for ever");
}

static void test_ids_are_checked(void **state)
{
    static const char *const wrong[] = {"",
                                        "1",
                                        "1:",
                                        ":1C",
                                        "1:C",
                                        "1:0C",
                                        "1:1X",
                                        "1:1C/",
                                        "1:1C/2",
                                        "1:-1C",
                                        "1:1C 2T",
                                        "x:1C",
                                        "5000000000:1C",
                                        "1:1C2T",
                                        "1:1C/1C/1C/1C/1C/1C/1C"};
    struct campaign_case parsed;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (campaign_parse_id(wrong[i], &parsed)) {
            fail_msg("'%s' was accepted", wrong[i]);
        }
    }
    assert_true(campaign_parse_id("7:12C/3T", &parsed));
    assert_int_equal(parsed.seed, 7);
    assert_int_equal(parsed.cuts, 2);
    assert_int_equal(parsed.chain[0].operation, 12);
    assert_true(parsed.chain[1].torn && !parsed.chain[0].torn);
}

static void test_an_operation_that_does_not_happen_is_refused(void **state)
{
    const struct vboard_host silent = {0};
    struct campaign_baseline baseline;
    struct campaign *campaign = prepare(RIGHT, &baseline);
    struct campaign_case far = {.seed = 7, .cuts = 1, .chain = {{24, false}}};
    char verdict[CAMPAIGN_TEXT];
    struct failure failure;

    (void)state;
    assert_int_equal(campaign_replay(campaign, &far, &silent, verdict, &failure), ERR_HOST_INPUT);
    assert_string_equal(failure.text, "there is no operation 24: the update has 23");
    campaign_free(campaign);
}

/* ---- the log below it ---- */

struct recorder {
    struct flash_state *flash;
    struct flash_log *log;
    struct vboard *board;
};

static void record(void *ctx, enum stats_operation kind, uint32_t addr, uint32_t len)
{
    struct recorder *recorder = ctx;

    recorder->flash->registers = vboard_ext_registers(recorder->board);
    flash_log_add(recorder->log, recorder->flash, vboard_external_is_busy(recorder->board), kind, addr, len);
}

static void put_case(struct flash_state *flash, const struct memory_image *image)
{
    memory_image_flatten(image, 0, PRIMARY, 0xff, flash->models[FLASH_INTERNAL].data);
    memset(flash->models[FLASH_INTERNAL].data + PRIMARY, 0x5a, 0x1000);
    memset(flash->models[FLASH_EXTERNAL].data + 0x1000, 0xa5, 0x1000);
}

static struct vboard *board_on(struct flash_state *flash, struct vboard_config *config)
{
    struct failure failure;
    struct vboard *board;

    config->board = "nrf52840dk";
    config->internal = flash->models[FLASH_INTERNAL].data;
    config->external = flash->models[FLASH_EXTERNAL].data;
    config->uicr = flash->models[FLASH_UICR].data;
    assert_int_equal(vboard_create(config, &board, &failure), OK);
    return board;
}

/* What the walk says is before each operation is what a board leaves that loses power there. */
static void test_walking_along_a_log_equals_cutting_a_run(void **state)
{
    struct memory_image image = {0};
    struct flash_state logged;
    struct flash_state walked;
    struct flash_state cut;
    struct flash_log log;
    struct flash_walk walk = {.models = walked.models};
    struct failure failure;
    struct recorder recorder = {&logged, &log, NULL};
    struct vboard_config config = {.host = {.ctx = &recorder, .operation = record}};

    (void)state;
    assert_int_equal(memory_image_load(&image, FIRMWARE_DIR "/cuts.elf", NULL, MEMORY_OVERLAP_ERROR, &failure), OK);
    flash_log_init(&log);
    flash_state_init(&logged);
    flash_state_init(&walked);
    put_case(&logged, &image);
    put_case(&walked, &image);
    recorder.board = board_on(&logged, &config);
    assert_int_equal(vboard_run(recorder.board, "end\n", 0), VBOARD_UNTIL);
    vboard_settle(recorder.board);
    flash_log_end(&log, &logged);
    vboard_free(recorder.board);
    assert_int_equal(log.count, 6);
    for (uint32_t n = 1; n <= 6; n++) {
        const struct vboard_cut at = {0xf, n};
        struct vboard_config cutting = {.cuts = &at, .cut_count = 1, .stop_at_cut = true};
        struct vboard *board;

        flash_state_init(&cut);
        put_case(&cut, &image);
        board = board_on(&cut, &cutting);
        assert_int_equal(vboard_run(board, NULL, 0), VBOARD_CUT);
        assert_int_equal(vboard_ext_registers(board).status, QUAD_ENABLED);
        vboard_free(board);
        flash_walk_to(&walk, &log, n - 1);
        cut.registers.status = 0;
        flash_walk_cut(&walk, &log, &cut, false, n);
        assert_int_equal(cut.registers.status, QUAD_ENABLED); /* it outlives the cut, and the next board has it */
        config.ext_registers = cut.registers;
        board = board_on(&cut, &config);
        assert_int_equal(vboard_ext_registers(board).status, QUAD_ENABLED);
        vboard_free(board);
        assert_memory_equal(walked.models[FLASH_INTERNAL].data, cut.models[FLASH_INTERNAL].data, VBOARD_INTERNAL_SIZE);
        assert_int_equal(walk.pending, n == 6 ? 5 : 0);
        if (walk.pending == 0) { /* otherwise it is torn, and at random */
            assert_memory_equal(walked.models[FLASH_EXTERNAL].data, cut.models[FLASH_EXTERNAL].data,
                                VBOARD_EXTERNAL_SIZE);
        }
        flash_state_free(&cut);
    }
    flash_walk_to(&walk, &log, log.count);
    flash_state_guess_programs(&logged);
    flash_state_guess_programs(&walked);
    walked.registers = logged.registers; /* what is walked along are contents */
    assert_true(flash_state_hash(&walked) == flash_state_hash(&logged));
    flash_state_free(&logged);
    flash_state_free(&walked);
    flash_log_free(&log);
    memory_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bootloader_in_the_right_order_passes),
        cmocka_unit_test(test_a_companion_is_judged_where_it_lies),
        cmocka_unit_test(test_second_cuts_hit_the_recovery),
        cmocka_unit_test(test_a_forgotten_request_is_found),
        cmocka_unit_test(test_a_stray_write_is_found),
        cmocka_unit_test(test_a_device_that_stays_dead_is_found),
        cmocka_unit_test(test_ids_are_checked),
        cmocka_unit_test(test_an_operation_that_does_not_happen_is_refused),
        cmocka_unit_test(test_walking_along_a_log_equals_cutting_a_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
