/*
 * The one vocabulary against fault injection. It relies on nothing but the compiler.
 *
 * An attacker with a voltage glitch, a laser or a clock spike can make the processor skip an instruction or read a
 * wrong word. Ordinary C is soft against that: 0 means success, so a skipped call, a cleared register or a branch not
 * taken all look like success. Three rules make one fault too few for a security decision in this tree:
 *
 *   1. What decides is a hardened_bool, never a bool or an error code. True and false are patterns without structure,
 *      32 bits apart; neither is 0, all ones, or what a skipped load leaves behind. Anything else is a fault.
 *   2. A decision starts false and is made true only by the computation that proves it; an error code beside it is for
 *      the message, not for the decision.
 *   3. A decision is looked at twice, and the compiler must not see that the second look is redundant. That is the
 *      idiom, two lines and no others:
 *
 *          if (hardened_launder(valid) == HARDENED_TRUE) {
 *              HARDENED_CHECK(valid == HARDENED_TRUE);
 *              ... act ...
 *          }
 *
 * hardened_launder returns its argument, but the compiler must forget what it knows about the value. HARDENED_CHECK
 * ends in panic(): flash contents, peripherals and users cannot reach it, a fault can.
 */
#ifndef HARDENED_HARDENED_H
#define HARDENED_HARDENED_H

#include <stddef.h>
#include <stdint.h>

#include <farboot/soc.h>

typedef uint32_t hardened_bool;

#define HARDENED_TRUE  0x96c35ae1U
#define HARDENED_FALSE 0x693ca51eU

static inline uint32_t hardened_launder(uint32_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

#define HARDENED_CHECK(condition)                                                                                      \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            panic("hardened check failed");                                                                            \
        }                                                                                                              \
    } while (0)

/*
 * Compares `len` bytes in constant time, all of them: HARDENED_TRUE when equal and every byte was visited.
 * `len` is at least 1; HARDENED_FALSE otherwise.
 */
hardened_bool hardened_equal(const void *a, const void *b, size_t len);

#endif
