"""What docker/haproxy.cfg makes of every answer."""

import re
from pathlib import Path

CONFIG = (Path(__file__).parents[1] / "docker" / "haproxy.cfg").read_text()
#: The headers that it sets, by name in small letters.
HEADERS = {
    name.lower(): value.strip('"')
    for name, value in re.findall(r"^\s*http-response set-header (\S+) (.+)$", CONFIG, re.M)
}
