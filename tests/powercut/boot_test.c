/*
 * What boot_go does with requests it must refuse, with a secondary it cannot trust or reach, and with random flash.
 * Lives here because it uses the simulator's world.
 */
#include "tests/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <farboot/log.h>

#include "host/random.h"
#include "tests/powercut/images.h"
#include "tests/powercut/scenario.h"

static char console[8192];

void log_line(char level, const char *format, ...)
{
    size_t len = strlen(console);
    va_list args;

    va_start(args, format);
    (void)snprintf(console + len, sizeof console - len, "%c: ", level);
    len = strlen(console);
    (void)vsnprintf(console + len, sizeof console - len, format, args);
    len = strlen(console);
    (void)snprintf(console + len, sizeof console - len, "\n");
    va_end(args);
}

static void assert_said(const char *text)
{
    if (strstr(console, text) == NULL) {
        fail_msg("the console lacks \"%s\":\n%s", text, console);
    }
}

static const struct boot_mode *const modes[] = {&boot_mode_swap_offset, &boot_mode_overwrite};

/* A board with version 1 in the primary slot and an erased secondary. */
struct board {
    struct world world;
    const struct buffer *old;
    const struct buffer *new;
};

static void start(struct board *board, const struct boot_mode *mode)
{
    /* As the first geometry, but programs of a word are not counted: tests put bytes there without programming. */
    static const struct world_geometry geometry = {
        "boot", {{4, 0, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{4096, 16}}}}, {0}, 0};

    world_init(&board->world, &geometry, sim_mode_of(mode), 1, 0);
    board->old = images_get(20000, 1, 1);
    board->new = images_get(30000, 2, 2);
    world_erase(&board->world, WORLD_PRIMARY);
    world_erase(&board->world, WORLD_SECONDARY);
    world_put_image(&board->world, WORLD_PRIMARY, 0, board->old);
}

static void upload(struct board *board, const struct buffer *image, bool permanent)
{
    world_put_image(&board->world, WORLD_SECONDARY, sim_upload_off(&board->world), image);
    world_request(&board->world, WORLD_SECONDARY, permanent);
}

static int boot(struct board *board, struct boot_result *result)
{
    int err;

    console[0] = '\0';
    nor_power_on(&board->world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    err = sim_boot(&board->world, result);
    assert_int_equal(nor_power_settle(&board->world.power), OK);
    assert_string_equal(world_violation(&board->world), "");
    assert_int_equal(result->is_verified, err == OK ? HARDENED_TRUE : HARDENED_FALSE);
    return err;
}

/* The request is refused for `reason`, the old image boots, and at the next boot nothing is asked or written. */
static void assert_refused(struct board *board, int reason)
{
    struct boot_result result;

    assert_int_equal(boot(board, &result), OK);
    assert_int_equal(result.outcome[0].refused, reason);
    assert_int_equal(result.outcome[0].performed, SWAP_NONE);
    assert_said("E: Update refused: ");
    assert_true(world_has_image(&board->world, WORLD_PRIMARY, 0, board->old));
    assert_int_equal(boot(board, &result), OK);
    assert_int_equal(result.outcome[0].refused, OK);
    assert_int_equal(board->world.power.ops, 0);
    world_free(&board->world);
}

/* A copy of the new image with some bytes changed. */
static void upload_changed(struct board *board, size_t off, const void *bytes, size_t len)
{
    struct buffer changed = {0};

    buffer_append(&changed, board->new->data, board->new->len);
    memcpy(changed.data + off, bytes, len);
    upload(board, &changed, false);
    buffer_free(&changed);
}

static void test_images_that_do_not_verify_are_refused(void **state)
{
    static const uint8_t zeros[4];
    static const uint8_t huge[4] = {0xff, 0xff, 0xff, 0xff};
    static const uint8_t encrypted[4] = {4};
    static const struct {
        size_t off;
        const uint8_t *bytes;
        size_t len;
        int reason;
    } rows[] = {
        {0, zeros, 4, ERR_IMAGE_HEADER},        {12, huge, 4, ERR_IMAGE_SIZE},      {8, huge, 2, ERR_IMAGE_SIZE},
        {16, encrypted, 4, ERR_IMAGE_FLAGS},    {0x1000, zeros, 4, ERR_IMAGE_HASH}, {20, zeros, 4, ERR_IMAGE_HASH},
        {29995, zeros, 4, ERR_IMAGE_SIGNATURE}, {29850, zeros, 4, ERR_IMAGE_TLV},
    };

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct board board;

            start(&board, modes[m]);
            upload_changed(&board, rows[i].off, rows[i].bytes, rows[i].len);
            assert_refused(&board, rows[i].reason);
        }
    }
}

