/* The flash as a drawing: what each sector holds, and what the trailers say. */
#include <stdio.h>
#include <string.h>

#include "tests/powercut/scenario.h"

static bool is_filled(const uint8_t *data, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != value) {
            return false;
        }
    }
    return true;
}

/* "o3": unit 3 of the old image; "--": erased; "??": anything else. */
static void draw_sector(const struct scenario *scenario, const uint8_t *data, uint32_t sector, uint8_t erased)
{
    static const char letters[] = {[IMAGE_OLD] = 'o', [IMAGE_NEW] = 'n'};

    for (size_t which = 0; which < 2; which++) {
        const struct buffer *image = scenario_image(scenario, (enum scenario_image_id)which);

        for (size_t unit = 0; unit * sector < image->len; unit++) {
            size_t left = image->len - unit * sector;

            if (memcmp(data, image->data + unit * sector, left < sector ? left : sector) == 0) {
                (void)printf(" %c%-2u", letters[which], (unsigned)unit);
                return;
            }
        }
    }
    (void)fputs(is_filled(data, sector, erased) ? " -- " : " ?? ", stdout);
}

static void draw_trailer(const struct world *world, unsigned area)
{
    static const char *const words[] = {"", "set", "bad", "-"};
    struct trailer trailer = world_trailer(world, area, 0);

    (void)printf("  magic %s, type %d, image_ok %s, copy_done %s, status %u", words[trailer.magic],
                 (int)trailer.swap_type, words[trailer.image_ok], words[trailer.copy_done],
                 (unsigned)trailer.status_done);
}

static void draw_area(const struct scenario *scenario, const struct world *world, unsigned area)
{
    static const char *const names[WORLD_ROLES] = {"primary", "secondary", "backup", "scratch", "journal"};
    const uint8_t *bytes = world_bytes(world, area);
    uint8_t erased = world->config[world_device_of(world, area)].geometry.erased_value;
    uint32_t at = 0;

    (void)printf("  %-9s", names[area % WORLD_ROLES]);
    while (at < world->area[area].size) {
        uint32_t start = 0;
        uint32_t size = 0;

        if (flash_area_sector_at(&world->area[area], at, &start, &size) != OK) {
            break;
        }
        draw_sector(scenario, bytes + at, size, erased);
        at = start + size;
    }
    if (world->has_trailers && area % WORLD_ROLES <= WORLD_BACKUP) {
        draw_trailer(world, area);
    }
    (void)putchar('\n');
}

void scenario_draw(const struct scenario *scenario, const struct world *world)
{
    for (unsigned area = 0; area < WORLD_AREAS; area++) {
        if (world_has(world, area)) {
            draw_area(scenario, world, area);
        }
    }
}
