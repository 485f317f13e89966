"""A fixed-point network as one C99 header: constants and plain loops, no library, no memory to ask for."""

from __future__ import annotations

import numpy as np

import unseen
from unseen.export.emulator import LEAST, MOST
from unseen.export.fixed import LN2, LOG, PIECES, SCALED, SOFT_AT, FixedNetwork, Layer, log_table

_ARITHMETIC = """\
/* floor of v / 2^s, also where >> of negative numbers is another thing */
static inline int64_t unseen_floor(int64_t v, int s) {
  return v >= 0 ? v >> s : ~(~v >> s);
}

/* v / 2^s, rounded half to even */
static inline int64_t unseen_halve(int64_t v, int s) {
  if (s == 0) return v;
  return unseen_floor(v + ((int64_t)1 << (s - 1)) - 1 + (unseen_floor(v, s) & 1), s);
}

static inline int64_t unseen_saturate(int64_t v, int64_t top) {
  return v > top ? top : v < -top - 1 ? -top - 1 : v;
}

/* ln(1 + x), x >= 0 with `bits` fractional bits, to LOG fractional bits */
static inline int32_t unseen_log1p(uint32_t x, int bits) {
  uint32_t whole = x + ((uint32_t)1 << bits), mantissa;
  int e = 0, step, piece;
  int64_t log2;
  for (step = 16; step > 0; step >>= 1)
    if (whole >> (e + step)) e += step;
  mantissa = (e <= 22 ? whole << (22 - e) : whole >> (e - 22)) - ((uint32_t)1 << 22);
  piece = (int)(mantissa >> 16);
  if (piece > PIECES - 1) piece = PIECES - 1;
  log2 = unseen_log2[piece];
  log2 += ((int64_t)(unseen_log2[piece + 1] - unseen_log2[piece]) * (int64_t)(mantissa & 0xFFFF)) >> 16;
  log2 += (int64_t)(e - bits) * ((int64_t)1 << LOG);
  return (int32_t)((log2 * LN2) >> 16);
}

/* one input to 16 bits, SCALED of them fractional */
static inline int16_t unseen_scale(int32_t input, int j) {
  int64_t v = input > MOST ? MOST : input < LEAST ? LEAST : input, size;
  if (unseen_logarithmic[j])
    v = v < 0 ? -(int64_t)unseen_log1p((uint32_t)-v, INPUT_BITS) : unseen_log1p((uint32_t)v, INPUT_BITS);
  v = unseen_halve((v - unseen_centre[j]) * unseen_factor[j], unseen_shift[j]);
  v = unseen_saturate(v, (int64_t)1 << 30);
  size = v < 0 ? -v : v;
  if (size > SOFT_AT) {
    size = SOFT_AT + unseen_halve(unseen_log1p((uint32_t)(size - SOFT_AT), SCALED), LOG - SCALED);
    v = v < 0 ? -size : size;
  }
  return (int16_t)unseen_saturate(v, 32767);
}
"""

_LAYER = """\
static inline void unseen_layer{place}(const int16_t *in, int16_t *out) {{
  int i, j;
  for (i = 0; i < {rows}; ++i) {{
    int32_t sum = unseen_bias{place}[i];
    for (j = 0; j < {columns}; ++j) sum += (int32_t)unseen_weight{place}[i][j] * in[j];
    {rectify}out[i] = (int16_t)unseen_saturate(unseen_halve(sum, {shift}), 32767);
  }}
}}
"""

_BENCH = """\
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "{header}"

/* int32 rows from standard input, int64 scores to standard output; nanoseconds an event to standard error */
int main(int count, char **words) {{
  long events = count > 1 ? atol(words[1]) : 0, rounds = count > 2 ? atol(words[2]) : 1, n, r;
  int32_t *rows = malloc(sizeof(int32_t) * UNSEEN_INPUTS * (size_t)events);
  int64_t *scores = malloc(sizeof(int64_t) * (size_t)events);
  clock_t start;
  if (!rows || !scores) return 2;
  if (fread(rows, sizeof(int32_t) * UNSEEN_INPUTS, (size_t)events, stdin) != (size_t)events) return 3;
  start = clock();
  for (r = 0; r < rounds; ++r)
    for (n = 0; n < events; ++n) scores[n] = unseen_score(rows + n * UNSEEN_INPUTS);
  fprintf(stderr, "%.1f\\n", 1e9 * (double)(clock() - start) / CLOCKS_PER_SEC / (double)(events * rounds));
  if (fwrite(scores, sizeof(int64_t), (size_t)events, stdout) != (size_t)events) return 4;
  free(rows);
  free(scores);
  return 0;
}}
"""


