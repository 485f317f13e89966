"""The whole way on real flows."""

from __future__ import annotations

import json

import pytest
from commandline import unseen


@pytest.mark.parametrize(
    ("settings", "least"), [(("--model", "vae", "--steps", 300, "--hidden", "32"), 0.97), ((), 0.98)]
)
def test_from_flows_to_a_page(network, tmp_path, settings, least):
    flows = network("cicids2017/cicids2017_hif_sample_12000x52.csv.gz")
    model = tmp_path / "model.unseen"
    fitted = unseen(
        "fit", flows, "--label", "Attack Type", "--normal", "Normal", "--known", "DoS,DDoS",
        "--hold-out", 0.3, *settings, "--out", model, "--json",
    )  # fmt: skip
    assert fitted.err == "note: label 'Normal' is read as 'Normal Traffic' of column 'Attack Type'\n"
    learned = json.loads(fitted.out)
    assert learned["rows"] == 12_000
    assert 3300 < learned["kept_back"] < 3900
    judged = json.loads(unseen("evaluate", model, flows, "--held-out", "--json").out)
    kinds = {kind["kind"]: kind for kind in judged["joined"]["kinds"]}
    assert {name for name, kind in kinds.items() if kind["told"]} == {"DoS", "DDoS"}
    assert judged["joined"]["told"]["auc"]["value"] > least
    assert kinds["Port Scanning"]["auc"]["low"] > 0.5
    strange = json.loads(unseen("explain", model, flows, "--top", 2, "--json").out)["rows"]
    assert all(len(row["contributions"]) == 52 for row in strange)
    page = tmp_path / "report.html"
    assert unseen("report", model, flows, "--held-out", "--out", page).code == 0
    assert "Port Scanning" in page.read_text()
