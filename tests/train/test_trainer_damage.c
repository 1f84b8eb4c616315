/* test_trainer_damage.c - damaged and foreign checkpoints are refused and never overwritten, and a
 * failure changes nothing. */
#include "tests/support/counting.h"
#include "tests/support/runs.h"

/* A trainer refuses the file of `size` bytes at path, names it, and changes neither it nor what the
 * trainer had. */
static void assert_refused(run *r, const char *path, const char *bytes, size_t size,
                           const tg_error *err, const tg_dict *params)
{
    size_t m;
    ck_assert_msg(err->status == TG_EFORMAT || err->status == TG_EIO, "%s", err->text);
    ck_assert_msg(strstr(err->text, path) != NULL, "%s", err->text);
    ck_assert_int_eq(tg_trainer_fit(r->tr, NULL), err->status); /* not overwritten either */
    char *after = bytes_of(path, &m);
    ck_assert(m == size && memcmp(bytes, after, m) == 0);
    free(after);
    ck_assert_int_eq(tg_trainer_steps(r->tr), 0);
    for (int i = 0; i < tg_dict_size(params); i++)
        ck_assert_mem_eq(tg_dict_at(params, i)->data, tg_dict_at(r->net->params, i)->data,
                         4 * (size_t)tg_dict_at(params, i)->size);
}

/* Cut anywhere, a bit flipped anywhere, a .npz of something else, no file. */
START_TEST(damage_is_refused)
{
    const char *path = path_of("run.npz");
    const int tries = getenv("TG_TEST_QUICK") ? 20 : 200;
    size_t n;
    run r;
    tg_error err = TG_ERROR_INIT;
    make_checkpoint(path);
    char *good = bytes_of(path, &n), *bad = malloc(n);
    if (!bad) abort();
    run_parts(&r);
    tg_trainer_options o = run_options(path);
    run_start(&r, &o);
    tg_rng rng = tg_rng_make(3, 0);
    tg_dict *params = tg_dict_clone(r.net->params, NULL);
    for (int k = 0; k < tries; k++) {
        const size_t at = (size_t)tg_rng_next_below(&rng, n);
        memcpy(bad, good, n);
        bad[at] = (char)(bad[at] ^ 1 << k % 8);
        const size_t size = k % 3 == 0 ? at : n;
        write_bytes(path, bad, size);
        err = (tg_error)TG_ERROR_INIT;
        const tg_status status = tg_trainer_load(r.tr, path, &err);
        if (status == TG_OK) { /* a byte of the zip that means nothing: a date, a version */
            ck_assert_uint_eq(size, n);
            ck_assert_int_eq(tg_trainer_steps(r.tr), 6);
            run_end(&r);
            run_parts(&r);
            run_start(&r, &o);
            continue;
        }
        ck_assert_int_eq(status, err.status);
        assert_refused(&r, path, bad, size, &err, params);
    }
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_int_eq(tg_npz_save(path, params, NULL), TG_OK);
    ck_assert_int_eq(tg_trainer_fit(r.tr, &err), TG_EFORMAT);
    (void)snprintf(bad, n, "trainer: '%s' is not a checkpoint: it has no 'config'", path);
    ck_assert_str_eq(err.text, bad);
    write_bytes(path, good, n);
    ck_assert_msg(tg_trainer_load(r.tr, path, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(tg_trainer_load(r.tr, path, NULL), TG_EIO);
    free(good);
    free(bad);
    tg_dict_free(params);
    run_end(&r);
}
END_TEST

/* Each member of a checkpoint left out, and each made empty. */
START_TEST(every_member_counts)
{
    const char *path = path_of("run.npz");
    run r;
    make_checkpoint(path);
    tg_dict *all = tg_npz_load(path, NULL);
    run_parts(&r);
    tg_trainer_options o = run_options(path);
    run_start(&r, &o);
    ck_assert_int_gt(tg_dict_size(all), 20);
    for (int k = 0; k < 2 * tg_dict_size(all); k++) {
        tg_error err = TG_ERROR_INIT;
        tg_dict *d = tg_dict_new();
        for (int i = 0; i < tg_dict_size(all); i++) {
            if (i != k / 2) (void)tg_dict_set(d, tg_dict_key(all, i), tg_dict_at(all, i), NULL);
            if (i == k / 2 && k % 2)
                (void)tg_dict_take(d, tg_dict_key(all, i),
                                   tg_tensor_new(TG_U8, 3, (int64_t[]){0, 2, 2}, NULL), NULL);
        }
        ck_assert_int_eq(tg_npz_save(path, d, NULL), TG_OK);
        ck_assert_msg(tg_trainer_load(r.tr, path, &err) != TG_OK, "%s", tg_dict_key(all, k / 2));
        ck_assert_int_ne(err.text[0], '\0');
        ck_assert_int_eq(tg_trainer_steps(r.tr), 0);
        ck_assert_int_eq(tg_optimizer_steps(r.opt), 0);
        tg_dict_free(d);
    }
    ck_assert_int_eq(remove(path), 0);
    tg_dict_free(all);
    run_end(&r);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    const char *path = path_of("run.npz"), *copy = path_of("copy.npz");
    const long step = getenv("TG_TEST_QUICK") ? 7 : 1;
    run r;
    make_checkpoint(path);
    run_parts(&r);
    tg_trainer_options o = run_options(NULL);
    o.restore_best = true;
    run_start(&r, &o);
    ck_assert_int_eq(tg_trainer_step(r.tr, NULL), TG_OK);
    for (long n = 0;; n += step) {
        tg_error err = TG_ERROR_INIT;
        allowed = allocations + n;
        const tg_status status = tg_trainer_save(r.tr, copy, &err);
        allowed = -1;
        if (!status) break;
        ck_assert_msg(status == TG_ENOMEM, "%ld: %s", n, err.text);
        ck_assert_ptr_null(fopen(copy, "rb"));
    }
    run_end(&r);
    run_parts(&r);
    o = run_options(NULL);
    run_start(&r, &o);
    for (long n = 0;; n += step) {
        tg_error err = TG_ERROR_INIT;
        allowed = allocations + n;
        const tg_status status = tg_trainer_load(r.tr, path, &err);
        allowed = -1;
        if (!status) break;
        ck_assert_msg(status == TG_ENOMEM, "%ld: %s", n, err.text);
        ck_assert_int_eq(tg_trainer_steps(r.tr), 0);
        ck_assert_int_eq(tg_optimizer_steps(r.opt), 0);
        ck_assert_uint_eq(tg_history_size(r.history), 0);
    }
    ck_assert_int_eq(tg_trainer_steps(r.tr), 6);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(remove(copy), 0);
    run_end(&r);
}
END_TEST

SUITE("trainer_damage", .with = {COUNTED}, .timeout = 120,
      .tests = {
          {damage_is_refused},
          {every_member_counts},
          {without_memory_nothing_changes},
      })
