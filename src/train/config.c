/* config.c - what a run depends on, as lines of text that can be compared with those of another
 * run. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/file/crc.h"
#include "src/file/number.h"
#include "src/optim/optimizer.h"
#include "src/train/trainer.h"
#include "tapegrad/alloc.h"

#define FIRST_LINE "tapegrad trainer 1\n"

/* A growing text; NULL after a failure. */
typedef struct buffer {
    char *text;
    size_t used, room;
} buffer;

static void TG_PRINTF(2, 3) write_text(buffer *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int n = p->text ? vsnprintf(p->text + p->used, p->room - p->used, format, arguments) : 0;
    va_end(arguments);
    if (!p->text || n < 0) return;
    if ((size_t)n >= p->room - p->used) {
        const size_t room = 2 * (p->room + (size_t)n);
        char *larger = tg_realloc_array(p->text, room, 1);
        if (!larger) tg_free(p->text);
        p->text = larger;
        p->room = room;
        if (!larger) return;
        va_start(arguments, format);
        (void)vsnprintf(p->text + p->used, p->room - p->used, format, arguments);
        va_end(arguments);
    }
    p->used += (size_t)n;
}

static void write_number(buffer *p, const char *name, double value)
{
    char text[TGI_NUMBER_MAX];
    (void)tgi_number_text(text, value);
    write_text(p, "%s=%s\n", name, text);
}

static void write_int(buffer *p, const char *name, int64_t value)
{
    write_text(p, "%s=%" PRId64 "\n", name, value);
}

/* ---- its lines ------------------------------------------------------------------------------ */

static void write_optimizer(buffer *p, const tg_trainer *tr)
{
    char text[512];
    write_text(p, "optimizer %s\n", tg_optimizer_describe(tr->optimizer, text, sizeof text));
    write_number(p, "lr", tr->base_lr);
}

static void write_groups(buffer *p, const tg_optimizer *o)
{
    for (int i = 0; i < o->n_groups; i++) {
        const tg_group_options *g = &o->groups[i].options;
        const double values[] = {g->lr_scale, g->clip_norm, g->clip_value, g->weight_decay};
        write_text(p, "group %s", o->groups[i].pattern);
        for (int k = 0; k < 4; k++) {
            static const char *const names[] = {"lr_scale", "clip_norm", "clip_value",
                                                "weight_decay"};
            char text[TGI_NUMBER_MAX];
            (void)tgi_number_text(text, values[k]);
            write_text(p, " %s=%s", names[k], text);
        }
        write_text(p, "%s%s\n", g->decoupled ? " decoupled" : "", g->frozen ? " frozen" : "");
    }
}

static void write_options(buffer *p, const tg_trainer *tr)
{
    const tg_trainer_options *o = &tr->options;
    write_int(p, "batch", o->batch);
    write_int(p, "replace", o->replace);
    write_int(p, "drop_last", o->drop_last);
    write_text(p, "seed=%" PRIu64 "\n", o->seed);
    write_int(p, "loss_after", o->loss_after);
    write_int(p, "eval_every", o->eval_every);
    write_int(p, "eval_as_book", o->eval_as_book);
    write_int(p, "eval_rows", o->eval_rows);
    write_int(p, "schedule", o->schedule.kind);
    write_number(p, "schedule.rate", o->schedule.rate);
    write_int(p, "schedule.length", o->schedule.length);
    write_int(p, "schedule.warmup", o->schedule.warmup);
    write_number(p, "clip_norm", o->clip_norm);
    write_int(p, "restore_best", o->restore_best);
    write_int(p, "history", tr->history != NULL);
}

/* The options of the model that its tensors do not show, if it is one of the library's models. */
static void write_model(buffer *p, const tg_model *m)
{
    const tg_mlp_options *mlp = tg_mlp_get_options(m);
    const tg_simple_convnet_options *conv = tg_simple_convnet_get_options(m);
    write_text(p, "model %s\n", mlp ? "mlp" : conv ? "simple_convnet" : "custom");
    if (mlp) {
        write_int(p, "activation", mlp->activation);
        write_int(p, "batch_norm", mlp->batch_norm);
        write_number(p, "bn.keep", mlp->bn.keep);
        write_number(p, "bn.eps", mlp->bn.eps);
        write_int(p, "bn.unbiased", mlp->bn.unbiased);
        write_number(p, "dropout", mlp->dropout);
        write_int(p, "dropout_form", mlp->dropout_form);
    } else if (conv) {
        write_int(p, "stride", conv->stride);
        write_int(p, "padding", conv->padding);
        write_int(p, "pool", conv->pool);
    }
    if (!mlp && !conv) return;
    write_number(p, "weight_decay", mlp ? mlp->weight_decay : conv->weight_decay);
    write_number(p, "loss_eps", mlp ? mlp->loss_eps : conv->loss_eps);
}

