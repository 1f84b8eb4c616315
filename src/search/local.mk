# local.mk - what src/search/ holds.

library_sources += \
	src/search/bayes.c \
	src/search/gp.c \
	src/search/gp.h \
	src/search/halving.c \
	src/search/journal.c \
	src/search/random.c \
	src/search/range.c \
	src/search/run.c \
	src/search/search.c \
	src/search/search.h \
	$(end)
