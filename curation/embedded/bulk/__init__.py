"""Routes of our own beside Argilla's: many records in, and many answers out, at the speed of the database.

Argilla's bulk route validates every suggestion against settings that it parses anew, keeps each record as an ORM
object, reads back what it has just written, and builds a webhook event per record whether or not anybody listens.
The route here applies the same validators to the same schemas and ends with the same rows, without the rest.
Records go in by :mod:`upsert`, answers come out by :mod:`answers`, and :mod:`known` tells a client what it need not
send. Importing this package imports `argilla_server`: only for processes whose environment has been configured.
"""

from curation.embedded.bulk.routes import add_routes

__all__ = ["add_routes"]
