// Makes the statements of cases, read from standard input as {cases: […]}, with the modules of a folder, and prints the
// document, canonical text and digest of each. `node statement.mjs FOLDER CHECKLIST`
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [folder, checklist] = process.argv.slice(2)
const load = name => import(pathToFileURL(`${folder}/${name}.js`))
const [{ toMicroseconds }, { CompiledChecklist }, { canonicalText, digest, render }, { Timeline }] = await Promise.all(
  ['moments', 'rules', 'statement', 'timeline'].map(load),
)
const rules = new CompiledChecklist(JSON.parse(readFileSync(checklist, 'utf8')))
const now = toMicroseconds('9999-01-01T00:00:00Z')

async function make({ visit, entries, statement, thing, until }) {
  const table = rules.statements.find(({ id }) => id === statement)
  const options = { thing, until: until == null ? undefined : toMicroseconds(until) }
  const document = render(rules, table, visit.id, new Timeline(rules, entries, now), options)
  return { document, canonical: canonicalText(document), sha256: await digest(document) }
}

const { cases } = JSON.parse(readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify(await Promise.all(cases.map(make))))
