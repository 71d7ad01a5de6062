"""`python -m o2o_sim` is `o2o-sim`."""

from .cli import main

if __name__ == "__main__":
    main()
