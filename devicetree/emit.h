/*
 * What a checked devicetree becomes: a C header with Zephyr's macro names (devicetree_generated.h, used through
 * <farboot/devicetree.h>), CMake variables, and JSON for the configuration step.
 */
#ifndef DEVICETREE_EMIT_H
#define DEVICETREE_EMIT_H

#include "devicetree/binding.h"

void emit_header(const struct dt_tree *tree, struct buffer *out);

/*
 * set() commands: DT_CHOSEN_<name> ("_" for what is no letter or digit) and DT_NODELABEL_<label> give a path,
 * DT_ORD_<n> the path of node n, DT_COMPATIBLE_<path>, DT_REG_ADDRESS_<path>, DT_REG_SIZE_<path>, DT_STATUS_<path>, and
 * DT_PROP_<path>_<name> for typed properties; lists are CMake lists, numbers decimal.
 */
void emit_cmake(const struct dt_tree *tree, struct buffer *out);

/* {"nodes": [{path, ordinal, status, labels, compatible, reg, properties}], "chosen": {name: path}} */
void emit_json(const struct dt_tree *tree, struct buffer *out);

#endif
