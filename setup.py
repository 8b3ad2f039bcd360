"""The wheel brings the app along, as optim_viz/app; pyproject.toml says the rest."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

#: What `streamlit run app.py` needs beside optim_viz; MANIFEST.in names the same for a source distribution.
APP = ("app.py", "frame.py", "pages/*.py", ".streamlit/config.toml", "static/README.md")


class WithApp(build_py):
    """Copies the app into what is built. An editable installation finds it where it is."""

    def run(self) -> None:
        super().run()
        for path in sorted(path for glob in APP for path in Path().glob(glob) if not self.editable_mode):
            target = Path(self.build_lib, "optim_viz", "app", path)
            self.mkpath(str(target.parent))
            self.copy_file(str(path), str(target))


setup(cmdclass={"build_py": WithApp})