def header(network: FixedNetwork, threshold: int, *, rate: float) -> str:
    """Return the header: `unseen_score(x)`, `unseen_alarm(x)`, and the macros that say what they take.

    Args:
        network: In integers.
        threshold: An alarm is a score above it.
        rate: False-alarm rate it stands for, for the comment.

    """
    widths = "-".join(str(width) for width in network.widths)
    steps = network.standardise
    constants = {
        "INPUT_BITS": steps.input_bits,
        "SCALED": SCALED,
        "LOG": LOG,
        "PIECES": PIECES,
        "LN2": LN2,
        "SOFT_AT": SOFT_AT,
        "MOST": MOST,
        "LEAST": f"({LEAST})",
    }
    parts = [
        f"""/* Written by unseen {unseen.__version__}: a {widths} network, fixed point, C99, no library.

   int64_t unseen_score(const int32_t x[{network.inputs}]): higher is stranger,
   {network.score_bits} fractional bits.
   int unseen_alarm(const int32_t x[{network.inputs}]): 1 where the score is above UNSEEN_THRESHOLD, which
   {rate:g} of background events are.

   Inputs are the features in the order of training, with {steps.input_bits} fractional bits.
   Activations have 16 bits, weights {network.weight_bits}, sums 32, which cannot overflow.
   Results are rounded half to even and saturated. */
#ifndef UNSEEN_MODEL_H
#define UNSEEN_MODEL_H
#include <stdint.h>

#define UNSEEN_INPUTS {network.inputs}
#define UNSEEN_INPUT_BITS {steps.input_bits}
#define UNSEEN_SCORE_BITS {network.score_bits}
#define UNSEEN_THRESHOLD INT64_C({threshold})
""",
        "\n".join(f"#define {name} {value}" for name, value in constants.items()),
        _table("int32_t", "unseen_log2", log_table()),
        _table("int32_t", "unseen_centre", steps.centre),
        _table("int32_t", "unseen_factor", steps.factor),
        _table("uint8_t", "unseen_shift", steps.shift),
        _table("uint8_t", "unseen_logarithmic", steps.logarithmic.astype(np.int64)),
        _ARITHMETIC,
        *(_layer(layer, place, network.weight_bits) for place, layer in enumerate(network.layers)),
        _score(network),
        "\n".join(f"#undef {name}" for name in constants),
        "#endif\n",
    ]
    return "\n".join(parts)


def bench(header_name: str) -> str:
    """Return a main program that scores rows from standard input and times them."""
    return _BENCH.format(header=header_name)


def _layer(layer: Layer, place: int, weight_bits: int) -> str:
    rows, columns = layer.weight.shape
    padded = np.pad(layer.weight, ((0, 0), (0, _padded(columns) - columns)))
    body = _LAYER.format(
        place=place,
        rows=rows,
        columns=padded.shape[1],
        shift=layer.shift,
        rectify="if (sum < 0) sum = 0;\n    " if layer.rectified else "",
    )
    return "\n".join(
        [
            _table(f"int{weight_bits}_t", f"unseen_weight{place}", padded),
            _table("int32_t", f"unseen_bias{place}", layer.bias),
            body,
        ]
    )


def _score(network: FixedNetwork) -> str:
    widths = network.widths
    buffers = ", ".join(f"a{place}[{_padded(width)}] = {{0}}" for place, width in enumerate(widths))
    calls = "\n".join(
        f"  unseen_layer{place}(a{place}, a{place + 1});" for place in range(len(network.layers))
    )
    last = len(network.layers)
    missed = f"(int64_t)a0[i] - a{last}[i]" if network.residual else f"a{last}[i]"
    return f"""static inline int64_t unseen_score(const int32_t *x) {{
  int16_t {buffers};
  int64_t score = 0;
  int i;
  for (i = 0; i < {widths[0]}; ++i) a0[i] = unseen_scale(x[i], i);
{calls}
  for (i = 0; i < {widths[-1]}; ++i) {{
    int64_t missed = {missed};
    score += missed * missed;
  }}
  return score;
}}

static inline int unseen_alarm(const int32_t *x) {{
  return unseen_score(x) > UNSEEN_THRESHOLD;
}}
"""


def _padded(width: int) -> int:
    """Width of a row with the zeros that let compilers take eight products at a time."""
    return -(-width // 8) * 8


def _table(kind: str, name: str, values: np.ndarray) -> str:
    """Write a constant array of one or two axes."""
    if values.ndim == 2:
        rows = ",\n  ".join("{" + ", ".join(str(int(v)) for v in row) + "}" for row in values)
        return f"static const {kind} {name}[{values.shape[0]}][{values.shape[1]}] = {{\n  {rows}}};"
    numbers = [str(int(v)) for v in values]
    lines = [", ".join(numbers[at : at + 12]) for at in range(0, len(numbers), 12)]
    joined = ",\n  ".join(lines)
    return f"static const {kind} {name}[{len(values)}] = {{\n  {joined}}};"
