// Prisma's schema engine, compiled to WebAssembly: the code that its native engine is built from.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import path from 'node:path'

const installed = fileURLToPath(new URL('../../target/prisma/package.json', import.meta.url))
const require = createRequire(installed)
// These packages' CommonJS and module forms share one copy.
const load = (name) => import(pathToFileURL(require.resolve(name)).href)

export const pg = (await load('pg')).default
const { PrismaPg } = await load('@prisma/adapter-pg')
const { bindMigrationAwareSqlAdapterFactory } = await load('@prisma/driver-adapter-utils')
const { parse } = (await load('pg-connection-string')).default

// Where the engine leaves word of a panic.
export const panics = { message: undefined, set_message(message) { panics.message = message } }
globalThis.PRISMA_WASM_PANIC_REGISTRY = panics

/** Whether it is the engine of Prisma 6.19.3 that is asked for, and not that of 7. */
export const isSix = process.env.PRISMA_ENGINE === '6'
const folder = path.dirname(require.resolve(isSix ? 'schema-engine-six' : '@prisma/schema-engine-wasm'))
const glue = await import(pathToFileURL(path.join(folder, 'schema_engine_bg.js')).href)
const code = await WebAssembly.compile(readFileSync(path.join(folder, 'schema_engine_bg.wasm')))
const wasm = await WebAssembly.instantiate(code, { './schema_engine_bg.js': glue })
glue.__wbg_set_wasm(wasm.exports)
wasm.exports.__wbindgen_start()

export const { SchemaEngine } = glue

/** What pg is to connect to, from a URL as Prisma takes it. */
export function connection(url) {
  const { schema, ...config } = parse(url)
  // One connection for all, as the native engine has it: the advisory lock and the migrations
  // belong to one session.
  return { schema: schema ?? 'public', config: { ...config, max: 1, idleTimeoutMillis: 0, options: `-c search_path="${schema ?? 'public'}"` } }
}

/**
 * An adapter on one connection that sends scripts whole, as the native engine does; with PRISMA_SPLITS=1 as
 * the adapter does by itself, piece by piece.
 */
async function adapter({ config, schema }, dispose = async () => {}) {
  const pool = new pg.Pool(config)
  pool.on('error', () => {})
  const made = await new PrismaPg(pool, { schema }).connect()
  // The adapter knows no "char", which the catalogs are full of; the native engine reads it as character.
  const perform = made.performIO.bind(made)
  made.performIO = async (query) => {
    // On PostgreSQL 18 NOT NULL is a constraint, over which the engine panics where a driver brings the
    // letter as text (prisma/orm issue 29635); the native engine passes it over. CHECKs still make it panic.
    const sql = query.sql.replace("contype NOT IN ('p', 'u', 'f')", "contype IN ('c', 'x')")
    const result = await perform({ ...query, sql })
    for (const field of result.fields) if (field.dataTypeID === 18) field.dataTypeID = 1042
    return result
  }
  if (!process.env.PRISMA_SPLITS) {
    made.executeScript = async (script) => {
      try {
        await pool.query(script)
      } catch (error) {
        made.onError(error)
      }
    }
  }
  made.dispose = async () => {
    await pool.end()
    await dispose()
  }
  return made
}

/** The adapter factory for a URL, which the engine's constructor takes. */
export function factory(url) {
  const main = connection(url)
  return bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => adapter(main),
    async connectToShadowDb() {
      const database = `prisma_migrate_shadow_db_${globalThis.crypto.randomUUID()}`
      const outside = async (sql) => {
        const client = new pg.Client(main.config)
        await client.connect()
        try {
          await client.query(sql)
        } finally {
          await client.end()
        }
      }
      await outside(`CREATE DATABASE "${database}"`)
      const shadow = { ...main, config: { ...main.config, database } }
      return adapter(shadow, () => outside(`DROP DATABASE IF EXISTS "${database}"`))
    },
  })
}

/** An engine that never reaches a database: for what needs schema files only. */
export const offline = () =>
  SchemaEngine.new({ datamodels: undefined }, () => {}, bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: 'none',
    async connect() {
      const none = async () => ({ columnNames: [], columnTypes: [], rows: [] })
      return {
        provider: 'postgres',
        adapterName: 'none',
        queryRaw: none,
        executeRaw: async () => 0,
        executeScript: async () => {},
        dispose: async () => {},
        getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
      }
    },
    connectToShadowDb() {
      throw new Error('there is no database here')
    },
  }))

/** What an error of the engine says. One of the driver's own comes as a number that the factory knows. */
export function complaint(error, registry) {
  const outside = /^External error id#(\d+)$/.exec(error?.message ?? '')
  const cause = outside && registry?.consumeError(Number(outside[1]))?.error
  if (cause) return { message: cause.cause?.originalMessage ?? cause.message, error_code: undefined, cause: cause.cause }
  if (panics.message) return { message: panics.message, is_panic: true }
  return { message: error?.message ?? String(error), error_code: error?.code, meta: error?.meta }
}

const filters = { externalTables: [], externalEnums: [] }

/**
 * The SQL that Prisma makes of a schema, from an empty database.
 * files: [{ path, content }]. Gives { sql } or { errors: [{ message, file, line }], code }.
 */
export async function sqlOf(engine, files) {
  try {
    const made = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      shadowDatabaseUrl: null,
      filters,
    })
    return { sql: made.stdout }
  } catch (error) {
    const { message, error_code } = complaint(error)
    const errors = message
      .split(/^(?=error: )/m)
      .filter((part) => part.startsWith('error: '))
      .map((part) => {
        const plain = part.replace(/\x1b\[[0-9;]*m/g, '')
        const place = /^ *--> +(.*):(\d+)$/m.exec(plain)
        const text = plain.slice('error: '.length, place ? place.index : undefined).trim()
        return { message: text, file: place?.[1], line: place ? Number(place[2]) : undefined }
      })
    return { code: error_code, errors: errors.length ? errors : [{ message }] }
  }
}