static void test_a_truncated_upload_is_refused(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;
        struct buffer part = {0};

        start(&board, modes[m]);
        buffer_append(&part, board.new->data, 25000);
        upload(&board, &part, false);
        buffer_free(&part);
        assert_refused(&board, ERR_IMAGE_SIZE);
    }
}

static void test_garbage_with_a_request_is_refused(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;
        struct random random = {41};
        uint8_t garbage[10000];
        struct buffer image = {.data = garbage, .len = sizeof garbage};

        start(&board, modes[m]);
        random_fill(&random, garbage, sizeof garbage);
        upload(&board, &image, true);
        assert_refused(&board, ERR_IMAGE_HEADER);
    }
}

static void test_an_image_by_another_key_is_refused(void **state)
{
    static uint8_t stranger[91];
    static const struct boot_key key = {stranger, sizeof stranger};
    struct board board;
    struct boot_result result;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    memcpy(stranger, images_key()->der, sizeof stranger);
    stranger[90] ^= 1;
    upload(&board, board.new, false);
    board.world.boot.keys = &key;
    /* The present image was signed by the key that is not known here either, so nothing boots, and nothing is lost. */
    assert_int_equal(boot(&board, &result), ERR_BOOT_NO_IMAGE);
    assert_int_equal(result.outcome[0].refused, ERR_IMAGE_KEY);
    assert_said("E: Image in the primary slot is not valid!");
    assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
    world_free(&board.world);
}

static void test_images_too_large_to_swap_are_refused(void **state)
{
    struct board board;
    struct boot_result result;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    upload(&board, images_get(board.world.mode->largest(&board.world) + 1, 2, 3), false);
    assert_refused(&board, ERR_IMAGE_SIZE);
    /* The one that is running may be too large as well: it boots, but cannot be swapped out. */
    start(&board, &boot_mode_swap_offset);
    world_erase(&board.world, WORLD_PRIMARY);
    board.old = images_get(board.world.mode->largest(&board.world) + 4097, 1, 4);
    world_put_image(&board.world, WORLD_PRIMARY, 0, board.old);
    upload(&board, board.new, false);
    assert_int_equal(boot(&board, &result), OK);
    assert_said("W: Not enough free space to run swap upgrade");
    assert_said("W: required 61441 bytes but only 61440 are available");
    assert_int_equal(result.outcome[0].refused, ERR_IMAGE_SIZE);
    assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
    world_free(&board.world);
}

static void test_an_upload_at_the_wrong_place_is_named(void **state)
{
    struct board board;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    world_put_image(&board.world, WORLD_SECONDARY, 0, board.new);
    world_request(&board.world, WORLD_SECONDARY, false);
    assert_refused(&board, ERR_IMAGE_HEADER);
}

static void test_a_lower_version_is_refused_but_a_revert_is_not(void **state)
{
    struct board board;
    struct boot_result result;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    board.world.boot.downgrade_prevention = true;
    upload(&board, images_get(10000, 0, 5), false);
    assert_refused(&board, ERR_IMAGE_VERSION);

    start(&board, &boot_mode_swap_offset);
    board.world.boot.downgrade_prevention = true;
    upload(&board, board.new, false);
    assert_int_equal(boot(&board, &result), OK);
    assert_int_equal(result.outcome[0].performed, SWAP_TEST);
    assert_int_equal(result.header.version.major, 2);
    assert_int_equal(boot(&board, &result), OK);
    assert_int_equal(result.outcome[0].performed, SWAP_REVERT);
    assert_int_equal(result.header.version.major, 1);
    world_free(&board.world);
}

