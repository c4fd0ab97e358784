/*
 * The modes that choose an image, through boot_choose and boot_single over flash models: every pair of slot contents
 * and trailers, generated load addresses, flash that answers differently each time.
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include <farboot/log.h>

#include "boot/choose.h"
#include "flash/model/nor_device.h"
#include "host/buffer.h"
#include "host/random.h"
#include "imagetool/sign.h"

#define SECTOR      0x1000U
#define SLOT        0x2000U
#define FLASH       0x6000U  /* two slots and the journal */
#define BASE        0x10000U /* bus address of the flash */
#define RAM_BASE    0x20000000U
#define RAM_SIZE    0x2000U
#define RAM_GUARD   0x100U
#define HEADER_SIZE 0x80U
#define PAYLOAD     900U
#define CUT_SEEDS   6U

static unsigned invalid_addresses; /* lines that say so */

void log_line(char level, const char *format, ...)
{
    (void)level;
    invalid_addresses += strstr(format, "RAM load address") != NULL ? 1 : 0;
}

/* What a slot may hold. */
enum content { NOTHING, LOWER, HIGHER, BROKEN, MISPLACED, CONTENTS };

struct fixture {
    struct nor_power power;
    struct nor_device device;
    uint8_t data[FLASH];
    struct flash_area area[2];
    struct flash_area journal;
    const uint32_t *counter; /* of the images made next; NULL: none */
    struct signing_key *key;
    struct buffer key_der;
    struct boot_key boot_key;
    struct buffer image[2][CONTENTS]; /* by slot that it is for */
    uint8_t ram[RAM_SIZE + 2 * RAM_GUARD];
    uint8_t buffer[256];
    struct boot_areas areas;
    struct boot_config config;
    struct boot_result result;
};

static const struct flash_range ranges[] = {{0, SECTOR, FLASH / SECTOR}};
static const struct nor_erase_time erase_time[] = {{SECTOR, 1}};
static const struct nor_config flash_config = {.name = "flash",
                                               .geometry = {FLASH, 4, 0xff, 1, ranges},
                                               .max_programs = 1,
                                               .timing = {256, 1, 1, 1, erase_time, 1}};

static struct buffer make_image(struct fixture *f, uint8_t major, uint32_t address, uint32_t load_addr, size_t len)
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
        f->image[slot][LOWER] = make_image(f, 1, address[slot], load_addr, PAYLOAD);
        f->image[slot][HIGHER] = make_image(f, 2, address[slot], load_addr, PAYLOAD);
        f->image[slot][BROKEN] = make_image(f, 2, address[slot], load_addr, PAYLOAD);
        f->image[slot][BROKEN].data[HEADER_SIZE + 100] ^= 1;
        f->image[slot][MISPLACED] = make_image(f, 2, address[slot] + SLOT, load_addr, PAYLOAD);
    }
}

static struct fixture *start(const struct choice_mode *mode, bool ram)
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

static void stop(struct fixture *f)
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

/* Every way a trailer can read, as bytes: index in base 3. */
#define TRAILERS 81U

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

static void put_slot(struct fixture *f, size_t slot, enum content content, unsigned trailer)
{
    uint8_t *data = f->data + slot * SLOT;

    memset(data, 0xff, SLOT);
    if (content != NOTHING) {
        memcpy(data, f->image[slot][content].data, f->image[slot][content].len);
    }
    put_trailer(data, trailer);
}

