"""requirements.lock: every package that requirements.txt asks for, in its range, each file under its hash."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()
#: Each package's requirement and the lines below it. One may stand there twice, for other versions of Python.
BLOCKS = [
    (Requirement(head.rstrip("\\ ")), rest)
    for head, *rest in (block.splitlines() for block in re.split(r"^(?=[a-z])", LOCK, flags=re.MULTILINE)[1:])
]
WANTED = [Requirement(line) for line in (ROOT / "requirements.txt").read_text().splitlines() if line[:1] not in "#"]


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_what_is_asked_for_is_locked_inside_its_range(wanted):
    found = [pin for pin, _ in BLOCKS if pin.name == wanted.name]
    assert found and all(wanted.specifier.contains(version(pin)) for pin in found)


def version(pin):
    (only,) = pin.specifier
    assert only.operator == "=="
    return only.version


def test_every_file_has_its_hash_and_no_address_is_named():
    assert len(BLOCKS) > 40
    for pin, lines in BLOCKS:
        hashes = [line for line in lines if "--hash=" in line]
        assert hashes and all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes), pin.name
    assert not re.search(r"://|^--|^ +--(?!hash)", LOCK, re.MULTILINE)
