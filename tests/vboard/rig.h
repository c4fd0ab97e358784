/*
 * Runs one case of a test firmware on a virtual board and keeps what it printed, what the board said and how it ended.
 */
#ifndef TESTS_VBOARD_RIG_H
#define TESTS_VBOARD_RIG_H

#include "tests/unit.h"

#include "host/buffer.h"
#include "vboard/vboard.h"

struct rig {
    struct vboard_config config; /* to be changed before rig_start */
    struct vboard *board;
    struct buffer console;
    struct buffer lines; /* "bug: ...\n", "warning: ...\n", "say: ...\n" */
    const char *input;   /* sent when the console prints "go\n" */
    size_t input_len;
    bool input_sent;
};

void rig_init(struct rig *rig);
void rig_start(struct rig *rig, const char *firmware, uint32_t fw_case);
void rig_free(struct rig *rig);

/* Runs to "end\n", at most ten modelled seconds. */
enum vboard_end rig_run(struct rig *rig);

/* A whole run with the default configuration; fails the test unless it ends as told. */
void rig_once(struct rig *rig, const char *firmware, uint32_t fw_case, enum vboard_end end);

void rig_expect(const struct rig *rig, const char *text);      /* on the console */
void rig_expect_line(const struct rig *rig, const char *text); /* among the board's lines */

/* The number that the firmware printed as "name=0x...". */
uint32_t rig_number(const struct rig *rig, const char *name);

#endif
