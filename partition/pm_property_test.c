/*
 * Generated inputs against a slow checker that knows only what the rules promise: partitions tile their region, each is
 * where and as large as it asked for, and containers hold what they span. Then the map is used as a static
 * configuration and must come out again. A failing seed is printed; ROUNDS of them run.
 */
#include "partition/pm_test.h"

#define ROUNDS      3000
#define REGION_SIZE 0x100000

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint32_t below(uint32_t *state, uint32_t limit)
{
    return next_random(state) % limit;
}

/* What one generated partition asks for. */
struct wish {
    char name[8];
    int64_t size;       /* 0: that of `source` */
    const char *source; /* a partition or container */
    bool before;        /* else after */
    const char *neighbour;
    int64_t align; /* 0: none */
    bool align_end;
    bool inside; /* of the container "box", which always spans app */
};

struct plan {
    struct wish wishes[8];
    size_t count;
    struct buffer text;
};

static const char *pick_neighbour(const struct plan *plan, size_t index, uint32_t *random, bool before)
{
    uint32_t choice = below(random, 4 + (uint32_t)index);

    if (choice == 0) {
        return before ? "end" : "start";
    }
    if (choice == 1 && !plan->wishes[index].inside) {
        return "box";
    }
    return choice < 4 ? "app" : plan->wishes[choice - 4].name;
}

static void make_wish(struct plan *plan, size_t index, uint32_t *random)
{
    struct wish *wish = &plan->wishes[index];
    uint32_t kind = below(random, 8);

    (void)snprintf(wish->name, sizeof(wish->name), "p%u", (unsigned)(below(random, 10) * 10 + (uint32_t)index));
    wish->inside = below(random, 4) == 0;
    wish->size = (int64_t)4 * (1 + below(random, below(random, 2) == 0 ? 0x20 : 0x2000));
    if (kind == 0) {
        wish->size = 0;
        wish->source = below(random, 2) == 0 || wish->inside ? "app" : "box";
    } else if (kind == 1 && index > 0) {
        wish->size = 0;
        wish->source = plan->wishes[below(random, (uint32_t)index)].name;
    }
    wish->before = below(random, 2) == 0;
    wish->neighbour = pick_neighbour(plan, index, random, wish->before);
    if (below(random, 3) == 0) {
        wish->align = (int64_t)4 << below(random, 12);
        wish->align_end = below(random, 3) == 0;
    }
}

static void print_plan(struct plan *plan)
{
    size_t i;

    buffer_print(&plan->text, "box: {span: [app]}\n");
    for (i = 0; i < plan->count; i++) {
        const struct wish *wish = &plan->wishes[i];

        buffer_print(&plan->text, "%s: {", wish->name);
        if (wish->source != NULL) {
            buffer_print(&plan->text, "share_size: %s", wish->source);
        } else {
            buffer_print(&plan->text, "size: %lld", (long long)wish->size);
        }
        buffer_print(&plan->text, ", placement: {%s: [nobody, %s]", wish->before ? "before" : "after", wish->neighbour);
        if (wish->align != 0) {
            buffer_print(&plan->text, ", align: {%s: %lld}", wish->align_end ? "end" : "start", (long long)wish->align);
        }
        buffer_print(&plan->text, "}%s}\n", wish->inside ? ", inside: box" : "");
    }
}

static void make_plan(struct plan *plan, uint32_t seed)
{
    uint32_t random = seed * 2654435761U + 1;
    size_t i;

    *plan = (struct plan){.count = below(&random, 8)};
    for (i = 0; i < plan->count; i++) {
        make_wish(plan, i, &random);
    }
    print_plan(plan);
}

