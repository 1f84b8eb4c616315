/* schedule.c - learning-rate schedules. */
#include "tapegrad/schedule.h"

#include <math.h>

#define PI 3.14159265358979323846

tg_schedule tg_schedule_step(double rate, int64_t length)
{
    return (tg_schedule){TG_SCHEDULE_STEP, rate, length, 0};
}

tg_schedule tg_schedule_exponential(double rate, int64_t length)
{
    return (tg_schedule){TG_SCHEDULE_EXPONENTIAL, rate, length, 0};
}

tg_schedule tg_schedule_inverse(double rate)
{
    return (tg_schedule){TG_SCHEDULE_INVERSE, rate, 0, 0};
}

tg_schedule tg_schedule_cosine(double floor, int64_t length)
{
    return (tg_schedule){TG_SCHEDULE_COSINE, floor, length, 0};
}

double tg_schedule_factor(tg_schedule s, int64_t i)
{
    if (i < s.warmup) return (double)(i + 1) / (double)s.warmup;
    const int64_t k = s.warmup > 0 ? i - s.warmup : i > 0 ? i : 0;
    const double part = s.length > 0 ? (double)k / (double)s.length : NAN;
    switch (s.kind) {
    case TG_SCHEDULE_CONSTANT:
        return 1;
    case TG_SCHEDULE_STEP:
        return s.length > 0 ? pow(s.rate, (double)(k / s.length)) : NAN;
    case TG_SCHEDULE_EXPONENTIAL:
        return pow(s.rate, part);
    case TG_SCHEDULE_INVERSE:
        return 1 / (1 + s.rate * (double)k);
    case TG_SCHEDULE_COSINE:
        return part >= 1 ? s.rate : s.rate + (1 - s.rate) * (1 + cos(PI * part)) / 2;
    }
    return NAN;
}
