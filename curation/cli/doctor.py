"""`twofold doctor`."""

from __future__ import annotations

import click

from curation.cli.show import as_json, show_json
from curation.diagnosis import diagnose
from curation.errors import GateRefused


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Say what is installed and what is missing, what is wrong with the server's home, and how to put it right."""
    findings = diagnose()
    if as_json:
        show_json([vars(finding) for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{'ok     ' if finding.ok else 'PROBLEM'} {finding.what:<24} {finding.detail}")
    if not all(finding.ok for finding in findings):
        raise GateRefused("something is wrong or missing, see above")
