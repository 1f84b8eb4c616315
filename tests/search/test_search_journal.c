/* test_search_journal.c - the journal of a search: its bytes; cut and changed at every byte; of
 * another search; on a full disk; in use. */
#define _XOPEN_SOURCE 700
#include "tests/support/folder.h"
#include "tests/support/searches.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static _Atomic int64_t calls; /* of trials, since the start of the test */

static void setup(void) { calls = 0; }

typedef struct file {
    size_t n;
    char text[1 << 15];
} file;

static void get(file *f)
{
    FILE *in = fopen(path, "rb");
    ck_assert_ptr_nonnull(in);
    f->n = fread(f->text, 1, sizeof f->text - 1, in);
    f->text[f->n] = '\0';
    fclose(in);
}

static void put_first(const file *f, size_t n)
{
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(f->text, 1, n, out), n);
    ck_assert_int_eq(fclose(out), 0);
}

static void same_file(const file *f, size_t n)
{
    static file now;
    get(&now);
    ck_assert_uint_eq(now.n, n);
    ck_assert_int_eq(memcmp(now.text, f->text, n), 0);
}

static tg_status counted(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    calls++;
    return smooth(trial, results, user, err);
}

static tg_search_options journaled(void)
{
    tg_search_options o = options_of(counted);
    o.journal = path;
    o.label = "a test";
    return o;
}

enum { FEW = 6 };

/* Runs one search from the contents of the file. Returns its status, and its outcome in *text. */
static tg_status search(const tg_search_options *o, int method, char **text, tg_error *err)
{
    tg_search *s = tg_search_new(o, NULL);
    const tg_status status =
        method == RANDOM ? tg_search_random(s, FEW, err) : run_method(s, method, err);
    if (text) *text = outcome(s);
    tg_search_free(s);
    return status;
}

