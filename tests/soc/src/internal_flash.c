#include "internal_flash.h"

#include <stdio.h>
#include <string.h>

#include <farboot/devicetree.h>
#include <farboot/flash.h>

#define PAGE     DT_PROP(DT_CHOSEN(zephyr_flash), erase_block_size)
#define LAST     (DT_REG_SIZE(DT_CHOSEN(zephyr_flash)) - PAGE)
#define RAM_SIZE 64u

extern const struct flash_device DEVICE_DT_NAME(DT_NODELABEL(flash_controller));
static const struct flash_device *const dev = &DEVICE_DT_NAME(DT_NODELABEL(flash_controller));

static void report(const char *name, int passed)
{
    printf("%s %s\n", passed ? "PASS" : "FAIL", name);
}

/* The board stops at a third program of a word, so the driver must have refused it. */
static void check_words_take_two_programs(void)
{
    uint8_t bytes[4] = {0x11, 0x22, 0x33, 0x44};
    int passed = flash_program(dev, LAST + 0x100, bytes, 1) == OK;

    passed = passed && flash_program(dev, LAST + 0x102, bytes + 2, 1) == OK;
    passed = passed && flash_program(dev, LAST + 0x101, bytes + 1, 1) == ERR_FLASH_PROTECTED;
    passed = passed && flash_program(dev, LAST + 0x100, bytes, 1) == OK; /* it says so already */
    passed = passed && flash_program(dev, LAST + 0x103, bytes + 3, 1) == ERR_FLASH_PROTECTED;
    report("a word takes two programs", passed);
}

static void check_odd_ranges(void)
{
    uint8_t data[RAM_SIZE];
    uint8_t back[RAM_SIZE];
    uint32_t off = LAST + 0x200;
    int passed = 1;

    for (uint32_t len = 1; len < RAM_SIZE; len += 5) {
        for (uint32_t i = 0; i < len; i++) {
            data[i] = (uint8_t)(i + len);
        }
        off += len % 4;
        passed = passed && flash_program(dev, off, data, len) == OK && flash_read(dev, off, back, len) == OK &&
                 memcmp(data, back, len) == 0;
        off = (off + len + 7) & ~3u;
    }
    report("ranges at any alignment", passed);
}

static void check_neighbours(void)
{
    uint8_t byte = 0;
    uint8_t back[3];

    report("neighbours of a byte stay erased", flash_program(dev, LAST + 0x81, &byte, 1) == OK &&
                                                   flash_read(dev, LAST + 0x80, back, 3) == OK && back[0] == 0xff &&
                                                   back[1] == 0 && back[2] == 0xff);
}

void internal_flash_check(void)
{
    report("init", flash_init(dev) == OK);
    report("erase of a page", flash_erase(dev, LAST, PAGE) == OK);
    check_neighbours();
    check_words_take_two_programs();
    check_odd_ranges();
    report("erase at the end", flash_erase(dev, LAST, PAGE) == OK && flash_sync(dev) == OK);
}
