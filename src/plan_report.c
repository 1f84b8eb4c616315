/* plan_report.c - the profile of a plan, as a table and as a trace. */
#include <stdlib.h>
#include <string.h>

#include "graph/text.h"
#include "src/file/sink.h"
#include "tapegrad/alloc.h"
#include "tapegrad/plan.h"

static int longest_first(const void *a, const void *b)
{
    const double x = ((const tg_plan_step *)a)->seconds, y = ((const tg_plan_step *)b)->seconds;
    return (x < y) - (x > y);
}

/* All steps, n of them, which the caller frees. NULL on failure. */
static tg_plan_step *steps_of(const tg_plan *p, int32_t *n, tg_error *err)
{
    *n = tg_plan_stats(p).steps;
    tg_plan_step *steps = tg_realloc_array(NULL, (size_t)*n + 1, sizeof *steps);
    if (!steps) (void)tg_fail(err, TG_ENOMEM, "plan_profile: out of memory");
    for (int32_t i = 0; steps && i < *n; i++) (void)tg_plan_step_at(p, i, &steps[i], err);
    return steps;
}

static double ratio(double a, double b) { return b > 0 ? a / b : 0; }

static void print_line(FILE *file, const tg_plan_step *s, double total, tg_limits limits)
{
    const double runs = (double)(s->runs > 0 ? s->runs : 1), seconds = s->seconds / runs;
    const double gflops = ratio(1e-9 * s->flops, seconds), gbytes = ratio(1e-9 * s->bytes, seconds);
    const double a = ratio(gflops, limits.gflops), b = ratio(gbytes, limits.gbytes);
    (void)tgi_print(file, "%10.2f %5.1f%% %8.2f %8.2f %6.0f%%  %s%s%s\n", 1e6 * seconds,
                    100 * ratio(s->seconds, total), gflops, gbytes, 100 * (a > b ? a : b), s->name,
                    *s->scope ? "  in " : "", s->scope);
}

tg_status tg_plan_print_profile(const tg_plan *p, tg_limits limits, FILE *file)
{
    int32_t n;
    if (!p || !file) return TG_EARG;
    tg_plan_step *steps = steps_of(p, &n, NULL);
    if (!steps) return TG_ENOMEM;
    if (n > 0 && steps[0].runs == 0) {
        tg_free(steps);
        return TG_EARG;
    }
    tg_plan_step sum = {.scope = "", .runs = n > 0 ? steps[0].runs : 0};
    for (int32_t i = 0; i < n; i++) {
        sum.seconds += steps[i].seconds;
        sum.flops += steps[i].flops;
        sum.bytes += steps[i].bytes;
    }
    (void)snprintf(sum.name, sizeof sum.name, "all %d steps", (int)n);
    qsort(steps, (size_t)n, sizeof *steps, longest_first);
    (void)fprintf(file, "   us a run  share  GFLOP/s     GB/s   limit  step\n");
    for (int32_t i = 0; i < n; i++) print_line(file, &steps[i], sum.seconds, limits);
    print_line(file, &sum, sum.seconds, limits);
    tg_free(steps);
    return ferror(file) ? TG_EIO : TG_OK;
}

/* Writes a JSON string. Bytes that are not UTF-8 become U+FFFD. */
static void put_text(tgi_sink *s, const char *text)
{
    tgi_sink_text(s, "\"");
    for (const char *next = text; *text; text = next) {
        const uint32_t c = tgi_utf8_next(&next);
        if (c == '"' || c == '\\' || c < ' ' || c == 0xFFFD)
            tgi_sink_format(s, "\\u%04x", (unsigned)c);
        else
            tgi_sink_bytes(s, text, (size_t)(next - text));
    }
    tgi_sink_text(s, "\"");
}

static void put_event(tgi_sink *s, const tg_plan_step *step)
{
    tgi_sink_text(s, "{\"ph\": \"X\", \"pid\": 1, \"tid\": 1, \"name\": ");
    put_text(s, step->name);
    tgi_sink_text(s, ", \"ts\": ");
    tgi_sink_number(s, 1e6 * step->start);
    tgi_sink_text(s, ", \"dur\": ");
    tgi_sink_number(s, 1e6 * step->last);
    tgi_sink_text(s, ", \"args\": {\"scope\": ");
    put_text(s, step->scope);
    tgi_sink_text(s, ", \"flops\": ");
    tgi_sink_number(s, step->flops);
    tgi_sink_text(s, ", \"bytes\": ");
    tgi_sink_number(s, step->bytes);
    tgi_sink_text(s, "}}");
}

tg_status tg_plan_save_trace(const tg_plan *p, const char *path, tg_error *err)
{
    tgi_sink s;
    int32_t n;
    tg_plan_step first;
    if (!p || !path) return tg_fail(err, TG_EARG, "save_trace: the plan or the path is NULL");
    if (tg_plan_stats(p).steps > 0 && !tg_plan_step_at(p, 0, &first, NULL) && first.runs == 0)
        return tg_fail(err, TG_EARG, "save_trace: the plan has not run with its profile on");
    tg_plan_step *steps = steps_of(p, &n, err);
    if (!steps) return TG_ENOMEM;
    tgi_sink_open(&s, path);
    tgi_sink_text(&s, "{\"traceEvents\": [");
    for (int32_t i = 0; i < n; i++) {
        tgi_sink_text(&s, i ? ",\n" : "\n");
        put_event(&s, &steps[i]);
    }
    tgi_sink_text(&s, "\n]}\n");
    tg_free(steps);
    return tgi_sink_close(&s, err);
}
