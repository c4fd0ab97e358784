#include "cli/powercut_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/trailer.h"
#include "cli/load.h"
#include "flash/model/nor_device.h"
#include "host/file.h"
#include "imagetool/image.h"
#include "partition/pm_parse.h"

/* ---- the map ---- */

/* The folders above a file are where builds leave their map: build/partitions.yml for build/merged.hex. */
static bool find_map(const char *file, struct buffer *path)
{
    size_t len = strlen(file);

    for (unsigned up = 0; up < 3; up++) {
        while (len > 0 && file[len - 1] != '/') {
            len--;
        }
        path->len = 0;
        buffer_append(path, file, len);
        buffer_print(path, "partitions.yml");
        if (access(buffer_text(path), R_OK) == 0) {
            return true;
        }
        if (len == 0) {
            return false;
        }
        len--;
    }
    return false;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* In which flash a region is, and its size; false for RAM and whatever else. */
static bool device_of(const struct pm_partition *partition, enum flash_device_id *device)
{
    if (partition->region == NULL || strcmp(partition->region, "flash_primary") == 0) {
        *device = FLASH_INTERNAL;
        return pm_end(partition) <= VBOARD_INTERNAL_SIZE;
    }
    *device = FLASH_EXTERNAL;
    return strcmp(partition->region, "external_flash") == 0 && pm_end(partition) <= VBOARD_EXTERNAL_SIZE;
}

static bool is_slot(const char *name)
{
    return strcmp(name, "mcuboot_primary") == 0 || strcmp(name, "mcuboot_secondary") == 0;
}

static void add_area(struct setup_map *map, const struct pm_partition *partition)
{
    enum flash_device_id device;

    if (partition != NULL && map->count < SETUP_AREAS_MAX && device_of(partition, &device)) {
        map->areas[map->count++] = (struct campaign_area){device, (uint32_t)partition->address,
                                                          (uint32_t)partition->size, is_slot(partition->name)};
    }
}

/* "mcuboot_primary", of pair 1 "mcuboot_primary_1". */
static void name_slot(const char *role, unsigned pair, char *out, size_t size)
{
    (void)snprintf(out, size, pair == 0 ? "mcuboot_%s" : "mcuboot_%s_%u", role, pair);
}

/* The bootloader's own partitions are called mcuboot_something or boot_something. */
static int take_map(struct setup_map *map, const struct pm_map *given, const char *path, const char *slot,
                    struct failure *failure)
{
    char primary_name[32];
    const struct pm_partition *primary;
    const struct pm_partition *update = pm_set_find(&given->partitions, slot);

    name_slot("primary", map->pair, primary_name, sizeof(primary_name));
    primary = pm_set_find(&given->partitions, primary_name);
    add_area(map, primary);
    if (map->count == 0) {
        return failure_set(failure, ERR_HOST_INPUT, "%s has no %s in internal flash", path, primary_name);
    }
    add_area(map, update);
    map->slot = map->count - 1;
    if (map->slot == 0) {
        return failure_set(failure, ERR_HOST_INPUT, "%s has no %s in flash: --slot names where updates arrive", path,
                           slot);
    }
    for (size_t i = 0; i < given->partitions.count; i++) {
        const struct pm_partition *partition = given->partitions.items[i];

        if (partition != primary && partition != update &&
            (starts_with(partition->name, "mcuboot_") || starts_with(partition->name, "boot_"))) {
            add_area(map, partition);
        }
    }
    return OK;
}

int setup_read_map(struct setup_map *map, const char *path, const struct cli_words *files, unsigned pair,
                   const char *slot, struct failure *failure)
{
    char secondary[32];
    struct pm_pool pool = {0};
    struct pm_map given = {.pool = &pool, .domain = ""};
    struct buffer found = {0};
    struct buffer text = {0};
    struct buffer notes = {0};
    int err;

    if (path == NULL && (files->count == 0 || !find_map(files->words[0], &found))) {
        buffer_free(&found);
        return failure_set(failure, ERR_HOST_INPUT, "no partitions.yml near %s: give the build's map with --map FILE",
                           files->count == 0 ? "the flash files" : files->words[0]);
    }
    path = path != NULL ? path : buffer_text(&found);
    *map = (struct setup_map){.pair = pair};
    name_slot("secondary", pair, secondary, sizeof(secondary));
    slot = slot != NULL ? slot : secondary;
    err = file_read(path, &text, failure);
    if (err == OK) {
        err = pm_parse_partitions(&given, PM_SOURCE_RESULT, path, &text, &notes, failure);
    }
    if (err == OK) {
        err = take_map(map, &given, path, slot, failure);
    }
    buffer_free(&notes);
    buffer_free(&text);
    buffer_free(&found);
    pm_pool_free(&pool);
    return err;
}

/* ---- contents ---- */

static int read_part(struct nor_model *model, const char *dir, const char *name, struct failure *failure)
{
    struct buffer path = {0};
    struct buffer bytes = {0};
    int err;

    buffer_print(&path, "%s/%s", dir, name);
    err = file_read(buffer_text(&path), &bytes, failure);
    if (err == OK && bytes.len != model->config->geometry.size) {
        err = failure_set(failure, ERR_HOST_INPUT, "%s has %zu bytes, not %u: it is not a flash of this board",
                          buffer_text(&path), bytes.len, (unsigned)model->config->geometry.size);
    }
    if (err == OK) {
        memcpy(model->data, bytes.data, bytes.len);
    }
    buffer_free(&bytes);
    buffer_free(&path);
    return err;
}

static int read_dir(struct flash_state *flash, const char *dir, struct failure *failure)
{
    static const char *const names[FLASH_DEVICES] = {
        [FLASH_INTERNAL] = "int.bin", [FLASH_EXTERNAL] = "ext.bin", [FLASH_UICR] = "uicr.bin"};
    int err = OK;

    for (size_t i = 0; i < FLASH_DEVICES && err == OK; i++) {
        err = read_part(&flash->models[i], dir, names[i], failure);
    }
    return err;
}

int setup_read_flash(struct flash_state *flash, const char *board, const char *dir, const struct cli_words *files,
                     struct failure *failure)
{
    const struct vboard_config config = {
        .board = board,
        .internal = flash->models[FLASH_INTERNAL].data,
        .external = flash->models[FLASH_EXTERNAL].data,
        .uicr = flash->models[FLASH_UICR].data,
    };
    struct memory_image image = {0};
    struct vboard *loader = NULL;
    int err = dir != NULL ? read_dir(flash, dir, failure) : OK;

    if (err == OK) {
        err = load_words(&image, files, failure);
    }
    if (err == OK) {
        err = vboard_create(&config, &loader, failure);
    }
    if (err == OK) {
        err = vboard_load(loader, &image, failure);
    }
    vboard_free(loader);
    memory_image_free(&image);
    return err;
}

/* ---- the update ---- */

/* boot/trailer.c writes the request, as it does in an application. */
static int request(struct nor_model *model, const struct campaign_area *slot, unsigned pair, bool permanent)
{
    struct nor_power power = {.cut_at = NOR_NO_CUT};
    struct nor_device device;
    struct trailer_layout layout;
    struct flash_area area = {.dev = &device.flash, .off = slot->off, .size = slot->size};
    const struct trailer_params params = {
        .max_align =
            trailer_max_align(nor_part_nrf52840.geometry.write_block, nor_part_mx25r6435f.geometry.write_block),
    };
    int err;

    nor_device_init(&device, &power, model->config, model->data);
    err = trailer_layout_init(&layout, &area, &params);
    if (err == OK) {
        err = trailer_request(&area, &layout, permanent, (uint8_t)pair);
    }
    if (err == OK) {
        err = nor_power_settle(&power);
    }
    nor_device_free(&device);
    return err;
}

int setup_place(struct flash_state *flash, const struct setup_map *map, const struct buffer *update, uint32_t off,
                bool permanent, struct failure *failure)
{
    const struct campaign_area *slot = &map->areas[map->slot];
    struct nor_model *model = &flash->models[slot->device];

    if (off > slot->size || update->len > slot->size - off) {
        return failure_set(failure, ERR_HOST_INPUT, "the update has %zu bytes; at 0x%x of its slot there are %u",
                           update->len, (unsigned)off, off > slot->size ? 0 : (unsigned)(slot->size - off));
    }
    memset(model->data + slot->off, 0xff, slot->size);
    memcpy(model->data + slot->off + off, update->data, update->len);
    if (request(model, slot, map->pair, permanent) != OK) {
        return failure_set(failure, ERR_HOST_INPUT,
                           "the end of the update's slot holds bytes that are no request: is the update too large?");
    }
    return OK;
}

int setup_check_update(const struct buffer *update, const struct nor_model *primary, const struct campaign_area *slot,
                       bool *encrypted, struct failure *failure)
{
    struct image_view view;
    int err = image_parse(update->data, update->len, &view, failure);

    if (err != OK) {
        return err;
    }
    *encrypted = (view.header.flags & (IMAGE_FLAG_ENCRYPTED_AES128 | IMAGE_FLAG_ENCRYPTED_AES256)) != 0;
    if (view.end <= slot->size && memcmp(primary->data + slot->off, view.data, view.end) == 0) {
        err = failure_set(failure, ERR_HOST_INPUT,
                          "the update is the very image that the device runs: old and new could not be told apart");
    }
    image_view_free(&view);
    return err;
}

int setup_tell_image(struct campaign *campaign, enum campaign_image which, const uint8_t *data, size_t len,
                     struct failure *failure)
{
    struct image_view view;
    int err = image_parse(data, len, &view, failure);
    bool in_ram;

    if (err != OK) {
        return err;
    }
    in_ram = (view.header.flags & IMAGE_FLAG_RAM_LOAD) != 0;
    campaign_set_image(campaign, which, data, view.end, in_ram ? view.header.load_addr : 0,
                       in_ram ? (uint32_t)view.protected_off : 0);
    image_view_free(&view);
    return OK;
}
