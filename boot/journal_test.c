#include "tests/unit.h"

#include "boot/crc32.h"
#include "boot/journal.h"
#include "host/random.h"

/*
 * Flash at its worst: a program or an erase that power cuts short leaves bits that are done, bits that are not, and
 * bits that read differently each time until they are programmed or the sector is erased completely.
 */
/* Numbers of operations, of one value: claim, record; erase, claim, carried, claim, record. */
enum { FIRST_RECORD = 1, RECORD_BEHIND_CARRIED = 4 };
enum { FLASH_MAX = 32768, VALUES_MAX = 4, VERSIONS_MAX = 128 };

struct weak {
    struct flash_device flash;
    struct flash_geometry geometry;
    struct flash_range range;
    uint8_t data[FLASH_MAX];
    uint8_t unstable[FLASH_MAX];
    uint8_t attempts[FLASH_MAX]; /* programs of a write block since its erase, begun or done */
    uint32_t ops;
    uint32_t cut_at; /* operation in which power fails */
    bool is_off;
    bool violated; /* a bit was programmed that an earlier program had to leave erased */
    struct random random;
};

static struct weak *weak_of(const struct flash_device *dev)
{
    return dev->state;
}

static int weak_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    struct weak *weak = weak_of(dev);
    uint8_t *out = dst;

    for (size_t i = 0; i < len; i++) {
        uint8_t noise = weak->unstable[off + i] != 0 ? (uint8_t)random_next(&weak->random) : 0;

        out[i] = (uint8_t)((weak->data[off + i] & ~weak->unstable[off + i]) | (noise & weak->unstable[off + i]));
    }
    return weak->is_off ? ERR_FLASH_CUT : OK;
}

static bool fails_now(struct weak *weak)
{
    weak->is_off = weak->is_off || weak->ops++ == weak->cut_at;
    return weak->is_off;
}

/* Of the bits in `wanted`, the ones that changed are no longer unstable, those that only began to are. */
static void change_bits(struct weak *weak, uint32_t at, uint8_t wanted, uint8_t done, uint8_t begun)
{
    uint8_t *data = &weak->data[at];

    done &= wanted;
    begun = (uint8_t)(begun & wanted & ~done);
    *data ^= done & (*data ^ (uint8_t)~weak->geometry.erased_value);
    weak->unstable[at] = (uint8_t)((weak->unstable[at] & ~done) | begun);
}

static int weak_program(const struct flash_device *dev, uint32_t off, const void *src, size_t len)
{
    struct weak *weak = weak_of(dev);
    const uint8_t *bytes = src;
    uint32_t block = weak->geometry.write_block;
    bool torn = fails_now(weak);
    size_t prefix = len;
    bool nearly = random_below(&weak->random, 2) == 0; /* a few bits of the last block are unstable */
    uint32_t done = nearly ? 15 : random_below(&weak->random, 17);
    uint32_t begun = nearly ? 16 : random_below(&weak->random, 17);

    if (torn && weak->ops != weak->cut_at + 1) {
        return ERR_FLASH_CUT;
    }
    if (torn) {
        prefix = nearly ? len - block : (size_t)block * random_below(&weak->random, (uint32_t)(len / block));
    }
    for (uint32_t i = 0; i < len && i < prefix + block; i++) {
        uint8_t wanted = bytes[i] ^ weak->geometry.erased_value;

        weak->attempts[off + i]++;
        weak->violated = weak->violated || ((weak->data[off + i] ^ weak->geometry.erased_value) & ~wanted &
                                            ~weak->unstable[off + i]) != 0;
        change_bits(weak, off + i, wanted, i < prefix ? 0xff : (uint8_t)random_bits(&weak->random, done),
                    i < prefix ? 0 : (uint8_t)random_bits(&weak->random, begun));
    }
    return torn ? ERR_FLASH_CUT : OK;
}

static int weak_erase(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    struct weak *weak = weak_of(dev);
    bool torn = fails_now(weak);
    uint32_t done = torn ? random_below(&weak->random, 17) : 16;
    uint32_t begun = torn ? random_below(&weak->random, 17) : 0;

    if (torn && weak->ops != weak->cut_at + 1) {
        return ERR_FLASH_CUT;
    }
    for (uint32_t i = off; i < off + len; i++) {
        uint8_t risen = (uint8_t)random_bits(&weak->random, done);
        uint8_t programmed = weak->data[i] ^ weak->geometry.erased_value;

        weak->data[i] ^= programmed & risen;
        weak->unstable[i] = (uint8_t)(~risen & (weak->unstable[i] | (programmed & random_bits(&weak->random, begun))));
        weak->attempts[i] = torn ? weak->attempts[i] : 0;
    }
    return torn ? ERR_FLASH_CUT : OK;
}

