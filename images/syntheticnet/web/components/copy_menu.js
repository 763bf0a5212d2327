// The conditions in force, copied in one of several forms.

import { FORMS } from "../copy.js";
import { html, useRef, useState } from "./html.js";
import { Menu } from "./menu.js";

// `textOf(form)` writes the text.
export function CopyMenu({ textOf }) {
  return html`<${Menu} label="Copy as" title="Take these values to the command line, a file or a test" wide=${true}>${() => html`<${CopyForms} textOf=${textOf} />`}<//>`;
}

function CopyForms({ textOf }) {
  const [form, setForm] = useState("command");
  const [copied, setCopied] = useState("");
  const field = useRef(null);
  const text = textOf(form);
  const copy = async () => {
    field.current.select();
    setCopied((await wrote(text)) ? "Copied" : "Press Ctrl+C to copy");
  };
  return html`
    <div class="forms" role="group" aria-label="Form">
      ${Object.entries(FORMS).map(([name, word]) => html`
        <button key=${name} aria-pressed=${name === form ? "true" : "false"} onClick=${() => { setForm(name); setCopied(""); }}>${word}</button>`)}
    </div>
    <textarea ref=${field} readonly rows=${Math.min(16, text.split("\n").length + 1)} aria-label="Text to copy" value=${text}></textarea>
    <div class="forms"><button class="primary" onClick=${copy}>Copy</button><span role="status" class="note">${copied}</span></div>`;
}

// The clipboard is there only on https and on localhost; elsewhere the selected text is copied as by Ctrl+C.
async function wrote(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
