/*
 * A serial NOR flash chip at command level: it sees bytes between chip select going low and high, on one, two or four
 * lines, and keeps its own time. Lines that the controller does not drive are pulled up: what it sends on fewer lines
 * than the chip samples is seen as the chip would see it, clock by clock. It knows nothing of the processor: a reset of
 * the SoC does not touch it, loss of power does. What a chip would silently ignore and firmware never wants is reported
 * as a firmware bug.
 *
 * An operation takes effect when its time is over; a reader cannot see the difference, because a busy chip answers
 * status reads only, and a loss of power meanwhile leaves it torn.
 */
#ifndef VBOARD_NOR_CHIP_H
#define VBOARD_NOR_CHIP_H

#include "flash/model/nor_model.h"
#include "vboard/machine.h"

#define NOR_CHIP_PAGE 256U

/* What a part has. */
#define NOR_CHIP_RESET         0x001U  /* 66, 99 */
#define NOR_CHIP_SECURITY      0x002U  /* Macronix: security register (2B), configuration registers (15) */
#define NOR_CHIP_STATUS2       0x004U  /* second status register (35) with quad enable */
#define NOR_CHIP_FLAGS         0x008U  /* Micron: flag status register (70, 50) */
#define NOR_CHIP_ERRORS        0x010U  /* Spansion: failures in the status register, busy until they are cleared (30) */
#define NOR_CHIP_UNLOCK        0x020U  /* protected as a whole at power-on, until 98 */
#define NOR_CHIP_4BYTE_MODE    0x040U  /* B7, E9 */
#define NOR_CHIP_4BYTE_WREN    0x080U  /* after write enable only */
#define NOR_CHIP_4BYTE_OPCODES 0x100U  /* 0C, 13, 12, 21, 5C, DC */
#define NOR_CHIP_EXTENDED      0x200U  /* extended address register (C5) */
#define NOR_CHIP_BANK          0x400U  /* bank register (17) */
#define NOR_CHIP_SILENT        0x800U  /* clears the write enable latch when it refuses a command */
#define NOR_CHIP_QPI_38        0x1000U /* QPI mode: entered by 38, left by FF (Winbond) */
#define NOR_CHIP_QPI_35        0x2000U /* QPI mode: entered by 35, left by F5 only (Macronix) */

/*
 * Which mode bits, the byte behind the address of reads EB and BB, keep a part in continuous read: the next frame then
 * begins with an address. Macronix' performance enhance mode knows four lines only.
 */
enum nor_chip_mode_bits {
    NOR_CHIP_NO_MODE_BITS,
    NOR_CHIP_MODE_BITS_WINBOND,  /* M5-4 = 10 */
    NOR_CHIP_MODE_BITS_SPANSION, /* Axh */
    NOR_CHIP_MODE_BITS_MACRONIX, /* each of P7-4 differs from its neighbour in P3-0 */
};

/* A kind of chip; times in ns. */
struct nor_chip_part {
    const char *name;
    const struct nor_config *array;
    uint8_t jedec_id[3];
    uint8_t electronic_id;
    const uint8_t *sfdp;
    size_t sfdp_len;
    unsigned features; /* NOR_CHIP_ */
    enum nor_chip_mode_bits mode_bits;
    uint64_t enter_dpd_ns, exit_dpd_ns, write_status_ns, reset_ns, reset_erase_ns, chip_erase_ns;
};
extern const struct nor_chip_part nor_chip_mx25r6435f;
extern const struct nor_chip_part nor_chip_mx25r_4byte; /* the same with a 4-byte address mode, for tests of drivers */
extern const struct nor_chip_part nor_chip_foreign;     /* W25Q64: another JEDEC ID */

/* For tests of drivers: the ways in which parts differ. */
extern const struct nor_chip_part nor_chip_w25q256jv; /* SFDP with opcodes for four address bytes */
extern const struct nor_chip_part nor_chip_w25q256fv; /* QPI; without SFDP: 4-byte mode, or extended address register */
extern const struct nor_chip_part nor_chip_n25q256a;  /* flag status register; write enable before 4-byte mode */
extern const struct nor_chip_part nor_chip_s25fl256s; /* 64 KiB sectors, bank register, failures keep it busy */
extern const struct nor_chip_part nor_chip_locked;    /* protected as a whole at power-on */
extern const struct nor_chip_part nor_chip_mx25l25635e; /* 4-byte mode, no reset */
extern const struct nor_chip_part nor_chip_mx25l25635f; /* the same with reset, and QPI that one line cannot end */
extern const struct nor_chip_part nor_chip_w25q80bl;    /* no SFDP, no reset */

enum nor_chip_job { NOR_CHIP_IDLE, NOR_CHIP_ERASE, NOR_CHIP_PROGRAM, NOR_CHIP_WRITE_STATUS, NOR_CHIP_RECOVER };

struct nor_chip_command;

struct nor_chip {
    const struct nor_chip_part *part;
    struct machine *machine;
    struct nor_model *array;
    bool present;
    uint8_t absent_level; /* what an empty socket reads as */

    uint8_t status; /* BP, QE, SRWD: non-volatile */
    uint8_t status2;
    uint8_t flags;     /* Micron's, without its ready bit; Spansion's errors */
    uint8_t extended;  /* address register */
    bool stuck;        /* busy because of a failure */
    bool locked;       /* until 98 */
    uint8_t config[2]; /* the first one's TB: non-volatile */
    uint8_t security;
    bool write_enabled;
    bool asleep;
    bool four_byte;
    bool reset_enabled;
    bool qpi;                                  /* everything comes on four lines */
    const struct nor_chip_command *continuous; /* the read that frames go on with; NULL: they begin with an opcode */
    bool hold_high;                            /* level of IO3, which is HOLD# while QE is 0 */

    enum nor_chip_job job;
    bool suspended;
    uint32_t job_off, job_len;
    uint8_t job_data[NOR_CHIP_PAGE];
    uint64_t job_left; /* ticks, while suspended */
    struct sim_timer done;

    const struct nor_chip_command *command; /* of the open frame; NULL: ignored */
    bool is_continued;                      /* the frame began with the address */
    uint32_t at;                            /* bytes since chip select */
    uint32_t addr;
    uint32_t data_len;
    uint8_t data[NOR_CHIP_PAGE];
};

void nor_chip_init(struct nor_chip *chip, const struct nor_chip_part *part, struct machine *machine,
                   struct nor_model *array);

/* Power comes back: an operation that was running is torn, volatile state is lost. */
void nor_chip_power_on(struct nor_chip *chip);

/* The state that a reset in the middle of something leaves; for runs that begin so. */
void nor_chip_begin_asleep(struct nor_chip *chip);
void nor_chip_begin_busy(struct nor_chip *chip);
void nor_chip_begin_4byte(struct nor_chip *chip);
void nor_chip_begin_reading(struct nor_chip *chip); /* continuous read on four lines */

void nor_chip_select(struct nor_chip *chip);
/* One byte of the controller on `lines` lines; returns what it samples, on one line from IO1. */
uint8_t nor_chip_shift(struct nor_chip *chip, uint8_t out, unsigned lines);
void nor_chip_deselect(struct nor_chip *chip);
void nor_chip_set_hold(struct nor_chip *chip, bool high);

/* Busy with an erase, a program or a status write. */
bool nor_chip_is_busy(const struct nor_chip *chip);

#endif