static void test_an_image_linked_elsewhere_is_refused(void **state)
{
    struct board board;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    board.world.boot.verify_address = true;
    board.world.areas[0].primary_address = 0x10000;
    upload(&board, board.new, false); /* its vectors are random bytes */
    assert_refused(&board, ERR_IMAGE_ADDRESS);
}

static void test_console_lines_are_mcuboots(void **state)
{
    struct board board;
    struct boot_result result;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    upload(&board, board.new, false);
    assert_int_equal(boot(&board, &result), OK);
    assert_string_equal(console, "I: Primary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3\n"
                                 "I: Secondary image: magic=good, swap_type=0x2, copy_done=0x3, image_ok=0x3\n"
                                 "I: Boot source: none\n"
                                 "I: Image index: 0, Swap type: test\n"
                                 "I: Starting swap using offset algorithm.\n"
                                 /* Farboot's own, with CONFIG_BOOT_PROGRESS */
                                 "I: Update: 10 %\nI: Update: 20 %\nI: Update: 30 %\nI: Update: 40 %\n"
                                 "I: Update: 50 %\nI: Update: 60 %\nI: Update: 70 %\nI: Update: 80 %\n"
                                 "I: Update: 90 %\nI: Update: 100 %\n");
    world_free(&board.world);
}

static void test_an_absent_or_failing_secondary_does_not_keep_the_primary(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;
        struct boot_result result;

        start(&board, modes[m]);
        upload(&board, board.new, false);
        board.world.device[WORLD_EXTERNAL].absent = true;
        nor_power_on(&board.world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        console[0] = '\0';
        assert_int_equal(sim_boot(&board.world, &result), OK);
        assert_int_equal(result.header.version.major, 1);
        assert_int_equal(board.world.power.ops, 0);
        board.world.areas[0].secondary = NULL;
        assert_int_equal(sim_boot(&board.world, &result), OK);
        assert_int_equal(board.world.power.ops, 0);
        world_free(&board.world);
    }
}

/* A revert has nothing to go back to: the tested image stays rather than none. */
static void test_a_lost_old_image_leaves_the_new_one_running(void **state)
{
    struct board board;
    struct boot_result result;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    upload(&board, board.new, false);
    assert_int_equal(boot(&board, &result), OK);
    world_erase(&board.world, WORLD_SECONDARY);
    assert_int_equal(boot(&board, &result), OK);
    assert_int_equal(result.outcome[0].refused, ERR_IMAGE_HEADER);
    assert_int_equal(result.header.version.major, 2);
    assert_int_equal(boot(&board, &result), OK);
    assert_int_equal(board.world.power.ops, 0);
    world_free(&board.world);
}

/* External flash answers differently the second time: what was installed is not valid, and the old image returns. */
static void spoil_after_first_copy(void *context, const struct nor_device *device, const struct nor_op *op)
{
    struct board *board = context;

    if (device == &board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_ERASE && op->off == 0x1000) {
        world_bytes(&board->world, WORLD_SECONDARY)[0x1000 + 0x800] ^= 0xff;
    }
}

static void test_an_image_that_changes_while_it_is_copied_is_not_run(void **state)
{
    struct board board;
    struct boot_result result;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    upload(&board, board.new, true);
    board.world.power.watch = spoil_after_first_copy;
    board.world.power.context = &board;
    assert_int_equal(boot(&board, &result), OK);
    assert_said("I: Restoring the primary slot, swap type: revert");
    assert_int_equal(result.header.version.major, 1);
    board.world.power.watch = NULL;
    assert_int_equal(boot(&board, &result), OK);
    assert_int_equal(result.header.version.major, 1);
    assert_int_equal(board.world.power.ops, 0);
    world_free(&board.world);
}

