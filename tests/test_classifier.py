"""The aware classifier with named classes: what it learns, what it says, what it refuses."""

import copy
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

import unseen
from unseen import AwareClassifier, Classifier
from unseen.class_scores import TopProbability, Uniformity, Window
from unseen.detectors.class_labels import Grouping
from unseen.errors import ConfigError, DataError, ModelFileError
from unseen.models.network import Convolution, Dense
from unseen.objectives import Uniform
from unseen.persist import read_model, write_model
from unseen.seeds import generator, seeded
from unseen.training.classes import accuracy, become_unsure, learn_classes
from unseen.training.loop import Plan
from unseen.training.stages import GuardWarning

LEARN = Plan(steps=150, rate=5e-3, batch=64, check_every=25)
SMALL = Classifier(Dense((16,)))
NAMES = np.array(["bee", "ant", "cat"])


def draw(n, strength=4.0, off=0.0, seed=0):
    """Rows of three classes, each strong in a direction of its own, and their names."""
    random = np.random.default_rng(seed)
    place = random.integers(0, 3, n)
    x = 0.45 * random.normal(size=(n, 6))
    x[np.arange(n), place] += strength
    x[:, 3] += off
    return x, NAMES[place]


X, CLASSES = draw(500)
FRESH, TRUTH = draw(600, seed=1)
KNOWN = draw(24, 2.4, 1.0, seed=2)[0]
FAR = np.tile([4 / 3, 4 / 3, 4 / 3, 0, 0, 0], (3, 1)) + 0.02 * np.random.default_rng(3).normal(size=(3, 6))


def make(**changed):
    return AwareClassifier(**{"model": SMALL, "learn": LEARN, "tune": LEARN, "seed": 5, **changed})


@pytest.fixture(scope="module")
def fitted():
    return make().fit(X, classes=CLASSES)


@pytest.fixture(scope="module")
def told(fitted):
    return copy.deepcopy(fitted).fine_tune(KNOWN, kinds=["moth"] * 24)


# ------------------------------------------------------------------------------------------- classes


def test_classes_are_told_apart_and_named(fitted, told):
    for detector in (fitted, told):
        assert detector.classes_.tolist() == ["ant", "bee", "cat"]
        assert (detector.predict_class(FRESH) == TRUTH).mean() > 0.98
        p = detector.predict_proba(FRESH)
        assert p.shape == (600, 3)
        assert p.sum(1) == pytest.approx(np.ones(600), abs=1e-6)
        assert (detector.classes_[p.argmax(1)] == detector.predict_class(FRESH)).all()


def test_accuracy_is_that_of_held_out_rows_before_and_after(fitted, told):
    assert fitted.accuracy_.before > 0.98
    assert fitted.accuracy_.after is None
    assert told.accuracy_.before == fitted.accuracy_.before
    assert told.accuracy_.after > 0.97


def test_names_and_integers_are_the_same_classes():
    codes = np.searchsorted(np.unique(NAMES), CLASSES)
    by_name, by_code = make().fit(X, classes=CLASSES), make().fit(X, classes=codes + 7)
    assert by_code.classes_.tolist() == [7, 8, 9]
    assert np.array_equal(by_name.anomaly_score(FRESH), by_code.anomaly_score(FRESH))
    floats = make().fit(X, classes=list(codes.astype(float)))
    assert floats.classes_.tolist() == [0, 1, 2]


def test_classes_of_known_anomalies_are_not_looked_at():
    both, y = np.concatenate([X, KNOWN]), np.repeat([0, 1], [500, 24])
    found = [
        make().fit(both, y, classes=[*CLASSES, *other]).anomaly_score(FRESH)
        for other in (["ant"] * 24, [None] * 24, [float("nan")] * 24, [3] * 24)
    ]
    assert all(np.array_equal(found[0], one) for one in found)


