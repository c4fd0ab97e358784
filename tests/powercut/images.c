#include "tests/powercut/images.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/random.h"

#define HEADER_SIZE 0x200U
#define KEPT_MAX    64U

struct kept {
    uint32_t size;
    uint32_t seed;
    uint32_t load_addr;
    uint8_t major;
    struct buffer image;
};

static struct kept kept[KEPT_MAX];
static size_t kept_count;
static struct signing_key *signer;
static struct buffer key_der;
static struct boot_key key;

static void require(int err, const struct failure *failure)
{
    if (err != OK) {
        (void)fprintf(stderr, "powercut: cannot make an image: %s\n", failure->text);
        exit(1);
    }
}

const struct boot_key *images_key(void)
{
    struct failure failure;

    if (signer == NULL) {
        require(signing_key_generate(key_type_by_name("ecdsa-p256"), &signer, &failure), &failure);
        require(signing_key_public_der(signer, &key_der, &failure), &failure);
        key = (struct boot_key){key_der.data, key_der.len};
    }
    return &key;
}

void images_make(struct buffer *image, const struct sign_params *params, uint32_t payload_len, uint32_t seed)
{
    struct sign_params complete = *params;
    struct random random = {seed};
    struct failure failure;
    uint8_t *payload = host_alloc(payload_len);

    complete.header_size = HEADER_SIZE;
    complete.pad_signature = true;
    (void)images_key();
    random_fill(&random, payload, payload_len);
    require(image_sign(&complete, signer, payload, payload_len, image, &failure), &failure);
    free(payload);
}

static void make(struct buffer *image, uint32_t payload_len, uint8_t major, uint32_t seed, uint32_t load_addr)
{
    const struct sign_params params = {.version = {.major = major}, .load_addr = load_addr};

    images_make(image, &params, payload_len, seed);
}

uint32_t images_overhead(void)
{
    static uint32_t overhead;

    if (overhead == 0) {
        struct buffer image = {0};

        make(&image, 0, 0, 0, 0);
        overhead = (uint32_t)image.len;
        buffer_free(&image);
    }
    return overhead;
}

const struct buffer *images_get_for(uint32_t load_addr, uint32_t size, uint8_t major, uint32_t seed)
{
    struct kept *slot;

    for (size_t i = 0; i < kept_count; i++) {
        if (kept[i].size == size && kept[i].major == major && kept[i].seed == seed && kept[i].load_addr == load_addr) {
            return &kept[i].image;
        }
    }
    if (kept_count == KEPT_MAX || size < images_overhead()) {
        (void)fprintf(stderr, "powercut: no image of %u bytes\n", (unsigned)size);
        exit(1);
    }
    slot = &kept[kept_count++];
    *slot = (struct kept){.size = size, .seed = seed, .load_addr = load_addr, .major = major};
    make(&slot->image, size - images_overhead(), major, seed, load_addr);
    return &slot->image;
}

const struct buffer *images_get(uint32_t size, uint8_t major, uint32_t seed)
{
    return images_get_for(0, size, major, seed);
}

static void forget(void)
{
    for (size_t i = 0; i < kept_count; i++) {
        buffer_free(&kept[i].image);
    }
    kept_count = 0;
}

void images_tidy(void)
{
    if (kept_count > KEPT_MAX / 2) {
        forget();
    }
}

void images_free(void)
{
    forget();
    signing_key_free(signer);
    signer = NULL;
    buffer_free(&key_der);
}
