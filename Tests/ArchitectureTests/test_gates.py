# SPDX-License-Identifier: Apache-2.0
"""Every gate passes what is right and fails on each kind of fault it is there for."""
import hashlib
import json
import subprocess
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "Scripts"


def load(name):
    loader = SourceFileLoader(name.replace("-", "_"), str(SCRIPTS / name))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Project(unittest.TestCase):
    """A scratch project to put faults into."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "Sources").mkdir()
        (self.root / "Tests").mkdir()

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


FLOORS = {
    "system": {"any": ["Swift", "Foundation"], "tests": ["Testing"]},
    "outside": {"log": ["Logging"]},
    "c": {"CShim": {"importers": ["High"]}},
    "targets": {
        "Low": {"floor": 0, "ours": [], "outside": []},
        "Left": {"floor": 1, "ours": ["Low"], "outside": []},
        "High": {"floor": 2, "ours": ["Low", "Left"], "outside": ["log"]},
        "Program": {"floor": 5, "ours": ["*"], "outside": []},
        "Kit": {"floor": 3, "ours": ["Low"], "outside": [], "tests_only": True},
    },
}


class FloorsGate(Project):
    gate = load("check-floors")

    def setUp(self):
        super().setUp()
        self.data = json.loads(json.dumps(FLOORS))
        for target in FLOORS["targets"]:
            self.write(f"Sources/{target}/A.swift", "import Foundation\n")

    def faults(self):
        table = self.gate.Table(self.data)
        return [*self.gate.table_faults(table), *self.gate.sources_faults(table, self.root)]

    def manifest_faults(self, name, *dependencies):
        dump = {"targets": [{"name": name, "type": "regular", "dependencies": list(dependencies)}]}
        return list(self.gate.package_faults(self.gate.Table(self.data), dump))

    def test_passes_arrows_that_go_down(self):
        self.write("Sources/High/B.swift", "package import Low\nimport Left\nimport Logging\ninternal import CShim\n")
        self.write("Sources/Kit/B.swift", "import Testing\n")
        self.assertEqual(self.faults(), [])
        self.assertEqual(self.manifest_faults(
            "High", {"byName": ["Low", None]}, {"target": ["CShim", None]}, {"product": ["Logging", "log", None, None]}), [])

    def test_fails_on_an_arrow_up(self):
        self.write("Sources/Left/B.swift", "import High\n")
        self.assertEqual(len(self.faults()), 1)
        self.assertEqual(len(self.manifest_faults("Left", {"byName": ["High", None]})), 1)

    def test_fails_on_every_spelling_of_an_import(self):
        for line in ("public import High", "@preconcurrency import High", "import struct High.Thing",
                     "  @_spi(X) package import High", "import class High.Other"):
            self.write("Sources/Left/B.swift", line + "\n")
            self.assertEqual(len(self.faults()), 1, line)

    def test_fails_on_a_table_whose_arrow_is_level(self):
        self.data["targets"]["Left"]["floor"] = 2
        self.assertEqual(len(self.faults()), 1)

    def test_fails_on_an_outside_module_that_is_not_listed(self):
        self.write("Sources/Low/B.swift", "import Logging\n")
        self.assertEqual(len(self.faults()), 1)
        self.assertEqual(len(self.manifest_faults("Low", {"product": ["Logging", "log", None, None]})), 1)

    def test_fails_on_a_second_importer_of_a_c_target(self):
        self.write("Sources/Left/B.swift", "import CShim\n")
        self.assertEqual(len(self.faults()), 1)

    def test_fails_when_a_product_target_imports_the_test_kit(self):
        self.write("Sources/Program/B.swift", "import Kit\n")
        self.assertEqual(len(self.faults()), 1)

    def test_fails_on_a_target_without_floor_and_on_an_empty_one(self):
        self.write("Sources/Stray/B.swift", "import Foundation\n")
        (self.root / "Sources/Low/A.swift").unlink()
        self.assertEqual(len(self.faults()), 2)
        self.assertEqual(len(self.manifest_faults("Stray")), 1)

    def test_fails_on_environment_reads_below_the_top(self):
        self.write("Sources/High/B.swift", 'let home = getenv("HOME")\n')
        self.write("Sources/Program/B.swift", 'let home = getenv("HOME")\n')
        self.assertEqual(len(self.faults()), 1)

    def test_the_projects_own_table_holds_together(self):
        table = self.gate.Table(self.gate.tomllib.loads((Path(__file__).parent / "floors.toml").read_text()))
        self.assertEqual(list(self.gate.table_faults(table)), [])


class SizeGate(Project):
    gate = load("check-size")

    def faults(self):
        return list(self.gate.faults(self.root))

    def test_passes_small_files(self):
        self.write("Sources/A/A.swift", "func f(a: Int) -> Int {\n    a\n}\n")
        self.assertEqual(self.faults(), [])

    def test_fails_on_a_long_file(self):
        self.write("Sources/A/A.swift", "let a = 1\n" * 601)
        self.assertTrue(any("601 lines" in f for f in self.faults()))

    def test_fails_on_a_wide_line(self):
        self.write("Sources/A/A.swift", "// " + "x" * 118 + "\n")
        self.assertTrue(any("121 columns" in f for f in self.faults()))

    def test_fails_on_a_long_function_and_not_on_its_neighbours(self):
        body = "    let s = \"}\"  // }\n" * 60
        self.write("Sources/A/A.swift", f"protocol P {{\n    func g()\n}}\nfunc f() {{\n{body}}}\nfunc h() {{}}\n")
        self.assertEqual([f.split(": ")[1].split()[0] for f in self.faults()], ["f"])

    def test_fails_on_seven_parameters_but_lets_initialisers_take_them(self):
        seven = ", ".join(f"{name}: Int" for name in "abcdefg")
        self.write("Sources/A/A.swift", f"func f({seven}) {{}}\nstruct S {{\n    init({seven}) {{}}\n}}\n")
        self.assertEqual(len(self.faults()), 1)

    def test_counts_a_closure_parameter_once(self):
        self.write("Sources/A/A.swift", "func f(a: (Int, Int, Int, Int, Int) -> [Int: Int], b: Int) {}\n")
        self.assertEqual(self.faults(), [])

    def test_fails_when_most_files_are_large(self):
        for n in range(3):
            self.write(f"Sources/A/{n}.swift", "let a = 1\n" * 360)
        self.assertEqual(len(self.faults()), 2)

    def test_excuses_hold_only_as_long_as_they_are_needed(self):
        excused = "Tests/ArchitectureTests/size-excused.txt"
        self.write("Sources/A/A.swift", "let a = 1\n" * 610)
        for n in range(20):
            self.write(f"Sources/A/small{n}.swift", "let a = 1\n")
        self.write(excused, "Sources/A/A.swift lines 610\n")
        self.assertEqual(self.faults(), [])
        self.write(excused, "Sources/A/A.swift lines 605\n")
        self.assertEqual(len(self.faults()), 1)
        self.write("Sources/A/A.swift", "let a = 1\n")
        self.assertEqual(len(self.faults()), 1)


class HygieneGate(Project):
    gate = load("check-hygiene")
    LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"

    def setUp(self):
        super().setUp()
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)

    def faults(self):
        return list(self.gate.faults(self.root))

    def test_passes_clean_files(self):
        self.write("Sources/A/A.swift", self.LICENCE + "let a = 1\n")
        self.write("README.md", "# Title\n\n[there](docs/a.md#some-heading) [web](https://github.com/x/y)\n")
        self.write("docs/a.md", "## Some heading\n")
        self.assertEqual(self.faults(), [])

    def test_fails_without_licence_line(self):
        self.write("Sources/A/A.swift", "let a = 1\n")
        self.write("Scripts/tool", "#!/bin/sh\n")
        self.assertEqual(len(self.faults()), 2)

    def test_fails_on_dead_links_and_headings(self):
        self.write("README.md", "[a](gone.md) [b](docs.md#gone) [c](#gone)\n")
        self.write("docs.md", "# Here\n")
        self.assertEqual(len(self.faults()), 3)

    def test_fails_on_machine_paths_and_unlisted_hosts(self):
        self.write("a.md", "see /" + "home/somebody/x\n")
        self.write("b.md", "from https://" + "packages.somewhere.net/simple\n")
        self.assertEqual(len(self.faults()), 2)

    def test_fails_on_unfinished_business_in_sources_only(self):
        self.write("Sources/A/A.swift", self.LICENCE + "// TO" + "DO: later\n")
        self.write("docs.md", "TO" + "DO lists are fine in prose\n")
        self.assertEqual(len(self.faults()), 1)


class GeneratedGate(Project):
    gate = load("check-generated")

    def faults(self):
        return list(self.gate.faults(self.root))

    def generate(self, name, content="let a = 1\n"):
        digest = hashlib.sha256((self.root / name).read_bytes()).hexdigest()
        own = hashlib.sha256(content.encode()).hexdigest()
        head = f"// generated from {name} sha256 {digest}\n// content sha256 {own}\n"
        self.write("Sources/A/Generated/T.swift", head + content)
        return head

    def test_passes_while_the_input_is_the_same_and_fails_after(self):
        self.write("Scripts/input.txt", "one")
        self.generate("Scripts/input.txt")
        self.assertEqual(self.faults(), [])
        self.write("Scripts/input.txt", "two")
        self.assertEqual(len(self.faults()), 1)
        (self.root / "Scripts/input.txt").unlink()
        self.assertEqual(len(self.faults()), 1)

    def test_fails_on_a_generated_file_that_names_no_input(self):
        self.write("Sources/A/Generated/T.swift", "let a = 1\n")
        self.assertEqual(len(self.faults()), 1)

    def test_fails_on_a_generated_file_that_was_edited(self):
        self.write("Scripts/input.txt", "one")
        head = self.generate("Scripts/input.txt")
        self.write("Sources/A/Generated/T.swift", head + "let a = 2\n")
        self.assertEqual(len(self.faults()), 1)
        self.write("Sources/A/Generated/T.swift", head.splitlines()[0] + "\nlet a = 1\n")
        self.assertEqual(len(self.faults()), 1)

    def test_fails_on_a_proto_from_which_nothing_was_generated(self):
        self.write("Protos/a/b.proto", "")
        self.assertEqual(len(self.faults()), 1)
        self.generate("Protos/a/b.proto")
        self.assertEqual(self.faults(), [])


if __name__ == "__main__":
    unittest.main()
