#include "host/elf.h"

#include <string.h>

#include "host/le.h"

/* Offsets in the ELF header and in a program header. */
enum {
    EI_CLASS = 4, /* 1: 32 bits */
    EI_DATA = 5,  /* 1: little endian */
    E_PHOFF = 28,
    E_PHENTSIZE = 42,
    E_PHNUM = 44,
    EHDR_SIZE = 52,
    P_TYPE = 0,
    P_OFFSET = 4,
    P_PADDR = 12,
    P_FILESZ = 16,
    PHDR_SIZE = 32,
    PT_LOAD = 1,
};

bool elf_is(const uint8_t *data, size_t len)
{
    return len >= 4 && memcmp(data, "\177ELF", 4) == 0;
}

static int add_segment(const uint8_t *data, size_t len, const uint8_t *phdr, struct memory_image *image,
                       struct failure *failure)
{
    uint32_t off = le32_get(phdr + P_OFFSET);
    uint32_t size = le32_get(phdr + P_FILESZ);

    if (le32_get(phdr + P_TYPE) != PT_LOAD || size == 0) {
        return OK;
    }
    if (off > len || size > len - off) {
        return failure_set(failure, ERR_HOST_INPUT, "ELF: a segment lies outside the file (is it truncated?)");
    }
    return memory_image_add(image, le32_get(phdr + P_PADDR), data + off, size, MEMORY_OVERLAP_ERROR, failure);
}

int elf_parse(const uint8_t *data, size_t len, struct memory_image *image, struct failure *failure)
{
    uint64_t off;
    uint16_t count;
    uint16_t i;
    int err = OK;

    if (len < EHDR_SIZE || !elf_is(data, len) || data[EI_CLASS] != 1 || data[EI_DATA] != 1) {
        return failure_set(failure, ERR_HOST_INPUT, "ELF: not a 32-bit little-endian file");
    }
    off = le32_get(data + E_PHOFF);
    count = le16_get(data + E_PHNUM);
    if (count == 0 || le16_get(data + E_PHENTSIZE) != PHDR_SIZE || off + (uint64_t)count * PHDR_SIZE > len) {
        return failure_set(failure, ERR_HOST_INPUT, "ELF: no program headers inside the file (is it linked?)");
    }
    for (i = 0; i < count && err == OK; i++) {
        err = add_segment(data, len, data + off + (size_t)i * PHDR_SIZE, image, failure);
    }
    return err;
}
