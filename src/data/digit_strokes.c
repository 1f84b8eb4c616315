/* digit_strokes.c - the table of strokes: ten digits, with up to five ways to write each. */
#include "src/data/digit_strokes.h"

/* clang-format off */
#define DOWN(x, y) {x, y, TGI_PEN_DOWN}
#define ON(x, y)   {x, y, TGI_PEN_ON}
#define TURN(x, y) {x, y, TGI_PEN_TURN}

const tgi_digit_form tgi_digit_forms[10][TGI_DIGIT_FORMS] = {
    { /* 0: an oval that closes on itself */
        {40, {DOWN(54, 2), ON(30, 14), ON(18, 48), ON(27, 84), ON(50, 98), ON(74, 82), ON(82, 48),
              ON(72, 14), ON(50, 2)}},
        /* narrow */
        {25, {DOWN(52, 2), ON(36, 18), ON(30, 52), ON(36, 86), ON(50, 98), ON(64, 84), ON(70, 48),
              ON(64, 14), ON(52, 3)}},
        /* the end runs past the beginning */
        {20, {DOWN(64, 14), ON(40, 6), ON(22, 30), ON(20, 66), ON(40, 96), ON(66, 90), ON(82, 58),
              ON(76, 22), ON(56, 4), ON(42, 10)}},
        /* open at the top */
        {15, {DOWN(44, 4), ON(26, 22), ON(18, 56), ON(32, 90), ON(56, 97), ON(78, 74), ON(80, 36),
              ON(66, 8)}},
    },
    { /* 1: a line */
        {45, {DOWN(50, 0), ON(50, 34), ON(50, 66), ON(50, 100)}},
        /* with a flag */
        {25, {DOWN(36, 17), TURN(52, 0), ON(52, 34), ON(51, 68), ON(50, 100)}},
        /* with a flag and a foot */
        {15, {DOWN(36, 19), TURN(52, 0), ON(52, 34), ON(51, 68), ON(50, 100),
              DOWN(26, 100), ON(50, 99), ON(76, 99)}},
        /* leaning and bent */
        {15, {DOWN(64, 0), ON(56, 32), ON(49, 68), ON(38, 100)}},
    },
    { /* 2: a sharp corner below */
        {40, {DOWN(20, 24), ON(32, 6), ON(54, 2), ON(73, 16), ON(70, 40), ON(48, 68), TURN(18, 97),
              ON(50, 95), ON(84, 96)}},
        /* a loop below */
        {30, {DOWN(20, 22), ON(36, 4), ON(60, 4), ON(74, 22), ON(66, 50), ON(44, 82), ON(24, 96),
              ON(15, 84), ON(32, 76), ON(56, 90), ON(86, 94)}},
        /* flat as a Z */
        {12, {DOWN(18, 10), ON(44, 4), TURN(76, 8), ON(58, 40), ON(38, 68), TURN(16, 96),
              ON(48, 94), ON(84, 94)}},
        /* a hook above and a wave below */
        {18, {DOWN(30, 34), ON(22, 16), ON(44, 2), ON(72, 10), ON(76, 34), ON(56, 62), TURN(20, 92),
              ON(40, 86), ON(62, 96), ON(84, 86)}},
    },
    { /* 3: two bows */
        {45, {DOWN(22, 12), ON(46, 2), ON(70, 14), ON(66, 36), TURN(42, 47), ON(70, 56), ON(77, 78),
              ON(54, 98), ON(18, 88)}},
        /* a flat top */
        {20, {DOWN(22, 5), TURN(74, 4), ON(58, 24), TURN(42, 42), ON(68, 50), ON(78, 74),
              ON(56, 97), ON(20, 90)}},
        /* a loop in the waist */
        {20, {DOWN(22, 14), ON(44, 2), ON(70, 10), ON(68, 34), ON(46, 50), ON(36, 46), ON(46, 42),
              ON(70, 54), ON(76, 78), ON(52, 98), ON(20, 90)}},
        /* a small upper bow and a deep lower one */
        {15, {DOWN(30, 12), ON(50, 2), ON(66, 12), ON(60, 30), TURN(44, 38), ON(72, 46), ON(82, 70),
              ON(60, 95), ON(32, 98), ON(14, 84)}},
    },
    { /* 4: open above, two strokes */
        {40, {DOWN(26, 6), ON(23, 28), TURN(18, 54), ON(50, 55), ON(84, 51),
              DOWN(70, 2), ON(68, 36), ON(65, 68), ON(62, 100)}},
        /* closed above */
        {20, {DOWN(62, 0), ON(40, 32), TURN(14, 66), ON(50, 66), ON(88, 64),
              DOWN(62, 0), ON(62, 34), ON(61, 68), ON(60, 100)}},
        /* one stroke, round below the opening */
        {25, {DOWN(24, 4), ON(20, 34), ON(34, 52), ON(56, 48), TURN(74, 4), ON(70, 36), ON(67, 68),
              ON(64, 100)}},
        /* a short stem across a long bar */
        {15, {DOWN(36, 2), ON(26, 28), TURN(14, 56), ON(50, 60), ON(90, 60),
              DOWN(60, 28), ON(58, 54), ON(56, 76), ON(54, 100)}},
    },
    { /* 5: the bar last */
        {40, {DOWN(32, 5), ON(31, 22), TURN(27, 43), ON(52, 36), ON(76, 54), ON(74, 82), ON(50, 98),
              ON(18, 90), DOWN(32, 5), ON(54, 4), ON(80, 2)}},
        /* one stroke with sharp corners */
        {25, {DOWN(78, 4), ON(56, 4), TURN(34, 5), ON(31, 22), TURN(27, 44), ON(54, 38), ON(77, 60),
              ON(68, 90), ON(42, 98), ON(18, 88)}},
        /* round as an S */
        {20, {DOWN(80, 6), ON(56, 3), ON(34, 12), ON(32, 34), ON(54, 46), ON(74, 62), ON(68, 90),
              ON(42, 98), ON(16, 90)}},
        /* a long bar over a small bow */
        {15, {DOWN(36, 6), ON(32, 26), TURN(28, 50), ON(50, 44), ON(68, 58), ON(64, 84), ON(42, 98),
              ON(20, 94), DOWN(36, 6), ON(60, 5), ON(92, 1)}},
    },
    { /* 6: a curved stem */
        {40, {DOWN(66, 2), ON(42, 20), ON(24, 54), ON(28, 88), ON(52, 98), ON(74, 82), ON(68, 60),
              ON(46, 56), ON(26, 74)}},
        /* a straight stem */
        {25, {DOWN(60, 0), ON(46, 24), ON(33, 48), ON(24, 76), ON(40, 97), ON(66, 92), ON(72, 70),
              ON(52, 58), ON(28, 72)}},
        /* a large loop that curls in */
        {20, {DOWN(72, 8), ON(46, 8), ON(24, 38), ON(20, 74), ON(42, 98), ON(72, 90), ON(80, 64),
              ON(60, 46), ON(36, 56), ON(30, 76)}},
        /* a long stem over a small loop */
        {15, {DOWN(52, 0), ON(34, 26), ON(24, 60), ON(26, 90), ON(46, 99), ON(66, 90), ON(64, 72),
              ON(46, 68), ON(28, 82)}},
    },
    { /* 7: an angle */
        {40, {DOWN(16, 6), ON(46, 6), TURN(82, 5), ON(66, 36), ON(53, 68), ON(44, 100)}},
        /* with a bar */
        {25, {DOWN(16, 6), ON(46, 6), TURN(82, 5), ON(66, 36), ON(53, 68), ON(44, 100),
              DOWN(34, 52), ON(54, 51), ON(76, 48)}},
        /* with a serif */
        {20, {DOWN(18, 24), TURN(20, 5), ON(50, 7), TURN(80, 4), ON(68, 34), ON(60, 66),
              ON(56, 100)}},
        /* a wavy top and a bent stem */
        {15, {DOWN(16, 14), ON(32, 4), ON(56, 9), TURN(82, 3), ON(60, 30), ON(46, 62),
              ON(44, 100)}},
    },
    { /* 8: one stroke from the upper right */
        {40, {DOWN(70, 16), ON(50, 2), ON(29, 14), ON(34, 34), ON(54, 49), ON(74, 68), ON(68, 92),
              ON(47, 99), ON(27, 88), ON(30, 66), ON(50, 48), ON(68, 32), ON(70, 14)}},
        /* one ring on another */
        {25, {DOWN(52, 46), ON(32, 36), ON(32, 12), ON(52, 1), ON(71, 13), ON(69, 36), ON(50, 47),
              DOWN(50, 47), ON(28, 60), ON(27, 88), ON(50, 99), ON(75, 87), ON(73, 60),
              ON(52, 47)}},
        /* open above */
        {20, {DOWN(74, 8), ON(50, 3), ON(30, 16), ON(40, 38), ON(62, 56), ON(70, 80), ON(50, 98),
              ON(30, 84), ON(38, 60), ON(60, 40), ON(76, 22)}},
        /* a small head */
        {15, {DOWN(64, 14), ON(50, 3), ON(36, 14), ON(40, 32), ON(60, 48), ON(80, 70), ON(66, 95),
              ON(40, 98), ON(21, 80), ON(34, 56), ON(54, 40), ON(65, 26), ON(62, 12)}},
    },
    { /* 9: a straight stem */
        {35, {DOWN(70, 14), ON(48, 2), ON(26, 16), ON(26, 38), ON(46, 48), ON(66, 36), TURN(73, 8),
              ON(70, 38), ON(67, 68), ON(64, 100)}},
        /* a curved tail */
        {25, {DOWN(72, 16), ON(52, 2), ON(30, 12), ON(25, 36), ON(44, 49), ON(66, 36), TURN(74, 12),
              ON(75, 44), ON(70, 78), ON(50, 98), ON(24, 92)}},
        /* a leaning stem */
        {25, {DOWN(66, 12), ON(46, 3), ON(28, 20), ON(34, 42), ON(56, 40), ON(72, 18), ON(68, 8),
              ON(66, 30), ON(54, 68), ON(42, 100)}},
        /* a large head on a short stem */
        {15, {DOWN(76, 20), ON(54, 2), ON(26, 14), ON(20, 42), ON(42, 60), ON(66, 48), TURN(78, 14),
              ON(76, 44), ON(74, 70), ON(72, 100)}},
    },
};
/* clang-format on */
