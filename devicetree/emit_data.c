/* The tree as data for other tools: CMake variables and JSON. */
#include <ctype.h>
#include <string.h>

#include "devicetree/emit.h"
#include "devicetree/specifier.h"

/* How a format writes values; everything else is shared. */
struct syntax {
    void (*string)(struct buffer *out, const char *text);
    const char *open; /* of a list */
    const char *separator;
    const char *close;
    const char *yes;
    const char *no;
};

static void escape(struct buffer *out, const char *text, const char *special)
{
    for (; *text != 0; text++) {
        if (strchr(special, *text) != NULL) {
            buffer_append(out, "\\", 1);
        }
        if (isprint((unsigned char)*text)) {
            buffer_append(out, text, 1);
        }
    }
}

static void cmake_string(struct buffer *out, const char *text)
{
    escape(out, text, "\"\\$;");
}

static void json_string(struct buffer *out, const char *text)
{
    buffer_append(out, "\"", 1);
    escape(out, text, "\"\\");
    buffer_append(out, "\"", 1);
}

static const struct syntax cmake_syntax = {cmake_string, "", ";", "", "1", "0"};
static const struct syntax json_syntax = {json_string, "[", ", ", "]", "true", "false"};

static void put_strings(const struct syntax *syntax, struct buffer *out, const struct dt_property *property)
{
    const char *text;
    size_t i;

    buffer_print(out, "%s", syntax->open);
    for (i = 0; property != NULL && (text = dt_string(property, i)) != NULL; i++) {
        buffer_print(out, "%s", i > 0 ? syntax->separator : "");
        syntax->string(out, text);
    }
    buffer_print(out, "%s", syntax->close);
}

static void put_cells(const struct syntax *syntax, struct buffer *out, const struct dt_property *property)
{
    size_t i;

    buffer_print(out, "%s", syntax->open);
    for (i = 0; i < dt_cell_count(property); i++) {
        buffer_print(out, "%s%u", i > 0 ? syntax->separator : "", dt_cell(property, i));
    }
    buffer_print(out, "%s", syntax->close);
}

static void put_bytes(const struct syntax *syntax, struct buffer *out, const struct dt_property *property)
{
    size_t i;

    buffer_print(out, "%s", syntax->open);
    for (i = 0; i < property->len; i++) {
        buffer_print(out, "%s%u", i > 0 ? syntax->separator : "", property->data[i]);
    }
    buffer_print(out, "%s", syntax->close);
}

static void put_paths(const struct syntax *syntax, struct buffer *out, const struct dt_tree *tree,
                      enum binding_type type, const struct dt_property *property)
{
    struct specifier s = {0};

    buffer_print(out, "%s", syntax->open);
    while (specifier_next(tree, type, property, &s)) {
        buffer_print(out, "%s", s.index > 0 ? syntax->separator : "");
        syntax->string(out, s.target->path);
    }
    buffer_print(out, "%s", syntax->close);
}

/* Returns false for what has no value to give (compound). */
static bool put_value(const struct syntax *syntax, struct buffer *out, const struct dt_tree *tree,
                      const struct binding_property *binding, const struct dt_property *property)
{
    switch (binding->type) {
    case BINDING_BOOLEAN:
        buffer_print(out, "%s", syntax->yes);
        return true;
    case BINDING_INT:
        buffer_print(out, "%u", dt_cell(property, 0));
        return true;
    case BINDING_ARRAY:
        put_cells(syntax, out, property);
        return true;
    case BINDING_BYTES:
        put_bytes(syntax, out, property);
        return true;
    case BINDING_STRING:
        syntax->string(out, dt_string(property, 0));
        return true;
    case BINDING_STRINGS:
        put_strings(syntax, out, property);
        return true;
    case BINDING_PHANDLE:
    case BINDING_PHANDLES:
    case BINDING_PHANDLE_ARRAY:
        put_paths(syntax, out, tree, binding->type, property);
        return true;
    default:
        return false;
    }
}

static void put_reg(const struct syntax *syntax, struct buffer *out, const struct dt_node *node, bool sizes)
{
    size_t i;

    buffer_print(out, "%s", syntax->open);
    for (i = 0; i < dt_reg_count(node); i++) {
        uint64_t address;
        uint64_t size;

        dt_reg(node, i, &address, &size);
        buffer_print(out, "%s%llu", i > 0 ? syntax->separator : "", (unsigned long long)(sizes ? size : address));
    }
    buffer_print(out, "%s", syntax->close);
}

static void cmake_properties(struct buffer *out, const struct dt_tree *tree, const struct dt_node *node)
{
    size_t i;

    for (i = 0; i < node->property_count; i++) {
        const struct binding_property *binding = binding_property(node->binding, node->properties[i].name);
        struct buffer value = {0};

        if (binding != NULL && put_value(&cmake_syntax, &value, tree, binding, &node->properties[i])) {
            buffer_print(out, "set(\"DT_PROP_%s_%s\" \"%s\")\n", node->path, binding->name, buffer_text(&value));
        }
        buffer_free(&value);
    }
}

