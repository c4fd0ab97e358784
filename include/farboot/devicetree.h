/*
 * Devicetree in C, with the names of Zephyr's devicetree API, over the header that `farboot dts` generates for the
 * image being compiled. A node identifier is a macro prefix (DT_N_S_soc_S_...); nothing here exists at run time.
 *
 * Property and compatible names are written in lower case with "_" for every character that is no letter or digit.
 */
#ifndef FARBOOT_DEVICETREE_H
#define FARBOOT_DEVICETREE_H

#include <farboot/util.h>

#include "devicetree_generated.h"

#define DT_CAT_INTERNAL(a, b)              a##b
#define DT_CAT(a, b)                       DT_CAT_INTERNAL(a, b)
#define DT_CAT3_INTERNAL(a, b, c)          a##b##c
#define DT_CAT3(a, b, c)                   DT_CAT3_INTERNAL(a, b, c)
#define DT_CAT4_INTERNAL(a, b, c, d)       a##b##c##d
#define DT_CAT4(a, b, c, d)                DT_CAT4_INTERNAL(a, b, c, d)
#define DT_CAT5_INTERNAL(a, b, c, d, e)    a##b##c##d##e
#define DT_CAT5(a, b, c, d, e)             DT_CAT5_INTERNAL(a, b, c, d, e)
#define DT_CAT6_INTERNAL(a, b, c, d, e, f) a##b##c##d##e##f
#define DT_CAT6(a, b, c, d, e, f)          DT_CAT6_INTERNAL(a, b, c, d, e, f)
#define DT_DEBRACKET_INTERNAL(...)         __VA_ARGS__

/* Nodes: by label, by chosen name ("nordic,pm-ext-flash" -> nordic_pm_ext_flash), by alias. */
#define DT_ROOT                    DT_N
#define DT_NODELABEL(label)        DT_CAT(DT_N_NODELABEL_, label)
#define DT_CHOSEN(name)            DT_CAT(DT_CHOSEN_, name)
#define DT_ALIAS(name)             DT_CAT(DT_N_ALIAS_, name)
#define DT_INST(index, compatible) DT_CAT4(DT_N_INST_, index, _, compatible)
#define DT_PARENT(node)            DT_CAT(node, _PARENT)

/* Questions, for the preprocessor and for `if`: 1 or 0. */
#define DT_NODE_EXISTS(node)                  IS_ENABLED(DT_CAT(node, _EXISTS))
#define DT_NODE_HAS_STATUS(node, status)      IS_ENABLED(DT_CAT3(node, _STATUS_, status))
#define DT_NODE_HAS_STATUS_OKAY(node)         DT_NODE_HAS_STATUS(node, okay)
#define DT_NODE_HAS_COMPAT(node, compatible)  IS_ENABLED(DT_CAT3(node, _COMPAT_MATCHES_, compatible))
#define DT_NODE_HAS_PROP(node, property)      IS_ENABLED(DT_CAT4(node, _P_, property, _EXISTS))
#define DT_HAS_CHOSEN(name)                   IS_ENABLED(DT_CAT3(DT_CHOSEN_, name, _EXISTS))
#define DT_HAS_ALIAS(name)                    IS_ENABLED(DT_CAT3(DT_N_ALIAS_, name, _EXISTS))
#define DT_HAS_COMPAT_STATUS_OKAY(compatible) IS_ENABLED(DT_CAT(DT_COMPAT_HAS_OKAY_, compatible))
#define DT_SAME_NODE(a, b)                    (DT_DEP_ORD(a) == DT_DEP_ORD(b))

/* A node's number, place and name. */
#define DT_DEP_ORD(node)        DT_CAT(node, _ORD)
#define DT_NODE_PATH(node)      DT_CAT(node, _PATH)
#define DT_NODE_FULL_NAME(node) DT_CAT(node, _FULL_NAME)

/* The device instance of a node, as the linker knows it. */
#define DEVICE_DT_NAME(node) DT_CAT(__device_dts_ord_, DT_DEP_ORD(node))

/* Registers: bytes; addresses as the processor sees them. */
#define DT_NUM_REGS(node)               DT_CAT(node, _REG_NUM)
#define DT_REG_ADDR_BY_IDX(node, index) DT_CAT4(node, _REG_IDX_, index, _VAL_ADDRESS)
#define DT_REG_SIZE_BY_IDX(node, index) DT_CAT4(node, _REG_IDX_, index, _VAL_SIZE)
#define DT_REG_ADDR(node)               DT_REG_ADDR_BY_IDX(node, 0)
#define DT_REG_SIZE(node)               DT_REG_SIZE_BY_IDX(node, 0)

