"""Which package may import what: the direction of imports, held by a test, lazy and type-only imports included."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SYNTHLAB = ROOT / "synthlab"
SYNTHETICNET = ROOT / "images" / "syntheticnet"

# What everybody may import; these import nothing of ours, but for how an error's text is escaped.
LEAVES = {"assets", "contract", "interrupts", "text", "errors"}

# The packages (and modules beside them) of the host's side, and what each may import besides the leaves.
HOST: Mapping[str, set[str]] = {
    "assets": set(),
    "contract": set(),
    "interrupts": set(),
    "text": set(),
    "errors": {"text"},
    "engine": set(),
    "stack": set(),
    "scenario": {"stack"},
    "control": {"engine", "stack"},
    "deploy": {"engine", "stack"},
    "report": {"scenario", "stack"},
    "gate": {"report", "scenario", "stack"},
    "runner": {"scenario", "control", "deploy", "engine"},
    "lab": {"runner", "scenario", "control", "deploy", "engine", "stack"},
    "testing": {"control", "engine", "stack"},
    "dashboard": {"lab", "runner", "report", "scenario", "control", "deploy", "engine", "stack"},
    "cli": {
        "dashboard",
        "lab",
        "runner",
        "gate",
        "report",
        "scenario",
        "control",
        "deploy",
        "engine",
        "stack",
    },
    "pytest_plugin": {"lab", "runner", "report", "scenario", "control", "stack"},
    "": {"lab", "runner", "stack"},
}

# The same of what runs in a client's container.
CONTAINER: Mapping[str, set[str]] = {
    "version": set(),
    "syscalls": set(),
    "firewall": set(),
    "chunked_json": set(),
    "heartbeat": set(),
    "readiness": set(),
    "allow": set(),
    "conditions": set(),
    "packets": {"conditions"},
    "elements": {"packets", "conditions"},
    "channel": {"chunked_json"},
    "probes": {"heartbeat"},
    "lookup_board": set(),
    "resolver": {"conditions", "heartbeat", "lookup_board"},
    "router": {"conditions", "firewall"},
    "forwarder": {
        "elements",
        "packets",
        "conditions",
        "router",
        "allow",
        "channel",
        "heartbeat",
        "lookup_board",
        "syscalls",
        "chunked_json",
    },
    "api": {"allow", "conditions", "packets", "channel", "heartbeat", "firewall", "version"},
    "supervisor": {
        "forwarder",
        "api",
        "probes",
        "resolver",
        "lookup_board",
        "router",
        "conditions",
        "allow",
        "channel",
        "heartbeat",
        "readiness",
        "firewall",
        "syscalls",
    },
    "__main__": {"supervisor", "firewall", "readiness"},
    "": set(),
}

# Each library has one place that knows it.
ONLY_IN = {
    "rich": SYNTHLAB / "cli" / "console.py",
    "jinja2": (SYNTHLAB / "deploy" / "templates.py", SYNTHLAB / "report" / "html.py"),
    "docker": SYNTHLAB / "engine" / "docker_engine.py",
    "httpx": SYNTHLAB / "control" / "http_connection.py",
    "ruamel": SYNTHLAB / "stack" / "yaml_tree.py",
    "junitparser": SYNTHLAB / "report" / "junit.py",
    "prometheus_client": SYNTHLAB / "dashboard" / "metrics.py",
}


def modules(root: Path) -> dict[str, Path]:
    """Every module below a package's folder, by its dotted name in it; the package itself is the empty name."""
    found = {}
    for file in root.rglob("*.py"):
        parts = file.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    assert len(found) > 40
    return found


def imports(root: Path) -> dict[str, set[str]]:
    """What each module imports of its own package, by dotted names, wherever in the file and for whatever use."""
    known = modules(root)
    return {name: set(_imported(name, file, root.name, known)) - {name} for name, file in known.items()}


