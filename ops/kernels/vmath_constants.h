/* vmath_constants.h - the constants of vmath.inc for each dtype. The polynomials are minimax, found
 * by Remez's exchange in 60 digits. Each has its error beside it. */
#ifndef TAPEGRAD_OPS_KERNELS_VMATH_CONSTANTS_H
#define TAPEGRAD_OPS_KERNELS_VMATH_CONSTANTS_H

/* The constants of the current dtype. */
#define MANTISSA NAME(MANTISSA)
#define EXPONENT_BIAS NAME(EXPONENT_BIAS)
#define SQRT_HALF_BITS NAME(SQRT_HALF_BITS)
#define LEAST_NORMAL NAME(LEAST_NORMAL)
#define TINY NAME(TINY)
#define LOG_UNIT NAME(LOG_UNIT)
#define LOG1P_PLAIN NAME(LOG1P_PLAIN)
#define LN2_HIGH NAME(LN2_HIGH)
#define LN2_LOW NAME(LN2_LOW)
#define LOG2_E_HIGH NAME(LOG2_E_HIGH)
#define LOG2_E_LOW NAME(LOG2_E_LOW)
#define HEAD_MASK NAME(HEAD_MASK)
#define EXP_LEAST NAME(EXP_LEAST)
#define EXP_MOST NAME(EXP_MOST)
#define EXP_PLAIN NAME(EXP_PLAIN)
#define EXP2_LEAST NAME(EXP2_LEAST)
#define EXP2_MOST NAME(EXP2_MOST)
#define EXP2_PLAIN NAME(EXP2_PLAIN)
#define EXPM1_LEAST NAME(EXPM1_LEAST)
#define TANH_MOST NAME(TANH_MOST)
#define SIGMOID_MOST NAME(SIGMOID_MOST)
#define ERF_MOST NAME(ERF_MOST)
#define ERFC_MIDDLE NAME(ERFC_MIDDLE)
#define EXP_POLY NAME(EXP_POLY)
#define EXPM1_POLY NAME(EXPM1_POLY)
#define LOG_POLY NAME(LOG_POLY)
#define POW_GRID NAME(POW_GRID)
#define POW_LOG_POLY NAME(POW_LOG_POLY)
#define POW_EXP_POLY NAME(POW_EXP_POLY)
#define ERF_POLY NAME(ERF_POLY)
#define ERFC_POLY NAME(ERFC_POLY)

#define LOG2_E 1.44269504088896340736
#define LN2 0.69314718055994530942
#define LN2_REST 2.3190468138462995584e-17 /* after f64 */

/* ---- f32 ---------------------------------------------------------------------------------------
 */

#define MANTISSA_f32 23 /* bits after the point */
#define EXPONENT_BIAS_f32 127
#define SQRT_HALF_BITS_f32 UINT32_C(0x3f3504f3)
#define LEAST_NORMAL_f32 0x1p-126f
#define TINY_f32 0x1p-26f /* x + x^2 is x */

#define LOG_UNIT_f32 0x1p-23f
#define LOG1P_PLAIN_f32 0x1p60f   /* from far below that, 1 + x is x */
#define LN2_HIGH_f32 0x1.62e4p-1f /* 15 bits: its product with an exponent is exact */
#define LN2_LOW_f32 1.4286068203094172321e-6f
#define LOG2_E_HIGH_f32 0x1.714p+0f /* 12 bits, as the head of f */
#define LOG2_E_LOW_f32 3.1222838896340735992e-4f
#define HEAD_MASK_f32 UINT32_C(0xfffff000)

#define EXP_LEAST_f32 -104.0f
#define EXP_MOST_f32 89.0f
#define EXP_PLAIN_f32 87.0f /* e^x and e^-x are normal numbers */
#define EXP2_LEAST_f32 -151.0f
#define EXP2_MOST_f32 129.0f
#define EXP2_PLAIN_f32 126.0f
#define EXPM1_LEAST_f32 -18.0f
#define TANH_MOST_f32 10.0f
#define SIGMOID_MOST_f32 20.0f
#define ERF_MOST_f32 4.0f
#define ERFC_MIDDLE_f32 2.0f

/* (e^r - 1 - r) / r^2: 2^-26 of r */
#define EXP_POLY_f32                                                                               \
    0.500000006023137908f, 0.166665441586376563f, 0.0416662862114445594f, 0.00836652187912944355f, \
        0.00139462541158371993f
/* the same: 2^-32 of r */
#define EXPM1_POLY_f32                                                                             \
    0.5f, 0.166666668174469338f, 0.0416663541640899994f, 0.00833327295168376542f,                  \
        0.00139410500441084536f, 0.000199142293103575997f
/* (2 atanh s - 2 s) / s^3 in s^2: 2^-30 of atanh */
#define LOG_POLY_f32 0.666667751464754323f, 0.39977622703359253f, 0.298707923467858453f
#define POW_GRID_f32 0x1p-8f /* times LN2_HIGH, it is a whole number of 2^-23 */
/* (2 log2(e) atanh s - 2 log2(e) s - s^3) / s^3 in s^2: 2^-37 of atanh */
#define POW_LOG_POLY_f32                                                                           \
    -0.0382033207651405066f, 0.577082843862853429f, 0.411706803402001993f, 0.340210526245156264f
/* (2^r - 1 - r ln 2) / r^2: 2^-28 of 2^r */
#define POW_EXP_POLY_f32                                                                           \
    0.240226474959474223f, 0.0555036200613681041f, 0.00961853358670912891f,                        \
        0.00133903046657617488f, 0.000153190390684220699f
