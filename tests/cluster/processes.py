"""The settings that each process reads, and thus the services it calls, to compare manifests with."""

from collections.abc import Mapping

from pydantic import AliasChoices, BaseModel

from deploy.configuration import READERS

SERVICES = ("auth", "selfie", "matcher")


def readers() -> Mapping[str, type[BaseModel]]:
    """The settings of each process, by its name in a cluster."""
    names = ("auth", "mailer", "selfie", "selfie worker", "matcher", "indexer", "gateway")
    return {name.replace(" ", "-"): READERS[name] for name in names}


def variables(settings: type[BaseModel]) -> set[str]:
    """The names of the environment variables that are read."""
    names = set()
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        names |= {str(choice) for choice in alias.choices} if isinstance(alias, AliasChoices) else {name}
    return {name.upper() for name in names}


def required(settings: type[BaseModel]) -> set[str]:
    return {name.upper() for name, field in settings.model_fields.items() if field.is_required()}


def calls() -> set[tuple[str, str]]:
    """The call graph: a process calls the services whose addresses it reads."""
    return {
        (name, service)
        for name, settings in readers().items()
        for service in SERVICES
        if f"{service}_address" in settings.model_fields
    } | {("proxy", "gateway")}


def users_of(setting: str) -> set[str]:
    """The processes that read a setting."""
    return {name for name, settings in readers().items() if setting in settings.model_fields}
