#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicetree/emit.h"
#include "devicetree/specifier.h"

/* One header being written. `id` is the macro prefix of the current node: DT_N_S_soc_S_uart_40002000. */
struct emitter {
    const struct dt_tree *tree;
    struct buffer *out;
    char **ids; /* by ordinal */
    const struct dt_node *node;
    const char *id;
};

/* Letters in lower case, and "_" for whatever a macro name cannot hold. */
static void append_identifier(struct buffer *out, const char *text)
{
    for (; *text != 0; text++) {
        char c = isalnum((unsigned char)*text) ? (char)tolower((unsigned char)*text) : '_';

        buffer_append(out, &c, 1);
    }
}

static char *identifier(const char *text)
{
    struct buffer out = {0};

    buffer_append(&out, "", 0);
    append_identifier(&out, text);
    return (char *)out.data;
}

static char *node_identifier(const struct dt_node *node, char **ids)
{
    struct buffer out = {0};

    if (node->parent == NULL) {
        return host_strdup("DT_N");
    }
    buffer_print(&out, "%s_S_", ids[node->parent->ordinal]);
    append_identifier(&out, node->name);
    return (char *)out.data;
}

static void quote(struct buffer *out, const char *text)
{
    buffer_append(out, "\"", 1);
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\') {
            buffer_append(out, "\\", 1);
        }
        if (isprint((unsigned char)*text)) {
            buffer_append(out, text, 1);
        } else {
            buffer_print(out, "\\%03o", (unsigned)(unsigned char)*text);
        }
    }
    buffer_append(out, "\"", 1);
}

/* Fields of one property: `p` is "<node>_P_<property>". */
struct field {
    const char *p;
    const char *name;
    const struct binding_property *binding;
    const struct dt_property *value;
};

static void emit_length(struct buffer *out, const struct emitter *e, const struct field *f, size_t count)
{
    size_t i;

    buffer_print(out, "#define %s_LEN %zu\n#define %s_FOREACH_PROP_ELEM(fn)", f->p, count, f->p);
    for (i = 0; i < count; i++) {
        buffer_print(out, " fn(%s, %s, %zu)", e->id, f->name, i);
    }
    buffer_print(out, "\n#define %s_FOREACH_PROP_ELEM_SEP(fn, sep)", f->p);
    for (i = 0; i < count; i++) {
        buffer_print(out, "%s fn(%s, %s, %zu)", i > 0 ? " DT_DEBRACKET_INTERNAL sep" : "", e->id, f->name, i);
    }
    buffer_print(out, "\n");
}

static void emit_enum_index(struct buffer *out, const struct field *f)
{
    size_t i;

    for (i = 0; i < f->binding->enums.count; i++) {
        const char *allowed = f->binding->enums.names[i];
        const char *text = f->binding->type == BINDING_STRING ? dt_string(f->value, 0) : NULL;

        if (text != NULL ? strcmp(allowed, text) == 0 : strtoul(allowed, NULL, 0) == dt_cell(f->value, 0)) {
            buffer_print(out, "#define %s_IDX_0_ENUM_IDX %zu\n", f->p, i);
        }
    }
}

static void emit_boolean(const struct emitter *e, const struct field *f)
{
    buffer_print(e->out, "#define %s %d\n#define %s_EXISTS 1\n", f->p, f->value != NULL ? 1 : 0, f->p);
}

static void emit_int(const struct emitter *e, const struct field *f)
{
    buffer_print(e->out, "#define %s %u\n", f->p, dt_cell(f->value, 0));
    emit_enum_index(e->out, f);
}

/* Cells or bytes. */
static void emit_numbers(const struct emitter *e, const struct field *f)
{
    bool bytes = f->binding->type == BINDING_BYTES;
    size_t count = bytes ? f->value->len : dt_cell_count(f->value);
    size_t i;

    buffer_print(e->out, "#define %s {", f->p);
    for (i = 0; i < count; i++) {
        buffer_print(e->out, "%s%u", i > 0 ? ", " : "", bytes ? f->value->data[i] : dt_cell(f->value, i));
    }
    buffer_print(e->out, "}\n");
    for (i = 0; i < count; i++) {
        buffer_print(e->out, "#define %s_IDX_%zu %u\n#define %s_IDX_%zu_EXISTS 1\n", f->p, i,
                     bytes ? f->value->data[i] : dt_cell(f->value, i), f->p, i);
    }
    emit_length(e->out, e, f, count);
}

