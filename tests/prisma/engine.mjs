#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which has to be downloaded from a site of theirs: the
// CLI starts what PRISMA_SCHEMA_ENGINE_BINARY names and speaks JSON-RPC with it on stdin and stdout.
// The work is done by the same engine in WebAssembly, over one connection.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { SchemaEngine, complaint, connection, factory, offline, pg } from './library.mjs'

const argument = (name) => {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : process.argv[at + 1]
}
const datamodels = process.argv.flatMap((a, at) =>
  a === '--datamodels' ? [[process.argv[at + 1], readFileSync(process.argv[at + 1], 'utf8')]] : [])
const url = JSON.parse(argument('--datasource') ?? '{}').url

/** A line of the engine's log, as the CLI reads them on stderr. */
const log = (level, fields) =>
  process.stderr.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' })}\n`)

/** Prisma's codes for what can go wrong before there is a connection. */
function unreachable(error) {
  if (error.code === '3D000') return { error_code: 'P1003', message: error.message }
  if (error.code === '28P01' || error.code === '28000') return { error_code: 'P1000', message: error.message }
  return { error_code: 'P1001', message: error.message }
}

async function connect(config) {
  const client = new pg.Client(config)
  await client.connect()
  return client
}

async function createDatabase() {
  const { config } = connection(url)
  const client = await connect({ ...config, database: 'postgres' })
  try {
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(config.database)}`)
  } finally {
    await client.end()
  }
}

const command = argument('cli')
if (command) {
  log('INFO', { message: 'Starting schema engine CLI' })
  try {
    if (command === 'create-database') await createDatabase()
    else await (await connect(connection(url).config)).end()
  } catch (error) {
    log('ERROR', { is_panic: false, ...unreachable(error) })
    process.exit(1)
  }
  process.exit(0)
}

let engine
let made
async function start() {
  if (engine) return engine
  if (!url) return (engine = await offline())
  made = factory(url)
  return (engine = await SchemaEngine.new({ datamodels: datamodels.length ? datamodels : undefined }, (text) => log('INFO', { message: text }), made))
}

async function answer({ method, params }) {
  // The native engine connects by itself for these, before there is a schema or a database.
  if (method === 'createDatabase') {
    await createDatabase()
    return { databaseName: connection(url).config.database }
  }
  const engine = await start()
  switch (method) {
    case 'getDatabaseVersion':
      return engine.version()
    case 'diff': {
      const result = await engine.diff(params)
      if (result.stdout !== null && result.stdout !== undefined) {
        send({ method: 'print', params: { content: result.stdout.replace(/\n$/, '') }, id: 0 })
      }
      return { ...result, stdout: null }
    }
    default:
      return (await engine[method](params)) ?? {}
  }
}

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)

/** As the native engine says it: its CLI shows `data.message`. */
function failure(error) {
  const said = complaint(error, made?.errorRegistry)
  if (said.cause) Object.assign(said, outside(said.cause))
  return { code: 4466, message: 'An error happened. Check the data field for details.', data: { is_panic: false, meta: null, ...said } }
}

/** An error that the driver met, worded as the native engine does. */
function outside({ kind, code, severity, message, detail, hint, db }) {
  if (kind === 'DatabaseDoesNotExist') return { error_code: 'P1003', message: `Database \`${db}\` does not exist` }
  if (kind === 'postgres') {
    const more = [detail && `DETAIL: ${detail}`, hint && `HINT: ${hint}`].filter(Boolean)
    return { message: [`${severity}: ${message}`, ...more].join('\n'), sqlstate: code }
  }
  return {}
}

// One after the other: the connection is one.
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (!line.trim()) continue
  const request = JSON.parse(line)
  if (!request.method) continue
  try {
    send({ id: request.id, result: await answer(request) })
  } catch (error) {
    send({ id: request.id, error: failure(error) })
  }
}
process.exit(0)