static void cmake_node(struct buffer *out, const struct dt_tree *tree, const struct dt_node *node)
{
    size_t i;

    buffer_print(out, "set(DT_ORD_%zu \"%s\")\nset(\"DT_STATUS_%s\" %s)\n", node->ordinal, node->path, node->path,
                 node->okay ? "okay" : "disabled");
    for (i = 0; i < node->label_count; i++) {
        buffer_print(out, "set(DT_NODELABEL_%s \"%s\")\n", node->labels[i], node->path);
    }
    if (dt_property(node, "compatible") != NULL) {
        buffer_print(out, "set(\"DT_COMPATIBLE_%s\" \"", node->path);
        put_strings(&cmake_syntax, out, dt_property(node, "compatible"));
        buffer_print(out, "\")\n");
    }
    if (dt_reg_count(node) > 0) {
        buffer_print(out, "set(\"DT_REG_ADDRESS_%s\" \"", node->path);
        put_reg(&cmake_syntax, out, node, false);
        buffer_print(out, "\")\nset(\"DT_REG_SIZE_%s\" \"", node->path);
        put_reg(&cmake_syntax, out, node, true);
        buffer_print(out, "\")\n");
    }
    cmake_properties(out, tree, node);
}

/* CMake cannot write a variable's name with commas in ${}. */
static void cmake_identifier(struct buffer *out, const char *text)
{
    for (; *text != 0; text++) {
        buffer_append(out, isalnum((unsigned char)*text) ? text : "_", 1);
    }
}

void emit_cmake(const struct dt_tree *tree, struct buffer *out)
{
    const struct dt_node *chosen = dt_by_path(tree, "/chosen");
    size_t i;

    buffer_print(out, "# Generated by farboot dts.\n");
    for (i = 0; i < tree->count; i++) {
        cmake_node(out, tree, &tree->nodes[i]);
    }
    for (i = 0; chosen != NULL && i < chosen->property_count; i++) {
        const struct dt_node *node = dt_by_path(tree, dt_string(&chosen->properties[i], 0));

        if (node != NULL) {
            buffer_print(out, "set(DT_CHOSEN_");
            cmake_identifier(out, chosen->properties[i].name);
            buffer_print(out, " \"%s\")\n", node->path);
        }
    }
}

static void json_key(struct buffer *out, bool first, const char *key)
{
    buffer_print(out, "%s", first ? "" : ", ");
    json_string(out, key);
    buffer_print(out, ": ");
}

static void json_properties(struct buffer *out, const struct dt_tree *tree, const struct dt_node *node)
{
    bool first = true;
    size_t i;

    for (i = 0; i < node->property_count; i++) {
        const struct binding_property *binding = binding_property(node->binding, node->properties[i].name);
        struct buffer value = {0};

        if (binding != NULL && put_value(&json_syntax, &value, tree, binding, &node->properties[i])) {
            json_key(out, first, binding->name);
            buffer_append(out, value.data, value.len);
            first = false;
        }
        buffer_free(&value);
    }
}

static void json_node(struct buffer *out, const struct dt_tree *tree, const struct dt_node *node)
{
    size_t i;

    buffer_print(out, "{\"path\": ");
    json_string(out, node->path);
    buffer_print(out, ", \"ordinal\": %zu, \"status\": \"%s\", \"labels\": [", node->ordinal,
                 node->okay ? "okay" : "disabled");
    for (i = 0; i < node->label_count; i++) {
        buffer_print(out, "%s\"%s\"", i > 0 ? ", " : "", node->labels[i]);
    }
    buffer_print(out, "], \"compatible\": ");
    put_strings(&json_syntax, out, dt_property(node, "compatible"));
    buffer_print(out, ", \"reg_address\": ");
    put_reg(&json_syntax, out, node, false);
    buffer_print(out, ", \"reg_size\": ");
    put_reg(&json_syntax, out, node, true);
    buffer_print(out, ", \"properties\": {");
    json_properties(out, tree, node);
    buffer_print(out, "}}");
}

void emit_json(const struct dt_tree *tree, struct buffer *out)
{
    const struct dt_node *chosen = dt_by_path(tree, "/chosen");
    bool first = true;
    size_t i;

    buffer_print(out, "{\"nodes\": [");
    for (i = 0; i < tree->count; i++) {
        buffer_print(out, "%s\n  ", i > 0 ? "," : "");
        json_node(out, tree, &tree->nodes[i]);
    }
    buffer_print(out, "\n], \"chosen\": {");
    for (i = 0; chosen != NULL && i < chosen->property_count; i++) {
        const struct dt_node *node = dt_by_path(tree, dt_string(&chosen->properties[i], 0));

        if (node != NULL) {
            json_key(out, first, chosen->properties[i].name);
            json_string(out, node->path);
            first = false;
        }
    }
    buffer_print(out, "}}\n");
}
