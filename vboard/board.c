/* A board's life outside of running: creation, loading, the services its models ask for. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"
#include "vboard/board.h"

#define ERASED 0xff

const char *const *vboard_names(void)
{
    static const char *names[8];

    for (size_t i = 0; i < board_wiring_count; i++) {
        names[i] = board_wirings[i].name;
    }
    return names;
}

static const struct board_wiring *find_wiring(const char *name)
{
    for (size_t i = 0; i < board_wiring_count; i++) {
        if (strcmp(board_wirings[i].name, name) == 0) {
            return &board_wirings[i];
        }
    }
    return NULL;
}

const char *vboard_summary(const char *name)
{
    const struct board_wiring *wiring = find_wiring(name);

    return wiring != NULL ? wiring->summary : "";
}

/* ---- what models may ask ---- */

void board_say(struct vboard *board, enum vboard_channel channel, const char *format, ...)
{
    char text[512];
    va_list args;

    if (board->config.host.line == NULL || (channel == VBOARD_TRACE && !board->config.host.wants_trace)) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    board->config.host.line(board->config.host.ctx, channel, text);
}

void machine_set_irq(struct machine *machine, unsigned irq, bool level)
{
    v7m_set_line(&machine->v7m, irq, level);
}

uint8_t *machine_dma(const struct machine *machine, uint32_t addr, uint32_t len)
{
    uint32_t off = addr - machine->ram_base;

    return off < machine->ram_size && len <= machine->ram_size - off ? machine->ram + off : NULL;
}

void machine_dma_written(struct machine *machine, uint32_t addr, uint32_t len)
{
    cpu_memory_changed(&machine->cpu, addr, len);
}

void machine_bug(struct machine *machine, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    machine->reporter.bug(machine->reporter.ctx, text);
}

void machine_note(struct machine *machine, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    machine->reporter.note(machine->reporter.ctx, text);
}

/* The first request stands, but loss of power overrides everything. */
void machine_request_reset(struct machine *machine, enum reset_kind kind)
{
    if (!machine->reset_pending || kind == RESET_POWER_ON) {
        machine->reset_pending = true;
        machine->reset_kind = kind;
    }
    sim_clock_stop_soon(&machine->clock);
}

void machine_stall(struct machine *machine, uint64_t ns)
{
    if (!machine->power_lost) {
        sim_clock_advance(&machine->clock, sim_ticks_from_ns(ns));
    }
}

enum flash_fate machine_flash_operation(struct machine *machine, enum stats_operation kind, uint32_t off, uint32_t len,
                                        uint32_t *seed)
{
    return machine->reporter.flash_operation(machine->reporter.ctx, kind, off, len, seed);
}

static void report_bug(void *ctx, const char *text)
{
    struct vboard *board = ctx;

    if (board->machine.power_lost || (board->bug_reported && !board->config.keep_going)) {
        return;
    }
    board->bug_reported = true;
    board_say(board, VBOARD_FIRMWARE_BUG, "%s (in the block at 0x%08x, %.6f s after the start)", text,
              (unsigned)board->machine.cpu.block, (double)board->machine.clock.now / TICKS_PER_S);
    if (!board->config.keep_going) {
        board->end = VBOARD_BUG;
        sim_clock_stop_soon(&board->machine.clock);
    }
}

static void report_note(void *ctx, const char *text)
{
    struct vboard *board = ctx;

    for (size_t i = 0; i < board->noted_count; i++) {
        if (strcmp(board->noted[i], text) == 0) {
            return;
        }
    }
    board->noted = host_realloc(board->noted, (board->noted_count + 1) * sizeof(*board->noted));
    board->noted[board->noted_count++] = host_strdup(text);
    board_say(board, VBOARD_WARNING, "%s", text);
}

/* After a bug that ends the run nothing may reach flash any more. */
static enum flash_fate flash_operation(void *ctx, enum stats_operation kind, uint32_t off, uint32_t len, uint32_t *seed)
{
    struct vboard *board = ctx;
    struct machine *machine = &board->machine;
    bool torn = board->config.torn;

