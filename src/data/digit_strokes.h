/* digit_strokes.h - the ways to write each digit, as points on the path of a pen (internal). */
#ifndef TAPEGRAD_DIGIT_STROKES_H
#define TAPEGRAD_DIGIT_STROKES_H

#include <stdint.h>

/* What the pen does at a point. A list of points ends with TGI_PEN_END or when it is full. */
typedef enum tgi_pen {
    TGI_PEN_END,  /* not a point: the form is complete */
    TGI_PEN_DOWN, /* begins a stroke */
    TGI_PEN_ON,   /* a smooth point of a stroke */
    TGI_PEN_TURN  /* a sharp corner of a stroke */
} tgi_pen;

enum { TGI_DIGIT_FORMS = 5, TGI_DIGIT_POINTS = 18 };

/* x points right and y down, both 0..100 in the box of the digit. */
typedef struct tgi_digit_point {
    int8_t x, y;
    uint8_t pen; /* tgi_pen */
} tgi_digit_point;

/* One way to write a digit. weight says how often it is used among the forms of its digit. A form
 * of weight 0 is an unused entry of the table. */
typedef struct tgi_digit_form {
    int weight;
    tgi_digit_point points[TGI_DIGIT_POINTS];
} tgi_digit_form;

extern const tgi_digit_form tgi_digit_forms[10][TGI_DIGIT_FORMS];

#endif
