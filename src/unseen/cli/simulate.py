"""`unseen collider simulate`: events of known processes, made with Pythia."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import faults, show
from unseen.cli.options import Json

if TYPE_CHECKING:
    from unseen.collider.simulate import Outcome

GeV = float | None


def simulate(
    process: Annotated[str, typer.Argument(metavar="PROCESS", help="qcd, top, resonance, zh, suep or svj.")],
    events: Annotated[int, typer.Option("--events", "-n", help="Accepted events wanted.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="HDF5 file to write.")],
    seed: Annotated[int, typer.Option(help="Same seed and settings, same events.")] = 0,
    mass: Annotated[GeV, typer.Option(help="Resonance, mediator or Higgs boson, GeV.")] = None,
    daughter_mass: Annotated[GeV, typer.Option(help="Daughters of the resonance, GeV.")] = None,
    prongs: Annotated[
        int | None, typer.Option(help="Quarks in each jet of the resonance: 2, 3 or 4.")
    ] = None,
    energy: Annotated[float, typer.Option(help="Collision energy, GeV.")] = 13000.0,
    selection: Annotated[
        str | None, typer.Option(help="dijet, ht or all; by default what is usual for the process.")
    ] = None,
    pt_min: Annotated[float, typer.Option(help="Both leading jets, selection dijet, GeV.")] = 450.0,
    ht_min: Annotated[float, typer.Option(help="Sum of transverse momenta, selection ht, GeV.")] = 800.0,
    radius: Annotated[float, typer.Option(help="Radius of the anti-kT jets.")] = 1.0,
    pt_hat_min: Annotated[GeV, typer.Option(help="The generator's own cut on the hard process, GeV.")] = None,
    all_decays: Annotated[bool, typer.Option("--all-decays", help="Top quarks to leptons too.")] = False,
    temperature: Annotated[GeV, typer.Option(help="Of the suep shower, GeV.")] = None,
    meson_mass: Annotated[GeV, typer.Option(help="Dark mesons of suep and svj, GeV.")] = None,
    r_inv: Annotated[float | None, typer.Option(help="Invisible share of svj's dark mesons.")] = None,
    images: Annotated[
        bool, typer.Option("--images", help="Images of 72 x 58 x 3 by an emulated detector.")
    ] = False,
    pile_up: Annotated[float, typer.Option(help="Mean number of further collisions in images.")] = 12.0,
    particles: Annotated[
        bool, typer.Option("--particles/--no-particles", help="Write all visible particles.")
    ] = True,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar='"KEY = VALUE"', help="More Pythia settings.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes at work; events do not depend on it.")] = 1,
    json: Json = False,
) -> None:
    """Simulate events with Pythia 8 and FastJet, labelled as simulated; the same command resumes.

    Needs the extra 'physics', which brings programs under the GPL.
    """
    from unseen.collider.detector import Detector
    from unseen.collider.physics import Physics
    from unseen.collider.selection import Selection
    from unseen.collider.settings import Run
    from unseen.collider.simulate import simulate as run_all

    physics = Physics(
        process=process, energy=energy, mass=mass, daughter_mass=daughter_mass, prongs=prongs,
        hadronic=not all_decays, pt_hat_min=pt_hat_min, temperature=temperature, meson_mass=meson_mass,
        r_inv=r_inv, extra=tuple(settings or ()),
    )  # fmt: skip
    detector = Detector(pile_up=pile_up) if images else None
    run = Run(physics, Selection(selection, pt_min, ht_min, radius=radius), detector, particles, seed)
    with _resumable(out):
        outcome = run_all(run, events, out, workers=workers, tell=_progress(process))
    if json:
        told = {"file": str(out), "made": outcome.made, "kept": outcome.kept}
        show.as_json({**told, "seconds": round(outcome.seconds, 1), **outcome.manifest})
    else:
        typer.echo(_summary(outcome))


@contextmanager
def _resumable(out: Path) -> Iterator[None]:
    """Say after an interrupt what is there, and how to go on."""
    from unseen.collider.simulate import parts_done

    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("\n" * sys.stderr.isatty())
        faults.note(f"{parts_done(out)} parts are kept in {out}.parts; the same command goes on from there")
        raise


def _progress(process: str) -> Callable[[int, int, int], None]:
    """Return what keeps one line on a screen up to date, or writes a line every ten seconds elsewhere."""
    screen = sys.stderr.isatty()
    last = time.monotonic()

    def tell(accepted: int, wanted: int, tried: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < (0.2 if screen else 10.0) and not (screen and accepted == wanted):
            return
        last = now
        line = f"{process} {accepted:,} of {wanted:,} events, {tried:,} tried in this run"
        sys.stderr.write(f"\r{line}\x1b[K" + "\n" * (accepted == wanted) if screen else line + "\n")
        sys.stderr.flush()

    return tell


def _summary(outcome: Outcome) -> str:
    made = outcome.manifest
    lines = [
        f"{made['events']:,} events of {made['process']}: {made['summary']}; {made['origin']}",
        f"accepted {made['accepted'] / made['tried']:.1%} of {made['tried']:,} tried; cross-section "
        f"{made['cross_section_pb']:.4g} +- {made['cross_section_error_pb']:.2g} pb, "
        f"{made['accepted_cross_section_pb']:.4g} pb accepted",
        f"file    {outcome.path}  ({outcome.made:,} made, {outcome.kept:,} there before, "
        f"{outcome.seconds:.0f} s)",
    ]
    return "\n".join(lines)
