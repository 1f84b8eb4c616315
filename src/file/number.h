/* number.h - numbers as text, independent of the locale (internal). */
#ifndef TAPEGRAD_SRC_NUMBER_H
#define TAPEGRAD_SRC_NUMBER_H

#include <stddef.h>

#define TGI_NUMBER_MAX 32

/* Writes the shortest of %.15g, %.16g and %.17g that reads back as the same double, with '.' in
 * every locale, or "nan", "inf" or "-inf". Returns the length. */
size_t tgi_number_text(char text[TGI_NUMBER_MAX], double value);

/* Replaces the locale's decimal separator, which may be several bytes long, by '.' in a finite
 * number that printf wrote. Returns the new length. */
size_t tgi_number_point(char *text);

#endif
