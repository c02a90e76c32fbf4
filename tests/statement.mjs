// What a customer signs, a second time: written from docs/statement.md and the contract of judging, not from our Python.
// `node statement.mjs FILE` checks every case of a file of vectors. With --stdin it reads {statements, items, facts?,
// checklist, cases} as JSON and writes the canonical text of each case. `facts` are {id, things?}; without them every
// `what` is known.
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

const given = value => value !== undefined && value !== null
const clean = text => text.normalize('NFC').trim()

/** Nanoseconds since 1970 of an RFC 3339 moment; a number would lose the end of what a great tick adds. */
function moment(text) {
  const [, date, clock, fraction, sign, hours, minutes] =
    /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(text)
  const offset = sign ? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) : 0
  const milliseconds = Date.parse(`${date}T${clock}Z`) - offset * 60_000
  return BigInt(milliseconds) * 1_000_000n + BigInt((fraction ?? '').padEnd(9, '0').slice(0, 9))
}

/** A function that says when an entry was: its session's first entry among `counting` lends its `at` to the rest. */
function clockOf(counting) {
  const timed = entry => given(entry.session) && given(entry.tick)
  const first = new Map()
  for (const entry of counting.filter(timed)) {
    const before = first.get(entry.session)
    if (!before || entry.tick < before.tick) first.set(entry.session, entry)
  }
  return entry => {
    const start = timed(entry) ? first.get(entry.session) : undefined
    return start ? moment(start.at) + BigInt(entry.tick - start.tick) * 1_000_000n : moment(entry.at)
  }
}

/** Entries that are seen. Nothing is later than `now` here: who asks gives what there is. */
function seen(vectors, entries) {
  const items = new Set(vectors.items.map(item => item.id))
  const facts = vectors.facts && new Map(vectors.facts.map(fact => [fact.id, fact]))
  const read = new Set()
  const aboutItem = ({ holds, says, by }) => holds !== false && (!given(says) || by === 'customer')
  const aboutFact = ({ what, thing, holds, says, waived, refused }) =>
    !given(says) && !given(waived) && !given(refused) && (holds === false || given(thing) || !facts.get(what).things)
  return entries.filter(entry => {
    const id = entry.id.toLowerCase()
    if (read.has(id)) return false
    read.add(id) // whatever it is: the id is taken
    if (given(entry.withdraws)) return true
    if (items.has(entry.what)) return aboutItem(entry)
    return !facts || (facts.has(entry.what) && aboutFact(entry))
  })
}

/** Microseconds, as times are rounded. */
const micros = text => moment(text) / 1000n

/** Whether one entry was written before another: as they came, else as they say. */
function before(one, other, all) {
  if (!given(one.received_at) || !given(other.received_at)) return micros(one.at) <= micros(other.at)
  const [first, second] = [micros(one.received_at), micros(other.received_at)]
  return first < second || (first === second && all.indexOf(one) < all.indexOf(other))
}

/** What counts, with a function for its times. */
function counting(all) {
  const withdrawals = all.filter(entry => given(entry.withdraws) && clean(entry.reason ?? '') !== '')
  const withdrawn = entry =>
    withdrawals.some(
      one => one.withdraws.toLowerCase() === entry.id.toLowerCase() && one.by === entry.by && before(entry, one, all),
    )
  const kept = all.filter(entry => !given(entry.withdraws) && !withdrawn(entry))
  return { kept, time: clockOf(kept) }
}

/** The acts of all items, sorted by time; a sort is stable, so equal times keep the order of the list. */
function acts(vectors, entries, until) {
  const { kept, time } = counting(seen(vectors, entries))
  return kept
    .filter(entry => !given(entry.says) && !given(entry.waived) && !given(entry.refused))
    .map(entry => ({ entry, at: time(entry) }))
    .filter(({ at }) => !given(until) || at <= moment(until))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map(({ entry }) => entry)
}

/** An answer to a typed field as people read it. */
function answer(field, value) {
  if (!given(value)) return ''
  if (typeof value === 'boolean') return value ? '是' : '否'
  if (typeof value === 'number') return field.unit ? `${value} ${field.unit}` : `${value}`
  const choice = field.choices?.find(one => one.id === value)
  if (choice) return choice.zh
  const written = field.type === 'time' && /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}:[0-9]{2})/.exec(value)
  return written ? `${written[1]}年${Number(written[2])}月${Number(written[3])}日 ${written[4]}` : value
}

function made(item, line, mine) {
  const label = clean((line.label ?? item.fields?.[line.field] ?? item.label).zh)
  if (line.field) {
    const last = mine.findLast(entry => Object.hasOwn(entry.fields ?? {}, line.field))
    const value = last ? clean(answer(item.fields[line.field], last.fields[line.field])) : ''
    return value && { label, value: [value] }
  }
  const part = { photo: 'sha256', text: 'text' }[line.evidence] ?? 'number'
  const pieces = mine.flatMap(entry => entry.evidence ?? []).filter(piece => piece.kind === line.evidence)
  const values = [...new Set(pieces.map(piece => clean(piece[part] ?? '')).filter(text => text !== ''))]
  return values.length > 0 && { label, [line.evidence === 'photo' ? 'photos' : 'value']: values }
}

/** RFC 8785, as far as a statement needs it: texts, lists and objects. */
function canonical(value) {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const pairs = Object.keys(value).sort().map(key => `${JSON.stringify(key)}:${canonical(value[key])}`)
  return `{${pairs.join(',')}}`
}

const isOf = (item, entry, thing) => item.per !== 'thing' || (given(thing) && entry.thing === thing)

export function make(vectors, { visit, entries, statement, thing, until }) {
  const table = vectors.statements.find(one => one.id === statement)
  const inOrder = acts(vectors, entries, until)
  const lines = table.lines.map(line => {
    const item = vectors.items.find(one => one.id === line.item)
    const of = inOrder.filter(entry => entry.what === item.id && isOf(item, entry, thing))
    return made(item, line, of)
  })
  const head = { form: 'doorstep-statement/1', checklist: visit.checklist, visit: visit.id.toLowerCase(), statement }
  const document = { ...head, title: clean(table.title.zh), lines: lines.filter(Boolean) }
  if (given(thing)) document.thing = thing
  if (table.declares) document.declaration = clean(table.declares.zh)
  const text = canonical(document)
  return { document, canonical: text, sha256: createHash('sha256').update(text, 'utf8').digest('hex') }
}

function check(vectors) {
  const parts = ['document', 'canonical', 'sha256']
  const failed = vectors.cases.filter(one => {
    const ours = make(vectors, one)
    const wrong = parts.filter(part => !isDeepStrictEqual(ours[part], one[part]))
    if (wrong.length) console.log(`${one.name}: ${wrong.join(', ')}: ${ours.canonical}`)
    return wrong.length > 0
  })
  console.log(`${vectors.cases.length - failed.length} passed, ${failed.length} failed`)
  return failed.length === 0
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const stdin = process.argv[2] === '--stdin'
  const vectors = JSON.parse(readFileSync(stdin ? 0 : process.argv[2], 'utf8'))
  if (stdin) process.stdout.write(JSON.stringify(vectors.cases.map(one => make(vectors, one).canonical)))
  else if (!check(vectors)) process.exitCode = 1
}
