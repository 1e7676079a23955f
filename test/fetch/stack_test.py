# SPDX-License-Identifier: MPL-2.0
"""stack_test STACK UNTRAP: what the build does to a module after the linker leaves what the module does as it is.

Programs of functions that fill their frames, call each other and look whether what they wrote is there still, as
wabt's interpreter runs them before and after.
"""
import os
import random
import subprocess
import sys
import tempfile

from points import run_all, test

PLACE, UNTRAP = sys.argv[1:3]
ROOT = tempfile.mkdtemp(prefix="stack-test-")
TOP = 65536
DEEP = 6  # calls, one in the other


def function(at, frame, calls):
    """Gives how many words of its frame, and of those of all that it called, were not what had been written."""
    words = range(0, frame, 4)
    value = "(i32.add (i32.const {}) (local.get $deep))"
    lines = [f"(func $f{at} (param $deep i32) (result i32) (local $frame i32) (local $wrong i32)"]
    if frame:
        lines.append(f"global.get 0 i32.const {frame} i32.sub local.tee $frame global.set 0")
    lines += [f"(i32.store offset={word} (local.get $frame) {value.format(1000 * at + 16 * word)})" for word in words]
    for call in calls:
        deeper = "(i32.sub (local.get $deep) (i32.const 1))"
        called = f"(call_indirect (param i32) (result i32) {deeper} (i32.const {call[1]}))" if call[0] else f"(call $f{call[1]} {deeper})"
        lines.append(f"(if (local.get $deep) (then (local.set $wrong (i32.add (local.get $wrong) {called}))))")
    lines += [f"(if (i32.ne (i32.load offset={word} (local.get $frame)) {value.format(1000 * at + 16 * word)})"
              " (then (local.set $wrong (i32.add (local.get $wrong) (i32.const 1)))))" for word in words]
    if frame:
        lines.append(f"local.get $frame i32.const {frame} i32.add global.set 0")
    return "\n".join(lines + ["local.get $wrong)"])


def program(functions, table=()):
    elements = f'(table {len(table)} funcref) (elem (i32.const 0) {" ".join(f"$f{at}" for at in table)})' if table else ""
    text = "\n".join(function(at, frame, calls) for at, (frame, calls) in enumerate(functions))
    return f'(module (memory 2) (global (mut i32) (i32.const {TOP})) {elements}\n{text}\n' \
           f'(func (export "run") (result i32) (call $f0 (i32.const {DEEP}))))'


def made(text):
    path = os.path.join(ROOT, "module")
    with open(path + ".wat", "w") as file:
        file.write(text)
    subprocess.run(["wat2wasm", path + ".wat", "-o", path + ".wasm"], check=True)
    return path + ".wasm"


def changed(path, program_path):
    subprocess.run([program_path, path, path + ".out"], check=True)
    return path + ".out"


def run(path):
    return subprocess.run(["wasm-interp", "--run-all-exports", path], check=True, stdout=subprocess.PIPE, text=True).stdout


def text_of(path):
    return subprocess.run(["wasm2wat", path], check=True, stdout=subprocess.PIPE, text=True).stdout


def framed(functions, table=()):
    """The text of a program whose frames were placed, which does what it did."""
    path = made(program(functions, table))
    assert run(path) == "run() => i32:0\n", run(path)
    after = changed(path, PLACE)
    assert run(after) == "run() => i32:0\n", run(after)
    return text_of(after)


def begins_at(text, at):
    """Where a function's frame begins; None where it takes it from the stack's pointer."""
    lines = [line.strip() for line in text.split(f"(func (;{at};)")[1].split("(func (;")[0].splitlines()]
    lines = [line for line in lines if not line.startswith(("(type", "(local"))]
    return None if "global.get 0" in lines else int(lines[0].split()[1])


@test
def a_frame_lies_behind_those_of_all_that_can_be_calling():
    text = framed([(32, [(0, 1), (0, 2), (0, 3)]), (16, [(0, 3)]), (48, []), (16, [])])
    base = begins_at(text, 0)
    assert [begins_at(text, at) - base for at in range(4)] == [0, 32, 32, 48], text
    # The deepest: the first and the third.
    assert base == TOP - 80 and f"(global (;0;) (mut i32) (i32.const {base}))" in text, text
    assert "global.set 0" not in text