static void emit_token(struct buffer *out, const struct field *f, const char *text)
{
    char *lower = identifier(text);
    size_t i;

    buffer_print(out, "#define %s_STRING_UNQUOTED %s\n#define %s_STRING_TOKEN ", f->p, text, f->p);
    for (i = 0; text[i] != 0; i++) {
        buffer_print(out, "%c", isalnum((unsigned char)text[i]) ? text[i] : '_');
    }
    buffer_print(out, "\n#define %s_STRING_UPPER_TOKEN ", f->p);
    for (i = 0; lower[i] != 0; i++) {
        buffer_print(out, "%c", toupper((unsigned char)lower[i]));
    }
    buffer_print(out, "\n");
    free(lower);
}

static void emit_string(const struct emitter *e, const struct field *f)
{
    const char *text = dt_string(f->value, 0);

    buffer_print(e->out, "#define %s ", f->p);
    quote(e->out, text);
    buffer_print(e->out, "\n");
    emit_token(e->out, f, text);
    emit_enum_index(e->out, f);
}

static void emit_strings(const struct emitter *e, const struct field *f)
{
    const char *text;
    size_t count;

    buffer_print(e->out, "#define %s {", f->p);
    for (count = 0; (text = dt_string(f->value, count)) != NULL; count++) {
        buffer_print(e->out, "%s", count > 0 ? ", " : "");
        quote(e->out, text);
    }
    buffer_print(e->out, "}\n");
    for (count = 0; (text = dt_string(f->value, count)) != NULL; count++) {
        buffer_print(e->out, "#define %s_IDX_%zu_EXISTS 1\n#define %s_IDX_%zu ", f->p, count, f->p, count);
        quote(e->out, text);
        buffer_print(e->out, "\n");
    }
    emit_length(e->out, e, f, count);
}

static void emit_cells(const struct emitter *e, const struct field *f, const struct specifier *s)
{
    size_t c;

    for (c = 0; s->names != NULL && c < s->names->count; c++) {
        char *cell = identifier(s->names->names[c]);

        buffer_print(e->out, "#define %s_IDX_%zu_VAL_%s %u\n#define %s_IDX_%zu_VAL_%s_EXISTS 1\n", f->p, s->index, cell,
                     dt_cell(f->value, s->first + c), f->p, s->index, cell);
        free(cell);
    }
}

static void emit_references(const struct emitter *e, const struct field *f)
{
    struct specifier s = {0};

    while (specifier_next(e->tree, f->binding->type, f->value, &s)) {
        buffer_print(e->out, "#define %s_IDX_%zu_EXISTS 1\n#define %s_IDX_%zu_PH %s\n", f->p, s.index, f->p, s.index,
                     e->ids[s.target->ordinal]);
        emit_cells(e, f, &s);
    }
    emit_length(e->out, e, f, s.started ? s.index + 1 : 0);
}

static void (*const emit_by_type[])(const struct emitter *e, const struct field *f) = {
    [BINDING_BOOLEAN] = emit_boolean,    [BINDING_INT] = emit_int,
    [BINDING_ARRAY] = emit_numbers,      [BINDING_BYTES] = emit_numbers,
    [BINDING_STRING] = emit_string,      [BINDING_STRINGS] = emit_strings,
    [BINDING_PHANDLE] = emit_references, [BINDING_PHANDLES] = emit_references,
    [BINDING_COMPOUND] = NULL,           [BINDING_PHANDLE_ARRAY] = emit_references,
};

static void emit_property(const struct emitter *e, const struct binding_property *binding)
{
    const struct dt_property *value = dt_property(e->node, binding->name);
    struct buffer p = {0};
    char *name = identifier(binding->name);
    struct field field = {NULL, name, binding, value};

    buffer_print(&p, "%s_P_%s", e->id, name);
    field.p = buffer_text(&p);
    if (emit_by_type[binding->type] != NULL && (value != NULL || binding->type == BINDING_BOOLEAN)) {
        emit_by_type[binding->type](e, &field);
        if (binding->type != BINDING_BOOLEAN) {
            buffer_print(e->out, "#define %s_EXISTS 1\n", field.p);
        }
    }
    buffer_free(&p);
    free(name);
}