static int weak_sync(const struct flash_device *dev)
{
    return weak_of(dev)->is_off ? ERR_FLASH_CUT : OK;
}

static const struct flash_geometry *weak_geometry(const struct flash_device *dev)
{
    return &weak_of(dev)->geometry;
}

static const struct flash_driver driver = {.init = weak_sync,
                                           .deinit = weak_sync,
                                           .read = weak_read,
                                           .program = weak_program,
                                           .erase = weak_erase,
                                           .sync = weak_sync,
                                           .geometry = weak_geometry};

/* A value is version numbers: of the present one and, so that all of its bytes count, of the same again. */
struct board {
    struct weak weak;
    struct flash_area area;
    struct journal journal;
    struct journal_value values[VALUES_MAX];
    size_t count;
    uint8_t data[VALUES_MAX][JOURNAL_VALUE_MAX];
    bool possible[VALUES_MAX][VERSIONS_MAX]; /* what opening may find; version 0: never written */
    uint8_t next[VALUES_MAX];                /* version to be written */
};

static const uint32_t write_blocks[] = {1, 2, 4, 8, 16, 32, 64, 128};

static void smallest_area(struct board *board)
{
    board->area = (struct flash_area){.dev = &board->weak.flash, .off = 2048, .size = 0};
    do {
        board->area.size += 2 * board->weak.range.sector_size;
    } while (journal_open(&board->journal, &board->area, board->values, board->count) != OK);
}

static void init(struct board *board, uint64_t seed)
{
    struct random *random = &board->weak.random;
    uint32_t sector;

    memset(board, 0, sizeof *board);
    random->state = seed;
    board->weak.geometry = (struct flash_geometry){.write_block = write_blocks[random_below(random, 8)],
                                                   .erased_value = random_below(random, 3) == 0 ? 0 : 0xff,
                                                   .range_count = 1,
                                                   .ranges = &board->weak.range};
    sector = 512U << random_below(random, 3);
    board->weak.geometry.size = FLASH_MAX;
    board->weak.range = (struct flash_range){0, sector, FLASH_MAX / sector};
    board->weak.flash = (struct flash_device){.driver = &driver, .state = &board->weak, .name = "weak"};
    board->weak.cut_at = UINT32_MAX;
    random_fill(random, board->weak.data, FLASH_MAX);
    board->count = 1 + random_below(random, VALUES_MAX);
    for (size_t i = 0; i < board->count; i++) {
        board->values[i] = (struct journal_value){
            .data = board->data[i], .size = (uint16_t)(1 + random_below(random, 110)), .key = (uint8_t)(1 + 3 * i)};
        board->possible[i][0] = true;
        board->next[i] = 1;
    }
    smallest_area(board);
    board->area.size += random_below(random, 2) * 2 * sector; /* or one larger: pages change often */
}

static void power_on(struct board *board, uint32_t cut_at)
{
    board->weak.ops = 0;
    board->weak.cut_at = cut_at;
    board->weak.is_off = false;
}

static uint8_t version_of(const struct board *board, size_t i)
{
    return board->data[i][0];
}

static void set_version(struct board *board, size_t i, uint8_t version)
{
    for (size_t at = 0; at < board->values[i].size; at++) {
        board->data[i][at] = version == 0 ? 0 : (uint8_t)(version + at * 7);
    }
}

/* What is in RAM is now what every later opening must find. */
static void settle(struct board *board)
{
    for (size_t i = 0; i < board->count; i++) {
        memset(board->possible[i], 0, sizeof board->possible[i]);
        board->possible[i][version_of(board, i)] = true;
    }
}

static void open_and_check(struct board *board)
{
    uint8_t expected[JOURNAL_VALUE_MAX];

    memset(board->data, 0xa5, sizeof board->data);
    assert_int_equal(journal_open(&board->journal, &board->area, board->values, board->count), OK);
    assert_int_equal(board->weak.ops, 0); /* opening writes nothing */
    for (size_t i = 0; i < board->count; i++) {
        uint8_t version = version_of(board, i);

        assert_true(version < VERSIONS_MAX && board->possible[i][version]);
        memcpy(expected, board->data[i], sizeof expected);
        set_version(board, i, version);
        assert_memory_equal(expected, board->data[i], sizeof expected);
    }
    if (board->journal.is_settled) {
        settle(board);
    }
}

