#include "imagetool/sign_file.h"

#include "host/file.h"
#include "host/ihex.h"
#include "imagetool/base64.h"
#include "imagetool/image.h"

/* The input, and where it lies if it says so. */
struct input {
    struct buffer bytes;
    bool has_addr;
    uint32_t addr;
};

static int read_input(const char *path, struct input *input, struct failure *failure)
{
    struct memory_image image = {0};
    uint64_t end;
    int err;

    input->has_addr = memory_path_is_hex(path);
    err = image_file_read(path, &input->bytes, failure);
    if (err == OK && input->has_addr) {
        err = memory_image_load(&image, path, NULL, MEMORY_OVERLAP_ERROR, failure);
        (void)memory_image_range(&image, &input->addr, &end);
        memory_image_free(&image);
    }
    if (err == OK && input->bytes.len == 0) {
        err = failure_set(failure, ERR_HOST_INPUT, "%s is empty", path);
    }
    return err;
}

/* Without --pad-header the linker has left room for the header: zero bytes, which are not part of the payload. */
static int skip_header(const struct buffer *bytes, size_t header_size, struct failure *failure)
{
    size_t i;

    for (i = 0; i < header_size && i < bytes->len && bytes->data[i] == 0; i++) {
    }
    if (i < header_size) {
        return failure_set(failure, ERR_HOST_INPUT,
                           "the input does not begin with %zu zero bytes for the header; if it begins with the "
                           "application, pass --pad-header",
                           header_size);
    }
    return OK;
}

static int hex_address(const struct sign_file *job, const struct sign_params *params, const struct input *input,
                       uint32_t *addr, struct failure *failure)
{
    *addr = job->hex_addr != NULL ? *job->hex_addr : input->addr;
    if (job->hex_addr != NULL) {
        return OK;
    }
    if (!input->has_addr) {
        return failure_set(failure, ERR_HOST_INPUT, "a HEX output of a raw input needs its address: pass --hex-addr");
    }
    if (job->pad_header && *addr < params->header_size) {
        return failure_set(failure, ERR_HOST_INPUT,
                           "there is no room for a header of 0x%x bytes below the input's address 0x%x: pass "
                           "--hex-addr",
                           params->header_size, *addr);
    }
    *addr -= job->pad_header ? params->header_size : 0u;
    return OK;
}

static int write_hex(const struct sign_file *job, const struct sign_params *params, uint32_t addr,
                     const struct buffer *image, struct failure *failure)
{
    struct memory_image memory = {0};
    struct buffer text = {0};
    int err = memory_image_add(&memory, addr, image->data, image->len, MEMORY_OVERLAP_ERROR, failure);

    if (err == OK && job->pad) {
        err = slot_add_trailer(&params->slot, job->mark, addr, &memory, failure);
    }
    if (err == OK) {
        ihex_print(&memory, &text);
        err = file_write(job->out, text.data, text.len, failure);
    }
    memory_image_free(&memory);
    buffer_free(&text);
    return err;
}

static int write_image(const struct sign_file *job, const struct sign_params *params, const struct input *input,
                       struct buffer *image, struct failure *failure)
{
    uint32_t addr = 0;
    int err = OK;

    if (memory_path_is_hex(job->out)) {
        err = hex_address(job, params, input, &addr, failure);
        return err == OK ? write_hex(job, params, addr, image, failure) : err;
    }
    if (job->pad) {
        err = slot_pad(&params->slot, job->mark, image, failure);
    }
    return err == OK ? file_write(job->out, image->data, image->len, failure) : err;
}

static int write_signature(const char *path, const struct signing_key *key, const struct buffer *image,
                           struct failure *failure)
{
    struct image_view view;
    struct buffer text = {0};
    const struct image_entry *entry;
    int err;

    if (path == NULL) {
        return OK;
    }
    if (key == NULL) {
        return failure_set(failure, ERR_HOST_INPUT, "there is no signature to write to %s: pass --key", path);
    }
    err = image_parse(image->data, image->len, &view, failure);
    if (err != OK) {
        return err;
    }
    entry = image_find(&view, (uint16_t)signing_key_type(key)->signature_tlv, NULL);
    base64_print(entry->data, entry->len, &text);
    err = file_write(path, text.data, text.len, failure);
    buffer_free(&text);
    image_view_free(&view);
    return err;
}

static int write_vector(const struct sign_file *job, const struct sign_params *params, const struct signing_key *key,
                        const uint8_t *payload, size_t len, struct failure *failure)
{
    struct buffer vector = {0};
    const struct digest *digest = NULL;
    uint8_t value[DIGEST_SIZE_MAX];
    int err = image_sign_input(params, key, payload, len, &vector, failure);

    if (err == OK && job->output == SIGN_VECTOR_DIGEST) {
        err = image_sign_digest(params, key, &digest, failure);
        if (err == OK) {
            err = digest_compute(digest, vector.data, vector.len, value, failure);
        }
    }
    if (err == OK) {
        err = digest != NULL ? file_write(job->out, value, digest->size, failure)
                             : file_write(job->out, vector.data, vector.len, failure);
    }
    buffer_free(&vector);
    return err;
}

static int sign_input(const struct sign_file *job, const struct sign_params *params, const struct signing_key *key,
                      const struct input *input, struct failure *failure)
{
    size_t skip = job->pad_header ? 0 : params->header_size;
    const uint8_t *payload = input->bytes.data + skip;
    size_t len = input->bytes.len - skip;
    struct buffer image = {0};
    int err;

    if (job->output != SIGN_IMAGE) {
        return write_vector(job, params, key, payload, len, failure);
    }
    err = image_sign(params, key, payload, len, &image, failure);
    if (err == OK) {
        err = write_signature(job->signature_out, key, &image, failure);
    }
    if (err == OK) {
        err = write_image(job, params, input, &image, failure);
    }
    buffer_free(&image);
    return err;
}

int sign_file(const struct sign_file *job, const struct sign_params *params, const struct signing_key *key,
              struct failure *failure)
{
    struct sign_params filled = *params;
    struct input input = {0};
    int err = read_input(job->in, &input, failure);

    filled.header_fill = job->pad_header ? params->slot.erased_value : 0;
    if (err == OK && !job->pad_header) {
        err = skip_header(&input.bytes, params->header_size, failure);
    }
    if (err == OK) {
        err = sign_input(job, &filled, key, &input, failure);
    }
    buffer_free(&input.bytes);
    return err;
}
