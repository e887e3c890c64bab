"""What every request passes before Argilla sees it.

Stock Argilla reads whatever is sent to it, of any length and at any pace, before it asks who sent it; tells callers
and logs about its insides when something goes wrong; and answers for any host name. Here

- a request has to name a host that this server is known by (:mod:`.known_hosts`);
- its headers and its body have to arrive in time and have a length that its route can need, and a body of more than
  a page is not read before the key is checked (:mod:`.connections`, :mod:`.bodies`, :mod:`.keys`);
- JSON that cannot be stored or shown again is refused (:mod:`.strict_json`);
- what goes wrong is one sentence to the caller and one line in the log (:mod:`.failures`).
"""
