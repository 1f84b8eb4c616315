/* digit_strokes.h - the ways to write each digit, as points that a pen passes. */
#ifndef TAPEGRAD_DIGIT_STROKES_H
#define TAPEGRAD_DIGIT_STROKES_H

#include <stdint.h>

/* What the pen does at a point.  A list of points ends at PEN_END or at its capacity. */
typedef enum tgi_pen {
    TGI_PEN_END,  /* no point: the form is complete */
    TGI_PEN_DOWN, /* begins a stroke */
    TGI_PEN_ON,   /* passes smoothly */
    TGI_PEN_TURN  /* turns sharply */
} tgi_pen;

enum { TGI_DIGIT_FORMS = 5, TGI_DIGIT_POINTS = 18 };

/* x runs right and y down, both 0..100 in the box of the digit. */
typedef struct tgi_digit_point {
    int8_t x, y;
    uint8_t pen; /* tgi_pen */
} tgi_digit_point;

/* One way to write a digit; weight is how often, among the forms of its digit.  A form of
 * weight 0 is an empty place in the table. */
typedef struct tgi_digit_form {
    int weight;
    tgi_digit_point points[TGI_DIGIT_POINTS];
} tgi_digit_form;

extern const tgi_digit_form tgi_digit_forms[10][TGI_DIGIT_FORMS];

#endif
