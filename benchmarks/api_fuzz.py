"""Ask a city of its own through schemathesis as nobody, a resident and a curator; prints JSON, status 1 = falls short.

    make api-fuzz [ARGS="--cases 20000 --seed 7"]

Every operation: no 5xx, nothing its description does not say, no ignored authentication. Numbers of real rows are given
to schemathesis, so that it comes further than 404.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WHO = {"nobody": None, "resident": "fuzz-resident@example.org", "curator": "fuzz-curator@example.org"}
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,ignored_auth,unsupported_method"
)
METHODS = ("get", "post", "put", "patch", "delete")
OFF = dict.fromkeys(("API_PERSON_LIMIT", "API_WRITE_LIMIT", "API_ADDRESS_LIMIT"), "off")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=20_000, help="at least so many, over all three (20000)")
    parser.add_argument("--seed", type=int, default=None, help="the seed a run printed, to repeat it")
    parser.add_argument("--minutes", type=int, default=60, help="longest time for each of the three")
    parser.add_argument("--who", nargs="+", choices=WHO, default=list(WHO), help="only as these (all three)")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "big")
    with tempfile.TemporaryDirectory() as place:
        environment = {**os.environ, **OFF, "RUKN_VAR": place, "PYTHONUNBUFFERED": "1"}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = Path(place) / "log.txt"
        with log.open("w") as out:
            command = [sys.executable, "manage.py", "demo", "--port", str(port), "--no-progress", "--lang", "en"]
            city = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            address = _wait(city, log)
            runs = {who: _ask(who, address, environment, options, seed, Path(place)) for who in options.who}
            errors = log.read_text(encoding="utf-8").count("Internal Server Error")
        finally:
            city.terminate()
            city.wait(timeout=15)
    cases = sum(run["cases"] for run in runs.values())
    failures = sum(run["failures"] for run in runs.values())
    met = not failures and not errors and cases >= options.cases
    report = {"cases": cases, "failures": failures, "server_errors": errors, "seed": seed, "met": met, "runs": runs}
    print(json.dumps(report, ensure_ascii=False))
    return 0 if met else 1


def _wait(city: "subprocess.Popen[bytes]", log: Path) -> str:
    until = time.monotonic() + 120
    while time.monotonic() < until and city.poll() is None:
        found = re.search(r"ready after [\d.]+ s:\s+(http://\S+)/", log.read_text(encoding="utf-8"))
        if found:
            return found.group(1)
        time.sleep(0.2)
    raise SystemExit(f"the city did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")


def _ask(
    who: str, address: str, environment: dict[str, str], options: argparse.Namespace, seed: int, place: Path
) -> dict[str, object]:
    headers = ["-H", "Accept-Language: en"]
    if WHO[who]:
        command = [sys.executable, "manage.py", "make_person", WHO[who], "--role", who, "--language", "en", "--token"]
        made = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        headers += ["-H", f"Authorization: Token {json.loads(made.stdout)['token']}"]
    numbers = place / f"{who}.toml"
    numbers.write_text(_with_numbers(address), encoding="utf-8")
    examples = max(1, -(-options.cases // (len(options.who) * _operations(address))))
    started = time.monotonic()
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(numbers), "run",
        f"{address}/api/schema/", *headers, "--max-examples", str(examples), "--phases", "coverage,fuzzing",
        "--checks", CHECKS, "--seed", str(seed), "--workers", "2", "--continue-on-failure", "--no-color",
        "--request-timeout", "30",
    ]  # fmt: skip
    longest = options.minutes * 60
    try:
        run = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, timeout=longest, check=False
        )
    except subprocess.TimeoutExpired:
        return {"cases": 0, "failures": 1, "what": [f"no end within {options.minutes} minutes"], "seconds": longest}
    cases = re.search(r"([\d,]+) generated", run.stdout)
    failures = [line.strip() for line in re.findall(r"❌ ([A-Z]{2}\d+ .*)", run.stdout)]
    if run.returncode or failures:
        sys.stderr.write(f"--- {who} ---\n{run.stdout[-20000:]}\n{run.stderr[-2000:]}\n")
    return {
        "cases": int(cases.group(1).replace(",", "")) if cases else 0,
        "failures": len(failures) or int(run.returncode != 0),
        "what": failures,
        "seconds": round(time.monotonic() - started, 1),
    }


def _operations(address: str) -> int:
    """Count the operations of the description, to say how many examples of each make the cases asked for."""
    with urllib.request.urlopen(f"{address}/api/schema/", timeout=60) as answer:
        return count_operations(json.load(answer))


def count_operations(schema: dict) -> int:
    """Count methods over all addresses."""
    return sum(method in METHODS for methods in schema["paths"].values() for method in methods)


def _with_numbers(address: str) -> str:
    """Write schemathesis' configuration with the number of a public listing for every address that wants one."""
    with urllib.request.urlopen(f"{address}/api/listings/?limit=1", timeout=10) as answer:
        listing = json.load(answer)["results"][0]
    known = {"/listings/": listing["id"], "/people/": listing["owner"]["id"], "/talks/": 1, "/desk/": 1}
    lines = [(ROOT / "schemathesis.toml").read_text(encoding="utf-8")]
    for part, number in known.items():
        lines.append(
            f'[[operations]]\ninclude-path-regex = "{part}\\\\{{id"\nparameters = {{ "path.id" = {number} }}\n'
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
