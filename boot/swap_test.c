/* What the swap modes share and their plans do not show: what trailers are taken for, and what may be believed. */
#include "boot/swap.h"

#include "boot/swap_fixture.h"
#include "host/random.h"

#define SECTORS   16U
#define USABLE    (15U * SECTOR) /* below the trailer */
#define SWAP_SIZE (3U * SECTOR)

struct swap {
    struct boot_config config;
    struct boot boot;
};

static void start(struct swap *swap, const struct boot_mode *mode)
{
    *swap = (struct swap){.config = {.mode = mode}};
    swap->boot.config = &swap->config;
    for (size_t i = 0; i < 2; i++) {
        struct boot_slot *slot = &swap->boot.slots[i];

        slot->sector = SECTOR;
        slot->sectors = SECTORS;
        slot->layout.status = USABLE + 0x800;
        slot->layout.status_cells = mode->status_steps * SECTORS;
        slot->layout.move_cells = mode->move_steps * SECTORS;
    }
    swap->boot.update.primary = trailer_unset();
    swap->boot.update.secondary = trailer_unset();
}

/* The primary's trailer of a swap that was begun. */
static struct trailer *begin(struct swap *swap, enum swap_type type)
{
    struct trailer *primary = &swap->boot.update.primary;

    primary->magic = TRAILER_MAGIC_GOOD;
    primary->swap_type = type;
    primary->image_ok = type == SWAP_TEST ? TRAILER_FLAG_UNSET : TRAILER_FLAG_SET;
    primary->swap_size = SWAP_SIZE;
    return primary;
}

static void ask(struct swap *swap, bool permanent)
{
    struct trailer *secondary = &swap->boot.update.secondary;

    secondary->magic = TRAILER_MAGIC_GOOD;
    secondary->image_ok = permanent ? TRAILER_FLAG_SET : TRAILER_FLAG_UNSET;
    secondary->swap_type = permanent ? SWAP_PERM : SWAP_TEST;
}

static enum swap_type classify(struct swap *swap)
{
    swap_classify(&swap->boot, false);
    return swap->boot.update.type;
}

static void test_units_hold_all_bytes_and_none_is_empty(void **state)
{
    struct random random = {318};

    (void)state;
    assert_int_equal(swap_units(0, SECTOR), 0);
    assert_int_equal(swap_units(UINT32_MAX, SECTOR), 0x100000);
    assert_int_equal(swap_units(UINT32_MAX, UINT32_MAX), 1);
    for (unsigned run = 0; run < 1000; run++) {
        uint32_t unit = 1 + random_below(&random, 0x40000);
        uint32_t bytes = UINT32_MAX - (uint32_t)random_next(&random) % UINT32_MAX;
        uint64_t units = swap_units(bytes, unit);

        assert_true(units * unit >= bytes && (units - 1) * unit < bytes);
    }
}

