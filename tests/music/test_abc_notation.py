"""Reading ABC: known answers, sign by sign, and text that means harm."""

from __future__ import annotations

import pytest

from unseen.music.abc_notation import read_tune, tunes
from unseen.music.melody import TICKS
from unseen.music.tokens import MOST_BARS, STEPS_A_BAR, refusal, tokens

HEAD = "X:1\nM:4/4\nL:1/8\nK:C\n"
EIGHTH = TICKS // 2

# name -> music, pitches, onsets in eighths
KNOWN = {
    "octaves": ("C,CcC'", [48, 60, 72, 72], [0, 1, 2, 3]),
    "lengths": ("C2D/E//F3/2G", [60, 62, 64, 65, 67], [0, 2, 2.5, 2.75, 4.25]),
    "broken": ("C>DE<F G>>A", [60, 62, 64, 65, 67, 69], [0, 1.5, 2, 2.5, 4, 5.75]),
    "rests": ("CzDz2E", [60, 62, 64], [0, 2, 5]),
    "triplet": ("(3CDE F", [60, 62, 64, 65], [0, 2 / 3, 4 / 3, 2]),
    "tie": ("C-C D-D|-D E", [60, 62, 64], [0, 2, 5]),
    "no tie between pitches": ("C-D", [60, 62], [0, 1]),
    "accidentals last a bar, in all octaves": ("^FFf|F=B_BB", [66, 66, 78, 65, 71, 70, 70], range(7)),
    "grace notes, words and ornaments": ('{AB}C "G7"!trill!D ~E .F', [60, 62, 64, 65], [0, 1, 2, 3]),
    "slurs": ("(CD)(E(FG))", [60, 62, 64, 65, 67], range(5)),
    "chord, its highest note": ("[CEG]2 D", [67, 62], [0, 2]),
    "repeats are not written out": ("|:CD:|[1 EF:|[2 GA|]", [60, 62, 64, 65, 67, 69], range(6)),
    "key within": ("F[K:D]F", [65, 66], [0, 1]),
    "unit within": ("C[L:1/16]DE", [60, 62, 64], [0, 1, 1.5]),
    "comment": ("C % D E F", [60], [0]),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known(name):
    music, pitches, eighths = KNOWN[name]
    tune = read_tune(HEAD + music + "\n", name=name, collection="")
    assert tune.pitches.tolist() == pitches
    assert tune.starts.tolist() == [round(place * EIGHTH) for place in eighths]


def test_an_upbeat_ends_at_the_first_bar_line():
    tune = read_tune(HEAD + "GA|CDEFGABc|c8|\n", name="", collection="")
    assert tune.first_bar == 2 * EIGHTH
    whole = read_tune(HEAD + "CDEFGABc|c8|\n", name="", collection="")
    assert whole.first_bar == 0


def test_the_first_voice_is_read():
    tune = read_tune(HEAD + "V:1\nCDEF|\nV:2\nGABc|\nV:1\nG4|\n", name="", collection="")
    assert tune.pitches.tolist() == [60, 62, 64, 65, 67]


def test_tunes_of_a_file_are_kept_apart():
    text = "% a book\nX:7\nT:a\nK:C\nCDE|\n\nX:8\nT:b\nK:F\nB2|\n"
    found = [
        (number, read_tune(tune, name="", collection="").pitches.tolist()) for number, tune in tunes(text)
    ]
    assert found == [("7", [60, 62, 64]), ("8", [70])]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "X:1",
        "X:1\nK:\n",
        HEAD + "C" * 30_000,
        HEAD + "C99999999999999999999D",
        HEAD + "Z999999999 C8",
        "X:1\nM:4/0\nL:1/0\nK:C\nCDEF|",
        "X:1\nM:4/4\nL:99999999999999/1\nK:C\nCDEFGABc|",
        HEAD + "(0CDE (9:9:9 [[[[ ]]]] >>>> <<<< |||| [K:",
        HEAD + "V:\nCDE",
        HEAD + "\x00\x01ÿÿÿ",
        HEAD + "!" * 5000 + '"' * 5001,
    ],
)
def test_any_text_is_a_tune_or_is_left_out(text):
    tune = read_tune(text, name="odd", collection="")
    assert len(tune.starts) == len(tune.pitches) <= 20_001
    assert refusal(tune) is not None or len(tokens(tune)) <= MOST_BARS * STEPS_A_BAR
