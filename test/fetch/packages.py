# SPDX-License-Identifier: MPL-2.0
"""packages: what the tests of packages and of images have in common: the fetcher's C, run natively, against a
registry of the test's own, a new one for each test.

    @test
    def something(registry): fetched(registry, …)
    main()

sys.argv[1] is native_run.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "server"))
from points import run_all, test  # noqa: E402,F401  (`test` is for those that import this)
from registry import Registry  # noqa: E402

RUN = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp(prefix="packages-test-"))


class Outcome:
    def __init__(self, folder, run):
        self.out = folder / "out"
        self.status = run.returncode
        self.log = run.stderr.decode(errors="replace")
        self.lines = (folder / "hash").read_text().splitlines()

    def read(self, name):
        return (self.out / name).read_text()

    def tree(self):
        """{path: text, link as "-> target", None for a folder}"""
        found = {}
        for place, folders, files in os.walk(self.out):
            for name in folders + files:
                path = os.path.join(place, name)
                inside = os.path.relpath(path, self.out)
                if os.path.islink(path):
                    found[inside] = "-> " + os.readlink(path)
                elif os.path.isdir(path):
                    found[inside] = None
                else:
                    found[inside] = pathlib.Path(path).read_text()
        return found


def fetch(registry, scheme, ref, *arguments, pin=None):
    """Of an image `ref` lacks its host, which is the registry's, without TLS."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
    (folder / "hash").write_bytes(b"")
    environment = {} if pin is None else {"CAB_PIN": pin}
    if scheme == "oci":
        environment["CAB_TEST_PLAIN"] = "1"
        ref = registry.url[len("http://"):] + "/" + ref
    else:
        arguments = (f"base={registry.url}/{scheme}", *arguments)
    run = subprocess.run([RUN, folder, scheme, ref, *arguments], env=environment, stderr=subprocess.PIPE, timeout=100)
    return Outcome(folder, run)


def fetched(*arguments, **more):
    outcome = fetch(*arguments, **more)
    assert outcome.status == 0, outcome.log
    return outcome


def refused(sentence, *arguments, **more):
    outcome = fetch(*arguments, **more)
    assert outcome.status == 1, f"exit {outcome.status}: {outcome.log}"
    assert sentence in outcome.log, outcome.log
    assert not any(line.startswith("cab ") for line in outcome.lines), outcome.lines
    return outcome


def with_registry(function):
    server = Registry()
    try:
        function(server)
    finally:
        server.stop()


def main(call=with_registry):
    run_all(ROOT, call)
