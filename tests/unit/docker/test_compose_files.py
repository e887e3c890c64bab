"""The files in `docker/`: valid by Compose's schema, closed where they should be, and in step with the entry point."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.embedded.__main__ import _parser

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from compose_spec import ComposeSpecification, PyCompose

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
ENTRYPOINT = ["python", "-P", "-m", "curation.embedded"]


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / f"compose.{name}.yaml").read_text(encoding="utf-8"))
    return {key: value for key, value in loaded.items() if not key.startswith("x-")}


def merged(base: Any, added: Any) -> Any:
    """What Compose makes of two files, for those keys that these files use."""
    if isinstance(base, dict) and isinstance(added, dict):
        return {**base, **{key: merged(base[key], value) if key in base else value for key, value in added.items()}}
    return added


STACKS = {
    "sqlite": load("sqlite"),
    "postgresql": load("postgresql"),
    "elasticsearch": merged(load("postgresql"), load("elasticsearch")),
}
SERVICES = [(stack, name) for stack, content in STACKS.items() for name in content["services"]]


def service(stack: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = STACKS[stack]["services"][name]
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_each_stack_is_valid_and_refers_only_to_what_it_defines(stack: str) -> None:
    ComposeSpecification.model_validate(STACKS[stack])
    PyCompose.from_yaml(yaml.safe_dump(STACKS[stack])).validate()


def test_a_misspelt_key_and_an_unknown_secret_are_noticed() -> None:
    for change in ({"read_onyl": True}, {"secrets": ["no_such_secret"]}):
        broken = merged(STACKS["sqlite"], {"services": {"server": change}})
        with pytest.raises(ValueError, match=next(iter(change))[:8]):
            PyCompose.from_yaml(yaml.safe_dump(broken)).validate()


def test_every_service_is_confined(subtests: pytest.Subtests) -> None:
    for stack, name in SERVICES:
        with subtests.test(f"{name} of {stack}"):
            found = service(stack, name)
            limits = found["deploy"]["resources"]["limits"]
            assert {"cpus", "memory", "pids"} <= set(limits)
            assert found["cap_drop"] == ["ALL"]
            assert found["security_opt"] == ["no-new-privileges:true"]
            assert found.get("read_only") or name == "search"
            assert not found.get("privileged")


def test_every_service_that_stays_says_whether_it_is_well(subtests: pytest.Subtests) -> None:
    for stack, name in SERVICES:
        with subtests.test(f"{name} of {stack}"):
            check = service(stack, name).get("healthcheck")
            if name == "migrate":
                assert check == {"disable": True}
                assert service(stack, name)["restart"] == "no"
            elif stack == "sqlite":
                assert "HEALTHCHECK" in DOCKERFILE  # the image's own
            else:
                assert check is not None
                assert check["test"]
                assert service(stack, name)["restart"] == "unless-stopped"


def test_only_the_server_is_published_and_only_on_this_machine(subtests: pytest.Subtests) -> None:
    for stack, name in SERVICES:
        with subtests.test(f"{name} of {stack}"):
            ports = service(stack, name).get("ports", [])
            assert ports == (["127.0.0.1:6900:6900"] if name == "server" else [])


@pytest.mark.parametrize("stack", ["postgresql", "elasticsearch"])
def test_databases_are_on_a_network_without_a_way_out(stack: str) -> None:
    assert STACKS[stack]["networks"]["inside"] == {"internal": True}
    for name in set(STACKS[stack]["services"]) - {"server", "worker"}:
        assert service(stack, name)["networks"] == ["inside"]


def test_no_secret_stands_in_the_environment(subtests: pytest.Subtests) -> None:
    for stack, name in SERVICES:
        with subtests.test(f"{name} of {stack}"):
            for key, value in service(stack, name).get("environment", {}).items():
                assert key.endswith("_FILE") or not re.search(r"PASSWORD|_KEY|TOKEN|DATABASE_URL|REDIS_URL", key)
                if key.endswith("_FILE"):
                    assert Path(value).name in service(stack, name)["secrets"]


def test_the_secrets_that_are_made_are_those_that_are_used(tmp_path: Path) -> None:
    subprocess.run([str(DOCKER / "make-secrets.sh"), str(tmp_path / "secrets")], check=True, stdout=subprocess.DEVNULL)
    made = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "secrets").iterdir()}
    assert STACKS["postgresql"]["secrets"] == {name: {"file": f"./secrets/{name}"} for name in made}
    database = service("postgresql", "database")["environment"]
    user, name = database["POSTGRES_USER"], database["POSTGRES_DB"]
    assert made["database_url"] == f"postgresql+asyncpg://{user}:{made['database_password']}@database/{name}"
    password = re.search(r"^requirepass (\w+)$", made["queue.conf"], flags=re.MULTILINE)
    assert password is not None
    assert made["redis_url"] == f"redis://:{password.group(1)}@queue:6379/0"


def test_commands_and_health_checks_are_roles_of_the_entry_point(subtests: pytest.Subtests) -> None:
    for stack, name in SERVICES:
        found = service(stack, name)
        if found["image"] != "twofold-server":
            continue
        with subtests.test(f"{name} of {stack}"):
            if "command" in found:
                assert callable(_parser().parse_args(found["command"]).role)
            test = found.get("healthcheck", {}).get("test")
            if test:
                assert test[:5] == ["CMD", *ENTRYPOINT]
                assert callable(_parser().parse_args(test[5:]).role)


def instruction(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.removeprefix(name).strip() for line in joined.splitlines() if line.startswith(f"{name} ")]


def test_the_image_runs_the_entry_point_as_somebody_without_rights() -> None:
    assert yaml.safe_load(instruction("ENTRYPOINT")[0]) == ENTRYPOINT
    options = _parser().parse_args(yaml.safe_load(instruction("CMD")[0]))
    assert (str(options.home), options.host, options.beyond_loopback) == ("/data", "0.0.0.0", True)
    check = yaml.safe_load(instruction("HEALTHCHECK")[0].partition("CMD ")[2])
    assert check[: len(ENTRYPOINT)] == ENTRYPOINT
    assert callable(_parser().parse_args(check[len(ENTRYPOINT) :]).role)
    assert instruction("USER") == ["10001:10001"]


def test_what_the_image_is_built_from_is_there_and_not_ignored() -> None:
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for line in instruction("COPY"):
        if line.startswith("--from"):
            continue
        for source in shlex.split(line)[:-1]:
            assert (ROOT / source).exists()
            assert f"!{source}" in ignored
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (wanted,) = re.findall(r'"\.\[([a-z,]+)\]"', DOCKERFILE)
    assert set(wanted.split(",")) <= set(extras)
