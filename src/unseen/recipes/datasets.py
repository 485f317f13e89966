"""Data sets of the studies, read from the folder the user names; nothing is downloaded or shipped."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.data import open_source
from unseen.errors import DataError

Kinds = NDArray[np.str_]
Images = NDArray[np.uint8]

NORMAL = "normal"

# Attack names of NSL-KDD by family, those that occur only in the test file included (Tavallaee et al. 2009).
NSL_FAMILIES = {
    "dos": "back land neptune pod smurf teardrop apache2 mailbomb processtable udpstorm",
    "probe": "ipsweep nmap portsweep satan mscan saint",
    "u2r": "buffer_overflow loadmodule perl rootkit ps sqlattack xterm",
    "r2l": "ftp_write guess_passwd imap multihop phf spy warezclient warezmaster httptunnel named sendmail "
    "snmpgetattack snmpguess worm xlock xsnoop",
}
_FAMILY = {attack: family for family, attacks in NSL_FAMILIES.items() for attack in attacks.split()}


def folder(data: Path | None) -> Path:
    """Return the folder of the data sets: as given, else UNSEEN_DATA, else `../shared/data`."""
    return data or Path(os.environ.get("UNSEEN_DATA", "../shared/data"))


def existing(path: Path) -> Path:
    """Return a path that is there.

    Raises:
        DataError: It is not; the message says how to name the folder.

    """
    if not path.exists():
        raise DataError(f"{path} is not there; name the folder of the data sets with --data or UNSEEN_DATA")
    return path


@dataclass(frozen=True)
class Rows:
    """Rows with the kind of each.

    Attributes:
        table: Features, N rows.
        kinds: Shape (N,); "normal" or the name of an anomaly kind.

    """

    table: pa.Table
    kinds: Kinds

    def take(self, places: NDArray[np.intp]) -> Rows:
        """Rows at `places`."""
        return Rows(self.table.take(pa.array(places)), self.kinds[places])

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """Rows where `mask` holds."""
        return self.take(np.flatnonzero(mask))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.kinds)


def nsl_kdd(data: Path | None = None) -> tuple[Rows, Rows]:
    """NSL-KDD: `KDDTrain+_20Percent` to learn from, `KDDTest+` to judge on; kinds are attack families."""
    home = folder(data) / "network" / "nsl_kdd"
    names = [line.split(",")[0] for line in existing(home / "Field_Names.csv").read_text().split()]
    train, test = (
        open_source(existing(home / f"{part}.txt.gz"), names=[*names, "attack", "difficulty"]).read()
        for part in ("KDDTrain+_20Percent", "KDDTest+")
    )
    return _families(train), _families(test)


def _families(table: pa.Table) -> Rows:
    attacks = table.column("attack").to_pylist()
    strange = sorted({attack for attack in attacks if attack != NORMAL and attack not in _FAMILY})
    if strange:
        raise DataError(f"attack {strange[0]!r} is in no family of NSL-KDD")
    kinds = np.array([_FAMILY.get(attack, NORMAL) for attack in attacks])
    return Rows(table.drop_columns(["attack", "difficulty"]), kinds)


def cicids(data: Path | None = None) -> Rows:
    """CICIDS2017, a cleaned sample of 12,000 flows, without the destination port, which names the attack."""
    home = folder(data) / "network" / "cicids2017"
    table = open_source(existing(home / "cicids2017_hif_sample_12000x52.csv.gz")).read()
    kinds = np.array(table.column("Attack Type").to_pylist())
    kinds[kinds == "Normal Traffic"] = NORMAL
    return Rows(table.drop_columns(["Attack Type", "Destination Port"]), kinds)


def mnist(data: Path | None = None) -> tuple[Images, Kinds, Images, Kinds]:
    """MNIST: images (60000, 28, 28) and digits of the official train part, then of the test part (10000)."""
    with np.load(existing(folder(data) / "mnist" / "mnist70k.npz"), allow_pickle=False) as file:
        images, digits = file["X"], file["y"].astype(str)
    return images[:60_000], digits[:60_000], images[60_000:], digits[60_000:]


def fashion_mnist() -> tuple[Images, Images]:
    """Fashion-MNIST train (60000, 28, 28) and test (10000, 28, 28), from the Debian package of that name."""
    home = _fashion()
    return _idx(home / "train-images-idx3-ubyte.gz"), _idx(home / "t10k-images-idx3-ubyte.gz")


GARMENTS = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def fashion_mnist_kinds() -> tuple[Kinds, Kinds]:
    """Names of the garments of `fashion_mnist`, shape (60000,) and (10000,)."""
    names = np.array(GARMENTS)
    train, test = (
        _idx_bytes(_fashion() / f"{part}-labels-idx1-ubyte.gz", magic=2049) for part in ("train", "t10k")
    )
    return names[train[8:]], names[test[8:]]


def _fashion() -> Path:
    return Path(os.environ.get("UNSEEN_FASHION", "/usr/share/datasets/fashion-mnist"))


def _idx(path: Path) -> Images:
    """Images of an IDX file: big-endian magic 2051, count, height, width, then bytes."""
    content = _idx_bytes(path, magic=2051)
    _, count, height, width = (int(v) for v in content[:16].view(">u4"))
    if len(content) != 16 + count * height * width:
        raise DataError(f"{path} is not a sound IDX file of images")
    return content[16:].reshape(count, height, width)


def _idx_bytes(path: Path, *, magic: int) -> NDArray[np.uint8]:
    """Content of an IDX file that begins with `magic`."""
    import gzip

    if not path.exists():
        raise DataError(
            f"{path} is not there; install the Debian package dataset-fashion-mnist, "
            "or name its folder with UNSEEN_FASHION"
        )
    content = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)
    if len(content) < 16 or int(content[:4].view(">u4")[0]) != magic:
        raise DataError(f"{path} is not a sound IDX file of {'images' if magic == 2051 else 'labels'}")
    return content


def chest_films(data: Path | None = None) -> Images:
    """Test part of PneumoniaMNIST, images (624, 28, 28)."""
    with np.load(existing(folder(data) / "xray" / "pneumoniamnist_full.npz"), allow_pickle=False) as file:
        return np.asarray(file["test_images"])