def test_known_anomalies_become_rows_of_no_class(fitted, told):
    kind = draw(300, 2.4, 1.0, seed=4)[0]
    before, after = (detector.predict_proba(kind).max(1).mean() for detector in (fitted, told))
    assert after < before - 0.05
    assert told.known_kinds_ == {"moth": 24}


def test_rows_between_all_classes_are_caught(fitted, told):
    for detector in (fitted, told):
        assert detector.alarms(FAR).all()
        assert detector.anomaly_score(FAR).min() > detector.anomaly_score(FRESH).max()
        assert detector.predict_proba(FAR).max() < 0.6


def test_a_far_kind_that_stage_1_is_sure_of_is_caught_once_it_is_told():
    """The limit of a classifier, and what telling does about it: +6 where no class ever was."""
    random = np.random.default_rng(6)
    planted = draw(60, seed=7)[0] + 6.0 * np.eye(6)[4] + 0.1 * random.normal(size=(60, 6))
    detector = make(tune=Plan(steps=300, rate=3e-3, batch=64)).fit(X, classes=CLASSES)
    unaided = detector.alarms(planted).mean()
    detector.fine_tune(planted[:20])
    assert unaided < 0.7
    assert detector.alarms(planted[20:]).mean() > 0.95
    assert (detector.anomaly_score(planted) >= detector.stage1_score(planted)).all()


def test_a_smoothed_classifier_is_as_sure_as_its_targets():
    """Where classes lie apart, cross entropy with (1 - s) on the class and s / k on each is least there."""
    detector = make(smoothing=0.3, learn=Plan(steps=600, rate=5e-3, batch=64)).fit(X, classes=CLASSES)
    sure = detector.predict_proba(FRESH).max(1)
    assert np.median(sure) == pytest.approx(0.7 + 0.1, abs=0.02)
    assert (detector.predict_class(FRESH) == TRUTH).mean() > 0.98


def test_without_classes_rows_are_grouped_with_a_warning():
    with pytest.warns(GuardWarning, match="no classes came, so the normal rows are grouped into 3"):
        detector = make().fit(X)
    assert detector.classes_.tolist() == [0, 1, 2]
    for name in NAMES:  # the groups are the classes, but for their names
        own = detector.predict_class(FRESH[name == TRUTH])
        assert (own == np.bincount(own).argmax()).mean() > 0.98
    with pytest.warns(GuardWarning):
        assert len(make(groups=5).fit(X).classes_) == 5


def test_groups_are_those_of_the_nearest_centre():
    rows = torch.tensor([[0.0], [0.1], [5.0], [5.1]])
    grouping = Grouping.fit(rows, 2, seed=0)
    assert sorted(grouping.centres.ravel().tolist()) == pytest.approx([0.05, 5.05])
    codes = grouping.codes(torch.tensor([[-1.0], [2.4], [2.7], [99.0]]))
    assert codes[0] == codes[1] != codes[2] == codes[3]
    assert len(Grouping.fit(torch.tensor([[1.0], [1.0], [2.0]]), 3, seed=0).centres) == 2
    with pytest.raises(DataError, match="all normal rows are equal"):
        Grouping.fit(torch.ones(9, 2), 3, seed=0)


# -------------------------------------------------------------------------------------------- scores


@pytest.mark.parametrize("score", [TopProbability(), Window(), Uniformity()], ids=repr)
def test_the_score_may_be_changed_without_training(told, score):
    changed = copy.deepcopy(told).set_row_score(score)
    again = make(row_score=score).fit(X, classes=CLASSES).fine_tune(KNOWN, kinds=["moth"] * 24)
    for name in ("anomaly_score", "stage1_score", "stage2_score", "p_values"):
        assert np.array_equal(getattr(changed, name)(FRESH), getattr(again, name)(FRESH)), name


