"""What docs/make_odd.py takes out of the code for the ODD document; the prose stands in the .md files
here."""
