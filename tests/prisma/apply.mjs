// Prisma's own work on many databases of the server that PG* names, over its engine, as the CLI does it.
//   node apply.mjs push DATABASE=FILE[,FILE…]…   prisma db push: prints DATABASE and how many steps it took
//   node apply.mjs deploy DATABASE=FOLDER…       prisma migrate deploy: prints DATABASE and how many migrations it ran
//   node apply.mjs rolled-back DATABASE=NAME…    prisma migrate resolve --rolled-back
//   node apply.mjs diff DATABASE=FILE[,FILE…]…   the SQL that would lead from the database to the schema
// Where one fails, that is printed in place of the number.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { schemaFiles } from './fitting.mjs'
import { SchemaEngine, complaint, factory } from './library.mjs'

const filters = { externalTables: [], externalEnums: [] }
const work = {
  async push(engine, files) {
    const done = await engine.schemaPush({ force: false, schema: { files: schemaFiles(files) }, filters })
    return done.unexecutable.concat(done.warnings).join(' ') || done.executedSteps
  },
  async deploy(engine, folder) {
    const text = (...parts) => readFileSync(path.join(folder, ...parts), 'utf8')
    const lock = 'migration_lock.toml'
    const names = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory()).map((one) => one.name)
    const done = await engine.applyMigrations({
      filters,
      migrationsList: {
        baseDir: folder,
        lockfile: { path: lock, content: existsSync(path.join(folder, lock)) ? text(lock) : null },
        shadowDbInitScript: '',
        migrationDirectories: names.sort().map((name) => ({
          path: name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: text(name, 'migration.sql') } },
        })),
      },
    })
    return done.appliedMigrationNames.length
  },
  async 'rolled-back'(engine, migrationName) {
    await engine.markMigrationRolledBack({ migrationName })
    return migrationName
  },
  async diff(engine, list) {
    const files = schemaFiles(list)
    const made = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: path.dirname(list) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      shadowDatabaseUrl: null,
      filters,
    })
    return `\n${made.stdout.trimEnd()}`
  },
}

const [what, ...all] = process.argv.slice(2)
for (const one of all) {
  const [database, from] = one.split('=')
  const url = `postgresql://${process.env.PGUSER}@localhost/${database}?host=${process.env.PGHOST}`
  const datamodels = /push|diff/.test(what) ? schemaFiles(from).map(({ path, content }) => [path, content]) : undefined
  const adapters = factory(url)
  try {
    const engine = await SchemaEngine.new({ datamodels }, () => {}, adapters)
    console.log(`${database} ${await work[what](engine, from)}`)
  } catch (error) {
    console.log(`${database} ${complaint(error, adapters.errorRegistry).message.replaceAll('\n', ' ')}`)
  }
}
process.exit(0)