def _imported(name: str, file: Path, top: str, known: Mapping[str, Path]) -> Iterator[str]:
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[2] for alias in node.names if alias.name.split(".")[0] == top)
        elif isinstance(node, ast.ImportFrom):
            written = node.module.split(".") if node.module else []
            if node.level:
                base = [part for part in package[: len(package) - node.level + 1] if part] + written
            elif written[0] == top:
                base = written[1:]
            else:
                continue
            for alias in node.names:
                within = ".".join([*base, alias.name])
                yield within if within in known else ".".join(base)


def package_of(module: str) -> str:
    """The package below the root that a module is in, or the module itself where it lies beside the packages."""
    return module.split(".")[0]


def outside(file: Path) -> Iterator[str]:
    """The full names of the modules that a file imports from outside its own package."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


@pytest.mark.parametrize(("root", "allowed", "leaves"), [(SYNTHLAB, HOST, LEAVES), (SYNTHETICNET, CONTAINER, set())])
def test_packages_import_what_the_table_allows(root: Path, allowed: Mapping[str, set[str]], leaves: set[str]) -> None:
    """No package imports another that the table does not give it, and the table gives none that is not imported."""
    used: dict[str, set[str]] = {package_of(module): set() for module in modules(root)}
    for module, others in imports(root).items():
        package = package_of(module)
        used[package] |= {package_of(other) for other in others} - {package}
    assert used.keys() == allowed.keys()
    for package, others in used.items():
        own = allowed[package]
        assert others - leaves <= own - leaves, package
        assert own <= others, f"{package} does not import all of these"
    tuple(TopologicalSorter(allowed).static_order())  # raises where there is a circle


@pytest.mark.parametrize("root", [SYNTHLAB, SYNTHETICNET])
def test_no_module_is_in_a_circle(root: Path) -> None:
    """Not by lazy or type-only imports either; a package's own face, `__init__.py`, hands on what is behind it."""
    faces = {name for name, file in modules(root).items() if file.name == "__init__.py"}
    graph = {name: others - faces for name, others in imports(root).items() if name not in faces}
    tuple(TopologicalSorter(graph).static_order())


def test_few_rooms() -> None:
    """A reader sees the whole of `synthlab/` at once: at most 14 packages and 7 files."""
    folders = [entry for entry in SYNTHLAB.iterdir() if entry.is_dir() and any(entry.glob("*.py"))]
    # The thirteenth is `dashboard`: a server that runs for hours is neither a command nor the Python API.
    # The fourteenth is `gate`: what many runs say together is neither how one is played nor its report.
    assert len(folders) <= 14
    assert len(list(SYNTHLAB.glob("*.py"))) <= 7


@pytest.mark.parametrize("library", ONLY_IN)
def test_one_place_knows_the_library(library: str) -> None:
    """Each outside library is imported in one file, so that it can be replaced there; templates make two kinds."""
    sources = [*SYNTHLAB.rglob("*.py"), *SYNTHETICNET.rglob("*.py")]
    users = {file for file in sources for name in outside(file) if name.split(".")[0] == library}
    places = ONLY_IN[library]
    assert users <= set(places if isinstance(places, tuple) else (places,))


def test_the_one_bridge() -> None:
    """synthlab takes nothing of syntheticnet but the schema of conditions."""
    used = {name for file in SYNTHLAB.rglob("*.py") for name in outside(file) if name.startswith("syntheticnet")}
    assert used == {"syntheticnet.conditions"}


def test_the_container_knows_nothing_of_the_host() -> None:
    """syntheticnet never imports synthlab."""
    used = {name for file in SYNTHETICNET.rglob("*.py") for name in outside(file)}
    assert not {name for name in used if name.split(".")[0] == "synthlab"}


@pytest.mark.issue(11)
def test_one_place_says_docker() -> None:
    """Only Docker's engine has the command's name as a word of its own; elsewhere it is within texts for people."""
    found = {
        file.relative_to(SYNTHLAB).as_posix()
        for file in SYNTHLAB.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and node.value == "docker"
    }
    assert found == {"engine/docker_engine.py"}
