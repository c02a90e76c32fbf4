// Types of a client from an OpenAPI document, by openapi-typescript. Prints the names of its operations and schemas.
const Module = require("node:module")
const { readFileSync } = require("node:fs")

// It wants these for YAML and for documents elsewhere; they are not vendored.
const load = Module._load
Module._load = (name, ...more) => (["js-yaml", "undici"].includes(name) ? {} : load(name, ...more))
const openapi = require("openapi-typescript")

const indented = (text, depth) => [...text.matchAll(new RegExp(`^ {${depth}}"?(\\w+)"?: `, "gm"))].map((found) => found[1])

openapi(JSON.parse(readFileSync(process.argv[2], "utf8"))).then((types) => {
  Module.stripTypeScriptTypes(types) // throws where it is no TypeScript
  const [before, operations] = types.split("export interface operations {")
  const schemas = before.split("  schemas: {")[1].split("\n  responses: ")[0]
  console.log(JSON.stringify({ operations: indented(operations, 2), schemas: indented(schemas, 4) }))
})
