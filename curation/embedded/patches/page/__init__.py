"""Argilla's web page as it is served: text is shown as text, and nothing but the page's own scripts runs.

Argilla's page is a built application. What has to differ is changed in the copy of it that a server serves, at start.
"""

from curation.embedded.patches.page.api_docs import keep_api_docs_local
from curation.embedded.patches.page.copy import ServedPage, prepare_page
from curation.embedded.patches.page.headers import with_security_headers

__all__ = ["ServedPage", "keep_api_docs_local", "prepare_page", "with_security_headers"]
