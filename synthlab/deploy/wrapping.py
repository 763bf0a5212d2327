"""The services of the user's Compose project: as they are, or wrapped, each with a companion that holds its network.

A wrapped service keeps image, user, entry point, volumes, health check and stop signal. What belongs to its network
moves to the companion, because Compose refuses it beside `network_mode: service:`. It loses NET_ADMIN and NET_RAW, with
which it could change its own conditions. Every `$` is doubled already, as Compose writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..contract import HOST, NETWORK_ALIAS, SFU_HOST, companion_name
from ..engine import labels
from ..stack import Sfu, Stack, StackService
from .companion import holder_of
from .probing import metrics_ports
from .services import Service, lab_labels, project_of

ComposeBody = Mapping[str, Any]

FORBIDDEN = ("NET_ADMIN", "NET_RAW")
"""Capabilities that a wrapped service loses."""

_MOVED = (
    "networks",
    "network_mode",
    "ports",
    "expose",
    "hostname",
    "domainname",
    "extra_hosts",
    "dns",
    "dns_search",
    "dns_opt",
    "links",
    "external_links",
    "mac_address",
)
_NETWORK_SYSCTL = "net."
_JOINS = "service:"


def companions(stack: Stack) -> list[Service]:
    """The companions of all wrapped services."""
    return [_companion(stack, service) for service in stack.services]


def project_services(stack: Stack) -> dict[str, dict[str, Any]]:
    """The bodies of all services of the Compose project, by the name that each has in the lab."""
    bodies: dict[str, dict[str, Any]] = {}
    for name in stack.compose.services if stack.compose else ():
        body, wrapped = _pointed(stack, _theirs(stack, name)), [one for one in stack.services if one.service == name]
        if wrapped:
            bodies |= {service.compose_name: _wrapped(stack, service, body) for service in wrapped}
        else:
            bodies[name] = _marked(stack, _fenced(body) if _is_guest(stack, name) else body, name, name)
    return bodies


def _is_guest(stack: Stack, name: str) -> bool:
    """Whether a service shares the network of a wrapped one."""
    assert stack.compose
    mode = str(stack.compose.services[name].get("network_mode", ""))
    return mode.removeprefix(_JOINS) in {one.service for one in stack.services}


def _fenced(body: ComposeBody) -> ComposeBody:
    """A service without the capabilities with which it could change the conditions of its network."""
    added = [name for name in body.get("cap_add") or () if _bare(name) not in FORBIDDEN]
    dropped = list(dict.fromkeys([*(body.get("cap_drop") or ()), *FORBIDDEN]))
    kept = {key: value for key, value in body.items() if key != "cap_add"}
    return kept | {"cap_drop": dropped} | ({"cap_add": added} if added else {})


def lost_capabilities(stack: Stack) -> Iterator[str]:
    """One line for each service that loses a capability it was given."""
    wrapped = {one.service for one in stack.services}
    for name in stack.compose.services if stack.compose else ():
        given = _theirs(stack, name).get("cap_add") or () if name in wrapped or _is_guest(stack, name) else ()
        if lost := [capability for capability in given if _bare(capability) in FORBIDDEN]:
            yield f"{name} loses {', '.join(lost)}, with which it could change its own conditions"


def marked(body: ComposeBody, marks: Mapping[str, str]) -> dict[str, Any]:
    """`body` with our labels added, unless it is external: then Compose does not create it."""
    if body.get("external"):
        return dict(body)
    # Compose's output goes into the file as it is, with its `$` doubled: so must our labels.
    doubled = {name: value.replace("$", "$$") for name, value in marks.items()}
    return {**body, "labels": {**(body.get("labels") or {}), **doubled}}


def _theirs(stack: Stack, name: str) -> ComposeBody:
    """A service as its file has it; the media server is also in the lab's network, as `sfu`."""
    assert stack.compose
    body = stack.compose.services[name]
    if not _is_sfu(stack, name):
        return body
    networks = dict(body.get("networks") or {"default": None})
    default = dict(networks.get("default") or {})
    networks["default"] = default | {"aliases": [*default.get("aliases", ()), SFU_HOST]}
    ports = [*body.get("ports", ()), *({"target": port, "host_ip": HOST} for port in metrics_ports(stack))]
    return {**body, "networks": networks, "ports": ports}


def _companion(stack: Stack, service: StackService) -> Service:
    body = _pointed(stack, _theirs(stack, service.service))
    given = {key: body[key] for key in _MOVED if body.get(key)}
    if "network_mode" not in given:
        names = given.get("networks") or {"default": None}
        given["networks"] = {name: _findable(name, own, stack, service) for name, own in names.items()}
    if sysctls := _sysctls(body, network=True):
        given["sysctls"] = sysctls
    networks = {name: stack.conditioned[name] for name in service.network_names}
    holder = holder_of(stack, companion_name(service.compose_name), service.name, networks)
    ipv6 = any(_has_ipv6(stack, name) for name in given.get("networks", ()))
    return replace(holder, labels={**holder.labels, **_group(service)}, given=given, ipv6=ipv6)


