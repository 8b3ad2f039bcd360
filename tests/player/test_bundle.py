"""The player as one file: the same functions, in an order in which each finds what it needs."""

import json
import re
import subprocess

import pytest

from optim_viz.player import bundle
from optim_viz.player.assets import WHOLE, WORKER
from tests.node import node_path


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_left_out_is_comments(name, tmp_path):
    (tmp_path / "whole.mjs").write_text(bundle.joined(WHOLE[name]))
    subprocess.run([node_path(), "--check", tmp_path / "whole.mjs"], capture_output=True, check=True)
    code = re.compile(r"^[ \t]*(?!/\*\*|\*|//)\S.*\n", re.MULTILINE)
    text = bundle.joined(WHOLE[name])
    for module in bundle.needed(WHOLE[name]):
        for line in code.findall(bundle.source(module)):
            assert line.startswith(("import ", "export ")) or bundle.TYPE.sub("", line) in text, (module, line)


@pytest.mark.parametrize("name", WHOLE)
def test_every_import_and_export_is_of_a_form_that_can_be_joined(name):
    text = bundle.joined(WHOLE[name])
    assert not re.search(r"^import\b", text, re.MULTILINE)
    exports = [line for line in text.splitlines() if line.startswith("export")]
    assert all(line.startswith("export const {") for line in exports)
    assert text.splitlines()[len(text.splitlines()) - len(exports) :] == exports


@pytest.mark.parametrize("entry", [entry for entries in WHOLE.values() for entry in entries])
def test_what_is_imported_is_exported_by_its_own_declaration(entry):
    for name in bundle.needed([entry]):
        for names, path in bundle.IMPORT.findall(bundle.source(name)):
            there = set(bundle.EXPORT.findall(bundle.source(bundle.meant(path, name))))
            assert {part.split(" as ")[0].strip() for part in names.strip("{} ").split(",")} <= there, name


def test_modules_come_after_what_they_need():
    order = bundle.needed(WHOLE["whole/app.js"])
    assert len(order) == len(set(order)) > 40
    for place, name in enumerate(order):
        for _, path in bundle.IMPORT.findall(bundle.source(name)):
            assert order.index(bundle.meant(path, name)) < place


def test_a_circle_is_said(monkeypatch):
    texts = {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}
    monkeypatch.setattr(bundle, "source", texts.__getitem__)
    with pytest.raises(ValueError, match=r"a\.js needs itself, by way of b\.js"):
        bundle.needed(["a.js"])


def in_node(script):
    """What a module prints as JSON."""
    ran = subprocess.run([node_path(), "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_the_file_does_what_the_modules_do(tmp_path):
    entries = ("numbers/paths.js", "engine/random.js", "engine/program.js", "app/streamlit.js")
    (tmp_path / "whole.mjs").write_text(bundle.joined(entries))
    keys = "Object.keys(await import({})).sort()"
    apart = ", ".join(f"...{keys.format(json.dumps(str(bundle.SOURCES / name)))}" for name in entries)
    whole = json.dumps(str(tmp_path / "whole.mjs"))
    assert in_node(f"console.log(JSON.stringify({keys.format(whole)}))") == sorted(
        in_node(f"console.log(JSON.stringify([{apart}]))")
    )
    cut = "console.log(JSON.stringify((await import({})).clipSegment(-1, 0, 3, 4, [0, 0, 2, 9])));"
    assert (
        in_node(cut.format(whole)) == in_node(cut.format(json.dumps(str(bundle.SOURCES / entries[0])))) == [0, 1, 2, 3]
    )


def test_a_workers_script_needs_no_module_and_answers_until_it_is_wrong_and_after():
    """Tasks and what is said: it is ready, takes programs, refuses what is none, and goes on."""
    script = bundle.joined(WHOLE[WORKER])
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    field = {"run": {"program": "none", "values": {}, "scale": [1, 1]}, "axes": [{"name": "x", "values": [0]}] * 2}
    tasks = [{"programs": {}}, {"field": field | {"steps": 1}, "from": 0, "to": 1}, {"programs": {}}]
    said = in_node(
        f"const said = []; globalThis.self = {{ postMessage: (one) => said.push(Object.keys(one)[0]) }};\n{script}\n"
        f"for (const data of {json.dumps(tasks)}) self.onmessage({{ data }});\nconsole.log(JSON.stringify(said));"
    )
    assert said == ["ready", "found", "error", "found"]
