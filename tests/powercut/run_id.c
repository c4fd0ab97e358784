/* Ids of runs: written, and read back for a replay. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/powercut/scenario.h"

static const char cut_letters[] = {
    [NOR_CUT_CLEAN] = 'C', [NOR_CUT_BEHIND] = 'B', [NOR_CUT_TORN] = 'T', [NOR_CUT_MCU] = 'M', [NOR_CUT_CHIP] = 'X'};

void run_id(const struct run *run, struct buffer *out)
{
    const struct scenario *scenario = &run->scenario;

    buffer_print(out, "%s/%s/%u-%u/%s", scenario->mode->name, scenario->geometry->name,
                 (unsigned)scenario->size[IMAGE_OLD], (unsigned)scenario->size[IMAGE_NEW], scenario->story->name);
    for (size_t i = 0; i < run->cut_count; i++) {
        const struct cut *cut = &run->cuts[i];

        if (cut->op == NOR_NO_CUT) {
            buffer_print(out, "/-");
        } else {
            buffer_print(out, "/%" PRIu64 "%c%u", cut->op, cut_letters[cut->kind], (unsigned)cut->seed);
        }
        if (cut->noise != 0) {
            buffer_print(out, "~%u", (unsigned)cut->noise);
        }
    }
}

/* Takes a decimal number. */
static bool take_number(const char **text, uint64_t *number)
{
    char *end;

    *number = strtoull(*text, &end, 10);
    if (end == *text || **text < '0' || **text > '9') {
        return false;
    }
    *text = end;
    return true;
}

static bool take_char(const char **text, char c)
{
    if (**text != c) {
        return false;
    }
    (*text)++;
    return true;
}

static bool take_number32(const char **text, uint32_t *number)
{
    uint64_t value = 0;

    if (!take_number(text, &value) || value > UINT32_MAX) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

static bool take_kind(const char **text, enum nor_cut *kind)
{
    for (size_t i = 0; i < sizeof cut_letters; i++) {
        if (take_char(text, cut_letters[i])) {
            *kind = (enum nor_cut)i;
            return true;
        }
    }
    return false;
}

/* "/17T5", "/-~3" */
static bool take_cut(const char **text, struct cut *cut)
{
    if (!take_char(text, '/')) {
        return false;
    }
    if (take_char(text, '-')) {
        cut->op = NOR_NO_CUT;
    } else if (!take_number(text, &cut->op) || !take_kind(text, &cut->kind) || !take_number32(text, &cut->seed)) {
        return false;
    }
    return !take_char(text, '~') || take_number32(text, &cut->noise);
}

/* Whether the next part of an id is `name`; then takes it. */
static bool take_name(const char **text, const char *name)
{
    size_t len = strcspn(*text, "/");

    if (strlen(name) != len || strncmp(*text, name, len) != 0) {
        return false;
    }
    *text += len;
    return true;
}

static bool take_mode(const char **text, struct scenario *scenario)
{
    size_t len = strcspn(*text, "/");

    scenario->mode = sim_mode_find(*text, len);
    *text += len;
    return scenario->mode != NULL;
}

static bool take_geometry(const char **text, struct scenario *scenario)
{
    for (size_t i = 0; i < geometry_count; i++) {
        if (take_name(text, geometries[i].name)) {
            scenario->geometry = &geometries[i];
            return true;
        }
    }
    return false;
}

static bool take_sizes(const char **text, struct scenario *scenario)
{
    uint64_t size[2];

    if (!take_number(text, &size[0]) || !take_char(text, '-') || !take_number(text, &size[1])) {
        return false;
    }
    scenario->size[0] = (uint32_t)size[0];
    scenario->size[1] = (uint32_t)size[1];
    return true;
}

static bool take_story(const char **text, struct scenario *scenario)
{
    for (size_t i = 0; i < story_count; i++) {
        if (take_name(text, stories[i].name)) {
            scenario->story = &stories[i];
            return true;
        }
    }
    return false;
}

bool run_parse(const char *id, struct run *run)
{
    struct scenario *scenario = &run->scenario;

    memset(run, 0, sizeof *run);
    if (!take_mode(&id, scenario) || !take_char(&id, '/') || !take_geometry(&id, scenario) || !take_char(&id, '/') ||
        !take_sizes(&id, scenario) || !take_char(&id, '/') || !take_story(&id, scenario)) {
        return false;
    }
    while (*id != '\0' && run->cut_count < RUN_CUTS_MAX) {
        if (!take_cut(&id, &run->cuts[run->cut_count++])) {
            return false;
        }
    }
    return *id == '\0';
}
