# local.mk - what src/plot/ holds.

library_sources += \
	src/plot/arrows.c \
	src/plot/artists.c \
	src/plot/axes.c \
	src/plot/bars.c \
	src/plot/contour.c \
	src/plot/figure.c \
	src/plot/layout.c \
	src/plot/legend.c \
	src/plot/line.c \
	src/plot/panel.c \
	src/plot/pen.c \
	src/plot/plot.h \
	src/plot/scale.c \
	src/plot/svg.c \
	src/plot/svg_text.c \
	src/plot/text.c \
	src/plot/ticks.c \
	$(end)