/* The CRC-32 of zip, bit by bit. */
static unsigned long crc_of(const char *p, size_t n)
{
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        c ^= (unsigned char)p[i];
        for (int k = 0; k < 8; k++) c = c >> 1 ^ (c & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return c ^ UINT32_MAX;
}

START_TEST(bytes)
{
    static file f;
    const tg_search_options o = journaled();
    ck_assert_int_eq(search(&o, RANDOM, NULL, NULL), TG_OK);
    get(&f);
    static const char header[] =
        "# tapegrad search 1; method random; seed 1; budget 1; results 2; highest is best; lr log "
        "1e-06 0.01; momentum linear -0.5 1; layers integer 1 6; hidden log_integer 8 512; "
        "optimizer choice 0 4 without 1; label a test\n"
        "trial,rung,budget,lr,momentum,layers,hidden,optimizer,score,result1,crc\n";
    ck_assert_int_eq(strncmp(f.text, header, strlen(header)), 0);
    char *line = f.text + strlen(header);
    tg_search_options plain = options_of(smooth);
    tg_search *s = tg_search_new(&plain, NULL);
    ck_assert_int_eq(tg_search_random(s, FEW, NULL), TG_OK);
    for (int i = 0; i < FEW; i++) {
        char *end = strchr(line, '\n'), *at = line, text[16];
        ck_assert_ptr_nonnull(end);
        (void)snprintf(text, sizeof text, ",%08lx\n", crc_of(line, (size_t)(end - line) - 9));
        ck_assert_int_eq(strncmp(end - 9, text, 10), 0);
        tg_trial t;
        ck_assert_int_eq(tg_search_get(s, i, &t), TG_OK);
        const double want[] = {i,           0,           1,           t.values[0],  t.values[1],
                               t.values[2], t.values[3], t.values[4], t.results[0], t.results[1]};
        for (int k = 0; k < COUNT(want); k++, at++) {
            const double v = strtod(at, &at);
            ck_assert_msg((isnan(v) && isnan(want[k])) || v == want[k], "line %d, column %d", i, k);
            ck_assert_int_eq(*at, ',');
        }
        line = end + 1;
    }
    ck_assert_int_eq(*line, '\0');
    tg_search_free(s);
}
END_TEST

/* Wherever a kill cut the file, the search ends as if it had not been interrupted, and runs no
 * finished trial again. */
START_TEST(cut_anywhere)
{
    static file whole, now;
    char *want, *got;
    tg_search_options o = journaled();
    ck_assert_int_eq(search(&o, _i, &want, NULL), TG_OK);
    get(&whole);
    const int64_t trials = calls;
    const size_t step = _i == RANDOM ? 1 : whole.n / 12;
    for (size_t n = 0; n <= whole.n; n += step) {
        int lines = 0;
        for (size_t i = 0; i < n; i++) lines += whole.text[i] == '\n';
        put_first(&whole, n);
        calls = 0;
        o.threads = 1 + (int)(n % 3);
        ck_assert_int_eq(search(&o, _i, &got, NULL), TG_OK);
        if (o.threads == 1) ck_assert_int_eq(calls, trials - (lines > 2 ? lines - 2 : 0));
        ck_assert_str_eq(got, want);
        free(got);
        get(&now);
        ck_assert_uint_eq(now.n, whole.n);
        if (o.threads == 1) same_file(&whole, whole.n);
    }
    free(want);
}
END_TEST

/* A changed byte is detected. The file stays as it is, except that a damaged last line is
 * redone. */
START_TEST(changed_anywhere)
{
    static file whole, bad;
    char *want, *got;
    const tg_search_options o = journaled();
    ck_assert_int_eq(search(&o, RANDOM, &want, NULL), TG_OK);
    get(&whole);
    bad = whole;
    bad.text[whole.n - 1] = '\0';
    const size_t last = (size_t)(strrchr(bad.text, '\n') - bad.text);
    for (size_t i = 0; i < whole.n; i++) {
        tg_error err = TG_ERROR_INIT;
        bad = whole;
        bad.text[i] = (char)(bad.text[i] ^ (1 << i % 7));
        put_first(&bad, bad.n);
        const tg_status status = search(&o, RANDOM, &got, &err);
        if (status == TG_OK) {
            ck_assert_str_eq(got, want);
            ck_assert_uint_ge(i, last); /* its line break joins the last two */
            same_file(&whole, whole.n);
        } else {
            ck_assert_msg(status == TG_EFORMAT || status == TG_EARG, "byte %zu: %s", i, err.text);
            ck_assert_uint_le(i, last);
            same_file(&bad, bad.n);
        }
        free(got);
    }
    tg_error err = TG_ERROR_INIT;
    bad = whole;
    strchr(strstr(bad.text, "\n0,") + 1, '.')[1] = 'x';
    put_first(&bad, bad.n);
    char text[400];
    (void)snprintf(text, sizeof text, "search: '%s': line 3 is damaged", path);
    ck_assert_int_eq(search(&o, RANDOM, NULL, &err), TG_EFORMAT);
    ck_assert_str_eq(err.text, text);
    free(want);
}
END_TEST

/* A last line with a correct checksum in which one field is wrong has no effect, although others
 * are right. */
START_TEST(wrong_field_in_the_last_line)
{
    static file whole, bad;
    char *want, *got, line[200], text[200];
    const tg_search_options o = journaled();
    ck_assert_int_eq(search(&o, _i, &want, NULL), TG_OK);
    get(&whole);
    bad = whole;
    bad.text[whole.n - 1] = '\0';
    char *last = strrchr(bad.text, '\n') + 1, *end = last;
    for (int commas = 0; commas < 3; end++) commas += *end == ',';
    const int head = (int)(end - last); /* number, rung and budget */
    const char *wrong[] = {"0.005,0.25,3,9999,2,0.5,1", "0.005,0.25,3,16,2,0.5,x",
                           "0.005,0.25,3,16,2,0.5", "0.005,0.25,3,16,2,0.5,1,1"};
    for (int i = 0; i < COUNT(wrong); i++) {
        (void)snprintf(line, sizeof line, "%.*s%s", head, whole.text + (last - bad.text), wrong[i]);
        const int n = snprintf(text, sizeof text, "%s,%08lx\n", line, crc_of(line, strlen(line)));
        memcpy(last, text, (size_t)n + 1);
        put_first(&bad, (size_t)(last - bad.text) + (size_t)n);
        ck_assert_int_eq(search(&o, _i, &got, NULL), TG_OK);
        ck_assert_msg(strcmp(got, want) == 0, "%s: %s", wrong[i], got);
        same_file(&whole, whole.n);
        free(got);
    }
    free(want);
}
END_TEST

START_TEST(of_another_search)
{
    static file whole;
    static const char *const says[] = {
        "there 'seed 1', here 'seed 2'",
        "there 'budget 1', here 'budget 7'",
        "there 'results 2', here 'results 3'",
        "there 'highest is best', here 'lowest is best'",
        "there 'lr log 1e-06 0.01', here 'momentum linear -0.5 1'",
        "there 'label a test', here 'label another'",
        "there 'method random', here 'method halving of 40 by 3 to 9'",
    };
    tg_search_options o = journaled();
    ck_assert_int_eq(search(&o, RANDOM, NULL, NULL), TG_OK);
    get(&whole);
    for (int k = 0; k < COUNT(says); k++) {
        char text[400];
        tg_error err = TG_ERROR_INIT;
        o = journaled();
        if (k == 0) o.seed = 2;
        if (k == 1) o.budget = 7;
        if (k == 2) o.n_results = 3;
        if (k == 3) o.minimize = true;
        if (k == 4) o.ranges++, o.n_ranges--;
        if (k == 5) o.label = "another";
        ck_assert_int_eq(search(&o, k == 6 ? HALVING : RANDOM, NULL, &err), TG_EARG);
        (void)snprintf(text, sizeof text, "search: '%s' is the journal of another search: %s", path,
                       says[k]);
        ck_assert_str_eq(err.text, text);
        same_file(&whole, whole.n);
    }
    tg_error err = TG_ERROR_INIT;
    o = journaled();
    char *line2 = strchr(whole.text, '\n') + 1;
    line2[0] ^= 1;
    put_first(&whole, whole.n);
    ck_assert_int_eq(search(&o, RANDOM, NULL, &err), TG_EFORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "search: line 2 of the journal"));
    same_file(&whole, whole.n);
    (void)snprintf(whole.text, sizeof whole.text, "my diary\n");
    put_first(&whole, 9);
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_int_eq(search(&o, RANDOM, NULL, &err), TG_EFORMAT);
    ck_assert_ptr_nonnull(
        strstr(err.text, "/file' is not the journal of a search, and was not changed"));
    same_file(&whole, 9);
}
END_TEST

