"""Event images: from lists of particles, or checked as they come from a file of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa

from unseen.collider import kinematics
from unseen.collider.detector import Detector
from unseen.collider.generator import Event
from unseen.collider.imaging import Geometry
from unseen.collider.kinematics import Floats
from unseen.collider.particle_lists import Particles
from unseen.data.batches import Source
from unseen.data.columns import image_column, image_values
from unseen.data.kinds import is_image
from unseen.data.packed import check_energies
from unseen.errors import ConfigError, DataError, unknown
from unseen.seeds import generator

Channels = Literal["pt", "detector"]
CHANNELS = ("pt", "detector")


@dataclass(frozen=True)
class Imaging:
    """How lists of particles become images (C, phi, eta) of transverse energy in GeV.

    Attributes:
        channels: `pt` sums transverse momenta in one channel; `detector` is the emulated tracker, ECAL and
            HCAL of `Detector`, without pile-up. It needs the pdg number of each particle; those that are
            invisible leave nothing there.
        geometry: grid.
        seed: of the emulation; an event's image depends on it and on the number of the event alone.

    """

    channels: Channels = "pt"
    geometry: Geometry = field(default_factory=Geometry)
    seed: int = 0

    def tables(self, parts: Iterable[Particles], where: str) -> Iterator[pa.Table]:
        """Yield tables with `image`, `n_particles` and, of the detector, `n_tracks`.

        Raises:
            ConfigError: the channels are not known, or the geometry is not accepted.
            DataError: the emulation is asked for and there is no pdg number.

        """
        if self.channels not in CHANNELS:
            raise ConfigError(unknown("channels", self.channels, CHANNELS))
        _ = self.geometry.shape
        first = 0
        for part in parts:
            counts = pa.array(np.diff(part.offsets).astype(np.float64))
            if self.channels == "pt":
                images = np.stack([self._summed(part.event(place)) for place in range(len(part))])
                yield pa.table({"image": image_column(images), "n_particles": counts})
            else:
                seen = [self._observed(part.event(place), first + place, where) for place in range(len(part))]
                images = np.stack([image for image, _ in seen]).transpose(0, 3, 1, 2)
                tracks = pa.array([float(count) for _, count in seen])
                yield pa.table({"image": image_column(images), "n_particles": counts, "n_tracks": tracks})
            first += len(part)

    def _summed(self, event: dict[str, Floats]) -> np.ndarray:
        image = self.geometry.image(event["eta"], event["phi"], event["pt"])
        return image[None].astype(np.float32)

    def _observed(self, event: dict[str, Floats], number: int, where: str) -> tuple[np.ndarray, int]:
        if "pdg" not in event:
            raise DataError(
                f"{where}: the particles have no pdg number (pdgId, pdg, pid), which the emulated detector"
                " needs; sum their pt instead: channels pt"
            )
        p4 = kinematics.from_pt_eta_phi_mass(
            event["pt"], event["eta"], event["phi"], event.get("mass", np.zeros(len(event["pt"])))
        )
        pdg = event["pdg"].astype(np.int64)
        charge = event["charge"] if "charge" in event else charges(pdg)
        whole = Event(p4.reshape(-1, 4), pdg, charge, 1.0, 0.0, {}).visible()
        return Detector(geometry=self.geometry).observe(whole, None, generator(self.seed, number))


def charges(pdg: np.ndarray) -> Floats:
    """Return the charge of particles in units of the positron's, from their numbers, shape (n,).

    Leptons and the W have theirs; that of a hadron is the sum over the quarks its number names (Particle Data
    Group, Monte Carlo numbering scheme). What is neither, such as a nucleus, is taken for neutral.

    >>> charges(np.array([11, -13, 22, 130, 211, -211, 321, 411, 431, 521, 2212, 2112, -3222, 3334])).tolist()
    [-1.0, 1.0, 0.0, 0.0, 1.0, -1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, -1.0, -1.0]
    """
    number = np.abs(np.asarray(pdg, dtype=np.int64))
    third, second, first = ((number // 10**place) % 10 for place in (1, 2, 3))
    quark = np.array([0, -1, 2, -1, 2, -1, 2, 0, 0, 0]) / 3.0
    hadron = (number > 100) & (number < 10**7) & (third > 0) & (second > 0)
    # of a meson the heavier quark comes first; a down-type one is the antiquark of a positive number
    meson = (quark[second] - quark[third]) * np.where(second % 2 == 1, -1.0, 1.0)
    baryon = quark[first] + quark[second] + quark[third]
    found = np.where(hadron, np.where(first == 0, meson, baryon), 0.0)
    found = np.where(np.isin(number, (11, 13, 15)), -1.0, np.where(number == 24, 1.0, found))
    return np.asarray(np.round(found) * np.sign(pdg) + 0.0, np.float64)


class EventImages(Source):
    """The rows of a source of event images, each checked: its shape, and energies of 0 or more, in `image`.

    Args:
        source: with one column of images (C, H, W).
        shape: the only one accepted; None for any.
        mask: give the lit pixels of the first channel instead, (1, H, W) in uint8: 1 where a track was.

    Raises:
        DataError: no column of images or several, another shape, a pixel that is negative or not finite, or a
            mask asked of the sum of several channels, which says nothing of tracks.

    """

    def __init__(
        self, source: Source, *, shape: tuple[int, int, int] | None = None, mask: bool = False
    ) -> None:
        self.name = source.name
        schema = next(source.batches(1)).schema
        images = [one for one in schema if is_image(one.type)]
        if len(images) != 1:
            raise DataError(
                f"{self.name} has {len(images)} columns of images; accepted: one. There are: "
                f"{', '.join(source.columns[:20])}"
            )
        found = tuple(int(n) for n in images[0].type.shape)
        if shape is not None and found != tuple(shape):
            raise DataError(f"{self.name} holds images of shape {found}; accepted: {tuple(shape)}")
        self._source = source
        self._mask = mask
        self._image = images[0].name
        self.columns = tuple("image" if name == self._image else name for name in source.columns)

    @property
    def label(self) -> str | None:
        """That of the source."""
        return self._source.label

    def scan(self, columns: tuple[str, ...], rows: int) -> Iterator[pa.Table]:
        """Check the images, where they are asked for."""
        own = tuple(self._image if name == "image" else name for name in columns)
        first = 0
        for table in self._source.scan(own, rows):
            table = table.rename_columns(list(columns))
            if "image" in columns:
                place = columns.index("image")
                images = image_values(table.column(place))
                check_energies(images, self.name, first)
                if self._mask:
                    column = image_column(_tracks(images, self.name, first))
                    table = table.set_column(place, "image", column)
            first += table.num_rows
            yield table


def _tracks(images: np.ndarray, where: str, first: int) -> np.ndarray:
    """Return the mask of the first channel; of one channel only where it is a mask already."""
    if images.shape[1] == 1:
        odd = ~np.isin(images, (0, 1))
        if odd.any():
            row = int(np.argwhere(odd)[0][0])
            raise DataError(
                f"{where} holds one channel of energies (first: row {first + row},"
                f" {images[row][odd[row]][0]:g}), a sum in which tracks cannot be told from showers;"
                " a mask needs images of 3 channels"
            )
    return (images[:, :1] > 0).astype(np.uint8)
