"""What became of every answer: who gave, changed or took it away, when, what it was before and what after.

The rows are written by the database itself, in the transaction that changes the answer, so that no route, job or
program that uses the database passes them by; nothing changes or removes them again.
Importing this package imports `argilla_server`: only for processes whose environment has been configured.
"""

from curation.embedded.patches.audit.actor import name_actor
from curation.embedded.patches.audit.page import audit_page
from curation.embedded.patches.audit.prepare import is_kept, prepare_audit

__all__ = ["audit_page", "is_kept", "name_actor", "prepare_audit"]
