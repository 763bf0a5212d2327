// The types, which are written by hand, name what there is: each export, each class, and each of its methods.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as playwright from "../../javascript/playwright/index.js";
import * as synthlab from "../../javascript/synthlab/index.js";

const JAVASCRIPT = new URL("../../javascript/", import.meta.url);
const ts = createRequire(new URL("package.json", JAVASCRIPT))("typescript");

const FILES = { "synthlab/index.d.ts": synthlab, "synthlab/synthetic_network.d.cts": synthlab, "playwright/index.d.ts": playwright };
const ENTRIES = Object.entries(FILES).map(([path, module]) => ({ path, module, text: textOf(path) }));
// Methods that only other files of the packages call.
const INTERNAL = ["Run.follow", "Lab.heard", "BrowserLab.watch", "BrowserLab.unwatch", "BrowserLab.report"];

function textOf(path) {
  return ts.sys.readFile(fileURLToPath(new URL(path, JAVASCRIPT)));
}

// The classes that a text declares, with the names of all their members and those of methods alone.
function classesIn(text) {
  const { statements } = ts.createSourceFile("types.d.ts", text, ts.ScriptTarget.Latest);
  return statements.filter(ts.isClassDeclaration).map(({ name, members }) => {
    const named = members.filter((member) => member.name?.text);
    return { name: name.text, members: namesOf(named), methods: namesOf(named.filter(ts.isMethodDeclaration)) };
  });
}

const namesOf = (members) => [...new Set(members.map((member) => member.name.text))];

const BUILT_IN = ["constructor", "length", "name", "prototype"];
const ownNames = (object) => Object.getOwnPropertyNames(object).filter((name) => !BUILT_IN.includes(name));

// Overrides need no declaration of their own.
function isOverride(Class, name) {
  const Base = Object.getPrototypeOf(Class);
  return name in Base || (Base.prototype !== undefined && name in Base.prototype);
}

for (const { path, module, text } of ENTRIES) {
  for (const { name, members, methods } of classesIn(text)) {
    test(`${path}: ${name}`, () => {
      const Class = module[name];
      const there = [...ownNames(Class.prototype), ...ownNames(Class)];
      const open = there.filter((member) => !INTERNAL.includes(`${name}.${member}`) && !isOverride(Class, member));
      assert.deepEqual(open.filter((member) => ![...members, "name"].includes(member)), [], "not declared");
      assert.deepEqual(methods.filter((member) => !there.includes(member)), [], "declared, but not there");
    });
  }
}

test("every export is declared", () => {
  for (const { path, module, text } of ENTRIES.filter(({ path }) => path.endsWith(".d.ts"))) {
    const missing = Object.keys(module).filter((name) => !new RegExp(`(class|const|as) ${name}\\b`).test(text));
    assert.deepEqual(missing, [], path);
  }
});
