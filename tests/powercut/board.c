#include "tests/powercut/board.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <farboot/log.h>

static char console[8192];

void log_line(char level, const char *format, ...)
{
    size_t len = strlen(console);
    va_list args;

    va_start(args, format);
    (void)snprintf(console + len, sizeof console - len, "%c: ", level);
    len = strlen(console);
    /* The analyzer overlooks va_start above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(console + len, sizeof console - len, format, args);
    len = strlen(console);
    (void)snprintf(console + len, sizeof console - len, "\n");
    va_end(args);
}

const char *board_console(void)
{
    return console;
}

void board_assert_said(const char *text)
{
    if (strstr(console, text) == NULL) {
        fail_msg("the console lacks \"%s\":\n%s", text, console);
    }
}

void board_init(struct board *board, const struct world_geometry *geometry, const struct sim_mode *mode, unsigned pairs)
{
    memset(board, 0, sizeof *board);
    world_init(&board->world, geometry, mode, pairs, 0);
    for (unsigned area = 0; area < WORLD_AREAS; area++) {
        if (world_has(&board->world, area)) {
            world_erase(&board->world, area);
        }
    }
}

void board_start_on(struct board *board, const struct world_geometry *geometry, const struct boot_mode *mode)
{
    board_init(board, geometry, sim_mode_of(mode), 1);
    board->old = images_get(20000, 1, 1);
    board->new = images_get(30000, 2, 2);
    world_put_image(&board->world, WORLD_PRIMARY, 0, board->old);
}

void board_start(struct board *board, const struct boot_mode *mode)
{
    /* As the first geometry, but programs of a word are not counted: tests put bytes there without programming. */
    static const struct world_geometry geometry = {
        "boot", {{4, 0, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{4096, 16}}}}, {0}, 0};

    board_start_on(board, &geometry, mode);
}

void board_stop(struct board *board)
{
    for (size_t i = 0; i < board->image_count; i++) {
        buffer_free(&board->images[i]);
    }
    world_free(&board->world);
}

const struct buffer *board_image(struct board *board, const struct sign_params *params, uint32_t payload)
{
    struct buffer *made = &board->images[board->image_count++];

    assert_true(board->image_count <= sizeof board->images / sizeof board->images[0]);
    images_make(made, params, payload, (uint32_t)board->image_count);
    return made;
}

void board_upload(struct board *board, unsigned pair, const struct buffer *image, bool permanent)
{
    unsigned area = WORLD_AREA(pair, WORLD_SECONDARY);

    world_put_image(&board->world, area, sim_upload_off(&board->world), image);
    world_request(&board->world, area, permanent);
}

int board_boot_until(struct board *board, uint64_t cut_at, enum nor_cut kind, uint32_t seed)
{
    int err;

    console[0] = '\0';
    nor_power_on(&board->world.power, cut_at, kind, seed);
    err = sim_boot(&board->world, &board->result);
    if (!board->world.power.off) {
        assert_int_equal(nor_power_settle(&board->world.power), OK);
    }
    assert_string_equal(world_violation(&board->world), "");
    assert_int_equal(board->result.is_verified, err == OK ? HARDENED_TRUE : HARDENED_FALSE);
    return err;
}

int board_boot(struct board *board)
{
    return board_boot_until(board, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
}

void board_assert_quiet(struct board *board)
{
    assert_int_equal(board_boot(board), OK);
    assert_int_equal(board->world.power.ops, 0);
}
