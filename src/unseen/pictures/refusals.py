"""Why a picture is refused: codes that Python, the command line and the phone app have in common."""

from __future__ import annotations

from unseen.errors import DataError

REASONS = {
    "empty-file": "the file is empty",
    "not-a-picture": "it is not a picture of a format that is read here",
    "broken": "the picture is broken or cut off",
    "too-many-pixels": "it has more pixels than are decoded",
    "too-small": "it is too small",
    "aspect": "it is too long and narrow",
    "animated": "it is animated",
    "colour": "it is a colour photograph",
    "flat": "it is blank, or nearly",
    "blurred": "it is blurred",
    "glare": "too much of it is overexposed",
    "values": "its numbers are not grey values",
    "dicom-modality": "it is not a plain radiograph",
    "dicom-view": "it is not a frontal view",
    "dicom-frames": "it has more than one frame",
    "dicom-syntax": "its pixels are stored in a way that is not read here",
    "dicom-pixels": "its pixels are missing or do not fit its header",
    "unlike": "it is unlike any film of training",
}
"""Code -> what is said in English; the app has the same codes in every language."""


class RefusedError(DataError):
    """A picture that gets no score.

    Attributes:
        reason: One of `REASONS`.

    >>> raise RefusedError("too-small", "film.png is 1 x 1 pixels; accepted: a short side of at least 28")
    Traceback (most recent call last):
    ...
    unseen.pictures.refusals.RefusedError: film.png is 1 x 1 pixels; accepted: a short side of at least 28
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        assert reason in REASONS, reason  # noqa: S101 - a code of our own
        self.reason = reason
