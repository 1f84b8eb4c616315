/* test_digits.c - the digit generator: reproducible, balanced, centred, and neither trivial nor
 * unlearnable. */
#include <string.h>

#include "src/data/digit_strokes.h"
#include "tapegrad/digits.h"
#include "tests/support/suite.h"

enum { PIXELS = TG_DIGIT_SIDE * TG_DIGIT_SIDE, IMAGES = 10000, TRAIN = 8000 };

static uint8_t images[IMAGES][PIXELS];
static int labels[IMAGES];

static void draw_all(void)
{
    for (int i = 0; i < IMAGES; i++) labels[i] = tg_digit_draw(1, (uint64_t)i, images[i]);
}

static uint64_t fnv1a(uint64_t hash, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) hash = (hash ^ bytes[i]) * 0x100000001B3u;
    return hash;
}

START_TEST(equal_arguments_give_equal_images)
{
    static const uint64_t cases[][2] = {
        {0, 0}, {1, 7}, {UINT64_MAX, UINT64_MAX}, {42, UINT64_C(1) << 40}};
    uint8_t a[PIXELS], b[PIXELS], other[PIXELS];
    const uint64_t seed = cases[_i][0], index = cases[_i][1];
    memset(a, 0, sizeof a);
    memset(b, 255, sizeof b);
    const int label = tg_digit_draw(seed, index, a);
    ck_assert_int_ge(label, 0);
    ck_assert_int_le(label, 9);
    tg_digit_draw(seed + 1, index, other);
    ck_assert_msg(memcmp(a, other, PIXELS) != 0, "seed %d has no effect", _i);
    tg_digit_draw(seed, index + 1, other);
    ck_assert_msg(memcmp(a, other, PIXELS) != 0, "index %d has no effect", _i);
    ck_assert_int_eq(tg_digit_draw(seed, index, b), label);
    ck_assert_mem_eq(a, b, PIXELS);
}
END_TEST

/* The bytes themselves are promised, because results of examples are compared across machines. */
START_TEST(bytes_are_those_of_every_machine)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (uint64_t i = 0; i < 100; i++) {
        uint8_t image[PIXELS];
        const uint8_t label = (uint8_t)tg_digit_draw(1, i, image);
        hash = fnv1a(fnv1a(hash, &label, 1), image, PIXELS);
    }
    ck_assert_uint_eq(hash, UINT64_C(15116252418086089313));
}
END_TEST

START_TEST(labels_are_balanced)
{
    int count[10] = {0};
    for (int i = 0; i < IMAGES; i++) count[labels[i]]++;
    double chi2 = 0;
    for (int d = 0; d < 10; d++) {
        const double off = count[d] - IMAGES / 10;
        chi2 += off * off / (IMAGES / 10);
    }
    ck_assert_double_lt(chi2, 27.9); /* 9 degrees of freedom, 99.9% */
}
END_TEST

START_TEST(ink_covers_a_fifth_and_the_border_is_empty)
{
    long total = 0, edge = 0, touching = 0;
    for (int k = 0; k < IMAGES; k++) {
        int inked = 0, dark = 0, ring = 0;
        for (int i = 0; i < PIXELS; i++) {
            const int row = i / TG_DIGIT_SIDE, col = i % TG_DIGIT_SIDE;
            const int on = images[k][i] > 25, last = TG_DIGIT_SIDE - 1;
            inked += on;
            dark += images[k][i] > 180;
            ring += on && (row == 0 || col == 0 || row == last || col == last);
        }
        ck_assert_msg(inked > 25 && inked < 400, "image %d has %d inked pixels", k, inked);
        ck_assert_msg(dark > 5, "image %d has %d dark pixels", k, dark);
        total += inked;
        edge += ring;
        touching += ring > 0;
    }
    const double share = (double)total / IMAGES / PIXELS;
    ck_assert_double_gt(share, 0.16);
    ck_assert_double_lt(share, 0.22);
    ck_assert_double_lt((double)edge / IMAGES / (4 * TG_DIGIT_SIDE - 4), 0.003);
    ck_assert_double_lt((double)touching / IMAGES, 0.05);
}
END_TEST

START_TEST(ink_is_centred)
{
    double x = 0, y = 0, sum = 0;
    for (int k = 0; k < IMAGES; k++) {
        for (int i = 0; i < PIXELS; i++) {
            const double v = images[k][i];
            sum += v;
            x += v * (i % TG_DIGIT_SIDE);
            y += v * (i / TG_DIGIT_SIDE);
        }
    }
    const double middle = 0.5 * (TG_DIGIT_SIDE - 1);
    ck_assert_double_eq_tol(x / sum, middle, 0.5);
    ck_assert_double_eq_tol(y / sum, middle, 0.5);
}
END_TEST

/* Chance is 10%; a real set of digits gives this classifier about 80%. */
START_TEST(nearest_mean_learns_some_but_not_all)
{
    static double mean[10][PIXELS];
    int count[10] = {0}, right = 0;
    for (int k = 0; k < TRAIN; k++) {
        count[labels[k]]++;
        for (int i = 0; i < PIXELS; i++) mean[labels[k]][i] += images[k][i];
    }
    for (int d = 0; d < 10; d++) {
        ck_assert_int_gt(count[d], 0);
        for (int i = 0; i < PIXELS; i++) mean[d][i] /= count[d];
    }
    for (int k = TRAIN; k < IMAGES; k++) {
        int best = 0;
        double least = 1e300;
        for (int d = 0; d < 10; d++) {
            double gap = 0;
            for (int i = 0; i < PIXELS; i++) {
                const double e = images[k][i] - mean[d][i];
                gap += e * e;
            }
            if (gap < least) {
                least = gap;
                best = d;
            }
        }
        right += best == labels[k];
    }
    const double accuracy = (double)right / (IMAGES - TRAIN);
    ck_assert_double_gt(accuracy, 0.60);
    ck_assert_double_lt(accuracy, 0.90);
}
END_TEST

/* digits.c relies on this property of the table. */
START_TEST(table_is_well_formed)
{
    int forms = 0;
    for (int f = 0; f < TGI_DIGIT_FORMS; f++) {
        const tgi_digit_form *form = &tgi_digit_forms[_i][f];
        if (form->weight == 0) continue;
        forms++;
        ck_assert_int_gt(form->weight, 0);
        ck_assert_int_eq(form->points[0].pen, TGI_PEN_DOWN);
        int n = 0;
        for (; n < TGI_DIGIT_POINTS && form->points[n].pen != TGI_PEN_END; n++) {
            const tgi_digit_point p = form->points[n];
            ck_assert_msg(p.x >= 0 && p.x <= 100 && p.y >= 0 && p.y <= 100,
                          "digit %d, form %d: point %d is outside the box", _i, f, n);
        }
        ck_assert_int_ge(n, 3);
    }
    ck_assert_int_ge(forms, 3);
}
END_TEST

SUITE("digits", .before = draw_all, .timeout = 300,
      .tests = {
          {equal_arguments_give_equal_images, 4},
          {bytes_are_those_of_every_machine},
          {table_is_well_formed, 10},
          {labels_are_balanced},
          {ink_covers_a_fifth_and_the_border_is_empty},
          {ink_is_centred},
          {nearest_mean_learns_some_but_not_all},
      })