/* Without CONFIG_BOOT_VALIDATE_SLOT0 only what no update has touched is taken for valid. */
static void assert_runs_a_whole_image(struct board *board)
{
    struct boot_result result;

    nor_power_on(&board->world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    if (sim_boot(&board->world, &result) == OK) {
        assert_true(world_has_image(&board->world, WORLD_PRIMARY, 0, board->old) ||
                    world_has_image(&board->world, WORLD_PRIMARY, 0, board->new));
    }
}

static void test_what_is_installed_is_verified_whatever_is_configured(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;
        struct boot_result result;

        start(&board, modes[m]);
        board.world.boot.validate_primary = false;
        upload(&board, board.new, true);
        board.world.power.watch = spoil_after_first_copy;
        board.world.power.context = &board;
        assert_runs_a_whole_image(&board);
        world_free(&board.world);

        start(&board, modes[m]);
        board.world.boot.validate_primary = false;
        assert_int_equal(trailer_program_magic(&board.world.area[WORLD_PRIMARY], &board.world.layout[WORLD_PRIMARY]),
                         OK);
        assert_int_equal(boot(&board, &result), OK);
        world_bytes(&board.world, WORLD_PRIMARY)[9000] ^= 1;
        assert_int_equal(boot(&board, &result), OK); /* as configured: nothing is asked for, nothing was begun */
        world_free(&board.world);
    }
}

/* Power fails in an update, and the chip does not come back, or another one does. */
static void check_half_an_image(const struct boot_mode *mode, bool is_exchanged)
{
    struct board board;
    struct boot_result result;
    bool is_cut = true;

    for (uint64_t at = 0; is_cut; at += 3) {
        start(&board, mode);
        board.world.boot.validate_primary = false;
        board.new = images_get(20000, 2, 2); /* as large as the old one: a mixture has all that is looked for */
        upload(&board, board.new, true);
        nor_power_on(&board.world.power, at, NOR_CUT_CLEAN, 0);
        is_cut = sim_boot(&board.world, &result) != OK;
        if (is_exchanged) {
            world_erase(&board.world, WORLD_SECONDARY);
        } else {
            board.world.device[WORLD_EXTERNAL].absent = true;
        }
        assert_runs_a_whole_image(&board);
        world_free(&board.world);
    }
}

static void test_half_an_image_is_not_run_whatever_is_configured(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        check_half_an_image(modes[m], false);
        check_half_an_image(modes[m], true);
    }
}

/* The same with another image that is valid as well, of a version that would not have been admitted. */
static void exchange_source(void *context, const struct nor_device *device, const struct nor_op *op)
{
    struct board *board = context;
    const struct buffer *lower = images_get(30000, 0, 6);

    if (device == &board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_ERASE &&
        op->off == board->world.area[WORLD_PRIMARY].off) {
        memcpy(world_bytes(&board->world, WORLD_SECONDARY) + 0x1000, lower->data, lower->len);
    }
}

static void test_an_image_that_is_exchanged_while_it_is_copied_is_not_run(void **state)
{
    struct board board;
    struct boot_result result;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    board.world.boot.downgrade_prevention = true;
    upload(&board, board.new, true);
    board.world.power.watch = exchange_source;
    board.world.power.context = &board;
    assert_int_equal(boot(&board, &result), OK);
    board.world.power.watch = NULL;
    assert_int_equal(result.header.version.major, 1);
    assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
    world_free(&board.world);
}

/* The chip shows another valid image as soon as the digest of the one that was verified is asked for once more. */
static struct {
    struct board *board;
    const struct flash_driver *driver;
    uint32_t digest_off; /* 0: not yet read */
} liar;

static void show_lower(void)
{
    const struct buffer *lower = images_get(30000, 0, 6);

    memcpy(world_bytes(&liar.board->world, WORLD_SECONDARY), lower->data, lower->len);
}