/* In flash_primary and no container, in the order of addresses. */
static void sort_tiles(struct pm_test *test, struct pm_set *tiles)
{
    size_t i;

    for (i = 0; i < test->map.partitions.count; i++) {
        struct pm_partition *partition = test->map.partitions.items[i];

        if (strcmp(partition->region, "flash_primary") == 0 && partition->span.count == 0) {
            pm_set_add(&test->pool, tiles, partition);
        }
    }
    pm_set_sort_by_address(tiles);
}

static const struct pm_partition *find(const struct pm_test *test, const char *name)
{
    const struct pm_partition *partition = pm_set_find(&test->map.partitions, name);

    assert_non_null(partition);
    return partition;
}

static void check_tiles(struct pm_test *test, const struct plan *plan)
{
    struct pm_set tiles = {0};
    bool aligned = false;
    int64_t at = 0;
    size_t i;

    for (i = 0; i < plan->count; i++) {
        aligned = aligned || plan->wishes[i].align != 0;
    }
    sort_tiles(test, &tiles);
    for (i = 0; i < tiles.count; i++) {
        assert_int_equal(tiles.items[i]->address, at);
        assert_true(tiles.items[i]->size > 0);
        assert_true(aligned || !tiles.items[i]->is_alignment);
        at += tiles.items[i]->size;
    }
    assert_int_equal(at, REGION_SIZE);
    assert_true(tiles.count >= plan->count + 1);
}

/* The sum of the members, not of the space between them. */
static int64_t size_of(const struct pm_test *test, const char *name)
{
    const struct pm_partition *partition = find(test, name);
    int64_t sum = 0;
    size_t i;

    for (i = 0; i < partition->span.count; i++) {
        sum += find(test, partition->span.refs[i].name)->size;
    }
    return partition->span.count > 0 ? sum : partition->size;
}

/* A share of the dynamic partition may be smaller than it by what the division leaves. */
static void check_size(const struct pm_test *test, const struct plan *plan, const struct wish *wish)
{
    int64_t found = find(test, wish->name)->size;

    if (wish->source == NULL) {
        assert_int_equal(found, wish->size);
    } else {
        int64_t wanted = size_of(test, wish->source);

        assert_true(found <= wanted && wanted - found <= (int64_t)plan->count * 8);
    }
}

static void check_alignment(struct pm_test *test, const struct wish *wish)
{
    const struct pm_partition *partition = find(test, wish->name);
    int64_t edge = wish->align_end ? pm_end(partition) : partition->address;
    struct pm_set tiles = {0};

    if (wish->align == 0 || edge % wish->align == 0) {
        return;
    }
    /* Only the first partition of the region is padded instead of moved. */
    sort_tiles(test, &tiles);
    assert_true(wish->align_end && tiles.count > 1 && tiles.items[0] == partition && tiles.items[1]->is_alignment);
    assert_int_equal(pm_end(tiles.items[1]) % wish->align, 0);
}

static void check_order(const struct pm_test *test, const struct wish *wish)
{
    const struct pm_partition *partition = find(test, wish->name);
    const struct pm_partition *neighbour;

    if (strcmp(wish->neighbour, "start") == 0 || strcmp(wish->neighbour, "end") == 0) {
        return;
    }
    neighbour = find(test, wish->neighbour);
    if (wish->before) {
        assert_true(pm_end(partition) <= neighbour->address);
    } else {
        assert_true(partition->address >= pm_end(neighbour));
    }
}

static void check_box(struct pm_test *test, const struct plan *plan)
{
    const struct pm_partition *box = find(test, "box");
    struct pm_set tiles = {0};
    size_t i;

    sort_tiles(test, &tiles);
    for (i = 0; i < tiles.count; i++) {
        const struct pm_partition *tile = tiles.items[i];
        bool within = tile->address >= box->address && pm_end(tile) <= pm_end(box);

        assert_true(within || pm_end(tile) <= box->address || tile->address >= pm_end(box));
        assert_true(tile->is_alignment || within == pm_list_has(&box->span, tile->name));
    }
    for (i = 0; i < plan->count; i++) {
        assert_int_equal(plan->wishes[i].inside, pm_list_has(&box->span, plan->wishes[i].name));
    }
    assert_true(pm_list_has(&box->span, "app"));
}

