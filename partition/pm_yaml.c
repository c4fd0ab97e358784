#include "partition/pm_yaml.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16     /* a pm.yml needs 5: file, partition, placement, list, one_of list */
#define MAX_NODES 100000 /* the largest map seen in the field has about 500 */

/* "The line after `at` is line `line` of `file`." */
struct marker {
    unsigned at; /* from 1 */
    struct pm_where where;
};

struct reader {
    struct pm_pool *pool;
    const char *path;
    struct marker *markers;
    size_t marker_count;
    size_t nodes;
    struct failure *failure;
};

/* `# 12 "pm.yml" ...`, as the C preprocessor writes it. */
static bool parse_marker(struct pm_pool *pool, const char *line, size_t len, struct pm_where *where)
{
    const char *end = line + len;
    const char *at = line + 2;
    const char *name;
    unsigned long number = 0;

    if (len < 6 || line[0] != '#' || line[1] != ' ') {
        return false;
    }
    for (; at < end && *at >= '0' && *at <= '9' && number < 100000000; at++) {
        number = number * 10 + (unsigned long)(*at - '0');
    }
    if (at == line + 2 || end - at < 3 || at[0] != ' ' || at[1] != '"') {
        return false;
    }
    name = at + 2;
    at = memchr(name, '"', (size_t)(end - name));
    if (at == NULL) {
        return false;
    }
    *where = (struct pm_where){pm_pool_text(pool, name, (size_t)(at - name)), (unsigned)number};
    return true;
}

static void find_markers(struct reader *reader, const struct buffer *text)
{
    const char *at = buffer_text(text);
    const char *end = at + text->len;
    unsigned line = 1;
    size_t capacity = 0;

    for (; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop != NULL ? stop : end) - at);
        struct marker marker = {.at = line};

        if (parse_marker(reader->pool, at, len, &marker.where)) {
            if (reader->marker_count == capacity) {
                struct marker *old = reader->markers;

                capacity = capacity != 0 ? 2 * capacity : 8;
                reader->markers = pm_pool_alloc(reader->pool, capacity * sizeof(marker));
                if (old != NULL) {
                    memcpy(reader->markers, old, reader->marker_count * sizeof(marker));
                }
            }
            reader->markers[reader->marker_count++] = marker;
        }
        at += len + 1;
    }
}

/* `line` counts from 1 in the text that was read. */
static struct pm_where position(const struct reader *reader, unsigned line)
{
    size_t i = reader->marker_count;

    while (i > 0 && reader->markers[i - 1].at >= line) {
        i--;
    }
    if (i == 0) {
        return (struct pm_where){reader->path, line};
    }
    return (struct pm_where){reader->markers[i - 1].where.file,
                             reader->markers[i - 1].where.line + (line - reader->markers[i - 1].at - 1)};
}

