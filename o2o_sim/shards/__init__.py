"""One city in several processes: people stand in shards, and everything else in one place.

A shard has the people of some neighbouring cells, in a process of its own, on this machine or a worker of a Dask
cluster. What people do alone is done there (market/shoppers.py); the city sends what is on offer and gets sums.
docs/decisions/0019-people-in-shards.md says why it is divided so, docs/cluster.md what it costs."""
