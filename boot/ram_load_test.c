/*
 * RAM load through boot_choose over a flash model: generated load addresses and sizes, flash that answers differently
 * each time.
 */
#include "tests/unit.h"

#include <string.h>

#include "boot/choose_fixture.h"
#include "host/random.h"

static void put_ram_image(struct fixture *f, size_t slot, uint32_t load_addr, uint32_t flags)
{
    uint8_t *data = f->data + slot * SLOT;
    struct image_header header;

    choose_put_slot(f, slot, HIGHER, 0);
    memcpy(&header, data, sizeof header);
    header.load_addr = load_addr;
    header.flags = flags;
    memcpy(data, &header, sizeof header);
}

static void fill_ram(struct fixture *f)
{
    memset(f->ram, 0xa5, sizeof f->ram);
}

static bool guards_hold(const struct fixture *f)
{
    for (size_t i = 0; i < RAM_GUARD; i++) {
        if (f->ram[i] != 0xa5 || f->ram[RAM_GUARD + RAM_SIZE + i] != 0xa5) {
            return false;
        }
    }
    return true;
}

/* Addresses near both ends of the RAM, of the address space, and anywhere. */
static uint32_t generate_address(struct random *random)
{
    static const uint32_t corners[] = {0, RAM_BASE, RAM_BASE + RAM_SIZE, 0x80000000U};
    uint32_t corner = corners[random_next(random) % (sizeof corners / sizeof corners[0])];

    switch (random_next(random) % 4) {
    case 0:
        return (uint32_t)random_next(random);
    case 1:
        return corner + (uint32_t)(random_next(random) % 64) - 32;
    case 2:
        return corner - (uint32_t)(random_next(random) % 4096);
    default:
        return corner + (uint32_t)(random_next(random) % 4096);
    }
}

static void test_nothing_is_loaded_outside_of_the_ram_for_images(void **state)
{
    struct fixture *f = choose_start(&choice_ram_load, true);
    struct random random = {20261122};
    unsigned accepted = 0;

    (void)state;
    f->config.verify_address = false;
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t address = generate_address(&random);
        uint64_t len = f->image[0][HIGHER].len;
        bool fits = address >= RAM_BASE && (uint64_t)address + len <= (uint64_t)RAM_BASE + RAM_SIZE;

        fill_ram(f);
        put_ram_image(f, 0, address, IMAGE_FLAG_RAM_LOAD);
        choose_invalid_addresses = 0;
        assert_int_equal(choose_boot(f),
                         address == RAM_BASE ? OK : ERR_BOOT_NO_IMAGE); /* elsewhere the digest is wrong */
        assert_int_equal(choose_invalid_addresses, fits ? 0 : 1);
        assert_true(guards_hold(f));
        accepted += fits ? 1 : 0;
    }
    assert_in_range(accepted, 1000, 19000);
    choose_stop(f);
}

/* The sizes in the header are the attacker's as well. */
static void test_sizes_that_overflow_load_nothing(void **state)
{
    struct fixture *f = choose_start(&choice_ram_load, true);
    struct random random = {7};

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        struct image_header header;

        fill_ram(f);
        put_ram_image(f, 0, generate_address(&random), IMAGE_FLAG_RAM_LOAD);
        memcpy(&header, f->data, sizeof header);
        header.img_size = random_next(&random) % 2 != 0 ? (uint32_t)random_next(&random) : generate_address(&random);
        header.hdr_size = (uint16_t)random_next(&random);
        header.protect_tlv_size = (uint16_t)(random_next(&random) % 2 != 0 ? random_next(&random) : 0);
        memcpy(f->data, &header, sizeof header);
        assert_int_equal(choose_boot(f), ERR_BOOT_NO_IMAGE);
        assert_true(guards_hold(f));
    }
    choose_stop(f);
}

