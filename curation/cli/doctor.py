"""`twofold doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click

from curation.annotation.diagnosis import diagnose
from curation.cli.screen import Screen
from curation.cli.show import as_json
from curation.errors import GateRefused


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Say what is installed and what is missing, what is wrong with the server's home, and how to put it right."""
    with Screen(as_json=as_json) as screen:
        findings = diagnose()
        screen.found(findings=[asdict(finding) for finding in findings])
        for finding in findings:
            screen.say(f"{'ok     ' if finding.ok else 'PROBLEM'} {finding.what:<24} {finding.detail}")
        if not all(finding.ok for finding in findings):
            raise GateRefused("something is wrong or missing, see above")
