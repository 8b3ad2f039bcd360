"""The image and the two servers behind a proxy, as far as they can be held without a container engine."""

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import streamlit
import yaml

from tests.proxy import CONFIG, HEADERS

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())


def lines(word):
    return re.findall(rf"^{word} (.*)$", DOCKERFILE, re.MULTILINE)


def test_the_image_copies_what_is_there_and_all_that_the_build_needs():
    copied = [part.split() for part in lines("COPY") if not part.startswith("--from")]
    sources = {source for *found, _ in copied for source in found}
    assert all((ROOT / source).exists() for source in sources)
    needed = set(re.findall(r'"\$source/([\w./]+)"', (ROOT / "docker" / "build.sh").read_text()))
    assert all(any(part == s or s.startswith(f"{part}/") for s in sources) for part in needed)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*" and {line[1:] for line in ignored if line.startswith("!")} >= sources - {"docker"}


def test_the_image_runs_as_nobody_special_and_reads_its_health():
    assert lines("USER") == ["viewer"] and DOCKERFILE.rindex("USER") < DOCKERFILE.rindex("CMD")
    assert "--uid 10001" in DOCKERFILE and "healthy.py" in lines("HEALTHCHECK")[0]
    assert not re.search(r"SECRET|PASSWORD|TOKEN", DOCKERFILE)


@pytest.mark.parametrize("script", sorted((ROOT / "docker").glob("*.sh")), ids=lambda p: p.name)
def test_the_steps_are_shell_that_parses(script):
    subprocess.run(["sh", "-n", script], check=True)


def test_two_servers_share_a_secret_behind_a_proxy_that_keeps_visitors():
    services = COMPOSE["services"]
    servers = [name for name, service in services.items() if service["image"] == "optim-viz"]
    assert len(servers) == 2 and "ports" not in services[servers[0]]
    for name in servers:
        environment = services[name]["environment"]
        assert environment["STREAMLIT_SERVER_COOKIE_SECRET"].startswith("${OPTIM_VIZ_COOKIE_SECRET:?")
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"] and services[name]["mem_limit"]
        assert f"server {name} {name}:8501 cookie {name}" in CONFIG
        assert services["proxy"]["depends_on"][name] == {"condition": "service_healthy"}
    assert "cookie optim_viz_server insert" in CONFIG and "http-check expect string ok" in CONFIG
    mounted = services["proxy"]["volumes"][0].split(":")[0]
    assert (ROOT / mounted).read_text() == CONFIG


def test_the_proxy_tells_browsers_what_a_page_may_do():
    assert HEADERS["referrer-policy"] == "no-referrer" and HEADERS["x-content-type-options"] == "nosniff"
    rules = {
        name: sources for name, *sources in (rule.split() for rule in HEADERS["content-security-policy"].split(";"))
    }
    assert rules["default-src"] == ["'none'"] and not {"'unsafe-eval'", "'unsafe-inline'", "*"} & {*rules["script-src"]}
    index = (Path(streamlit.__file__).parent / "static" / "index.html").read_text()
    (inline,) = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in rules["script-src"], "Streamlit's inline script is another one now"


def test_the_proxy_bounds_what_one_address_asks_for():
    for bound in ("sc_conn_cur(0) gt 300", "sc_conn_rate(0) gt 600", "sc_http_req_rate(0) gt 4000"):
        assert f"{{ {bound} }}" in CONFIG
    assert "track-sc0 src,ipmask(32,64)" in CONFIG and "timeout http-request 10s" in CONFIG
    assert "status 404 if { path_beg /_stcore/metrics }" in CONFIG
    if shutil.which("haproxy"):  # it reads its own language best
        subprocess.run(["haproxy", "-c", "-q", "-f", ROOT / "docker" / "haproxy.cfg"], check=True)


def test_the_app_is_served_as_the_documents_say():
    import tomllib

    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] == 64 and config["server"]["enableXsrfProtection"]
    assert config["browser"]["gatherUsageStats"] is False and config["client"]["showErrorDetails"] == "none"


def test_every_setting_stands_in_the_documents():
    from optim_viz.settings import SETTINGS

    text = (ROOT / "docs" / "deploy.md").read_text()
    for row in SETTINGS.values():
        default = f"{row.default:,}" if isinstance(row.default, int) else row.default
        assert f"| `{row.variable}` | {f'{default} {row.unit}'.strip()} |" in text, row.name
