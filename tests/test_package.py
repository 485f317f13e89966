"""The package as a whole: quick to import, arrows that point one way, public names that exist."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import unseen

ROOT = Path(unseen.__file__).parent

# Lower layers never import higher ones; parts of one layer may know each other.
LAYERS = [
    {"errors", "seeds"},
    {"data", "nn", "evaluation", "structure", "symmetry", "pictures"},
    {"collider", "music", "series", "alarms", "streaming"},
    {"models"},
    {"objectives", "scores", "class_scores"},
    {"training", "decoy"},
    {"detectors", "thresholds"},
    {"registry", "config", "persist"},
    {"export", "latent", "forecasting", "screening"},
    {"bench", "report", "studies", "recipes", "service", "scale", "live", "phone"},
    {"cli"},
]
TORCHLESS = [
    "errors",
    "data",
    "evaluation",
    "structure",
    "pictures",
    "collider",
    "music",
    "series",
    "alarms",
    "streaming",
    "thresholds",
    "persist",
]


def layer(part: str) -> int:
    return next(place for place, parts in enumerate(LAYERS) if part in parts)


@cache
def modules() -> dict[str, Path]:
    """Name -> file of every module of the package."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def inside(tree: ast.Module, kinds: tuple[type[ast.AST], ...]) -> set[int]:
    """Identities of all nodes within nodes of these kinds; an `if` counts where it is for type checkers."""
    return {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, kinds)
        and (not isinstance(node, ast.If) or "TYPE_CHECKING" in ast.unparse(node.test))
        for inner in ast.walk(node)
    }


@cache
def imports(name: str, loading: bool = False) -> frozenset[str]:
    """Modules that `name` imports anywhere, or only while it is loaded; never those for type checkers."""
    tree = ast.parse(modules()[name].read_text(encoding="utf-8"))
    lazy = (ast.FunctionDef, ast.AsyncFunctionDef) if loading else ()
    hidden = inside(tree, (ast.If, *lazy))
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def part(module: str) -> str:
    """errors of unseen.errors; of the package itself, __init__."""
    return [*module.split("."), "__init__"][1]


def test_arrows_point_one_way():
    known = {part for parts in LAYERS for part in parts} | {"__init__"}
    here = {part(name) for name in modules()}
    assert here <= known, "a new part needs a place in LAYERS and in the architecture"
    assert len(modules()) >= 80
    arrows = [
        (name, other)
        for name in modules()
        for other in imports(name) & set(modules())
        if "__init__" not in (part(name), part(other))
    ]
    assert len(arrows) > 200
    assert [(a, b) for a, b in arrows if layer(part(b)) > layer(part(a))] == []


def test_nothing_goes_in_circles():
    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle of imports: {' -> '.join([*path, name])}"
        if name not in done:
            for other in sorted(imports(name) & set(modules()) - {"unseen", name}):
                # a package that gathers its own parts is no circle
                if not name.startswith(other + "."):
                    visit(other, (*path, name))
            done.add(name)

    done: set[str] = set()
    for name in modules():
        if name != "unseen":
            visit(name, ())
    assert len(done) >= 80


def reach(name: str) -> set[str]:
    """Every module that loading `name` may load: its own imports and theirs, and the packages around them."""
    seen, front = set(), [name]
    while front:
        one = front.pop()
        if one not in seen and one != "unseen":
            seen.add(one)
            if one in modules():
                front += imports(one, loading=True)
                front += [".".join(one.split(".")[:end]) for end in range(2, len(one.split(".")))]
    return seen


@pytest.mark.parametrize("name", TORCHLESS)
def test_parts_for_numbers_alone_never_import_torch(name):
    mine = [module for module in modules() if part(module) == name]
    assert mine
    for module in mine:
        assert not {one for one in imports(module) | reach(module) if one.split(".")[0] == "torch"}, module


@pytest.mark.parametrize("name", ["runtime", "golden", "latency", "emulator", "fixed", "c_source"])
def test_what_reads_an_export_never_imports_torch(name):
    assert not {one for one in reach(f"unseen.export.{name}") if one.split(".")[0] == "torch"}


@pytest.mark.parametrize("name", ["relevance", "rules", "association", "contingency", "named", "zeroing"])
def test_what_reads_a_code_of_numbers_never_imports_torch(name):
    assert not {one for one in reach(f"unseen.latent.{name}") if one.split(".")[0] == "torch"}


def test_the_walk_does_see_torch_where_it_is():
    assert "torch" in reach("unseen.detectors.committee")
    assert "torch" in reach("unseen.registry")


def fresh(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_is_quick_and_loads_no_engine():
    """Median of five fresh interpreters, in processor time, so that a busy machine does not matter."""
    heavy = "[m for m in ('torch', 'sklearn', 'pyarrow', 'pandas', 'scipy', 'numpy') if m in sys.modules]"
    clock = "import time, sys; start = time.process_time(); import unseen; print(time.process_time() - start)"
    outcome = [fresh(f"{clock}; print({heavy})").splitlines() for _ in range(5)]
    assert {line[1] for line in outcome} == {"[]"}
    assert sorted(float(line[0]) for line in outcome)[2] < 0.3


@pytest.mark.parametrize("module", ["unseen.thresholds", "unseen.evaluation", "unseen.errors"])
def test_light_parts_load_without_torch_in_a_fresh_interpreter(module):
    assert fresh(f"import sys, {module}; print('torch' in sys.modules)").strip() == "False"


@pytest.mark.parametrize("name", unseen.__all__)
def test_every_public_name_is_there(name):
    assert getattr(unseen, name) is not None
    assert name in dir(unseen)


def test_every_public_name_is_promised_to_type_checkers():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    (hidden,) = [n for n in tree.body if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]
    typed = {
        alias.name: node.module
        for node in hidden.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == unseen._HOMES
    assert {*typed, "__version__"} == set(unseen.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'unseen' has no attribute 'Detectr'"):
        unseen.Detectr  # noqa: B018


def test_only_the_command_line_prints_and_nothing_is_left_unfinished():
    for name, path in modules().items():
        text = path.read_text(encoding="utf-8")
        calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        if part(name) != "cli":
            assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"], name
        assert not any(word in text for word in ("TODO", "FIXME", "XXX", "breakpoint(")), name
