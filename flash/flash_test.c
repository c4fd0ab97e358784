#include "tests/unit.h"

#include <string.h>

#include <farboot/flash_guard.h>
#include <farboot/util.h>

#include "flash/geometry.h"
#include "host/random.h"

/* A device that remembers what reached its driver. Three ranges, as parts with small boot sectors have. */
static const struct flash_range mixed_ranges[] = {{0, 4096, 8}, {0x8000, 0x8000, 1}, {0x10000, 0x10000, 15}};
static const struct flash_geometry mixed = {
    .size = 0x100000, .write_block = 4, .erased_value = 0xff, .range_count = 3, .ranges = mixed_ranges};

static struct {
    int calls;
    uint32_t off;
    size_t len;
} seen;

static int note(uint32_t off, size_t len)
{
    seen.calls++;
    seen.off = off;
    seen.len = len;
    return OK;
}

static int fake_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    (void)dev;
    (void)dst;
    return note(off, len);
}

static int fake_program(const struct flash_device *dev, uint32_t off, const void *src, size_t len)
{
    (void)dev;
    (void)src;
    return note(off, len);
}

static int fake_erase(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    (void)dev;
    return note(off, len);
}

static int fake_nothing(const struct flash_device *dev)
{
    (void)dev;
    return OK;
}

static const struct flash_geometry *fake_geometry(const struct flash_device *dev)
{
    (void)dev;
    return &mixed;
}

static const struct flash_driver fake_driver = {.init = fake_nothing,
                                                .deinit = fake_nothing,
                                                .read = fake_read,
                                                .program = fake_program,
                                                .erase = fake_erase,
                                                .sync = fake_nothing,
                                                .geometry = fake_geometry};
static const struct flash_device fake = {.driver = &fake_driver, .name = "fake"};

const struct flash_area flash_map[] = {
    {.dev = &fake, .off = 0x1000, .size = 0x5000, .id = 3},
    {.dev = &fake, .off = 0x20000, .size = 0x20000, .id = 7, .read_only = true},
    {.dev = &fake, .off = 0xffffff00, .size = 0x200, .id = 9}, /* a map that is wrong: leaves the address space */
};
const size_t flash_map_count = ARRAY_SIZE(flash_map);

/* Offsets that lie near something: boundaries, the end, the ends of the number range. */
static uint32_t interesting(struct random *random)
{
    static const uint32_t anchors[] = {0, 4096, 0x8000, 0x10000, 0x20000, 0x100000, 0x80000000, 0xffffffff};
    uint32_t anchor = anchors[random_below(random, ARRAY_SIZE(anchors))];

    return anchor + random_below(random, 9) - 4;
}

static bool naive_is_boundary(uint32_t off)
{
    if (off <= 0x8000) {
        return off % 4096 == 0;
    }
    return off <= mixed.size && off % 0x10000 == 0;
}

static void test_only_ranges_inside_the_device_reach_the_driver(void **state)
{
    struct random random = {.state = 1};

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint32_t off = interesting(&random);
        uint32_t len = interesting(&random);
        bool inside = (uint64_t)off + len <= mixed.size;
        bool writable = inside && off % 4 == 0 && len % 4 == 0;
        bool erasable = inside && naive_is_boundary(off) && naive_is_boundary(off + len);
        uint8_t byte = 0;

        memset(&seen, 0, sizeof(seen));
        assert_int_equal(flash_read(&fake, off, &byte, len), inside ? OK : ERR_FLASH_INVALID);
        assert_int_equal(seen.calls, inside && len > 0);
        assert_int_equal(flash_program(&fake, off, &byte, len), writable ? OK : ERR_FLASH_INVALID);
        assert_int_equal(flash_erase(&fake, off, len), erasable ? OK : ERR_FLASH_INVALID);
        assert_int_equal(seen.calls, len == 0 ? erasable : inside + writable + erasable);
    }
}

