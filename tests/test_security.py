"""What docs/security.md promises: nothing is unpickled, no typed text is run, none becomes HTML or script."""

import ast
import functools
import re
from pathlib import Path

import pytest

from optim_viz.ui.page import plain

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "app.py", ROOT / "frame.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "optim_viz").rglob("*.py")]
SCRIPTS = [p for p in (ROOT / "optim_viz").rglob("*") if p.suffix in (".js", ".html") and p.parent.name != "vendor"]
#: Code that is run: written by us, or printed by sympy from an expression that passed surfaces/expression.py.
RUN = {"surfaces/float_loop.py": 1, "surfaces/compiled.py": 1, "sweeps/numpy_code.py": 1}
#: HTML from Python, each with what it is made of: our style sheet; a legend, every word of it escaped.
HTML = {"ui/page.py": "f\"<style>{asset('page.css')}</style>\"", "ui/tune_views.py": "shown.legend"}
#: The player's loader, filled with names of files and of its own functions alone.
LOADER = "Template(asset('player_loader.js')).substitute(player=player, flat=flat, whole=whole, entry=name)"
FORBIDDEN = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}


def inside(path):
    """A file of the package by its path in it."""
    return path.relative_to(ROOT).as_posix().removeprefix("optim_viz/")


@functools.cache
def nodes(path):
    """Every node of a file's code, for all that is asked of it."""
    return [*ast.walk(ast.parse(path.read_text()))]


@functools.cache
def calls(path):
    """Every call of a file: its last name, its whole name, and the options that it gives by name."""
    return [
        (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""),
         ast.unparse(node.func), {k.arg: k.value for k in node.keywords}, node)
        for node in nodes(path) if isinstance(node, ast.Call)
    ]  # fmt: skip


def option(options, name, otherwise):
    """What is written for an option."""
    return ast.unparse(options[name]) if name in options else otherwise


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_unpickled_and_nothing_typed_is_run(path):
    imported = {a.name for n in nodes(path) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module for n in nodes(path) if isinstance(n, ast.ImportFrom) and n.module}
    assert not {name.split(".")[0] for name in imported} & FORBIDDEN
    run = 0
    for name, whole, options, _ in calls(path):
        assert whole not in ("eval", "__import__", "os.system", "os.popen", "sympy.sympify", "sympify")
        assert name not in ("parse_expr", "read_pickle", "to_pickle", "read_html")
        assert option(options, "shell", "") != "True"
        assert option(options, "allow_pickle", "False") == "False"
        if whole == "torch.load":
            assert option(options, "weights_only", "") == "True"
        run += whole == "exec"
    assert run == RUN.get(inside(path), 0)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_text_of_visitors_becomes_html_or_script(path):
    for name, whole, options, node in calls(path):
        for unsafe in ("unsafe_allow_html", "unsafe_allow_javascript"):
            assert option(options, unsafe, "False") == "False"
        assert whole not in ("st.iframe", "components.html", "components.iframe")
        if whole in ("st.html", "html"):
            assert isinstance(node.args[0], ast.Constant) or ast.unparse(node.args[0]) == HTML[inside(path)]
        if name == "component":  # made of constants and of our own files; only the player's loader is filled in
            filled = {LOADER} if inside(path) == "ui/player.py" else set()
            for part in ("js", "html", "css"):
                value = option(options, part, "''")
                assert value in filled or re.fullmatch(r"'[^']*'|asset\('[^']*'\)", value)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_scripts_write_text_never_markup(path):
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    assert not re.search(banned, path.read_text())


def test_the_legend_of_basins_escapes():
    from optim_viz.figures.basins import legend

    source = ast.parse((ROOT / "optim_viz" / "figures" / "basins.py").read_text())
    body = next(ast.unparse(n) for n in source.body if isinstance(n, ast.FunctionDef) and n.name == "legend")
    assert "escape(" in body, legend.__doc__
    page = (ROOT / "optim_viz" / "ui" / "tune_views.py").read_text()
    assert (
        "legend = pictures.legend(found) if" in page and page.count("legend = ") == 1
    )  # nothing else is shown as HTML


@pytest.mark.parametrize("text", ["![x](https://a.b/c.png)", "[x](javascript:alert(1))", "$\\href{https://a.b}{x}$",
                                  "`code` **bold** ~~gone~~", "https://a.b", ":red[x]", "x_1 + 'foo'"])  # fmt: skip
def test_what_visitors_wrote_is_shown_as_it_is(text):
    shown = plain(text)
    assert re.sub(r"\\([\\`*~$\[\]/])", r"\1", shown) == text
    assert not re.search(r"(?<!\\)[`*~$\[\]]|://", shown)
