/* text.h - formats messages: numbers with a point in every locale, one printable line of UTF-8. */
#ifndef TAPEGRAD_GRAPH_TEXT_H
#define TAPEGRAD_GRAPH_TEXT_H

#include <stdarg.h>
#include <stdio.h>

#include "tapegrad/status.h"

/* vsnprintf as in the locale "C", whatever the program's is. */
int tgi_vformat(char *text, size_t size, const char *format, va_list args) TG_PRINTF(3, 0);

/* The same with the arguments themselves, and for a file. */
int tgi_format(char *text, size_t size, const char *format, ...) TG_PRINTF(3, 4);
int tgi_print(FILE *file, const char *format, ...) TG_PRINTF(2, 3);

/* The next character of a UTF-8 text, U+FFFD for a malformed byte; 0 at the end. */
uint32_t tgi_utf8_next(const char **text);

/* The whole text is UTF-8. */
bool tgi_is_utf8(const char *text);

/* Puts '?' in the place of control characters, line separators and bytes that are not UTF-8.
 * cut: the text was longer, and a character of which only the beginning is left is dropped. */
void tgi_make_printable(char *text, bool cut);

#endif