def test_the_raw_score_is_that_of_the_logits(fitted):
    p = fitted.predict_proba(FRESH)
    found = fitted.class_score(FRESH)
    assert found == pytest.approx(np.log(p).mean(1), rel=1e-4)
    spread = fitted.member_score(FRESH, "classes")
    assert spread == pytest.approx(-np.log(-np.log(3) - found), rel=1e-4)
    assert (np.argsort(spread) == np.argsort(found)).all()


def test_the_published_score_orders_rows_as_each_stage_does(fitted, told):
    assert (np.argsort(fitted.class_score(FRESH)) == np.argsort(fitted.stage1_score(FRESH))).all()
    assert (np.argsort(told.class_score(FRESH)) == np.argsort(told.stage2_score(FRESH))).all()


def test_zero_weight_is_the_zero_label_control(fitted):
    """With lambda 0 known rows pull at nothing: what is left is longer training, as without labels."""
    idle = copy.deepcopy(fitted).set_params(awareness=Uniform(0.0)).fine_tune(KNOWN)
    aware = copy.deepcopy(fitted).fine_tune(KNOWN)
    kind = draw(300, 2.4, 1.0, seed=4)[0]
    sure = [d.predict_proba(kind).max(1).mean() for d in (fitted, idle, aware)]
    assert sure[1] > sure[0] - 0.02
    assert sure[2] < sure[0] - 0.05


@pytest.mark.parametrize("members", [1, 2])
def test_parts_are_integrated_gradients_of_the_score(members):
    detector = make(members=members).fit(X, classes=CLASSES)
    reading, x = detector.stage1_[0].reader, detector._tensor(FRESH[:40])
    signed = reading.attributed(x)
    rise = reading.published(x) - reading.published(torch.zeros(40, 6))
    assert signed.sum(1).numpy() == pytest.approx(rise, abs=0.15)
    assert np.array_equal(reading.parts(x)[:, 0] >= 0, np.ones(40, bool))
    assert reading.parts(x) == pytest.approx(signed.abs().double().numpy(), rel=1e-4, abs=1e-5)


def test_a_feature_the_classifier_does_not_use_has_no_part():
    with seeded(0):
        network = Classifier(Dense(())).build((3,), 2)
    with torch.no_grad():
        network[1].weight[:, 1] = 0.0
    from unseen.detectors.classifying import Classifying

    parts = Classifying((network,), Uniformity()).parts(torch.randn(9, 3))
    assert (parts[:, 1] == 0).all()
    assert (parts[:, [0, 2]] > 0).all()


# ------------------------------------------------------------------------------------------ training


def tensors(n=400, seed=0):
    rows, names = draw(n, seed=seed)
    return torch.from_numpy(rows).float(), torch.from_numpy(np.searchsorted(np.unique(NAMES), names))


def stage_1(plan=LEARN):
    with seeded(1):
        network = SMALL.build((6,), 3)
    trace = learn_classes(network, *tensors(), *tensors(100, 1), plan=plan, seed=1)
    return network, trace


def stage_2(network, known, plan=LEARN, awareness=None):
    awareness = awareness or Uniform()
    known = torch.from_numpy(known).float()
    return become_unsure(network, *tensors(), known, *tensors(100, 1), awareness=awareness, plan=plan, seed=1)


def test_stage_1_keeps_the_best_held_out_state():
    network, trace = stage_1()
    rows, classes = tensors(100, 1)
    with torch.no_grad():
        loss = nn.functional.cross_entropy(network(rows), classes)
    assert loss.item() == pytest.approx(min(trace.normal), rel=1e-5)
    assert trace.normal[-1] < 0.1
    assert accuracy(network, rows, classes) > 0.97


def test_stage_2_is_stopped_where_classes_are_forgotten():
    network, _ = stage_1()
    before = copy.deepcopy(network)
    rows = tensors(400)[0].numpy()
    with pytest.warns(GuardWarning, match=r"stage 2 stopped at step \d+: .* put in their class, .* before"):
        # normal rows told as anomalies, a hundred times as heavy: no class is left
        stage_2(network, rows, Plan(300, 5e-2, 64, check_every=5), Uniform(100.0))
    held, classes = tensors(100, 1)
    assert accuracy(network, held, classes) >= accuracy(before, held, classes) - 0.05