static int boot(struct fixture *f)
{
    int err;

    nor_power_on(&f->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    err = boot_choose(&f->config, &f->result);
    assert_int_equal(nor_power_settle(&f->power), OK);
    assert_string_equal(f->device.model.violation, "");
    assert_true((err == OK) == (f->result.is_verified == HARDENED_TRUE));
    return err;
}

static bool is_valid(enum content content)
{
    return content == LOWER || content == HIGHER;
}

/* docs/SPEC.md, "Choosing", written down a second time: 3 requested, 2 without a request, 1 failed, 0 no image. */
static int claim(bool has_revert, enum content content, unsigned trailer)
{
    bool magic = trailer % 3 == 1;
    bool confirmed = trailer / 3 % 3 != 0;
    bool tried = trailer / 9 % 3 == 1 || trailer / 27 % 3 != 0;

    if (!is_valid(content)) {
        return 0;
    }
    if (!has_revert) {
        return 3;
    }
    return !magic ? 2 : confirmed || !tried ? 3 : 1;
}

/* The slot that must be started, or -1. */
static int expected(bool has_revert, const enum content content[2], const unsigned trailer[2])
{
    int claims[2];

    for (size_t i = 0; i < 2; i++) {
        claims[i] = claim(has_revert, content[i], trailer[i]);
    }
    if (claims[0] == 0 && claims[1] == 0) {
        return -1;
    }
    if (claims[0] != claims[1]) {
        return claims[0] > claims[1] ? 0 : 1;
    }
    return claims[0] != 2 && content[1] == HIGHER && content[0] == LOWER ? 1 : 0;
}

/* Boots until nothing is written any more: soon, and never without an image. */
static void settle(struct fixture *f)
{
    unsigned boots = 0;

    do {
        assert_int_equal(boot(f), OK);
        assert_true(++boots <= 4);
    } while (f->power.ops != 0);
}

/* What is written was programmed, and on this flash may not be again. */
static void count_programs(struct fixture *f)
{
    for (size_t i = 0; i < FLASH; i += 4) {
        f->device.model.programs[i / 4] = memcmp(f->data + i, "\xff\xff\xff\xff", 4) != 0;
    }
}

static void check_pair(struct fixture *f, bool has_revert, const enum content content[2], const unsigned trailer[2])
{
    int want = expected(has_revert, content, trailer);

    put_slot(f, 0, content[0], trailer[0]);
    put_slot(f, 1, content[1], trailer[1]);
    count_programs(f);
    assert_int_equal(boot(f), want < 0 ? ERR_BOOT_NO_IMAGE : OK);
    if (want < 0) {
        assert_int_equal(f->power.ops, 0);
        return;
    }
    assert_int_equal(f->result.address, BASE + (uint32_t)want * SLOT);
    assert_int_equal(f->result.image_off, (uint32_t)want * SLOT);
    assert_int_equal(f->result.header.version.major, content[want] == HIGHER ? 2 : 1);
    settle(f);
}

static void check_all_pairs(const struct choice_mode *mode, unsigned trailers)
{
    struct fixture *f = start(mode, false);

    for (unsigned i = 0; i < CONTENTS * CONTENTS * trailers * trailers; i++) {
        const enum content content[2] = {(enum content)(i % CONTENTS), (enum content)(i / CONTENTS % CONTENTS)};
        const unsigned rest = i / (CONTENTS * CONTENTS);
        const unsigned trailer[2] = {rest % trailers, rest / trailers};

        check_pair(f, mode->has_revert, content, trailer);
    }
    stop(f);
}

static void test_the_best_valid_image_is_started(void **state)
{
    (void)state;
    check_all_pairs(&choice_direct_xip, 1);
}

static void test_trailers_decide_with_revert(void **state)
{
    (void)state;
    check_all_pairs(&choice_direct_xip_revert, TRAILERS);
}

/* --- Power cuts ------------------------------------------------------------------------------------------------- */

/* Contents of the flash and what has happened to it, for going on from the same point more than once. */
struct moment {
    uint8_t data[FLASH];
    uint8_t programs[FLASH / 4];
};

static void save(const struct fixture *f, struct moment *moment)
{
    memcpy(moment->data, f->data, FLASH);
    memcpy(moment->programs, f->device.model.programs, FLASH / 4);
}

static void restore(struct fixture *f, const struct moment *moment)
{
    memcpy(f->data, moment->data, FLASH);
    memcpy(f->device.model.programs, moment->programs, FLASH / 4);
    f->device.running.kind = NOR_OP_NONE;
    f->device.model.violation[0] = '\0';
}

static uint64_t boot_cut_at(struct fixture *f, uint64_t op, enum nor_cut cut, uint32_t seed)
{
    int err;

    nor_power_on(&f->power, op, cut, seed);
    err = boot_choose(&f->config, &f->result);
    err = err != OK ? err : nor_power_settle(&f->power);
    (void)err; /* power may be off: what counts is what flash holds now */
    assert_string_equal(f->device.model.violation, "");
    return f->power.ops;
}

/* Every operation of a boot from here is cut, in every way; from each of those on a valid image boots and flash
 * settles. */
static void cut_everywhere(struct fixture *f, unsigned depth)
{
    static const enum nor_cut cuts[] = {NOR_CUT_CLEAN, NOR_CUT_TORN};
    struct moment here;
    uint64_t ops;

    save(f, &here);
    ops = boot_cut_at(f, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    for (uint64_t op = 0; op < ops; op++) {
        for (uint32_t i = 0; i < 1 + CUT_SEEDS; i++) { /* clean once, torn with every seed */
            restore(f, &here);
            (void)boot_cut_at(f, op, cuts[i != 0], i);
            if (depth > 1) {
                cut_everywhere(f, depth - 1);
            }
            settle(f);
        }
    }
    restore(f, &here);
}

/* Both slots hold valid images; `trailer` as put_trailer takes it. */
static void begin_life(struct fixture *f, unsigned primary, unsigned secondary)
{
    put_slot(f, 0, LOWER, primary);
    put_slot(f, 1, HIGHER, secondary);
    count_programs(f);
}

static void test_no_cut_costs_the_last_valid_image(void **state)
{
    /* magic good; then image_ok set; copy_done set. */
    static const unsigned untrailered = 0, requested = 1, confirmed = 1 + 3 + 9, tried = 1 + 9;
    static const unsigned starts[][2] = {
        {confirmed, requested}, {untrailered, requested}, {confirmed, tried}, {tried, confirmed}, {tried, tried},
    };
    struct fixture *f = start(&choice_direct_xip_revert, false);

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        begin_life(f, starts[i][0], starts[i][1]);
        cut_everywhere(f, 3);
    }
    stop(f);
}

/* An image to be tried is started once, however often power is lost before, and then the confirmed one is. */
static void test_an_image_is_tried_once_and_given_up(void **state)
{
    struct fixture *f = start(&choice_direct_xip_revert, false);
    unsigned lost = 0;

    (void)state;
    for (uint32_t seed = 0; seed < 200; seed++) {
        begin_life(f, 1 + 3 + 9, 1);
        (void)boot_cut_at(f, 0, NOR_CUT_TORN, seed);
        assert_int_equal(boot(f), OK);
        /* Torn so that it reads as set: undecidable, docs/SPEC.md. */
        lost += f->result.header.version.major == 1 ? 1 : 0;
        for (int i = 0; i < 3; i++) {
            assert_int_equal(boot(f), OK);
            assert_int_equal(f->result.header.version.major, 1);
        }
        assert_int_equal(f->power.ops, 0);
        assert_int_equal(f->data[SLOT], 0xff); /* erased, since the other is confirmed */
    }
    assert_true(lost < 100);
    stop(f);
}

/* An image may reach into the cell that stands for copy_done: what is there is then its own, and says nothing. */
static void test_the_largest_image_has_no_second_mark(void **state)
{
    struct fixture *f = start(&choice_direct_xip_revert, false);
    size_t overhead = f->image[1][HIGHER].len - PAYLOAD;

    (void)state;
    buffer_free(&f->image[1][HIGHER]);
    f->image[1][HIGHER] = make_image(f, 2, BASE + SLOT, 0, SLOT - 40 - overhead);
    put_slot(f, 0, LOWER, 1 + 3 + 9);
    put_slot(f, 1, HIGHER, 1 + 18); /* copy_done torn */
    count_programs(f);
    assert_int_equal(boot(f), OK);
    assert_int_equal(f->result.header.version.major, 1);
    put_slot(f, 1, HIGHER, 1);
    count_programs(f);
    assert_int_equal(boot(f), OK);
    assert_int_equal(f->result.header.version.major, 2);
    assert_int_equal(boot(f), OK);
    assert_int_equal(f->result.header.version.major, 1);
    stop(f);
}

static void remake(struct fixture *f, size_t slot, enum content content, uint8_t major, const uint32_t *counter)
{
    f->counter = counter;
    buffer_free(&f->image[slot][content]);
    f->image[slot][content] = make_image(f, major, BASE + (uint32_t)slot * SLOT, 0, PAYLOAD);
}

/* The counter rises when an image runs that is confirmed, and then there is no way below it, not even the last one. */
static void test_a_confirmed_image_closes_the_way_back(void **state)
{
    static const uint32_t low = 1;
    static const uint32_t high = 5;
    struct fixture *f = start(&choice_direct_xip_revert, false);

    (void)state;
    remake(f, 0, LOWER, 1, &low);
    remake(f, 1, HIGHER, 2, &high);
    f->config.security_counter = true;
    f->config.journal = &f->journal;
    begin_life(f, 1 + 3 + 9, 1);
    assert_int_equal(boot(f), OK);
    assert_int_equal(f->result.header.version.major, 2);
    settle(f);
    assert_int_equal(f->result.header.version.major, 1);
    begin_life(f, 1 + 3 + 9, 1 + 3 + 9);
    settle(f);
    assert_int_equal(f->result.header.version.major, 2);
    put_slot(f, 1, NOTHING, 0);
    assert_int_equal(boot(f), ERR_BOOT_NO_IMAGE);
    remake(f, 0, LOWER, 1, NULL); /* nor below it by an image that says nothing */
    put_slot(f, 0, LOWER, 1 + 3 + 9);
    assert_int_equal(boot(f), ERR_BOOT_NO_IMAGE);
    stop(f);
}

/* A write block that no trailer can have: images are chosen all the same, by version or, with revert, by slot. */
static void test_flash_that_cannot_have_trailers_still_boots(void **state)
{
    static const struct nor_config coarse = {.name = "coarse",
                                             .geometry = {FLASH, 128, 0xff, 1, ranges},
                                             .max_programs = 1,
                                             .timing = {256, 1, 1, 1, erase_time, 1}};
    struct fixture *f = start(&choice_direct_xip, false);

    (void)state;
    nor_device_free(&f->device);
    f->power.device_count = 0;
    nor_device_init(&f->device, &f->power, &coarse, f->data);
    put_slot(f, 0, LOWER, 0);
    put_slot(f, 1, HIGHER, 0);
    assert_int_equal(boot(f), OK);
    assert_int_equal(f->result.header.version.major, 2);
    f->config.choice = &choice_direct_xip_revert;
    assert_int_equal(boot(f), OK);
    assert_int_equal(f->result.header.version.major, 1);
    put_slot(f, 0, BROKEN, 0);
    settle(f);
    assert_int_equal(f->result.header.version.major, 2);
    stop(f);
}

/* --- RAM load --------------------------------------------------------------------------------------------------- */

static void put_ram_image(struct fixture *f, size_t slot, uint32_t load_addr, uint32_t flags)
{
    uint8_t *data = f->data + slot * SLOT;
    struct image_header header;

    put_slot(f, slot, HIGHER, 0);
    memcpy(&header, data, sizeof header);
    header.load_addr = load_addr;
    header.flags = flags;
    memcpy(data, &header, sizeof header);
}

static void fill_ram(struct fixture *f)
{
    memset(f->ram, 0xa5, sizeof f->ram);
}

static bool guards_hold(const struct fixture *f)
{
    for (size_t i = 0; i < RAM_GUARD; i++) {
        if (f->ram[i] != 0xa5 || f->ram[RAM_GUARD + RAM_SIZE + i] != 0xa5) {
            return false;
        }
    }
    return true;
}

/* Addresses near both ends of the RAM, of the address space, and anywhere. */
static uint32_t generate_address(struct random *random)
{
    static const uint32_t corners[] = {0, RAM_BASE, RAM_BASE + RAM_SIZE, 0x80000000U};
    uint32_t corner = corners[random_next(random) % (sizeof corners / sizeof corners[0])];

    switch (random_next(random) % 4) {
    case 0:
        return (uint32_t)random_next(random);
    case 1:
        return corner + (uint32_t)(random_next(random) % 64) - 32;
    case 2:
        return corner - (uint32_t)(random_next(random) % 4096);
    default:
        return corner + (uint32_t)(random_next(random) % 4096);
    }
}

static void test_nothing_is_loaded_outside_of_the_ram_for_images(void **state)
{
    struct fixture *f = start(&choice_ram_load, true);
    struct random random = {20261122};
    unsigned accepted = 0;

    (void)state;
    f->config.verify_address = false;
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t address = generate_address(&random);
        uint64_t len = f->image[0][HIGHER].len;
        bool fits = address >= RAM_BASE && (uint64_t)address + len <= (uint64_t)RAM_BASE + RAM_SIZE;

        fill_ram(f);
        put_ram_image(f, 0, address, IMAGE_FLAG_RAM_LOAD);
        invalid_addresses = 0;
        assert_int_equal(boot(f), address == RAM_BASE ? OK : ERR_BOOT_NO_IMAGE); /* elsewhere the digest is wrong */
        assert_int_equal(invalid_addresses, fits ? 0 : 1);
        assert_true(guards_hold(f));
        accepted += fits ? 1 : 0;
    }
    assert_in_range(accepted, 1000, 19000);
    stop(f);
}

