#include "vboard/periph.h"

#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"

#define EVENTS 0x100U

void periph_init(struct periph *periph, const struct periph_model *model, struct machine *machine, const char *name,
                 uint32_t base, int irq)
{
    *periph = (struct periph){.model = model, .machine = machine, .name = name, .base = base, .irq = irq};
    periph->regs = host_alloc(PERIPH_WORDS * sizeof(*periph->regs));
}

void periph_free(struct periph *periph)
{
    free(periph->regs);
    periph->regs = NULL;
}

static const struct periph_row *find_row(const struct periph *periph, uint32_t off)
{
    for (size_t i = 0; i < periph->model->row_count; i++) {
        const struct periph_row *row = &periph->model->rows[i];

        if (off >= row->first && off <= row->last) {
            return row;
        }
    }
    return NULL;
}

static void update_line(struct periph *periph)
{
    uint32_t raised = 0;

    if (periph->irq < 0) {
        return;
    }
    for (unsigned i = 0; i < 32; i++) {
        raised |= PERIPH_REG(periph, EVENTS + 4 * i) != 0 ? 1U << i : 0;
    }
    machine_set_irq(periph->machine, (unsigned)periph->irq, (raised & periph->inten) != 0);
}

void periph_reset(struct periph *periph, enum reset_kind kind)
{
    memset(periph->regs, 0, PERIPH_WORDS * sizeof(*periph->regs));
    for (size_t i = 0; i < periph->model->row_count; i++) {
        const struct periph_row *row = &periph->model->rows[i];

        for (uint32_t off = row->first; off <= row->last; off += 4) {
            PERIPH_REG(periph, off) = row->reset;
        }
    }
    periph->inten = 0;
    update_line(periph);
    if (periph->model->reset != NULL) {
        periph->model->reset(periph, kind);
    }
}

uint32_t periph_read(struct periph *periph, uint32_t off)
{
    uint32_t stored = PERIPH_REG(periph, off);

    if (off >= PERIPH_INTEN && off <= PERIPH_INTENCLR) {
        return periph->inten;
    }
    if (find_row(periph, off) == NULL) {
        machine_note(periph->machine, "%s has no modelled register at 0x%03x; it reads 0", periph->name, (unsigned)off);
        return 0;
    }
    return periph->model->read != NULL ? periph->model->read(periph, off, stored) : stored;
}

static void write_inten(struct periph *periph, uint32_t off, uint32_t value)
{
    uint32_t old = periph->inten;

    periph->inten = off == PERIPH_INTEN ? value : off == PERIPH_INTENSET ? old | value : old & ~value;
    if (periph->model->interrupts_changed != NULL) {
        periph->model->interrupts_changed(periph);
    }
    update_line(periph);
}

static void write_register(struct periph *periph, const struct periph_row *row, uint32_t off, uint32_t value)
{
    uint32_t old = PERIPH_REG(periph, off);

    PERIPH_REG(periph, off) = (old & ~row->writable) | (value & row->writable);
    if (periph->model->written != NULL) {
        periph->model->written(periph, off, old);
    }
}

void periph_write(struct periph *periph, uint32_t off, uint32_t value)
{
    const struct periph_row *row = find_row(periph, off);

    if (off >= PERIPH_INTEN && off <= PERIPH_INTENCLR) {
        write_inten(periph, off, value);
        return;
    }
    if (row == NULL) {
        machine_note(periph->machine, "%s has no modelled register at 0x%03x; the write of 0x%x does nothing",
                     periph->name, (unsigned)off, (unsigned)value);
        return;
    }
    switch (row->kind) {
    case PERIPH_TASK:
        if ((value & 1) != 0) {
            periph->model->task(periph, off);
        }
        break;
    case PERIPH_EVENT:
        PERIPH_REG(periph, off) = value & 1;
        update_line(periph);
        break;
    case PERIPH_READ_WRITE:
        write_register(periph, row, off, value);
        break;
    default:
        break;
    }
}

void periph_event(struct periph *periph, uint32_t off)
{
    PERIPH_REG(periph, off) = 1;
    update_line(periph);
}