    *seed = board->config.seed * 0x9e3779b1U + (uint32_t)board->cutter.all;
    if (machine->power_lost || board->end == VBOARD_BUG) {
        return FLASH_NOT_STARTED;
    }
    if (!cutter_operation(&board->cutter, kind)) {
        if (board->config.host.operation != NULL) {
            board->config.host.operation(board->config.host.ctx, kind, off, len);
        }
        board_say(board, VBOARD_TRACE, "%.6f operation %" PRIu64 ": %s 0x%08x %u",
                  (double)machine->clock.now / TICKS_PER_S, board->cutter.all, cut_kind_names[kind], (unsigned)off,
                  (unsigned)len);
        return FLASH_DONE;
    }
    board_say(board, VBOARD_NARRATION, "power cut %zu %s operation %" PRIu64 ": %s at 0x%08x, %u bytes, seed %u",
              board->cutter.next, torn ? "inside" : "before", board->cutter.all, cut_kind_names[kind], (unsigned)off,
              (unsigned)len, (unsigned)*seed);
    machine->power_lost = true;
    machine_request_reset(machine, RESET_POWER_ON);
    return torn ? FLASH_TORN : FLASH_NOT_STARTED;
}

/* ---- creation ---- */

static uint8_t *contents(struct vboard *board, size_t slot, uint8_t *given, size_t size)
{
    if (given != NULL) {
        return given;
    }
    board->owned[slot] = aligned_alloc(0x1000, size);
    if (board->owned[slot] == NULL) {
        abort();
    }
    memset(board->owned[slot], ERASED, size);
    return board->owned[slot];
}

static void add_watch(struct vboard *board, const char *text, void (*seen)(struct vboard *board, const char *text))
{
    board->watches = host_realloc(board->watches, (board->watch_count + 1) * sizeof(*board->watches));
    board->watches[board->watch_count++] = (struct text_watch){text, strlen(text), seen};
}

static void arm_cuts(struct vboard *board, const char *text)
{
    if (!board->cutter.armed) {
        board->cutter.armed = true;
        board_say(board, VBOARD_NARRATION, "operations count from here (\"%s\")", text);
    }
}

static void mark(struct vboard *board, const char *text)
{
    const struct stats_counters *now;

    (void)vboard_stats(board);
    now = stats_now(&board->stats);
    stats_mark(&board->stats, text, board->machine.clock.now, board->machine.cpu.instructions, now->uart_instructions);
    board_say(board, VBOARD_NARRATION, "mark \"%s\" at %.6f s", text, (double)board->machine.clock.now / TICKS_PER_S);
}

static void timed_out(void *ctx)
{
    struct vboard *board = ctx;

    board->end = VBOARD_TIMEOUT;
    sim_clock_stop_soon(&board->machine.clock);
}

static void init_watches(struct vboard *board)
{
    for (size_t i = 0; i < board->config.mark_count; i++) {
        add_watch(board, board->config.marks[i], mark);
    }
    board->cutter = (struct cutter){.cuts = board->config.cuts, .count = board->config.cut_count};
    board->cutter.armed = board->config.cut_from == NULL;
    if (board->config.cut_from != NULL) {
        add_watch(board, board->config.cut_from, arm_cuts);
    }
}

int vboard_create(const struct vboard_config *config, struct vboard **out, struct failure *failure)
{
    const struct board_wiring *wiring = find_wiring(config->board);
    struct vboard *board;

    if (wiring == NULL) {
        return failure_set(failure, ERR_HOST_INPUT, "no virtual board is called %s (farboot board list tells them)",
                           config->board);
    }
    board = host_alloc(sizeof(*board));
    board->config = *config;
    board->wiring = wiring;
    board->soc = wiring->soc;
    sim_clock_init(&board->machine.clock);
    board->machine.random.state = config->seed;
    board->machine.stats = &board->stats;
    board->machine.reporter = (struct machine_reporter){board, report_bug, report_note, flash_operation};
    nor_model_init(&board->flash, wiring->soc->flash, contents(board, 0, config->internal, VBOARD_INTERNAL_SIZE));
    nor_model_init(&board->uicr, &nvmc_uicr_part, contents(board, 1, config->uicr, VBOARD_UICR_SIZE));
    nor_model_init(&board->external, config->slow_flash ? &nor_part_mx25r6435f_slow : &nor_part_mx25r6435f,
                   contents(board, 2, config->external, VBOARD_EXTERNAL_SIZE));
    if (config->word_programs != NULL) {
        memcpy(board->flash.programs, config->word_programs, VBOARD_INTERNAL_SIZE / 4);
    }
    stats_begin_boot(&board->stats, "off", 0);
    board_soc_init(board);
    board->machine.cpu.stop_in = config->stop_in;
    board->machine.cpu.stop_in_count = config->stop_in_count;
    sim_timer_init(&board->machine.clock, &board->timeout, timed_out, board);
    board->timeout.waits_for_host = true;
    init_watches(board);
    *out = board;
    return OK;
}