/* Interrupts: `cell` is irq or priority. */
#define DT_NUM_IRQS(node)                DT_CAT(node, _IRQ_NUM)
#define DT_IRQ_BY_IDX(node, index, cell) DT_CAT5(node, _IRQ_IDX_, index, _VAL_, cell)
#define DT_IRQ(node, cell)               DT_IRQ_BY_IDX(node, 0, cell)
#define DT_IRQN(node)                    DT_IRQ(node, irq)

/* Properties. An array is an initializer in braces; a boolean is 0 or 1 and always there. */
#define DT_PROP(node, property)                DT_CAT3(node, _P_, property)
#define DT_PROP_LEN(node, property)            DT_CAT4(node, _P_, property, _LEN)
#define DT_PROP_HAS_IDX(node, property, index) IS_ENABLED(DT_CAT6(node, _P_, property, _IDX_, index, _EXISTS))
#define DT_PROP_BY_IDX(node, property, index)  DT_CAT5(node, _P_, property, _IDX_, index)
#define DT_ENUM_IDX(node, property)            DT_CAT4(node, _P_, property, _IDX_0_ENUM_IDX)
#define DT_STRING_TOKEN(node, property)        DT_CAT4(node, _P_, property, _STRING_TOKEN)
#define DT_STRING_UPPER_TOKEN(node, property)  DT_CAT4(node, _P_, property, _STRING_UPPER_TOKEN)
#define DT_PROP_OR(node, property, otherwise)                                                                          \
    COND_CODE_1(DT_NODE_HAS_PROP(node, property), (DT_PROP(node, property)), (otherwise))
#define DT_ENUM_IDX_OR(node, property, otherwise)                                                                      \
    COND_CODE_1(DT_NODE_HAS_PROP(node, property), (DT_ENUM_IDX(node, property)), (otherwise))

/* References to other nodes and the cells that go with them. */
#define DT_PHANDLE_BY_IDX(node, property, index)   DT_CAT6(node, _P_, property, _IDX_, index, _PH)
#define DT_PHANDLE(node, property)                 DT_PHANDLE_BY_IDX(node, property, 0)
#define DT_PHA_BY_IDX(node, property, index, cell) DT_CAT(DT_CAT6(node, _P_, property, _IDX_, index, _VAL_), cell)
#define DT_PHA(node, property, cell)               DT_PHA_BY_IDX(node, property, 0, cell)
#define DT_GPIO_CTLR(node, property)               DT_PHANDLE(node, property)
#define DT_GPIO_PIN(node, property)                DT_PHA(node, property, pin)
#define DT_GPIO_FLAGS(node, property)              DT_PHA(node, property, flags)

/* Pin control: the node of state 0 ("default"); its child groups hold `psels`. */
#define DT_PINCTRL_0(node, index) DT_PHANDLE_BY_IDX(node, pinctrl_0, index)

/* Iteration: fn(node), or fn(node, property, index), for each, one after the other. */
#define DT_FOREACH_STATUS_OKAY(compatible, fn)                                                                         \
    COND_CODE_1(DT_HAS_COMPAT_STATUS_OKAY(compatible), (DT_CAT(DT_FOREACH_OKAY_, compatible)(fn)), ())
#define DT_NUM_INST_STATUS_OKAY(compatible)                                                                            \
    COND_CODE_1(DT_HAS_COMPAT_STATUS_OKAY(compatible), (DT_CAT3(DT_N_INST_, compatible, _NUM_OKAY)), (0))
#define DT_FOREACH_CHILD(node, fn)                        DT_CAT(node, _FOREACH_CHILD)(fn)
#define DT_FOREACH_CHILD_STATUS_OKAY(node, fn)            DT_CAT(node, _FOREACH_CHILD_STATUS_OKAY)(fn)
#define DT_FOREACH_PROP_ELEM(node, property, fn)          DT_CAT4(node, _P_, property, _FOREACH_PROP_ELEM)(fn)
#define DT_FOREACH_PROP_ELEM_SEP(node, property, fn, sep) DT_CAT4(node, _P_, property, _FOREACH_PROP_ELEM_SEP)(fn, sep)

#endif
