/* What is played: plans, which multiply modes, geometries, sizes and stories, and the jobs that they come to. */
#include <stdlib.h>
#include <string.h>

#include "tests/powercut/campaign.h"

/* The sizes that matter in a slot: by name, resolved per mode and geometry. */
enum size_name {
    SIZE_SECTOR_LESS_1,
    SIZE_SECTOR,
    SIZE_SECTOR_MORE_1,
    SIZE_TWO_AND_A_BIT,
    SIZE_SIX,
    SIZE_TEN,
    SIZE_LARGEST_LESS_1,
    SIZE_LARGEST
};

struct size_pair {
    enum size_name old;
    enum size_name new;
};

static const struct size_pair all_sizes[] = {
    {SIZE_TWO_AND_A_BIT, SIZE_SECTOR_MORE_1}, {SIZE_TEN, SIZE_SECTOR},
    {SIZE_SECTOR_LESS_1, SIZE_TEN},           {SIZE_SECTOR, SIZE_SECTOR},
    {SIZE_LARGEST, SIZE_LARGEST_LESS_1},      {SIZE_TWO_AND_A_BIT, SIZE_LARGEST},
};
static const struct size_pair small_sizes[] = {{SIZE_SECTOR_MORE_1, SIZE_SECTOR_MORE_1}};
static const struct size_pair closure_sizes[] = {{SIZE_TWO_AND_A_BIT, SIZE_SECTOR_MORE_1},
                                                 {SIZE_SECTOR, SIZE_TWO_AND_A_BIT}};
static const struct size_pair six_units[] = {{SIZE_SIX, SIZE_SIX}};
static const struct size_pair ten_units[] = {{SIZE_TEN, SIZE_TEN}};
static const struct size_pair largest[] = {{SIZE_LARGEST, SIZE_LARGEST}};

/* What is multiplied, and how deep it is explored. */
struct plan {
    const char *name;
    const struct size_pair *sizes;
    size_t size_count;
    size_t first_geometry;
    size_t geometry_count; /* 0: to the last */
    const char *story;     /* NULL: all */
    uint32_t depth;        /* cuts in a row */
    uint32_t damages;
    uint32_t seeds;  /* repeated with so many */
    uint32_t chains; /* random ones instead, so many */
    bool steady;     /* closures of modes with a journal: without bits that read differently each time */
};

#define SIZES(list) (list), sizeof(list) / sizeof((list)[0])

/* The geometries' order is that of matrix.c: the first is the nRF52840 DK's, those from LARGE on have large slots,
 * SMALL the smallest sectors, and a journal of as few slots as it accepts. */
#define SMALL 7
#define LARGE 11

static const struct plan budget[] = {
    {"single cuts", SIZES(all_sizes), 0, 1, NULL, 1, 4, 1, 0, false},
    {"single cuts", SIZES(small_sizes), 1, LARGE, NULL, 1, 4, 1, 0, false},
    {"single cuts", SIZES(small_sizes), LARGE + 1, 0, "test", 1, 1, 1, 0, false},
    {"single cuts", SIZES(small_sizes), LARGE + 1, 0, "replace", 1, 1, 1, 0, false},
    {"pairs", SIZES(small_sizes), 0, 1, "test", 2, 1, 1, 0, false},
    {"closure", SIZES(small_sizes), 0, 1, NULL, EXPLORE_NO_LIMIT, 1, 1, 0, false},
    {"closure", SIZES(small_sizes), 2, 1, "test", EXPLORE_NO_LIMIT, 1, 1, 0, false},
    {"three cuts", SIZES(small_sizes), SMALL, 1, "test", 3, 1, 1, 0, false},
    {"chains", SIZES(ten_units), 0, LARGE + 1, NULL, 0, 0, 1, 30, false},
};
/* What takes longest first, so that all processors have something to do until the end. */
static const struct plan everything[] = {
    {"pairs", SIZES(ten_units), 0, 1, "test", 2, 1, 1, 0, false},
    {"pairs", SIZES(ten_units), 0, 1, "revert", 2, 1, 1, 0, false},
    {"pairs", SIZES(ten_units), 0, 1, "renew", 2, 1, 1, 0, false},
    {"pairs", SIZES(ten_units), 0, 1, "replace", 2, 1, 1, 0, false},
    {"closure of six units", SIZES(six_units), 0, 1, "test", EXPLORE_NO_LIMIT, 1, 1, 0, false},
    {"closure of six units", SIZES(six_units), 0, 1, "revert", EXPLORE_NO_LIMIT, 1, 1, 0, false},
    {"closure of six units", SIZES(six_units), 0, 1, "replace", EXPLORE_NO_LIMIT, 1, 1, 0, false},
    {"closure of a journal", SIZES(small_sizes), SMALL, 1, "test", EXPLORE_NO_LIMIT, 1, 1, 0, true},
    {"closure of a journal", SIZES(small_sizes), SMALL, 1, "renew", EXPLORE_NO_LIMIT, 1, 1, 0, true},
    {"closure", SIZES(closure_sizes), 0, 1, NULL, EXPLORE_NO_LIMIT, 1, 2, 0, false},
    {"closure", SIZES(small_sizes), 1, LARGE - 1, NULL, EXPLORE_NO_LIMIT, 1, 1, 0, false},
    {"pairs", SIZES(small_sizes), 1, LARGE - 1, "test", 2, 1, 1, 0, false},
    {"pairs", SIZES(small_sizes), 1, LARGE - 1, "renew", 2, 1, 1, 0, false},
    {"pairs", SIZES(small_sizes), 1, LARGE - 1, "replace", 2, 1, 1, 0, false},
    {"three cuts", SIZES(small_sizes), SMALL, 1, NULL, 3, 1, 1, 0, false},
    {"single cuts", SIZES(largest), LARGE, 0, "test", 1, 1, 1, 0, false},
    {"single cuts", SIZES(largest), LARGE, 0, "replace", 1, 1, 1, 0, false},
    {"single cuts", SIZES(small_sizes), LARGE, 0, NULL, 1, 1, 1, 0, false},
    {"single cuts", SIZES(all_sizes), 0, 1, NULL, 1, 4, 1, 0, false},
    {"single cuts", SIZES(all_sizes), 1, LARGE - 1, NULL, 1, 1, 1, 0, false},
    {"chains", SIZES(ten_units), 0, 0, NULL, 0, 0, 1, 100, false},
    {"chains", SIZES(largest), 0, LARGE, NULL, 0, 0, 1, 20, false},
};

