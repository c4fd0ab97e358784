/* Power cuts: counts flash operations and decides at which one power is lost. */
#ifndef VBOARD_CUT_H
#define VBOARD_CUT_H

#include "vboard/vboard.h"

struct cutter {
    const struct vboard_cut *cuts;
    size_t count;
    size_t next;
    uint64_t operations; /* that the present cut counts, since power-on */
    uint64_t all;        /* operations of all kinds since power-on */
    bool armed;
};

/* Whether power is lost at this operation. */
bool cutter_operation(struct cutter *cutter, enum stats_operation kind);
void cutter_power_on(struct cutter *cutter);

extern const char *const cut_kind_names[OP_KINDS];

#endif
