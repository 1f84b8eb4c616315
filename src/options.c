/* options.c - refuses options that no function of the library has made. */
#include "src/options.h"

static const char *const makers[] = {
#define TGI_MADE_BY(name, by) by,
#define TGI_MADE_BY_OPTIMIZER(name, title) "tg_" #name "_defaults()",
    TGI_MADE_LIST(TGI_MADE_BY) TGI_OPTIMIZERS(TGI_MADE_BY_OPTIMIZER)
#undef TGI_MADE_BY
#undef TGI_MADE_BY_OPTIMIZER
};

tg_status tgi_options_check(const char *who, uint32_t made, tgi_made kind, tg_error *err)
{
    if (made == (uint32_t)kind) return TG_OK;
    return tg_fail(err, TG_EARG, "%s: options must come from %s", who,
                   makers[kind - TGI_MADE_NONE - 1]);
}

bool tgi_options_recorded(tg_tape *t, const char *who, uint32_t made, tgi_made kind)
{
    tg_error err = TG_ERROR_INIT;
    if (!tgi_options_check(who, made, kind, &err)) return true;
    (void)tg_tape_fail(t, TG_EARG, "%s", err.text);
    return false;
}
