// A panel: all traffic, or one flow. One line with what is set and measured; opened, both directions side by side.

import { ALL, DIRECTIONS, MAIN } from "../conditions.js";
import { formatRate } from "../units.js";
import { DIRECTION_MARKS, DIRECTION_WORDS, describeValues } from "../words.js";
import { html, useState } from "./html.js";
import { LinkColumn } from "./link_column.js";
import { MoreValues } from "./more_values.js";
import { NetemForm } from "./netem_form.js";
import { ProfileMenu } from "./profile_menu.js";

// `name` is ALL or that of a flow, `owner` its conditions; the callbacks get (direction, ...) as those of its parts.
export function Panel(props) {
  const { name, match, owner, open, lit, samples, disabled, onOpen, onMute, onLight } = props;
  const title = name === ALL ? "All traffic" : name;
  const muted = owner.muted === true;
  return html`
    <article class=${`panel ${open ? "is-open" : ""} ${lit ? "is-lit" : ""} ${muted ? "is-muted" : ""}`} data-panel=${name}
             onPointerEnter=${() => onLight(name)} onPointerLeave=${() => onLight(undefined)}>
      <header>
        ${name !== ALL && html`<${Handle} ...${props} />`}
        <h2><button class="disclose" aria-expanded=${open ? "true" : "false"} onClick=${() => onOpen(!open)}>
          <span class="triangle" aria-hidden="true"></span>${title}${match && match !== name ? html` <small>${match}</small>` : ""}</button></h2>
        <div class="summary">${DIRECTIONS.map((direction) => html`<${Summary} key=${direction} direction=${direction}
          values=${open ? undefined : owner[direction]} last=${samples.at(-1)?.panels[name]?.[direction]} />`)}</div>
        <div class="tools">
          <button aria-pressed=${muted ? "true" : "false"} disabled=${disabled} onClick=${() => onMute(!muted)}
                  title=${muted ? "Put its values in force again" : "Keep its values, without effect"}>${muted ? "Muted" : "Mute"}</button>
          ${name !== ALL && html`
            <${ProfileMenu} profiles=${props.profiles} flow=${name} disabled=${disabled} onPick=${props.onProfile} />
            <button disabled=${disabled} onClick=${props.onDuplicate} title="Another flow with the same values">Duplicate</button>
            <button disabled=${disabled} onClick=${props.onRemove}>Remove</button>`}
        </div>
      </header>
      ${open && html`<${Opened} ...${props} title=${title} />`}
    </article>`;
}

function Opened({ name, title, owner, below, schema, leases, samples, marks, stays, state, states, reach, now_ns: now, disabled, translate, onMain, onShare, onValue, onUpload, onNetem }) {
  const [more, setMore] = useState(false);
  const links = Object.fromEntries(DIRECTIONS.map((direction) => [direction, owner[direction] ?? {}]));
  const others = DIRECTIONS.flatMap((direction) => Object.keys(links[direction])).filter((value) => ![...MAIN, "outage"].includes(value)).length;
  return html`
    <div class="columns">
      ${DIRECTIONS.map((direction) => html`
        <${LinkColumn} key=${direction} panel=${name} title=${title} direction=${direction} link=${links[direction]} below=${below?.[direction]}
          leases=${leases} samples=${samples} marks=${marks} stays=${stays} state=${state} states=${states} reach=${reach} now_ns=${now} disabled=${disabled} onMain=${onMain} onShare=${onShare} />`)}
    </div>
    <button class="more-button" aria-expanded=${more ? "true" : "false"} onClick=${() => setMore(!more)}>
      <span class="triangle" aria-hidden="true"></span>More values${others ? html` <b class="count">${others} set</b>` : ""}</button>
    ${more && html`<${MoreValues} schema=${schema} links=${links} below=${below} title=${title} disabled=${disabled} onValue=${onValue} onUpload=${onUpload} />`}
    ${translate && html`<${NetemForm} title=${title} disabled=${disabled} translate=${translate} onSet=${onNetem} />`}`;
}

// What is set in one direction, and the rate measured there.
function Summary({ direction, values, last }) {
  const set = Object.keys(values ?? {}).length > 0;
  return html`
    <span class="summary-one">
      <span class="soft" title=${DIRECTION_WORDS[direction]}>${DIRECTION_MARKS[direction]}<span class="hidden">${DIRECTION_WORDS[direction]}</span></span>
      <span class="summary-rate">${last?.rate_bps === undefined ? "–" : formatRate(last.rate_bps)}</span>
      ${set && html`<span class="chip">${describeValues(values)}</span>`}
    </span>`;
}

// Moves a flow: by dragging, with the arrow keys, and with two buttons. `onMove(steps)`, `onDrag(y, dropped)`.
function Handle({ name, place, places, disabled, onMove, onDrag }) {
  const keys = (event) => {
    const steps = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!steps) return;
    event.preventDefault();
    onMove(steps);
  };
  const drag = (event) => { if (event.currentTarget.hasPointerCapture(event.pointerId)) onDrag(event.clientY, false); };
  const drop = (event) => { if (event.currentTarget.hasPointerCapture(event.pointerId)) onDrag(event.clientY, true); };
  return html`
    <span class="handle">
      <button class="icon grip" disabled=${disabled} aria-label=${`Move ${name}: arrow keys, or drag`} title="Drag to another place: the first flow that matches wins"
        onKeyDown=${keys} onPointerMove=${drag} onPointerUp=${drop}
        onPointerDown=${(event) => event.currentTarget.setPointerCapture(event.pointerId)}>⠿</button>
      <button class="icon" disabled=${disabled || place === 0} aria-label=${`Move ${name} up`} onClick=${() => onMove(-1)}>↑</button>
      <button class="icon" disabled=${disabled || place === places - 1} aria-label=${`Move ${name} down`} onClick=${() => onMove(1)}>↓</button>
    </span>`;
}
