"""Questions asked of many runs; `o2o_sim` itself offers them to scripts: compare, sweep, explain, find, ..."""
