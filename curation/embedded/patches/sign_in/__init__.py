"""Signing in with a password, for people and not for programs that guess.

Stock Argilla checks a password (a fifth of a second of computing) in the event loop, as often as anybody asks. So one
client with wrong passwords in a loop stops everybody else's work, and may guess for ever. Here

- passwords are checked beside the event loop, one at a time in a process, behind everything else that computes;
- an account may be tried ten times from one address; after that one attempt in up to three seconds is checked, and
  the others are answered 429 (:mod:`.attempts`). Nobody is locked out: a right password gets in at one of the next
  turns, at once from any other address, and an API key is not concerned;
- failed attempts are logged, one line each.
"""
