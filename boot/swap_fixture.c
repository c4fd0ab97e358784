#include "boot/swap_fixture.h"

#include <farboot/log.h>

const enum swap_type swap_types[SWAP_TYPES] = {SWAP_TEST, SWAP_PERM, SWAP_REVERT};

void log_line(char level, const char *format, ...)
{
    (void)level;
    (void)format;
}

void swap_begin(struct update *update, const struct boot_mode *mode, const struct boot_slot *slots, enum swap_type type,
                uint32_t sector, uint32_t old_used, uint32_t new_used)
{
    *update = (struct update){.type = type,
                              .slots = slots,
                              .primary = trailer_unset(),
                              .secondary = trailer_unset(),
                              .scratch = trailer_unset(),
                              .starting = trailer_unset(),
                              .sector = sector,
                              .primary_used = old_used,
                              .secondary_used = new_used,
                              .swap_size = old_used > new_used ? old_used : new_used,
                              .is_installed = HARDENED_FALSE};
    mode->measure(update);
    update->starting.magic = TRAILER_MAGIC_GOOD;
    update->starting.swap_type = type;
    update->announcement = update->starting;
    update->starting.image_ok = type == SWAP_TEST ? TRAILER_FLAG_UNSET : TRAILER_FLAG_SET;
}

void swap_fill(uint32_t *marks, uint32_t count, uint32_t first, uint32_t used)
{
    for (uint32_t i = 0; i < count; i++) {
        marks[i] = i < used ? first + i : NOTHING;
    }
}

void swap_board_start(struct swap_board *board, const struct boot_mode *mode, const struct boot_slot *slots,
                      enum swap_type type, uint32_t old_sectors, uint32_t new_sectors, uint32_t up)
{
    swap_fill(board->units[BOOT_PRIMARY], SWAP_UNITS + 1, OLD(0), old_sectors);
    board->units[BOOT_SECONDARY][0] = NOTHING;
    swap_fill(&board->units[BOOT_SECONDARY][up], SWAP_UNITS + 1 - up, NEW(0), new_sectors);
    swap_begin(&board->update, mode, slots, type, SECTOR, old_sectors * SECTOR, new_sectors * SECTOR);
}

void swap_board_copy(struct swap_board *board, const struct boot_step *step)
{
    assert_int_equal(step->len, SECTOR);
    assert_true(step->dst_off / SECTOR <= SWAP_UNITS && step->src_off / SECTOR <= SWAP_UNITS);
    board->units[step->dst][step->dst_off / SECTOR] = NOTHING;
    board->units[step->dst][step->dst_off / SECTOR] = board->units[step->src][step->src_off / SECTOR];
}
