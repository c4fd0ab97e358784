#include "boot/choose_fixture.h"

#include <stdlib.h>
#include <string.h>

#include <farboot/log.h>

#include "host/random.h"
#include "tests/unit.h"

unsigned choose_invalid_addresses;

void log_line(char level, const char *format, ...)
{
    (void)level;
    choose_invalid_addresses += strstr(format, "RAM load address") != NULL ? 1 : 0;
}

const struct flash_range choose_ranges[1] = {{0, SECTOR, FLASH / SECTOR}};
static const struct nor_erase_time erase_time[] = {{SECTOR, 1}};
static const struct nor_config flash_config = {.name = "flash",
                                               .geometry = {FLASH, 4, 0xff, 1, choose_ranges},
                                               .max_programs = 1,
                                               .timing = {256, 1, 1, 1, erase_time, 1}};

struct buffer choose_make_image(struct fixture *f, uint8_t major, uint32_t address, uint32_t load_addr, size_t len)
{
    struct sign_params params = {.header_size = HEADER_SIZE, .load_addr = load_addr, .pad_signature = true};
    struct failure failure;
    uint8_t *payload = host_alloc(len);
    struct buffer image = {0};
    struct random random = {major};
    uint32_t vector = address + HEADER_SIZE + 9;

    params.version.major = major;
    params.security_counter = f->counter;
    random_fill(&random, payload, len);
    memcpy(payload + 4, &vector, sizeof vector);
    assert_int_equal(image_sign(&params, f->key, payload, len, &image, &failure), OK);
    free(payload);
    return image;
}

static void make_images(struct fixture *f, uint32_t address[2], uint32_t load_addr)
{
    for (size_t slot = 0; slot < 2; slot++) {
        f->image[slot][LOWER] = choose_make_image(f, 1, address[slot], load_addr, PAYLOAD);
        f->image[slot][HIGHER] = choose_make_image(f, 2, address[slot], load_addr, PAYLOAD);
        f->image[slot][BROKEN] = choose_make_image(f, 2, address[slot], load_addr, PAYLOAD);
        f->image[slot][BROKEN].data[HEADER_SIZE + 100] ^= 1;
        f->image[slot][MISPLACED] = choose_make_image(f, 2, address[slot] + SLOT, load_addr, PAYLOAD);
    }
}

struct fixture *choose_start(const struct choice_mode *mode, bool ram)
{
    struct fixture *f = host_alloc(sizeof *f);
    struct failure failure;
    uint32_t address[2] = {BASE, BASE + SLOT};
    uint32_t ram_address[2] = {RAM_BASE, RAM_BASE};

    assert_int_equal(signing_key_generate(key_type_by_name("ecdsa-p256"), &f->key, &failure), OK);
    assert_int_equal(signing_key_public_der(f->key, &f->key_der, &failure), OK);
    f->boot_key = (struct boot_key){f->key_der.data, f->key_der.len};
    make_images(f, ram ? ram_address : address, ram ? RAM_BASE : 0);
    nor_device_init(&f->device, &f->power, &flash_config, f->data);
    for (size_t slot = 0; slot < 2; slot++) {
        f->area[slot] = (struct flash_area){.dev = &f->device.flash, .off = (uint32_t)slot * SLOT, .size = SLOT};
    }
    f->journal = (struct flash_area){.dev = &f->device.flash, .off = 2 * SLOT, .size = FLASH - 2 * SLOT};
    f->areas = (struct boot_areas){
        .primary = &f->area[0], .secondary = &f->area[1], .primary_address = BASE, .secondary_address = BASE + SLOT};
    f->config = (struct boot_config){.images = &f->areas,
                                     .image_count = 1,
                                     .choice = mode,
                                     .ram = {f->ram + RAM_GUARD, RAM_BASE, RAM_SIZE},
                                     .keys = &f->boot_key,
                                     .key_count = 1,
                                     .buffer = f->buffer,
                                     .buffer_size = sizeof f->buffer,
                                     .validate_primary = true,
                                     .verify_address = true};
    memset(f->data, 0xff, FLASH);
    return f;
}

void choose_stop(struct fixture *f)
{
    nor_device_free(&f->device);
    for (size_t slot = 0; slot < 2; slot++) {
        for (size_t i = 0; i < CONTENTS; i++) {
            buffer_free(&f->image[slot][i]);
        }
    }
    buffer_free(&f->key_der);
    signing_key_free(f->key);
    free(f);
}

static void put_trailer(uint8_t *slot, unsigned index)
{
    static const uint8_t good[] = IMAGE_TRAILER_MAGIC_8;
    static const uint8_t flags[3] = {0xff, 0x01, 0x11};
    static const uint8_t cells[3] = {0xff, 0x01, 0x5e};

    if (index % 3 != 0) {
        memcpy(slot + SLOT - 16, good, sizeof good);
        slot[SLOT - 1] ^= index % 3 == 2 ? 1 : 0;
    }
    slot[SLOT - 24] = flags[index / 3 % 3];
    slot[SLOT - 32] = flags[index / 9 % 3];
    if (index / 27 % 3 != 0) { /* may be the end of an image */
        slot[SLOT - 52] = cells[index / 27 % 3];
    }
}

void choose_put_slot(struct fixture *f, size_t slot, enum content content, unsigned trailer)
{
    uint8_t *data = f->data + slot * SLOT;

    memset(data, 0xff, SLOT);
    if (content != NOTHING) {
        memcpy(data, f->image[slot][content].data, f->image[slot][content].len);
    }
    put_trailer(data, trailer);
}

int choose_boot(struct fixture *f)
{
    int err;

    nor_power_on(&f->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    err = boot_choose(&f->config, &f->result);
    assert_int_equal(nor_power_settle(&f->power), OK);
    assert_string_equal(f->device.model.violation, "");
    assert_true((err == OK) == (f->result.is_verified == HARDENED_TRUE));
    return err;
}

bool choose_is_valid(enum content content)
{
    return content == LOWER || content == HIGHER;
}