/* erf x / x - 1 in x^2, to 1: 2^-29 */
#define ERF_POLY_f32                                                                               \
    0.128379165914654321f, -0.376126271404405456f, 0.112836002118158885f, -0.0268544455815080762f, \
        0.00518953646193926138f, -0.00080208456984069044f, 0.0000788911915748783879f
/* (1 + 2 x) e^(x^2) erfc x in (x - 2) / (x + 2), 1 to 4: 2^-26 */
#define ERFC_POLY_f32                                                                              \
    1.27697838572628799f, -0.0927636394737119524f, -0.166031338002512912f, 0.164037907933050331f,  \
        -0.0541861012442107035f, -0.0077939950421287698f, 0.00832749678450829303f

/* ---- f64 ---------------------------------------------------------------------------------------
 */

#define MANTISSA_f64 52 /* bits after the point */
#define EXPONENT_BIAS_f64 1023
#define SQRT_HALF_BITS_f64 UINT64_C(0x3fe6a09e667f3bcd)
#define LEAST_NORMAL_f64 0x1p-1022
#define TINY_f64 0x1p-55 /* x + x^2 is x */

#define LOG_UNIT_f64 1.0
#define LOG1P_PLAIN_f64 0x1p500
#define LN2_HIGH_f64 0x1.62e42fefa2p-1 /* 40 bits: its product with an exponent is exact */
#define LN2_LOW_f64 7.3710025651677989018e-13
#define LOG2_E_HIGH_f64 0x1.715476p+0 /* 26 bits, as the head of f */
#define LOG2_E_LOW_f64 1.9259629911266174681e-8
#define HEAD_MASK_f64 UINT64_C(0xfffffffff8000000)

#define EXP_LEAST_f64 -746.0
#define EXP_MOST_f64 710.0
#define EXP_PLAIN_f64 708.0
#define EXP2_LEAST_f64 -1076.0
#define EXP2_MOST_f64 1025.0
#define EXP2_PLAIN_f64 1022.0
#define EXPM1_LEAST_f64 -38.0
#define TANH_MOST_f64 22.0
#define SIGMOID_MOST_f64 40.0
#define ERF_MOST_f64 6.0
#define ERFC_MIDDLE_f64 4.0

/* (e^r - 1 - r) / r^2: 2^-61 of r */
#define EXP_POLY_f64                                                                               \
    0.5, 0.16666666666666676, 0.0416666666666666995, 0.00833333333332195532,                       \
        0.00138888888888674254, 0.000198412698855249121, 0.0000248015873597929677,                 \
        2.75572446374646406e-6, 2.75572431816125931e-7, 2.51089395568925309e-8,                    \
        2.09243653312664427e-9
#define EXPM1_POLY_f64 EXP_POLY_f64
/* (2 atanh s - 2 s) / s^3 in s^2: 2^-59 of atanh */
#define LOG_POLY_f64                                                                               \
    0.66666666666667274, 0.399999999994488257, 0.285714287364781696, 0.222221990574563815,         \
        0.18183544025408008, 0.153144692393480288, 0.147926058386766718
#define POW_GRID_f64 0x1p-12
/* (2 log2(e) atanh s - 2 log2(e) s - s^3) / s^3 in s^2: 2^-66 of atanh */
#define POW_LOG_POLY_f64                                                                           \
    -0.0382033060740244769, 0.577078016355675198, 0.412198583077419022, 0.320598904088919282,      \
        0.262307576742765985, 0.221988759704357234, 0.191159551534460982, 0.191169790065488632
/* (2^r - 1 - r ln 2) / r^2: 2^-57 of 2^r */
#define POW_EXP_POLY_f64                                                                           \
    0.240226506959101224, 0.0555041086648207147, 0.00961812910759691309, 0.00133335581466926592,   \
        0.000154035304541813758, 0.0000152527335395512607, 1.32154365414968205e-6,                 \
        1.01781879992242147e-7, 7.07359244582065498e-9, 4.43576534415859846e-10
/* erf x / x - 1 in x^2, to 1: 2^-62 */
#define ERF_POLY_f64                                                                               \
    0.128379167095512574, -0.376126389031837482, 0.112837916709548845, -0.0268661706450778751,     \
        0.00522397762482843067, -0.000854832698142554209, 0.000120553311329558196,                 \
        -0.0000149255957721809053, 1.64610084778027013e-6, -1.63503962228646163e-7,                \
        1.46603287227422595e-8, -1.13749557360701496e-9, 5.96068533852097103e-11
/* (1 + 2 x) e^(x^2) erfc x in (x - 4) / (x + 4), 0.24 to 28: 2^-58 */
#define ERFC_POLY_f64                                                                              \
    1.23299511862555251, -0.139621116840562536, 0.0153796521026185539, 0.0680970542546954926,      \
        -0.101039066036226622, 0.0937328349982516383, -0.0663303658142057681,                      \
        0.0371675155389179097, -0.0161977340316016718, 0.005031969968097334,                       \
        -0.000757773491092353109, -0.00019925666919778014, 0.000150622658995851997,                \
        -0.0000243991411536336155, -0.0000112251234927796887, 5.70898578925605889e-6,              \
        3.00122148010045326e-7, -8.23006380617403875e-7, 6.65737996926826028e-8,                   \
        1.05998259847415664e-7, -1.20708410211411133e-8, -1.05713398003328203e-8

#endif
