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
static void lose(struct nor_device *device, struct random *random)
{
    struct nor_op op = device->running;

    device->running.kind = NOR_OP_NONE;
    switch (random_below(random, 3)) {
    case 0:
        break;
    case 1:
        (void)apply_torn(device, &op, (uint32_t)random_next(random));
        break;
    default:
        (void)apply(device, &op);
        break;
    }
}

static void fail_power(struct nor_device *at, const struct nor_op *op)
{
    struct nor_power *power = at->power;
    struct random random = {power->seed};

    power->off = true;
    for (size_t i = 0; i < power->device_count; i++) {
        if (power->cut == NOR_CUT_CLEAN) {
            (void)wait(power->devices[i]);
        } else {
            lose(power->devices[i], &random);
        }
    }
    if (power->cut == NOR_CUT_TORN) {
        (void)apply_torn(at, op, (uint32_t)random_next(&random));
    }
}

/* What every call does first: there is power and a chip, and what runs on this device is waited for. */
static int enter(const struct flash_device *dev)
{
    struct nor_device *device = dev->state;

    if (device->power->off) {
        return ERR_FLASH_CUT;
    }
    return device->absent ? ERR_FLASH_NO_DEVICE : wait(device);
}

static int issue(struct nor_device *device, const struct nor_op *op)
{
    struct nor_power *power = device->power;

    if (power->watch != NULL) {
        power->watch(power->context, device, op);
    }
    if (power->ops++ == power->cut_at) {
        fail_power(device, op);
        return ERR_FLASH_CUT;
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

static const struct flash_driver driver = {.init = enter,
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

void nor_power_on(struct nor_power *power, uint64_t cut_at, enum nor_cut cut, uint32_t seed)
{
    power->ops = 0;
    power->cut_at = cut_at;
    power->cut = cut;
    power->seed = seed;
    power->off = false;
}

int nor_power_settle(struct nor_power *power)
{
    int err = OK;

    for (size_t i = 0; i < power->device_count; i++) {
        int failed = power->off ? ERR_FLASH_CUT : wait(power->devices[i]);

        err = err != OK ? err : failed;
    }
    return err;
}