def test_a_fall_of_accuracy_is_reported():
    rows = np.concatenate([X, X[CLASSES == "cat"]])
    y = np.repeat([0, 1], [500, (CLASSES == "cat").sum()])
    detector = make(awareness=Uniform(30.0), tune=Plan(60, 2e-2, 64, check_every=2))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        detector.fit(rows, y, classes=[*CLASSES, *["cat"] * (y == 1).sum()])
    fell = detector.accuracy_.before - detector.accuracy_.after > 0.01
    said = any("lowered the accuracy on held-out normal rows" in str(one.message) for one in seen)
    assert fell == said
    assert any(issubclass(one.category, GuardWarning) for one in seen)


def test_classes_that_cannot_be_told_apart_are_reported():
    with pytest.warns(GuardWarning, match=r"stage 1 puts .* no more than the largest class has"):
        make().fit(X, classes=np.random.default_rng(0).choice(["a", "b"], 500, p=[0.8, 0.2]))


@dataclass(frozen=True)
class Dropping:
    """A backbone of one's own, with layers that draw numbers and layers that look at the batch."""

    def build(self, shape, classes):
        return nn.Sequential(
            nn.Linear(shape[0], 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.2), nn.Linear(12, classes)
        )


def test_any_backbone_learns_repeats_and_leaves_the_random_state(tmp_path):
    state = torch.random.get_rng_state()
    one, other = (make(model=Dropping()).fit(X, classes=CLASSES).fine_tune(KNOWN) for _ in range(2))
    assert bool((torch.random.get_rng_state() == state).all())
    assert np.array_equal(one.anomaly_score(FRESH), other.anomaly_score(FRESH))
    assert (one.predict_class(FRESH) == TRUTH).mean() > 0.95
    assert one.anomaly_score(FRESH[:3]) == pytest.approx(one.anomaly_score(FRESH)[:3], abs=1e-4)
    with pytest.raises(ConfigError, match=r"Dropping.. cannot be written to a model file; use a component"):
        unseen.save(one, tmp_path / "m")


# ------------------------------------------------------------------------------------------- storage


def test_a_model_file_keeps_classes_and_accuracy(told, tmp_path):
    unseen.save(told, tmp_path / "m.unseen")
    loaded = unseen.load(tmp_path / "m.unseen")
    assert loaded.classes_.tolist() == told.classes_.tolist()
    assert loaded.accuracy_ == told.accuracy_
    assert np.array_equal(loaded.predict_class(FRESH), told.predict_class(FRESH))
    assert np.array_equal(loaded.predict_proba(FRESH), told.predict_proba(FRESH))
    with pytest.raises(DataError, match="loaded from a file"):
        loaded.set_row_score(Window())


def changed(*place, value):
    def change(document):
        for key in place[:-1]:
            document = document[key]
        document[place[-1]] = value

    return change


