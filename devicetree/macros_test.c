/* <farboot/devicetree.h> over the header that `farboot dts` makes of testdata/tree.dts: what C code really sees. */
#include "tests/unit.h"

#include <farboot/devicetree.h>

#define DISK DT_NODELABEL(disk)

static void test_nodes(void **state)
{
    (void)state;
    assert_int_equal(DT_DEP_ORD(DT_CHOSEN(test_disk)), DT_DEP_ORD(DISK));
    assert_int_equal(DT_DEP_ORD(DT_ALIAS(first_disk)), DT_DEP_ORD(DT_NODELABEL(primary)));
    assert_string_equal(DT_NODE_PATH(DISK), "/bus@1,0/disk@200");
    assert_string_equal(DT_NODE_FULL_NAME(DISK), "disk@200");
    assert_true(DT_NODE_HAS_STATUS(DISK, okay));
    assert_false(DT_NODE_HAS_STATUS(DT_NODELABEL(other), okay));
    assert_true(DT_NODE_EXISTS(DT_NODELABEL(other)));
    assert_false(DT_NODE_EXISTS(DT_NODELABEL(nowhere)));
    assert_true(DT_HAS_CHOSEN(test_disk));
    assert_false(DT_HAS_CHOSEN(test_other));
    assert_true(DT_NODE_HAS_COMPAT(DISK, test_any));
    assert_false(DT_NODE_HAS_COMPAT(DT_PARENT(DISK), test_any));
}

static void test_registers_and_interrupts(void **state)
{
    (void)state;
    assert_int_equal(DT_NUM_REGS(DISK), 2);
    assert_int_equal(DT_REG_ADDR(DISK), 0x140000200);
    assert_int_equal(DT_REG_SIZE_BY_IDX(DISK, 1), 0x10);
    assert_int_equal(DT_IRQN(DISK), 7);
    assert_int_equal(DT_IRQ_BY_IDX(DISK, 1, priority), 2);
}

#define ADD_ELEMENT(node, property, index) +DT_PROP_BY_IDX(node, property, index)
#define PICK(node, property, index)        DT_PROP_BY_IDX(node, property, index)

static void test_properties(void **state)
{
    static const uint8_t bytes[] = DT_PROP(DISK, bytes);
    static const char *const texts[] = DT_PROP(DISK, texts);
    static const int picked[] = {DT_FOREACH_PROP_ELEM_SEP(DISK, numbers, PICK, (, ))};

    (void)state;
    assert_int_equal(DT_PROP(DISK, a_number), 42);
    assert_int_equal(DT_ENUM_IDX(DISK, a_number), 1);
    assert_int_equal(DT_PROP_LEN(DISK, numbers), 3);
    assert_int_equal(DT_FOREACH_PROP_ELEM(DISK, numbers, ADD_ELEMENT), 6);
    assert_int_equal(picked[2], 3);
    assert_int_equal(bytes[0], 0xde);
    assert_string_equal(DT_PROP(DISK, text), "say \"hi\"");
    assert_string_equal(texts[1], "two");
    assert_int_equal(DT_ENUM_IDX(DISK, mode), 1);
    assert_int_equal(DT_PROP(DISK, flag), 1);
    assert_int_equal(DT_PROP(DISK, other_flag), 0);
    assert_int_equal(DT_PROP(DISK, fallback), 0x11);
    assert_int_equal(DT_PROP_OR(DISK, nothing, 9), 9);
    assert_int_equal(DT_PROP_OR(DISK, a_number, 9), 42);
    assert_true(DT_NODE_HAS_PROP(DISK, fallbacks));
    assert_false(DT_NODE_HAS_PROP(DT_NODELABEL(other), fallbacks)); /* disabled nodes get no defaults */
}

static void test_references(void **state)
{
    (void)state;
    assert_int_equal(DT_DEP_ORD(DT_PHANDLE(DISK, friend)), DT_DEP_ORD(DT_NODELABEL(other)));
    assert_int_equal(DT_DEP_ORD(DT_PHANDLE_BY_IDX(DISK, friends, 1)), DT_DEP_ORD(DISK));
    assert_int_equal(DT_GPIO_PIN(DISK, power_gpios), 5);
    assert_int_equal(DT_PHA_BY_IDX(DISK, power_gpios, 1, pin), 6);
    assert_int_equal(DT_PROP_LEN(DISK, power_gpios), 2);
    assert_true(DT_PROP_HAS_IDX(DISK, power_gpios, 1));
    assert_false(DT_PROP_HAS_IDX(DISK, power_gpios, 2));
}

#define COUNT_NODE(node)     +1
#define SUM_SIZE(node)       +DT_PROP(node, size)
#define DECLARE_DEVICE(node) static const int DEVICE_DT_NAME(node) = DT_DEP_ORD(node);

DT_FOREACH_STATUS_OKAY(test_disk, DECLARE_DEVICE)

static void test_iteration(void **state)
{
    (void)state;
    assert_int_equal(0 DT_FOREACH_STATUS_OKAY(test_disk, COUNT_NODE), 1);
    assert_int_equal(0 DT_FOREACH_STATUS_OKAY(test_nothing, COUNT_NODE), 0);
    assert_int_equal(DT_NUM_INST_STATUS_OKAY(test_disk), 1);
    assert_int_equal(DT_NUM_INST_STATUS_OKAY(test_nothing), 0);
    assert_int_equal(DT_DEP_ORD(DT_INST(0, test_disk)), DT_DEP_ORD(DISK));
    assert_int_equal(0 DT_FOREACH_CHILD(DISK, SUM_SIZE), 3);
    assert_int_equal(DEVICE_DT_NAME(DISK), DT_DEP_ORD(DISK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes),      cmocka_unit_test(test_registers_and_interrupts),
        cmocka_unit_test(test_properties), cmocka_unit_test(test_references),
        cmocka_unit_test(test_iteration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
