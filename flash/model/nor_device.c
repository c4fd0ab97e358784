#include "flash/model/nor_device.h"

#include "host/random.h"

static int apply(struct nor_device *device, const struct nor_op *op)
{
    switch (op->kind) {
    case NOR_OP_ERASE:
        return nor_model_erase(&device->model, op->off, op->len);
    case NOR_OP_PROGRAM:
        return nor_model_program(&device->model, op->off, op->src, op->len);
    default:
        return OK;
    }
}

static int apply_torn(struct nor_device *device, const struct nor_op *op, uint32_t seed)
{
    switch (op->kind) {
    case NOR_OP_ERASE:
        return nor_model_erase_torn(&device->model, op->off, op->len, seed);
    case NOR_OP_PROGRAM:
        return nor_model_program_torn(&device->model, op->off, op->src, op->len, seed);
    default:
        return OK;
    }
}

static int wait(struct nor_device *device)
{
    struct nor_op op = device->running;

    device->running.kind = NOR_OP_NONE;
    return apply(device, &op);
}

/* What was running when power failed is not started, torn or done. A violation is kept in the model. */
static void lose(struct nor_device *device, const struct nor_op *op, uint32_t fate)
{
    switch (fate % 3) {
    case 0:
        break;
    case 1:
        (void)apply_torn(device, op, fate / 3);
        break;
    default:
        (void)apply(device, op);
        break;
    }
}

/* The chip goes on without the MCU: what it has received takes effect. */
static void finish_alone(struct nor_device *device, const struct nor_op *op, uint32_t fate)
{
    struct nor_op sent = *op;
    uint32_t block = device->model.config->geometry.write_block;

    if (op->kind == NOR_OP_PROGRAM) {
        struct random random = {fate};

        sent.len = random_below(&random, op->len / block + 1) * block;
    }
    (void)apply(device, &sent);
}

static void lose_running(struct nor_device *device, enum nor_cut cut, uint32_t fate)
{
    struct nor_op op = device->running;

    device->running.kind = NOR_OP_NONE;
    if (cut == NOR_CUT_CLEAN) {
        (void)apply(device, &op);
    } else if (cut == NOR_CUT_MCU && device->own_supply) {
        finish_alone(device, &op, fate);
    } else if (cut != NOR_CUT_CHIP || device->own_supply) {
        lose(device, &op, fate);
    } else {
        device->running = op;
    }
}

/* The operation that is being issued. */
static void lose_issued(struct nor_device *at, const struct nor_op *op, enum nor_cut cut, uint32_t fate)
{
    if (cut == NOR_CUT_TORN || (cut == NOR_CUT_CHIP && at->own_supply)) {
        (void)apply_torn(at, op, fate);
    } else if (cut == NOR_CUT_MCU && at->own_supply) {
        finish_alone(at, op, fate);
    } else if (cut == NOR_CUT_MCU && (fate & 1) != 0) {
        (void)apply_torn(at, op, fate >> 1);
    }
}

void nor_power_damage(struct nor_power *power, struct nor_device *at, const struct nor_op *op, enum nor_cut cut,
                      uint32_t seed)
{
    for (size_t i = 0; i < power->device_count; i++) {
        lose_running(power->devices[i], cut, seed); /* 3 fates, 4 kinds of damage: 12 seeds show all combinations */
    }
    lose_issued(at, op, cut, seed);
}

/* Chips with an own supply: asleep or gone. */
static void silence(struct nor_power *power)
{
    for (size_t i = 0; i < power->device_count; i++) {
        struct nor_device *device = power->devices[i];

        if (device->own_supply) {
            device->asleep = (power->seed & 1) == 0;
            device->mute = !device->asleep;
        }
    }
}

/* What every call does first: there is power and a chip, and what runs on this device is waited for. */
static int enter(const struct flash_device *dev)
{
    struct nor_device *device = dev->state;

    if (device->power->off) {
        return ERR_FLASH_CUT;
    }
    if (device->mute || device->asleep) {
        return ERR_FLASH_TIMEOUT;
    }
    return device->absent ? ERR_FLASH_NO_DEVICE : wait(device);
}

