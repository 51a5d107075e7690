// What Prisma itself makes of a schema, with no database.
//   node diff.mjs FILE…   one schema out of these files: its SQL on stdout;
//                         where it isn't valid: {"code","errors":[{"message","file","line"}]}, exit code 1
//   node diff.mjs -       many: on stdin one JSON a line, {"files":[{"path","content"}]};
//                         on stdout one JSON a line in the same order, {"sql"} or {"code","errors"}
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { offline, sqlOf } from './library.mjs'

const names = process.argv.slice(2)
let engine = await offline()
if (names[0] === '-') {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    let answer
    try {
      answer = await sqlOf(engine, JSON.parse(line).files)
    } catch (error) {
      answer = { code: 'crash', errors: [{ message: String(error) }] }
    }
    // After a panic of its own, an engine answers nothing more.
    if (answer.errors?.some((e) => /unreachable|panic/i.test(e.message) && !e.line)) engine = await offline()
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
} else {
  if (!names.length) {
    console.error('usage: node diff.mjs FILE… | node diff.mjs -')
    process.exit(2)
  }
  const made = await sqlOf(engine, names.map((path) => ({ path, content: readFileSync(path, 'utf8') })))
  if (made.errors) {
    console.log(JSON.stringify(made))
    process.exit(1)
  }
  process.stdout.write(made.sql)
}
