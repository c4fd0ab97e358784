/* The checksum of simulations is the one of boot/crc32.h. */
#include "boot/crc32.h"
#include "host/random.h"
#include "tests/unit.h"

/* Division by the polynomial, bit by bit. */
static uint32_t crc_by_definition(const uint8_t *data, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t bit = 0; bit < 8 * len; bit++) {
        uint32_t in = (uint32_t)data[bit / 8] >> bit % 8 & 1U;

        crc = ((crc ^ in) & 1U) != 0 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
    }
    return ~crc;
}

static void the_check_value_is_that_of_the_catalogue(void **state)
{
    (void)state;
    assert_int_equal(crc32_update(0, "123456789", 9), 0xcbf43926);
}

static void it_is_the_remainder_of_any_bytes_in_any_parts(void **state)
{
    struct random random = {1};
    uint8_t data[64];

    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint32_t off = random_below(&random, 9);
        uint32_t len = random_below(&random, sizeof data - off + 1);
        uint32_t part = random_below(&random, len + 1);

        random_fill(&random, data, sizeof data);
        assert_int_equal(crc32_update(crc32_update(0, data + off, part), data + off + part, len - part),
                         crc_by_definition(data + off, len));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_value_is_that_of_the_catalogue),
        cmocka_unit_test(it_is_the_remainder_of_any_bytes_in_any_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
