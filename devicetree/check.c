#include "devicetree/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicetree/specifier.h"

struct check {
    const char *name;
    const char *severity;
    bool disabled_too; /* disabled nodes are generated as well, so their values must be well-formed */
    void (*run)(const struct check *check, struct buffer *report, const struct dt_tree *tree,
                const struct dt_node *node);
};

static void finding(const struct check *check, struct buffer *report, const struct dt_node *node, const char *text)
{
    buffer_print(report, "%s: %s: %s [%s]\n", check->severity, node->path, text, check->name);
}

/* Edit distance of two short words, for "did you mean"; words of 64 characters or more are far from everything. */
static size_t distance(const char *a, const char *b)
{
    size_t row[64];
    size_t len = strlen(b);
    size_t i;
    size_t j;

    if (len >= 64) {
        return SIZE_MAX;
    }
    for (j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (i = 0; a[i] != 0; i++) {
        size_t diagonal = row[0]++;

        for (j = 0; j < len; j++) {
            size_t replaced = diagonal + (a[i] != b[j] ? 1 : 0);
            size_t shorter = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

            diagonal = row[j + 1];
            row[j + 1] = replaced < shorter ? replaced : shorter;
        }
    }
    return row[len];
}

static const char *nearest_property(const struct binding *binding, const char *name)
{
    const char *nearest = "";
    size_t best = 4;
    size_t i;

    for (i = 0; i < binding->property_count; i++) {
        size_t d = distance(name, binding->properties[i].name);

        if (d < best) {
            best = d;
            nearest = binding->properties[i].name;
        }
    }
    return nearest;
}

static void check_compatible_known(const struct check *check, struct buffer *report, const struct dt_tree *tree,
                                   const struct dt_node *node)
{
    const struct dt_property *compatible = dt_property(node, "compatible");
    const char *name = compatible != NULL ? dt_string(compatible, 0) : NULL;
    char text[256];

    (void)tree;
    if (name != NULL && node->binding == NULL && node->parent != NULL) {
        (void)snprintf(text, sizeof(text),
                       "compatible \"%s\" has no binding, so that C sees none of the node's properties; "
                       "if it is not misspelt, add dts/bindings/%s.yaml to the application",
                       name, name);
        finding(check, report, node, text);
    }
}

/* Names that dtc or the devicetree specification itself gives a meaning on any node. */
static bool is_universal(const char *name)
{
    static const char *const names[] = {"#address-cells", "#size-cells",      "phandle", "ranges",
                                        "dma-ranges",     "interrupt-parent", "label",   "zephyr,deferred-init"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_property_declared(const struct check *check, struct buffer *report, const struct dt_tree *tree,
                                    const struct dt_node *node)
{
    size_t i;

    (void)tree;
    for (i = 0; node->binding != NULL && i < node->property_count; i++) {
        const char *name = node->properties[i].name;
        char text[256];

        if (binding_property(node->binding, name) == NULL && !is_universal(name)) {
            const char *nearest = nearest_property(node->binding, name);

            (void)snprintf(text, sizeof(text), "property %s is not in the binding of \"%s\"%s%s%s", name,
                           node->binding->compatible, nearest[0] != 0 ? "; did you mean " : "", nearest,
                           nearest[0] != 0 ? "?" : "");
            finding(check, report, node, text);
        }
    }
}

static void check_property_required(const struct check *check, struct buffer *report, const struct dt_tree *tree,
                                    const struct dt_node *node)
{
    size_t i;

    (void)tree;
    for (i = 0; node->binding != NULL && i < node->binding->property_count; i++) {
        const struct binding_property *property = &node->binding->properties[i];
        char text[256];

        if (property->required && dt_property(node, property->name) == NULL) {
            (void)snprintf(text, sizeof(text), "property %s is required by \"%s\"", property->name,
                           node->binding->compatible);
            finding(check, report, node, text);
        }
    }
}

static bool fits_type(enum binding_type type, const struct dt_property *property)
{
    switch (type) {
    case BINDING_BOOLEAN:
        return property->len == 0;
    case BINDING_INT:
    case BINDING_PHANDLE:
        return property->len == 4;
    case BINDING_STRING:
        return dt_string(property, 0) != NULL && dt_string(property, 1) == NULL;
    case BINDING_STRINGS:
        return dt_string(property, 0) != NULL;
    case BINDING_ARRAY:
    case BINDING_PHANDLES:
    case BINDING_PHANDLE_ARRAY:
        return property->len % 4 == 0;
    default:
        return true;
    }
}

static void check_property_type(const struct check *check, struct buffer *report, const struct dt_tree *tree,
                                const struct dt_node *node)
{
    size_t i;

    (void)tree;
    for (i = 0; i < node->property_count; i++) {
        const struct binding_property *property = binding_property(node->binding, node->properties[i].name);
        char text[256];

        if (property != NULL && !fits_type(property->type, &node->properties[i])) {
            (void)snprintf(text, sizeof(text), "property %s does not have the type that \"%s\" states", property->name,
                           node->binding->compatible);
            finding(check, report, node, text);
        }
    }
}

static bool is_allowed(const struct binding_property *property, const struct dt_property *value)
{
    size_t i;

    for (i = 0; i < property->enums.count; i++) {
        const char *allowed = property->enums.names[i];

        if (property->type == BINDING_INT ? strtoul(allowed, NULL, 0) == dt_cell(value, 0)
                                          : strcmp(allowed, dt_string(value, 0)) == 0) {
            return true;
        }
    }
    return property->enums.count == 0;
}

static void check_property_enum(const struct check *check, struct buffer *report, const struct dt_tree *tree,
                                const struct dt_node *node)
{
    size_t i;

    (void)tree;
    for (i = 0; i < node->property_count; i++) {
        const struct binding_property *property = binding_property(node->binding, node->properties[i].name);
        struct buffer text = {0};
        size_t e;

        if (property == NULL || !fits_type(property->type, &node->properties[i]) ||
            (property->type != BINDING_INT && property->type != BINDING_STRING) ||
            is_allowed(property, &node->properties[i])) {
            continue;
        }
        buffer_print(&text, "property %s must be one of", property->name);
        for (e = 0; e < property->enums.count; e++) {
            buffer_print(&text, " %s", property->enums.names[e]);
        }
        finding(check, report, node, buffer_text(&text));
        buffer_free(&text);
    }
}

static void check_reference(const struct check *check, struct buffer *report, const struct dt_tree *tree,
                            const struct dt_node *node)
{
    size_t i;

    for (i = 0; i < node->property_count; i++) {
        const struct binding_property *property = binding_property(node->binding, node->properties[i].name);
        struct specifier specifier = {0};
        char text[256];

        if (property == NULL || property->type < BINDING_PHANDLE || property->type > BINDING_PHANDLE_ARRAY) {
            continue;
        }
        while (specifier_next(tree, property->type, &node->properties[i], &specifier)) {
        }
        if (specifier.bad) {
            (void)snprintf(text, sizeof(text), "property %s: its entry %zu does not refer to a suitable node",
                           property->name, specifier.index);
            finding(check, report, node, text);
        }
    }
}

/* A chosen or aliased node that is disabled gives no device, which is most likely not what was meant. */
static void check_chosen_enabled(const struct check *check, struct buffer *report, const struct dt_tree *tree,
                                 const struct dt_node *node)
{
    size_t i;

    if (strcmp(node->path, "/chosen") != 0) {
        return;
    }
    for (i = 0; i < node->property_count; i++) {
        const struct dt_node *chosen = dt_by_path(tree, dt_string(&node->properties[i], 0));
        char text[256];

        if (chosen != NULL && !chosen->okay) {
            (void)snprintf(text, sizeof(text), "%s names %s, which is disabled (its status is not \"okay\")",
                           node->properties[i].name, chosen->path);
            finding(check, report, node, text);
        }
    }
}

static const struct check checks[] = {
    {"compatible_known", "warning", false, check_compatible_known},
    {"property_declared", "error", false, check_property_declared},
    {"property_required", "error", false, check_property_required},
    {"property_type", "error", true, check_property_type},
    {"property_enum", "error", false, check_property_enum},
    {"reference", "error", false, check_reference},
    {"chosen_enabled", "warning", false, check_chosen_enabled},
};

size_t dt_check(const struct dt_tree *tree, struct buffer *report)
{
    size_t errors = 0;
    size_t c;
    size_t n;

    for (c = 0; c < sizeof(checks) / sizeof(checks[0]); c++) {
        size_t before = report->len;

        for (n = 0; n < tree->count; n++) {
            if (tree->nodes[n].okay || checks[c].disabled_too) {
                checks[c].run(&checks[c], report, tree, &tree->nodes[n]);
            }
        }
        errors += report->len > before && strcmp(checks[c].severity, "error") == 0 ? 1 : 0;
    }
    return errors;
}