static void test_an_image_without_the_flag_is_not_loaded(void **state)
{
    struct fixture *f = choose_start(&choice_ram_load, true);

    (void)state;
    choose_put_slot(f, 0, LOWER, 0);
    put_ram_image(f, 1, RAM_BASE, 0);
    assert_int_equal(choose_boot(f), OK);
    assert_int_equal(f->result.header.version.major, 1);
    assert_int_equal(f->result.address, RAM_BASE);
    assert_memory_equal(f->ram + RAM_GUARD, f->image[0][LOWER].data, f->image[0][LOWER].len);
    assert_int_equal(f->result.outcome[0].refused, ERR_IMAGE_ADDRESS);
    choose_stop(f);
}

static void test_what_is_not_valid_does_not_stay_in_ram(void **state)
{
    struct fixture *f = choose_start(&choice_ram_load, true);
    static const uint8_t zeros[PAYLOAD];

    (void)state;
    fill_ram(f);
    choose_put_slot(f, 0, BROKEN, 0);
    assert_int_equal(choose_boot(f), ERR_BOOT_NO_IMAGE);
    assert_memory_equal(f->ram + RAM_GUARD, zeros, sizeof zeros);
    assert_true(guards_hold(f));
    choose_stop(f);
}

/* A chip that shows one image until some read and another from there on. */
struct hostile {
    struct flash_device device;
    const struct flash_device *real;
    const uint8_t *other; /* of FLASH bytes */
    unsigned reads;
    unsigned turns_at;
};

static int hostile_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    struct hostile *hostile = dev->state;

    if (hostile->reads++ >= hostile->turns_at) {
        memcpy(dst, hostile->other + off, len);
        return OK;
    }
    return flash_read(hostile->real, off, dst, len);
}

static int hostile_init(const struct flash_device *dev)
{
    (void)dev;
    return OK;
}

static int hostile_change(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    (void)dev;
    (void)off;
    (void)len;
    return OK;
}

static const struct flash_geometry *hostile_geometry(const struct flash_device *dev)
{
    return flash_geometry(((struct hostile *)dev->state)->real);
}

