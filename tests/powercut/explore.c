#include "tests/powercut/explore.h"

#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"
#include "host/random.h"
#include "tests/powercut/form.h"

#define NO_PARENT   UINT32_MAX
#define WITNESSES   64U   /* one of so many states of a known form is booted */
#define PROGRAM_MAX 1024U /* bytes: what the journal programs at once is shorter */

/* A state at a moment, and how it was reached. */
struct node {
    struct state state; /* dropped once explored */
    struct state_key key;
    struct moment moment;
    uint32_t parent;
    uint32_t depth;  /* cuts */
    struct cut cut;  /* of the parent's power-on */
    bool is_witness; /* of the same form as an earlier node: it must not lead to another form than that one */
};

/* Open hash; {0, 0} marks an empty place. */
struct key_set {
    struct state_key *keys;
    size_t size; /* a power of two */
    size_t count;
};

struct explorer {
    const struct scenario *scenario;
    const struct explore_options *options;
    struct world *world;
    const struct state *start;
    struct explore_counts *counts;
    explore_report report;
    void *context;

    struct node *nodes; /* in the order in which they were found */
    uint32_t count;
    uint32_t capacity;
    uint32_t *table; /* open hash of node numbers + 1 */
    uint32_t table_size;
    struct key_set instants; /* whose cuts have been tried */
    struct key_set witnesses;
    struct form_cache *forms;

    uint32_t current;
    uint32_t noise;
    uint64_t boot_ops;
};

static struct state_key *set_slot(const struct key_set *set, const struct state_key *key)
{
    size_t at = key->word[0] & (set->size - 1);

    while ((set->keys[at].word[0] | set->keys[at].word[1]) != 0 &&
           (set->keys[at].word[0] != key->word[0] || set->keys[at].word[1] != key->word[1])) {
        at = (at + 1) & (set->size - 1);
    }
    return &set->keys[at];
}

static void set_grow(struct key_set *set)
{
    struct key_set larger = {.size = set->size == 0 ? 4096 : 2 * set->size};

    larger.keys = host_alloc(larger.size * sizeof *larger.keys);
    for (size_t i = 0; i < set->size; i++) {
        if ((set->keys[i].word[0] | set->keys[i].word[1]) != 0) {
            *set_slot(&larger, &set->keys[i]) = set->keys[i];
        }
    }
    larger.count = set->count;
    free(set->keys);
    *set = larger;
}

/* Whether the key was not in the set; now it is. */
static bool set_add(struct key_set *set, const struct state_key *key)
{
    struct state_key *slot;

    if (2 * set->count >= set->size) {
        set_grow(set);
    }
    slot = set_slot(set, key);
    if ((slot->word[0] | slot->word[1]) != 0) {
        return false;
    }
    *slot = *key;
    set->count++;
    return true;
}

static bool is_closure(const struct explorer *explorer)
{
    return explorer->options->depth == EXPLORE_NO_LIMIT;
}

/* Same contents, but for what a journal numbers and, where witnesses are cut, what is doomed: same future. */
static struct state_key node_key(const struct explorer *explorer, const struct moment *moment, bool is_instant)
{
    uint64_t what = (uint64_t)moment->phase | (uint64_t)moment->accepted << 8 | (uint64_t)moment->undecidable << 16 |
                    (uint64_t)moment->may_restate << 17 | (uint64_t)moment->wavered << 18 |
                    (uint64_t)moment->restated << 19;
    struct state_key key = form_key(explorer->forms, explorer->world, is_instant || !is_closure(explorer));

    key.word[0] ^= (what + 1) * 0x9e3779b97f4a7c15U;
    key.word[1] += what * 0xc2b2ae3d27d4eb4fU;
    return key;
}

static uint32_t *table_slot(const struct explorer *explorer, const struct state_key *key)
{
    uint32_t at = (uint32_t)key->word[0] & (explorer->table_size - 1);

    while (explorer->table[at] != 0) {
        const struct node *node = &explorer->nodes[explorer->table[at] - 1];

        if (node->key.word[0] == key->word[0] && node->key.word[1] == key->word[1]) {
            break;
        }
        at = (at + 1) & (explorer->table_size - 1);
    }
    return &explorer->table[at];
}

