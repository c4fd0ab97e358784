#include "tests/unit.h"

#include <string.h>

#include <farboot/util.h>

#include "flash/bounce.h"
#include "flash/model/nor_model.h"
#include "host/random.h"

/*
 * A controller that moves whole words between a NOR model and one stretch of memory only, and takes the source of a
 * store when it is settled, as DMA does. Everything it is asked for is checked against what it can do.
 */
#define UNIT           4u
#define BUFFER         256u
#define DEVICE         0x800000u
#define AREA           4096u /* the bytes the tests use */
#define REACHABLE_SIZE 1024u

static struct {
    uint8_t reachable[REACHABLE_SIZE] __attribute__((aligned(16)));
    uint8_t buffer[BUFFER] __attribute__((aligned(16)));
    uint8_t elsewhere[REACHABLE_SIZE] __attribute__((aligned(16)));
} memory;

static struct nor_model model;
static uint8_t *contents;

static struct {
    uint32_t off;
    const void *src;
    uint32_t len;
} in_flight;

static bool can_reach(const void *pointer, size_t len)
{
    uintptr_t at = (uintptr_t)pointer;

    return at >= (uintptr_t)&memory && at + len <= (uintptr_t)memory.elsewhere;
}

static void assert_possible(uint32_t off, const void *pointer, uint32_t len)
{
    assert_true(len > 0);
    assert_int_equal(off % UNIT, 0);
    assert_int_equal(len % UNIT, 0);
    assert_int_equal((uintptr_t)pointer % UNIT, 0);
    assert_true(can_reach(pointer, len));
}

static int settle(const void *context)
{
    (void)context;
    if (in_flight.len > 0) {
        assert_int_equal(nor_model_program(&model, in_flight.off, in_flight.src, in_flight.len), OK);
        in_flight.len = 0;
    }
    return OK;
}

static int fetch(const void *context, uint32_t off, void *dst, uint32_t len)
{
    assert_possible(off, dst, len);
    assert_true(len <= 512);
    assert_int_equal(settle(context), OK);
    return nor_model_read(&model, off, dst, len);
}

static int store(const void *context, uint32_t off, const void *src, uint32_t len)
{
    assert_possible(off, src, len);
    assert_int_equal(off / BUFFER, (off + len - 1) / BUFFER);
    assert_int_equal(settle(context), OK);
    in_flight.off = off;
    in_flight.src = src;
    in_flight.len = len;
    return OK;
}

static const struct bounce bounce = {.buffer = memory.buffer,
                                     .size = BUFFER,
                                     .unit = UNIT,
                                     .direct_max = 512,
                                     .can_reach = can_reach,
                                     .fetch = fetch,
                                     .store = store,
                                     .settle = settle};

static int set_up(void **state)
{
    (void)state;
    contents = test_malloc(DEVICE);
    memset(contents, 0xff, DEVICE);
    nor_model_init(&model, &nor_part_mx25r6435f, contents);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nor_model_free(&model);
    test_free(contents);
    return 0;
}

struct transfer {
    uint32_t off;
    uint32_t len;
    uint8_t *memory;
};

static struct transfer any_transfer(struct random *random)
{
    struct transfer t;

    t.len = random_below(random, 3) == 0 ? random_below(random, 9) : random_below(random, 700);
    t.off = random_below(random, AREA - t.len);
    t.memory = (random_below(random, 2) == 0 ? memory.reachable : memory.elsewhere) +
               random_below(random, REACHABLE_SIZE - t.len);
    return t;
}

static void test_every_transfer_moves_exactly_its_bytes(void **state)
{
    static uint8_t expected[AREA];
    static uint8_t untouched[REACHABLE_SIZE];
    struct random random = {.state = 7};

    (void)state;
    memset(untouched, 0xa5, sizeof(untouched));
    memset(expected, 0xff, sizeof(expected));
    for (int i = 0; i < 5000; i++) {
        struct transfer t = any_transfer(&random);

        if (random_below(&random, 8) == 0) {
            memset(expected, 0xff, sizeof(expected));
            assert_int_equal(settle(NULL), OK);
            assert_int_equal(nor_model_erase(&model, 0, AREA), OK);
        }
        random_fill(&random, t.memory, t.len);
        for (uint32_t j = 0; j < t.len; j++) {
            t.memory[j] &= expected[t.off + j]; /* what a NOR flash can become */
        }
        assert_int_equal(bounce_program(&bounce, NULL, t.off, t.memory, t.len), OK);
        for (uint32_t j = 0; j < t.len; j++) {
            expected[t.off + j] &= t.memory[j];
        }
        assert_int_equal(settle(NULL), OK); /* the next call on the device would */
        assert_memory_equal(contents, expected, AREA);

        t = any_transfer(&random);
        memset(memory.reachable, 0xa5, sizeof(memory.reachable));
        memset(memory.elsewhere, 0xa5, sizeof(memory.elsewhere));
        assert_int_equal(bounce_read(&bounce, NULL, t.off, t.memory, t.len), OK);
        assert_memory_equal(t.memory, expected + t.off, t.len);
        memset(t.memory, 0xa5, t.len);
        assert_memory_equal(memory.reachable, untouched, REACHABLE_SIZE);
        assert_memory_equal(memory.elsewhere, untouched, REACHABLE_SIZE);
    }
}

static int failing_store(const void *context, uint32_t off, const void *src, uint32_t len)
{
    (void)context;
    (void)src;
    (void)len;
    return off >= 512 ? ERR_FLASH_TIMEOUT : OK;
}

static int failing_fetch(const void *context, uint32_t off, void *dst, uint32_t len)
{
    (void)context;
    (void)off;
    (void)dst;
    (void)len;
    return ERR_FLASH_IO;
}

static void test_errors_end_the_transfer(void **state)
{
    struct bounce failing = bounce;
    uint8_t before[4] = {1, 2, 3, 4};
    uint8_t data[4] = {1, 2, 3, 4};

    (void)state;
    failing.store = failing_store;
    failing.fetch = failing_fetch;
    assert_int_equal(bounce_program(&failing, NULL, 500, memory.elsewhere + 1, 700), ERR_FLASH_TIMEOUT);
    assert_int_equal(bounce_read(&failing, NULL, 3, data, sizeof(data)), ERR_FLASH_IO);
    assert_memory_equal(data, before, sizeof(data));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_transfer_moves_exactly_its_bytes),
        cmocka_unit_test(test_errors_end_the_transfer),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
