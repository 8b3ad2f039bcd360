#!/bin/sh
# What the image is built of: a virtual environment with what requirements.lock names, file by file under its hash, and the
# app beside it. build.sh SOURCE TARGET; also runs on a plain machine (docs/deploy.md).
set -eu
source=$1 target=$2
mkdir -p "$target"
python3 -m venv "$target/venv"
install() { "$target/venv/bin/pip" install --no-cache-dir --disable-pip-version-check --quiet "$@"; }
lock="$source/requirements.lock"
if [ -n "${TORCH_INDEX:-}" ]; then
  # torch's CPU build is another file than the one that is locked, a tenth of its size, and wants none of CUDA's packages.
  torch=$(grep -o '^torch==[0-9.]*' "$lock")
  echo "$torch ${TORCH_SHA256:+--hash=sha256:$TORCH_SHA256}" >"$target/torch.txt"
  install --no-deps --index-url "$TORCH_INDEX" -r "$target/torch.txt"
  awk '/^[a-z]/ {skip = /^(torch|triton|nvidia-|cuda-)/} !skip' "$lock" >"$target/others.lock"
  lock="$target/others.lock"
fi
install --require-hashes -r "$lock"
cp -R "$source/app.py" "$source/frame.py" "$source/pages" "$source/optim_viz" "$source/static" "$source/.streamlit" "$target/"
# Written here, once: the running server needs no right to write beside its own code.
cd "$target"
./venv/bin/python -c "from optim_viz.player.assets import publish; from pathlib import Path; publish(Path('static'))"
./venv/bin/python -m compileall -q app.py frame.py pages optim_viz