static int lie(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    uint32_t slot = liar.board->world.area[WORLD_SECONDARY].off;

    if (len == SHA256_SIZE && liar.digest_off == 0 && off - slot > 29000) { /* among the TLVs */
        liar.digest_off = off;
    } else if (len == SHA256_SIZE && off == liar.digest_off) {
        show_lower();
    }
    return liar.driver->read(dev, off, dst, len);
}

/* At the latest when the journal says what is about to be installed. */
static void lie_after_admission(void *context, const struct nor_device *device, const struct nor_op *op)
{
    (void)context;
    if (device == &liar.board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_PROGRAM) {
        show_lower();
    }
}

static void test_an_upgrade_with_backup_installs_what_was_admitted(void **state)
{
    struct board board;
    struct flash_device *chip = &board.world.device[WORLD_EXTERNAL].flash;
    struct boot_result result;
    struct flash_driver lying;

    (void)state;
    start(&board, &boot_mode_backup);
    world_erase(&board.world, WORLD_BACKUP);
    world_erase(&board.world, WORLD_JOURNAL);
    board.world.boot.downgrade_prevention = true;
    upload(&board, board.new, true);
    liar.board = &board;
    liar.driver = chip->driver;
    liar.digest_off = 0;
    lying = *liar.driver;
    lying.read = lie;
    chip->driver = &lying;
    board.world.power.watch = lie_after_admission;
    assert_int_equal(boot(&board, &result), OK);
    board.world.power.watch = NULL;
    assert_int_equal(result.header.version.major, 1);
    assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
    world_free(&board.world);
}

/* And the chip fails while the way back is being copied over that other image. */
static void exchange_source_and_fail(void *context, const struct nor_device *device, const struct nor_op *op)
{
    struct board *board = context;
    static unsigned times;

    exchange_source(context, device, op);
    if (device == &board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_ERASE && op->off == 0x4000) {
        board->world.device[WORLD_EXTERNAL].absent = ++times == 2;
    }
}

static void test_what_was_valid_before_it_was_overwritten_is_not_run(void **state)
{
    struct board board;
    struct boot_result result;

    (void)state;
    start(&board, &boot_mode_swap_offset);
    upload(&board, board.new, true);
    board.world.power.watch = exchange_source_and_fail;
    board.world.power.context = &board;
    nor_power_on(&board.world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    assert_int_equal(boot_go(&board.world.boot, &result), ERR_BOOT_NO_IMAGE);
    assert_true(board.world.device[WORLD_EXTERNAL].absent);
    board.world.power.watch = NULL;
    board.world.device[WORLD_EXTERNAL].absent = false;
    assert_int_equal(boot(&board, &result), OK);
    assert_int_equal(result.header.version.major, 1);
    world_free(&board.world);
}

/* What the secondary's trailer announces exempts nothing: the primary is confirmed, or was never under test. */
static void test_a_revert_that_only_external_flash_announces_goes_nowhere(void **state)
{
    (void)state;
    for (unsigned was_updated = 0; was_updated < 2; was_updated++) {
        struct board board;
        struct boot_result result;
        uint8_t *primary;
        uint8_t *secondary;

        start(&board, &boot_mode_swap_offset);
        board.world.boot.downgrade_prevention = true;
        primary = world_bytes(&board.world, WORLD_PRIMARY);
        secondary = world_bytes(&board.world, WORLD_SECONDARY);
        if (was_updated != 0) {
            upload(&board, board.new, true);
            assert_int_equal(boot(&board, &result), OK);
        } else { /* as imgtool sign --confirm makes it */
            const struct trailer_layout *layout = &board.world.layout[WORLD_PRIMARY];

            assert_int_equal(trailer_program_magic(&board.world.area[WORLD_PRIMARY], layout), OK);
            primary[layout->image_ok] = 1;
            world_put_image(&board.world, WORLD_SECONDARY, 0, images_get(10000, 0, 5));
        }
        secondary[board.world.layout[WORLD_SECONDARY].copy_done] = 1;
        world_request(&board.world, WORLD_SECONDARY, false);
        assert_int_equal(boot(&board, &result), OK);
        assert_int_not_equal(result.outcome[0].refused, OK);
        assert_int_equal(result.header.version.major, 1 + was_updated);
        world_free(&board.world);
    }
}

static void test_an_empty_primary_is_restored_from_a_valid_secondary(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;
        struct boot_result result;

        start(&board, modes[m]);
        world_erase(&board.world, WORLD_PRIMARY);
        world_put_image(&board.world, WORLD_SECONDARY, sim_upload_off(&board.world), board.new);
        assert_int_equal(boot(&board, &result), OK);
        assert_int_equal(result.header.version.major, 2);
        assert_int_equal(boot(&board, &result), OK);
        assert_int_equal(board.world.power.ops, 0);
        world_free(&board.world);
    }
}

