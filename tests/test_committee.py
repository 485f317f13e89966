"""The committee: what a member may cost the others, and explanations that add up."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unseen.detectors.committee import Member, explain, join, speakers
from unseen.thresholds import Calibration

# a busy machine is no failure
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Column:
    """Reads one column of the rows; its parts are the columns named."""

    place: int
    columns: tuple[str, ...] = ("a", "b")
    parts_of: tuple[float, ...] = (1.0, 3.0)

    def rows(self, x):
        return x[:, self.place].double().numpy()

    def parts(self, x):
        return np.tile(np.array(self.parts_of), (len(x), 1))

    def names(self, features):
        return self.columns


def rows(seed, n, columns=2):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, columns)))


def committee(held_out, *shares):
    return tuple(
        Member.fit(f"m{place}", Column(place), held_out, share) for place, share in enumerate(shares)
    )


@unhurried
@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.2, 0.5, 0.9]), st.sampled_from([1, 4, 1e6]))
def test_being_told_costs_at_most_its_share_of_the_false_alarms(seed, trust, grid):
    """TPR(joined, a) >= TPR(stage 1, (1 - trust) a) for every a, on any data, exactly, with ties.

    One limit on the joined evidence flags at most k of n normal rows, and flags every row that is at least
    as strange as a normal row whose stage-1 rank from the top is at most (1 - trust) k.
    """
    n = 60
    normal = (rows(seed, n) * grid).round() / grid
    anomalies = ((rows(seed + 1, 40) + torch.tensor([1.0, -1.0])) * grid).round() / grid
    members = committee(normal, 1 - trust, trust)
    joined, aware = join(members, normal), join(members, anomalies)
    own = members[0].calibration.scores
    rank = n - np.searchsorted(own, own, side="left")
    for k in range(1, n + 1):
        limit = max(-math.log(k / (n + 1)) - math.log(max(trust, 1 - trust)), 0.0) - 1e-12
        vouched = own[rank <= (1 - trust) * k + 1e-9]
        unaided = members[0].reader.rows(anomalies) >= (vouched.min() if vouched.size else math.inf)
        assert (joined >= limit).sum() <= k or limit <= 0
        assert (aware[unaided] >= limit).all()


@unhurried
@given(st.integers(0, 10_000), st.floats(0.05, 0.95), st.floats(0.02, 0.9))
def test_the_joined_p_value_is_at_most_the_members_own_over_its_share(seed, trust, rate):
    """A row with p_m <= w_m a has at most a (n + 1) calibration rows of joined evidence at or above it."""
    normal, new = rows(seed, 50), rows(seed + 1, 50)
    members = (Member.fit("0", Column(0), normal, 1 - trust), Member.fit("1", Column(1), normal, trust))
    joined = Calibration.fit(join(members, normal)).p_values(join(members, new))
    for member in members:
        own = member.calibration.p_values(member.reader.rows(new))
        assert (joined[own <= member.share * rate] <= rate + 1 / 51 + 1e-12).all()


def test_joined_evidence_is_a_valid_p_value_up_to_its_constant():
    """Weighted Bonferroni: P(joined >= -ln a - ln w_lead) <= a on fresh normal rows."""
    members = committee(rows(0, 20_000), 0.7, 0.3)
    fresh = join(members, rows(1, 200_000))
    for rate in (0.1, 0.01, 0.001):
        alarms = (fresh >= -math.log(rate) - math.log(0.7)).mean()
        assert alarms <= 1.15 * rate
        assert alarms >= 0.7 * rate  # and it is nearly spent, where members are independent


def test_the_members_are_joined_by_their_maximum_and_never_below_zero():
    held_out = rows(0, 100)
    members, x = committee(held_out, 0.8, 0.2), rows(1, 300)
    first, second = (m.calibration.evidence(m.reader.rows(x)) for m in members)
    expected = np.maximum(np.maximum(first, second + math.log(0.2 / 0.8)), 0.0)
    assert join(members, x) == pytest.approx(expected)
    assert join(members[:1], x) == pytest.approx(first)
    assert (np.argmax([first + math.log(0.8), second + math.log(0.2)], axis=0) == speakers(members, x)).all()


def test_a_row_is_explained_by_the_member_that_decides_it():
    held_out = rows(0, 200)
    members = (
        Member.fit("first", Column(0, ("a", "b"), (1.0, 3.0)), held_out, 0.5),
        Member.fit("second", Column(1, ("b", "c"), (2.0, 2.0)), held_out, 0.5),
    )
    x = torch.tensor([[9.0, 0.0], [0.0, 9.0], [-9.0, -9.0]], dtype=torch.float64)
    names, parts = explain(members, x, ["a", "b", "c"])
    score = join(members, x)
    assert names == ("a", "b", "c")
    assert parts[0].tolist() == pytest.approx([score[0] / 4, 3 * score[0] / 4, 0])
    assert parts[1].tolist() == pytest.approx([0, score[1] / 2, score[1] / 2])
    assert parts.sum(1) == pytest.approx(score, abs=1e-12)


def test_a_row_without_any_part_is_shared_evenly():
    held_out = rows(0, 50)
    member = Member.fit("silent", Column(0, ("a", "b"), (0.0, 0.0)), held_out, 1.0)
    names, parts = explain((member,), rows(1, 5), ["a", "b"])
    assert len(names) == 2
    assert parts[:, 0] == pytest.approx(parts[:, 1])
    assert parts.sum(1) == pytest.approx(join((member,), rows(1, 5)), abs=1e-12)
