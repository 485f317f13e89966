"""A figure as inline SVG: text stays text, colours follow the page, ids are stable and never collide."""

from __future__ import annotations

import io
import re
import warnings
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.figure import Figure

from unseen.report.style import PALETTE, rc

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_VARIABLES = {colour.light: f"var(--{colour.role},{colour.light})" for colour in PALETTE}
_FAMILY = "Helvetica Neue,Helvetica,Arial,Liberation Sans,sans-serif"


def inline(figure: Figure, name: str, title: str) -> str:
    """Return the figure as an `<svg>` element that scales with its column.

    Args:
        figure: drawn with `styled`.
        name: prefix of every id in it; unique in the page.
        title: what a screen reader says.

    """
    root = ET.fromstring(_save(figure, name))  # noqa: S314 - our own output of the line before
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.attrib.update({"role": "img", "aria-label": title})
    for element in root.findall(f"{_SVG}metadata"):
        root.remove(element)
    for element in root.iter():
        _adapt(element, name)
    ET.register_namespace("", _SVG[1:-1])
    ET.register_namespace("xlink", _XLINK[1:-1])
    return ET.tostring(root, encoding="unicode")


def _save(figure: Figure, name: str) -> str:
    buffer = io.StringIO()
    with mpl.rc_context({**rc(), "svg.hashsalt": f"unseen {name}"}), warnings.catch_warnings():
        # The reader's own fonts show the text; a sign that ours lacks is only measured less well.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, dpi=144)
    return buffer.getvalue()


def _adapt(element: ET.Element, name: str) -> None:
    for key, value in list(element.attrib.items()):
        if key == "id":
            element.set(key, f"{name}-{value}")
        elif key in {"href", f"{_XLINK}href"} and value.startswith("#"):
            element.set(key, f"#{name}-{value[1:]}")
        elif key in {"clip-path", "style", "fill", "stroke"}:
            element.set(key, _themed(value, name))


def _themed(value: str, name: str) -> str:
    value = value.replace("url(#", f"url(#{name}-")
    value = re.sub(r"(font(?:-family)?:[^;]*?)'[^;]*'", lambda m: f"{m[1]}{_FAMILY}", value)
    return re.sub(r"#[0-9a-f]{6}", lambda m: _VARIABLES.get(m[0], m[0]), value)
