#include "imagetool/dump.h"

#include <string.h>

#include "host/json.h"
#include "host/le.h"
#include "imagetool/slot.h"
#include "imagetool/version.h"

/* A TLV's meaning in words, or nothing. */
typedef void (*tlv_explain)(const struct image_entry *entry, struct buffer *out);

struct tlv_row {
    uint16_t type;
    const char *name; /* as imgtool calls it */
    tlv_explain explain;
};

struct flag_row {
    uint32_t flag;
    const char *name;
};

static void explain_number(const struct image_entry *entry, struct buffer *out)
{
    if (entry->len == sizeof(uint32_t)) {
        buffer_print(out, ": %u", le32_get(entry->data));
    }
}

static void explain_dependency(const struct image_entry *entry, struct buffer *out)
{
    if (entry->len == sizeof(struct image_dependency)) {
        const uint8_t *at = entry->data + offsetof(struct image_dependency, min_version);
        const struct image_version version = {at[0], at[1], le16_get(at + 2), le32_get(at + 4)};
        char text[VERSION_TEXT_SIZE];

        buffer_print(out, ": image %u must be at least %s", entry->data[0], version_print(&version, text));
    }
}

static const struct tlv_row tlv_rows[] = {
    {IMAGE_TLV_KEYHASH, "KEYHASH", NULL},
    {IMAGE_TLV_PUBKEY, "PUBKEY", NULL},
    {IMAGE_TLV_SHA256, "SHA256", NULL},
    {IMAGE_TLV_SHA384, "SHA384", NULL},
    {IMAGE_TLV_SHA512, "SHA512", NULL},
    {IMAGE_TLV_RSA2048_PSS, "RSA2048", NULL},
    {IMAGE_TLV_ECDSA_SIG, "ECDSASIG", NULL},
    {IMAGE_TLV_RSA3072_PSS, "RSA3072", NULL},
    {IMAGE_TLV_ED25519, "ED25519", NULL},
    {IMAGE_TLV_SIG_PURE, "SIG_PURE", NULL},
    {IMAGE_TLV_ENC_RSA2048, "ENCRSA2048", NULL},
    {IMAGE_TLV_ENC_KW, "ENCKW", NULL},
    {IMAGE_TLV_ENC_EC256, "ENCEC256", NULL},
    {IMAGE_TLV_ENC_X25519, "ENCX25519", NULL},
    {IMAGE_TLV_ENC_X25519_SHA512, "ENCX25519_SHA512", NULL},
    {IMAGE_TLV_DEPENDENCY, "DEPENDENCY", explain_dependency},
    {IMAGE_TLV_SEC_CNT, "SEC_CNT", explain_number},
    {IMAGE_TLV_BOOT_RECORD, "BOOT_RECORD", NULL},
    {IMAGE_TLV_DECOMP_SIZE, "DECOMP_SIZE", explain_number},
    {IMAGE_TLV_DECOMP_SHA, "DECOMP_SHA", NULL},
    {IMAGE_TLV_DECOMP_SIGNATURE, "DECOMP_SIGNATURE", NULL},
    {IMAGE_TLV_COMP_DEC_SIZE, "COMP_DEC_SIZE", explain_number},
    {IMAGE_TLV_UUID_VID, "UUID_VID", NULL},
    {IMAGE_TLV_UUID_CID, "UUID_CID", NULL},
};

static const struct flag_row flag_rows[] = {
    {IMAGE_FLAG_PIC, "PIC"},
    {IMAGE_FLAG_ENCRYPTED_AES128, "ENCRYPTED_AES128"},
    {IMAGE_FLAG_ENCRYPTED_AES256, "ENCRYPTED_AES256"},
    {IMAGE_FLAG_NON_BOOTABLE, "NON_BOOTABLE"},
    {IMAGE_FLAG_RAM_LOAD, "RAM_LOAD"},
    {IMAGE_FLAG_ROM_FIXED, "ROM_FIXED"},
    {IMAGE_FLAG_COMPRESSED_LZMA1, "COMPRESSED_LZMA1"},
    {IMAGE_FLAG_COMPRESSED_LZMA2, "COMPRESSED_LZMA2"},
    {IMAGE_FLAG_COMPRESSED_ARM_THUMB, "COMPRESSED_ARM_THUMB"},
};

