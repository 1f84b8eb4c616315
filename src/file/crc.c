/* crc.c - the checksum of files, eight bytes at a time. */
#include "src/file/crc.h"

#include "src/file/source.h"

void tgi_crc_init(tgi_crc *c)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t v = b;
        for (int bit = 0; bit < 8; bit++) v = v & 1 ? v >> 1 ^ 0xedb88320u : v >> 1;
        c->t[0][b] = v;
    }
    for (int k = 1; k < 8; k++)
        for (uint32_t b = 0; b < 256; b++)
            c->t[k][b] = c->t[k - 1][b] >> 8 ^ c->t[0][c->t[k - 1][b] & 255];
}

uint32_t tgi_crc_update(const tgi_crc *c, uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    for (; n >= 8; n -= 8, p += 8) {
        const uint64_t v = tgi_little(p, 8) ^ crc;
        crc = 0;
        for (int k = 0; k < 8; k++) crc ^= c->t[7 - k][v >> 8 * k & 255];
    }
    for (; n > 0; n--, p++) crc = crc >> 8 ^ c->t[0][(crc ^ *p) & 255];
    return ~crc;
}
