// Judges bundles, one on each line of standard input, with the modules of a folder, and prints all of each judgement.
// `node judge.mjs FOLDER CHECKLIST`
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [folder, checklist] = process.argv.slice(2)
const load = name => import(pathToFileURL(`${folder}/${name}.js`))
const [{ judge }, { CompiledChecklist }, { FindingFormatter }] = await Promise.all(['judge', 'rules', 'messages'].map(load))
const published = JSON.parse(readFileSync(checklist, 'utf8'))
const rules = new CompiledChecklist(published)
const formatter = new FindingFormatter(published)

const replacer = (_, value) => (typeof value === 'bigint' ? String(value) : value)
const lines = []
for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const { visit, entries, now } = JSON.parse(line)
  const { verdict, findings, until, facts, labels, due } = await judge(rules, visit, entries, now)
  const all = {
    verdict,
    until,
    findings: formatter.format(findings, labels),
    facts: [...facts].sort(),
    labels: [...labels],
    due: [...due],
  }
  lines.push(JSON.stringify(all, replacer))
}
process.stdout.write(lines.map(line => `${line}\n`).join(''))
