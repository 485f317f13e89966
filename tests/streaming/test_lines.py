"""Lines of a stream: what is read, and the one line that says what is wrong."""

import io
import math

import pytest

from unseen.errors import DataError
from unseen.streaming.lines import LONGEST, lines_of, readings


def read(text, **names):
    return [(r.stamp, r.time, r.value) for r in readings(text.encode().splitlines(), **names)]


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("time,value\n0,1\n60,2.5\n", {}, [("0", 0.0, 1.0), ("60", 60.0, 2.5)]),
        ("\ufeffTimestamp,flow\n1970-01-01 00:01:00,-3e2\n", {}, [("1970-01-01 00:01:00", 60.0, -300.0)]),
        ("a,b,c\n1,2,3\n", {"time": "c", "value": "a"}, [("3", 3.0, 1.0)]),
        ('t,"x, y"\r\n1,"2"\r\n\r\n2,3\r\n', {}, [("1", 1.0, 2.0), ("2", 2.0, 3.0)]),
        ('{"ts": 5, "value": 7, "more": [1]}\n', {}, [("5", 5.0, 7.0)]),
        (
            '{"when": "1970-01-02T00:00+09:00", "n": "4"}\n',
            {"time": "when"},
            [("1970-01-02T00:00+09:00", 86400.0, 4.0)],
        ),
    ],
)  # fmt: skip
def test_what_is_read(text, names, found):
    assert read(text, **names) == found


@pytest.mark.parametrize("word", ["", "NaN", "null", " n/a "])
def test_what_is_missing(word):
    ((_, _, value),) = read(f"time,value\n1,{word}\n")
    assert math.isnan(value)
    ((_, _, value),) = read('{"time": 1, "value": null}')
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("text", "names", "says"),
    [
        ("", {}, "nothing came"),
        ("a,b\n1,2\n", {}, "no column is called time or timestamp .* name one of a, b by --time"),
        ("time,a,b\n1,2,3\n", {}, "no column is called value or y or x; name one of a, b by --value"),
        ("time,value\n1,2\n", {"value": "valu"}, "column 'valu' is not known; accepted: value. Did you mean"),
        ("time,x,x\n1,2,3\n", {}, "column 'x' came twice"),
        ("time,value\n1,2,3\n", {}, "line 2 has 3 values, the header 2 columns"),
        ("time,value\nnoon,2\n", {}, "line 2: time 'noon' came; accepted: seconds, or date and time of ISO"),
        ("time,value\n1,2\n2,inf\n", {}, "line 3: value 'inf' came; accepted: a number"),
        ("time,value\n1,two\n", {}, "line 2: value 'two' came"),
        ('time,value\n1,"2\n', {}, "line 2 is not CSV"),
        ('{"time": 1, "value": 2}\n{"time": 2}\n', {}, "line 2 has no 'value'; it has time"),
        ('{"time": 1, "value": 2}\n[1]\n', {}, "line 2 is a list in JSON"),
        ('{"time": 1, "value": 2\n', {}, "line 1 is not JSON"),
        ('{"time": 1, "value": true}\n', {}, "line 1: value 'True' came"),
        ("{\"time\": 1, \"value\": 1}\n" + '{"a":' * 30_000, {}, "line 2 is not JSON"),
    ],
)  # fmt: skip
def test_what_is_refused(text, names, says):
    with pytest.raises(DataError, match=says):
        read(text, **names)


def test_bytes_that_are_no_text_and_lines_without_end_are_refused():
    with pytest.raises(DataError, match="line 2 is not UTF-8"):
        list(readings([b"time,value", b"1,\xff\xfe"]))
    with pytest.raises(DataError, match="line 1 has more than 1,000,000 bytes"):
        list(readings(lines_of(io.BytesIO(b"x" * (3 * LONGEST)))))


def test_a_reading_comes_before_the_next_line_is_asked_for():
    asked = []

    def lines():
        for line in (b"time,value", b"1,2", b"2,3"):
            asked.append(line)
            yield line

    next(readings(lines()))
    assert asked == [b"time,value", b"1,2"]
