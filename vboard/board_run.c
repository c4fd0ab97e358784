/* A board's running: the loop around the processor, sleep, resets, the console. */
#include <string.h>
#include <time.h>

#include "vboard/board.h"

/* A board that nobody can talk to and that has nothing to do for an hour (a free-running timer's wrap) sleeps for ever.
 */
#define FOR_EVER ((uint64_t)3600 * TICKS_PER_S)

static const char *const reset_names[] = {
    [RESET_POWER_ON] = "power-on", [RESET_PIN] = "pin",        [RESET_WATCHDOG] = "watchdog",
    [RESET_SOFT] = "soft",         [RESET_LOCKUP] = "lock-up",
};

/* ---- the console ---- */

static bool has_just_printed(const struct vboard *board, const struct text_watch *watch)
{
    return watch->len != 0 && board->recent_len >= watch->len &&
           memcmp(board->recent + board->recent_len - watch->len, watch->text, watch->len) == 0;
}

static void remember(struct vboard *board, uint8_t byte)
{
    if (board->recent_len == RECENT_SIZE) {
        memmove(board->recent, board->recent + RECENT_SIZE / 2, RECENT_SIZE / 2);
        board->recent_len = RECENT_SIZE / 2;
    }
    board->recent[board->recent_len++] = (char)byte;
}

void board_console(struct vboard *board, uint8_t byte)
{
    remember(board, byte);
    if (board->config.host.output != NULL) {
        board->config.host.output(board->config.host.ctx, byte);
    }
    for (size_t i = 0; i < board->watch_count; i++) {
        if (has_just_printed(board, &board->watches[i])) {
            board->watches[i].seen(board, board->watches[i].text);
        }
    }
    if (has_just_printed(board, &board->until)) {
        board->end = VBOARD_UNTIL;
        sim_clock_stop_soon(&board->machine.clock);
    }
}

/* ---- resets ---- */

static void reset(struct vboard *board, enum reset_kind kind)
{
    struct machine *machine = &board->machine;
    bool was_cut = machine->power_lost;

    if (board->stats.boot_count > 0) {
        (void)vboard_stats(board);
    }
    machine->reset_pending = false;
    machine->power_lost = false;
    if (kind == RESET_POWER_ON) {
        cutter_power_on(&board->cutter);
    }
    stats_begin_boot(&board->stats, reset_names[kind], machine->clock.now);
    board->boot_instructions = machine->cpu.instructions;
    board_soc_reset(board, kind);
    sim_clock_begin_slice(&machine->clock);
    board->powered = !was_cut || !board->config.stop_at_cut;
    if (!board->powered) {
        board->end = VBOARD_CUT;
        return;
    }
    board->resets = kind == RESET_POWER_ON ? 0 : board->resets + 1;
    if (board->config.resets_max != 0 && board->resets > board->config.resets_max) {
        board->end = VBOARD_CIRCLING;
    }
    board_say(board, VBOARD_NARRATION, "%s reset, boot %zu, %.6f s", reset_names[kind], board->stats.boot_count,
              (double)machine->clock.now / TICKS_PER_S);
}

/* What was accounted before the first instruction (the row made at creation) is no boot. */
static void power_on(struct vboard *board)
{
    if (vboard_stats(board)->boots[board->stats.boot_count - 1].counters.elapsed == 0) {
        board->stats.boot_count--;
    }
    board->machine.power_lost = false;
    reset(board, RESET_POWER_ON);
    if (board->config.watchdog_ms != 0) {
        wdt_begin_running(&board->wdts[0], board->config.watchdog_ms);
    }
}

void vboard_power_cycle(struct vboard *board)
{
    power_on(board);
}

void vboard_pin_reset(struct vboard *board)
{
    reset(board, RESET_PIN);
}

/* ---- sleep ---- */

static enum vboard_host_state ask_host(struct vboard *board, int timeout_ms)
{
    const struct vboard_host *host = &board->config.host;
    enum vboard_host_state state = host->poll != NULL ? host->poll(host->ctx, timeout_ms) : VBOARD_HOST_DEAF;

    if (state == VBOARD_HOST_STOP) {
        board->end = VBOARD_STOPPED;
    }
    return state;
}

static void sleep_for(struct vboard *board, uint64_t ticks)
{
    stats_now(&board->stats)->sleep += ticks;
    sim_clock_advance(&board->machine.clock, ticks);
}

