"""A file larger than the memory it may take is streamed."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import uproot

from unseen.seeds import generator

ROWS = 1_000_000
MEGABYTES = ROWS * 64 / 2**20  # of the table in memory; four times as much as of the text
CHILD = """
import re, sys
from pathlib import Path
from unseen.data import Schema, open_source
def peak():  # of this program alone; getrusage would count the program that started it
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
def stream(path):
    batches = open_source(path).batches(20_000)
    first = next(batches)
    schema = Schema.fit(first)
    return first.num_rows + sum(len(schema.encode(batch)) for batch in batches)
stream(sys.argv[1])
before = peak()
print(stream(sys.argv[2]), (peak() - before) / 1024)
"""


def write_parquet(path, table):
    pq.write_table(table, path, row_group_size=10_000)


def write_one_group(path, table):
    pq.write_table(table, path, row_group_size=ROWS)


def write_arrow(path, table):
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=50_000)


def write_npz(path, table):
    np.savez(path, X=np.stack([column.to_numpy() for column in table], axis=1))


def write_csv(path, table):
    pa_csv.write_csv(table.slice(0, table.num_rows // 4), path)


def write_root(path, table):
    with uproot.recreate(path) as file:
        file.mktree("t", dict.fromkeys(table.column_names, "f8"))
        for part in table.to_batches(20_000):
            file["t"].extend({name: part[name].to_numpy() for name in table.column_names})


def write_hdf5(path, table):
    with h5py.File(path, "w") as file:
        for name in table.column_names:
            file.create_dataset(name, data=table[name].to_numpy(), chunks=(50_000,), compression="lzf")


WRITERS = {
    "many groups.parquet": write_parquet,
    "one group.parquet": write_one_group,
    "file.arrow": write_arrow,
    "plain.npz": write_npz,
    "text.csv": write_csv,
    "tree.root": write_root,
    "columns.h5": write_hdf5,
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc/self/status")
@pytest.mark.parametrize("name", WRITERS)
def test_peak_memory_does_not_grow_with_the_file(tmp_path, name):
    values = generator(7).normal(size=(8, ROWS))
    table = pa.table({f"x{i}": column for i, column in enumerate(values)})
    small, large = tmp_path / f"small {name}", tmp_path / f"large {name}"
    WRITERS[name](small, table.slice(0, ROWS // 5))
    WRITERS[name](large, table)
    command = [sys.executable, "-c", CHILD, str(small), str(large)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    rows, growth = done.stdout.split()
    assert int(rows) == (ROWS // 4 if name.startswith("text") else ROWS)
    assert float(growth) < MEGABYTES / 2
