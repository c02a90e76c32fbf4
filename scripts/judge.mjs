#!/usr/bin/env node
// Judges bundles {visit, entries, now} with the judge of the phone, and prints what `doorstep judge` prints: one line of
// JSON each. `node scripts/judge.mjs [--checklist FILE] FILE…`; `-` is a bundle on each line of standard input. The
// checklist is a published one, by default docs/checklist.json. Exits with 2 if any bundle could not be judged; the same
// ones as `doorstep judge` and for the same reason, but not always in the same words. (Only the last value of a repeated
// key is checked, and brackets may be nested to any depth.)
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { judge } from '../service/phone/static/judge/judge.js'
import { FindingFormatter } from '../service/phone/static/judge/messages.js'
import { parseMoment } from '../service/phone/static/judge/moments.js'
import { CompiledChecklist } from '../service/phone/static/judge/rules.js'

const EXACT = 2n ** 53n
const [FIRST_YEAR, LAST_YEAR] = [2000, 2100]
const MANY = Number.MAX_SAFE_INTEGER

class CannotJudge extends Error {}

const fail = (path, text) => {
  throw new CannotJudge(`${path || '/'}: ${text}`)
}

// A bundle is checked as strictly as the server checks it. A reader takes a value and its JSON Pointer and returns what
// the judge reads. Whole numbers are BigInt here, because "1.0" is no whole number and 2^53 + 1 is not exact.

const kindOf = value =>
  value === null ? 'null'
  : Array.isArray(value) ? 'array'
  : { string: 'str', bigint: 'int', number: 'float', boolean: 'bool', object: 'object' }[typeof value]

function reader(kinds, read, name = kinds) {
  return (value, path) => {
    const found = kindOf(value)
    if (!kinds.split(' | ').includes(found)) fail(path, `Expected \`${name}\`, got \`${found}\``)
    return read(value, path)
  }
}

const nullable = read => (value, path) => (value === null ? null : read(value, path))

const text = (longest = MANY, { shortest = 0, pattern } = {}) => reader('str', (value, path) => {
  const length = [...value].length
  if (length < shortest) fail(path, `Expected \`str\` of length >= ${shortest}`)
  if (length > longest) fail(path, `Expected \`str\` of length <= ${longest}`)
  if (pattern && !pattern.test(value)) fail(path, `Expected \`str\` matching regex '${pattern.source}'`)
  return value
})

const within = (name, least, most) => (value, path) => {
  if (value < least) fail(path, `Expected \`${name}\` >= ${least}`)
  if (value > most) fail(path, `Expected \`${name}\` <= ${most}`)
  return Number(value)
}
const whole = (least, most) => reader('int', within('int', least, most))
const number = most => reader('int | float', within('float', -most, most), 'float')
const flag = reader('bool', value => value)

const moment = reader('str', (value, path) => {
  if (parseMoment(value) === null) fail(path, 'Invalid RFC3339 encoded datetime')
  return value
}, 'datetime')

const oneOf = (...values) => reader('str', (value, path) => {
  if (!values.includes(value)) fail(path, 'Invalid enum value')
  return value
})

const list = (read, longest = MANY) => reader('array', (values, path) => {
  if (values.length > longest) fail(path, `Expected \`array\` of length <= ${longest}`)
  return values.map((value, position) => read(value, `${path}/${position}`))
})

const mapping = (key, read, longest = MANY) => reader('object', (values, path) => {
  const pairs = Object.entries(values)
  if (pairs.length > longest) fail(path, `Expected \`object\` of length <= ${longest}`)
  return Object.fromEntries(pairs.map(([name, value]) => [key(name, path), read(value, path)]))
})

/** Fields with `?` may be absent, with `??` also null. Unknown ones are ignored. */
function record(described) {
  const fields = new Map(Object.entries(described).map(([name, read]) => {
    const marks = name.match(/\?*$/)[0].length
    return [name.slice(0, name.length - marks), { read: marks === 2 ? nullable(read) : read, required: !marks }]
  }))
  return reader('object', (values, path) => {
    const pairs = Object.entries(values).filter(([name]) => fields.has(name))
    const found = Object.fromEntries(pairs.map(([name, value]) => [name, fields.get(name).read(value, `${path}/${name}`)]))
    for (const [name, { required }] of fields) {
      if (required && !Object.hasOwn(found, name)) fail(path, `Object missing required field \`${name}\``)
    }
    return found
  })
}

const code = text(100), short = text(100), line = text(200), long = text(2000)
const hex = text(MANY, { pattern: /^[0-9a-fA-F]{64}$/ })
const sha256 = (value, path) => hex(value, path).toLowerCase()
const degrees = number(1e9), metres = number(1e9)
const answer = reader('bool | int | float | str | null', (value, path) => {
  if (typeof value === 'string') return long(value, path)
  if (typeof value === 'bigint') return within('int', -EXACT, EXACT)(value, path)
  return typeof value === 'number' ? within('float', -Number(EXACT), Number(EXACT))(value, path) : value
})

