#include "vboard/cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KIND(k) (1U << (k))

const char *const cut_kind_names[OP_KINDS] = {
    [OP_INT_ERASE] = "int-erase",
    [OP_INT_PROGRAM] = "int-program",
    [OP_EXT_ERASE] = "ext-erase",
    [OP_EXT_PROGRAM] = "ext-program",
};

static const struct {
    const char *name;
    uint32_t kinds;
} selectors[] = {
    {"", KIND(OP_INT_ERASE) | KIND(OP_INT_PROGRAM) | KIND(OP_EXT_ERASE) | KIND(OP_EXT_PROGRAM)},
    {"erase:", KIND(OP_INT_ERASE) | KIND(OP_EXT_ERASE)},
    {"program:", KIND(OP_INT_PROGRAM) | KIND(OP_EXT_PROGRAM)},
    {"int:", KIND(OP_INT_ERASE) | KIND(OP_INT_PROGRAM)},
    {"ext:", KIND(OP_EXT_ERASE) | KIND(OP_EXT_PROGRAM)},
    {"int-erase:", KIND(OP_INT_ERASE)},
    {"int-program:", KIND(OP_INT_PROGRAM)},
    {"ext-erase:", KIND(OP_EXT_ERASE)},
    {"ext-program:", KIND(OP_EXT_PROGRAM)},
};

bool vboard_cut_parse(const char *text, struct vboard_cut *cut)
{
    size_t len = strcspn(text, "0123456789");
    char *end = NULL;

    errno = 0;
    cut->number = strtoull(text + len, &end, 10);
    if (text[len] == 0 || *end != 0 || errno != 0 || cut->number == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
        if (strlen(selectors[i].name) == len && strncmp(text, selectors[i].name, len) == 0) {
            cut->kinds = selectors[i].kinds;
            return true;
        }
    }
    return false;
}

bool cutter_operation(struct cutter *cutter, enum stats_operation kind)
{
    cutter->all++;
    if (!cutter->armed || cutter->next == cutter->count || (cutter->cuts[cutter->next].kinds & KIND(kind)) == 0) {
        return false;
    }
    cutter->operations++;
    if (cutter->operations < cutter->cuts[cutter->next].number) {
        return false;
    }
    cutter->next++;
    return true;
}

void cutter_power_on(struct cutter *cutter)
{
    cutter->operations = 0;
    cutter->all = 0;
}
