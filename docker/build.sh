#!/bin/sh
# What the image is built of: a virtual environment with what requirements.txt names, and the app beside it.
# build.sh SOURCE TARGET; also runs on a plain machine (docs/deploy.md).
set -eu
source=$1 target=$2
mkdir -p "$target"
python3 -m venv "$target/venv"
# torch's CPU build where its index can be reached (PIP_EXTRA_INDEX_URL, set in the Dockerfile): a tenth of the size.
"$target/venv/bin/pip" install --no-cache-dir --disable-pip-version-check --quiet -r "$source/requirements.txt"
cp -R "$source/app.py" "$source/pages" "$source/optim_viz" "$source/static" "$source/.streamlit" "$target/"
# Written here, once: the running server needs no right to write beside its own code.
cd "$target"
./venv/bin/python -c "from optim_viz.player.assets import publish; from pathlib import Path; publish(Path('static'))"
./venv/bin/python -m compileall -q app.py pages optim_viz