HOSTILE = {
    "classes are a word": changed("classes", value="abc"),
    "one class": changed("classes", value=["ant"]),
    "no class": changed("classes", value=[]),
    "equal classes": changed("classes", value=["ant", "ant", "cat"]),
    "classes of two types": changed("classes", value=["ant", 1]),
    "classes are truths": changed("classes", value=[False, True]),
    "more classes than weights": changed("classes", value=["ant", "bee", "cat", "dog"]),
    "a million classes": changed("classes", value=list(range(100_000))),
    "accuracy is a word": changed("accuracy", value="good"),
    "accuracy before is null": changed("accuracy", "before", value=None),
    "model of another kind": changed("settings", "model", value={"type": "VAE"}),
    "model is a loss": changed("settings", "model", value={"type": "Uniform"}),
    "score of a reconstruction": changed("settings", "row_score", value={"type": "Reconstruction"}),
    "loss of a reconstruction": changed("settings", "awareness", value={"type": "Abc"}),
    "reader of another kind": changed("stage1", 0, "reader", value="reconstructing"),
    "10^12 networks": changed("stage1", 0, "networks", value=10**12),
    "no networks": changed("stage2", 0, "networks", value=0),
    "groups of one": changed("settings", "groups", value=1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_files_that_mean_harm_are_refused_on_one_line(name, told, tmp_path):
    unseen.save(told, tmp_path / "sound")
    file = read_model(tmp_path / "sound")
    document = copy.deepcopy(dict(file.document))
    HOSTILE[name](document)
    write_model(tmp_path / "m", document=document, arrays=file.arrays, kind="AwareClassifier")
    with pytest.raises(ModelFileError) as refused:
        unseen.load(tmp_path / "m")
    assert str(refused.value).startswith(f"{tmp_path / 'm'}: ")
    assert "\n" not in str(refused.value)


# ------------------------------------------------------------------------------------------- refusals


REFUSED = [
    ({"classes": ["ant"] * 500}, r"the normal rows are of 1 class \('ant'\); a classifier needs 2 or more"),
    ({"classes": CLASSES[:-1]}, r"classes have shape \(499,\); accepted: one class a row, shape \(500,\)"),
    (
        {"classes": [*CLASSES[:-1], None]},
        "the class of row 499 is None; accepted: a name for each normal row",
    ),
    ({"classes": [0.5] * 500}, "the class of row 0 is 0.5; accepted"),
    ({"classes": [float("nan")] * 500}, "the class of row 0 is nan; accepted"),
    ({"classes": ["ant"] * 499 + [3]}, "the class of row 499 is 3; accepted"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED, ids=lambda case: str(case)[:30])
def test_classes_that_are_not_are_refused(given, message):
    with pytest.raises(DataError, match=message) as refused:
        make().fit(X, **given)
    assert "\n" not in str(refused.value)


def test_a_class_that_is_held_out_whole_is_refused():
    rare = np.array(CLASSES, dtype=object)
    # the row to be held out: the first of the permutation that sets rows apart
    rare[generator(5, 3).permutation(500)[0]] = "rare"
    with pytest.raises(DataError, match="class 'rare' has 1 normal rows, and none is left to learn from"):
        make().fit(X, classes=rare)


def test_settings_out_of_range_are_refused():
    for settings, message in [
        ({"groups": 1}, "groups 1 came; accepted: 2 or more"),
        ({"smoothing": 1.0}, r"smoothing 1\.0 came; accepted: at least 0 and below 1"),
        ({"model": unseen.VAE()}, r"model VAE\(.* came; accepted: Classifier"),
        ({"model": "dense"}, "model 'dense' came; accepted: Classifier"),
    ]:
        with pytest.raises(ConfigError, match=message):
            make(**settings).fit(X, classes=CLASSES)


@dataclass(frozen=True)
class Narrow:
    """Gives one number a row, whatever the classes."""

    def build(self, shape, classes):
        return nn.Linear(shape[0], 1)


def test_a_backbone_of_another_width_is_refused():
    with pytest.raises(ConfigError, match=r"shape \(2, 1\); accepted: one logit for each of the 3 classes"):
        make(model=Narrow()).fit(X, classes=CLASSES)


def test_normal_rows_of_fine_tune_need_their_classes(fitted):
    detector, y = copy.deepcopy(fitted), np.repeat([0, 1], [500, 24])
    both = np.concatenate([X, KNOWN])
    with pytest.raises(ConfigError, match=r"normal rows .* came without their classes; pass classes="):
        detector.fine_tune(both, y)
    with pytest.raises(DataError, match="class 'dog' is not one that was learned; accepted: ant, bee, cat"):
        detector.fine_tune(both, y, classes=["dog"] * 524)
    assert detector.fine_tune(both, y, classes=[*CLASSES, *[""] * 24]).known_kinds_ == {"known": 24}


def test_images_are_read_by_convolutions():
    random = np.random.default_rng(0)
    place = random.integers(0, 2, 300)
    pictures = 0.1 * random.random((300, 1, 8, 8))
    pictures[place == 0, :, :, :4] += 0.8
    pictures[place == 1, :, :, 4:] += 0.8
    detector = make(model=Classifier(Convolution((4,))), image_shape=(1, 8, 8)).fit(pictures, classes=place)
    assert (detector.predict_class(pictures) == place).mean() > 0.98
    assert detector.contributions(pictures[:2]).values.shape == (2, 64)


# ------------------------------------------------------------------------------------------- weights


def test_equal_weights_of_named_classes_are_no_weights_bit_for_bit():
    both, y = np.concatenate([X, KNOWN]), np.repeat([0, 1], [500, 24])
    classes = [*CLASSES, *[None] * 24]
    plain = make().fit(both, y, classes=classes)
    weighted = make().fit(both, y, classes=classes, sample_weight=np.full(524, 0.3))
    assert np.array_equal(plain.anomaly_score(FRESH), weighted.anomaly_score(FRESH))
    assert plain.accuracy_ == weighted.accuracy_


def test_rows_of_no_weight_might_as_well_not_be_there_nor_their_classes():
    wrong = np.roll(NAMES, 1)[np.searchsorted(np.sort(NAMES), CLASSES)]
    both, y = np.concatenate([X[:200], X, KNOWN, X[:30]]), np.repeat([0, 0, 1, 1], [200, 500, 24, 30])
    classes = [*wrong[:200], *CLASSES, *[None] * 54]
    weights = np.repeat([0.0, 1.0, 1.0, 0.0], [200, 500, 24, 30])
    found = make().fit(both, y, classes=classes, kinds=["moth"] * 754, sample_weight=weights)
    only = make().fit(
        *without(both, y, weights), classes=[c for c, w in zip(classes, weights, strict=True) if w]
    )
    assert np.array_equal(found.anomaly_score(FRESH), only.anomaly_score(FRESH))
    assert found.known_kinds_ == {"moth": 24}


def without(rows, y, weights):
    return rows[weights > 0], y[weights > 0]


def test_the_heavier_class_is_preferred_where_two_overlap():
    """Two classes of one shape, two spreads apart: weight moves the border towards the lighter one."""
    random = np.random.default_rng(8)
    classes = np.repeat(["left", "right"], 1000)
    rows = random.normal(size=(2000, 2)) + np.where(classes == "left", -1.0, 1.0)[:, None] * [1, 0]
    heavy = np.where(classes == "left", 9.0, 1.0)
    equal, uneven = (make().fit(rows, classes=classes, sample_weight=weight) for weight in (None, heavy))
    middle = np.zeros((1, 2))
    assert equal.predict_proba(middle)[0, 0] == pytest.approx(0.5, abs=0.1)
    # Bayes: the ratio of the weights is that of the probabilities where the densities are equal
    assert uneven.predict_proba(middle)[0, 0] == pytest.approx(0.9, abs=0.06)
    assert uneven.accuracy_.before > equal.accuracy_.before + 0.05


def test_a_heavier_known_kind_is_what_stage_2_listens_to():
    """Two kinds to be unsure of, one of almost all the weight: unsure of that one, less of the other."""
    kinds = [draw(40, 4.0, seed=9)[0] + 5.0 * np.eye(6)[place] for place in (4, 5)]
    known, weights = np.concatenate(kinds), np.repeat([1.0, 1e-3], 40)
    sure = [
        make(tune=Plan(steps=300, rate=3e-3, batch=64))
        .fit(X, classes=CLASSES)
        .fine_tune(known, sample_weight=weight)
        .predict_proba(kinds[1])
        .max(1)
        .mean()
        for weight in (None, weights)
    ]
    assert sure[1] > sure[0] + 0.1