START_TEST(no_place_for_it)
{
    static const char *const paths[][2] = {
        {"/none/j", "search: cannot open '/none/j': No such file or directory"},
        {"/", "search: cannot open '/': Is a directory"},
        {"/dev/null", "search: cannot open '/dev/null': it is not a regular file"},
    };
    for (int k = 0; k < COUNT(paths); k++) {
        tg_error err = TG_ERROR_INIT;
        tg_search_options o = journaled();
        o.journal = paths[k][0];
        calls = 0;
        ck_assert_int_eq(search(&o, RANDOM, NULL, &err), TG_EIO);
        ck_assert_str_eq(err.text, paths[k][1]);
        ck_assert_int_eq(calls, 0);
    }
}
END_TEST

/* A disk that is full after some bytes: the search ends, and continues when there is room. */
START_TEST(full_disk)
{
    static file whole;
    char *want, *got;
    struct rlimit old, small;
    const tg_search_options o = journaled();
    ck_assert_int_eq(search(&o, RANDOM, &want, NULL), TG_OK);
    get(&whole);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (size_t n = 100; n < whole.n; n += 97) {
        tg_error err = TG_ERROR_INIT;
        (void)unlink(path);
        small = old;
        small.rlim_cur = n;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
        const tg_status status = search(&o, RANDOM, NULL, &err);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
        ck_assert_int_eq(status, TG_EIO);
        ck_assert_ptr_nonnull(strstr(err.text, "/file': File too large"));
        ck_assert_int_eq(search(&o, RANDOM, &got, NULL), TG_OK);
        ck_assert_str_eq(got, want);
        free(got);
    }
    (void)signal(SIGXFSZ, handler);
    free(want);
}
END_TEST

START_TEST(in_use)
{
    const tg_search_options o = journaled();
    const int fd = open(path, O_RDWR | O_CREAT, 0666);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    ck_assert_int_eq(fcntl(fd, F_SETLK, &lock), 0);
    const pid_t child = fork();
    if (child == 0) {
        tg_error err = TG_ERROR_INIT;
        const bool told = search(&o, RANDOM, NULL, &err) == TG_EIO &&
                          strstr(err.text, "/file' is in use by another process");
        _exit(told ? 0 : 1);
    }
    int status = 1;
    ck_assert(waitpid(child, &status, 0) == child && status == 0);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(in_a_comma_locale)
{
    static file whole;
    const tg_search_options o = journaled();
    char *want, *got;
    ck_assert_int_eq(search(&o, RANDOM, &want, NULL), TG_OK);
    get(&whole);
    if (setlocale(LC_ALL, "de_DE.UTF-8") || setlocale(LC_ALL, "fr_FR.UTF-8")) {
        for (int k = 0; k < 2; k++) {
            put_first(&whole, k ? 0 : whole.n);
            calls = 0;
            ck_assert_int_eq(search(&o, RANDOM, &got, NULL), TG_OK);
            ck_assert_int_eq(calls, k ? FEW : 0);
            ck_assert_str_eq(got, want);
            same_file(&whole, whole.n);
            free(got);
        }
    } else
        puts("test_search_journal: skipped: no locale with a decimal comma is installed");
    (void)setlocale(LC_ALL, "C");
    free(want);
}
END_TEST

SUITE("search_journal", .with = {FOLDER}, .setup = setup, .timeout = 300,
      .tests = {
          {bytes},
          {cut_anywhere, METHODS},
          {changed_anywhere},
          {wrong_field_in_the_last_line, METHODS},
          {of_another_search},
          {no_place_for_it},
          {full_disk},
          {in_use},
          {in_a_comma_locale},
      })
