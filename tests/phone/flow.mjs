// Carries out visits by what the phone offers, without a phone. `node flow.mjs MODULES CHECKLIST COMMAND`, JSON on
// standard input, JSON on standard output.
//   stories   {NAME: bundle}: each by its taps; prints entries, taps, warnings and the judgement
//   random    {visits, seed, count, length}: whatever is offered is tapped in whatever order
//   signatures [strokes]: which of them can be seen as one
//   steps     {visit, entries, now, withdrawn}: the stages that are offered, and what is said before an entry is withdrawn
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { TAPS } from './taps.mjs'

const [folder, checklist, command] = process.argv.slice(2)
const load = name => import(pathToFileURL(`${folder}/${name}.js`))
const modules = ['judge/judge', 'judge/rules', 'judge/messages', 'flow/steps', 'flow/incidents', 'flow/missing']
const [{ judge }, { CompiledChecklist }, { FindingFormatter }, steps, incidents, missing] = await Promise.all(
  modules.map(load),
)
const [{ unfinishedOf, isVisible }, { movedBy, isFarOff }] = await Promise.all(['flow/signed', 'flow/situation'].map(load))
const published = JSON.parse(readFileSync(checklist, 'utf8'))
const rules = new CompiledChecklist(published)
const formatter = new FindingFormatter(published)

class Phone {
  constructor(visit, entries) {
    this.visit = visit
    this.entries = [...entries]
    this.taps = 0
    this.warnings = []
  }

  async at(now) {
    this.now = now
    this.judgement = await judge(rules, this.visit, this.entries, now)
    const known = [rules, this.visit, this.entries, this.judgement, now]
    this.known = known
    this.stages = await steps.stepsOf(...known)
    this.steps = this.stages.flatMap(stage => stage.steps)
  }

  step(id) {
    const found = this.steps.find(step => step.id === id)
    if (!found) throw new Error(`no step ${id} at ${this.now}, but ${this.steps.map(step => step.id)}`)
    return found
  }

  write(added, make) {
    if (!added.length) throw new Error(`nothing to write at ${this.now}`)
    for (const entry of added) this.entries.push({ ...entry, by: entry.by ?? 'technician', id: make(), at: this.now })
  }

  async tap([, what, ...rest], make) {
    if (what === 'raise') {
      const [fact, answers = {}] = rest
      this.taps += answers.thing ? 4 : 3
      this.write(incidents.raise(...this.known, fact, answers), make)
    } else if (what === 'part') {
      this.taps += 1
      const { entries } = incidents.partingOf(rules, this.judgement, this.stages)
      this.write([...entries, ...this.step('leave').entries(...rest)], make)
    } else if (what === 'more') {
      const [id, choice, answers = {}] = rest
      const alternative = this.step(id).alternatives.find(each => each.id === choice)
      if (!alternative) throw new Error(`no ${choice} at ${id}: ${this.step(id).alternatives.map(each => each.id)}`)
      this.taps += alternative.needs === 'tap' ? 2 : 4
      const added = alternative.entries(answers)
      const warning = await steps.warningOf(...this.known, this.stages, added)
      if (warning) this.warnings.push([choice, warning])
      this.write(added, make)
    } else {
      const step = this.step(what)
      if (step.done) throw new Error(`${what} is done already`)
      const [answers = {}] = rest
      this.taps += step.needs === 'tap' || step.needs === 'gps' ? 1 : 2 + Object.keys(answers.fields ?? {}).length
      if (step.warning) this.warnings.push([what, step.warning])
      this.write(step.entries(answers), make)
    }
  }

  async result(now) {
    await this.at(now)
    const { verdict, findings, labels } = this.judgement
    const left = missing.missingOf(rules, this.judgement, this.stages)
    return {
      visit: this.visit,
      entries: this.entries,
      now,
      taps: this.taps,
      warnings: this.warnings,
      verdict,
      findings: formatter.format(findings, labels),
      missing: left.map(({ view, step }) => [view.code, step?.id ?? null]),
    }
  }
}

let counter = 0
const uuid = () => `00000000-0000-7000-8000-${(counter += 1).toString(16).padStart(12, '0')}`

async function stories(bundles) {
  const results = {}
  for (const [name, { visit, entries, now }] of Object.entries(bundles)) {
    const day = (visit.window?.from ?? now).slice(0, 10)
    const date = entries.find(({ what }) => what === 'arrived')?.at.slice(0, 10) ?? day
    const phone = new Phone(visit, entries.filter(({ by }) => by === 'dispatcher'))
    for (const tap of TAPS[name]) {
      await phone.at(`${date}T${tap[0]}+08:00`)
      await phone.tap(tap, uuid)
    }
    results[name] = await phone.result(now)
  }
  return results
}

/** A small generator of numbers that a seed repeats. */
function generator(seed) {
  let state = seed >>> 0
  return most => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0
    return ((mixed ^ (mixed >>> 16)) >>> 0) % most
  }
}

