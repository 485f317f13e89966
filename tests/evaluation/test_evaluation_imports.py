"""The evaluation stays numbers only: importing it loads no engine."""

import subprocess
import sys


def test_evaluation_loads_neither_torch_nor_scikit_learn():
    code = "import sys, unseen.evaluation; print({'torch', 'sklearn', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