/* The length of the UTF-8 sequence or printable character at `at`; 0 when it is neither. */
static size_t character_length(const unsigned char *at, const unsigned char *end)
{
    size_t len = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : 4;
    size_t i;

    if ((at[0] < ' ' && at[0] != '\t' && at[0] != '\r') || at[0] == 0x7f || (at[0] >= 0x80 && at[0] < 0xc2) ||
        at[0] > 0xf4 || (size_t)(end - at) < len) {
        return 0;
    }
    for (i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

/*
 * libfyaml 0.7 does not come back from a directive with bytes that are no UTF-8 ("%: \xcd"). A partition file needs
 * neither, so that both are refused before the library sees them.
 */
static int check_text(const struct reader *reader, const struct buffer *text)
{
    const unsigned char *at = text->data;
    const unsigned char *end = at + text->len;
    unsigned line = 1;
    bool starts_line = true;

    while (at < end) {
        size_t len = *at == '\n' ? 1 : character_length(at, end);

        if (len == 0) {
            return pm_fail(reader->failure, position(reader, line), "not text: a byte 0x%02x; save the file as UTF-8",
                           *at);
        }
        if (starts_line && *at == '%') {
            return pm_fail(reader->failure, position(reader, line),
                           "a line begins with %%, a YAML directive; partition files have none, remove it");
        }
        starts_line = *at == '\n';
        line += starts_line ? 1 : 0;
        at += len;
    }
    return OK;
}

static struct pm_where scalar_position(const struct reader *reader, struct fy_node *node, struct pm_where otherwise)
{
    const struct fy_mark *mark =
        node != NULL && fy_node_is_scalar(node) ? fy_token_start_mark(fy_node_get_scalar_token(node)) : NULL;

    return mark != NULL && mark->line >= 0 ? position(reader, (unsigned)mark->line + 1) : otherwise;
}

static struct pm_node *convert(struct reader *reader, struct fy_node *node, struct pm_where where, unsigned depth,
                               int *err);

static bool is_null(const char *text)
{
    return text[0] == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 || strcmp(text, "Null") == 0 ||
           strcmp(text, "NULL") == 0;
}

static int convert_scalar(struct reader *reader, struct fy_node *from, struct pm_node *to)
{
    size_t len = 0;
    const char *text = fy_node_get_scalar(from, &len);
    enum fy_node_style style = fy_node_get_style(from);

    if (text == NULL) {
        return OK;
    }
    if (memchr(text, 0, len) != NULL) {
        return pm_fail(reader->failure, to->where, "a zero byte in the text: the file is damaged");
    }
    to->text = pm_pool_text(reader->pool, text, len);
    to->quoted = style != FYNS_PLAIN;
    to->kind = !to->quoted && is_null(to->text) ? PM_NODE_NULL : PM_NODE_SCALAR;
    return OK;
}

static int convert_pair(struct reader *reader, struct fy_node_pair *pair, struct pm_node ***end, struct pm_where where,
                        unsigned depth)
{
    struct fy_node *key = fy_node_pair_key(pair);
    size_t len = 0;
    const char *text =
        key != NULL && fy_node_is_scalar(key) && !fy_node_is_alias(key) ? fy_node_get_scalar(key, &len) : NULL;
    int err = OK;

    where = scalar_position(reader, key, where);
    if (text == NULL || memchr(text, 0, len) != NULL) {
        return pm_fail(reader->failure, where, "a key is not a name");
    }
    **end = convert(reader, fy_node_pair_value(pair), where, depth + 1, &err);
    if (err == OK) {
        (**end)->key = pm_pool_text(reader->pool, text, len);
        (**end)->where = where;
        *end = &(**end)->next;
    }
    return err;
}

static int convert_children(struct reader *reader, struct fy_node *from, struct pm_node *to, unsigned depth)
{
    struct pm_node **end = &to->first;
    void *cursor = NULL;
    struct fy_node_pair *pair;
    struct fy_node *item;
    int err = OK;

    if (fy_node_is_mapping(from)) {
        to->kind = PM_NODE_MAP;
        while (err == OK && (pair = fy_node_mapping_iterate(from, &cursor)) != NULL) {
            err = convert_pair(reader, pair, &end, to->where, depth);
        }
        return err;
    }
    to->kind = PM_NODE_LIST;
    while (err == OK && (item = fy_node_sequence_iterate(from, &cursor)) != NULL) {
        *end = convert(reader, item, to->where, depth + 1, &err);
        if (err == OK) {
            end = &(*end)->next;
        }
    }
    return err;
}

/* Returns NULL only with *err set. `where` is the position to use where the node has none of its own. */
static struct pm_node *convert(struct reader *reader, struct fy_node *node, struct pm_where where, unsigned depth,
                               int *err)
{
    struct pm_node *to = pm_pool_alloc(reader->pool, sizeof(*to));

    to->where = scalar_position(reader, node, where);
    if (depth > MAX_DEPTH || reader->nodes++ > MAX_NODES) {
        *err = pm_fail(reader->failure, to->where, "nested too deeply or too large for a partition file");
        return NULL;
    }
    if (node != NULL && fy_node_is_alias(node)) {
        node = fy_node_resolve_alias(node);
        if (node == NULL) {
            *err = pm_fail(reader->failure, to->where, "an alias (*name) has no anchor (&name)");
            return NULL;
        }
    }
    if (node == NULL) {
        to->kind = PM_NODE_NULL;
    } else if (fy_node_is_scalar(node)) {
        *err = convert_scalar(reader, node, to);
    } else {
        *err = convert_children(reader, node, to, depth);
    }
    return *err == OK ? to : NULL;
}

static int syntax_failed(struct reader *reader, struct fy_diag *diag)
{
    void *cursor = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &cursor);

    if (error == NULL || error->msg == NULL) {
        return pm_fail(reader->failure, (struct pm_where){reader->path, 0}, "not valid YAML");
    }
    return pm_fail(reader->failure, position(reader, error->line > 0 ? (unsigned)error->line : 1), "not valid YAML: %s",
                   error->msg);
}

static int load(struct reader *reader, struct fy_parser *parser, struct fy_diag *diag, struct pm_node **root)
{
    struct fy_document *document = fy_parse_load_document(parser);
    struct fy_document *second = document != NULL ? fy_parse_load_document(parser) : NULL;
    struct fy_node *top = document != NULL ? fy_document_root(document) : NULL;
    int err = OK;

    if (fy_parser_get_stream_error(parser)) {
        err = syntax_failed(reader, diag);
    } else if (second != NULL) {
        err = pm_fail(reader->failure, (struct pm_where){reader->path, 0},
                      "holds more than one YAML document (a line ---); keep one");
    } else if (top != NULL) {
        *root = convert(reader, top, (struct pm_where){reader->path, 1}, 0, &err);
    }
    if (second != NULL) {
        fy_parse_document_destroy(parser, second);
    }
    if (document != NULL) {
        fy_parse_document_destroy(parser, document);
    }
    return err;
}

int pm_yaml_parse(struct pm_pool *pool, const char *path, const struct buffer *text, struct pm_node **root,
                  struct failure *failure)
{
    struct reader reader = {.pool = pool, .path = path, .failure = failure};
    struct fy_diag_cfg diag_config;
    struct fy_diag *diag;
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_ALLOW_DUPLICATE_KEYS};
    struct fy_parser *parser;
    int err;

    *root = NULL;
    if (text->len == 0) {
        return OK;
    }
    find_markers(&reader, text);
    err = check_text(&reader, text);
    if (err != OK) {
        return err;
    }
    fy_diag_cfg_default(&diag_config);
    diag_config.level = FYET_ERROR;
    diag = fy_diag_create(&diag_config);
    fy_diag_set_collect_errors(diag, true);
    config.diag = diag;
    parser = fy_parser_create(&config);
    if (parser == NULL || fy_parser_set_string(parser, buffer_text(text), text->len) != 0) {
        err = pm_fail(failure, (struct pm_where){path, 0}, "cannot be parsed as YAML");
    } else {
        err = load(&reader, parser, diag, root);
    }
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return err;
}

bool pm_yaml_number(const struct pm_node *node, int64_t *number)
{
    char *end = NULL;
    unsigned long long value;

    if (node->kind != PM_NODE_SCALAR || node->quoted || node->text[0] < '0' || node->text[0] > '9') {
        return false;
    }
    errno = 0;
    value = strtoull(node->text, &end, 0);
    if (errno != 0 || *end != 0 || value > (unsigned long long)PM_NUMBER_MAX) {
        return false;
    }
    *number = (int64_t)value;
    return true;
}
