# SPDX-License-Identifier: MPL-2.0
"""points: the tests of a file, one after the other, as TAP.

    @test
    def what_holds(): …
    run_all(ROOT)                  ROOT is removed; the exit status is 0 when none failed

`call` is how one is called, where it wants something of its own each time; `end` comes before ROOT goes.
"""
import shutil
import sys
import traceback

TESTS = []
SAID = 2000  # letters of what a failure says


def test(function):
    TESTS.append(function)
    return function


def run_one(number, function, call):
    try:
        call(function)
    except Exception as error:  # a test's failure is its own
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.name == function.__name__]
        print(f"not ok {number} - {function.__name__}")
        for text in f"line {lines[-1] if lines else 0}: {type(error).__name__}: {error}"[:SAID].splitlines():
            print(f"# {text}")
        return False
    print(f"ok {number} - {function.__name__}")
    return True


def run_all(root, call=lambda function: function(), end=lambda: None):
    good = True
    try:
        print(f"1..{len(TESTS)}")
        for number, function in enumerate(TESTS, 1):
            good &= run_one(number, function, call)
            sys.stdout.flush()
    finally:
        end()
        shutil.rmtree(root)
    sys.exit(0 if good else 1)
