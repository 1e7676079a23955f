#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""tools/check-fuzz, over a tree with a parser, its target and a file that has none; then with one thing wrong at a time."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop()
HACKING = """Which target covers which parser.

| what arrives | read by | targets |
|---|---|---|
| notes | base/note note_line, guest/note | note |

| no target | because |
|---|---|
| base/text | its own |

More.
"""
FILES = {
    "HACKING.md": HACKING,
    "src/base/note.c": "bool\nnote_parse(struct bytes text, struct note *out)\n{\n}\n",
    "src/base/note_line.c": "",
    "src/base/text.c": "static bool\nload(void)\n{\n\treturn fd_read_file(1, &text);\n}\n",
    "src/base/other.c": "void\nother_print(struct bytes text)\n{\n}\n\nbool\nother_read(int fd)\n{\n}\n",
    "guest/note.c": "static bool\nnote_step(struct note *note, struct span *input)\n{\n}\n",
    "test/fuzz/note_fuzz.c": "",
    "test/fuzz/fuzz_driver.c": "",
    "test/fuzz/meson.build": "fuzz_targets = [\n  ['note', [base_dep]],\n]\n",
    "test/fuzz/corpus/note/one": "1",
}


class CheckFuzz(unittest.TestCase):
    def faults(self, changed):
        """What is said of the tree with these files in place of its own; None: without."""
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**FILES, **changed}.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                if text is not None:
                    path.write_text(text, "utf-8")
            run = subprocess.run([sys.executable, PROGRAM, root], capture_output=True, text=True, check=False)
            self.assertEqual(run.stderr, "")
            self.assertEqual(run.returncode, 1 if run.stdout else 0)
            return run.stdout.splitlines()

    def one(self, changed, words):
        lines = self.faults(changed)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(words, lines[0])

    def test_a_tree_that_keeps_the_rule_is_not_spoken_of(self):
        self.assertEqual(self.faults({}), [])

    def test_a_function_that_takes_bytes_makes_a_parser(self):
        for parameter in ["struct bytes text", "struct span *input", "struct wire_in *in", "struct wire_packet *packet"]:
            for name in ["word_parse", "word_decode", "word_take_name", "word_next"]:
                self.one({"src/base/word.c": f"bool\n{name}(int fd, {parameter},\n\tint *out)\n{{\n}}\n"}, f"defines {name}")
        self.one({"guest/word.c": "static int\nword_step(struct span *input)\n{\n}\n"}, "guest/word.c")

    def test_what_reads_a_whole_file_or_json_is_a_parser(self):
        for call in ["fd_read_all", "fd_read_file", "json_loadb"]:
            self.one({"src/base/word.c": f"static void\nload(void)\n{{\n\tuse({call}(1));\n}}\n"}, f"calls {call}")

    def test_a_comment_is_no_call_and_a_call_no_definition(self):
        text = "/* fd_read_all(fd) */\nstatic void\nuse(void)\n{\n\tword_parse(text);\n}\n"
        self.assertEqual(self.faults({"src/base/word.c": text}), [])

    def test_a_file_that_is_named_is_there(self):
        self.one({"src/base/note_line.c": None}, "no source file base/note_line.c")
        self.one({"guest/note.c": None}, "no source file guest/note.c")
        self.one({"src/base/text.c": None}, "no source file base/text.c")

    def test_a_file_stands_in_one_row(self):
        self.one({"HACKING.md": HACKING.replace("| base/text", "| base/text note")}, "base/note stands in two rows")

    def test_a_target_is_there_built_and_has_a_corpus(self):
        self.one({"test/fuzz/note_fuzz.c": None}, "test/fuzz/note_fuzz.c is not there")
        self.one({"test/fuzz/meson.build": "fuzz_targets = []\n"}, "meson.build: no row has the fuzz target note")
        self.one({"test/fuzz/corpus/note/one": None}, "corpus/note has no file")

    def test_a_target_that_is_there_is_in_the_table(self):
        self.one({"HACKING.md": HACKING.replace("| note |\n", "| word |\n"), "test/fuzz/word_fuzz.c": "",
                  "test/fuzz/corpus/word/one": "1", "test/fuzz/meson.build": "  ['note', []],\n  ['word', []],\n"},
                 "no row has the fuzz target note")

    def test_a_row_has_its_cells_and_a_table_its_head(self):
        self.one({"HACKING.md": HACKING.replace("| base/text | its own |", "| base/text |"), "src/base/text.c": ""},
                 "base/text: not the cells")
        self.one({"HACKING.md": HACKING.replace("| because |", "| why |"), "src/base/text.c": ""}, "has no table")


if __name__ == "__main__":
    unittest.main()