/* Sectors that a copy in chunks of 256 bytes would not find. */
static void test_a_backup_needs_sectors_of_whole_chunks(void **state)
{
    static const struct world_geometry fine[] = {
        {"128", {{4, 0, 0xff, {{4096, 15}, {128, 32}}}, {1, 0, 0xff, {{4096, 16}}}}, {0}, 0},
        {"384", {{4, 0, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{4096, 14}, {384, 16}, {2048, 1}}}}, {0}, 0}};
    struct board board;
    struct boot_result result;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        start(&board, &boot_mode_backup);
        world_free(&board.world);
        world_init(&board.world, &fine[i], sim_mode_of(&boot_mode_backup), 1, 0);
        for (unsigned area = WORLD_PRIMARY; area < WORLD_ROLES; area++) {
            if (world_has(&board.world, area)) {
                world_erase(&board.world, area);
            }
        }
        world_put_image(&board.world, WORLD_PRIMARY, 0, board.old);
        upload(&board, board.new, false);
        assert_int_equal(boot(&board, &result), OK);
        assert_said("W: Cannot upgrade: not whole sectors of n * 256 bytes");
        assert_int_equal(result.outcome[0].refused, ERR_BOOT_GEOMETRY);
        assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
        assert_int_equal(boot(&board, &result), OK);
        assert_int_equal(result.outcome[0].refused, OK);
        world_free(&board.world);
    }
}

static void test_slots_that_cannot_be_exchanged_are_named(void **state)
{
    static const struct world_geometry uneven = {
        "uneven", {{4, 2, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{8192, 8}}}}, {0}, 0};
    static const struct world_geometry longer = {
        "longer", {{4, 2, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{4096, 18}}}}, {0}, 0};
    struct board board;
    struct boot_result result;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        start(&board, &boot_mode_swap_offset);
        world_free(&board.world);
        world_init(&board.world, i == 0 ? &uneven : &longer, sim_mode_of(&boot_mode_swap_offset), 1, 0);
        world_erase(&board.world, WORLD_PRIMARY);
        world_erase(&board.world, WORLD_SECONDARY);
        world_put_image(&board.world, WORLD_PRIMARY, 0, board.old);
        upload(&board, board.new, false);
        assert_int_equal(boot(&board, &result), OK);
        assert_said(i == 0 ? "W: Cannot upgrade: not same sector layout\n"
                             "W: Sectors: primary 16 of 4096 bytes, secondary 8 of 8192, trailer 16"
                           : "W: Cannot upgrade: not a compatible amount of sectors\n"
                             "W: Sectors: primary 16 of 4096 bytes, secondary 18 of 4096, trailer 18");
        assert_int_equal(result.outcome[0].refused, ERR_BOOT_GEOMETRY);
        assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
        world_free(&board.world);
    }
}

