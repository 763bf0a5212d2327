"""`set`, `show`, `reset`: conditions of a running lab's clients."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...control.backend import Backend
from ...control.change import build_change
from ...control.client_api import ChangeOptions
from ...control.group_change import GroupChange
from ...control.running_lab import RunningLab
from ...control.slowness import too_slow
from ...control.state import ClientState
from ...errors import WrongUse
from ...stack import profiles
from ...stack.durations import read_optional
from ...stack.local_files import LocalFile, keep_file
from ...stack.states_file import StatesFile, read_states
from .. import console
from ..condition_flags import chosen_directions, refuse_flag, translate_flag, with_condition_flags
from ..counters import discards, drops
from ..dns_flag import DnsOption, read_dns
from ..lookups import lookups_table, resolver_troubles
from ..nat_flags import HairpinOption, NatOption, PreservingOption, TimeoutOption, nat_change
from ..tables import achieved_table, conditions_table, moments, notes, places, schedule_table, uplink_lines, walks
from .listing import note_versions
from .options import ClientsArgument, JsonOption, LabOption, ProfileOption, SomeClientsArgument, complete_flows

if TYPE_CHECKING:
    from ...stack.netem import Translation

IngressOption = Annotated[bool, typer.Option("--ingress", help="Only toward the client; by default both directions.")]
EgressOption = Annotated[bool, typer.Option("--egress", help="Only away from the client; by default both directions.")]
FlowOption = Annotated[
    str | None,
    typer.Option(
        "--flow",
        metavar="FLOW",
        help="Only these packets: '*:udp', 'sfu:tcp:443', '*:rtp,pt=96', ...",
        autocompletion=complete_flows,
    ),
]
StatesOption = Annotated[
    str | None,
    typer.Option("--states", metavar="FILE", help="Walk between the states in this file; `none` ends the walk."),
]
StateOption = Annotated[
    str | None, typer.Option("--state", metavar="NAME", help="Go to this state now; the walk continues from there.")
]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="N", help="Restart the random draws from N.")]
ForOption = Annotated[
    str | None, typer.Option("--for", metavar="10s", help="Revert automatically after this time, 1h at most.")
]
NetemOption = Annotated[
    str | None,
    typer.Option(
        "--netem", metavar="TEXT", help="Values in the words of tc-netem and tc-tbf: 'delay 100ms 20ms loss 1%'."
    ),
]
InOption = Annotated[str | None, typer.Option("--in", metavar="5s", help="Apply after this time, 1h at most.")]


@with_condition_flags
def set_(
    context: typer.Context,
    names: SomeClientsArgument,
    ingress: IngressOption = False,
    egress: EgressOption = False,
    flow: FlowOption = None,
    profile: ProfileOption = None,
    netem: NetemOption = None,
    states: StatesOption = None,
    state: StateOption = None,
    dns: DnsOption = None,
    nat: NatOption = None,
    hairpin: HairpinOption = None,
    mapping_timeout: TimeoutOption = None,
    port_preserving: PreservingOption = None,
    seed: SeedOption = None,
    lease: ForOption = None,
    after: InOption = None,
    lab: LabOption = None,
    json: JsonOption = False,
    *,
    values: Mapping[str, Any],
    files: Mapping[str, str],
) -> None:
    """Change network conditions.

    A change applies to all named clients at the same moment, or to none of them.

    Values you do not name are kept; `none` clears a value. Traces and tables may be local files. `synthlab show` shows
    what is measured under the new conditions. What --netem says is translated, and the translation is shown.

    \b
    Examples:
      synthlab set client2 --loss 5%
      synthlab set client2 --egress --rate 1mbit --for 30s
      synthlab set bot --profile wpt/3g
      synthlab set client1 --flow '*:udp' --latency 80ms --jitter 20ms
      synthlab set client1 --netem 'delay 100ms 20ms loss 1% 25%'
      synthlab set client2 --states commute.yaml
      synthlab set client1 --dns 'turn.example=nxdomain' --dns '*=200ms' --for 10s
      synthlab set home --nat symmetric --for 10s
    """
    translation = nat_change(nat, hairpin, mapping_timeout, port_preserving)
    meant = translate_flag("netem", netem) if netem is not None else None
    if meant:
        values = {**meant.values, **values}
    if not (values or translation) and all(given is None for given in (profile, states, state, dns, seed)):
        raise WrongUse("nothing to set: give a value such as --loss 5%, or a --profile (see `synthlab set --help`)")
    options = ChangeOptions(lease_ns=read_optional("--for", lease), after_ns=read_optional("--in", after))
    start = profiles.find_profile(profile) if profile else None
    directions = chosen_directions(ingress, egress) if values or start else ()
    change = build_change(values, directions, flow, start.conditions if start else None, seed) | translation
    walk = read_states(states) if states is not None else StatesFile({}, {})
    change |= walk.change if state is None else {**walk.change, "state": state}
    if dns is not None:
        change["dns"] = read_dns(dns)
    backend: Backend = context.obj
    running = RunningLab.named(backend, lab)
    needed = _together("profile", start.files if start else {}, _together("states", walk.files, files))
    made = running.change(running.find(names), change, options, needed)
    show_change(made, json, meant)


def show(
    context: typer.Context, names: ClientsArgument = None, lab: LabOption = None, json: JsonOption = False
) -> None:
    """Show conditions and measured values.

    Also drops, leases and scheduled changes.

    \b
    Examples:
      synthlab show
      synthlab show client2 --json
    """
    backend: Backend = context.obj
    running = RunningLab.named(backend, lab)
    states = running.states(running.find(names or ()))
    note_versions(states)
    if json:
        answers = {name: {**state.answer, "too_slow": too_slow({name: state})} for name, state in states.items()}
        console.print_json(answers)
        return
    console.print_table(achieved_table(states))
    for line in drops(places(states)):
        console.print_line(line)
    _show_lookups(states)
    for line in (*discards(places(states)), *too_slow(states)):
        console.print_bad(line)
    for line in (*uplink_lines(states), *walks(states), *notes(states)):
        console.print_line(line)
    _show_schedule(states)


def reset(
    context: typer.Context,
    names: ClientsArgument = None,
    perfect: Annotated[bool, typer.Option("--perfect", help="Clear all conditions instead.")] = False,
    mappings: Annotated[bool, typer.Option("--mappings", help="Only drop the mappings of routers' NAT.")] = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Restore the conditions that clients started with.

    Leases and scheduled changes are dropped.

    \b
    Examples:
      synthlab reset
      synthlab reset client2 --perfect
      synthlab reset home --mappings
    """
    backend: Backend = context.obj
    running = RunningLab.named(backend, lab)
    if mappings:
        if perfect:
            raise WrongUse("--mappings: resets no conditions, and --perfect clears them: give one of them")
        if not names:
            raise WrongUse("--mappings: name the routers, such as `synthlab reset home --mappings`")
        show_change(running.drop_mappings(running.find(names)), json)
        return
    show_change(running.reset(running.find(names or ()), perfect), json)


