/* The shared data area, written by the bootloader and read by the application. docs/SPEC.md, "Boot information". */
#include <farboot/boot_info.h>

#include <string.h>

#include <farboot/error.h>
#include <farboot/util.h>

#define AREA_MAGIC         0x2016U
#define TYPE(major, minor) ((uint16_t)((major) << 12 | (minor)))
#define TYPE_MODE          TYPE(2U, 0U)
#define TYPE_SIGNATURE     TYPE(2U, 1U)
#define TYPE_RECOVERY      TYPE(2U, 2U)
#define TYPE_RUNNING_SLOT  TYPE(2U, 3U)
#define TYPE_REPORT        TYPE(15U, 0U) /* Farboot's own: a major number that MCUboot gives to nobody */

#define REFUSED_MAX        0x7fff

struct __attribute__((packed)) tlv {
    uint16_t type;
    uint16_t len;
};

struct __attribute__((packed)) tlv_byte {
    struct tlv tlv;
    uint8_t value;
};

struct __attribute__((packed)) report_outcome {
    uint8_t performed;
    uint8_t reserved;
    int16_t refused;
};

struct __attribute__((packed)) report {
    uint32_t boot_ms;
    uint32_t update_ms;
    struct image_version version;
    struct report_outcome outcome[BOOT_INFO_IMAGES_MAX];
};

struct __attribute__((packed)) area {
    uint16_t magic;
    uint16_t total;
    struct tlv_byte mode;
    struct tlv_byte signature;
    struct tlv_byte recovery;
    struct tlv_byte running_slot;
    struct tlv tlv_report;
    struct report report; /* the last entry: as many outcomes as there are image pairs */
};

_Static_assert(sizeof(struct report) == 32 && offsetof(struct report, outcome) == 16, "SPEC, Boot information");
_Static_assert(sizeof(struct area) <= BOOT_INFO_SIZE, "BOOT_INFO_SIZE");

static struct tlv_byte byte_entry(uint16_t type, uint8_t value)
{
    return (struct tlv_byte){{type, 1}, value};
}

void boot_info_write(void *area, const struct boot_info *info)
{
    size_t unused = (BOOT_INFO_IMAGES_MAX - (size_t)info->image_count) * sizeof(struct report_outcome);
    struct area *out = area;

    *out = (struct area){
        .magic = AREA_MAGIC,
        .total = (uint16_t)(sizeof *out - unused),
        .mode = byte_entry(TYPE_MODE, info->mode),
        .signature = byte_entry(TYPE_SIGNATURE, info->signature_type),
        .recovery = byte_entry(TYPE_RECOVERY, 0),
        .running_slot = byte_entry(TYPE_RUNNING_SLOT, info->running_slot),
        .tlv_report = {TYPE_REPORT, (uint16_t)(sizeof out->report - unused)},
        .report = {.boot_ms = info->boot_ms, .update_ms = info->update_ms, .version = info->version},
    };
    for (size_t i = 0; i < info->image_count; i++) {
        out->report.outcome[i].performed = info->outcome[i].performed;
        out->report.outcome[i].refused = (int16_t)info->outcome[i].refused;
    }
}

static void read_report(const uint8_t *value, size_t len, struct boot_info *info)
{
    size_t head = offsetof(struct report, outcome);
    size_t count = len > head ? (len - head) / sizeof(struct report_outcome) : 0;
    struct report report;

    if (count == 0 || len > sizeof report || len != head + count * sizeof(struct report_outcome)) {
        return;
    }
    memcpy(&report, value, len);
    info->image_count = (uint8_t)count;
    info->boot_ms = report.boot_ms;
    info->update_ms = report.update_ms;
    info->version = report.version;
    for (size_t i = 0; i < count; i++) {
        info->outcome[i] = (struct boot_info_outcome){report.outcome[i].performed, report.outcome[i].refused};
    }
}

static void read_entry(const struct tlv *tlv, const uint8_t *value, struct boot_info *info)
{
    uint8_t byte = tlv->len == 1 ? value[0] : 0;

    switch (tlv->type) {
    case TYPE_MODE:
        info->mode = byte;
        break;
    case TYPE_SIGNATURE:
        info->signature_type = byte;
        break;
    case TYPE_RUNNING_SLOT:
        info->running_slot = byte;
        break;
    case TYPE_REPORT:
        read_report(value, tlv->len, info);
        break;
    default: /* somebody else's */
        break;
    }
}

bool boot_info_read_untrusted(const void *area, size_t size, struct boot_info *info)
{
    const uint8_t *bytes = area;
    struct tlv tlv;
    size_t at = sizeof tlv;
    size_t end;

    memset(info, 0, sizeof *info);
    if (size < sizeof tlv) {
        return false;
    }
    memcpy(&tlv, bytes, sizeof tlv); /* the header has the same shape: magic, total */
    end = tlv.len < size ? tlv.len : size;
    if (tlv.type != AREA_MAGIC || tlv.len > size || tlv.len < sizeof tlv) {
        return false;
    }
    while (end - at >= sizeof tlv) {
        memcpy(&tlv, bytes + at, sizeof tlv);
        at += sizeof tlv;
        if (tlv.len > end - at) {
            return false;
        }
        read_entry(&tlv, bytes + at, info);
        at += tlv.len;
    }
    return at == end;
}