static uint32_t resolve_size(enum size_name name, const struct world *world)
{
    uint32_t sector = world_first_sector(world, WORLD_PRIMARY);
    uint32_t largest_size = world->mode->largest(world);

    switch (name) {
    case SIZE_SECTOR_LESS_1:
        return sector - 1;
    case SIZE_SECTOR:
        return sector;
    case SIZE_SECTOR_MORE_1:
        return sector + 1;
    case SIZE_TWO_AND_A_BIT:
        return 2 * sector + 100;
    case SIZE_SIX:
        return 6 * sector;
    case SIZE_TEN:
        return 10 * sector;
    case SIZE_LARGEST_LESS_1:
        return largest_size - 1;
    default:
        return largest_size;
    }
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Of modes with a journal closures are played only without unstable bits: with them the fixpoint is too far. */
static bool has_fixpoint(const struct plan *plan, const struct sim_mode *mode)
{
    return ((mode->areas & WORLD_HAS_JOURNAL) != 0) == plan->steady;
}

static bool story_is_played(const struct plan *plan, const struct story *story, const struct sim_mode *mode)
{
    return story_applies(story, mode) && (plan->depth != EXPLORE_NO_LIMIT || has_fixpoint(plan, mode)) &&
           (plan->story == NULL || strcmp(plan->story, story->name) == 0);
}

static void add_scenario(const struct campaign *campaign, const struct plan *plan, const struct scenario *scenario,
                         struct campaign_list *list)
{
    struct campaign_job job = {.plan = plan->name,
                               .kind = plan->chains != 0 ? CAMPAIGN_CHAINS : CAMPAIGN_EXPLORE,
                               .scenario = *scenario,
                               .chains = plan->chains,
                               .steady = plan->steady};

    for (uint32_t i = 0; i < plan->seeds; i++) {
        job.explore = (struct explore_options){.depth = plan->depth,
                                               .seed = (uint32_t)campaign->seed + i,
                                               .damages = plan->damages,
                                               .noises = NOR_NOISES,
                                               .chip_cuts = 1,
                                               .max_states = 4000000};
        campaign_list_add(list, &job);
    }
}

static void add_stories(const struct campaign *campaign, const struct plan *plan, const struct world *world,
                        struct campaign_list *list)
{
    uint32_t most = world->mode->largest(world);

    for (size_t s = 0; s < story_count; s++) {
        for (size_t p = 0; p < plan->size_count && story_is_played(plan, &stories[s], world->mode); p++) {
            struct scenario scenario = {world->mode,
                                        world->geometry,
                                        &stories[s],
                                        {smaller(resolve_size(plan->sizes[p].old, world), most),
                                         smaller(resolve_size(plan->sizes[p].new, world), most)}};

            add_scenario(campaign, plan, &scenario, list);
        }
    }
}

static void add_geometry(const struct campaign *campaign, const struct plan *plan,
                         const struct world_geometry *geometry, const struct sim_mode *mode, struct campaign_list *list)
{
    struct world world;
    const struct campaign_job refusal = {.plan = plan->name,
                                         .kind = CAMPAIGN_REFUSE,
                                         .scenario = {mode, geometry, &stories[0], {2000, 3000}},
                                         .explore = {.seed = (uint32_t)campaign->seed}};

    world_init(&world, geometry, mode, 1, 0);
    if (sim_accepts(&world)) {
        add_stories(campaign, plan, &world, list);
    } else if (!(mode->is_in_place && world.has_trailers)) {
        campaign_list_add(list, &refusal);
    }
    world_free(&world);
}

static void add_plans(const struct campaign *campaign, const struct plan *plans, size_t count,
                      struct campaign_list *list)
{
    for (size_t p = 0; p < count; p++) {
        size_t end = plans[p].geometry_count == 0 ? geometry_count : plans[p].first_geometry + plans[p].geometry_count;

        for (size_t g = plans[p].first_geometry; g < end; g++) {
            for (size_t m = 0; m < sim_mode_count; m++) {
                if (campaign->only_mode == NULL || strcmp(campaign->only_mode, sim_modes[m].name) == 0) {
                    add_geometry(campaign, &plans[p], &geometries[g], &sim_modes[m], list);
                }
            }
        }
    }
}

void campaign_list_add(struct campaign_list *list, const struct campaign_job *job)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity * 2 + 256;
        list->jobs = host_realloc(list->jobs, list->capacity * sizeof *list->jobs);
    }
    list->jobs[list->count++] = *job;
}

void campaign_list_free(struct campaign_list *list)
{
    free(list->jobs);
    *list = (struct campaign_list){0};
}

void campaign_list_budget(const struct campaign *campaign, struct campaign_list *list)
{
    add_plans(campaign, budget, sizeof budget / sizeof budget[0], list);
}

void campaign_list_everything(const struct campaign *campaign, struct campaign_list *list)
{
    add_plans(campaign, everything, sizeof everything / sizeof everything[0], list);
}
