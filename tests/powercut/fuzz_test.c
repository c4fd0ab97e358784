/*
 * Whatever slots, trailers, scratch and journal hold, boot_go ends without a panic, breaks no physics, leaves
 * everything outside the areas alone, and what it says may run is an image that was signed, whole. Every mode, one to
 * three image pairs, seeded.
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "host/random.h"
#include "tests/powercut/images.h"
#include "tests/powercut/modes.h"

#define ROUNDS 400U /* of each mode and geometry */

/* Programs of a word are not counted: the test puts bytes there without programming. */
static const struct world_geometry fuzz_geometries[] = {
    {"plain", {{4, 0, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{4096, 16}}}}, {4096, 2}, WORLD_INTERNAL},
    {"zero", {{8, 0, 0x00, {{4096, 12}}}, {8, 0, 0x00, {{4096, 12}}}}, {4096, 2}, WORLD_INTERNAL},
    {"uneven", {{4, 0, 0xff, {{2048, 24}}}, {1, 0, 0xff, {{4096, 12}}}}, {8192, 1}, WORLD_EXTERNAL},
};

static const struct buffer *image_number(const struct world *world, unsigned number)
{
    return images_get_for(world->mode->load_addr, 3000 + 4500 * number, (uint8_t)(1 + number), number);
}

/* Bytes change behind the device's back. */
static void poke(struct world *world, unsigned area, uint32_t off, const void *bytes, uint32_t len)
{
    memcpy(world_bytes(world, area) + off, bytes, len);
    nor_model_note_change(&world->device[world_device_of(world, area)].model, world->area[area].off + off, len);
}

/* A trailer whose fields are each valid, torn or random. */
static void scramble_trailer(struct world *world, struct random *random, unsigned area)
{
    static const uint8_t values[] = {0x01, 0xff, 0x03, 0x00, 0x02, 0x04, 0x12, 0x13};
    const struct trailer_layout *layout = &world->layout[area];
    const uint32_t fields[] = {layout->image_ok, layout->copy_done, layout->swap_info};
    uint32_t size = random_below(random, 80000);

    if (random_below(random, 4) != 0) {
        poke(world, area, layout->magic, layout->magic_value, sizeof layout->magic_value);
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        poke(world, area, fields[i], &values[random_below(random, sizeof values)], 1);
    }
    if (random_below(random, 2) == 0) {
        poke(world, area, layout->swap_size, &size, sizeof size);
    }
    for (uint32_t i = random_below(random, 12); i > 0; i--) {
        uint8_t byte = (uint8_t)random_next(random);

        poke(world, area, layout->status + random_below(random, world->area[area].size - layout->status), &byte, 1);
    }
}

static void scramble_bytes(struct world *world, struct random *random, unsigned area)
{
    uint8_t noise[3000];
    uint32_t len = 1 + random_below(random, sizeof noise);

    random_fill(random, noise, len);
    poke(world, area, random_below(random, world->area[area].size - len), noise, len);
}

static void fill(struct world *world, struct random *random, unsigned area)
{
    bool is_slot = area % WORLD_ROLES <= WORLD_BACKUP;

    world_erase(world, area);
    if (is_slot && random_below(random, 5) != 0) {
        world_put_image(world, area, random_below(random, 2) == 0 ? 0 : world_first_sector(world, area),
                        image_number(world, random_below(random, 4)));
    }
    if (is_slot && world->has_trailers && random_below(random, 4) != 0) {
        scramble_trailer(world, random, area);
    }
    if (random_below(random, 3) == 0) {
        scramble_bytes(world, random, area);
    }
}

static bool is_signed_image(const struct world *world, unsigned area)
{
    for (unsigned number = 0; number < 4; number++) {
        for (uint32_t off = 0; off <= world_first_sector(world, area); off += world_first_sector(world, area)) {
            if (world_has_image(world, area, off, image_number(world, number))) {
                return true;
            }
        }
    }
    return false;
}

static bool any_signed_image(const struct world *world, unsigned image)
{
    return is_signed_image(world, WORLD_AREA(image, WORLD_PRIMARY)) ||
           (world->mode->is_in_place && is_signed_image(world, WORLD_AREA(image, WORLD_SECONDARY)));
}

static unsigned fuzz_once(struct world *world, struct random *random)
{
    struct boot_result result;
    struct state before;
    unsigned booted = 0;

    for (unsigned area = 0; area < WORLD_AREAS; area++) {
        if (world_has(world, area)) {
            fill(world, random, area);
        }
    }
    world_save(world, &before);
    for (unsigned again = 0; again < 3; again++) {
        nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        if (sim_boot(world, &result) == OK) {
            assert_int_equal(result.is_verified, HARDENED_TRUE);
            for (unsigned image = 0; image < world->images; image++) {
                assert_true(any_signed_image(world, image));
            }
            booted++;
        }
        assert_int_equal(nor_power_settle(&world->power), OK);
    }
    assert_string_equal(world_violation(world), "");
    assert_true(world_guards_hold(world, &before));
    world_drop(world, &before);
    return booted;
}

static void test_whatever_flash_holds_is_survived(void **state)
{
    struct random random = {61};

    (void)state;
    for (size_t m = 0; m < sim_mode_count; m++) {
        unsigned booted = 0;

        for (size_t g = 0; g < sizeof fuzz_geometries / sizeof fuzz_geometries[0]; g++) {
            for (unsigned round = 0; round < ROUNDS; round++) {
                static struct world world;

                world_init(&world, &fuzz_geometries[g], &sim_modes[m], 1 + round % 3, 0);
                booted += fuzz_once(&world, &random);
                world_free(&world);
            }
        }
        assert_true(booted > ROUNDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_flash_holds_is_survived),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