/* Trailers whose fields are each valid, torn or random. */
static void scramble_trailer(struct world *world, struct random *random, unsigned id)
{
    static const uint8_t flag_values[] = {0x01, 0xff, 0x03, 0x00, 0x02, 0x04};
    const struct trailer_layout *layout = &world->layout[id];
    uint8_t *slot = world_bytes(world, id);
    const uint32_t flags[] = {layout->image_ok, layout->copy_done, layout->swap_info};

    if (random_below(random, 3) != 0) {
        assert_int_equal(trailer_program_magic(&world->area[id], layout), OK);
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        slot[flags[i]] = flag_values[random_below(random, sizeof flag_values)];
    }
    for (uint32_t i = random_below(random, 12); i > 0; i--) {
        slot[layout->status + random_below(random, world->area[id].size - layout->status)] =
            (uint8_t)random_next(random);
    }
    if (random_below(random, 2) == 0) {
        uint32_t size = random_below(random, 100000);

        memcpy(slot + layout->swap_size, &size, sizeof size);
    }
}

/* Fuzz: whatever trailers and slots say, boot_go ends, breaks no physics and leaves the slots' neighbours alone; what
 * it runs is one of the two images, whole. */
static void test_random_trailers_and_slots_are_survived(void **state)
{
    struct random random = {51};
    unsigned booted = 0;

    (void)state;
    for (unsigned run = 0; run < 3000; run++) {
        struct board board;
        struct boot_result result;
        struct state before;

        start(&board, modes[run % 2]);
        world_put_image(&board.world, WORLD_SECONDARY, random_below(&random, 2) == 0 ? 0 : 4096, board.new);
        scramble_trailer(&board.world, &random, WORLD_PRIMARY);
        scramble_trailer(&board.world, &random, WORLD_SECONDARY);
        if (random_below(&random, 4) == 0) {
            random_fill(&random, world_bytes(&board.world, random_below(&random, 2)) + random_below(&random, 30000),
                        5000);
        }
        world_save(&board.world, &before);
        for (unsigned again = 0; again < 3; again++) {
            console[0] = '\0';
            nor_power_on(&board.world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
            if (sim_boot(&board.world, &result) == OK) {
                booted++;
                assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old) ||
                            world_has_image(&board.world, WORLD_PRIMARY, 0, board.new));
            }
        }
        assert_true(world_guards_hold(&board.world, &before));
        assert_string_equal(world_violation(&board.world), "");
        world_drop(&board.world, &before);
        world_free(&board.world);
    }
    assert_true(booted > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images_that_do_not_verify_are_refused),
        cmocka_unit_test(test_a_truncated_upload_is_refused),
        cmocka_unit_test(test_garbage_with_a_request_is_refused),
        cmocka_unit_test(test_an_image_by_another_key_is_refused),
        cmocka_unit_test(test_images_too_large_to_swap_are_refused),
        cmocka_unit_test(test_an_upload_at_the_wrong_place_is_named),
        cmocka_unit_test(test_a_lower_version_is_refused_but_a_revert_is_not),
        cmocka_unit_test(test_an_image_linked_elsewhere_is_refused),
        cmocka_unit_test(test_console_lines_are_mcuboots),
        cmocka_unit_test(test_an_absent_or_failing_secondary_does_not_keep_the_primary),
        cmocka_unit_test(test_a_lost_old_image_leaves_the_new_one_running),
        cmocka_unit_test(test_an_image_that_changes_while_it_is_copied_is_not_run),
        cmocka_unit_test(test_what_is_installed_is_verified_whatever_is_configured),
        cmocka_unit_test(test_half_an_image_is_not_run_whatever_is_configured),
        cmocka_unit_test(test_an_image_that_is_exchanged_while_it_is_copied_is_not_run),
        cmocka_unit_test(test_an_upgrade_with_backup_installs_what_was_admitted),
        cmocka_unit_test(test_what_was_valid_before_it_was_overwritten_is_not_run),
        cmocka_unit_test(test_a_revert_that_only_external_flash_announces_goes_nowhere),
        cmocka_unit_test(test_an_empty_primary_is_restored_from_a_valid_secondary),
        cmocka_unit_test(test_a_backup_needs_sectors_of_whole_chunks),
        cmocka_unit_test(test_slots_that_cannot_be_exchanged_are_named),
        cmocka_unit_test(test_random_trailers_and_slots_are_survived),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
