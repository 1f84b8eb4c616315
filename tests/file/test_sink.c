/* test_sink.c - files that are written whole or not at all, and numbers as text. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/file/number.h"
#include "src/file/sink.h"
#include "tests/support/folder.h"

static int entries(void)
{
    int n = 0;
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static tg_status write_text(const char *name, const char *text, tg_error *err)
{
    tgi_sink s;
    tgi_sink_open(&s, name);
    tgi_sink_text(&s, text);
    return tgi_sink_close(&s, err);
}

START_TEST(any_separator_becomes_a_point)
{
    char text[3][TGI_NUMBER_MAX] = {"-1,5e-07", "3\331\2535", "17"};
    const char *const expected[] = {"-1.5e-07", "3.5", "17"};
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(tgi_number_point(text[i]), strlen(expected[i]));
        ck_assert_str_eq(text[i], expected[i]);
    }
}
END_TEST

START_TEST(numbers_read_back_and_are_shortest)
{
    uint64_t r = 1;
    for (int i = 0; i < 20000; i++) {
        char text[TGI_NUMBER_MAX], plain[TGI_NUMBER_MAX];
        r = r * 6364136223846793005u + 1442695040888963407u;
        const uint64_t bits = r ^ r >> 31;
        double v = (double)(bits >> 40) / 1e4;
        if (i % 2) memcpy(&v, &bits, sizeof v);
        if (!isfinite(v)) continue;
        for (int digits = 15; digits <= 17; digits++) {
            (void)snprintf(plain, sizeof plain, "%.*g", digits, v);
            if (strtod(plain, NULL) == v) break;
        }
        ck_assert_uint_eq(tgi_number_text(text, v), strlen(plain));
        ck_assert_str_eq(text, plain);
    }
}
END_TEST

START_TEST(long_paths_show_their_end)
{
    char name[400];
    tg_error err = TG_ERROR_INIT;
    memset(name, 'n', sizeof name);
    (void)snprintf(name + 380, 20, "/end.csv");
    ck_assert_int_eq(write_text(name, "new", &err), TG_EIO);
    ck_assert_ptr_nonnull(strstr(err.text, "nnn/end.csv': "));
    ck_assert_uint_gt(strlen(strstr(err.text, "': ")), 5);
}
END_TEST

START_TEST(failures_name_the_path)
{
    char missing[320], below_file[320];
    (void)snprintf(missing, sizeof missing, "%s/none/x.csv", dir);
    (void)snprintf(below_file, sizeof below_file, "%s/below.csv", path);
    put(path, "old");
    const char *const paths[] = {"/dev/full", missing, below_file, dir};
    for (int i = 0; i < 4; i++) {
        tg_error err = TG_ERROR_INIT;
        ck_assert_int_eq(write_text(paths[i], "new", &err), TG_EIO);
        ck_assert_int_eq(strncmp(err.text, "cannot write '", 14), 0);
        ck_assert_ptr_nonnull(strstr(err.text, paths[i]));
        if (i == 0) ck_assert_str_eq(err.text, "cannot write '/dev/full': No space left on device");
    }
    ck_assert_int_eq(write_text(NULL, "new", NULL), TG_EARG);
    if (geteuid() == 0) {
        puts("test_sink: skipped: to root no folder is unwritable");
    } else {
        ck_assert_int_eq(chmod(dir, 0500), 0);
        ck_assert_int_eq(write_text(path, "new", NULL), TG_EIO);
        ck_assert_int_eq(chmod(dir, 0700), 0);
    }
    ck_assert_str_eq(content(path), "old");
}
END_TEST

/* A file system that fills up, simulated by a limit on the size of files. */
START_TEST(full_disk_leaves_the_old_file)
{
    put(path, "old");
    tgi_sink s;
    tgi_sink_open(&s, path);
    struct rlimit all, few;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &all), 0);
    few = all;
    few.rlim_cur = 70000; /* reached by the second buffer */
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    for (int i = 0; i < 30000; i++) tgi_sink_format(&s, "%d\n", i);
    const tg_status status = tgi_sink_close(&s, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
    signal(SIGXFSZ, handler);
    ck_assert_int_eq(status, TG_EIO);
    ck_assert_str_eq(content(path), "old");
    ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(links_and_modes_survive)
{
    char link[320];
    struct stat st;
    (void)snprintf(link, sizeof link, "%s/link", dir);
    put(path, "old");
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(symlink("file", link), 0);
    tgi_sink s;
    tgi_sink_open(&s, link);
    tgi_sink_bytes(&s, "a\0b", 3);
    tgi_sink_format(&s, "%d", 7);
    ck_assert_uint_eq(s.size, 4);
    ck_assert_int_eq(tgi_sink_close(&s, NULL), TG_OK);
    ck_assert_int_eq(memcmp(content(path), "a\0b7", 5), 0);
    ck_assert_int_eq(lstat(link, &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(unlink(link), 0);
}
END_TEST

/* Links to files that do not exist: the file is made where the link points, and the link stays. */
START_TEST(dangling_links_are_followed)
{
    char first[320], second[320];
    struct stat st;
    tg_error err = TG_ERROR_INIT;
    (void)snprintf(first, sizeof first, "%s/first", dir);
    (void)snprintf(second, sizeof second, "%s/second", dir);
    ck_assert_int_eq(symlink("second", first), 0);
    ck_assert_int_eq(symlink("file", second), 0);
    tgi_sink s;
    tgi_sink_open(&s, first);
    tgi_sink_text(&s, "through");
    ck_assert_int_eq(entries(), 3); /* the temporary */
    ck_assert_int_eq(tgi_sink_close(&s, &err), TG_OK);
    ck_assert_str_eq(content(path), "through");
    ck_assert(lstat(first, &st) == 0 && S_ISLNK(st.st_mode));
    ck_assert(lstat(second, &st) == 0 && S_ISLNK(st.st_mode));
    ck_assert(lstat(path, &st) == 0 && S_ISREG(st.st_mode));
    ck_assert_int_eq(unlink(first), 0);
    ck_assert_int_eq(unlink(second), 0);

    /* into a folder that is not there, and in a circle */
    ck_assert_int_eq(symlink("none/x", first), 0);
    tgi_sink_open(&s, first);
    ck_assert_int_eq(tgi_sink_close(&s, NULL), TG_EIO);
    ck_assert_int_eq(unlink(first), 0);
    ck_assert_int_eq(symlink("first", second), 0);
    ck_assert_int_eq(symlink("second", first), 0);
    tgi_sink_open(&s, first);
    ck_assert_int_eq(tgi_sink_close(&s, NULL), TG_EIO);
    ck_assert(lstat(first, &st) == 0 && S_ISLNK(st.st_mode));
    ck_assert_int_eq(unlink(second), 0);
    ck_assert_int_eq(unlink(first), 0);
}
END_TEST

/* Around the size of the buffer, whole and in pieces. */
START_TEST(large_blocks)
{
    static const size_t sizes[] = {1, 65535, 65536, 65537, 200000};
    static char data[200000], back[200001];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (char)(i * 31 >> 3);
    for (size_t k = 0; k < 5; k++)
        for (size_t piece = 1000; piece <= 200000; piece *= 200) {
            tgi_sink s;
            tgi_sink_open(&s, path);
            for (size_t at = 0; at < sizes[k]; at += piece)
                tgi_sink_bytes(&s, data + at, at + piece < sizes[k] ? piece : sizes[k] - at);
            ck_assert_int_eq(tgi_sink_close(&s, NULL), TG_OK);
            FILE *f = fopen(path, "rb");
            ck_assert_ptr_nonnull(f);
            ck_assert_uint_eq(fread(back, 1, sizeof back, f), sizes[k]);
            fclose(f);
            ck_assert_int_eq(memcmp(data, back, sizes[k]), 0);
        }
}
END_TEST

START_TEST(failed_sinks_leave_nothing)
{
    for (int kind = 0; kind < 2; kind++) {
        tg_error err = TG_ERROR_INIT;
        tgi_sink s;
        tgi_sink_open(&s, path);
        if (kind == 0) tgi_sink_fail(&s, TG_ESHAPE, "no shape %d", 3);
        if (kind == 1) tgi_sink_format(&s, "%2000d", 1);
        tgi_sink_text(&s, "more");
        ck_assert_int_eq(tgi_sink_close(&s, &err), kind ? TG_EARG : TG_ESHAPE);
        if (kind == 0) ck_assert_str_eq(err.text, "no shape 3");
        ck_assert_int_eq(entries(), 0);
    }
}
END_TEST

SUITE("sink", .with = {FOLDER},
      .tests = {
          {any_separator_becomes_a_point},
          {numbers_read_back_and_are_shortest},
          {long_paths_show_their_end},
          {failures_name_the_path},
          {full_disk_leaves_the_old_file},
          {links_and_modes_survive},
          {dangling_links_are_followed},
          {large_blocks},
          {failed_sinks_leave_nothing},
      })