static void grow(struct explorer *explorer)
{
    explorer->capacity = explorer->capacity * 2 + 1024;
    explorer->nodes = host_realloc(explorer->nodes, explorer->capacity * sizeof *explorer->nodes);
    free(explorer->table);
    explorer->table_size = 1024;
    while (explorer->table_size < 2 * explorer->capacity) {
        explorer->table_size *= 2;
    }
    explorer->table = host_alloc(explorer->table_size * sizeof *explorer->table);
    for (uint32_t i = 0; i < explorer->count; i++) {
        uint32_t *slot = table_slot(explorer, &explorer->nodes[i].key);

        *slot = *slot != 0 ? *slot : i + 1; /* a witness comes after the node of its form */
    }
}

static struct node *add_node(struct explorer *explorer, const struct state_key *key, const struct moment *moment,
                             const struct cut *cut, bool is_cut)
{
    struct node *node;

    if (explorer->count == explorer->capacity) {
        grow(explorer);
    }
    node = &explorer->nodes[explorer->count++];
    *node = (struct node){.key = *key, .moment = *moment, .parent = explorer->current, .cut = *cut};
    state_take(&explorer->world->store, &node->state);
    if (explorer->current != NO_PARENT) {
        node->depth = explorer->nodes[explorer->current].depth + (is_cut ? 1 : 0);
    }
    explorer->counts->states++;
    return node;
}

/* Of the states that are taken for known, though not every byte of the journal is: some are booted all the same. */
static bool is_witness(struct explorer *explorer)
{
    const struct state_key *contents = &explorer->world->store.now.key;

    return world_has(explorer->world, WORLD_JOURNAL) && contents->word[1] % WITNESSES == 0 &&
           set_add(&explorer->witnesses, contents);
}

/* Notes the world's state at `moment`, unless it is known. Whether it was not. */
static bool found(struct explorer *explorer, const struct moment *moment, const struct cut *cut, bool is_cut)
{
    struct state_key key = node_key(explorer, moment, false);

    if (moment->phase == MOMENT_OVER) {
        return false;
    }
    if (*table_slot(explorer, &key) != 0) {
        if (is_witness(explorer)) {
            add_node(explorer, &key, moment, cut, is_cut)->is_witness = true;
        }
        return false;
    }
    (void)add_node(explorer, &key, moment, cut, is_cut);
    *table_slot(explorer, &key) = explorer->count;
    explorer->counts->undecidable += moment->undecidable ? 1 : 0;
    explorer->counts->wavering += moment->wavered ? 1 : 0;
    return true;
}

static bool is_at_witness(const struct explorer *explorer)
{
    return explorer->current != NO_PARENT && explorer->nodes[explorer->current].is_witness;
}

/* What leads on from a witness was found before, from the state for which it stands. */
static void check_witness(struct explorer *explorer, bool was_new)
{
    if (was_new && is_at_witness(explorer) && is_closure(explorer)) {
        explorer->counts->misread++;
    }
}

/* A torn erase leaves some of the records of an old page, which are no part of a form: any of them, or none. */
static bool erases_journal(const struct explorer *explorer, const struct nor_device *device, const struct nor_op *op)
{
    const struct world *world = explorer->world;
    const struct flash_area *area = &world->area[WORLD_JOURNAL];

    return op->kind == NOR_OP_ERASE && device == &world->device[WORLD_INTERNAL] && world_has(world, WORLD_JOURNAL) &&
           op->off >= area->off && op->off - area->off < area->size;
}

