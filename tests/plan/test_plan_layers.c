/* test_plan_layers.c - plans of convolutions, windows, stacks of products, einsum, attention and
 * small networks at the sizes where kernels change their ways, with their gradients, eagerly and
 * planned (tests/support/drawn.h); test_plan_products.c has single products, test_plan_shapes.c the
 * rest.
 *
 * TG_PROGRAMS sets how many of each (60), TG_PROGRAM_SEED runs one. */
#include "tests/support/drawn.h"
#include "tests/support/tape.h"

#include "tapegrad/attention.h"
#include "tapegrad/conv.h"
#include "tapegrad/losses.h"
#include "tapegrad/nn.h"

/* ---- windows -------------------------------------------------------------------------------- */

/* x (N, C, sizes) for windows of n axes, and room for a kernel. */
typedef struct windows {
    int n;
    int64_t shape[5], kernel[3], stride[3], padding[3], dilation[3];
} windows;

static windows draw_windows(drawing *d, int n, int64_t most)
{
    windows w = {.n = n, .shape = {draw_tile(d, 40), draw_tile(d, 64)}};
    int64_t room = most / w.shape[0] / w.shape[1];
    for (int i = 0; i < n; i++) {
        w.kernel[i] = 1 + below(d, 4);
        w.stride[i] = 1 + below(d, 3);
        w.dilation[i] = 1 + below(d, 2);
        w.padding[i] = below(d, w.kernel[i] / 2 + 1);
        const int64_t least = w.dilation[i] * (w.kernel[i] - 1) + 1,
                      size = draw_tile(d, room > 1 ? room : 1);
        w.shape[2 + i] = size < least ? least : size;
        room /= w.shape[2 + i] * w.kernel[i];
    }
    say(d, "windows on", n + 2, w.shape);
    say(d, "of", n, w.kernel);
    return w;
}

static tg_tensor *draw_convolution(drawing *d)
{
    const windows w = draw_windows(d, 1 + (int)below(d, 3), MOST / 4);
    tg_conv_options o = tg_conv_defaults();
    o.groups = w.shape[1] % 2 == 0 && flag(d) ? 2 : 1;
    memcpy(o.stride, w.stride, (size_t)w.n * sizeof *w.stride);
    memcpy(o.padding, w.padding, (size_t)w.n * sizeof *w.padding);
    memcpy(o.dilation, w.dilation, (size_t)w.n * sizeof *w.dilation);
    const bool across = flag(d);
    const int64_t filters = o.groups * draw_tile(d, 40), channels = w.shape[1] / o.groups;
    int64_t filter[5] = {across ? w.shape[1] : filters, across ? filters / o.groups : channels};
    memcpy(filter + 2, w.kernel, (size_t)w.n * sizeof *w.kernel);
    say(d, across ? "conv_transpose" : "conv", w.n + 2, filter);
    tg_tensor *x = draw_operand(d, w.n + 2, w.shape), *f = draw_operand(d, w.n + 2, filter),
              *b = flag(d) ? draw_operand(d, 1, &filters) : NULL, *y = NULL;
    switch (w.n + 3 * across) {
    case 1:
        y = tg_conv1d(t, x, f, b, &o);
        break;
    case 2:
        y = tg_conv2d(t, x, f, b, &o);
        break;
    case 3:
        y = tg_conv3d(t, x, f, b, &o);
        break;
    case 4:
        y = tg_conv_transpose1d(t, x, f, b, &o);
        break;
    case 5:
        y = tg_conv_transpose2d(t, x, f, b, &o);
        break;
    default:
        y = tg_conv_transpose3d(t, x, f, b, &o);
    }
    return tg_relu(t, y);
}

static tg_tensor *draw_pooling(drawing *d)
{
    const windows w = draw_windows(d, 1 + (int)below(d, 3), MOST / 4);
    tg_tensor *x = draw_operand(d, w.n + 2, w.shape);
    const int64_t *const s = w.stride, *const p = w.padding, *const far = w.dilation;
    tg_tensor *y = tg_window_max(t, x, w.n, w.kernel, s, p, far);
    if (flag(d)) return tg_tanh(t, y);
    y = tg_unfold(t, x, w.n, w.kernel, s, p, far);
    return flag(d) ? y : tg_fold(t, tg_sin(t, y), w.n, w.shape + 2, w.kernel, s, p, far);
}

/* ---- products ------------------------------------------------------------------------------- */

