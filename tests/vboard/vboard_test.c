/* Each test runs a small bare-metal firmware (fw/) and looks at what it printed: processor, resets, internal flash. */
#include <string.h>

#include "tests/vboard/rig.h"
#include "vboard/clock.h"

/* What the firmware has to print, and what the board has to say about it. NULL: nothing. */
struct expectation {
    const char *firmware;
    uint32_t fw_case;
    enum vboard_end end;
    const char *console[6];
    const char *line;
};

static const struct expectation expectations[] = {
    {"flash", 0, VBOARD_UNTIL, {"word=0x12345678", "bytes=0xffff1100", "anded=0x01020300"}, NULL},
    {"flash", 1, VBOARD_UNTIL, {"first=0x00000001", "last=0x00000004"}, NULL},
    {"flash", 2, VBOARD_UNTIL, {"first_code=0x00000001", "second_code=0x00000002", "after_reset=0x00000001"}, NULL},
    {"flash", 3, VBOARD_UNTIL, {"ram_code=0x00000001", "ram_code=0x00000002", "ram_code=0x00000003"}, NULL},
    {"flash", 4, VBOARD_UNTIL, {"polls=0x00000001"}, NULL},
    {"flash", 5, VBOARD_UNTIL, {"neighbour=0xffffffff", "bus fault cfsr=0x00008200"}, "BusFault"},
    {"flash", 6, VBOARD_UNTIL, {"bus fault cfsr=0x00008200"}, "BusFault"},
    {"flash", 7, VBOARD_UNTIL, {"neighbour=0xffffffff", "bus fault cfsr=0x00008200"}, "BusFault"},
    {"flash", 8, VBOARD_UNTIL, {"uicr=0xcafe0001"}, "soft reset"},
    {"flash", 10, VBOARD_BUG, {NULL}, "bug: store to flash at 0x40000 without write enable"},
    {"flash", 11, VBOARD_BUG, {NULL}, "bug: 1-byte store to flash"},
    {"flash", 12, VBOARD_BUG, {NULL}, "bug: 4-byte store to flash at 0x40001"},
    {"flash", 13, VBOARD_BUG, {NULL}, "too many programs of a write block at 0x40000"},
    {"flash", 14, VBOARD_BUG, {NULL}, "programming cannot set bits"},
    {"flash", 15, VBOARD_BUG, {NULL}, "ERASEPAGE of 0x40000 without erase enable"},
    {"flash", 16, VBOARD_BUG, {NULL}, "ERASEPAGE of 0x40004, which is not the address of a page"},
    {"flash", 17, VBOARD_BUG, {NULL}, "while the NVMC is busy"},
    {"flash", 18, VBOARD_BUG, {NULL}, "bug: 2-byte store to flash"},
    {"exceptions", 0, VBOARD_UNTIL, {"svc=0x0000002a", "svc on psp=0x00000063", "stacked r0=0x00000062"}, NULL},
    {"exceptions", 1, VBOARD_UNTIL, {"primask=0x00000516", "basepri=0x00000516"}, NULL},
    {"exceptions", 2, VBOARD_UNTIL, {"nested=0x00000213"}, NULL},
    {"exceptions", 3, VBOARD_UNTIL, {"ticks=0x00787878"}, NULL},
    {"exceptions", 4, VBOARD_UNTIL, {"order=0x00000051"}, NULL},
    {"exceptions",
     5,
     VBOARD_UNTIL,
     {"beside the guard=0x00000055", "exception=0x00000003", "cfsr=0x00000092"},
     "MemManage"},
    {"exceptions", 10, VBOARD_UNTIL, {"exception=0x00000005", "cfsr=0x00008200", "bfar=0x90000000"}, "BusFault"},
    {"exceptions", 11, VBOARD_UNTIL, {"exception=0x00000003", "hfsr=0x40000000", "bfar=0x90000010"}, "BusFault"},
    {"exceptions", 12, VBOARD_UNTIL, {"exception=0x00000006", "cfsr=0x00010000"}, "UsageFault"},
    {"exceptions", 13, VBOARD_UNTIL, {"exception=0x00000006", "cfsr=0x00020000"}, "UsageFault"},
    {"exceptions", 14, VBOARD_UNTIL, {"exception=0x00000003", "cfsr=0x00000100"}, "BusFault"},
    {"exceptions", 18, VBOARD_UNTIL, {"exception=0x00000003", "cfsr=0x00000100"}, "address 0x12000000"},
    {"exceptions", 15, VBOARD_UNTIL, {"faulting in a fault", "reset by lock-up"}, "lock-up reset"},
    {"exceptions", 16, VBOARD_UNTIL, {"exception=0x00000003", "hfsr=0x80000000"}, "HardFault"},
    {"reset",
     0,
     VBOARD_UNTIL,
     {"ram at power-on=0x00000001", "reason=0x00000004", "ram=0x600dda7a", "gpregret=0x0000005a", "cleared=0x00000000"},
     "soft reset"},
    {"reset",
     1,
     VBOARD_UNTIL,
     {"reason=0x00000004\nrunning=0x00000001", "reason=0x00000006\nrunning=0x00000000"},
     "watchdog reset"},
    {"reset", 2, VBOARD_UNTIL, {"fed", "missing=0x00000002", "bitten"}, "watchdog reset"},
    {"reset", 3, VBOARD_UNTIL, {"random="}, NULL},
    {"reset", 4, VBOARD_OFF, {"part=0x00052840"}, NULL},
    {"qspi", 0, VBOARD_UNTIL, {"id=0x001728c2", "sfdp=0x50444653", "table at=0x00000030", "status=0x00000040"}, NULL},
    {"qspi", 1, VBOARD_UNTIL, {"ready is not done=0x00000001", "mismatches=0x00000000", "beyond=0xffffffff"}, NULL},
    {"qspi", 2, VBOARD_UNTIL, {"ready at once=0x00000001", "mismatches=0x00000000"}, NULL},
    {"qspi", 3, VBOARD_UNTIL, {"status=0x00000043", "done=0x00000040"}, "soft reset"},
    {"qspi", 4, VBOARD_UNTIL, {"a prefix=0x00000001"}, "soft reset"},
    {"qspi", 5, VBOARD_UNTIL, {"asleep=0x00ffffff", "too early=0x00ffffff", "awake=0x001728c2"}, NULL},
    {"qspi", 6, VBOARD_UNTIL, {"end of page=0x2211ffff", "start of page=0xffff4433", "next page=0xffffffff"}, "wraps"},
    {"qspi",
     7,
     VBOARD_UNTIL,
     {"suspended=0x00004208", "resumed=0x00000001", "protected=0x00000044", "refused=0x00004440"},
     "block-protected"},
    {"qspi", 8, VBOARD_UNTIL, {"before=0x001728c2", "id=0x001728c2"}, NULL},
    {"qspi", 20, VBOARD_BUG, {NULL}, "without quad enable"},
    {"qspi", 21, VBOARD_BUG, {NULL}, "EasyDMA cannot reach"},
    {"qspi", 22, VBOARD_BUG, {NULL}, "all must be multiples of 4"},
    {"qspi", 23, VBOARD_BUG, {NULL}, "command 0xeb while it is busy (WIP)"},
    {"qspi", 24, VBOARD_BUG, {NULL}, "command 0x06 while it is busy (WIP)"},
    {"qspi", 25, VBOARD_BUG, {NULL}, "bits cannot be set"},
    {"qspi", 26, VBOARD_BUG, {NULL}, "READSTART while it is not activated"},
    {"qspi", 27, VBOARD_BUG, {NULL}, "execute-in-place window while it is not enabled"},
    {"qspi", 28, VBOARD_BUG, {NULL}, "previous task still runs"},
    {"qspi", 29, VBOARD_BUG, {NULL}, "has no command 0x32"},
    {"qspi", 30, VBOARD_BUG, {NULL}, "not the address of such a block"},
    {"uart", 5, VBOARD_BUG, {NULL}, "UARTE0: EasyDMA cannot send from"},
};

