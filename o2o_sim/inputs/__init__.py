"""What a run reads: its files, the code that runs in it and the libraries, and one digest over all of it."""
