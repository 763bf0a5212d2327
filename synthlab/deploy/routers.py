"""The routers' containers: syntheticnet without an application, between two networks."""

from __future__ import annotations

import json

from ..contract import API_PORT, SYNTHETICNET
from ..engine import labels
from ..stack import Stack, StackRouter
from .address_plan import AddressPlan
from .services import PublishedPort, Service, bounds, config_of, lab_labels


def router_services(stack: Stack, plan: AddressPlan | None) -> list[Service]:
    """The routers in stack order; none without a plan."""
    return [_router_service(stack, router, plan) for router in stack.routers] if plan else []


def _router_service(stack: Stack, router: StackRouter, plan: AddressPlan) -> Service:
    network = stack.conditioned[router.name]
    marks = {labels.ROLE: "router", labels.CLIENT: router.name, labels.APP: "router"}
    if router.uplink:
        marks[labels.UPLINK] = router.uplink
    return Service(
        name=router.name,
        image=SYNTHETICNET,
        hostname=router.name,
        conditioned=True,
        routes=True,
        after={router.uplink: "service_healthy"} if router.uplink else {},
        labels=lab_labels(stack) | marks,
        environment={
            "SYNTHLAB_LAB": stack.name,
            "SYNTHLAB_NAME": router.name,
            "SYNTHLAB_CONDITIONS": json.dumps(network.conditions.to_dict()),
            **plan.router_environment(router),
            **bounds(stack),
        },
        ports=(PublishedPort(container=API_PORT, host=None),),
        networks=plan.networks(router.name),
        configs=tuple(config_of(file, text) for file, text in network.files.items()),
        extra_hosts=plan.hosts([router.uplink] if router.uplink else []),
    )
