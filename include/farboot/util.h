/* Preprocessor vocabulary shared by configuration, devicetree and flash map. Names as Zephyr's. */
#ifndef FARBOOT_UTIL_H
#define FARBOOT_UTIL_H

/*
 * 1 when the macro `option` is defined as 1 (a Kconfig bool that is y), otherwise 0, also when it is not defined
 * at all; usable in C expressions and in the preprocessor, so that both arms of a condition always compile.
 */
#define IS_ENABLED(option) UTIL_IS_ONE(option)

/* Expands to the contents of `if_one` (in parentheses) when `flag` expands to 1, otherwise to those of `if_not`. */
#define COND_CODE_1(flag, if_one, if_not) UTIL_COND(UTIL_IS_ONE(flag), if_one, if_not)

/* 1 when both flags expand to 1, otherwise 0. */
#define UTIL_AND(a, b) COND_CODE_1(a, (IS_ENABLED(b)), (0))

/* Pastes the expansions of `a` and `b`. */
#define UTIL_CAT(a, b)                  UTIL_PASTE(a, b)
#define UTIL_PASTE(a, b)                a##b

#define UTIL_IS_ONE(value)              UTIL_IS_ONE_(UTIL_COMMA_IF_##value)
#define UTIL_COMMA_IF_1                 ,
#define UTIL_IS_ONE_(comma_or_junk)     UTIL_SECOND(comma_or_junk 1, 0, 0)
#define UTIL_SECOND(first, second, ...) second
#define UTIL_COND(flag, if_one, if_not) UTIL_CAT(UTIL_COND_, flag)(if_one, if_not)
#define UTIL_COND_1(if_one, if_not)     UTIL_STRIP if_one
#define UTIL_COND_0(if_one, if_not)     UTIL_STRIP if_not
#define UTIL_STRIP(...)                 __VA_ARGS__

#define ARRAY_SIZE(array)               (sizeof(array) / sizeof((array)[0]))

#endif
