/* test_trainer_refusals.c - checkpoints of another run are refused by name, and never
 * overwritten. */
#include "tests/support/counting.h"
#include "tests/support/runs.h"

static void other_batch(run *r, tg_trainer_options *o) { (void)r, o->batch = 15; }
static void other_seed(run *r, tg_trainer_options *o) { (void)r, o->seed = UINT64_MAX; }
static void other_replace(run *r, tg_trainer_options *o) { (void)r, o->replace = true; }
static void other_clip(run *r, tg_trainer_options *o) { (void)r, o->clip_norm = 0.1; }
static void other_lr(run *r, tg_trainer_options *o) { (void)o, tg_optimizer_set_lr(r->opt, 0.5); }
static void other_schedule(run *r, tg_trainer_options *o)
{
    (void)r, o->schedule = tg_schedule_inverse(0.25);
}
static void other_group(run *r, tg_trainer_options *o)
{
    (void)o, (void)tg_optimizer_add_group(r->opt, "b*", tg_group_defaults(), NULL);
}
static void other_data(run *r, tg_trainer_options *o)
{
    (void)o, ((uint8_t *)r->test.images->data)[1000]++;
}
static void other_size(run *r, tg_trainer_options *o)
{
    tg_dataset whole = r->train;
    (void)o, (void)tg_dataset_head(&whole, 59, &r->train, NULL);
    tg_dataset_free(&whole);
}
static void swap_optimizer(run *r, tg_optimizer *opt)
{
    tg_optimizer_free(r->opt);
    r->opt = opt;
}
static void other_optimizer(run *r, tg_trainer_options *o)
{
    (void)o, swap_optimizer(r, tg_sgd((tg_sgd_options){tg_sgd_defaults().made, 0.001}, NULL));
}
static void other_beta(run *r, tg_trainer_options *o)
{
    (void)o, swap_optimizer(r, tg_adam((tg_adam_options){tg_adam_defaults().made, 0.001, 0.9, 0.99,
                                                         1e-7, false},
                                       NULL));
}
static void swap_net(run *r, int64_t hidden, double dropout, bool batch_norm)
{
    tg_mlp_options m = *tg_mlp_get_options(r->net);
    tg_rng rng = tg_rng_make(5, 0);
    const int64_t sizes[] = {784, hidden, 7, 10};
    m.sizes = sizes;
    m.dropout = dropout;
    m.batch_norm = batch_norm;
    tg_mlp_free(r->net);
    r->net = tg_mlp_new(&m, &rng, NULL);
}
static void other_dropout(run *r, tg_trainer_options *o) { (void)o, swap_net(r, 9, 0.2, true); }
static void other_width(run *r, tg_trainer_options *o) { (void)o, swap_net(r, 8, 0.1, true); }
static void fewer_steps(run *r, tg_trainer_options *o) { (void)r, o->steps = 5; }

static const struct {
    void (*change)(run *r, tg_trainer_options *o);
    tg_status status;
    const char *text; /* after "trainer: 'PATH' " where it begins with a space */
} others[] = {
    {other_batch, TG_EARG, " belongs to another run: there 'batch=16', here 'batch=15'"},
    {other_seed, TG_EARG,
     " belongs to another run: there 'seed=1', here 'seed=18446744073709551615'"},
    {other_replace, TG_EARG, " belongs to another run: there 'replace=0', here 'replace=1'"},
    {other_clip, TG_EARG, " belongs to another run: there 'clip_norm=0', here 'clip_norm=0.1'"},
    {other_lr, TG_EARG, " belongs to another run: there 'lr=0.001', here 'lr=0.5'"},
    {other_schedule, TG_EARG, " belongs to another run: there 'schedule=0', here 'schedule=3'"},
    {other_group, TG_EARG, " belongs to another run: there 'train rows=60 crc32="},
    {other_data, TG_EARG, " belongs to another run: there 'test rows=30 crc32="},
    {other_size, TG_EARG, " belongs to another run: there 'train rows=60 crc32="},
    {other_optimizer, TG_EARG,
     " belongs to another run: there 'Adam lr=0.001 beta1=0.9 beta2=0.999 eps=1e-07 "
     "torch_form=false', "
     "here 'SGD lr=0.001'"},
    {other_beta, TG_EARG,
     " belongs to another run: there 'beta2=0.999 eps=1e-07 torch_form=false', "
     "here 'beta2=0.99 eps=1e-07 torch_form=false'"},
    {other_dropout, TG_EARG, " belongs to another run: there 'dropout=0.1', here 'dropout=0.2'"},
    {other_width, TG_ESHAPE, "'W1' is f32[784,9] in the checkpoint but f32[784,8] in the model"},
    {fewer_steps, TG_EARG, " has made 6 updates, more than steps, 5"},
};

START_TEST(another_run_is_refused_by_name)
{
    char path[96], want[300];
    run r;
    tg_error err = TG_ERROR_INIT;
    (void)snprintf(path, sizeof path, "%s", path_of("run.npz"));
    make_checkpoint(path);
    size_t n, m;
    char *before = bytes_of(path, &n);
    run_parts(&r);
    tg_trainer_options o = run_options(path);
    others[_i].change(&r, &o);
    run_start(&r, &o);
    ck_assert_int_eq(tg_trainer_fit(r.tr, &err), others[_i].status);
    const char *text = others[_i].text;
    if (*text == ' ')
        (void)snprintf(want, sizeof want, "trainer: '%s'%s", path, text);
    else
        (void)snprintf(want, sizeof want, "%s", text);
    want[sizeof err.text - 1] = '\0'; /* messages are cut there */
    ck_assert_msg(strncmp(err.text, want, strlen(want)) == 0, "%s", err.text);
    char *after = bytes_of(path, &m);
    ck_assert(n == m && memcmp(before, after, n) == 0);
    free(before);
    free(after);
    ck_assert_int_eq(remove(path), 0);
    run_end(&r);
}
END_TEST

/* The path was set after updates had been made. */
START_TEST(a_file_in_the_way)
{
    const char *path = path_of("run.npz");
    run r;
    char want[200];
    tg_error err = TG_ERROR_INIT;
    write_bytes(path, "mine", 4);
    run_parts(&r);
    tg_trainer_options o = run_options(path);
    run_start(&r, &o);
    ck_assert_int_eq(tg_trainer_step(r.tr, NULL), TG_OK);
    ck_assert_int_eq(tg_trainer_fit(r.tr, &err), TG_EARG);
    (void)snprintf(want, sizeof want,
                   "trainer: '%s' exists, but 1 updates have been made without it", path);
    ck_assert_str_eq(err.text, want);
    ck_assert_int_eq(remove(path), 0);
    run_end(&r);
}
END_TEST

SUITE("trainer_refusals", .with = {COUNTED}, .timeout = 120,
      .tests = {
          {another_run_is_refused_by_name, COUNT(others)},
          {a_file_in_the_way},
      })