/* A random write or restatement; returns whether power stayed. */
static bool act(struct board *board)
{
    size_t i = random_below(&board->weak.random, (uint32_t)board->count);
    int err;

    if (random_below(&board->weak.random, 4) == 0) {
        err = journal_restate(&board->journal);
    } else if (random_below(&board->weak.random, 3) == 0) {
        bool was_settled = board->journal.is_settled;
        uint32_t ops = board->weak.ops;

        err = journal_settle(&board->journal);
        assert_true(!was_settled || board->weak.ops == ops);
    } else {
        set_version(board, i, board->next[i]);
        board->possible[i][board->next[i]] = true;
        board->next[i]++;
        err = journal_write(&board->journal, &board->values[i]);
    }
    if (err == OK) {
        settle(board);
    } else {
        assert_int_equal(err, ERR_FLASH_CUT);
    }
    return err == OK;
}

/* No slot is programmed twice, whatever was cut short before: only claims are. */
static void check_places(const struct board *board)
{
    const struct journal *journal = &board->journal;
    uint32_t block = board->weak.geometry.write_block;

    for (uint32_t page = 0; page < 2; page++) {
        uint32_t first = board->area.off + page * journal->page_size + journal->slots * block;

        for (uint32_t at = first; at < board->area.off + (page + 1) * journal->page_size; at += block) {
            assert_true(board->weak.attempts[at] <= 1);
        }
    }
}

static void check_outside(const struct board *board, const struct weak *before)
{
    uint32_t end = board->area.off + board->area.size;

    assert_memory_equal(board->weak.data, before->data, board->area.off);
    assert_memory_equal(board->weak.data + end, before->data + end, FLASH_MAX - end);
}

/* Property: without cuts, opening finds what was written last, over many changes of pages. */
static void test_the_last_write_counts(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct board board;
        struct weak before;

        init(&board, seed);
        before = board.weak;
        for (unsigned boot = 0; boot < 20; boot++) {
            power_on(&board, UINT32_MAX);
            open_and_check(&board);
            for (uint32_t n = random_below(&board.weak.random, 3); n > 0; n--) {
                assert_true(act(&board));
            }
        }
        check_outside(&board, &before);
        assert_false(board.weak.violated);
    }
}

/*
 * Property: with power failing in writes again and again, opening finds of each value the last that was durable or one
 * that was tried since; once restated, it is that one for ever.
 */
static void test_cuts_at_any_time_leave_old_or_new_and_what_was_restated_stays(void **state)
{
    unsigned cuts = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 800; seed++) {
        struct board board;

        init(&board, seed);
        for (unsigned boot = 0; boot < 40; boot++) {
            bool is_cut = random_below(&board.weak.random, 3) != 0;
            bool goes_on = true;

            power_on(&board, is_cut ? random_below(&board.weak.random, 12) : UINT32_MAX);
            open_and_check(&board);
            for (uint32_t n = random_below(&board.weak.random, 3); goes_on && n > 0; n--) {
                goes_on = act(&board);
            }
            cuts += goes_on ? 0 : 1;
            check_places(&board);
        }
        assert_false(board.weak.violated);
    }
    assert_true(cuts > 4000);
}

/*
 * Property: boots that are cut one after another, in the first record that they write or in the one that makes a page
 * count, fill pages with remains that may read well, or not. Of what was durable before nothing is lost.
 */
static void test_pages_full_of_remains_lose_nothing(void **state)
{
    static const uint32_t cuts[] = {FIRST_RECORD, RECORD_BEHIND_CARRIED};

    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct board board;

        init(&board, seed);
        board.count = 1;
        smallest_area(&board);
        power_on(&board, UINT32_MAX);
        open_and_check(&board);
        for (unsigned boot = 0; boot < 60; boot++) {
            set_version(&board, 0, board.next[0]);
            board.possible[0][board.next[0]++] = true;
            if (journal_write(&board.journal, &board.values[0]) == OK) {
                settle(&board);
            }
            /* The first ones make both pages count. */
            power_on(&board, boot < 2 ? UINT32_MAX : cuts[random_below(&board.weak.random, 2)]);
            open_and_check(&board);
        }
        assert_false(board.weak.violated);
    }
}

