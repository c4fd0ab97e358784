/*
 * A peripheral of Nordic's register model (facts: tasks at 0x000, events at 0x100, SHORTS 0x200, INTEN 0x300 to 0x308,
 * everything else registers), described by a table of registers. Tasks, events and interrupts are handled here; a
 * model adds what its registers do. A peripheral knows its machine and the signals its board gave it, nothing else.
 */
#ifndef VBOARD_PERIPH_H
#define VBOARD_PERIPH_H

#include "vboard/machine.h"

enum periph_kind {
    PERIPH_TASK,
    PERIPH_EVENT,
    PERIPH_READ_ONLY,
    PERIPH_READ_WRITE,
};

/* Registers first, first + 4, ... last (offsets in bytes) of the same kind. */
struct periph_row {
    uint16_t first;
    uint16_t last;
    enum periph_kind kind;
    uint32_t writable; /* bits, for PERIPH_READ_WRITE */
    uint32_t reset;
};

struct periph;

struct periph_model {
    const char *name;
    const struct periph_row *rows;
    size_t row_count;
    void (*reset)(struct periph *periph, enum reset_kind kind);             /* after registers took reset values */
    void (*task)(struct periph *periph, uint32_t off);                      /* 1 was written to a task */
    void (*written)(struct periph *periph, uint32_t off, uint32_t old);     /* a register was written */
    void (*interrupts_changed)(struct periph *periph);                      /* INTEN was written; may be NULL */
    uint32_t (*read)(struct periph *periph, uint32_t off, uint32_t stored); /* NULL: what is stored */
};

#define PERIPH_WORDS 1024

struct periph {
    const struct periph_model *model;
    struct machine *machine;
    const char *name;
    uint32_t base;
    int irq;        /* -1: none */
    uint32_t *regs; /* owned, PERIPH_WORDS words */
    uint32_t inten;
};

#define PERIPH_REG(periph, off) ((periph)->regs[(off) / 4])

/* The offsets that every peripheral has. */
enum { PERIPH_SHORTS = 0x200, PERIPH_INTEN = 0x300, PERIPH_INTENSET = 0x304, PERIPH_INTENCLR = 0x308 };

void periph_init(struct periph *periph, const struct periph_model *model, struct machine *machine, const char *name,
                 uint32_t base, int irq);
void periph_free(struct periph *periph);
void periph_reset(struct periph *periph, enum reset_kind kind);
uint32_t periph_read(struct periph *periph, uint32_t off);
void periph_write(struct periph *periph, uint32_t off, uint32_t value);

/* Hardware sets an event (its offset, 0x100 to 0x17c). */
void periph_event(struct periph *periph, uint32_t off);

#endif