static void emit_properties(const struct emitter *e)
{
    size_t i;

    for (i = 0; e->node->binding != NULL && i < e->node->binding->property_count; i++) {
        emit_property(e, &e->node->binding->properties[i]);
    }
}

static void emit_reg(const struct emitter *e)
{
    size_t count = dt_reg_count(e->node);
    size_t i;

    buffer_print(e->out, "#define %s_REG_NUM %zu\n", e->id, count);
    for (i = 0; i < count; i++) {
        uint64_t address;
        uint64_t size;

        dt_reg(e->node, i, &address, &size);
        buffer_print(e->out,
                     "#define %s_REG_IDX_%zu_EXISTS 1\n"
                     "#define %s_REG_IDX_%zu_VAL_ADDRESS 0x%llx\n"
                     "#define %s_REG_IDX_%zu_VAL_SIZE 0x%llx\n",
                     e->id, i, e->id, i, (unsigned long long)address, e->id, i, (unsigned long long)size);
    }
}

static void emit_interrupts(const struct emitter *e)
{
    const struct dt_property *interrupts = dt_property(e->node, "interrupts");
    const struct dt_node *controller = dt_interrupt_parent(e->tree, e->node);
    const struct binding_names *names = controller != NULL ? binding_cells(controller->binding, "interrupt") : NULL;
    size_t count =
        names != NULL && names->count > 0 && interrupts != NULL ? dt_cell_count(interrupts) / names->count : 0;
    size_t i;
    size_t c;

    buffer_print(e->out, "#define %s_IRQ_NUM %zu\n", e->id, count);
    for (i = 0; i < count; i++) {
        buffer_print(e->out, "#define %s_IRQ_IDX_%zu_EXISTS 1\n", e->id, i);
        for (c = 0; c < names->count; c++) {
            buffer_print(e->out, "#define %s_IRQ_IDX_%zu_VAL_%s %u\n", e->id, i, names->names[c],
                         dt_cell(interrupts, i * names->count + c));
        }
    }
}

static void emit_children(const struct emitter *e)
{
    size_t i;

    buffer_print(e->out, "#define %s_FOREACH_CHILD(fn)", e->id);
    for (i = 0; i < e->tree->count; i++) {
        if (e->tree->nodes[i].parent == e->node) {
            buffer_print(e->out, " fn(%s)", e->ids[i]);
        }
    }
    buffer_print(e->out, "\n#define %s_FOREACH_CHILD_STATUS_OKAY(fn)", e->id);
    for (i = 0; i < e->tree->count; i++) {
        if (e->tree->nodes[i].parent == e->node && e->tree->nodes[i].okay) {
            buffer_print(e->out, " fn(%s)", e->ids[i]);
        }
    }
    buffer_print(e->out, "\n");
}

static void emit_names(const struct emitter *e)
{
    const struct dt_property *compatible = dt_property(e->node, "compatible");
    const char *text;
    size_t i;

    buffer_print(e->out, "#define %s_PATH \"%s\"\n#define %s_FULL_NAME \"%s\"\n", e->id, e->node->path, e->id,
                 e->node->name);
    for (i = 0; i < e->node->label_count; i++) {
        buffer_print(e->out, "#define DT_N_NODELABEL_%s %s\n", e->node->labels[i], e->id);
    }
    for (i = 0; compatible != NULL && (text = dt_string(compatible, i)) != NULL; i++) {
        char *name = identifier(text);

        buffer_print(e->out, "#define %s_COMPAT_MATCHES_%s 1\n", e->id, name);
        free(name);
    }
}

static void emit_node(const struct emitter *e)
{
    buffer_print(e->out, "\n/* %s */\n#define %s_EXISTS 1\n", e->node->path, e->id);
    if (e->node->parent != NULL) {
        buffer_print(e->out, "#define %s_PARENT %s\n", e->id, e->ids[e->node->parent->ordinal]);
    }
    buffer_print(e->out, "#define %s_ORD %zu\n", e->id, e->node->ordinal);
    if (e->node->okay) {
        buffer_print(e->out, "#define %s_STATUS_okay 1\n", e->id);
    } else {
        buffer_print(e->out, "#define %s_STATUS_disabled 1\n", e->id);
    }
    emit_names(e);
    emit_children(e);
    emit_reg(e);
    emit_interrupts(e);
    emit_properties(e);
}

