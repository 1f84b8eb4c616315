/* crc.h - CRC-32, reflected, with the polynomial 0xedb88320, as in zip, gzip and PNG (internal). */
#ifndef TAPEGRAD_SRC_CRC_H
#define TAPEGRAD_SRC_CRC_H

#include <stddef.h>
#include <stdint.h>

/* t[k][b] is the remainder of byte b followed by k zero bytes, so that eight bytes take one
 * step. */
typedef struct tgi_crc {
    uint32_t t[8][256];
} tgi_crc;

void tgi_crc_init(tgi_crc *c);

/* The checksum of the bytes whose checksum is crc (0 for none), followed by the n bytes at p. */
uint32_t tgi_crc_update(const tgi_crc *c, uint32_t crc, const uint8_t *p, size_t n);

#endif