static const struct tlv_row *row_of(uint16_t type)
{
    static const struct tlv_row unknown = {0, "UNKNOWN", NULL};
    size_t i;

    for (i = 0; i < sizeof(tlv_rows) / sizeof(tlv_rows[0]); i++) {
        if (tlv_rows[i].type == type) {
            return &tlv_rows[i];
        }
    }
    return &unknown;
}

static bool is_encrypted(const struct image_view *view)
{
    return (view->header.flags & (IMAGE_FLAG_ENCRYPTED_AES128 | IMAGE_FLAG_ENCRYPTED_AES256)) != 0;
}

static void text_header(const struct image_view *view, struct buffer *out)
{
    const struct image_header *header = &view->header;
    char version[VERSION_TEXT_SIZE];
    size_t i;

    buffer_print(out, "header (offset 0x0)\n");
    buffer_print(out, "  magic:              0x%x\n", header->magic);
    buffer_print(out, "  load_addr:          0x%x\n", header->load_addr);
    buffer_print(out, "  hdr_size:           0x%x\n", header->hdr_size);
    buffer_print(out, "  protected_tlv_size: 0x%x\n", header->protect_tlv_size);
    buffer_print(out, "  img_size:           0x%x\n", header->img_size);
    buffer_print(out, "  flags:              0x%x", header->flags);
    for (i = 0; i < sizeof(flag_rows) / sizeof(flag_rows[0]); i++) {
        if ((header->flags & flag_rows[i].flag) != 0) {
            buffer_print(out, " %s", flag_rows[i].name);
        }
    }
    buffer_print(out, "\n  version:            %s\n", version_print(&header->version, version));
    buffer_print(out, "payload (offset 0x%x, 0x%x bytes)\n", header->hdr_size, header->img_size);
}

static void text_entry(const struct image_entry *entry, struct buffer *out)
{
    const struct tlv_row *row = row_of(entry->type);
    size_t i;

    buffer_print(out, "  %s (0x%x), %u bytes", row->name, entry->type, entry->len);
    if (row->explain != NULL) {
        row->explain(entry, out);
    }
    for (i = 0; i < entry->len; i++) {
        if (i % 16 == 0) {
            buffer_print(out, "\n    ");
        }
        buffer_print(out, "%02x%s", entry->data[i], i % 16 == 15 || i + 1 == entry->len ? "" : " ");
    }
    buffer_print(out, "\n");
}

static void text_area(const struct image_view *view, bool is_protected, struct buffer *out)
{
    size_t off = is_protected ? view->protected_off : view->unprotected_off;
    size_t end = is_protected ? view->unprotected_off : view->end;
    size_t i;

    if (off == end) {
        return;
    }
    buffer_print(out, "%s (offset 0x%zx, 0x%zx bytes)\n", is_protected ? "protected TLV area" : "TLV area", off,
                 end - off);
    for (i = 0; i < view->count; i++) {
        if (view->entries[i].is_protected == is_protected) {
            text_entry(&view->entries[i], out);
        }
    }
}

/* Flags in a trailer are 1 when set, erased when not, anything else is bad. */
static const char *flag_state(uint8_t value)
{
    return value == 1 ? "SET" : value == 0xff || value == 0 ? "UNSET" : "BAD";
}

static void text_trailer(const struct image_view *view, struct buffer *out)
{
    static const char *const states[] = {"good", "unset", "bad"};
    struct slot_trailer trailer;
    size_t i;

    if (view->end == view->len) {
        return;
    }
    slot_read_trailer(view->data + view->end, view->len - view->end, &trailer);
    buffer_print(out, "trailer (ends at 0x%zx; some fields depend on the update mode)\n", view->len);
    if (trailer.magic_state == SLOT_MAGIC_GOOD) {
        buffer_print(out, "  max_align:  %u\n", trailer.max_align);
        buffer_print(out, trailer.swap_size == UINT32_MAX ? "  swap_size:  UNSET\n" : "  swap_size:  0x%x\n",
                     trailer.swap_size);
        buffer_print(out, "  swap_info:  0x%02x\n", trailer.swap_info);
        buffer_print(out, "  copy_done:  %s (0x%02x)\n", flag_state(trailer.copy_done), trailer.copy_done);
        buffer_print(out, "  image_ok:   %s (0x%02x)\n", flag_state(trailer.image_ok), trailer.image_ok);
    }
    buffer_print(out, "  magic:      %s:", states[trailer.magic_state]);
    for (i = 0; i < sizeof(trailer.magic); i++) {
        buffer_print(out, " %02x", trailer.magic[i]);
    }
    buffer_print(out, "\n");
}

