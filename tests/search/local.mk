# local.mk - what tests/search/ holds.

test_programs += \
	tests/search/test_search \
	tests/search/test_search_bayes \
	tests/search/test_search_errors \
	tests/search/test_search_gp \
	tests/search/test_search_journal \
	tests/search/test_search_run \
	$(end)

test_scripts += \
	tests/search/test_search_kill.sh \
	$(end)
