"""Whether the server on this machine answers "ok" to /_stcore/health; ends with 0 if so. An error page is not ok."""

import os
import sys
import urllib.request

ADDRESS = f"http://127.0.0.1:{os.environ.get('PORT', '8501')}/_stcore/health"

try:
    with urllib.request.urlopen(ADDRESS, timeout=4) as answer:
        sys.exit(answer.read() != b"ok")
except OSError as error:
    sys.exit(f"{ADDRESS}: {error}")