/** What a careless person gives: sometimes a photo, sometimes words, sometimes nothing. */
function answersFor(form, random) {
  const fields = {}
  for (const [name, { type, choices = [] }] of Object.entries(form.fields ?? {})) {
    if (random(2)) continue
    if (type === 'number') fields[name] = random(2000) - 10
    else if (type === 'choice') fields[name] = choices[random(choices.length)].id
    else fields[name] = type === 'time' ? '2026-03-02T12:00:00+08:00' : `字${random(9)}`
  }
  const signature = { kind: 'signature', sha256: 'f'.repeat(64), signer: '陶立', relation: ['tenant', 'neighbour'][random(2)] }
  return {
    fields,
    photos: random(2) ? [{ sha256: random(10).toString().repeat(64), taken_at: '2026-03-02T09:00:00+08:00' }] : [],
    text: random(2) ? '写了几句' : '',
    number: random(2) ? `编号${random(99)}` : '',
    reason: random(4) ? '客户要求' : '',
    outcome: ['refused', 'absent', 'unable', 'partly', ''][random(5)],
    ...(random(2) && { place: { lat: 31.2, lon: 121.4, accuracy_m: 8 } }),
    signature, // nothing is recorded as signed without
  }
}

async function random({ visits, seed, count, length }) {
  const results = []
  for (let run = 0; run < count; run += 1) {
    const pick = generator(seed + run)
    const phone = new Phone(visits[run % visits.length], [])
    let time = Date.parse('2026-03-02T01:00:00Z')
    for (let n = 0; n < length; n += 1) {
      time += 1000 * (1 + pick(400))
      await phone.at(new Date(time).toISOString())
      const what = pick(10)
      const step = phone.steps[pick(phone.steps.length)]
      if (what < 6) {
        const open = phone.steps.filter(each => !each.done)
        const chosen = what < 4 ? steps.nextOf(phone.stages) : open[pick(open.length || 1)]
        if (chosen) phone.write(chosen.entries(answersFor(chosen.form, pick)), uuid)
      } else if (what === 6 && step?.alternatives.length) {
        const alternative = step.alternatives[pick(step.alternatives.length)]
        phone.write(alternative.entries(answersFor(step.form, pick)), uuid)
      } else if (what === 7 && step?.recorded.some(({ by }) => by === 'technician')) {
        const own = step.recorded.filter(({ by }) => by === 'technician') // a signature is never taken back
        phone.write([{ by: 'technician', withdraws: own[pick(own.length)].id, reason: '点错了' }], uuid)
      } else if (what === 8) {
        const all = incidents.incidentsOf(...phone.known)
        const { fact, perThing } = all[pick(all.length)]
        const thing = perThing ? { key: incidents.newThing(fact, phone.entries), label: '东西' } : null
        const together = pick(2) === 1
        phone.write(incidents.raise(...phone.known, fact, { thing, together, ...answersFor({}, pick) }), uuid)
      } else if (what === 9 && n > length / 2) {
        const none = incidents.noneOfThese(rules, phone.judgement)
        if (none.length) phone.write(none, uuid)
      }
    }
    results.push(await phone.result(new Date(time + 1000).toISOString()))
  }
  return results
}

async function offered({ visit, entries, now, withdrawn }) {
  const phone = new Phone(visit, entries)
  await phone.at(now)
  const plain = ({ id, stage, items, facts, label, done, optional, needs, warning, alternatives, entries: write }) => {
    const others = alternatives.map(each => each.id)
    return { id, stage, items, facts, label, done, optional, needs, warning, alternatives: others, entries: done ? [] : write() }
  }
  return {
    stages: phone.stages.map(({ id, title, steps: own }) => ({ id, title, steps: own.map(plain) })),
    next: steps.nextOf(phone.stages)?.id ?? null,
    incidents: incidents.incidentsOf(...phone.known),
    missing: missing.missingOf(rules, phone.judgement, phone.stages).map(({ view, step }) => [view.code, step?.id ?? null]),
    unfinished: Object.fromEntries(
      phone.steps.map(step => [
        step.id,
        unfinishedOf(rules, phone.judgement, phone.stages, step).map(({ view, step: own }) => [view.code, own?.id ?? null]),
      ]),
    ),
    offices: phone.judgement.findings.filter(one => missing.isOffices(...phone.known, one)).map(({ code }) => code),
    farOff: visit.window ? isFarOff(rules, visit.window, now) : null,
    moved: phone.judgement.findings.filter(({ item }) => movedBy(...phone.known, item)).map(({ code }) => code),
    withdrawing: withdrawn ? await steps.warningOf(...phone.known, phone.stages, [{ by: 'technician', withdraws: withdrawn }]) : null,
  }
}

const given = JSON.parse(readFileSync(0, 'utf8'))
const result = await { stories, random, steps: offered, signatures: given => given.map(isVisible) }[command](given)
process.stdout.write(JSON.stringify(result))
