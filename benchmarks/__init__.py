"""The project's own timing: the same shopping done by the package and by what people would use instead."""