static void test_firmware_sees_what_silicon_shows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
        const struct expectation *expected = &expectations[i];
        struct rig rig;

        rig_once(&rig, expected->firmware, expected->fw_case, expected->end);
        for (size_t j = 0; j < 6 && expected->console[j] != NULL; j++) {
            rig_expect(&rig, expected->console[j]);
        }
        if (expected->line != NULL) {
            rig_expect_line(&rig, expected->line);
        }
        assert_true((strstr(buffer_text(&rig.lines), "bug: ") != NULL) == (expected->end == VBOARD_BUG));
        rig_free(&rig);
    }
}

static void assert_near(uint32_t got, uint32_t wanted)
{
    assert_in_range(got, wanted, wanted + wanted / 20 + 2);
}

/* Modelled times are exact; the margin is the firmware's own instructions. */
static void test_operations_take_their_time(void **state)
{
    struct rig rig;

    (void)state;
    rig_once(&rig, "flash", 0, VBOARD_UNTIL);
    assert_near(rig_number(&rig, "erase_us"), 85000);
    assert_near(rig_number(&rig, "program_us"), 41);
    rig_free(&rig);
    rig_once(&rig, "flash", 1, VBOARD_UNTIL);
    assert_near(rig_number(&rig, "stm_us"), 4 * 41);
    rig_free(&rig);
    rig_once(&rig, "qspi", 1, VBOARD_UNTIL);
    assert_near(rig_number(&rig, "erase_ms"), 58);
    assert_near(rig_number(&rig, "write_ms"), 14);
    rig_free(&rig);
    rig_once(&rig, "uart", 4, VBOARD_UNTIL);
    assert_near(rig_number(&rig, "us"), 955); /* 11 bytes of 10 bits at 115200 */
    rig_free(&rig);
    rig_once(&rig, "exceptions", 4, VBOARD_UNTIL);
    assert_near(rig_number(&rig, "woken after us"), 25);
    rig_free(&rig);
}

