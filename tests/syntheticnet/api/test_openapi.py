"""The API's description: complete, valid, and true of what the API answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from syntheticnet.api.parameter_shapes import OPTIONS
from syntheticnet.conditions import condition_fields
from syntheticnet.version import VERSION

from ..site import DESCRIPTION, Site


def contents(value: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Every place of the description with an example: where it is, its schema and the example."""
    if isinstance(value, dict):
        if "example" in value and "schema" in value:
            yield where, value["schema"], value["example"]
        for key, inner in value.items():
            if key not in ("example", "examples"):
                yield from contents(inner, f"{where} {key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from contents(inner, f"{where} {index}")


EXAMPLES = list(contents(DESCRIPTION.document["paths"]))


def test_it_is_served(site: Site) -> None:
    """As OpenAPI 3.1, with the version of this client."""
    answer = site.ask("GET", "/v1/openapi.json").json()
    assert answer == DESCRIPTION.document
    assert (answer["openapi"], answer["info"]["version"]) == ("3.1.0", VERSION)


def test_every_route_is_described() -> None:
    """Each method of each path of the table, with its summary, under a name of its own."""
    paths = DESCRIPTION.document["paths"]
    described = {(method.upper(), path): it["summary"] for path, its in paths.items() for method, it in its.items()}
    assert described == {(one.method, re.sub(r":\w+}", "}", one.path)): one.summary for one in DESCRIPTION.table}
    names = [operation["operationId"] for its in paths.values() for operation in its.values()]
    assert len(set(names)) == len(names)


def test_every_part_of_a_path_is_described() -> None:
    """And needed, as OpenAPI requires."""
    for path, its in DESCRIPTION.document["paths"].items():
        for operation in its.values():
            parts = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path" and one["required"]}
            assert parts == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize(("schema", "example"), [row[1:] for row in EXAMPLES], ids=[row[0] for row in EXAMPLES])
def test_every_example_is_valid(schema: dict[str, Any], example: Any) -> None:
    """Of bodies, answers and parameters."""
    DESCRIPTION.validate(example, schema)


def test_every_schema_is_valid() -> None:
    """As JSON Schema 2020-12; every reference leads somewhere."""
    components = DESCRIPTION.document["components"]
    schemas = [*components["schemas"].values(), *(schema for _, schema, _ in EXAMPLES)]
    for schema in schemas:
        jsonschema.Draft202012Validator.check_schema(schema)
    references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(DESCRIPTION.document)))
    assert references == set(components["schemas"])


def test_every_condition_is_described() -> None:
    """With its help and example."""
    links = [DESCRIPTION.document["components"]["schemas"][name]["properties"] for name in ("Link", "LinkChange")]
    for properties in links:
        assert list(properties) == [item.metadata["name"] for item in condition_fields()]
    for item in condition_fields():
        assert item.metadata["help"] in links[0][item.metadata["name"]]["description"]


def test_every_option_of_a_change_is_described() -> None:
    """Of all three methods."""
    its = DESCRIPTION.document["paths"]["/v1/conditions"]
    for method in ("patch", "put", "delete"):
        assert tuple(one["name"] for one in its[method]["parameters"]) == OPTIONS


@pytest.mark.parametrize("item", condition_fields(), ids=lambda item: item.metadata["name"])
def test_the_written_conditions_are_described(item: Any) -> None:
    """What a state has of each condition, and the change that sets it; a wrong type is neither."""
    name, example = item.metadata["name"], item.metadata["example"]
    written = {name: item.metadata["unit"].format(item.metadata["unit"].parse(example))}
    for reference in ("Link", "LinkChange"):
        schema = {"$ref": f"#/components/schemas/{reference}"}
        DESCRIPTION.validate(written, schema)
        with pytest.raises(jsonschema.ValidationError):
            DESCRIPTION.validate({name: 0.5}, schema)
    DESCRIPTION.validate({name: None}, {"$ref": "#/components/schemas/LinkChange"})


def test_examples_are_accepted(site: Site) -> None:
    """Every documented body can be sent as it is, in an order in which each makes sense."""
    paths = DESCRIPTION.document["paths"]
    for path, method in (
        ("/v1/files/{name}", "put"),
        ("/v1/conditions", "put"),
        ("/v1/conditions", "patch"),
        ("/v1/stats", "post"),
        ("/v1/console", "post"),
        ("/qos", "post"),
    ):
        ((media_type, content),) = paths[path][method]["requestBody"]["content"].items()
        body = {"json": content["example"]} if media_type == "application/json" else {"content": content["example"]}
        answer = site.ask(method.upper(), path.replace("{name}", "lte.up"), **body)
        assert answer.status_code == 200, answer.text


def test_a_state_with_everything_is_described(site: Site) -> None:
    """Leases, scheduled changes, failures, counters and drops; `Site` compares each answer with the description."""
    site.forwarder.counters["default", "egress"].came(10, 1000, 10**9)
    site.forwarder.counters["default", "egress"].lost("loss", 1, 100, 10**9)
    site.ask("PATCH", "/v1/conditions", json={"flows": {"*:udp": {"egress": {"loss": "5%"}}}})
    site.ask("PATCH", "/v1/conditions?lease=10s", json={"flows": {"*:udp": {"match": "*:tcp"}}})
    site.ask("PUT", "/v1/conditions?in=10s&lease=5s", json={"egress": {"reordering": "yes", "jitter": "5ms"}})
    late = site.ask("GET", "/v1/clock").json()["monotonic_ns"] - 10**6
    assert "late_ns" in site.ask("PATCH", f"/v1/conditions?at={late}&lease=10s", json={"seed": 3}).json()["entry"]
    site.ask("PATCH", "/v1/conditions?check=true", json={"egress": {"loss": "5%"}})
    state = site.ask("GET", "/v1/state").json()
    assert state["leases"]
    assert state["scheduled"]
    assert state["links"]["egress"]["dropped"] == {"loss": 1}


def test_a_wrong_answer_is_noticed(site: Site) -> None:
    """A key that is not described, one that is missing, and another status."""
    answer = site.ask("GET", "/v1/clock")
    for wrong in ({"monotonic_ns": 5, "more": 1}, {}, {"monotonic_ns": "5"}):
        answer._content = str(wrong).replace("'", '"').encode()
        with pytest.raises(jsonschema.ValidationError):
            DESCRIPTION.check(answer)
    answer.status_code = 500
    with pytest.raises(KeyError):
        DESCRIPTION.check(answer)