/* The sizes in the header are the attacker's as well. */
static void test_sizes_that_overflow_load_nothing(void **state)
{
    struct fixture *f = start(&choice_ram_load, true);
    struct random random = {7};

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        struct image_header header;

        fill_ram(f);
        put_ram_image(f, 0, generate_address(&random), IMAGE_FLAG_RAM_LOAD);
        memcpy(&header, f->data, sizeof header);
        header.img_size = random_next(&random) % 2 != 0 ? (uint32_t)random_next(&random) : generate_address(&random);
        header.hdr_size = (uint16_t)random_next(&random);
        header.protect_tlv_size = (uint16_t)(random_next(&random) % 2 != 0 ? random_next(&random) : 0);
        memcpy(f->data, &header, sizeof header);
        assert_int_equal(boot(f), ERR_BOOT_NO_IMAGE);
        assert_true(guards_hold(f));
    }
    stop(f);
}

static void test_an_image_without_the_flag_is_not_loaded(void **state)
{
    struct fixture *f = start(&choice_ram_load, true);

    (void)state;
    put_slot(f, 0, LOWER, 0);
    put_ram_image(f, 1, RAM_BASE, 0);
    assert_int_equal(boot(f), OK);
    assert_int_equal(f->result.header.version.major, 1);
    assert_int_equal(f->result.address, RAM_BASE);
    assert_memory_equal(f->ram + RAM_GUARD, f->image[0][LOWER].data, f->image[0][LOWER].len);
    assert_int_equal(f->result.outcome[0].refused, ERR_IMAGE_ADDRESS);
    stop(f);
}

