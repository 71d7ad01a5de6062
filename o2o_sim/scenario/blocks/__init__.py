"""One module for each optional block of a scenario, named after its key: what it may say, and its check.

A module holds the block's model and, where the block says something about the rest of a scenario, a function
`check`, which `scenario/checks.py` lists. The system that a block switches on has the same name in
`o2o_sim/systems`.
"""