/* As a static configuration the map comes out again, but that nobody shares the size of app any more. */
static void check_round_trip(struct pm_test *test)
{
    struct pm_test again;
    struct buffer first = {0};
    struct buffer second = {0};

    pm_set_find(&test->map.partitions, "app")->sharers = 0;
    pm_emit_partitions(&test->map, &first);
    pm_test_begin(&again);
    assert_int_equal(pm_test_run(&again, "", buffer_text(&first)), OK);
    assert_int_equal(again.notes.len, 0);
    pm_emit_partitions(&again.map, &second);
    assert_string_equal(buffer_text(&second), buffer_text(&first));
    pm_test_end(&again);
    buffer_free(&first);
    buffer_free(&second);
}

/* What can be unsolvable about a plan: generated plans contradict themselves now and then. */
static bool is_fair_refusal(const char *text)
{
    static const char *const fair[] = {"lead in a circle",
                                       "leads in a circle",
                                       "lies between its members",
                                       "cannot be aligned",
                                       "needs an alignment: that cannot be solved",
                                       "leave no room",
                                       "also defined"};
    size_t i;

    for (i = 0; i < sizeof(fair) / sizeof(fair[0]); i++) {
        if (strstr(text, fair[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Returns whether there was a map to check. */
static bool run_round(uint32_t seed)
{
    struct pm_test test;
    struct plan plan;
    size_t i;
    int err;

    make_plan(&plan, seed);
    pm_test_begin(&test);
    err = pm_test_run(&test, buffer_text(&plan.text), NULL);
    if (err != OK && !is_fair_refusal(test.failure.text)) {
        fail_msg("%s", test.failure.text);
    }
    if (err == OK) {
        check_tiles(&test, &plan);
        check_box(&test, &plan);
        check_round_trip(&test);
    }
    for (i = 0; i < plan.count && err == OK; i++) {
        check_size(&test, &plan, &plan.wishes[i]);
        check_alignment(&test, &plan.wishes[i]);
        check_order(&test, &plan.wishes[i]);
    }
    pm_test_end(&test);
    buffer_free(&plan.text);
    return err == OK;
}

static uint32_t current_seed;

static void test_generated_maps_keep_the_rules(void **state)
{
    unsigned solved = 0;

    (void)state;
    for (current_seed = 1; current_seed <= ROUNDS; current_seed++) {
        solved += run_round(current_seed) ? 1 : 0;
    }
    current_seed = 0;
    print_message("%u of %u generated inputs had a solution\n", solved, ROUNDS);
    assert_true(solved > ROUNDS / 2);
}

static int print_failed_seed(void **state)
{
    (void)state;
    if (current_seed != 0) {
        struct plan plan;

        make_plan(&plan, current_seed);
        print_message("seed %u:\n%s", current_seed, buffer_text(&plan.text));
        buffer_free(&plan.text);
    }
    return 0;
}

/* --- anything as input ------------------------------------------------------------------------------------------ */

static const char *const corpus[] = {
    "mcuboot: {size: 0xC800, placement: {before: [mcuboot_primary], align: {end: 0x1000}}}\npapp: {span: [app]}\n"
    "mcuboot_primary: {span: [pad, papp]}\npad: {size: 0x200, placement: {before: papp}}\n"
    "sec: {share_size: mcuboot_primary, placement: {after: mcuboot_primary, align: {start: 0x1000}}}\n"
    "x: {size: 0x1000, placement: {before: end, align: {start: 0x4000}}}\n",
    "a:\n  orig_span: &id001\n  - b\n  - c\n  span: *id001\n  size: 0x10\n  address: 0x0\nb:\n  size: 0\n"
    "c:\n  address: 0x8\n  end_address: 0x10\n  size: 8\n",
    "# 1 \"x.yml\"\na: {share_size: [{one_of: [b, c]}], region: external_flash, extra_params: {k: v}}\n"
    "c: {size: 16, placement: {after: [app, start], align_next: 8}, inside: [d]}\nd: {span:}\n",
    "e_sram: {size: 4, placement: {after: start}, affiliation: disk}\nf: {size: 1, region: otp}\n",
};

static const char *const tokens[] = {
    "span", "share_size", "placement", "before", "after", "app", "end",    "start", "0xffffffff",
    "0",    "&id001",     "*id001",    "[",      "]",     "{",   "}",      ": ",    "\n",
    "  ",   "- ",         "a",         "one_of", "\"",    "'",   "region", "otp",   "inside",
    "#",    "---\n",      "align",     "size",   "!!",    "<<",  "|\n",    "? ",    "sram_primary"};

static void mutate(struct buffer *text, uint32_t *random)
{
    const char *token = tokens[below(random, sizeof(tokens) / sizeof(tokens[0]))];
    size_t at = below(random, (uint32_t)text->len + 1);
    size_t len = below(random, 12);
    struct buffer out = {0};

    len = len > text->len - at ? text->len - at : len;
    buffer_append(&out, text->data, at);
    switch (below(random, 4)) {
    case 0: /* delete */
        break;
    case 1: /* repeat */
        buffer_append(&out, text->data + at, len);
        buffer_append(&out, text->data + at, len);
        break;
    case 2: /* insert */
        buffer_append(&out, token, strlen(token));
        buffer_append(&out, text->data + at, len);
        break;
    default: /* overwrite */
        buffer_fill(&out, (uint8_t)next_random(random), len > 0 ? 1 : 0);
        break;
    }
    buffer_append(&out, text->data + at + len, text->len - at - len);
    buffer_free(text);
    *text = out;
}

/* What is written can be read, and says the same. */
static void check_readable(struct pm_test *test)
{
    struct pm_map again = test->map;
    struct buffer first = {0};
    struct buffer second = {0};

    pm_emit_partitions(&test->map, &first);
    again.partitions = (struct pm_set){0};
    assert_int_equal(pm_test_parse(test, PM_SOURCE_RESULT, "partitions.yml", buffer_text(&first), &again.partitions),
                     OK);
    pm_emit_partitions(&again, &second);
    assert_string_equal(buffer_text(&second), buffer_text(&first));
    buffer_free(&first);
    buffer_free(&second);
}

static void run_mutant(uint32_t seed)
{
    uint32_t random = seed * 2654435761U + 1;
    struct buffer wanted = {0};
    struct buffer fixed = {0};
    struct pm_test test;
    uint32_t changes = 1 + below(&random, 6);
    const char *start = corpus[below(&random, sizeof(corpus) / sizeof(corpus[0]))];

    buffer_append(&wanted, start, strlen(start));
    buffer_append(&fixed, corpus[1], strlen(corpus[1]));
    for (; changes > 0; changes--) {
        mutate(below(&random, 3) == 0 ? &fixed : &wanted, &random);
    }
    pm_test_begin(&test);
    test.failure.text[0] = 0;
    if (pm_test_run(&test, buffer_text(&wanted), below(&random, 2) == 0 ? buffer_text(&fixed) : NULL) != OK) {
        assert_true(test.failure.text[0] != 0);
        assert_null(strchr(test.failure.text, '\n'));
    } else {
        check_readable(&test);
    }
    pm_test_end(&test);
    buffer_free(&wanted);
    buffer_free(&fixed);
}

static void test_no_input_does_harm(void **state)
{
    uint32_t seed;

    (void)state;
    for (seed = 1; seed <= ROUNDS; seed++) {
        run_mutant(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_generated_maps_keep_the_rules, print_failed_seed),
        cmocka_unit_test(test_no_input_does_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