/* 4 KiB programmed outside take 14 ms and fit into the 85 ms of an erase inside. */
static void test_devices_work_at_the_same_time(void **state)
{
    const struct stats *stats;
    struct rig rig;

    (void)state;
    rig_once(&rig, "qspi", 2, VBOARD_UNTIL);
    assert_near(rig_number(&rig, "both_ms"), 85);
    stats = vboard_stats(rig.board);
    assert_int_equal(stats->boots[0].counters.internal.erases, 1);
    assert_int_equal(stats->boots[0].counters.external.erases, 1);
    assert_int_equal(stats->boots[0].counters.external.programs, 16);
    assert_int_equal(stats->boots[0].counters.external.programmed_bytes, 4096);
    assert_int_equal(stats->boots[0].counters.internal.stall, 85000 * TICKS_PER_US);
    rig_free(&rig);
}

static void receive(struct rig *rig, uint32_t fw_case, const char *input)
{
    rig_init(rig);
    rig->input = input;
    rig->input_len = strlen(input);
    rig_start(rig, "uart", fw_case);
    assert_int_equal(rig_run(rig), VBOARD_UNTIL);
}

static void test_uart_receives(void **state)
{
    struct rig rig;

    (void)state;
    receive(&rig, 0, "abcd");
    rig_expect(&rig, "got=0x61626364\namount=0x00000004");
    rig_free(&rig);
    receive(&rig, 1, "abcd");
    rig_expect(&rig, "got=0x61626364");
    rig_free(&rig);
    receive(&rig, 2, "0123456789");
    rig_expect(&rig, "error=0x00000001\nfifo=0x31323334\nflushed=0x00000002");
    rig_expect_line(&rig, "receiver overrun");
    rig_free(&rig);
    receive(&rig, 3, "x");
    rig_expect(&rig, "interrupt\ngot=0x00000078");
    rig_free(&rig);
}

static void test_sleeps_for_ever_without_input(void **state)
{
    struct rig rig;

    (void)state;
    rig_once(&rig, "uart", 3, VBOARD_IDLE);
    rig_free(&rig);
}

static void run_with_chip(struct rig *rig, enum vboard_ext_flash state, uint32_t fw_case)
{
    rig_init(rig);
    rig->config.ext_flash = state;
    rig_start(rig, "qspi", fw_case);
    assert_int_equal(rig_run(rig), VBOARD_UNTIL);
}

static void test_chip_in_any_state(void **state)
{
    struct rig rig;

    (void)state;
    run_with_chip(&rig, VBOARD_EXT_FOREIGN, 8);
    rig_expect(&rig, "id=0x001740ef");
    rig_free(&rig);
    run_with_chip(&rig, VBOARD_EXT_ASLEEP, 8);
    rig_expect(&rig, "before=0x00ffffff\nid=0x001728c2");
    rig_free(&rig);
    run_with_chip(&rig, VBOARD_EXT_BUSY, 8); /* the reset command ends the erase, which is torn */
    rig_expect(&rig, "before=0x00ffffff\nid=0x001728c2");
    rig_free(&rig);
    run_with_chip(&rig, VBOARD_EXT_4BYTE, 8);
    rig_expect(&rig, "id=0x001728c2");
    rig_expect(&rig, "read=0xffffffff");
    rig_free(&rig);
}

static void test_empty_socket(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig.config.ext_flash = VBOARD_EXT_NONE;
    rig_start(&rig, "qspi", 0);
    /* WIP reads 1 for ever, and this firmware waits for ever */
    assert_int_equal(vboard_run(rig.board, NULL, 50000000), VBOARD_TIMEOUT);
    rig_expect(&rig, "id=0x00ffffff");
    rig_free(&rig);
    rig_init(&rig);
    rig.config.ext_flash = VBOARD_EXT_NONE_LOW;
    rig_start(&rig, "qspi", 0);
    assert_int_equal(rig_run(&rig), VBOARD_UNTIL);
    rig_expect(&rig, "id=0x00000000");
    rig_free(&rig);
}

/* The same seed gives the same run, to the last instruction. */
static void test_runs_are_reproducible(void **state)
{
    struct rig first;
    struct rig second;

    (void)state;
    rig_once(&first, "reset", 3, VBOARD_UNTIL);
    rig_once(&second, "reset", 3, VBOARD_UNTIL);
    assert_string_equal(buffer_text(&first.console), buffer_text(&second.console));
    assert_int_equal(vboard_now_ns(first.board), vboard_now_ns(second.board));
    rig_free(&second);
    rig_init(&second);
    second.config.seed = 2;
    rig_start(&second, "reset", 3);
    assert_int_equal(rig_run(&second), VBOARD_UNTIL);
    assert_string_not_equal(buffer_text(&first.console), buffer_text(&second.console));
    rig_free(&second);
    rig_free(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_firmware_sees_what_silicon_shows),
        cmocka_unit_test(test_operations_take_their_time),
        cmocka_unit_test(test_devices_work_at_the_same_time),
        cmocka_unit_test(test_uart_receives),
        cmocka_unit_test(test_sleeps_for_ever_without_input),
        cmocka_unit_test(test_chip_in_any_state),
        cmocka_unit_test(test_empty_socket),
        cmocka_unit_test(test_runs_are_reproducible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