@test
def frames_of_functions_without_one_between_count_too():
    text = framed([(16, [(0, 1)]), (0, [(0, 2)]), (16, [])])
    assert begins_at(text, 2) - begins_at(text, 0) == 16, text


@test
def what_can_call_itself_takes_its_frame_from_the_pointer():
    text = framed([(16, [(0, 1)]), (16, [(0, 1), (0, 2)]), (16, [])])
    assert begins_at(text, 1) is None, text
    assert begins_at(text, 2) - begins_at(text, 0) == 16, text
    text = framed([(16, [(0, 1)]), (16, [(0, 2)]), (16, [(0, 1)])])
    assert begins_at(text, 1) is None and begins_at(text, 2) is None and begins_at(text, 0), text


@test
def what_calls_itself_until_no_stack_is_left_is_ended_and_overwrites_nothing():
    for deep, ends in ((TOP // 64 - 1, False), (TOP // 64 + 1, True)):
        path = made(program([(0, [(0, 1)]), (64, [(0, 1)])]).replace(f"(i32.const {DEEP})", f"(i32.const {deep})"))
        said = run(changed(path, PLACE))
        assert said == ("run() => error: unreachable executed\n" if ends else "run() => i32:0\n"), said
        assert not ends or run(path) != said


@test
def a_table_can_call_all_that_is_in_it():
    text = framed([(16, [(1, 0), (1, 1)]), (16, []), (16, [])], table=(1, 2))
    assert [begins_at(text, at) - begins_at(text, 0) for at in (1, 2)] == [16, 16], text
    text = framed([(16, [(1, 0)]), (16, [(1, 1)]), (16, [])], table=(1, 2))
    assert begins_at(text, 1) is None and begins_at(text, 2) and begins_at(text, 0), text


@test
def a_frame_that_is_not_taken_as_the_compiler_does_stays():
    path = made(program([(16, [(0, 1)]), (16, [])]).replace(
        "(local.get $deep)", "(i32.add (global.get 0) (i32.sub (local.get $deep) (global.get 0)))"))
    after = changed(path, PLACE)
    assert run(after) == run(path) == "run() => i32:0\n"
    assert f"(i32.const {TOP})" in text_of(after)


@test
def programs_of_all_kinds_do_what_they_did():
    for seed in range(60):
        dice = random.Random(seed)
        count = dice.randint(2, 9)
        table = tuple(dice.sample(range(count), dice.randint(1, count))) if dice.random() < 0.5 else ()
        functions = []
        for at in range(count):
            forward = dice.random() < 0.6  # no call of itself then
            calls = []
            for _ in range(dice.randint(0, 2)):
                if table and dice.random() < 0.3:
                    calls.append((1, dice.randrange(len(table))))
                elif not forward or at + 1 < count:
                    calls.append((0, dice.randrange(at + 1 if forward else 0, count)))
            functions.append((16 * dice.randint(0, 5), calls))
        try:
            framed(functions, table)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


@test
def a_trap_behind_what_does_not_return_goes_and_another_stays():
    path = made("""(module (func $end (loop (br 0)) (unreachable))
        (func (param i32) (if (local.get 0) (then (call $end) (unreachable)) (else (unreachable))) (drop (i32.const 1)))
        (func (param i32) (result i32) (if (result i32) (local.get 0) (then (call $end) (unreachable)) (else (i32.const 2))))
        (func (result i32) (call $end) (unreachable))
        (func (block (br_if 0 (i32.const 1)) (call $end) (unreachable)))
        (func (block (loop (br_if 0 (i32.const 1)))) (unreachable))
        (func (export "run") (result i32) (i32.const 7)))""")
    after = changed(path, UNTRAP)
    subprocess.run(["wasm-validate", after], check=True)
    assert run(after) == run(path) == "run() => i32:7\n"
    left = [part.count("unreachable") for part in text_of(after).split("(func (;")[1:7]]
    assert left == [0, 1, 1, 1, 0, 1], left


run_all(ROOT)
