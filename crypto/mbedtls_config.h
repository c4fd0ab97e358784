/*
 * What is used of Mbed TLS: SHA-256 in software. P-256 is p256-m, called directly and not through PSA, so that no
 * dispatch layer, key store or heap comes with it. Erasing of working memory: see crypto/zeroize.c.
 */
#define MBEDTLS_SHA256_C
#define MBEDTLS_PLATFORM_ZEROIZE_ALT
