#include "tests/vboard/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASE_ADDR  0x10001080U /* UICR.CUSTOMER[0] */
#define TIMEOUT_NS 10000000000U

static void keep_output(void *ctx, uint8_t byte)
{
    struct rig *rig = ctx;

    buffer_append(&rig->console, &byte, 1);
    if (rig->input != NULL && !rig->input_sent && strstr(buffer_text(&rig->console), "go\n") != NULL) {
        rig->input_sent = true;
        vboard_uart_input(rig->board, (const uint8_t *)rig->input, rig->input_len);
    }
}

static void keep_line(void *ctx, enum vboard_channel channel, const char *text)
{
    static const char *const names[] = {[VBOARD_NARRATION] = "say",
                                        [VBOARD_WARNING] = "warning",
                                        [VBOARD_FIRMWARE_BUG] = "bug",
                                        [VBOARD_TRACE] = "trace"};
    struct rig *rig = ctx;

    buffer_print(&rig->lines, "%s: %s\n", names[channel], text);
}

void rig_init(struct rig *rig)
{
    *rig = (struct rig){.config = {.board = "nrf52840dk", .seed = 1}};
}

void rig_start(struct rig *rig, const char *firmware, uint32_t fw_case)
{
    struct memory_image image = {0};
    struct failure failure = {""};
    char path[512];

    rig->config.host = (struct vboard_host){.ctx = rig, .output = keep_output, .line = keep_line, .wants_trace = true};
    (void)snprintf(path, sizeof(path), "%s/%s.elf", FIRMWARE_DIR, firmware);
    if (memory_image_load(&image, path, NULL, MEMORY_OVERLAP_ERROR, &failure) != OK ||
        memory_image_add(&image, CASE_ADDR, &fw_case, sizeof(fw_case), MEMORY_OVERLAP_ERROR, &failure) != OK ||
        vboard_create(&rig->config, &rig->board, &failure) != OK || vboard_load(rig->board, &image, &failure) != OK) {
        fail_msg("%s", failure.text);
    }
    memory_image_free(&image);
}

void rig_free(struct rig *rig)
{
    vboard_free(rig->board);
    buffer_free(&rig->console);
    buffer_free(&rig->lines);
}

enum vboard_end rig_run(struct rig *rig)
{
    return vboard_run(rig->board, "end\n", TIMEOUT_NS);
}

void rig_once(struct rig *rig, const char *firmware, uint32_t fw_case, enum vboard_end end)
{
    enum vboard_end got;

    rig_init(rig);
    rig_start(rig, firmware, fw_case);
    got = rig_run(rig);
    if (got != end) {
        fail_msg("%s %u ended as %d, not %d\nconsole:\n%s\nboard:\n%s", firmware, (unsigned)fw_case, (int)got, (int)end,
                 buffer_text(&rig->console), buffer_text(&rig->lines));
    }
}

static void expect_in(const struct buffer *where, const char *what, const char *text)
{
    if (strstr(buffer_text(where), text) == NULL) {
        fail_msg("the %s lacks '%s':\n%s", what, text, buffer_text(where));
    }
}

void rig_expect(const struct rig *rig, const char *text)
{
    expect_in(&rig->console, "console", text);
}

void rig_expect_line(const struct rig *rig, const char *text)
{
    expect_in(&rig->lines, "board", text);
}

uint32_t rig_number(const struct rig *rig, const char *name)
{
    char wanted[64];
    const char *at;

    (void)snprintf(wanted, sizeof(wanted), "%s=0x", name);
    rig_expect(rig, wanted);
    at = strstr(buffer_text(&rig->console), wanted);
    return (uint32_t)strtoul(at + strlen(wanted), NULL, 16);
}
