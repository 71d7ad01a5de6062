"""The border between the program and the rules of its users: who is to blame, what may cross, and a trial."""
