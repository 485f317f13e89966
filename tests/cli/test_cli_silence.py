"""A false-alarm rate that the held-out rows cannot vouch for is said wherever it matters."""

from pathlib import Path

from commandline import QUICK, Place, unseen

REASON = "a false-alarm rate of 1e-05 needs 99,999 held-out normal rows, and the model has "


def test_a_rate_too_small_for_the_rows_is_said_at_fit_score_and_evaluate(place: Place, tmp_path: Path):
    model = tmp_path / "model"
    told = ("--label", "kind", "--normal", "ok", "--known", "DoS")
    fitted = unseen("fit", place.flows, *told, "--false-alarms", "0.00001", "--out", model, *QUICK)
    assert "\nalarm     never: " + REASON in fitted.out
    for command in ("score", "evaluate"):
        ran = unseen(command, model, place.flows)
        assert ran.code == 0
        assert f"note: no alarm is ever raised: {REASON}" in ran.err, command


def test_the_rest_of_the_features_is_counted_in_good_english(place: Place):
    two = unseen("explain", place.model, place.flows, "--rows", "3", "--features", "1").out
    one = unseen("explain", place.model, place.flows, "--rows", "3", "--features", "2").out
    assert ("2 others" in two, "1 other " in one) == (True, True)
