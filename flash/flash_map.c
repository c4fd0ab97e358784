/*
 * The flash map of this image, made from pm_config.h at compile time. A partition whose region has no driver in this
 * image (PM_<NAME>_DEFAULT_DRIVER_KCONFIG is not y) or no devicetree node is absent. The entry refers to the driver's
 * instance by its symbol, so a driver that is configured but not linked is an undefined reference with the node's
 * number.
 *
 * A bootloader may change slots and its own records and nothing else: the list below says which partitions those are,
 * and every other entry is read-only.
 */
#include <farboot/devicetree.h>
#include <farboot/flash_area.h>
#include <farboot/util.h>

#include "pm_config.h"

#define WRITABLE_MCUBOOT_PRIMARY     1
#define WRITABLE_MCUBOOT_SECONDARY   1
#define WRITABLE_MCUBOOT_BACKUP      1
#define WRITABLE_MCUBOOT_SCRATCH     1
#define WRITABLE_MCUBOOT_PRIMARY_1   1
#define WRITABLE_MCUBOOT_SECONDARY_1 1
#define WRITABLE_MCUBOOT_BACKUP_1    1
#define WRITABLE_MCUBOOT_PRIMARY_2   1
#define WRITABLE_MCUBOOT_SECONDARY_2 1
#define WRITABLE_MCUBOOT_BACKUP_2    1
#define WRITABLE_MCUBOOT_PRIMARY_3   1
#define WRITABLE_MCUBOOT_SECONDARY_3 1
#define WRITABLE_MCUBOOT_BACKUP_3    1
#define WRITABLE_BOOT_JOURNAL        1

/* A region's device is a node or, as the Partition Manager also allows, a bare node label. */
#define MAP_NODE(dev) COND_CODE_1(DT_NODE_EXISTS(DT_NODELABEL(dev)), (DT_NODELABEL(dev)), (dev))

/* `label` is a partition's name in capitals or, past the last partition, something that nothing is defined for. */
#define MAP_HAS(label)           UTIL_AND(IS_ENABLED(MAP_DRIVER(label)), DT_NODE_HAS_STATUS_OKAY(MAP_NODE(MAP_DEV(label))))
#define MAP_DRIVER(label)        UTIL_CAT(UTIL_CAT(PM_, label), _DEFAULT_DRIVER_KCONFIG)
#define MAP_DEV(label)           UTIL_CAT(UTIL_CAT(PM_, label), _DEV)
#define MAP_VALUE(label, suffix) UTIL_CAT(UTIL_CAT(PM_, label), suffix)
#define MAP_READ_ONLY(label)     (IS_ENABLED(CONFIG_MCUBOOT) && !IS_ENABLED(UTIL_CAT(WRITABLE_, label)))

#define MAP_DECLARE(label)       extern const struct flash_device DEVICE_DT_NAME(MAP_NODE(MAP_DEV(label)));

#define MAP_ENTRY(label)                                                                                               \
    {                                                                                                                  \
        .dev = &DEVICE_DT_NAME(MAP_NODE(MAP_DEV(label))),                                                              \
        .off = MAP_VALUE(label, _OFFSET),                                                                              \
        .size = MAP_VALUE(label, _SIZE),                                                                               \
        .id = MAP_VALUE(label, _ID),                                                                                   \
        .read_only = MAP_READ_ONLY(label),                                                                             \
    },

#define MAP_IF(fn, label) COND_CODE_1(MAP_HAS(label), (fn(label)), ())

/* clang-format off */
#define MAP_EACH(fn) \
    MAP_IF(fn, PM_0_LABEL)  MAP_IF(fn, PM_1_LABEL)  MAP_IF(fn, PM_2_LABEL)  MAP_IF(fn, PM_3_LABEL)  \
    MAP_IF(fn, PM_4_LABEL)  MAP_IF(fn, PM_5_LABEL)  MAP_IF(fn, PM_6_LABEL)  MAP_IF(fn, PM_7_LABEL)  \
    MAP_IF(fn, PM_8_LABEL)  MAP_IF(fn, PM_9_LABEL)  MAP_IF(fn, PM_10_LABEL) MAP_IF(fn, PM_11_LABEL) \
    MAP_IF(fn, PM_12_LABEL) MAP_IF(fn, PM_13_LABEL) MAP_IF(fn, PM_14_LABEL) MAP_IF(fn, PM_15_LABEL) \
    MAP_IF(fn, PM_16_LABEL) MAP_IF(fn, PM_17_LABEL) MAP_IF(fn, PM_18_LABEL) MAP_IF(fn, PM_19_LABEL) \
    MAP_IF(fn, PM_20_LABEL) MAP_IF(fn, PM_21_LABEL) MAP_IF(fn, PM_22_LABEL) MAP_IF(fn, PM_23_LABEL) \
    MAP_IF(fn, PM_24_LABEL) MAP_IF(fn, PM_25_LABEL) MAP_IF(fn, PM_26_LABEL) MAP_IF(fn, PM_27_LABEL) \
    MAP_IF(fn, PM_28_LABEL) MAP_IF(fn, PM_29_LABEL) MAP_IF(fn, PM_30_LABEL) MAP_IF(fn, PM_31_LABEL) \
    MAP_IF(fn, PM_32_LABEL) MAP_IF(fn, PM_33_LABEL) MAP_IF(fn, PM_34_LABEL) MAP_IF(fn, PM_35_LABEL) \
    MAP_IF(fn, PM_36_LABEL) MAP_IF(fn, PM_37_LABEL) MAP_IF(fn, PM_38_LABEL) MAP_IF(fn, PM_39_LABEL) \
    MAP_IF(fn, PM_40_LABEL) MAP_IF(fn, PM_41_LABEL) MAP_IF(fn, PM_42_LABEL) MAP_IF(fn, PM_43_LABEL) \
    MAP_IF(fn, PM_44_LABEL) MAP_IF(fn, PM_45_LABEL) MAP_IF(fn, PM_46_LABEL) MAP_IF(fn, PM_47_LABEL)
/* clang-format on */

_Static_assert(PM_NUM <= 48, "flash/flash_map.c lists 48 partitions: add lines to MAP_EACH");

MAP_EACH(MAP_DECLARE)

const struct flash_area flash_map[] = {MAP_EACH(MAP_ENTRY)};
const size_t flash_map_count = ARRAY_SIZE(flash_map);
