"""A model at work: its log beside what it was tested on, what to annotate next, and when to raise an alarm."""