void vboard_free(struct vboard *board)
{
    if (board == NULL) {
        return;
    }
    board_soc_free(board);
    nor_model_free(&board->flash);
    nor_model_free(&board->uicr);
    nor_model_free(&board->external);
    stats_free(&board->stats);
    for (size_t i = 0; i < sizeof(board->owned) / sizeof(board->owned[0]); i++) {
        free(board->owned[i]);
    }
    for (size_t i = 0; i < board->noted_count; i++) {
        free(board->noted[i]);
    }
    free(board->noted);
    free(board->watches);
    free(board);
}

/* ---- loading and looking ---- */

static uint8_t *place(struct vboard *board, uint32_t addr, size_t len)
{
    const struct {
        uint32_t base;
        uint32_t size;
        uint8_t *data;
    } places[] = {
        {0, VBOARD_INTERNAL_SIZE, board->flash.data},
        {board->soc->uicr, VBOARD_UICR_SIZE, board->uicr.data},
        {board->soc->xip, VBOARD_EXTERNAL_SIZE, board->external.data},
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        uint32_t off = addr - places[i].base;

        if (off < places[i].size && len <= places[i].size - off) {
            return places[i].data + off;
        }
    }
    return NULL;
}

int vboard_load(struct vboard *board, const struct memory_image *image, struct failure *failure)
{
    for (size_t i = 0; i < image->count; i++) {
        const struct memory_segment *segment = &image->segments[i];
        uint8_t *at = place(board, segment->addr, segment->bytes.len);

        if (at == NULL) {
            return failure_set(failure, ERR_HOST_INPUT,
                               "%zu bytes at 0x%08x lie outside of internal flash, UICR and external flash of %s",
                               segment->bytes.len, (unsigned)segment->addr, board->wiring->name);
        }
        memcpy(at, segment->bytes.data, segment->bytes.len);
        cpu_memory_changed(&board->machine.cpu, segment->addr, (uint32_t)segment->bytes.len);
    }
    return OK;
}

uint8_t *vboard_internal(struct vboard *board)
{
    return board->flash.data;
}

uint8_t *vboard_uicr(struct vboard *board)
{
    return board->uicr.data;
}

uint8_t *vboard_external(struct vboard *board)
{
    return board->external.data;
}

const uint8_t *vboard_word_programs(const struct vboard *board)
{
    return board->flash.programs;
}

struct vboard_chip_registers vboard_ext_registers(const struct vboard *board)
{
    return (struct vboard_chip_registers){true, board->chip.status, board->chip.status2, board->chip.config[0]};
}

uint32_t vboard_pc(const struct vboard *board)
{
    return board->machine.cpu.block;
}

const uint8_t *vboard_memory(const struct vboard *board, uint32_t addr, uint32_t len)
{
    return cpu_memory_at(&board->machine.cpu, addr, len);
}

bool vboard_external_is_busy(const struct vboard *board)
{
    return nor_chip_is_busy(&board->chip);
}

const struct stats *vboard_stats(struct vboard *board)
{
    stats_end_boot(&board->stats, board->machine.clock.now);
    stats_now(&board->stats)->instructions = board->machine.cpu.instructions - board->boot_instructions;
    return &board->stats;
}

uint64_t vboard_now_ns(const struct vboard *board)
{
    return sim_ns_from_ticks(board->machine.clock.now);
}
