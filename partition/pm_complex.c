/* A complex region: static partitions leave one gap, and everything else is ordered and laid out in it. */
#include "partition/pm_solve.h"

#include <string.h>

/* A container is where its members are; its span is given in the order of addresses. */
static void close_container(const struct pm_job *job, struct pm_partition *container)
{
    struct pm_set members = {0};
    size_t i;

    for (i = 0; i < container->span.count; i++) {
        pm_set_add(job->pool, &members, pm_set_find(job->placed, container->span.refs[i].name));
    }
    pm_set_sort_by_address(&members);
    container->span = (struct pm_list){0};
    for (i = 0; i < members.count; i++) {
        pm_list_add(job->pool, &container->span, members.items[i]->name, 0);
    }
    container->has_orig_span = true;
    container->address = members.items[0]->address;
    container->size = pm_end(members.items[members.count - 1]) - container->address;
    pm_set_add(job->pool, job->placed, container);
}

/* Where another partition is the dynamic one, `app` contains it, so that the name can still be used. */
static void add_app(const struct pm_job *job)
{
    struct pm_partition *app;
    const struct pm_partition *dynamic = pm_set_find(job->placed, job->dynamic);

    if (strcmp(job->dynamic, "app") == 0 || strcmp(job->dynamic, job->region->name) == 0 ||
        pm_set_find(job->placed, "app") != NULL) {
        return;
    }
    app = pm_pool_alloc(job->pool, sizeof(*app));
    app->name = "app";
    app->given = PM_GIVEN_SPAN;
    app->region = job->region->name;
    app->address = dynamic->address;
    app->size = dynamic->size;
    app->has_orig_span = true;
    pm_list_add(job->pool, &app->span, job->dynamic, 0);
    pm_set_add(job->pool, job->placed, app);
}

int pm_solve_complex(struct pm_job *job)
{
    struct pm_set order = {0};
    struct pm_set containers = {0};
    struct pm_range gap;
    size_t i;
    int err = pm_static_gap(job, &gap);

    if (err == OK) {
        err = pm_order(job, &order, &containers);
    }
    if (err == OK) {
        err = pm_layout(job, &order, gap);
    }
    if (err != OK) {
        return err;
    }
    for (i = 0; i < order.count; i++) {
        pm_set_add(job->pool, job->placed, order.items[i]);
    }
    for (i = 0; i < containers.count; i++) {
        close_container(job, containers.items[i]);
    }
    add_app(job);
    return OK;
}
