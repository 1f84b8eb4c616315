# local.mk - what src/plot/ holds.

library_sources += \
	src/plot/add.c \
	src/plot/arrows.c \
	src/plot/bars.c \
	src/plot/contour.c \
	src/plot/layout.c \
	src/plot/legend.c \
	src/plot/line.c \
	src/plot/note.c \
	src/plot/panel.c \
	src/plot/parts.h \
	src/plot/pen.c \
	src/plot/plot.c \
	src/plot/scale.c \
	src/plot/svg.c \
	src/plot/text.c \
	src/plot/ticks.c \
	$(end)