static void test_what_is_not_valid_does_not_stay_in_ram(void **state)
{
    struct fixture *f = start(&choice_ram_load, true);
    static const uint8_t zeros[PAYLOAD];

    (void)state;
    fill_ram(f);
    put_slot(f, 0, BROKEN, 0);
    assert_int_equal(boot(f), ERR_BOOT_NO_IMAGE);
    assert_memory_equal(f->ram + RAM_GUARD, zeros, sizeof zeros);
    assert_true(guards_hold(f));
    stop(f);
}

/* A chip that shows one image until some read and another from there on. */
struct hostile {
    struct flash_device device;
    const struct flash_device *real;
    const uint8_t *other; /* of FLASH bytes */
    unsigned reads;
    unsigned turns_at;
};

static int hostile_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    struct hostile *hostile = dev->state;

    if (hostile->reads++ >= hostile->turns_at) {
        memcpy(dst, hostile->other + off, len);
        return OK;
    }
    return flash_read(hostile->real, off, dst, len);
}

static int hostile_init(const struct flash_device *dev)
{
    (void)dev;
    return OK;
}

static int hostile_change(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    (void)dev;
    (void)off;
    (void)len;
    return OK;
}

static const struct flash_geometry *hostile_geometry(const struct flash_device *dev)
{
    return flash_geometry(((struct hostile *)dev->state)->real);
}

