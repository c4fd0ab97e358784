/*
 * Internal flash of nRF SoCs behind their NVMC (PS of the nRF52840 and nRF5340, "NVMC"; reference manual of the nRF51).
 * Reads are loads. The core stands still while it executes from flash and a program (41 us a word) or an erase (85 ms
 * a page) runs, so nothing is left running behind and sync has nothing to wait for.
 *
 * nWRITE: a word takes two programs between erases. A word whose bits would not change is therefore not programmed,
 * and bytes around a partial word are left out of it. With CONFIG_SOC_FLASH_NRF_EMULATE_ONE_BYTE_WRITE_ACCESS the
 * write block is one byte; a partial program then reaches only words that have room for it for certain: those that
 * are erased, and those with a single written byte that the program does not touch. Anything else may have been
 * programmed twice and is refused with ERR_FLASH_PROTECTED.
 */
#include <string.h>

#include <farboot/devicetree.h>
#include <farboot/flash.h>
#include <farboot/timer.h>
#include <farboot/util.h>

#include "soc/arm/cortex_m.h"

#define NVMC_READY        0x400u
#define NVMC_CONFIG       0x504u
#define NVMC_ERASEPAGE    0x508u

#define NVMC_CONFIG_READ  0u
#define NVMC_CONFIG_WRITE 1u
#define NVMC_CONFIG_ERASE 2u

#define WORD              4u
#define ERASED_WORD       UINT32_MAX

/* Three times the maximum of the nRF52840 PS, which the nRF5340's exceeds by 5 %; more means that the
 * controller is broken. */
#define WORD_US 123u
#define PAGE_US 255000u

struct nvmc_config {
    uint32_t base;  /* of the NVMC */
    uint32_t flash; /* where the array is mapped */
    struct flash_geometry geometry;
};

#define NVMC_NAME(prefix, node) UTIL_CAT(prefix, DT_DEP_ORD(node))

/* There is one instance on every SoC, so what devicetree says of it becomes part of the instructions. */
#define NVMC_NODE DT_CHOSEN(zephyr_flash_controller)

/* The nRF53 has no ERASEPAGE: all ones, stored to a page's first word, erase the page. */
#define NVMC_ERASES_BY_STORE DT_NODE_HAS_COMPAT(NVMC_NODE, nordic_nrf53_flash_controller)

static const struct nvmc_config NVMC_NAME(nvmc_config_, NVMC_NODE);

static const struct nvmc_config *config_of(const struct flash_device *dev)
{
    (void)dev;
    return &NVMC_NAME(nvmc_config_, NVMC_NODE);
}

static const uint32_t *word_at(const struct flash_device *dev, uint32_t off)
{
    return (const uint32_t *)(uintptr_t)(config_of(dev)->flash + off);
}

static bool is_ready(const struct flash_device *dev)
{
    return *reg32(config_of(dev)->base + NVMC_READY) != 0;
}

static int wait_ready(const struct flash_device *dev, uint32_t us)
{
    struct deadline end;

    if (is_ready(dev)) {
        return OK;
    }
    end = deadline_in(us);
    while (!is_ready(dev)) {
        if (deadline_passed(&end)) {
            return ERR_FLASH_TIMEOUT;
        }
    }
    return OK;
}

static void set_mode(const struct flash_device *dev, uint32_t mode)
{
    *reg32(config_of(dev)->base + NVMC_CONFIG) = mode;
    __asm__ volatile("dsb\n isb" : : : "memory");
}

static int nvmc_init(const struct flash_device *dev)
{
    int result = wait_ready(dev, PAGE_US);

    set_mode(dev, NVMC_CONFIG_READ);
    return result;
}

static int nvmc_sync(const struct flash_device *dev)
{
    return wait_ready(dev, PAGE_US);
}

static int nvmc_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    memcpy(dst, (const uint8_t *)word_at(dev, 0) + off, len);
    return OK;
}

/* Whether a word that reads `now` has surely been programmed less than twice and `wanted` leaves written bytes alone.
 */
static bool has_room(uint32_t now, uint32_t wanted)
{
    uint32_t written = 0;

    for (uint32_t shift = 0; shift < 32; shift += 8) {
        uint32_t byte = 0xffu << shift;

        if ((now & byte) != byte) {
            written++;
            if ((wanted & byte) != byte && (wanted & byte) != (now & byte)) {
                return false;
            }
        }
    }
    return written <= 1;
}

/* Programs the bits of one word that are 0 in `wanted`. */
static int program_word(const struct flash_device *dev, volatile uint32_t *word, uint32_t wanted)
{
    uint32_t now = *word;
    int result;

    if ((now & wanted) == now) {
        return OK;
    }
    *word = wanted;
    result = is_ready(dev) ? OK : wait_ready(dev, WORD_US); /* a call for each word would be felt */
    return result == OK && (*word & ~wanted) != 0 ? ERR_FLASH_IO : result;
}

/* Programs `len` bytes within the word at `word`, `skip` bytes into it, with ones around them. */
static int program_partial(const struct flash_device *dev, volatile uint32_t *word, uint32_t skip, const uint8_t *src,
                           size_t len)
{
    uint32_t wanted = ERASED_WORD;

    memcpy((uint8_t *)&wanted + skip, src, len);
    if (*word != (*word & wanted) && !has_room(*word, wanted)) {
        return ERR_FLASH_PROTECTED;
    }
    return program_word(dev, word, wanted);
}