/* The power-ons that lead to a node, then one more. */
static void make_run(const struct explorer *explorer, uint32_t id, const struct cut *last, struct run *run)
{
    uint32_t length = 1;

    for (uint32_t at = id; explorer->nodes[at].parent != NO_PARENT; at = explorer->nodes[at].parent) {
        length++;
    }
    run->scenario = *explorer->scenario;
    run->cut_count = length <= RUN_CUTS_MAX ? length : 0;
    for (uint32_t at = id; run->cut_count != 0 && length > 0; at = explorer->nodes[at].parent) {
        run->cuts[--length] = *last;
        last = &explorer->nodes[at].cut;
    }
}

static void fail(struct explorer *explorer, const struct cut *cut, const struct outcome *outcome)
{
    struct run run;

    explorer->counts->failures++;
    make_run(explorer, explorer->current, cut, &run);
    explorer->report(explorer->context, &run, outcome);
}

static bool others_run(const struct explorer *explorer, const struct nor_device *device)
{
    bool any = false;

    for (size_t i = 0; i < WORLD_DEVICES; i++) {
        const struct nor_device *other = &explorer->world->device[i];

        any = any || (other != device && other->running.kind != NOR_OP_NONE);
    }
    return any;
}

/* One cut at the operation that is about to be issued. */
static void try_cut(struct explorer *explorer, struct nor_device *device, const struct nor_op *op, enum nor_cut kind,
                    uint32_t seed)
{
    struct world *world = explorer->world;
    struct moment moment = explorer->nodes[explorer->current].moment;
    struct cut cut = {world->power.ops, kind, seed, explorer->noise};
    struct nor_op running[WORLD_DEVICES];
    bool was_new;

    for (size_t i = 0; i < WORLD_DEVICES; i++) {
        running[i] = world->device[i].running;
    }
    nor_power_damage(&world->power, device, op, kind, seed);
    state_settle(&world->store);
    moment_cut(explorer->scenario, &moment, world);
    was_new = found(explorer, &moment, &cut, true);
    check_witness(explorer, was_new && !erases_journal(explorer, device, op));
    state_undo(&world->store);
    for (size_t i = 0; i < WORLD_DEVICES; i++) {
        world->device[i].running = running[i];
    }
}

/*
 * With few damages, neighbouring places suffer different kinds. The seed depends on nothing but the place: the same
 * damage done twice is no new state.
 */
static uint32_t first_seed(const struct explorer *explorer, const struct nor_op *op)
{
    struct random random = {explorer->options->seed + ((uint64_t)op->off << 32)};

    return (uint32_t)random_next(&random) >> 8;
}

static void add_op(const struct explorer *explorer, struct state_key *key, const struct nor_device *device,
                   const struct nor_op *op)
{
    uint64_t hash = (uint64_t)op->kind << 60 ^ (uint64_t)op->off << 28 ^ op->len ^ (uintptr_t)device;
    bool is_program = op->kind == NOR_OP_PROGRAM;
    bool is_internal = device == &explorer->world->device[WORLD_INTERNAL];
    uint8_t form[PROGRAM_MAX];
    const uint8_t *src = op->src;

    if (is_program && is_internal && op->len <= sizeof form) {
        form_of_program(explorer->forms, explorer->world, op->off, op->src, op->len, form);
        src = form;
    }
    for (uint32_t i = 0; is_program && i < op->len; i++) {
        hash = (hash ^ src[i]) * 0x100000001b3U;
    }
    key->word[0] = (key->word[0] ^ hash) * 0x9e3779b97f4a7c15U;
    key->word[1] = (key->word[1] + hash) * 0xc2b2ae3d27d4eb4fU;
}

/* What a cut leaves depends on the arrays, on what is running and on the operation; nothing else of a boot matters. */
static bool is_new_instant(struct explorer *explorer, const struct nor_device *at, const struct nor_op *op)
{
    struct state_key key = node_key(explorer, &explorer->nodes[explorer->current].moment, true);

    for (size_t i = 0; i < WORLD_DEVICES; i++) {
        add_op(explorer, &key, &explorer->world->device[i], &explorer->world->device[i].running);
    }
    add_op(explorer, &key, at, op);
    return set_add(&explorer->instants, &key);
}