/* Whatever it shows when: what runs is one whole signed image, and of the version that was decided on. */
static void test_flash_that_changes_its_answers_gains_nothing(void **state)
{
    static const struct flash_driver driver = {.init = hostile_init,
                                               .read = hostile_read,
                                               .erase = hostile_change,
                                               .sync = hostile_init,
                                               .geometry = hostile_geometry};
    struct fixture *f = start(&choice_ram_load, true);
    uint8_t other[FLASH];
    struct hostile hostile = {.real = &f->device.flash, .other = other};
    unsigned reads = 1;

    (void)state;
    hostile.device = (struct flash_device){&driver, NULL, &hostile, "hostile"};
    for (enum content second = LOWER; second < CONTENTS; second++) {
        put_slot(f, 1, second, 0);
        memcpy(other, f->data, FLASH);
        put_slot(f, 1, HIGHER, 0);
        put_slot(f, 0, LOWER, 0);
        memcpy(other, f->data, SLOT);
        f->area[1].dev = &hostile.device;
        for (hostile.turns_at = 0; hostile.turns_at <= reads; hostile.turns_at++) {
            const struct image_header *header = &f->result.header;

            hostile.reads = 0;
            nor_power_on(&f->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
            assert_int_equal(boot_choose(&f->config, &f->result), OK); /* the primary is there in any case */
            reads = hostile.reads;
            assert_memory_equal(f->ram + RAM_GUARD, f->image[0][header->version.major].data, HEADER_SIZE + PAYLOAD);
        }
    }
    stop(f);
}

/* --- Single slot ------------------------------------------------------------------------------------------------ */

static void test_a_single_slot_starts_a_valid_image_only(void **state)
{
    struct fixture *f = start(NULL, false);

    (void)state;
    for (enum content content = NOTHING; content < CONTENTS; content++) {
        put_slot(f, 0, content, 0);
        nor_power_on(&f->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        if (is_valid(content) || content == MISPLACED) { /* where it is linked for is the build's to see to */
            assert_int_equal(boot_single(&f->config, &f->result), OK);
            assert_int_equal(f->result.is_verified, HARDENED_TRUE);
            assert_int_equal(f->result.address, BASE);
        } else {
            assert_int_equal(boot_single(&f->config, &f->result), ERR_BOOT_NO_IMAGE);
            assert_int_equal(f->result.is_verified, HARDENED_FALSE);
        }
        assert_int_equal(f->power.ops, 0);
    }
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_valid_image_is_started),
        cmocka_unit_test(test_trailers_decide_with_revert),
        cmocka_unit_test(test_no_cut_costs_the_last_valid_image),
        cmocka_unit_test(test_an_image_is_tried_once_and_given_up),
        cmocka_unit_test(test_the_largest_image_has_no_second_mark),
        cmocka_unit_test(test_a_confirmed_image_closes_the_way_back),
        cmocka_unit_test(test_flash_that_cannot_have_trailers_still_boots),
        cmocka_unit_test(test_nothing_is_loaded_outside_of_the_ram_for_images),
        cmocka_unit_test(test_sizes_that_overflow_load_nothing),
        cmocka_unit_test(test_an_image_without_the_flag_is_not_loaded),
        cmocka_unit_test(test_what_is_not_valid_does_not_stay_in_ram),
        cmocka_unit_test(test_flash_that_changes_its_answers_gains_nothing),
        cmocka_unit_test(test_a_single_slot_starts_a_valid_image_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
