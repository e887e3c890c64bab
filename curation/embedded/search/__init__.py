"""Argilla's search engine on the server's own SQL database: no Elasticsearch, no second store.

Importing this package registers the engine under the name ``sql``, so ``ARGILLA_SEARCH_ENGINE=sql`` chooses it.
:func:`prepare_database` has to run once after Argilla's migrations and before the server starts.

Why the index cannot fall out of step: every ``twofold_*`` table lives in Argilla's own database and is written
only by triggers on Argilla's tables. A write and its index entries are therefore one transaction, whoever makes
it (the API, a job in another process, a hand-written UPDATE), and a rollback takes both back. The engine's
``index_*`` methods have nothing left to do. FTS5 keeps its own copy of the text rather than pointing back into
``records`` (*external content*): that mode needs the old text to remove a posting, and in a cascading delete the
old text's field definitions may already be gone; and rowids of ``records`` may change on VACUUM.
"""

from curation.embedded.search.prepare import prepare_database, remove_from_database
from curation.embedded.search.sql_engine import SqlSearchEngine

__all__ = ["SqlSearchEngine", "prepare_database", "remove_from_database"]