/* Whole words, at any alignment of `src`. */
static int program_words(const struct flash_device *dev, volatile uint32_t *word, const uint8_t *src, size_t count)
{
    int result = OK;

    for (; count > 0 && result == OK; count--) {
        uint32_t wanted;

        memcpy(&wanted, src, WORD);
        result = program_word(dev, word++, wanted);
        src += WORD;
    }
    return result;
}

/* A head and a tail within a word exist only where one-byte writes are emulated: the front end checks alignment. */
static int program_range(const struct flash_device *dev, uint32_t off, const uint8_t *src, size_t len)
{
    uint32_t skip = off % WORD;
    volatile uint32_t *word = reg32((uint32_t)(uintptr_t)word_at(dev, off - skip));
    int result = OK;

    if (skip != 0) {
        size_t head = WORD - skip < len ? WORD - skip : len;

        result = program_partial(dev, word++, skip, src, head);
        src += head;
        len -= head;
    }
    if (result == OK) {
        result = program_words(dev, word, src, len / WORD);
    }
    if (result == OK && len % WORD != 0) {
        result = program_partial(dev, word + len / WORD, 0, src + len - len % WORD, len % WORD);
    }
    return result;
}

/* What a driver for whole words needs of program_range; the rest is left out by the compiler. */
static int program(const struct flash_device *dev, uint32_t off, const uint8_t *src, size_t len)
{
    if (IS_ENABLED(CONFIG_SOC_FLASH_NRF_EMULATE_ONE_BYTE_WRITE_ACCESS)) {
        return program_range(dev, off, src, len);
    }
    return program_words(dev, reg32((uint32_t)(uintptr_t)word_at(dev, off)), src, len / WORD);
}

static int nvmc_program(const struct flash_device *dev, uint32_t off, const void *src, size_t len)
{
    int result = wait_ready(dev, PAGE_US);

    if (result != OK) {
        return result;
    }
    set_mode(dev, NVMC_CONFIG_WRITE);
    result = program(dev, off, src, len);
    set_mode(dev, NVMC_CONFIG_READ);
    return result;
}

static void start_erase(const struct nvmc_config *config, uint32_t page)
{
    if (NVMC_ERASES_BY_STORE) {
        *reg32(page) = ERASED_WORD;
    } else {
        *reg32(config->base + NVMC_ERASEPAGE) = page;
    }
}

static int erase_pages(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    const struct nvmc_config *config = config_of(dev);
    uint32_t page = config->geometry.ranges[0].sector_size;
    int result = OK;

    for (uint32_t end = off + len; off != end && result == OK; off += page) {
        start_erase(config, config->flash + off);
        result = wait_ready(dev, PAGE_US);
    }
    return result;
}

static int nvmc_erase(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    int result = wait_ready(dev, PAGE_US);

    if (result != OK) {
        return result;
    }
    set_mode(dev, NVMC_CONFIG_ERASE);
    result = erase_pages(dev, off, len);
    set_mode(dev, NVMC_CONFIG_READ);
    return result;
}

static const struct flash_geometry *nvmc_geometry(const struct flash_device *dev)
{
    return &config_of(dev)->geometry;
}

static const struct flash_driver nvmc_driver = {
    .init = nvmc_init,
    .deinit = nvmc_init, /* as after reset: ready and read-only */
    .read = nvmc_read,
    .program = nvmc_program,
    .erase = nvmc_erase,
    .sync = nvmc_sync,
    .geometry = nvmc_geometry,
};

#define NVMC_ARRAY(node) DT_CHOSEN(zephyr_flash)
#define NVMC_PAGE(node)  DT_PROP(NVMC_ARRAY(node), erase_block_size)
#define NVMC_WRITE_BLOCK(node)                                                                                         \
    (IS_ENABLED(CONFIG_SOC_FLASH_NRF_EMULATE_ONE_BYTE_WRITE_ACCESS) ? 1 : DT_PROP(NVMC_ARRAY(node), write_block_size))

#define NVMC_DEFINE(node)                                                                                              \
    _Static_assert(DT_PROP(NVMC_ARRAY(node), write_block_size) == WORD, "NVMC: write-block-size is 4");                \
    static const struct flash_range NVMC_NAME(nvmc_range_, node) = {                                                   \
        .sector_size = NVMC_PAGE(node), .count = DT_REG_SIZE(NVMC_ARRAY(node)) / NVMC_PAGE(node)};                     \
    static const struct nvmc_config NVMC_NAME(nvmc_config_, node) = {                                                  \
        .base = DT_REG_ADDR(node),                                                                                     \
        .flash = DT_REG_ADDR(NVMC_ARRAY(node)),                                                                        \
        .geometry = {.size = DT_REG_SIZE(NVMC_ARRAY(node)),                                                            \
                     .write_block = NVMC_WRITE_BLOCK(node),                                                            \
                     .erased_value = 0xff,                                                                             \
                     .range_count = 1,                                                                                 \
                     .ranges = &NVMC_NAME(nvmc_range_, node)},                                                         \
    };                                                                                                                 \
    extern const struct flash_device DEVICE_DT_NAME(node);                                                             \
    const struct flash_device DEVICE_DT_NAME(node) = {                                                                 \
        .driver = &nvmc_driver, .config = &NVMC_NAME(nvmc_config_, node), .name = DT_NODE_FULL_NAME(node)};

NVMC_DEFINE(NVMC_NODE)
