/* common.c - flags, data and files of the examples. */
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const extra no_extras[] = {{NULL, NULL, NULL}};

static void print_help(const options *o, const char *about, const extra *extras)
{
    printf("%s: %s\n\nusage: %s [flags]\n", o->name, about, o->name);
    for (const extra *e = extras; e->flag; e++)
        printf("  %-16s %s (default %lld)\n", e->flag, e->help, (long long)*e->value);
    if (o->file_flag) printf("  %-11s FILE %s\n", o->file_flag, o->file_help);
    printf("  --data DIR       folder with the four MNIST files; without it digits are drawn\n"
           "  --seed N         of all random numbers (default 1)\n"
           "  --out DIR        where %s.csv and %s.svg are written (default .)\n"
           "  --threads N      (default: as many as there are processors)\n"
           "  --dtype f32|f64  (default %s)\n"
           "  --help           this text\n",
           o->name, o->name, tg_dtype_name(o->dtype));
}

static int complain(const char *name, const char *flag, const char *why)
{
    fprintf(stderr, "%s: %s %s (see --help)\n", name, flag, why);
    return 2;
}

static bool read_count(const char *text, int64_t most, int64_t *value)
{
    char *end;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    if (end == text || *end || errno || v < 0 || v > most) return false;
    *value = v;
    return true;
}

/* Where the number of a flag is stored, or NULL for a flag that takes no number. */
static int64_t *number_of(const extra *extras, const char *flag, int64_t *seed, int64_t *threads)
{
    for (const extra *e = extras; e->flag; e++)
        if (strcmp(flag, e->flag) == 0) return e->value;
    if (strcmp(flag, "--seed") == 0) return seed;
    return strcmp(flag, "--threads") == 0 ? threads : NULL;
}

/* Reads one flag and its value. Returns a text that says what is wrong, or NULL. */
static const char *read_flag(options *o, const extra *extras, const char *flag, const char *value)
{
    int64_t seed = (int64_t)o->seed, threads = o->threads;
    int64_t *number = number_of(extras, flag, &seed, &threads);
    if (number) {
        if (!read_count(value, number == &threads ? 1024 : INT64_MAX, number))
            return number == &threads ? "needs a number up to 1024" : "needs a number";
        o->seed = (uint64_t)seed;
        o->threads = (int)threads;
    } else if (strcmp(flag, "--data") == 0)
        o->data = value;
    else if (strcmp(flag, "--out") == 0)
        o->out = value;
    else if (o->file_flag && strcmp(flag, o->file_flag) == 0)
        o->file = value;
    else if (strcmp(flag, "--dtype") != 0)
        return "is not a flag";
    else if (strcmp(value, "f32") != 0 && strcmp(value, "f64") != 0)
        return "is f32 or f64";
    else
        o->dtype = value[1] == '3' ? TG_F32 : TG_F64;
    return NULL;
}

int options_read(options *o, const char *name, const char *about, const extra *extras, int argc,
                 char **argv)
{
    if (!extras) extras = no_extras;
    *o = (options){.name = name,
                   .out = ".",
                   .seed = 1,
                   .dtype = o->dtype,
                   .file_flag = o->file_flag,
                   .file_help = o->file_help};
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            print_help(o, about, extras);
            return fflush(stdout) == 0 ? 0 : 1;
        }
    for (int i = 1; i < argc; i += 2) {
        const char *wrong =
            i + 1 < argc ? read_flag(o, extras, argv[i], argv[i + 1]) : "needs a value";
        if (wrong) return complain(name, argv[i], wrong);
    }
    if (o->threads) tg_set_num_threads(o->threads);
    return -1;
}

/* Replaces d by its first n rows. 0 keeps all. */
static tg_status cut(tg_dataset *d, int64_t n, tg_error *err)
{
    tg_dataset whole = *d;
    if (n == 0 || n >= whole.size) return TG_OK;
    const tg_status status = tg_dataset_head(&whole, n, d, err);
    tg_dataset_free(&whole);
    return status;
}

tg_status options_load_both(const options *o, int64_t n_train, int64_t n_test, tg_dataset *train,
                            tg_dataset *test, tg_error *err)
{
    if (!o->data)
        return tg_digits_load(o->seed, n_train > 0 ? n_train : 60000, n_test > 0 ? n_test : 2000,
                              train, test, err);
    tg_status status = tg_mnist_load(o->data, train, test, err);
    if (!status) status = cut(train, n_train, err);
    return status ? status : cut(test, n_test, err);
}

tg_status options_load(const options *o, int64_t n_train, tg_dataset *train, tg_dataset *test,
                       tg_error *err)
{
    const int64_t n = n_train > 0 ? n_train : 60000;
    return o->data ? options_load_both(o, n_train, 0, train, test, err)
                   : tg_digits_load(o->seed, n, n / 6 < 10000 ? n / 6 : 10000, train, test, err);
}

void options_draw(tg_axes *ax, const tg_history *history, const char *series, const char *metric,
                  const char *label, const tg_plot_style *style)
{
    tg_curve c = {0};
    if (tg_history_curve(history, series, metric, &c, NULL)) return;
    (void)tg_axes_line(ax, label, c.n, c.x, c.y, style);
    tg_curve_free(&c);
}

static char *path_of(const options *o, const char *ending)
{
    const size_t n = strlen(o->out) + strlen(o->name) + strlen(ending) + 2;
    char *path = malloc(n);
    if (path) snprintf(path, n, "%s/%s%s", o->out, o->name, ending);
    return path;
}

tg_status options_write(const options *o, const tg_history *history, const tg_figure *figure,
                        tg_error *err)
{
    char *csv = path_of(o, ".csv"), *svg = path_of(o, ".svg");
    tg_status status = csv && svg ? TG_OK : tg_fail(err, TG_ENOMEM, "out of memory");
    if (!status) status = tg_history_write_csv(history, csv, err);
    if (!status) status = tg_figure_write_svg(figure, svg, err);
    if (!status) printf("wrote %s and %s\n", csv, svg);
    free(csv);
    free(svg);
    return status;
}

int options_fail(const options *o, const tg_error *err)
{
    fprintf(stderr, "%s: %s\n", o->name, err->status ? err->text : "failed");
    return 1;
}