/* Fuzz: random bytes, and a journal in which some bytes are random: opening ends, and writing works in the end. */
static void test_random_contents_are_survived(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct board board;
        struct random random = {seed};
        int err = ERR_FLASH_IO;

        init(&board, seed);
        power_on(&board, UINT32_MAX);
        for (unsigned n = 0; seed % 3 != 0 && n < 5; n++) {
            power_on(&board, UINT32_MAX);
            open_and_check(&board);
            (void)act(&board);
        }
        for (unsigned n = random_below(&random, 40); n > 0; n--) {
            board.weak.data[board.area.off + random_below(&random, board.area.size)] = (uint8_t)random_next(&random);
        }
        for (unsigned tries = 0; err != OK && tries < 8; tries++) { /* a damaged claim costs its slot */
            assert_int_equal(journal_open(&board.journal, &board.area, board.values, board.count), OK);
            set_version(&board, 0, 60);
            err = journal_write(&board.journal, &board.values[0]);
        }
        assert_int_equal(err, OK);
        memset(board.data, 0, sizeof board.data);
        assert_int_equal(journal_open(&board.journal, &board.area, board.values, board.count), OK);
        assert_int_equal(version_of(&board, 0), 60);
    }
}

/*
 * Once settled, settling it again writes nothing, whatever was cut short before; but for once, when all that makes the
 * other page count are the remains of writes that were cut short, and are found missing.
 */
static void test_a_settled_journal_is_written_no_more(void **state)
{
    unsigned again = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct board board;
        unsigned writes = 0;

        init(&board, seed);
        for (unsigned boot = 0; boot < 10; boot++) {
            power_on(&board, random_below(&board.weak.random, 12));
            open_and_check(&board);
            (void)act(&board);
        }
        power_on(&board, UINT32_MAX);
        open_and_check(&board);
        assert_int_equal(journal_settle(&board.journal), OK);
        settle(&board);
        for (unsigned boot = 0; boot < 3; boot++) {
            power_on(&board, UINT32_MAX);
            open_and_check(&board);
            assert_int_equal(journal_settle(&board.journal), OK);
            writes += board.weak.ops != 0 ? 1 : 0;
        }
        assert_true(writes <= 1);
        again += writes;
    }
    assert_true(again < 100);
}

static void test_areas_without_room_or_pages_are_refused(void **state)
{
    struct board board;
    struct journal *journal = &board.journal;

    (void)state;
    init(&board, 5);
    board.values[0].size = 60;
    board.area.size = 8192 + 512;
    board.weak.range = (struct flash_range){0, 512, 32};
    assert_int_equal(journal_open(journal, &board.area, board.values, 1), ERR_BOOT_GEOMETRY); /* half a sector */
    board.area = (struct flash_area){.dev = &board.weak.flash, .off = 256, .size = 8192};
    assert_int_equal(journal_open(journal, &board.area, board.values, 1), ERR_BOOT_GEOMETRY);
    board.area = (struct flash_area){.dev = &board.weak.flash, .off = 0, .size = 512};
    assert_int_equal(journal_open(journal, &board.area, board.values, 1), ERR_BOOT_GEOMETRY);
    board.area.size = 0;
    assert_int_equal(journal_open(journal, &board.area, board.values, 1), ERR_BOOT_GEOMETRY);
    assert_int_equal(journal_write(journal, &board.values[0]), ERR_BOOT_GEOMETRY);
    board.weak.geometry.write_block = 4;
    board.area.size = 1024; /* eighteen slots, of which 17 are needed */
    board.values[0].size = 84;
    assert_int_equal(journal_open(journal, &board.area, board.values, 1), OK);
    board.values[0].size = JOURNAL_VALUE_MAX;
    assert_int_equal(journal_open(journal, &board.area, board.values, 1), ERR_BOOT_GEOMETRY);
}

static void test_crc32_is_the_usual_one(void **state)
{
    (void)state;
    assert_int_equal(crc32_update(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(crc32_update(crc32_update(0, "1234", 4), "56789", 5), 0xcbf43926);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_write_counts),
        cmocka_unit_test(test_cuts_at_any_time_leave_old_or_new_and_what_was_restated_stays),
        cmocka_unit_test(test_pages_full_of_remains_lose_nothing),
        cmocka_unit_test(test_random_contents_are_survived),
        cmocka_unit_test(test_a_settled_journal_is_written_no_more),
        cmocka_unit_test(test_areas_without_room_or_pages_are_refused),
        cmocka_unit_test(test_crc32_is_the_usual_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
