"""What all tests of pages share: Streamlit looks for other packages' components once, not at every run of a page."""

import functools

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture(scope="session", autouse=True)
def components_are_looked_for_once():
    """A server does so at its start; AppTest has a server of its own for each run, and it reads what every installed
    package says of itself: a third of the time that the pages took."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
        )
        yield
