#!/bin/sh
# Serves the app from the folder that build.sh made: serve.sh TARGET. The settings are checked and printed first.
set -eu
cd "$1"
./venv/bin/python -c "from optim_viz import settings; settings.show()"
exec ./venv/bin/streamlit run app.py --server.port "${PORT:-8501}" --server.headless true --server.fileWatcherType none