static uint64_t monotonic_ns(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

/*
 * Someone at the other end of the line lives in real time: while only clocks are running, a millisecond takes a
 * millisecond, so that neither side's time-outs run away. Input ends the wait early.
 */
static void sleep_in_step(struct vboard *board, uint64_t ticks)
{
    uint64_t begin;
    enum vboard_host_state state;
    uint64_t passed;
    uint64_t next;
    uint64_t ms;

    board->pace_debt += ticks;
    ms = board->pace_debt / TICKS_PER_MS;
    if (ms == 0) {
        sleep_for(board, ticks);
        return;
    }
    begin = monotonic_ns();
    state = ask_host(board, ms < 1000 ? (int)ms : 1000);
    passed = state == VBOARD_HOST_ALIVE ? sim_ticks_from_ns(monotonic_ns() - begin) : ticks;
    board->pace_debt = 0;
    /* Input has set the line's timer: each of its bytes gets its time, and the processor its chance to wake. */
    next = sim_clock_next(&board->machine.clock)->due - board->machine.clock.now;
    if (state != VBOARD_HOST_STOP) {
        sleep_for(board, passed < next ? passed : next);
    }
}

/* Whether nothing is due soon; then only input can wake the board. */
static bool nothing_is_due(const struct vboard *board)
{
    const struct sim_timer *next = sim_clock_next(&board->machine.clock);

    return next == NULL || next == &board->timeout || next->due - board->machine.clock.now > FOR_EVER;
}

static void idle(struct vboard *board)
{
    const struct sim_timer *next = sim_clock_next(&board->machine.clock);

    if (nothing_is_due(board) && ask_host(board, next == NULL ? -1 : 0) == VBOARD_HOST_DEAF) {
        board->end = VBOARD_IDLE;
    }
    next = sim_clock_next(&board->machine.clock); /* input may have come */
    if (next == NULL || board->end != VBOARD_RUNNING) {
        return;
    }
    if (next->waits_for_host && !board_devices_work(board)) {
        sleep_in_step(board, next->due - board->machine.clock.now);
    } else {
        sleep_for(board, next->due - board->machine.clock.now);
    }
}

/* ---- the loop ---- */

static void prepare(struct vboard *board)
{
    struct machine *machine = &board->machine;

    if (machine->v7m.mpu_changed) {
        v7m_mpu_apply(&machine->v7m, machine->ram_base, machine->ram_size);
    }
    if (board->nvmc.acl_changed) {
        board->nvmc.acl_changed = false;
        for (uint32_t page = 0; page < VBOARD_INTERNAL_SIZE; page += 0x1000) {
            cpu_guard(&machine->cpu, page, 0x1000, board_judge(board, CPU_READ, page, 0x1000) != CPU_ALLOWED);
        }
    }
    v7m_deliver(&machine->v7m);
}

static void step(struct vboard *board)
{
    struct machine *machine = &board->machine;
    enum cpu_stop stop;

    if (machine->clock.now >= machine->clock.slice_end && ask_host(board, 0) == VBOARD_HOST_STOP) {
        return;
    }
    sim_clock_run(&machine->clock);
    sim_clock_begin_slice(&machine->clock);
    if (machine->reset_pending) {
        reset(board, machine->reset_kind);
        return;
    }
    if (board->power.off) {
        board->end = VBOARD_OFF;
        return;
    }
    prepare(board);
    if (machine->v7m.sleeping) {
        idle(board);
        return;
    }
    stop = cpu_run(&machine->cpu);
    if (machine->reset_pending || board->end == VBOARD_BUG) {
        return;
    }
    if (stop == CPU_STOP_ENTERED) {
        board->end = VBOARD_ENTERED;
        return;
    }
    if (stop == CPU_STOP_ENGINE) {
        board_say(board, VBOARD_WARNING, "the engine failed at 0x%08x", (unsigned)machine->cpu.pc);
        board->end = VBOARD_BROKEN;
        return;
    }
    v7m_handle(&machine->v7m, stop);
}

enum vboard_end vboard_run(struct vboard *board, const char *until, uint64_t timeout_ns)
{
    struct sim_clock *clock = &board->machine.clock;

    board->end = VBOARD_RUNNING;
    board->until = (struct text_watch){until, until != NULL ? strlen(until) : 0, NULL};
    if (!board->powered) {
        power_on(board);
    }
    if (timeout_ns != 0) {
        sim_timer_set(clock, &board->timeout, clock->now + sim_ticks_from_ns(timeout_ns));
    }
    sim_clock_begin_slice(clock);
    while (board->end == VBOARD_RUNNING) {
        step(board);
    }
    sim_timer_stop(clock, &board->timeout);
    return board->end;
}

void vboard_stop(struct vboard *board)
{
    board->end = VBOARD_STOPPED;
    sim_clock_stop_soon(&board->machine.clock);
}

void vboard_settle(struct vboard *board)
{
    while (nor_chip_is_busy(&board->chip)) {
        sim_clock_advance(&board->machine.clock, board->chip.done.due - board->machine.clock.now);
    }
}

void vboard_uart_input(struct vboard *board, const uint8_t *data, size_t len)
{
    uarte_receive(&board->uarte[0], data, len);
}
