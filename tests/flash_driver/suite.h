/*
 * What every flash driver promises (include/farboot/flash.h; docs/DESIGN.md, "Flash"), as checks that run unchanged on
 * the host, on virtual boards and under QEMU. The states in which an application can leave a SPI NOR chip are set up
 * by raw commands over the controller contract, so that the driver finds them as it would in the field.
 */
#ifndef TESTS_FLASH_DRIVER_SUITE_H
#define TESTS_FLASH_DRIVER_SUITE_H

#include <farboot/flash.h>

#include "drivers/spi_nor.h"

#define SUITE_AREA 0x50000u /* bytes that the largest erase commands and their neighbours take */

/* Memory that is not RAM, as the source of programs. */
struct suite_memory {
    const char *name;
    const uint8_t *bytes;
    size_t len;
};

/* Modes in which a chip takes no opcode from one line. */
enum suite_mode { SUITE_QPI, SUITE_READ_QUAD, SUITE_READ_DUAL, SUITE_READ_QPI };

struct suite_device {
    const struct flash_device *flash;
    uint32_t off; /* of what may be destroyed: a multiple of 64 KiB and of the sector */
    uint32_t len; /* bytes; less than SUITE_AREA leaves out the larger erase commands */
    const struct suite_memory *memories;
    size_t memory_count;
    const struct spi_nor *nor;        /* NULL: no SPI NOR chip */
    const struct flash_device *other; /* a second device, to work at the same time, or NULL; its area begins at 0 */

    /* What only a model can do; NULL elsewhere. */
    void (*set_present)(bool is_present);
    void (*set_endless)(bool is_endless); /* what runs does not end */

    /*
     * What an application does on two and four lines: it enters QPI, or begins a continuous read. False, and nothing is
     * done, if the chip has no such mode, or one that cannot be left on one line.
     */
    bool (*leave_in)(enum suite_mode mode);
};

struct suite_count {
    unsigned passed, failed, skipped;
};

/* Runs every check on a device, which it leaves initialized, and prints a line for each: PASS, FAIL or SKIP. */
void suite_run(const struct suite_device *device, struct suite_count *count);

/* For a device whose chip does not answer, or is another: `expected` from init, and no access. */
void suite_run_unusable(const struct suite_device *device, int expected, struct suite_count *count);

/* For the files of the suite. A check returns NULL, what went wrong, or a text that begins with SUITE_SKIP. */
#define SUITE_SKIP     "skip: "
#define SUITE_TEXT(x)  SUITE_TEXT_(x)
#define SUITE_TEXT_(x) #x
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            return #condition " (line " SUITE_TEXT(__LINE__) ")";                                                      \
        }                                                                                                              \
    } while (0)
#define CHECK_ALL(failure)                                                                                             \
    do {                                                                                                               \
        const char *text = (failure);                                                                                  \
                                                                                                                       \
        if (text != NULL) {                                                                                            \
            return text;                                                                                               \
        }                                                                                                              \
    } while (0)

struct suite_check {
    const char *name;
    const char *(*run)(const struct suite_device *device);
};

extern const struct suite_check suite_accesses[]; /* any flash device; ends with a NULL name */
extern const struct suite_check suite_states[];   /* SPI NOR chips; the same */

/* Two buffers that checks share. */
#define SUITE_BUFFER 1024u
extern uint8_t suite_ram[SUITE_BUFFER + 8];
extern uint8_t suite_back[SUITE_BUFFER + 8];

uint8_t suite_pattern(uint32_t at);

/* [off, off + len) of the area reads as erased. */
bool suite_is_erased(const struct suite_device *device, uint32_t off, uint32_t len);

uint32_t suite_sector(const struct suite_device *device);

/* Erases the area's first sector, programs a pattern there and reads it back. */
const char *suite_check_works(const struct suite_device *device);

#endif