static void test_every_sector_is_found_from_each_of_its_bytes(void **state)
{
    uint32_t start;
    uint32_t size;
    uint32_t expected = 0;

    (void)state;
    for (uint32_t off = 0; off < mixed.size; off += size) {
        assert_int_equal(flash_sector_at(&fake, off, &start, &size), OK);
        assert_int_equal(start, expected);
        expected += size;
        assert_int_equal(flash_sector_at(&fake, expected - 1, &start, &size), OK);
        assert_int_equal(start, off);
    }
    assert_int_equal(expected, mixed.size);
    assert_int_equal(flash_sector_at(&fake, mixed.size, &start, &size), ERR_FLASH_INVALID);
    assert_int_equal(flash_sector_at(&fake, UINT32_MAX, &start, &size), ERR_FLASH_INVALID);
}

static void test_areas_are_found_by_id_only(void **state)
{
    const struct flash_area *area = NULL;

    (void)state;
    assert_int_equal(flash_area_open(7, &area), OK);
    assert_ptr_equal(area, &flash_map[1]);
    assert_int_equal(flash_area_open(8, &area), ERR_FLASH_NO_AREA);
}

static void test_an_area_is_never_left(void **state)
{
    const struct flash_area *area = &flash_map[0];
    struct random random = {.state = 2};
    uint8_t byte = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint32_t off = random_below(&random, 2) != 0 ? interesting(&random) : random_below(&random, 0x6000);
        uint32_t len = random_below(&random, 2) != 0 ? interesting(&random) : random_below(&random, 0x6000);
        bool inside = (uint64_t)off + len <= area->size;

        memset(&seen, 0, sizeof(seen));
        assert_int_equal(flash_area_read(area, off, &byte, len), inside ? OK : ERR_FLASH_INVALID);
        assert_int_equal(flash_area_program(area, off, &byte, len),
                         inside && off % 4 == 0 && len % 4 == 0 ? OK : ERR_FLASH_INVALID);
        assert_int_equal(flash_area_erase(area, off, len),
                         inside && off % 4096 == 0 && len % 4096 == 0 ? OK : ERR_FLASH_INVALID);
        if (seen.calls > 0) {
            assert_true(inside);
            assert_int_equal(seen.off, area->off + off);
            assert_int_equal(seen.len, len);
        }
    }
}

static void test_read_only_areas_refuse_writes(void **state)
{
    const struct flash_area *area = &flash_map[1];
    uint8_t word[4] = {0};

    (void)state;
    seen.calls = 0;
    assert_int_equal(flash_area_program(area, 0, word, 4), ERR_FLASH_PROTECTED);
    assert_int_equal(flash_area_erase(area, 0, 0x10000), ERR_FLASH_PROTECTED);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(flash_area_read(area, 0, word, 4), OK);
}

static void test_a_map_entry_beyond_the_address_space_reaches_nothing(void **state)
{
    const struct flash_area *area = &flash_map[2];
    uint32_t start;
    uint32_t size;
    uint8_t byte;

    (void)state;
    seen.calls = 0;
    assert_int_equal(flash_area_read(area, 0x180, &byte, 1), ERR_FLASH_INVALID);
    assert_int_equal(flash_area_erase(area, 0x100, 0x100), ERR_FLASH_INVALID);
    assert_int_equal(flash_area_sector_at(area, 0x100, &start, &size), ERR_FLASH_INVALID);
    assert_int_equal(seen.calls, 0);
}

static void test_sectors_are_relative_to_their_area(void **state)
{
    static const struct flash_area off_boundary = {.dev = &fake, .off = 0x12000, .size = 0x20000};
    uint32_t start;
    uint32_t size;

    (void)state;
    assert_int_equal(flash_area_sector_at(&flash_map[0], 0x1fff, &start, &size), OK);
    assert_int_equal(start, 0x1000);
    assert_int_equal(size, 0x1000);
    assert_int_equal(flash_area_sector_at(&flash_map[0], 0x5000, &start, &size), ERR_FLASH_INVALID);
    assert_int_equal(flash_area_sector_at(&off_boundary, 0, &start, &size), ERR_FLASH_INVALID);
    assert_int_equal(flash_area_sector_at(&off_boundary, 0xe000, &start, &size), OK);
    assert_int_equal(start, 0xe000);
}

