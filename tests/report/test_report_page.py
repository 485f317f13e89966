"""The page: self-contained, escaped, repeatable, complete; what is absent leaves no trace."""

import base64
import csv
import dataclasses
import io
import re
import subprocess
import sys
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pytest
from report_examples import HOSTILE, build

from unseen.errors import DataError, MissingExtraError
from unseen.evaluation import Estimate, GainMatrix, evaluate
from unseen.report import (
    BudgetCurve,
    Content,
    Latent,
    Page,
    Picture,
    Provenance,
    Scored,
    Section,
    Sound,
    TopAnomaly,
    Trace,
    render,
    render_page,
    write_report,
)

KNOWN_TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "nav",
        "a",
        "main",
        "section",
        "div",
        "figure",
        "figcaption",
        "svg",
        "defs",
        "g",
        "path",
        "use",
        "text",
        "tspan",
        "clippath",
        "rect",
        "image",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "small",
        "span",
        "strong",
        "dl",
        "dt",
        "dd",
        "code",
        "footer",
    ]
)


class Shown(HTMLParser):
    """Tags, attributes and shown text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.words, self._inside = set(), [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, key, value or "") for key, value in attrs]
        self._inside.append(tag)

    def handle_data(self, data):
        if self._inside and self._inside[-1] != "style":
            self.words.append(data)

    def values(self, *names):
        return [value for _, key, value in self.attributes if key in names]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def html(content):
    return render(content)


@pytest.fixture(scope="module")
def hostile_html(hostile):
    return render(hostile)


@pytest.fixture(scope="module")
def page(html):
    return Shown(html)


@pytest.fixture(scope="module")
def hostile_page(hostile_html):
    return Shown(hostile_html)


@pytest.fixture(params=["page", "hostile_page"])
def any_page(request):
    return request.getfixturevalue(request.param)


def test_nothing_is_fetched_and_nothing_runs(any_page):
    assert any_page.tags <= KNOWN_TAGS
    links = any_page.values("href", "src", "xlink:href", "action", "srcset")
    assert len(links) > 20
    assert not [link for link in links if not link.startswith(("#", "data:text/csv", "data:image/png"))]
    assert not [key for _, key, _ in any_page.attributes if key.startswith("on")]
    policy = next(value for value in any_page.values("content") if "default-src" in value)
    assert policy.startswith("default-src 'none'")


def test_ids_are_unique_and_every_reference_has_its_target(any_page):
    ids = any_page.values("id")
    assert len(ids) == len(set(ids)) > 100
    targets = {link[1:] for link in any_page.values("href", "xlink:href") if link.startswith("#")}
    for value in any_page.values("style", "clip-path"):
        targets |= set(re.findall(r"url\(#([^)]+)\)", value))
    assert targets <= set(ids)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_they_are(hostile_page, name):
    shown = re.sub(r"[\x00-\x08\x0e-\x1f\ud800-\udfff\u202e]", "�", name)
    assert " ".join(shown.split()) in hostile_page.text


def test_no_control_characters_reach_the_file(hostile_html):
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", hostile_html)


def test_the_same_content_gives_the_same_page_and_leaves_the_callers_settings(content, html):
    before = dict(mpl.rcParams)
    assert render(content) == html
    assert dict(mpl.rcParams) == before


def test_every_section_is_linked_and_every_figure_read_and_backed(page):
    assert {link[1:] for link in page.values("href") if link.startswith("#")} == {
        "kinds", "rows", "mass", "telling", "strangest", "model", "provenance",
    }  # fmt: skip
    names = {value for tag, key, value in page.attributes if tag == "a" and key == "download"}
    assert names == {
        f"{n}.csv"
        for n in [
            "dots-auc",
            "dots-tpr-1e2",
            "roc-log",
            "roc",
            "sic",
            "scores",
            "gains",
            "budget",
            "calibration",
            "why",
            "images",
            "latent",
            "trace",
            "spectrum",
            "deciles",
            "bump",
        ]
    }
    assert len(page.values("aria-label")) == len(names) + 1  # and the contents


def _csv(page, name):
    """Rows behind a figure."""
    links = [v for t, k, v in page.attributes if t == "a" and k in ("href", "download")]
    link = links[links.index(f"{name}.csv") - 1]
    return list(csv.DictReader(io.StringIO(base64.b64decode(link.partition("base64,")[2]).decode())))


def test_the_data_behind_a_figure_are_the_numbers_of_the_evaluation(page, content):
    rows = {(r["score"], r["kind"]): r for r in _csv(page, "dots-auc")}
    for scored in content.scores:
        for k in scored.evaluation.kinds:
            row = rows[scored.name, k.kind]
            assert float(row["auc"]) == pytest.approx(k.measures.auc.value)
            assert float(row["auc_low"]) == pytest.approx(k.measures.auc.low)
    shares = [float(r["share"]) for r in _csv(page, "scores") if r["kind"] == "dos"]
    assert sum(shares) == pytest.approx(1)


def test_a_spreadsheet_runs_nothing_of_the_data(hostile_page):
    cells = [cell for row in _csv(hostile_page, "roc") for cell in row.values()]
    assert not [
        cell
        for cell in cells
        if cell[:1] in "=+@" or (cell[:1] == "-" and not re.fullmatch(r"-[\d.e-]+", cell))
    ]


def test_the_headline_numbers_are_those_of_the_evaluation(page, content):
    for mean in (content.main.evaluation.unseen, content.main.evaluation.told):
        assert str(mean.auc).partition(" [")[0] in page.text


def test_a_fall_below_the_reference_is_said_on_top(page, content):
    before = {k.kind: k.measures.auc.value for k in content.scores[1].evaluation.kinds}
    fallen = [k for k in content.main.evaluation.kinds if before[k.kind] - k.measures.auc.value > 0.001]
    assert fallen
    for k in fallen:
        fall = before[k.kind] - k.measures.auc.value
        assert f"kind “{k.kind}” falls below stage 1 by {fall:.3f}" in page.text


def test_what_is_absent_leaves_no_section():
    bare = Content("t", "s", Provenance("d", 5, 0), (Scored("stage 1", np.arange(5.0)),))
    page = Shown(render(bare))
    assert [link for link in page.values("href") if link.startswith("#")] == ["#rows", "#provenance"]


EDGES = {
    "constant scores": {"scores": (Scored.judge("s", [1.0] * 40, ["n"] * 20 + ["a"] * 20, normal="n"),)},
    "infinite scores": {
        "scores": (Scored.judge("s", [1.0] * 150 + [np.inf] * 20, [0] * 160 + [1] * 10, normal=0),)
    },
    "one row a kind": {"scores": (Scored.judge("s", [1.0, 2.0, 3.0], ["n", "a", "b"], normal="n"),)},
    "everything told": {"scores": (Scored.judge("s", [1.0, 2.0], ["n", "a"], normal="n", told=["a"]),)},
    "decades of scores": {
        "scores": (Scored.judge("s", np.geomspace(1e-3, 1e9, 40), [0] * 30 + [1] * 10, normal=0),)
    },
    "negative scores": {
        "scores": (Scored.judge("s", -np.geomspace(1e-3, 1e9, 40), [0] * 30 + [1] * 10, normal=0),)
    },
    "one p-value": {"p_values": np.array([0.5])},
    "p-values all one": {"p_values": np.ones(50)},
    "no latent unit alive": {"latent": Latent(np.zeros(3), np.ones(3, dtype=bool))},
    "sixty latent units": {"latent": Latent(np.arange(60.0), np.arange(60) < 9)},
    "trace without known": {"trace": Trace(np.arange(5.0), np.ones(5))},
    "trace of zeros": {"trace": Trace(np.arange(5.0), np.zeros(5), np.full(5, np.nan), np.ones(5))},
    "gains not run": {"gains": GainMatrix(("a",), ("a", "b"), np.full((1, 2), np.nan))},
    "one label count": {"budget": (BudgetCurve("x", True, ((10, Estimate(0.5)),)),)},
    "no contributions": {"top": (TopAnomaly(1, 2.0, ()),)},
}


@pytest.mark.parametrize("change", EDGES.values(), ids=EDGES)
def test_odd_content_still_makes_a_page(change):
    plain = Content("t", "s", Provenance("d", 5, 0), (Scored("stage 1", np.arange(5.0)),))
    page = Shown(render(dataclasses.replace(plain, **change)))
    assert page.tags <= KNOWN_TAGS
    assert "nan" not in page.text.replace("provenance", "")


def test_a_big_report_stays_small():
    rng = np.random.default_rng(0)
    kinds = ["n"] * 40_000 + [f"kind {i}" for i in range(20) for _ in range(500)]
    scores = rng.gamma(2, 1, len(kinds))
    found = evaluate(scores, kinds, normal="n", seed=0, resamples=3)
    rows = {f"kind {i}": scores[40_000 + 500 * i :][:500] for i in range(20)}
    judged = Scored("s", scores[:40_000], rows, found)
    full = dataclasses.replace(
        build(["a", "b"], "x"), scores=(judged,), reference=None, p_values=rng.random(50_000)
    )
    page = render(full)
    assert len(page.encode()) < 2_000_000
    assert page.count("Shown: the 12 kinds hardest to rank.") == 4


def test_the_file_is_whole_or_not_there(content, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("the old one")
    monkeypatch.setattr("unseen.report.document.render_page", lambda page: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(content, path)
    assert path.read_text() == "the old one"
    monkeypatch.undo()
    assert write_report(content, path) == path
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("module", ["matplotlib", "jinja2"])
def test_a_missing_extra_is_named(content, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        MissingExtraError, match=rf"writing a report needs {module}: pip install 'unseen\[report\]'"
    ):
        render(content)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda c: dataclasses.replace(c, scores=()), "at least one score"),
        (lambda c: dataclasses.replace(c, reference="stage1"), "Did you mean 'stage 1'"),
        (lambda c: dataclasses.replace(c, p_values=np.array([2.0])), "p-value of row 0 is 2.0"),
        (lambda c: dataclasses.replace(c.main, kinds={"x": np.ones(1)}), r"rows of kinds \['x'\]"),
    ],
)
def test_content_that_does_not_fit_together_is_named(content, make, message):
    with pytest.raises(DataError, match=message):
        render(make(content))


def test_importing_the_report_loads_neither_torch_nor_matplotlib():
    code = "import sys, unseen.report; print({'torch', 'matplotlib', 'jinja2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_page_of_other_things_shows_pictures_and_sounds_escaped():
    page = Page(
        "A & B",
        "Two.",
        Provenance("x", 2, seed=0),
        sections=(
            Section("g", "Gallery", gallery=(Picture("data:image/png;base64,AA==", "<b>", ("1 < 2",)),)),
            Section("s", "Sounds", sounds=(Sound("data:audio/wav;base64,AA==", "unit 1"),)),
            Section("e", "Empty"),
        ),
    )
    text = render_page(page)
    assert '<img src="data:image/png;base64,AA==" alt="&lt;b&gt;"' in text
    assert "1 &lt; 2" in text
    assert 'src="data:audio/wav;base64,AA=="' in text
    assert "Empty" not in text
