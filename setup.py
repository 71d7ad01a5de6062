"""What pyproject.toml cannot say: a wheel carries the scenarios, studies and claims (docs/decisions/0017), and the
types of Mesa, under the name by which type checkers find them.

In a checkout and in an editable install they are read where they lie, and nothing is copied.
"""

import shutil
from pathlib import Path

from setuptools import Command, setup
from setuptools.command.build import build

SHIPPED = (
    "scenarios/*.yaml",
    "scenarios/*.json",
    "scenarios/data/*/*",
    "experiments/studies/*.yaml",
    "experiments/claims/*.yaml",
)
STUBS = "typings/mesa/*"


class BuildShipped(Command):
    """Copy the shipped files into `o2o_sim/shipped` of what is built, and the types of Mesa into `mesa-stubs`."""

    description = "copy scenarios, studies and claims into the package"
    user_options = []
    editable_mode = False

    def initialize_options(self):
        self.build_lib = None

    def finalize_options(self):
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def get_source_files(self):
        """What an sdist must hold for it."""
        return [file.as_posix() for pattern in (*SHIPPED, STUBS) for file in sorted(Path().glob(pattern))]

    def get_output_mapping(self):
        """Copy -> file."""
        if self.editable_mode:
            return {}
        shipped = Path(self.build_lib) / "o2o_sim/shipped"
        stubs = Path(self.build_lib) / "mesa-stubs"
        found = {}
        for file in self.get_source_files():
            copy = stubs / Path(file).name if Path(file).match(STUBS) else shipped / file
            found[copy.as_posix()] = file
        return found

    def get_outputs(self):
        """The copies."""
        return list(self.get_output_mapping())

    def run(self):
        if not self.editable_mode:
            # What was built here before may hold files that have since been renamed.
            shutil.rmtree(Path(self.build_lib) / "o2o_sim/shipped", ignore_errors=True)
        for copy, file in self.get_output_mapping().items():
            Path(copy).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


class Build(build):
    """The usual build, and the shipped files."""

    sub_commands = [*build.sub_commands, ("build_shipped", None)]


setup(cmdclass={"build": Build, "build_shipped": BuildShipped})