def show_change(made: GroupChange, json: bool, meant: Translation | None = None) -> None:
    """Print the conditions, and when the change is in force; without measured values, which date from before it.

    `meant`: what the request said in tc's words.
    """
    note_versions(made.states)
    if json:
        more = {"netem": meant.to_dict()} if meant else {}
        console.print_json({name: _unachieved(state.answer) | more for name, state in made.states.items()})
        return
    for line in meant.lines() if meant else ():
        console.print_line(line)
    console.print_table(conditions_table(made.states))
    _show_lookups(made.states, counted=False)
    for line in (*walks(made.states), *notes(made.states)):
        console.print_line(line)
    _show_schedule(made.states)
    for line in moments(made, time.time()):
        console.print_line(line)


def _together(flag: str, others: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The files of a flag that names several, and `own`."""
    files = dict(own)
    for name, text in others.items():
        keep_file(LocalFile(name, text, partial(refuse_flag, flag)), files)
    return files


def _show_schedule(states: Mapping[str, ClientState]) -> None:
    waiting = schedule_table(states)
    if waiting.rows:
        console.print_table(waiting)


def _show_lookups(states: Mapping[str, ClientState], counted: bool = True) -> None:
    lookups = lookups_table(states, counted)
    if lookups.rows:
        console.print_table(lookups)
    for line in resolver_troubles(states):
        console.print_bad(line)


def _unachieved(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An API's answer without the measured values of links and flows."""
    flows = {name: _without_achieved(flow) for name, flow in answer["flows"].items()}
    return {**answer, "links": _without_achieved(answer["links"]), "flows": flows}


def _without_achieved(links: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        direction: {name: value for name, value in link.items() if name != "achieved"}
        for direction, link in links.items()
    }
