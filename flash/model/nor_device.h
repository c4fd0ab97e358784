/*
 * NOR models as flash devices (include/farboot/flash.h) behind one power supply, for running boot code on the host.
 *
 * Every erase command and every program of every device on the supply is one operation; they are numbered from 0 in
 * the order in which they are issued, across devices. The supply can be told to fail at one of them. From then on
 * every call on every device returns ERR_FLASH_CUT until nor_power_on.
 *
 * Write-behind is modelled: an operation takes effect when the next call on its device waits for it, as the contract
 * allows, so a source buffer that changes too early or a missing sync shows. At a cut the operations that were still
 * running are each, independently, not started, torn or done.
 *
 * A device may have a supply of its own (an external chip): then the MCU can lose power without it, and it without the
 * MCU.
 */
#ifndef FLASH_MODEL_NOR_DEVICE_H
#define FLASH_MODEL_NOR_DEVICE_H

#include "flash/model/nor_model.h"

#define NOR_POWER_DEVICES 4
#define NOR_NO_CUT        UINT64_MAX

enum nor_op_kind { NOR_OP_NONE, NOR_OP_ERASE, NOR_OP_PROGRAM };

struct nor_op {
    enum nor_op_kind kind;
    uint32_t off;
    uint32_t len;
    const void *src; /* program: borrowed from the caller of flash_program until its next call */
};

/* How power fails at the chosen operation. "Others": what was issued on other devices and not waited for. */
enum nor_cut {
    NOR_CUT_CLEAN,  /* before it; the others are done */
    NOR_CUT_BEHIND, /* before it; each of the others is not started, torn or done */
    NOR_CUT_TORN,   /* inside it; each of the others is not started, torn or done */
    NOR_CUT_MCU,    /* as one of these, but devices with an own supply go on: erases finish, an open program ends with
                       the bytes that were sent */
    NOR_CUT_CHIP,   /* devices with an own supply lose it: what they were doing is not started, torn or done, and they
                       answer ERR_FLASH_TIMEOUT, until flash_init or for as long as this power-on lasts. The MCU goes on
                     */
};

struct nor_device;

struct nor_power {
    uint64_t ops; /* issued since nor_power_on */
    uint64_t cut_at;
    enum nor_cut cut;
    uint32_t seed;  /* of the damage */
    uint32_t noise; /* seed of what unstable bits read as, from nor_power_on on */
    bool off;
    struct nor_device *devices[NOR_POWER_DEVICES];
    size_t device_count;

    /* Called for each operation as it is issued; may be NULL. */
    void (*watch)(void *context, const struct nor_device *device, const struct nor_op *op);
    void *context;
};

struct nor_device {
    struct nor_model model;
    struct nor_power *power;
    struct nor_op running;
    bool own_supply; /* see NOR_CUT_MCU and NOR_CUT_CHIP */
    bool absent;     /* no chip answers: ERR_FLASH_NO_DEVICE from every call */
    bool mute;       /* lost its supply and does not come back before nor_power_on */
    bool asleep;     /* lost its supply and wants flash_init */
    struct flash_device flash;
};

/* A device over `data` (the caller's, config->geometry.size bytes) on the supply. At most NOR_POWER_DEVICES. */
void nor_device_init(struct nor_device *device, struct nor_power *power, const struct nor_config *config,
                     uint8_t *data);
void nor_device_free(struct nor_device *device);

/* `device` (on a supply of its own) reads the array of `owner` as it is, whatever happens there. Read only; not to be
 * freed. */
void nor_device_borrow(struct nor_device *device, const struct nor_device *owner, uint32_t noise);

/* Power comes back; operations are counted from 0 again and it fails at `cut_at` (NOR_NO_CUT: never). */
void nor_power_on(struct nor_power *power, uint64_t cut_at, enum nor_cut cut, uint32_t seed);

/*
 * What is left in the arrays when power fails as `cut` says while `op` is being issued to `at`. The supply stays on, so
 * that who explores many cuts can take them from one boot; a real cut does this and then goes off.
 */
void nor_power_damage(struct nor_power *power, struct nor_device *at, const struct nor_op *op, enum nor_cut cut,
                      uint32_t seed);

/* Waits for what runs on every device, as a bootloader does before it jumps. Returns the first error. */
int nor_power_settle(struct nor_power *power) ERROR_MUST_CHECK;

#endif
