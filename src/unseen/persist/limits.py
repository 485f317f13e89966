"""What a model file may hold: names, numbers and the largest sizes that are read."""

from __future__ import annotations

from typing import Final

FORMAT: Final = "unseen-model"
FORMAT_VERSION: Final = 1

MANIFEST: Final = "manifest.json"
ARRAYS: Final = "arrays.safetensors"
ARCHIVE_SUFFIXES: Final = (".zip", ".unseen")

MAX_MANIFEST_BYTES: Final = 16 * 2**20
MAX_JSON_DEPTH: Final = 64
# Bounds time and memory: 16 MiB of "[],[],..." would otherwise grow to hundreds of MiB of lists.
MAX_JSON_TOKENS: Final = 1_000_000

MAX_ARRAYS_BYTES: Final = 4 * 2**30
MAX_HEADER_BYTES: Final = 8 * 2**20
MAX_ARRAYS: Final = 10_000
MAX_ARRAY_NAME: Final = 512
MAX_DIMENSIONS: Final = 32

# Members are written uncompressed; a re-zipped model of real weights shrinks by far less than this.
MAX_ZIP_RATIO: Final = 100
# The most one read may take from an archive, its central directory included (two entries need 200 bytes).
ZIP_READ_BYTES: Final = 2**20
