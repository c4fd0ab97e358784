#include "tests/unit.h"

#include "vboard/clock.h"

#define EVENTS 16

struct log {
    struct sim_clock clock;
    struct sim_timer timers[3];
    uint64_t seen[EVENTS];
    unsigned which[EVENTS];
    unsigned count;
    unsigned again; /* how often timer 0 sets itself once more */
};

static void note(struct log *log, unsigned which)
{
    log->which[log->count] = which;
    log->seen[log->count++] = log->clock.now;
}

static void fire_0(void *ctx)
{
    struct log *log = ctx;

    note(log, 0);
    if (log->again > 0) {
        log->again--;
        sim_timer_set(&log->clock, &log->timers[0], log->clock.now + 10);
    }
}

static void fire_1(void *ctx)
{
    note(ctx, 1);
}

static void init(struct log *log)
{
    *log = (struct log){0};
    sim_clock_init(&log->clock);
    sim_timer_init(&log->clock, &log->timers[0], fire_0, log);
    sim_timer_init(&log->clock, &log->timers[1], fire_1, log);
}

/* What becomes due while time passes fires in order, each at its own time, also what an event sets. */
static void test_events_fire_in_order_at_their_time(void **state)
{
    static const uint64_t expected[] = {10, 15, 20, 30};
    struct log log;

    (void)state;
    init(&log);
    log.again = 2;
    sim_timer_set(&log.clock, &log.timers[1], 15);
    sim_timer_set(&log.clock, &log.timers[0], 10);
    sim_clock_advance(&log.clock, 100);
    assert_int_equal(log.count, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(log.seen[i], expected[i]);
        assert_int_equal(log.which[i], i == 1);
    }
    assert_int_equal(log.clock.now, 100);
    assert_null(sim_clock_next(&log.clock));
}

static void test_stop_comes_at_what_is_due_first(void **state)
{
    struct log log;

    (void)state;
    init(&log);
    sim_timer_set(&log.clock, &log.timers[0], 50);
    sim_clock_begin_slice(&log.clock);
    assert_int_equal(log.clock.stop_at, 50);
    sim_timer_set(&log.clock, &log.timers[1], 20);
    assert_int_equal(log.clock.stop_at, 20);
    sim_timer_stop(&log.clock, &log.timers[1]);
    assert_int_equal(log.clock.stop_at, 50);
    sim_clock_stop_soon(&log.clock);
    sim_timer_set(&log.clock, &log.timers[1], 30);
    assert_int_equal(log.clock.stop_at, 0);
    sim_clock_begin_slice(&log.clock);
    assert_int_equal(log.clock.stop_at, 30);
}

static void test_time_converts_without_loss(void **state)
{
    (void)state;
    assert_int_equal(sim_ticks_from_ns(41000), 2624);
    assert_int_equal(sim_ticks_from_ns(1), 1); /* never early */
    assert_int_equal(sim_ns_from_ticks(64), 1000);
    assert_int_equal(sim_ns_from_ticks(UINT64_C(64000000) * 100000), UINT64_C(100000) * 1000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_fire_in_order_at_their_time),
        cmocka_unit_test(test_stop_comes_at_what_is_due_first),
        cmocka_unit_test(test_time_converts_without_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