static void test_the_sector_with_the_first_byte_of_the_trailer_is_found(void **state)
{
    static const uint32_t rows[][2] = {
        {USABLE, USABLE}, {USABLE + 1, USABLE}, {USABLE + SECTOR - 1, USABLE}, {USABLE - 1, USABLE - SECTOR}, {8, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct boot_slot slot = {.sector = SECTOR, .layout = {.status = rows[i][0]}};

        assert_int_equal(swap_first_trailer_sector(&slot), rows[i][1]);
    }
}

static void test_only_slots_of_equal_sectors_are_exchanged(void **state)
{
    static const struct {
        uint32_t sector;  /* of the secondary */
        uint32_t primary; /* sectors */
        uint32_t secondary;
        uint32_t more;  /* as given */
        uint32_t cells; /* sectors that status has room for */
        bool is_accepted;
    } rows[] = {
        {SECTOR, SECTORS, SECTORS, 0, SECTORS, true},      {SECTOR, SECTORS, SECTORS + 1, 1, SECTORS, true},
        {SECTOR, SECTORS, SECTORS + 2, 2, SECTORS, false}, {SECTOR, SECTORS, SECTORS - 1, UINT32_MAX, SECTORS, false},
        {2 * SECTOR, SECTORS, SECTORS, 0, SECTORS, false}, {0, SECTORS, SECTORS, 0, SECTORS, false},
        {SECTOR, 0, SECTORS, 0, SECTORS, false},           {SECTOR, SECTORS, 0, 0, SECTORS, false},
        {SECTOR, SECTORS, SECTORS, 0, SECTORS - 1, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct swap swap;

        start(&swap, &boot_mode_swap_offset);
        swap.boot.slots[BOOT_SECONDARY].sector = rows[i].sector;
        swap.boot.slots[BOOT_PRIMARY].sectors = rows[i].primary;
        swap.boot.slots[BOOT_SECONDARY].sectors = rows[i].secondary;
        swap.boot.slots[BOOT_PRIMARY].layout.status_cells = 2 * rows[i].cells + 1;
        assert_int_equal(swap_check_equal_sectors(&swap.boot, rows[i].more),
                         rows[i].is_accepted ? OK : ERR_BOOT_GEOMETRY);
    }
}

/* Whatever the trailer of a begun swap says: it goes on within its steps, or not at all. */
static void test_a_begun_swap_goes_on_where_its_cells_say(void **state)
{
    static const struct boot_mode *const modes[] = {&boot_mode_swap_offset, &boot_mode_swap_move};
    struct random random = {319};

    (void)state;
    for (unsigned run = 0; run < 2000; run++) {
        const struct boot_mode *mode = modes[run % 2];
        const enum swap_type type = swap_types[run / 2 % SWAP_TYPES];
        struct swap swap;
        const struct update *update = &swap.boot.update;
        struct trailer *primary;
        uint32_t moves;

        start(&swap, mode);
        primary = begin(&swap, type);
        primary->swap_size = random_below(&random, USABLE + 2 * SECTOR);
        primary->moves_done = mode->move_steps * random_below(&random, 100);
        primary->status_done = random_below(&random, 2) * random_below(&random, 100);
        if (!swap_size_is_possible(&swap.boot, primary->swap_size)) {
            assert_int_equal(classify(&swap), SWAP_NONE);
            assert_false(update->is_resumed);
            continue;
        }
        assert_int_equal(classify(&swap), type);
        assert_true(update->is_resumed);
        moves = update->steps - update->cells;
        if (primary->status_done > 0) {
            assert_int_equal(update->done, moves + swap_smaller(primary->status_done, update->cells));
        } else {
            assert_int_equal(update->done, swap_smaller(primary->moves_done, moves));
        }
    }
}

static void test_a_swap_is_no_larger_than_what_a_revert_finds(void **state)
{
    struct swap swap;

    (void)state;
    start(&swap, &boot_mode_swap_offset);
    assert_false(swap_size_is_possible(&swap.boot, 0));
    assert_true(swap_size_is_possible(&swap.boot, 1));
    assert_true(swap_size_is_possible(&swap.boot, USABLE));
    assert_false(swap_size_is_possible(&swap.boot, USABLE + 1));
    assert_false(swap_size_is_possible(&swap.boot, UINT32_MAX));
    swap.boot.slots[BOOT_PRIMARY].layout.status = 0x800; /* it is all trailer */
    assert_false(swap_size_is_possible(&swap.boot, 1));
}

/* docs/SPEC.md, "Decision": the three cases in which the table alone would be wrong, and their neighbours. */
static void test_a_primary_trailer_that_is_complete_knows_better_than_a_request(void **state)
{
    static const struct {
        enum swap_type begun; /* SWAP_NONE: the primary's trailer is erased */
        uint32_t status_done;
        bool permanent;
        enum swap_type said; /* the secondary's swap_info */
        enum swap_type type;
    } rows[] = {
        {SWAP_NONE, 0, false, SWAP_TEST, SWAP_TEST},     {SWAP_NONE, 0, true, SWAP_PERM, SWAP_PERM},
        {SWAP_REVERT, 0, false, SWAP_TEST, SWAP_REVERT}, {SWAP_REVERT, 1, true, SWAP_PERM, SWAP_REVERT},
        {SWAP_REVERT, 2, false, SWAP_TEST, SWAP_TEST},   {SWAP_PERM, 0, false, SWAP_NONE, SWAP_PERM},
        {SWAP_PERM, 0, false, SWAP_TEST, SWAP_TEST},     {SWAP_PERM, 2, false, SWAP_NONE, SWAP_TEST},
        {SWAP_TEST, 0, true, SWAP_PERM, SWAP_PERM},      {SWAP_TEST, 0, false, SWAP_NONE, SWAP_TEST},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct swap swap;

        start(&swap, &boot_mode_swap_offset);
        if (rows[i].begun != SWAP_NONE) {
            begin(&swap, rows[i].begun)->status_done = rows[i].status_done;
        }
        ask(&swap, rows[i].permanent);
        swap.boot.update.secondary.swap_type = rows[i].said;
        assert_int_equal(classify(&swap), rows[i].type);
        assert_false(swap.boot.update.is_resumed);
        assert_int_equal(swap.boot.update.fallback, rows[i].permanent ? SWAP_PERM : SWAP_TEST);
    }
}

static void test_a_confirmed_image_is_not_reverted_by_an_announcement(void **state)
{
    (void)state;
    for (unsigned confirmed = 0; confirmed < 2; confirmed++) {
        struct swap swap;
        struct trailer *primary = &swap.boot.update.primary;

        start(&swap, &boot_mode_swap_offset);
        primary->magic = TRAILER_MAGIC_GOOD;
        primary->copy_done = TRAILER_FLAG_SET;
        primary->image_ok = confirmed != 0 ? TRAILER_FLAG_SET : TRAILER_FLAG_UNSET;
        ask(&swap, false);
        swap.boot.update.secondary.copy_done = TRAILER_FLAG_SET;
        assert_int_equal(classify(&swap), confirmed != 0 ? SWAP_TEST : SWAP_REVERT);
    }
}

/* Torn, it starts the image once: one more status cell says that it was. Without a free cell it goes back. */
static void test_a_torn_copy_done_counts_as_started_with_one_more_cell(void **state)
{
    static const struct {
        uint32_t status_done;
        uint32_t swap_size;
        bool is_started;
    } rows[] = {{6, SWAP_SIZE, false}, {7, SWAP_SIZE, true}, {30, USABLE, false}, {31, USABLE, true}};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        bool is_full = i % 2 != 0;
        struct swap swap;
        const struct update *update = &swap.boot.update;
        struct trailer *primary;

        start(&swap, &boot_mode_swap_offset);
        primary = begin(&swap, SWAP_TEST);
        primary->copy_done = TRAILER_FLAG_BAD;
        primary->status_done = rows[i / 2].status_done;
        primary->swap_size = rows[i / 2].swap_size;
        if (is_full) {
            swap.boot.slots[BOOT_PRIMARY].layout.status_cells = 2 * swap_units(primary->swap_size, SECTOR);
        }
        assert_int_equal(classify(&swap), is_full || rows[i / 2].is_started ? SWAP_REVERT : SWAP_TEST);
        assert_int_equal(update->is_resumed, !is_full && !rows[i / 2].is_started);
        assert_int_equal(update->done, update->is_resumed ? update->steps : 0);
    }
}

/* The last steps in their order, and none of them before what was installed is verified. */
static void test_an_image_is_verified_and_confirmed_before_it_counts_as_copied(void **state)
{
    (void)state;
    for (size_t i = 0; i < SWAP_TYPES; i++) {
        struct swap swap;
        struct update update;
        enum boot_step_kind found[4] = {STEP_DONE};
        size_t count = 0;

        start(&swap, &boot_mode_swap_offset);
        swap_begin(&update, &boot_mode_swap_offset, swap.boot.slots, swap_types[i], SECTOR, SWAP_SIZE, SWAP_SIZE);
        do {
            struct boot_step step = {.kind = STEP_DONE};

            swap_plan_completion(&update, &step);
            found[count] = step.kind;
            swap_advance(&update, &step);
            if (step.kind == STEP_VERIFY) {
                assert_int_equal(count, 0);
                update.is_installed = HARDENED_TRUE;
            }
        } while (found[count++] != STEP_DONE && count < 4);
        assert_int_equal(found[0], STEP_VERIFY);
        assert_int_equal(found[count - 1], STEP_DONE);
        assert_int_equal(found[count - 2], STEP_COPY_DONE);
        assert_int_equal(count, swap_types[i] == SWAP_TEST ? 3 : 4);
        assert_true(count == 3 || found[1] == STEP_IMAGE_OK);
    }
}

/* One field that is not what preparation writes, and the trailer is written again. */
static void test_a_primary_trailer_is_ready_only_as_a_whole(void **state)
{
    (void)state;
    for (unsigned field = 0; field < 9; field++) {
        struct update update = {.type = SWAP_PERM, .starting = trailer_unset()};
        struct trailer *found = &update.primary;

        update.starting.magic = TRAILER_MAGIC_GOOD;
        update.starting.swap_type = SWAP_PERM;
        update.starting.image_ok = TRAILER_FLAG_SET;
        update.starting.swap_size = SWAP_SIZE;
        *found = update.starting;
        found->magic = field == 1 ? TRAILER_MAGIC_BAD : found->magic;
        found->swap_type = field == 2 ? SWAP_TEST : found->swap_type;
        found->image_ok = field == 3 ? TRAILER_FLAG_UNSET : found->image_ok;
        found->copy_done = field == 4 ? TRAILER_FLAG_BAD : found->copy_done;
        found->swap_size += field == 5;
        found->tlv_sizes += field == 6;
        found->status_done = field == 7;
        found->moves_done = field == 8;
        assert_int_equal(swap_primary_is_ready(&update), field == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units_hold_all_bytes_and_none_is_empty),
        cmocka_unit_test(test_the_sector_with_the_first_byte_of_the_trailer_is_found),
        cmocka_unit_test(test_only_slots_of_equal_sectors_are_exchanged),
        cmocka_unit_test(test_a_begun_swap_goes_on_where_its_cells_say),
        cmocka_unit_test(test_a_swap_is_no_larger_than_what_a_revert_finds),
        cmocka_unit_test(test_a_primary_trailer_that_is_complete_knows_better_than_a_request),
        cmocka_unit_test(test_a_confirmed_image_is_not_reverted_by_an_announcement),
        cmocka_unit_test(test_a_torn_copy_done_counts_as_started_with_one_more_cell),
        cmocka_unit_test(test_an_image_is_verified_and_confirmed_before_it_counts_as_copied),
        cmocka_unit_test(test_a_primary_trailer_is_ready_only_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
