"""The conditions as the control page needs them."""

from __future__ import annotations

from ...site import Site


def test_the_schema_gives_the_input_of_each_value(site: Site) -> None:
    """Each condition has a kind, and choices if it has fixed values."""
    rows = {row["name"]: row for row in site.ask("GET", "/v1/schema").json()["conditions"]}
    assert rows["loss"]["kind"] == "share"
    assert rows["jitter_table"]["kind"] == "file"
    assert rows["reordering"]["kind"] == "switch"
    assert {"uniform", "one-sided"} <= set(rows["distribution"]["choices"])
    assert rows["aqm"]["choices"] == ["droptail", "codel", "fq_codel", "pie"]
    assert (rows["fq_flows"]["kind"], rows["fq_flows"]["among"]) == ("count", ["fq_codel"])