/*
 * The i-th seed of damage at an operation. Those for whole cells are such that a torn operation suffers kind 0 of
 * nor_model.h, and what runs on the other device (a third of the seed) the same, or nothing, or is done.
 */
static uint32_t damage_seed(const struct explorer *explorer, const struct nor_op *op, enum nor_cut kind, uint32_t i)
{
    uint32_t seed = first_seed(explorer, op);

    if (!explorer->options->whole_cells) {
        return seed + i;
    }
    return seed - seed % 12 + (kind == NOR_CUT_BEHIND ? i : i * 8);
}

/* How many of them: three fates of what runs on the other device; of these whole cells show not every combination. */
static uint32_t damage_count(const struct explorer *explorer, enum nor_cut kind, bool others)
{
    if (explorer->options->whole_cells) {
        return !others ? 1 : kind == NOR_CUT_BEHIND ? 3 : 2;
    }
    return explorer->options->damages * (others ? 3 : 1);
}

/* Before each operation of a boot: every cut at it. */
static void fork_here(void *context, const struct nor_device *at, const struct nor_op *op)
{
    static const enum nor_cut kinds[] = {NOR_CUT_TORN, NOR_CUT_BEHIND, NOR_CUT_MCU};
    struct explorer *explorer = context;
    struct nor_device *device = at->power->devices[at == &explorer->world->device[WORLD_INTERNAL] ? 0 : 1];
    bool others = others_run(explorer, at);
    /* Cuts of the MCU alone are something else than torn ones where there is something that goes on. */
    const bool tries[] = {true, others, others || device->own_supply};
    bool is_new;

    state_settle(&explorer->world->store);
    state_mark(&explorer->world->store);
    is_new = is_new_instant(explorer, at, op) || is_at_witness(explorer);
    explorer->counts->cuts++;
    if (is_new) {
        try_cut(explorer, device, op, NOR_CUT_CLEAN, 0);
    }
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        uint32_t count = tries[k] ? damage_count(explorer, kinds[k], others) : 0;

        explorer->counts->cuts += count;
        for (uint32_t i = 0; is_new && i < count; i++) {
            try_cut(explorer, device, op, kinds[k], damage_seed(explorer, op, kinds[k], i));
        }
    }
}

static void power_on(struct explorer *explorer, const struct node *node, const struct cut *cut)
{
    struct world *world = explorer->world;

    world_restore(world, &node->state);
    state_mark(&world->store);
    world->power.noise = cut->noise;
    nor_power_on(&world->power, cut->op, cut->kind, cut->seed);
    explorer->counts->boots++;
}

static void check_guards(struct explorer *explorer, struct outcome *outcome)
{
    if (!world_guards_hold(explorer->world, explorer->start)) {
        outcome_fail(outcome, "something outside the areas changed");
    }
}

static bool is_cut_further(const struct explorer *explorer, const struct node *node)
{
    return node->depth < explorer->options->depth && !node->moment.wavered &&
           (!node->is_witness || is_closure(explorer));
}

/* The node's boot to its end, with all cuts on the way when these are wanted. */
static void run_whole(struct explorer *explorer, uint32_t noise)
{
    struct node node = explorer->nodes[explorer->current];
    struct cut cut = {.op = NOR_NO_CUT, .noise = noise};
    struct boot_result result = {.is_verified = HARDENED_FALSE};
    struct outcome outcome = {0};
    int err;

    explorer->noise = noise;
    power_on(explorer, &node, &cut);
    explorer->world->power.watch = is_cut_further(explorer, &node) ? fork_here : NULL;
    explorer->world->power.context = explorer;
    err = moment_run(explorer->scenario, &node.moment, explorer->world, &result);
    explorer->world->power.watch = NULL;
    explorer->boot_ops = explorer->world->power.ops;
    moment_complete(explorer->scenario, &node.moment, explorer->world, err, &result, &outcome);
    check_guards(explorer, &outcome);
    explorer->counts->lost += outcome.lost ? 1 : 0;
    if (outcome.failed) {
        fail(explorer, &cut, &outcome);
    } else {
        check_witness(explorer, found(explorer, &node.moment, &cut, false));
    }
}