/* The secondary's chip shows `first` until a read, each in turn, and `second` from there on. */
static void turn_everywhere(struct fixture *f, enum content first, enum content second)
{
    static const struct flash_driver driver = {.init = hostile_init,
                                               .read = hostile_read,
                                               .erase = hostile_change,
                                               .sync = hostile_init,
                                               .geometry = hostile_geometry};
    uint8_t other[FLASH];
    struct hostile hostile = {.real = &f->device.flash, .other = other};
    unsigned reads = 1;

    hostile.device = (struct flash_device){&driver, NULL, &hostile, "hostile"};
    choose_put_slot(f, 0, LOWER, 0);
    choose_put_slot(f, 1, second, 0);
    memcpy(other, f->data, FLASH);
    choose_put_slot(f, 1, first, 0);
    f->area[1].dev = &hostile.device;
    for (hostile.turns_at = 0; hostile.turns_at <= reads; hostile.turns_at++) {
        const struct image_header *header = &f->result.header;

        hostile.reads = 0;
        nor_power_on(&f->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        assert_int_equal(boot_choose(&f->config, &f->result), OK); /* the primary is there in any case */
        reads = hostile.reads;
        assert_memory_equal(f->ram + RAM_GUARD, f->image[0][header->version.major].data, HEADER_SIZE + PAYLOAD);
    }
    f->area[1].dev = &f->device.flash;
}

/*
 * Whatever it shows when, good at first and bad later or bad while it is copied and good while it could be verified:
 * what runs is one whole signed image, and of the version that was decided on.
 */
static void test_flash_that_changes_its_answers_gains_nothing(void **state)
{
    struct fixture *f = choose_start(&choice_ram_load, true);

    (void)state;
    for (enum content first = LOWER; first <= BROKEN; first++) {
        for (enum content second = LOWER; second <= BROKEN; second++) {
            turn_everywhere(f, first, second);
        }
    }
    choose_stop(f);
}

/* What a single slot starts is copied; nothing of the slot is written, whatever its trailer says. */
static void test_the_image_that_was_found_is_copied_and_runs_there(void **state)
{
    struct fixture *f = choose_start(NULL, true);
    struct boot_result found;

    (void)state;
    for (unsigned trailer = 0; trailer < TRAILERS; trailer++) {
        fill_ram(f);
        choose_put_slot(f, 0, HIGHER, trailer);
        nor_power_on(&f->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        assert_int_equal(boot_single(&f->config, &found), OK);
        assert_int_equal(boot_copy_to_ram(&f->config, &found, &f->result), OK);
        assert_int_equal(f->result.is_verified, HARDENED_TRUE);
        assert_int_equal(f->result.address, RAM_BASE);
        assert_int_equal(f->result.image_off, 0);
        assert_memory_equal(f->ram + RAM_GUARD, f->image[0][HIGHER].data, f->image[0][HIGHER].len);
        assert_true(guards_hold(f));
        assert_int_equal(f->power.ops, 0);
    }
    choose_stop(f);
}

static void test_an_image_for_another_address_is_not_copied(void **state)
{
    struct fixture *f = choose_start(NULL, true);
    struct buffer elsewhere = choose_make_image(f, 2, BASE, 0, PAYLOAD);
    struct boot_result found;

    (void)state;
    fill_ram(f);
    memset(f->data, 0xff, SLOT);
    memcpy(f->data, elsewhere.data, elsewhere.len);
    assert_int_equal(boot_single(&f->config, &found), OK);
    assert_int_equal(boot_copy_to_ram(&f->config, &found, &f->result), ERR_BOOT_NO_IMAGE);
    assert_int_equal(f->result.is_verified, HARDENED_FALSE);
    assert_true(guards_hold(f));
    buffer_free(&elsewhere);
    choose_stop(f);
}

/*
 * The primary's chip shows `first` until a read, each in turn, and `second` from there on: what runs is the image that
 * was verified in place, or nothing.
 */
static void turn_primary(struct fixture *f, enum content first, enum content second)
{
    static const struct flash_driver driver = {.read = hostile_read, .geometry = hostile_geometry};
    uint8_t other[FLASH];
    struct hostile hostile = {.real = &f->device.flash, .other = other};
    unsigned reads = 1;

    hostile.device = (struct flash_device){&driver, NULL, &hostile, "hostile"};
    choose_put_slot(f, 0, second, 0);
    memcpy(other, f->data, FLASH);
    choose_put_slot(f, 0, first, 0);
    f->area[0].dev = &hostile.device;
    for (hostile.turns_at = 0; hostile.turns_at <= reads; hostile.turns_at++) {
        struct boot_result found;

        f->result.is_verified = HARDENED_FALSE;
        hostile.reads = 0;
        nor_power_on(&f->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        if (boot_single(&f->config, &found) == OK) {
            assert_true((boot_copy_to_ram(&f->config, &found, &f->result) == OK) ==
                        (f->result.is_verified == HARDENED_TRUE));
        }
        if (f->result.is_verified == HARDENED_TRUE) {
            const struct buffer *image = &f->image[0][found.header.version.major];

            assert_int_equal(f->result.header.version.major, found.header.version.major);
            assert_memory_equal(f->ram + RAM_GUARD, image->data, image->len);
        }
        reads = hostile.reads;
    }
    f->area[0].dev = &f->device.flash;
}

static void test_flash_that_changes_before_the_copy_gains_nothing(void **state)
{
    struct fixture *f = choose_start(NULL, true);

    (void)state;
    for (enum content first = LOWER; first <= BROKEN; first++) {
        for (enum content second = LOWER; second <= BROKEN; second++) {
            turn_primary(f, first, second);
        }
    }
    choose_stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_loaded_outside_of_the_ram_for_images),
        cmocka_unit_test(test_sizes_that_overflow_load_nothing),
        cmocka_unit_test(test_an_image_without_the_flag_is_not_loaded),
        cmocka_unit_test(test_what_is_not_valid_does_not_stay_in_ram),
        cmocka_unit_test(test_flash_that_changes_its_answers_gains_nothing),
        cmocka_unit_test(test_the_image_that_was_found_is_copied_and_runs_there),
        cmocka_unit_test(test_an_image_for_another_address_is_not_copied),
        cmocka_unit_test(test_flash_that_changes_before_the_copy_gains_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