static int device_init(const struct flash_device *dev)
{
    struct nor_device *device = dev->state;

    device->asleep = false;
    return device->mute && !device->power->off ? ERR_FLASH_NO_DEVICE : enter(dev);
}

static int cut_at(struct nor_device *device, const struct nor_op *op)
{
    struct nor_power *power = device->power;

    nor_power_damage(power, device, op, power->cut, power->seed);
    if (power->cut != NOR_CUT_CHIP) {
        power->off = true;
        return ERR_FLASH_CUT;
    }
    silence(power);
    if (device->own_supply) {
        return ERR_FLASH_TIMEOUT;
    }
    device->running = *op;
    return OK;
}

static int issue(struct nor_device *device, const struct nor_op *op)
{
    struct nor_power *power = device->power;

    if (power->watch != NULL) {
        power->watch(power->context, device, op);
    }
    if (power->ops++ == power->cut_at) {
        return cut_at(device, op);
    }
    device->running = *op;
    return OK;
}

static int device_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    struct nor_device *device = dev->state;
    int err = enter(dev);

    return err != OK ? err : nor_model_read(&device->model, off, dst, len);
}

static int device_program(const struct flash_device *dev, uint32_t off, const void *src, size_t len)
{
    struct nor_op op = {NOR_OP_PROGRAM, off, (uint32_t)len, src};
    int err = enter(dev);

    return err != OK || len == 0 ? err : issue(dev->state, &op);
}

static int device_erase(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    struct nor_device *device = dev->state;
    int err = enter(dev);

    while (err == OK && len > 0) {
        uint32_t unit = nor_model_erase_unit(device->model.config, off, len);
        struct nor_op op = {NOR_OP_ERASE, off, unit < len ? unit : len, NULL};

        err = wait(device);
        if (err == OK) {
            err = issue(device, &op);
        }
        off += op.len;
        len -= op.len;
    }
    return err;
}

static const struct flash_geometry *device_geometry(const struct flash_device *dev)
{
    const struct nor_device *device = dev->state;

    return &device->model.config->geometry;
}

static const struct flash_driver driver = {.init = device_init,
                                           .deinit = enter,
                                           .read = device_read,
                                           .program = device_program,
                                           .erase = device_erase,
                                           .sync = enter,
                                           .geometry = device_geometry};

void nor_device_init(struct nor_device *device, struct nor_power *power, const struct nor_config *config, uint8_t *data)
{
    *device = (struct nor_device){.power = power, .flash = {.driver = &driver, .state = device, .name = config->name}};
    nor_model_init(&device->model, config, data);
    if (power->device_count < NOR_POWER_DEVICES) {
        power->devices[power->device_count++] = device;
    }
}

void nor_device_free(struct nor_device *device)
{
    nor_model_free(&device->model);
}

void nor_device_borrow(struct nor_device *device, const struct nor_device *owner, uint32_t noise)
{
    struct nor_power *power = device->power;

    *device = (struct nor_device){.model = owner->model,
                                  .power = power,
                                  .flash = {.driver = &driver, .state = device, .name = owner->flash.name}};
    nor_model_make_noise(&device->model, noise);
}

void nor_power_on(struct nor_power *power, uint64_t cut_at, enum nor_cut cut, uint32_t seed)
{
    power->ops = 0;
    power->cut_at = cut_at;
    power->cut = cut;
    power->seed = seed;
    power->off = false;
    for (size_t i = 0; i < power->device_count; i++) {
        power->devices[i]->mute = false;
        power->devices[i]->asleep = false;
        nor_model_make_noise(&power->devices[i]->model, power->noise);
    }
}

int nor_power_settle(struct nor_power *power)
{
    int err = OK;

    for (size_t i = 0; i < power->device_count; i++) {
        struct nor_device *device = power->devices[i];
        int failed = power->off ? ERR_FLASH_CUT : wait(device);

        err = err != OK ? err : failed;
    }
    return err;
}
