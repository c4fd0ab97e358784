/*
 * The non-volatile memory controller with its flash, UICR and (nRF52) access control lists. Stores reach it from
 * the processor's memory hook; what silicon would not do is reported.
 */
#ifndef VBOARD_NRF_NVMC_H
#define VBOARD_NRF_NVMC_H

#include "flash/model/nor_model.h"
#include "vboard/periph.h"

/* Registers, and how a page is erased: see nvmc.c. */
struct nvmc_kind;
extern const struct nvmc_kind nvmc_kind_nrf52;
extern const struct nvmc_kind nvmc_kind_nrf53;

struct nvmc {
    struct periph periph;
    const struct nvmc_kind *kind;
    struct nor_model *flash; /* at 0 */
    struct nor_model *uicr;
    uint32_t uicr_base;
    uint64_t busy_until; /* only while the processor runs from RAM */
    uint32_t partial_page;
    uint32_t partial_ms;
    bool acl_changed;
};

#define NVMC_UICR_SIZE 0x1000U

/* The UICR's geometry; flash of the same kind as the array. */
extern const struct nor_config nvmc_uicr_part;

void nvmc_init(struct nvmc *nvmc, struct machine *machine, const struct nvmc_kind *kind, uint32_t base,
               struct nor_model *flash, struct nor_model *uicr, uint32_t uicr_base);
void nvmc_free(struct nvmc *nvmc);

/* The processor stores `size` bytes to flash, FICR or UICR. */
void nvmc_store(struct nvmc *nvmc, uint32_t addr, unsigned size, uint32_t value);

#endif