/* Whether the bytes [off, off + len) all lie in one listed area, byte ranges as sets. */
static bool naive_is_listed(const struct flash_area *const *areas, size_t count, uint32_t off, uint32_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (areas[i] != NULL && areas[i]->dev == &fake && off >= areas[i]->off &&
            (uint64_t)off + len <= (uint64_t)areas[i]->off + areas[i]->size) {
            return true;
        }
    }
    return false;
}

/* Random lists of areas of two devices, with holes; ranges that lie near their ends. */
static void test_the_guard_lets_nothing_outside_its_areas_be_written(void **state)
{
    struct random random = {.state = 3};
    int allowed = 0;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        static const struct flash_device other = {.driver = &fake_driver, .name = "other"};
        struct flash_area areas[4];
        const struct flash_area *list[4];
        size_t count = random_below(&random, 5);

        for (size_t i = 0; i < count; i++) {
            areas[i] = (struct flash_area){.dev = random_below(&random, 4) == 0 ? &other : &fake,
                                           .off = 4096 * random_below(&random, 8),
                                           .size = 4096 * random_below(&random, 6)};
            list[i] = random_below(&random, 5) == 0 ? NULL : &areas[i];
        }
        flash_guard_set(list, count);
        for (int i = 0; i < 100; i++) {
            uint32_t off = random_below(&random, 0x10000) & ~3U;
            uint32_t len = 4 + (random_below(&random, 0x6000) & ~3U);
            uint32_t sector = off & ~0xfffU;
            uint32_t sectors = 0x1000 * (1 + random_below(&random, 4));
            bool listed = naive_is_listed(list, count, off, len);
            bool sectors_listed = naive_is_listed(list, count, sector, sectors);
            uint8_t byte = 0;

            memset(&seen, 0, sizeof(seen));
            assert_int_equal(flash_program(&fake, off, &byte, len), listed ? OK : ERR_FLASH_PROTECTED);
            assert_int_equal(seen.calls, listed);
            if (naive_is_boundary(sector) && naive_is_boundary(sector + sectors)) {
                assert_int_equal(flash_erase(&fake, sector, sectors), sectors_listed ? OK : ERR_FLASH_PROTECTED);
                assert_int_equal(seen.calls, listed + sectors_listed);
            }
            assert_int_equal(flash_read(&fake, off, &byte, len), OK);
            allowed += listed;
        }
    }
    assert_true(allowed > 1000);
    flash_guard_set(NULL, 0);
}

static void test_a_guard_hides_no_other_error_and_can_be_lifted(void **state)
{
    const struct flash_area *list[] = {&flash_map[0]};
    uint8_t byte = 0;

    (void)state;
    flash_guard_set(list, 1);
    assert_int_equal(flash_program(&fake, mixed.size, &byte, 4), ERR_FLASH_INVALID);
    assert_int_equal(flash_program(&fake, UINT32_MAX - 3, &byte, 4), ERR_FLASH_INVALID);
    assert_int_equal(flash_erase(&fake, 0x1004, 0x1000), ERR_FLASH_INVALID);
    assert_int_equal(flash_area_program(&flash_map[0], 0x4ffc, &byte, 4), OK);
    assert_int_equal(flash_program(&fake, 0x6000, &byte, 4), ERR_FLASH_PROTECTED);
    flash_guard_set(list, 0); /* a list without entries allows nothing */
    assert_int_equal(flash_area_program(&flash_map[0], 0x4ffc, &byte, 4), ERR_FLASH_PROTECTED);
    flash_guard_set(NULL, 0);
    assert_int_equal(flash_program(&fake, 0x6000, &byte, 4), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_ranges_inside_the_device_reach_the_driver),
        cmocka_unit_test(test_every_sector_is_found_from_each_of_its_bytes),
        cmocka_unit_test(test_areas_are_found_by_id_only),
        cmocka_unit_test(test_an_area_is_never_left),
        cmocka_unit_test(test_read_only_areas_refuse_writes),
        cmocka_unit_test(test_a_map_entry_beyond_the_address_space_reaches_nothing),
        cmocka_unit_test(test_sectors_are_relative_to_their_area),
        cmocka_unit_test(test_the_guard_lets_nothing_outside_its_areas_be_written),
        cmocka_unit_test(test_a_guard_hides_no_other_error_and_can_be_lifted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
