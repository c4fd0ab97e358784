#include "devicetree/specifier.h"

#include <stdio.h>
#include <string.h>

/* "cs-gpios" -> "gpio", "clocks" -> "clock". */
static void space_of(const char *property, char *space, size_t size)
{
    size_t len = strlen(property);

    if (len >= 5 && strcmp(property + len - 5, "gpios") == 0) {
        (void)snprintf(space, size, "gpio");
        return;
    }
    (void)snprintf(space, size, "%s", property);
    len = strlen(space);
    if (len > 0 && space[len - 1] == 's') {
        space[len - 1] = 0;
    }
}

static bool set_cells(const struct dt_property *property, struct specifier *specifier)
{
    char space[48];
    char cells_property[64];

    space_of(property->name, space, sizeof(space));
    (void)snprintf(cells_property, sizeof(cells_property), "#%s-cells", space);
    specifier->cells = dt_cell_or(specifier->target, cells_property, 0);
    specifier->names = binding_cells(specifier->target->binding, space);
    return specifier->cells <= dt_cell_count(property) - specifier->first &&
           (specifier->names == NULL || specifier->names->count == specifier->cells);
}

bool specifier_next(const struct dt_tree *tree, enum binding_type type, const struct dt_property *property,
                    struct specifier *specifier)
{
    if (specifier->bad || specifier->next >= dt_cell_count(property)) {
        return false;
    }
    specifier->index += specifier->started ? 1 : 0;
    specifier->started = true;
    specifier->target = dt_by_phandle(tree, dt_cell(property, specifier->next));
    specifier->first = specifier->next + 1;
    specifier->cells = 0;
    specifier->names = NULL;
    specifier->bad = specifier->target == NULL || (type == BINDING_PHANDLE_ARRAY && !set_cells(property, specifier));
    specifier->next = specifier->first + specifier->cells;
    return !specifier->bad;
}