const evidence = record({
  kind: code,
  'sha256??': sha256,
  'taken_at??': moment,
  'text??': text(5000),
  'number??': line,
  'channel??': code,
  'signer??': line,
  'relation??': line,
  'statement_sha256??': sha256,
  'lat??': degrees,
  'lon??': degrees,
  'accuracy_m??': metres,
  'mock??': flag,
  'lost??': flag,
})
const anyEntry = record({
  id: text(64, { shortest: 1 }),
  at: moment,
  by: oneOf('technician', 'dispatcher', 'supervisor', 'office', 'customer'),
  'what?': code,
  'thing??': text(MANY, { pattern: /^[a-z0-9_-]{1,40}$/ }),
  'label??': line,
  'holds??': flag,
  'says??': oneOf('yes', 'no'),
  'evidence?': list(evidence, 200),
  'fields?': mapping(code, answer, 100),
  'waived??': record({ by: line, 'reason??': long }),
  'refused??': record({ 'reason??': long, 'outcome??': oneOf('refused', 'absent', 'unable', 'partly') }),
  'via??': oneOf('record', 'office', 'link', 'scan', 'callback'),
  'claimed_at??': moment,
  'tick??': whole(-EXACT, EXACT),
  'session??': short,
  'place??': record({ lat: degrees, lon: degrees, 'accuracy_m??': metres, 'mock??': flag }),
  'withdraws??': short,
  'reason??': long,
  'received_at??': moment,
})
const entry = reader('object', (value, path) => {
  const found = anyEntry(value, path)
  if (!found.what && found.withdraws == null) fail(path, 'an entry needs `what`, or `withdraws`')
  return found
})
const facts = mapping(code, flag, 200)
const bundle = record({
  visit: record({
    id: line,
    type: code,
    'checklist?': code,
    'window??': record({ from: moment, to: moment }),
    'rescheduled?': list(record({ at: moment, from: moment, to: moment })),
    'assigned?': facts,
    'exempt_reason??': long,
    'policies?': facts,
    'due?': mapping(text(150), moment, 500),
    'inspectors??': whole(-Infinity, Infinity),
  }),
  entries: list(entry),
  now: moment,
})

/** Refuses a bundle with a time that only a wrong clock or program writes. */
function checkYears({ visit, entries, now }) {
  const check = (path, value) => {
    if (value == null) return
    const local = parseMoment(value.replace(/(?:[Zz]|[+-]\d\d:?\d\d)$/, 'Z'))
    const year = new Date(Number(local / 1000n)).getUTCFullYear()
    if (year < FIRST_YEAR || year > LAST_YEAR) fail(path, `Expected a time in the years ${FIRST_YEAR} to ${LAST_YEAR}`)
  }
  const checkAll = (path, values, names) => names.forEach(name => check(`${path}/${name}`, values?.[name]))
  check('/now', now)
  checkAll('/visit/window', visit.window, ['from', 'to'])
  visit.rescheduled?.forEach((moved, n) => checkAll(`/visit/rescheduled/${n}`, moved, ['at', 'from', 'to']))
  Object.entries(visit.due ?? {}).forEach(([name, date]) => check(`/visit/due${/^[a-z0-9_]{1,60}$/.test(name) ? `/${name}` : ''}`, date))
  entries.forEach((one, n) => {
    checkAll(`/entries/${n}`, one, ['at', 'claimed_at'])
    one.evidence?.forEach((piece, m) => check(`/entries/${n}/evidence/${m}/taken_at`, piece.taken_at))
  })
}

/** The value that the bytes are in JSON. */
function parse(bytes) {
  let raw
  try {
    raw = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new CannotJudge('not UTF-8')
  }
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(raw)) fail('', 'remove U+0000')
  try {
    return JSON.parse(raw, (key, value, { source }) => {
      if (typeof value === 'string') return value.toWellFormed()
      return typeof value === 'number' && /^-?\d+$/.test(source) ? BigInt(source) : value
    })
  } catch {
    throw new CannotJudge('not JSON')
  }
}

async function judgeBundle({ rules, formatter }, bytes) {
  const { visit, entries, now } = bundle(parse(bytes), '')
  checkYears({ visit, entries, now })
  if (visit.checklist && visit.checklist !== rules.name) {
    throw new CannotJudge(`the checklist is not ${rules.name}, the one that this program carries`)
  }
  if (!rules.visitTypes.has(visit.type)) throw new CannotJudge(`the checklist has no visit type '${visit.type}'`)
  const { verdict, findings, labels } = await judge(rules, visit, entries, now)
  return JSON.stringify({ visit: visit.id, verdict, findings: formatter.format(findings, labels) })
}

/** The bundles of a file, or of the lines of standard input, each with its name. */
function read(name) {
  if (name !== '-') return [{ where: name, bytes: readFileSync(name) }]
  const all = readFileSync(0)
  const bundles = []
  for (let start = 0, number = 1; start < all.length; number += 1) {
    const end = all.indexOf('\n', start)
    const bytes = all.subarray(start, end < 0 ? all.length : end)
    if (bytes.toString('latin1').trim()) bundles.push({ where: `standard input, line ${number}`, bytes })
    start = end < 0 ? all.length : end + 1
  }
  return bundles
}

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { checklist: { type: 'string', default: new URL('../docs/checklist.json', import.meta.url).pathname } },
})
if (!names.length) {
  process.stderr.write('usage: judge.mjs [--checklist FILE] FILE…|-\n')
  process.exit(2)
}
const published = JSON.parse(readFileSync(options.checklist, 'utf8'))
const program = { rules: new CompiledChecklist(published), formatter: new FindingFormatter(published) }
for (const name of names) {
  let bundles = []
  try {
    bundles = read(name)
  } catch (error) {
    process.stderr.write(`${name}: cannot be read: ${error.message}\n`)
    process.exitCode = 2
  }
  for (const { where, bytes } of bundles) {
    try {
      process.stdout.write(`${await judgeBundle(program, bytes)}\n`)
    } catch (error) {
      if (!(error instanceof CannotJudge)) throw error
      process.stderr.write(`${where}: cannot be judged: ${error.message}\n`)
      process.exitCode = 2
    }
  }
}
