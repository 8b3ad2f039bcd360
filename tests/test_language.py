"""Every sentence is in every catalogue, with the same values and formulas in it; and what is told is what was made."""

import ast
import copy
import pickle
import re
import threading

import pytest

from docs import make_words
from optim_viz.experiments.presets import MATRIX_PRESETS, NETWORK_PRESETS, PRESETS
from optim_viz.language import LANGUAGES, N_, OWN, Words, of_browser, of_locale, speaking, spoken, together, tr
from optim_viz.lessons import links
from optim_viz.lessons.predictions import PREDICTIONS
from optim_viz.lessons.table import LESSONS
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import SpecError, number
from optim_viz.surfaces.expression import parse
from optim_viz.surfaces.table import SURFACES

OTHERS = [language for language in LANGUAGES if language != OWN]
#: What no translation may change: values, formulas, code, links, icons, addresses.
KEPT = re.compile(r"\{[^{}]*\}|\$[^$]+\$|`[^`]+`|\]\([^)]+\)|:material/\w+:|https?://\S+")


def test_what_is_wrong_with_a_typed_function_is_one_sentence_in_one_language():
    with pytest.raises(SpecError) as error:
        parse("1/0")
    said = together([str(error.value), N_("The link's {key} was dropped: {error}", key="steps", error="")])
    assert said.startswith("This divides by zero (at character 3). The")
    with speaking("zh"):
        assert not re.search("[a-z] |character", tr(said).partition("steps")[0]) and "3" in tr(str(error.value))


@pytest.fixture(scope="module", params=OTHERS)
def catalogue(request):
    return make_words.read(request.param)


def messages(catalogue):
    return [message for message in catalogue if message.id]


def test_every_message_is_in_the_catalogue_and_no_other(catalogue):
    told = {message for message, _ in (*make_words.of_python(), *make_words.of_javascript()) if message}
    assert {message.id for message in messages(catalogue)} == told, "make words"


def test_no_message_waits_for_its_translation(catalogue):
    assert [message.id for message in messages(catalogue) if not message.string] == []


def test_values_and_formulas_are_those_of_the_message(catalogue):
    for message in messages(catalogue):
        assert sorted(KEPT.findall(message.string)) == sorted(KEPT.findall(message.id)), message.id


def test_every_row_of_the_tables_is_a_message(catalogue):
    """Rows may be made by functions, which is not seen in the code: what they hold is what the catalogue must have."""
    known = {message.id for message in messages(catalogue)}
    rows = [*OPTIMIZERS.values(), *SCHEDULES.values()]
    texts = {text for row in rows for text in (row.problem, *(h.text for h in row.hyperparameters))}
    texts |= {row.story for row in SURFACES.values()} | {row.title for row in SCHEDULES.values()} - {"Steps"}
    every = (*PRESETS.values(), *NETWORK_PRESETS.values(), *MATRIX_PRESETS.values())
    texts |= {text for row in every for text in (row.title, row.text)}
    for lesson in LESSONS.values():
        texts |= {lesson.title, lesson.claim, lesson.text, lesson.look, lesson.question, lesson.answer}
        texts |= {lesson.finding.sentence, lesson.limit.text, lesson.limit.finding.sentence}
        texts |= {getattr(made.caption, "message", made.caption) for made in links.shown(lesson)}
        asked = PREDICTIONS[lesson.slug]
        texts |= {asked.question, asked.what}
    assert texts - {""} - known == set()


def test_no_message_is_put_together_where_it_is_told():
    """A message is one text with places for its values: an f-string, or two texts joined, is in no catalogue."""
    for path in (make_words.ROOT / "optim_viz").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in make_words.PYTHON:
                given = node.args[make_words.PYTHON[node.func.id] :][:1]
                assert not any(isinstance(one, ast.JoinedStr | ast.BinOp) for one in given), f"{path}:{node.lineno}"


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_read_is_what_was_translated(language):
    """The compiled catalogues are in the repository, so that a clone needs no build."""
    for path, content in make_words.compiled(language).items():
        assert path.read_bytes() == content, "make words"
    assert make_words.po_file(language).read_bytes() == make_words.text_of(make_words.updated(language)), "make words"


def test_words_are_english_and_remember_how_they_were_made():
    words = N_("{what} must be a number; got {value}.", what="lr", value="'x'")
    assert words == "lr must be a number; got 'x'." and isinstance(words, str)
    for again in (copy.deepcopy(words), pickle.loads(pickle.dumps(words)), str(SpecError(words))):  # noqa: S301
        assert isinstance(again, Words) and (again.message, again.values) == (words.message, words.values)


def test_errors_are_told_in_the_language_of_whoever_reads_them():
    with pytest.raises(SpecError) as error, speaking("zh"):
        number("x", "lr")
    assert str(error.value) == "lr must be a number; got 'x'."
    with speaking("zh"):
        assert tr(str(error.value)) != str(error.value)
    assert tr(str(error.value)) == str(error.value)


def test_words_among_values_and_words_joined_are_told_too():
    inner = N_("{what} must be a number; got {value}.", what="lr", value="'x'")
    with speaking("zh"):
        told = tr(inner)
        assert told in tr(together(["a", inner])) and tr(together(["a", "b"], "{before}/{after}")) == "a/b"
    assert together(["a", "b"]) == "a b" and together([]) == "" and tr(together([])) == ""


def test_text_of_nobodys_stays_as_it_is():
    with speaking("zh"):
        assert [tr(text) for text in ("", "adam 2", "{x} %s", "x" * 500)] == ["", "adam 2", "{x} %s", "x" * 500]
    assert N_("{x}") == tr("{x}") == "{x}"


def test_a_language_is_spoken_only_where_it_was_begun():
    heard = []
    with speaking("zh"):
        with speaking("en"):
            assert spoken() == "en"
        thread = threading.Thread(target=lambda: heard.append(spoken()))
        thread.start()
        thread.join()
        assert spoken() == "zh" and of_browser()["language"] == "zh"
    assert spoken() == "en" and heard == ["en"] and of_browser() == {"language": "en", "words": {}}


@pytest.mark.parametrize(
    ("tag", "language"),
    [("zh-CN", "zh"), ("zh", "zh"), ("zh_TW.UTF-8", "zh"), ("ZH-hans", "zh"), ("en-GB", "en"), ("de", "en"),
     (None, "en")],
)  # fmt: skip
def test_a_browsers_locale_names_a_language(tag, language):
    assert of_locale(tag) == language


@pytest.mark.parametrize("language", OTHERS)
def test_what_the_player_finds_by_its_words_is_called_so(language):
    """Marks that are no longer true once a map is turned are known by how their names begin."""
    with speaking(language):
        known = make_words.compiled_words(language)
        for begins in ("theory", "best here"):
            names = [message for message, _ in make_words.of_python() if message.startswith(f"{begins}: ")]
            assert names and all(tr(name).startswith(known[begins]) for name in names)
