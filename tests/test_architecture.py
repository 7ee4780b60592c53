import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("models", "indexer", "recommender", "api", "evaluation")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).glob("*.py"))
HEAVY = {"torch", "transformers", "sentence_transformers", "openvino"}


def test_the_contracts_on_imports_are_kept():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run(
        [*command, "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'client'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def calls_at_import(path):
    """Names of what a module calls to make its own names, outside functions and classes."""
    body = ast.parse(path.read_text()).body
    values = [node.value for node in body if isinstance(node, ast.Assign | ast.AnnAssign)]
    calls = [call for value in values if value for call in ast.walk(value)]
    return {ast.unparse(call.func) for call in calls if isinstance(call, ast.Call)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_no_module_wires_parts_or_reads_settings_when_imported(path):
    parts = {"Store", "Serving", "Indexing", "Settings", "Recommender", "create_app"}
    parts |= {"SentenceTransformerEncoder", "DataFolder", "load", "open", "Vectors", "TextRecipe"}
    assert not calls_at_import(path) & parts


@pytest.mark.parametrize("module", ["api.app", "api.cli", "recommender.recommend"])
def test_importing_a_door_loads_no_model_runtime(module):
    code = f"import sys, {module}; print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
