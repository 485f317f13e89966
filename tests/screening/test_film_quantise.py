"""The film network as ONNX: it says the same, in 8 bits too, and is small."""

import numpy as np
import pytest
from made_films import made_films

from unseen.errors import DataError
from unseen.screening.network import FilmDesign, read_films
from unseen.screening.quantise import Agreement, agreement, run, written
from unseen.screening.training import FilmPlan, train_films

TensorProto = pytest.importorskip("onnx").TensorProto
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

DESIGN = FilmDesign(stages=((8,), (12,), (16,)), members=2)


@pytest.fixture(scope="module")
def network():
    plan = FilmPlan(design=DESIGN, epochs=14, batch=32, rate=2e-2, average=0.9)
    return train_films(*made_films(192), validation=made_films(60, seed=1), settings=plan, seed=0)


@pytest.fixture(scope="module")
def eight(network):
    return written(network, made_films(192)[0], made_films(240, seed=2))


def test_eight_bits_agree_and_are_smaller_than_the_weights_in_single_precision(network, eight):
    assert eight.precision.startswith("int8")
    assert eight.agreement.fault() is None
    assert eight.bytes == len(eight.model.SerializeToString()) < 4 * network.weights + 4000
    kinds = [node.op_type for node in eight.model.graph.node]
    assert kinds.count("Conv") == 8  # of layers and heads, each once though both sides of a film are read
    assert kinds.count("BatchNormalization") == 0
    integers = [entry for entry in eight.model.graph.initializer if entry.data_type == TensorProto.UINT8]
    weights = sum(int(np.prod(entry.dims)) for entry in integers)
    assert weights >= 2 * (8 * 12 + 12 * 16) * 9  # each layer once, though both sides of a film are read


def test_the_graph_is_compared_as_it_runs(network, eight):
    films, labels = made_films(240, seed=2)
    logit, cam = run(eight.model, network, films)
    assert logit.dtype == cam.dtype == np.float32
    assert cam.shape == (240, 3, 3)
    assert agreement(read_films(network, films), (logit, cam), labels) == eight.agreement


def test_films_of_noise_agree_as_well(network, eight):
    noise = np.random.default_rng(0).random((200, 28, 28), dtype=np.float32)
    own, other = read_films(network, noise), run(eight.model, network, noise)
    found = agreement(own, other, np.arange(200) % 2)
    assert found.most < 0.1
    assert found.correlation > 0.97


def test_where_eight_bits_say_something_else_single_precision_is_kept(network, monkeypatch):
    films, labels = made_films(100, seed=4)
    # ranges read off black films cut everything brighter
    kept = written(network, np.zeros((64, 28, 28), dtype=np.uint8), (films, labels))
    assert kept.precision == "fp32"
    assert kept.agreement.most < 1e-5
    assert kept.agreement.correlation > 0.999999


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (Agreement(0.0021, 0.0, 0.0, 1.0), "AUC differs by 0.0021"),
        (Agreement(0.0, 0.051, 0.0, 1.0), "probability differs by 0.051"),
        (Agreement(0.0, 0.0, 0.011, 1.0), "1.10% of the decisions"),
        (Agreement(0.0, 0.0, 0.0, 0.989), "correlate by 0.9890"),
        (Agreement(0.002, 0.05, 0.01, 0.99), None),
    ],
)
def test_each_limit_is_named(found, says):
    assert found.fault() is None if says is None else says in found.fault()


def test_agreement_by_hand():
    own = np.array([-1.0, 0.1, 1.0, 2.0]), np.arange(16.0).reshape(4, 2, 2)
    other = np.array([-1.0, -0.1, 1.0, 0.5]), -own[1]
    found = agreement(own, other, [0, 1, 0, 1])
    assert found.auc_loss == pytest.approx(0.75 - 0.5)
    assert found.most == pytest.approx(1 / (1 + np.exp(-2)) - 1 / (1 + np.exp(-0.5)))
    assert found.changed == 0.25
    assert found.correlation == pytest.approx(-1.0)


def test_agreement_refuses_what_does_not_fit():
    own = np.zeros(3), np.zeros((3, 2, 2))
    with pytest.raises(DataError, match="labels came"):
        agreement(own, own, [0, 1])
    with pytest.raises(DataError):
        agreement(own, own, [0, 0, 0])
