// Writes types from a description in OpenAPI: standard input to standard output, for write_types.py.

import { readFileSync } from "node:fs";

import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const HEAD = `// A client's answers. Written by write_types.py from the API's own description; do not edit.

import type { LinkValues } from "./conditions.js";

`;

// A schema with `x-type` is described elsewhere: by the type of that name.
const transform = (schema) => schema["x-type"] && ts.factory.createTypeReferenceNode(schema["x-type"]);

const [, schemas] = /schemas: \{\n(.*?)\n {4}\};/s.exec(astToString(await openapiTS(readFileSync(0, "utf8"), { transform })));
const text = schemas.replace(/^ {8}/gm, "").replace(/components\["schemas"\]\["(\w+)"\]/g, "$1");
process.stdout.write(HEAD + text.replace(/^(\w+): /gm, "export type $1 = ") + "\n");