tg_status tgi_config_make(tg_trainer *tr, tg_error *err)
{
    buffer p = {tg_malloc(512), 0, 512};
    write_text(&p, FIRST_LINE);
    write_optimizer(&p, tr);
    write_options(&p, tr);
    write_model(&p, tr->model);
    write_groups(&p, tr->optimizer);
    tr->config = p.text;
    return p.text ? TG_OK : tg_fail(err, TG_ENOMEM, "trainer: out of memory");
}

/* ---- the data ------------------------------------------------------------------------------- */

static tg_status add_checksum(const tg_tensor *x, const tgi_crc *tables, uint32_t *crc,
                              tg_error *err)
{
    tg_tensor *packed = tg_tensor_is_contiguous(x) ? NULL : tg_tensor_clone(x, err);
    const tg_tensor *y = packed ? packed : x;
    if (!tg_tensor_is_contiguous(y)) return TG_ENOMEM;
    if (y->size > 0)
        *crc = tgi_crc_update(tables, *crc, y->data, (size_t)y->size * tg_dtype_size(y->dtype));
    tg_tensor_free(packed);
    return TG_OK;
}

static tg_status write_data(buffer *p, const char *name, const tg_dataset *d, tg_error *err)
{
    uint32_t crc = 0;
    tgi_crc tables;
    if (!d) return TG_OK;
    tgi_crc_init(&tables);
    tg_status status = add_checksum(d->images, &tables, &crc, err);
    if (!status) status = add_checksum(d->labels, &tables, &crc, err);
    write_text(p, "%s rows=%" PRId64 " crc32=%08x\n", name, d->size, (unsigned)crc);
    return status;
}

tg_status tgi_config_add_data(tg_trainer *tr, tg_error *err)
{
    if (tr->data_in_config) return TG_OK;
    const size_t used = strlen(tr->config), room = used + 256;
    buffer p = {tg_malloc(room), used, room};
    if (p.text) memcpy(p.text, tr->config, used + 1);
    tg_status status = write_data(&p, "train", tr->train, err);
    if (!status) status = write_data(&p, "test", tr->test, err);
    if (!status && !p.text) status = tg_fail(err, TG_ENOMEM, "trainer: out of memory");
    if (status) {
        tg_free(p.text);
        return status;
    }
    tg_free(tr->config);
    tr->config = p.text;
    tr->data_in_config = true;
    return TG_OK;
}

/* ---- comparing ------------------------------------------------------------------------------ */

bool tgi_config_begins(const char *text, size_t n)
{
    return n >= sizeof FIRST_LINE - 1 && memcmp(text, FIRST_LINE, sizeof FIRST_LINE - 1) == 0;
}

/* The length of the line at text, without its end. */
static int line_length(const char *text, const char *end)
{
    const char *p = text;
    while (p < end && *p != '\n' && p - text < 1000) p++;
    return (int)(p - text);
}

enum { SHOWN = 64 }; /* characters of a line that an error shows */

/* The start of the first word that differs in two lines, or 0 if both are short enough to be shown
 * whole. */
static int first_difference(const char *a, int a_line, const char *b, int b_line)
{
    int word = 0;
    if (a_line <= SHOWN && b_line <= SHOWN) return 0;
    for (int i = 0; i < a_line && i < b_line && a[i] == b[i]; i++)
        if (a[i] == ' ') word = i + 1;
    return word;
}

static tg_status refuse(const char *path, const char *a, int a_line, const char *b, int b_line,
                        tg_error *err)
{
    const int from = first_difference(a, a_line, b, b_line);
    const int a_shown = a_line - from < SHOWN ? a_line - from : SHOWN;
    const int b_shown = b_line - from < SHOWN ? b_line - from : SHOWN;
    return tg_fail(err, TG_EARG,
                   "trainer: '%.70s' belongs to another run: there '%.*s', here '%.*s'", path,
                   a_shown, a + from, b_shown, b + from);
}

tg_status tgi_config_compare(const tg_trainer *tr, const char *path, const char *text, size_t n,
                             tg_error *err)
{
    const char *a = text, *a_end = text + n, *b = tr->config, *b_end = b + strlen(b);
    while (a < a_end || b < b_end) {
        const int a_line = line_length(a, a_end), b_line = line_length(b, b_end);
        if (a_line != b_line || memcmp(a, b, (size_t)a_line) != 0)
            return refuse(path, a, a_line, b, b_line, err);
        a += a_line + (a + a_line < a_end);
        b += b_line + (b + b_line < b_end);
    }
    return TG_OK;
}