void dump_print_text(const char *name, const struct image_view *view, struct buffer *out)
{
    buffer_print(out, "image %s, 0x%zx bytes of 0x%zx\n", name, view->end, view->len);
    text_header(view, out);
    text_area(view, true, out);
    text_area(view, false, out);
    text_trailer(view, out);
}

static void json_header(const struct image_header *header, struct buffer *out)
{
    char version[VERSION_TEXT_SIZE];

    buffer_print(out, "  \"header\": {\n    \"magic\": %u,\n    \"load_addr\": %u,\n    \"hdr_size\": %u,\n",
                 header->magic, header->load_addr, header->hdr_size);
    buffer_print(out, "    \"protected_tlv_size\": %u,\n    \"img_size\": %u,\n    \"flags\": %u,\n",
                 header->protect_tlv_size, header->img_size, header->flags);
    buffer_print(out, "    \"version\": \"%s\"\n  },\n", version_print(&header->version, version));
}

static void json_info(const char *member, const struct image_view *view, size_t off, size_t end, struct buffer *out)
{
    buffer_print(out, "    \"%s\": {", member);
    if (off != end) {
        buffer_print(out, "\"magic\": %u, \"tlv_tot\": %zu", le16_get(view->data + off), end - off);
    }
    buffer_print(out, "},\n");
}

static void json_entries(const char *member, const struct image_view *view, bool is_protected, struct buffer *out)
{
    const char *separator = "";
    size_t i;

    buffer_print(out, "    \"%s\": [", member);
    for (i = 0; i < view->count; i++) {
        const struct image_entry *entry = &view->entries[i];

        if (entry->is_protected == is_protected) {
            buffer_print(out, "%s\n      {\"type\": %u, \"type_name\": \"%s\", \"len\": %u, \"data\": ", separator,
                         entry->type, row_of(entry->type)->name, entry->len);
            json_print_bytes(out, entry->data, entry->len);
            buffer_print(out, "}");
            separator = ",";
        }
    }
    buffer_print(out, "]");
}

static void json_trailer(const struct image_view *view, struct buffer *out)
{
    struct slot_trailer trailer;

    buffer_print(out, "  \"trailer\": {");
    if (view->end < view->len) {
        slot_read_trailer(view->data + view->end, view->len - view->end, &trailer);
        buffer_print(out, "\"magic\": ");
        json_print_bytes(out, trailer.magic, sizeof(trailer.magic));
        if (trailer.magic_state == SLOT_MAGIC_GOOD) {
            buffer_print(out, ", \"image_ok\": %u, \"copy_done\": %u, \"swap_info\": %u, \"swap_size\": %u",
                         trailer.image_ok, trailer.copy_done, trailer.swap_info, trailer.swap_size);
        }
        if (trailer.magic_state == SLOT_MAGIC_GOOD && is_encrypted(view)) {
            buffer_print(out, ", \"key_field_len\": %u", 2 * (trailer.max_align > 16 ? trailer.max_align : 16));
        }
    }
    buffer_print(out, "}\n}\n");
}

void dump_print_json(const char *name, const struct image_view *view, struct buffer *out)
{
    buffer_print(out, "{\n  \"filename\": ");
    json_print_string(out, name);
    buffer_print(out, ",\n");
    json_header(&view->header, out);
    buffer_print(out, "  \"tlv_area\": {\n");
    json_info("tlv_hdr_prot", view, view->protected_off, view->unprotected_off, out);
    json_entries("tlvs_prot", view, true, out);
    buffer_print(out, ",\n");
    json_info("tlv_hdr", view, view->unprotected_off, view->end, out);
    json_entries("tlvs", view, false, out);
    buffer_print(out, "\n  },\n");
    json_trailer(view, out);
}
