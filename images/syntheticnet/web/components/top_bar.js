// The bar at the top: who this is, how it is, and what acts on all of it.

import { html } from "./html.js";
import { CopyMenu } from "./copy_menu.js";
import { HoldButton } from "./hold_button.js";
import { LeaseChips } from "./lease_chips.js";
import { PlacesMenu } from "./places_menu.js";
import { ProfileMenu } from "./profile_menu.js";

const DURATIONS = { "": "until reset", "10s": "for 10 s", "30s": "for 30 s", "1m": "for 1 min", "5m": "for 5 min" };

export function TopBar({ inside, name, lab, health, profiles, duration, entries, at_ms: at, disabled, canUndo, canRedo, places, textOf,
                         onProfile, onPress, onRelease, onDog, onUndo, onRedo, onReset, onDuration, onCancel }) {
  return html`
    <${inside ? "div" : "header"} class="bar">
      <${inside ? "h2" : "h1"} class="title">${lab && !inside && html`<small>${lab} / </small>`}${name || "this client"}<//>
      <span class=${`health is-${health.level}`} role="status" title=${health.more}>${health.word}</span>
      <${ProfileMenu} profiles=${profiles} disabled=${disabled} onPick=${onProfile} />
      <${HoldButton} disabled=${disabled} onPress=${onPress} onRelease=${onRelease} />
      <button disabled=${disabled} title="Upload at 100 kbit/s for 10 seconds: a dog chews the fiber" onClick=${onDog}>Dog 10 s</button>
      <span class="group" role="group" aria-label="History">
        <button disabled=${disabled || !canUndo} title="Take back this page's last change" onClick=${onUndo}>Undo</button>
        <button disabled=${disabled || !canRedo} title="Make it again" onClick=${onRedo}>Redo</button>
        <button disabled=${disabled} title="Back to the conditions this client started with" onClick=${onReset}>Reset</button>
      </span>
      <select aria-label="How long changes last" title="How long changes last" disabled=${disabled} value=${duration} class=${duration ? "is-set" : ""}
        onChange=${({ target }) => onDuration(target.value)}>
        ${Object.entries(DURATIONS).map(([value, words]) => html`<option key=${value} value=${value}>${words}</option>`)}
      </select>
      <${CopyMenu} textOf=${textOf} />
      ${places.length > 0 && html`<${PlacesMenu} places=${places} />`}
      <${LeaseChips} entries=${entries} at_ms=${at} disabled=${disabled} onCancel=${onCancel} />
    <//>`;
}