/* Stacks whose leading axes broadcast. */
static tg_tensor *draw_stack(drawing *d)
{
    int64_t left[4], right[4];
    const int ndim = 3 + (int)below(d, 2), other = 2 + (int)below(d, ndim - 1);
    int64_t room = 1 << 18;
    for (int i = 0; i < ndim - 2; i++) {
        const int64_t n = draw_tile(d, 64);
        left[i] = below(d, 4) ? n : 1;
        if (i >= ndim - other) right[i - (ndim - other)] = below(d, 4) ? n : 1;
        room /= n;
    }
    const int64_t m = draw_tile(d, room), k = draw_tile(d, room / m),
                  n = draw_tile(d, room / m / k);
    left[ndim - 2] = m;
    left[ndim - 1] = right[other - 2] = k;
    right[other - 1] = n;
    say(d, "matmul", ndim, left);
    say(d, "by", other, right);
    tg_tensor *a = draw_operand(d, ndim, left), *b = draw_operand(d, other, right);
    return tg_tanh(t, tg_matmul(t, a, b));
}

static tg_tensor *draw_einsum(drawing *d)
{
    static const struct {
        const char *equation, *operands[3];
    } rows[] = {{"ij,jk,kl->il", {"ij", "jk", "kl"}},
                {"bij,bjk->bik", {"bij", "bjk"}},
                {"bij,bkj->bki", {"bij", "bkj"}},
                {"ij,ij->", {"ij", "ij"}},
                {"bhqd,bhkd->bhqk", {"bhqd", "bhkd"}},
                {"bi,ijk,bj->bk", {"bi", "ijk", "bj"}},
                {"ijk->kj", {"ijk"}},
                {"aib,bjc,ckd->aijkd", {"aib", "bjc", "ckd"}},
                {"iji,j->ij", {"iji", "j"}}};
    const int row = (int)below(d, COUNT(rows));
    int64_t of[26] = {0}, room = 1 << 17;
    tg_tensor *x[3];
    int n = 0;
    for (const char *c = rows[row].equation; *c; c++)
        if (*c >= 'a' && *c <= 'z' && !of[*c - 'a']) {
            of[*c - 'a'] = draw_tile(d, room);
            room /= of[*c - 'a'];
        }
    for (; n < 3 && rows[row].operands[n]; n++) {
        int64_t shape[4];
        int ndim = 0;
        for (const char *c = rows[row].operands[n]; *c; c++) shape[ndim++] = of[*c - 'a'];
        say(d, n ? "," : rows[row].equation, ndim, shape);
        x[n] = draw_operand(d, ndim, shape);
    }
    return tg_einsum(t, rows[row].equation, n, x);
}

static tg_tensor *draw_attention(drawing *d)
{
    const int64_t heads = draw_tile(d, 8), length = draw_tile(d, 64), source = draw_tile(d, 64),
                  depth = draw_tile(d, 64);
    const int64_t q[] = {heads, length, depth}, k[] = {heads, source, depth};
    say(d, "attention", 3, q);
    say(d, "to", 3, k);
    tg_tensor *a = draw_operand(d, 3, q), *b = draw_operand(d, 3, k), *c = draw_operand(d, 3, k);
    return tg_attention(t, a, b, c, NULL, length == source);
}

/* ---- layers --------------------------------------------------------------------------------- */

static tg_tensor *draw_layers(drawing *d)
{
    const int64_t rows = 2 + draw_tile(d, 300), in = draw_tile(d, 64), hidden = draw_tile(d, 150),
                  classes = draw_tile(d, 40);
    tg_tensor *x = draw_operand(d, 2, (const int64_t[]){rows, in}),
              *w = draw_operand(d, 2, (const int64_t[]){in, hidden}),
              *gamma = draw_operand(d, 1, &hidden), *beta = draw_operand(d, 1, &hidden),
              *v = draw_operand(d, 2, (const int64_t[]){hidden, classes}),
              *mean = keep(tg_tensor_new(d->dtype, 1, &hidden, NULL)),
              *var = keep(tg_tensor_new(d->dtype, 1, &hidden, NULL));
    const tg_batch_norm_options o = tg_batch_norm_book();
    say(d, "layers", 4, (const int64_t[]){rows, in, hidden, classes});
    tg_tensor *y = tg_batch_norm(t, tg_affine(t, x, w, NULL), gamma, beta, mean, var, &o, true);
    y = tg_matmul(t, tg_relu(t, y), v);
    tg_tensor *labels = draw_index(d, 1, &rows, classes);
    return flag(d) ? tg_cross_entropy(t, y, labels, NULL) : tg_softmax(t, y, 1);
}

/* ---- all of them ---------------------------------------------------------------------------- */

static const drawn_kind kinds[] = {{"convolutions", draw_convolution}, {"windows", draw_pooling},
                                   {"stacks of products", draw_stack}, {"einsum", draw_einsum},
                                   {"attention", draw_attention},      {"layers", draw_layers}};

START_TEST(random_shapes) { check_kind(t, &kinds[_i], 60); }
END_TEST

SUITE("plan_layers", .with = {GUARDED, TAPE}, .timeout = 600,
      .tests = {{random_shapes, COUNT(kinds)}})