/* /chosen and /aliases: properties that name nodes by path. `what` is "CHOSEN" or "N_ALIAS". */
static void emit_named(const struct emitter *e, const char *path, const char *what)
{
    const struct dt_node *list = dt_by_path(e->tree, path);
    size_t i;

    buffer_print(e->out, "\n/* %s */\n", path);
    for (i = 0; list != NULL && i < list->property_count; i++) {
        const struct dt_node *node = dt_by_path(e->tree, dt_string(&list->properties[i], 0));
        char *name = identifier(list->properties[i].name);

        if (node != NULL) {
            buffer_print(e->out, "#define DT_%s_%s %s\n#define DT_%s_%s_EXISTS 1\n", what, name, e->ids[node->ordinal],
                         what, name);
        }
        free(name);
    }
}

static bool has_compatible(const struct dt_node *node, const char *compatible)
{
    const struct dt_property *property = dt_property(node, "compatible");
    const char *text;
    size_t i;

    for (i = 0; property != NULL && (text = dt_string(property, i)) != NULL; i++) {
        if (strcmp(text, compatible) == 0) {
            return true;
        }
    }
    return false;
}

static void emit_compatible(const struct emitter *e, const char *compatible)
{
    char *name = identifier(compatible);
    size_t count = 0;
    size_t i;

    buffer_print(e->out, "#define DT_COMPAT_HAS_OKAY_%s 1\n#define DT_FOREACH_OKAY_%s(fn)", name, name);
    for (i = 0; i < e->tree->count; i++) {
        if (e->tree->nodes[i].okay && has_compatible(&e->tree->nodes[i], compatible)) {
            buffer_print(e->out, " fn(%s)", e->ids[i]);
            count++;
        }
    }
    buffer_print(e->out, "\n#define DT_N_INST_%s_NUM_OKAY %zu\n", name, count);
    count = 0;
    for (i = 0; i < e->tree->count; i++) {
        if (e->tree->nodes[i].okay && has_compatible(&e->tree->nodes[i], compatible)) {
            buffer_print(e->out, "#define DT_N_INST_%zu_%s %s\n", count++, name, e->ids[i]);
        }
    }
    free(name);
}

/* Whether an enabled node before `node` has the compatible, so that each is emitted once. */
static bool seen_before(const struct dt_tree *tree, const struct dt_node *node, const char *compatible)
{
    size_t i;

    for (i = 0; i < node->ordinal; i++) {
        if (tree->nodes[i].okay && has_compatible(&tree->nodes[i], compatible)) {
            return true;
        }
    }
    return false;
}

static void emit_compatibles(const struct emitter *e)
{
    const char *text;
    size_t n;
    size_t i;

    buffer_print(e->out, "\n/* enabled nodes by compatible */\n");
    for (n = 0; n < e->tree->count; n++) {
        const struct dt_node *node = &e->tree->nodes[n];
        const struct dt_property *property = dt_property(node, "compatible");

        for (i = 0; node->okay && property != NULL && (text = dt_string(property, i)) != NULL; i++) {
            if (!seen_before(e->tree, node, text)) {
                emit_compatible(e, text);
            }
        }
    }
}

void emit_header(const struct dt_tree *tree, struct buffer *out)
{
    struct emitter e = {.tree = tree, .out = out};
    size_t i;

    e.ids = host_alloc(tree->count * sizeof(*e.ids));
    buffer_print(out, "/* Generated by farboot dts; use it through <farboot/devicetree.h>. */\n");
    buffer_print(out, "#ifndef DEVICETREE_GENERATED_H\n#define DEVICETREE_GENERATED_H\n\n");
    for (i = 0; i < tree->count; i++) {
        e.ids[i] = node_identifier(&tree->nodes[i], e.ids);
    }
    for (i = 0; i < tree->count; i++) {
        e.node = &tree->nodes[i];
        e.id = e.ids[i];
        emit_node(&e);
    }
    emit_named(&e, "/chosen", "CHOSEN");
    emit_named(&e, "/aliases", "N_ALIAS");
    emit_compatibles(&e);
    buffer_print(out, "\n#endif\n");
    for (i = 0; i < tree->count; i++) {
        free(e.ids[i]);
    }
    free(e.ids);
}
