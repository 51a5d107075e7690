// Prisma's own SQL for many schemas at once, each of one or several files.
//   node ddl.mjs OUT NAME=FILE[,FILE…]…   writes OUT/NAME.sql
//   node ddl.mjs --mistakes FILE          prints the titles of the table's schemas that Prisma takes
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fitting, schemaFiles } from './fitting.mjs'
import { offline, sqlOf } from './library.mjs'

let engine = await offline()
const [out, ...schemas] = process.argv.slice(2)

if (out === '--mistakes') {
  const entries = readFileSync(schemas[0], 'utf8').split(/^== /m).slice(1)
  for (const entry of entries) {
    const [title, ...lines] = entry.split('\n')
    let content = lines.filter((line) => !/^(!!|\?\?) /.test(line)).join('\n')
    if (!content.includes('datasource ')) content += '\ndatasource db {\n  provider = "postgresql"\n}\n'
    const made = await sqlOf(engine, [{ path: 'schema.prisma', content: fitting(content) }])
    if (!made.errors) console.log(title)
  }
} else {
  for (const schema of schemas) {
    const [name, files] = schema.split('=')
    const made = await sqlOf(engine, schemaFiles(files))
    if (made.errors) {
      console.error(`Prisma refuses ${name}: ${JSON.stringify(made)}`)
      process.exit(1)
    }
    writeFileSync(path.join(out, `${name}.sql`), `${made.sql.trimEnd()}\n`)
  }
}
