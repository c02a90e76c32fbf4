// Reads {moments: [text…], conditions: [[text, names]…]} from standard input and prints what the judge's modules make of
// each: microseconds or null, and true, false or null for what is no condition. `node parts.mjs FOLDER`
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const load = name => import(pathToFileURL(`${process.argv[2]}/${name}.js`))
const [{ parseMoment }, { compile, parse }] = await Promise.all(['moments', 'condition'].map(load))

function holds([text, names]) {
  let condition
  try {
    condition = parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  return compile(condition)(new Set(names))
}

const { moments, conditions } = JSON.parse(readFileSync(0, 'utf8'))
const times = moments.map(text => parseMoment(text)?.toString() ?? null)
process.stdout.write(JSON.stringify({ moments: times, conditions: conditions.map(holds) }))
