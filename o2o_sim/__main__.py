"""`python -m o2o_sim` is `o2o-sim`.

The first thing that is done is to listen to signals, and the second to see to the streams: everything after that may
be interrupted, and may print."""

import os

from .cli_stop import listen


def main() -> None:
    """The entry point; ends the process with an exit code."""
    listen()
    try:
        from .cli import main
    except (MemoryError, ImportError) as fault:
        if isinstance(fault, ImportError) and "map" not in str(fault):
            raise
        os.write(2, b"memory ran out while the program was loaded (see ulimit -v)\n")
        os._exit(2)
    main()


if __name__ == "__main__":
    main()
