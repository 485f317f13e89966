"""One self-contained HTML file: no outside request, no script, every text escaped, for screen and print."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from unseen.errors import need

if TYPE_CHECKING:
    from unseen.report.content import Provenance
    from unseen.report.panels import Panel

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Headline:
    """One number on top of the page; `role` ("unseen", "told", "ink") chooses its colour."""

    value: str
    interval: str
    words: str
    role: str = "ink"


@dataclass(frozen=True)
class Picture:
    """One picture of a gallery.

    Attributes:
        link: data URI of a PNG or JPEG.
        title: a few words above the lines; also what a screen reader says.
        lines: below the picture, one each.

    """

    link: str
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sound:
    """Something to listen to: a data URI of a WAV file, and what it is."""

    link: str
    title: str


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it; one without anything is left out of the page.

    Attributes:
        name: id of the heading.
        title: the heading.
        panels: figures with the numbers behind them.
        tables: caption and table (HTML, already escaped), one below the other.
        sentences: a list in plain words.
        gallery: pictures side by side.
        sounds: with a player each.

    """

    name: str
    title: str
    panels: tuple[Panel, ...] = ()
    tables: tuple[tuple[str, str], ...] = ()
    sentences: tuple[str, ...] = ()
    gallery: tuple[Picture, ...] = ()
    sounds: tuple[Sound, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.panels or self.tables or self.sentences or self.gallery or self.sounds)


@dataclass(frozen=True)
class Page:
    """All that stands on a page.

    Attributes:
        title: heading of the page.
        summary: what was found, in a sentence or two.
        provenance: where the numbers come from.
        headlines: the few numbers a reader should take home.
        warnings: what the reader must know first, one sentence each.
        sections: in their order.

    """

    title: str
    summary: str
    provenance: Provenance
    headlines: tuple[Headline, ...] = ()
    warnings: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


def write_page(page: Page, path: str | Path) -> Path:
    """Write a page, aside first and then renamed; the folder of `path` must exist.

    Raises:
        MissingExtraError: Jinja2 is not installed.

    """
    target = Path(path)
    text = render_page(page)
    aside = target.with_name(target.name + ".tmp")
    aside.write_bytes(text.encode())
    os.replace(aside, target)
    return target


def render_page(page: Page) -> str:
    """Return a page as HTML; the same page gives the same text.

    Raises:
        MissingExtraError: Jinja2 or matplotlib (whose colours it shares) is not installed.

    >>> from unseen.report.content import Provenance
    >>> empty = Page("Nothing", "Nothing was found.", Provenance("rows.csv", 0, seed=0))
    >>> "<h1>Nothing</h1>" in render_page(empty)
    True

    """
    need("matplotlib", extra="report", purpose="writing a report")
    jinja2 = need("jinja2", extra="report", purpose="writing a report")
    from unseen.report.style import PALETTE

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("unseen.report").joinpath("template.html").read_text(encoding="utf-8")
    text: str = environment.from_string(source).render(
        page=page,
        palette=PALETTE,
        sections=[section for section in page.sections if not section.empty],
    )
    # HTML has no place for control and half characters, not even escaped; a turn of the writing
    # direction would mirror the words of the page that follow a kind's name.
    return _UNPRINTABLE.sub("�", text)