def _findable(name: str, network: ComposeBody | None, stack: Stack, service: StackService) -> dict[str, Any]:
    """How a service is attached to a network, with all names by which others would find it there without synthlab.

    One more name is for the companion itself: by it the companion learns which of its interfaces is in this network.
    """
    own = dict(network or {})
    container = f"{project_of(stack)}-{service.service}-{service.replica or 1}"
    names = [service.service, service.compose_name, service.name, container, *own.get("aliases", ())]
    if name in service.networks:
        names.append(f"{NETWORK_ALIAS}{service.networks.index(name)}")
    return own | {"aliases": list(dict.fromkeys(names))}


def _has_ipv6(stack: Stack, network: str) -> bool:
    """Whether a network may have IPv6; of an external one this is not known, so it may."""
    named = stack.compose.named.get("networks", {}) if stack.compose else {}
    body = named.get(network) or {}
    return bool(body.get("enable_ipv6") or body.get("external") or (network == "default" and stack.ip != "ipv4"))


def _wrapped(stack: Stack, service: StackService, body: ComposeBody) -> dict[str, Any]:
    """The service itself, in the network of its companion."""
    holder = companion_name(service.compose_name)
    changed = {
        "network_mode": f"{_JOINS}{holder}",
        "depends_on": {**(body.get("depends_on") or {}), holder: {"condition": "service_healthy", "required": True}},
        "sysctls": _sysctls(body, network=False),
        "deploy": {key: value for key, value in (body.get("deploy") or {}).items() if key != "replicas"},
    }
    kept = {key: value for key, value in body.items() if key not in (*_MOVED, *changed, "scale")}
    full = kept | {key: value for key, value in changed.items() if value}
    return _marked(stack, _fenced(full), service.name, service.service, _group(service))


def _sysctls(body: ComposeBody, network: bool) -> dict[str, Any]:
    """A service's kernel parameters of its network, or all others."""
    given = body.get("sysctls") or {}
    return {name: value for name, value in given.items() if name.startswith(_NETWORK_SYSCTL) == network}


def _bare(capability: str) -> str:
    return capability.upper().removeprefix("CAP_")


def _group(service: StackService) -> dict[str, str]:
    return {labels.GROUP: service.group} if service.replica else {}


def _marked(
    stack: Stack, body: ComposeBody, name: str, service: str, more: Mapping[str, str] | None = None
) -> dict[str, Any]:
    role = {labels.ROLE: "sfu"} if _is_sfu(stack, service) else {labels.ROLE: "service", labels.CLIENT: name}
    return marked(body, lab_labels(stack) | role | {labels.APP: service} | _outside(stack, service) | dict(more or {}))


def _outside(stack: Stack, service: str) -> dict[str, str]:
    """The label of a service that people outside the lab reach, and that takes part in what is conditioned."""
    assert stack.compose
    takes_part = service in {one.service for one in stack.services} or _is_sfu(stack, service)
    published = stack.compose.services[service].get("ports")
    return {labels.OUTSIDE: labels.PUBLISHED_PORTS} if takes_part and published else {}


def _is_sfu(stack: Stack, service: str) -> bool:
    return isinstance(stack.sfu, Sfu) and service == stack.sfu.service


def _pointed(stack: Stack, body: ComposeBody) -> ComposeBody:
    """`body` with its references to wrapped services changed to what these are called in the lab."""
    places = {one.service: stack.compose_names(one.service) for one in stack.services}
    changed = dict(body)
    if after := body.get("depends_on"):
        changed["depends_on"] = {name: how for other, how in after.items() for name in places.get(other, [other])}
    if links := body.get("links"):
        changed["links"] = [link for written in links for link in _links(written, places)]
    other = str(body.get("network_mode", "")).removeprefix(_JOINS)
    if other in places:
        changed["network_mode"] = f"{_JOINS}{companion_name(places[other][0])}"
    if volumes := body.get("volumes_from"):
        changed["volumes_from"] = [_renamed(written, places) for written in volumes]
    return changed


def _links(written: str, places: Mapping[str, list[str]]) -> Iterator[str]:
    """A link to a wrapped service leads to its companion, which has its network."""
    service, _, alias = written.partition(":")
    if service not in places:
        yield written
    for name in places.get(service, ()):
        yield f"{companion_name(name)}:{alias or service}"


def _renamed(written: str, places: Mapping[str, list[str]]) -> str:
    service, colon, rest = written.partition(":")
    return f"{places.get(service, [service])[0]}{colon}{rest}"
