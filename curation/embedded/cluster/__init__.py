"""Argilla on several processes and machines: PostgreSQL, Redis or Valkey, any number of servers and workers.

Each process plays one role, started by ``python -m curation.embedded ROLE`` and configured by environment
variables: Argilla's own, each of which may be given as the path of a file by adding ``_FILE`` to its name. Nothing
is kept on the machine. What runs in the process is what :func:`curation.embedded.serve` runs.
"""
