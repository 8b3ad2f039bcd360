#!/bin/sh
# Runs the image's steps on a plain machine, in an empty folder, where there is no container engine:
# build.sh, the read-only code, serve.sh, the health check. docker/try.sh [FOLDER]
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-$(mktemp -d)}
PORT=${PORT:-8599}
export PORT OPTIM_VIZ_CACHE="$target/cache"
# As in the image: only what .dockerignore lets through, none of what a checkout has gathered.
mkdir -p "$target/source/static"
for part in requirements.lock app.py frame.py docker .streamlit pages optim_viz; do cp -R "$source/$part" "$target/source/"; done
cp "$source/static/README.md" "$target/source/static/"
sh "$target/source/docker/build.sh" "$target/source" "$target/app"
chmod -R a-w "$target/app"
sh "$target/source/docker/serve.sh" "$target/app" >"$target/log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; chmod -R u+w "$target/app"' EXIT
tries=0
until python3 "$source/docker/healthy.py" 2>/dev/null; do
  tries=$((tries + 1))
  if [ $tries -gt 60 ] || ! kill -0 $server; then cat "$target/log"; echo "The server did not come up."; exit 1; fi
  sleep 1
done
du -sh "$target/app"
echo "healthy after $tries looks, on port $PORT"
