/* schedule.h - learning-rate schedules: pure functions from a step number to a factor. */
#ifndef TAPEGRAD_SCHEDULE_H
#define TAPEGRAD_SCHEDULE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* k counts steps from 0, after the warm-up. */
typedef enum tg_schedule_kind {
    TG_SCHEDULE_CONSTANT,    /* 1 */
    TG_SCHEDULE_STEP,        /* rate ^ floor(k / length) */
    TG_SCHEDULE_EXPONENTIAL, /* rate ^ (k / length) */
    TG_SCHEDULE_INVERSE,     /* 1 / (1 + rate k) */
    TG_SCHEDULE_COSINE       /* rate + (1 - rate) (1 + cos(pi k / length)) / 2, rate after length */
} tg_schedule_kind;

/* A zeroed schedule has the factor 1. Every kind can have a warm-up: step i has the factor
 * (i + 1) / warmup for i < warmup, and the schedule itself begins with k = 0 at step warmup. */
typedef struct tg_schedule {
    tg_schedule_kind kind;
    double rate;    /* >= 0; at most 1 for COSINE */
    int64_t length; /* in steps, at least 1 if the kind uses it */
    int64_t warmup; /* in steps, 0 */
} tg_schedule;

/* Schedules without a warm-up.
 *   step         multiplies by rate after every `length` steps
 *   exponential  the same, spread evenly over the steps
 *   inverse      1 / (1 + rate k)
 *   cosine       half a cosine from 1 down to floor (Loshchilov and Hutter 2017) */
tg_schedule tg_schedule_step(double rate, int64_t length);
tg_schedule tg_schedule_exponential(double rate, int64_t length);
tg_schedule tg_schedule_inverse(double rate);
tg_schedule tg_schedule_cosine(double floor, int64_t length);

/* The factor of step i = 0, 1, ...: for tg_optimizer_set_lr(opt, lr * factor) before the update.
 * NaN for a kind or a length that does not exist. */
double tg_schedule_factor(tg_schedule s, int64_t i);

#ifdef __cplusplus
}
#endif
#endif
