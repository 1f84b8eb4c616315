# local.mk - what src/file/ holds.

library_sources += \
	src/file/crc.c \
	src/file/crc.h \
	src/file/graph.c \
	src/file/graph_file.h \
	src/file/graph_load.c \
	src/file/graph_save.c \
	src/file/graphviz.c \
	src/file/npy.c \
	src/file/npy.h \
	src/file/npz.c \
	src/file/number.c \
	src/file/number.h \
	src/file/sink.c \
	src/file/sink.h \
	src/file/source.c \
	src/file/source.h \
	$(end)