/* The chip loses its supply at one operation and the MCU goes on: a boot of its own. */
static void run_without_chip(struct explorer *explorer, uint64_t op, uint32_t seed)
{
    struct node node = explorer->nodes[explorer->current];
    struct cut cut = {op, NOR_CUT_CHIP, seed, 0};
    struct boot_result result = {.is_verified = HARDENED_FALSE};
    struct outcome outcome = {0};
    int err;

    power_on(explorer, &node, &cut);
    err = moment_run(explorer->scenario, &node.moment, explorer->world, &result);
    explorer->counts->cuts++;
    moment_chip_cut(explorer->scenario, &node.moment, explorer->world, err, &result, &outcome);
    check_guards(explorer, &outcome);
    if (outcome.failed) {
        fail(explorer, &cut, &outcome);
    } else {
        (void)found(explorer, &node.moment, &cut, true);
    }
}

static void run_without_chips(struct explorer *explorer, uint64_t ops)
{
    const struct node *node = &explorer->nodes[explorer->current];
    struct random random = {explorer->options->seed + node->key.word[0]};
    uint32_t seed = explorer->options->seed;

    if (node->depth == 0) {
        for (uint64_t op = 0; op < ops; op++) {
            run_without_chip(explorer, op, seed + (uint32_t)op);
        }
        return;
    }
    for (uint32_t i = 0; ops > 0 && i < explorer->options->chip_cuts && random_below(&random, 4) == 0; i++) {
        uint32_t damage = random_below(&random, 12);

        run_without_chip(explorer, random_below(&random, (uint32_t)ops), seed + damage);
    }
}

static bool has_unstable(const struct world *world, const struct state *state)
{
    const struct state_store *store = &world->store;
    bool any = false;

    for (uint32_t at = 0; at < store->first[store->device_count]; at++) {
        any = any || store->pages[state->pages[at]].has_unstable;
    }
    return any;
}

static void explore_node(struct explorer *explorer)
{
    const struct node *node = &explorer->nodes[explorer->current];
    uint32_t noises = has_unstable(explorer->world, &node->state) ? explorer->options->noises : 1;
    bool is_cut_short = is_cut_further(explorer, node);
    uint64_t ops = 0;

    for (uint32_t noise = 0; noise < noises; noise++) {
        run_whole(explorer, noise);
        ops = explorer->boot_ops > ops ? explorer->boot_ops : ops;
    }
    if (explorer->current == 0) {
        explorer->counts->ops = ops;
    }
    if (is_cut_short) {
        run_without_chips(explorer, ops);
    }
    state_drop(&explorer->world->store, &explorer->nodes[explorer->current].state);
}

void explore(const struct scenario *scenario, const struct explore_options *options, struct world *world,
             const struct state *start, struct explore_counts *counts, explore_report report, void *context)
{
    struct explorer explorer = {.scenario = scenario,
                                .options = options,
                                .world = world,
                                .start = start,
                                .counts = counts,
                                .report = report,
                                .context = context,
                                .forms = form_cache_new(),
                                .current = NO_PARENT};
    struct moment first = moment_begin(scenario->story);
    static const struct cut no_cut = {.op = NOR_NO_CUT};
    uint64_t failures = counts->failures;

    grow(&explorer);
    world_restore(world, start);
    (void)found(&explorer, &first, &no_cut, false);
    for (explorer.current = 0; explorer.current < explorer.count; explorer.current++) {
        if (explorer.count >= options->max_states || (options->stop_at_failure && counts->failures > failures)) {
            counts->unfinished++;
            break;
        }
        explore_node(&explorer);
    }
    for (uint32_t i = explorer.current; i < explorer.count; i++) {
        state_drop(&world->store, &explorer.nodes[i].state);
    }
    free(explorer.nodes);
    free(explorer.table);
    free(explorer.instants.keys);
    free(explorer.witnesses.keys);
    counts->misread += form_disagreements(explorer.forms);
    form_cache_free(explorer.forms);
}
