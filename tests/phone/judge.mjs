// Judges bundles, one on each line of standard input, with the modules of a folder, and prints all of each judgement and
// the statements that the customer may sign.
// `node judge.mjs FOLDER CHECKLIST`
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [folder, checklist] = process.argv.slice(2)
const load = name => import(pathToFileURL(`${folder}/${name}.js`))
const [{ judge }, { FindingFormatter }, { toMicroseconds }, { CompiledChecklist }, { canonicalText, statements }, { Timeline }] =
  await Promise.all(['judge', 'messages', 'moments', 'rules', 'statement', 'timeline'].map(load))
const published = JSON.parse(readFileSync(checklist, 'utf8'))
const rules = new CompiledChecklist(published)
const formatter = new FindingFormatter(published)

for (const line of readFileSync(0, 'utf8').split('\n')) {
  const { visit, entries, now } = JSON.parse(line)
  const judged = await judge(rules, visit, entries, now)
  const made = statements(rules, visit.id, new Timeline(rules, entries, toMicroseconds(now)), judged.facts)
  const shown = {
    verdict: judged.verdict,
    until: judged.until,
    findings: formatter.format(judged.findings, judged.labels),
    facts: [...judged.facts].sort(),
    labels: [...judged.labels],
    due: [...judged.due],
    statements: made.map(({ document }) => canonicalText(document)),
  }
  process.stdout.write(`${JSON.stringify(shown, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`)
}
