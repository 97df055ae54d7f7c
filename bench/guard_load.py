"""Load a guarded site with wrk: how many of many mixed requests leaked a value, or got what belongs to another one.

Every thread of wrk has one connection and checks each answer against what it has sent. `bench/guard_load.py [requests]` writes `guard_load.md`.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WANTED = int(sys.argv[1]) if __name__ == "__main__" and len(sys.argv) > 1 else 100_000
CONNECTIONS = 64
ROUND = 30
SECRET = re.compile(rb"k\d+-\d+-7Qz9fWx2LmP3")

SCRIPT = """
local threads = {}
function setup(thread) thread:set("number", #threads); table.insert(threads, thread) end
function init() count = 0; leaks = 0; wrong = 0; right = 0; last = "" end
local kinds = { "leak", "show", "page", "address", "clear" }
function request()
  count = count + 1
  kind = kinds[count % 5 + 1]
  last = "k" .. number .. "-" .. count .. "-7Qz9fWx2LmP3"
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded", ["X-Forwarded-Proto"] = "https", ["Host"] = "localhost" }
  local body = "diagnosis=d" .. number .. "-" .. count .. "-visible&card_number=" .. last
  if kind == "page" then return wrk.format("GET", "/page/", headers) end
  if kind == "address" then return wrk.format("GET", "/page/?card_number=" .. last, headers) end
  if kind == "clear" then headers["X-Forwarded-Proto"] = "http" end
  return wrk.format("POST", "/" .. (kind == "clear" and "show" or kind) .. "/", headers, body)
end
function response(status, headers, body)
  local all = body
  for name, value in pairs(headers) do all = all .. "\\n" .. name .. ": " .. value end
  if string.find(all, "7Qz9fWx2LmP3", 1, true) then leaks = leaks + 1; note(status, all) end
  local expected = 200
  if kind == "address" then expected = 400 elseif kind == "clear" then expected = 403 end
  local mine = "d" .. number .. "-" .. count .. "-visible"
  local ok = status == expected
  if kind == "show" then ok = ok and body == mine end
  if kind == "leak" then ok = ok and string.find(body, "***", 1, true) ~= nil and string.find(body, mine, 1, true) ~= nil end
  if ok then right = right + 1 else wrong = wrong + 1; note(status, all) end
end
function note(status, all)
  local file = io.open("odd", "a")
  file:write(kind, " ", number, "-", count, ": ", status, "\\n", all, "\\n\\n")
  file:close()
end
function done(summary, latency, requests)
  local l, w, r = 0, 0, 0
  for _, thread in ipairs(threads) do
    l = l + thread:get("leaks"); w = w + thread:get("wrong"); r = r + thread:get("right")
  end
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("COUNTS %d %d %d %d %d\\n", r, w, l, errors, latency:percentile(99)))
end
"""


def _configure() -> Any:
    """The site: pages that let the value out by a body, a header, a cookie and the log, and one that shows what may be shown."""
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    settings.configure(
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="guard_load",
        MIDDLEWARE=["leaktight.guard.middleware.GuardMiddleware", "django.middleware.security.SecurityMiddleware"],
        INSTALLED_APPS=["leaktight.guard"],
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
        SECRET_KEY="benchmark-only-" + "k" * 40,
        LEAKTIGHT={"KEYS": ["k" * 40], "INCIDENTS": False},
        LOGGING_CONFIG=None,
    )
    django.setup()
    logging.basicConfig(level=logging.INFO)
    return get_wsgi_application()


def leak(request: Any) -> Any:
    """Let the value out wherever a view can."""
    from django.http import HttpResponse

    card = request.POST["card_number"]
    logging.getLogger("site").info("paid with %s", card)
    time.sleep(0.001)  # others are answered meanwhile
    response = HttpResponse(f"{request.POST['diagnosis']} was paid with {card}", headers={"X-Card": card})
    response.set_cookie("last", card)
    return response


def show(request: Any) -> Any:
    """Show what may be shown."""
    from django.http import HttpResponse

    return HttpResponse(request.POST["diagnosis"])


def page(request: Any) -> Any:
    """Answer with nothing sensitive."""
    from django.http import HttpResponse

    return HttpResponse("<p>Order and delivery</p>" * 80)


def _patterns() -> list[Any]:
    from django.urls import path

    return [path("leak/", leak), path("show/", show), path("page/", page)]


if __name__ == "guard_load":
    urlpatterns = _patterns()
    application = _configure()


def _serve(port: int, log: Any) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-k",
        "gthread",
        "--threads",
        "16",
        "-w",
        "2",
        "-b",
        f"127.0.0.1:{port}",
        "guard_load",
    ]
    environment = {**os.environ, "PYTHONPATH": f"{HERE}:{os.environ.get('PYTHONPATH', '')}"}
    server = subprocess.Popen(command, stdout=log, stderr=log, cwd=HERE, env=environment)
    for _ in range(600):
        time.sleep(0.1)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
    raise SystemExit("the server does not listen")


def main() -> None:
    """Run rounds of wrk until enough requests were answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    total = [0, 0, 0, 0, 0]
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        script = Path(folder) / "mixed.lua"
        script.write_text(SCRIPT)
        server = _serve(port, log)
        try:
            while sum(total[:2]) < WANTED:
                command = ["wrk", f"-t{CONNECTIONS}", f"-c{CONNECTIONS}", f"-d{ROUND}s", "--timeout", "20s", "-s", str(script)]
                written = subprocess.run(
                    [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
                ).stdout
                found = re.search(r"COUNTS (\d+) (\d+) (\d+) (\d+) (\d+)", written)
                assert found, written
                counts = [int(each) for each in found.groups()]
                total = [*(one + more for one, more in zip(total[:4], counts[:4], strict=True)), max(total[4], counts[4])]
                print(*total, flush=True)
        except KeyboardInterrupt:
            print("ended early; what was counted is kept")
        finally:
            server.terminate()
            server.wait()
        logged = (Path(folder) / "log").read_bytes()
        odd = Path(folder) / "odd"
        print(odd.read_text() if odd.exists() else "nothing odd")
    took = time.perf_counter() - start
    right, wrong, leaks, errors, slowest = total
    lines = logged.count(b"paid with")
    text = (
        f"# The guard under load\n\nOne run of `bench/guard_load.py`: Python {platform.python_version()}, gunicorn with 2 processes of 16 threads, wrk with "
        f"{CONNECTIONS} connections, {right + wrong:,} mixed requests in {took:.0f} s; 99 of 100 took at most {slowest / 1e6:.1f} s.\n\n"
        "| what | how many |\n|---|---|\n"
        f"| answers that were right: masked, refused, shown to whom it belongs | {right:,} |\n"
        f"| answers with a value of another request, or otherwise wrong | {wrong} |\n"
        f"| answers with a value in body, header or cookie | {leaks} |\n"
        f"| connections that broke | {errors} |\n"
        f"| lines of the log about a value | {lines:,} |\n"
        f"| of these with the value | {len(SECRET.findall(logged))} |\n"
    )
    print(text)
    (HERE / "guard_load.md").write_text(text)


if __name__ == "__main__":
    main()
