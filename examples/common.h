/* common.h - what every example shares: its flags, its data and its files. */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include "tapegrad.h"

typedef struct options {
    const char *name;                  /* of the example: NAME.csv and NAME.svg */
    const char *data;                  /* folder with the four IDX files; NULL: drawn digits */
    const char *out;                   /* folder for the files written, "." */
    uint64_t seed;                     /* 1 */
    int threads;                       /* 0: as many as there are processors */
    tg_dtype dtype;                    /* the example's own default, set before options_read */
    const char *file_flag, *file_help; /* a flag that takes a path, also set before; or NULL */
    const char *file;                  /* that path; NULL: not given */
} options;

/* A number that only this example takes: --flag N, with its default in *value. */
typedef struct extra {
    const char *flag, *help;
    int64_t *value;
} extra;

/* Reads the command line. Returns -1 to go on, else the exit status to return at once. */
int options_read(options *o, const char *name, const char *about, const extra *extras, int argc,
                 char **argv);

/* Loads the data that --data names, or drawn digits: n_train of them (0: 60000) for training, and
 * for testing 10000 or a sixth of n_train, whichever is less. */
tg_status options_load(const options *o, int64_t n_train, tg_dataset *train, tg_dataset *test,
                       tg_error *err);

/* The same with n_test test images. 0 means all of MNIST's, or 2000 drawn ones. */
tg_status options_load_both(const options *o, int64_t n_train, int64_t n_test, tg_dataset *train,
                            tg_dataset *test, tg_error *err);

/* Draws the rows of a series and metric as a line, if there are any. */
void options_draw(tg_axes *ax, const tg_history *history, const char *series, const char *metric,
                  const char *label, const tg_plot_style *style);

/* Writes OUT/NAME.csv and OUT/NAME.svg. */
tg_status options_write(const options *o, const tg_history *history, const tg_figure *figure,
                        tg_error *err);

/* Prints the error on one line of stderr. Returns the exit status. */
int options_fail(const options *o, const tg_error *err);

#endif
