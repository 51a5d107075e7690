// Two migrations by each tool of npm's, each in a database of its own: node npm.mjs TOOL URL FOLDER
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const require = createRequire(new URL('../../target/histories/package.json', import.meta.url))
const [tool, url, folder] = process.argv.slice(2)
const file = (name, text) => {
  const at = path.join(folder, name)
  mkdirSync(path.dirname(at), { recursive: true })
  writeFileSync(at, text)
}
const { Client, Pool } = require('pg')
const config = require('pg-connection-string').parse(url)
mkdirSync(folder, { recursive: true })

const tools = {
  async knex() {
    file('20240101_users.cjs', 'exports.up = (k) => k.schema.createTable("users", (t) => { t.increments(); t.text("email") }); exports.down = () => {}')
    file('20240102_nick.cjs', 'exports.up = (k) => k.schema.alterTable("users", (t) => { t.text("nick") }); exports.down = () => {}')
    const knex = require('knex')({ client: 'pg', connection: config })
    await knex.migrate.latest({ directory: folder, loadExtensions: ['.cjs'] })
    await knex.destroy()
  },
  async typeorm() {
    const { DataSource } = require('typeorm')
    class Users1700000000000 {
      name = 'Users1700000000000'
      up = (q) => q.query('CREATE TABLE users (id serial PRIMARY KEY, email text)')
      down = () => {}
    }
    class Nick1700000000001 {
      name = 'Nick1700000000001'
      up = (q) => q.query('ALTER TABLE users ADD nick text')
      down = () => {}
    }
    const source = new DataSource({ type: 'postgres', host: config.host, username: config.user, database: config.database, migrations: [Users1700000000000, Nick1700000000001] })
    await source.initialize()
    await source.runMigrations({ transaction: 'each' })
    await source.destroy()
  },
  async drizzle() {
    const { drizzle } = require('drizzle-orm/node-postgres')
    const { migrate } = require('drizzle-orm/node-postgres/migrator')
    file('0000_users.sql', 'CREATE TABLE users (id serial PRIMARY KEY, email text);\n')
    file('0001_nick.sql', 'ALTER TABLE users ADD nick text;\n')
    const entry = (idx, when, tag) => ({ idx, version: '7', when, tag, breakpoints: true })
    file('meta/_journal.json', JSON.stringify({ version: '7', dialect: 'postgresql', entries: [entry(0, 1700000000000, '0000_users'), entry(1, 1700000000001, '0001_nick')] }))
    const pool = new Pool(config)
    await migrate(drizzle(pool), { migrationsFolder: folder })
    await pool.end()
  },
  async 'node-pg-migrate'() {
    file('1700000000000_users.sql', '-- Up Migration\nCREATE TABLE users (id serial PRIMARY KEY, email text);\n-- Down Migration\n')
    file('1700000000001_nick.sql', '-- Up Migration\nALTER TABLE users ADD nick text;\n-- Down Migration\n')
    const { runner } = require('node-pg-migrate')
    const client = new Client(config)
    await client.connect()
    await runner({ dbClient: client, dir: folder, direction: 'up', migrationsTable: 'pgmigrations', singleTransaction: false, log: () => {} })
    await client.end()
  },
  async dbmate() {
    file('20240101000000_users.sql', '-- migrate:up\nCREATE TABLE users (id serial PRIMARY KEY, email text);\n-- migrate:down\n')
    file('20240102000000_nick.sql', '-- migrate:up\nALTER TABLE users ADD nick text;\n-- migrate:down\n')
    const server = `postgres://${config.user}@/${config.database}?socket=${config.host}`
    // The package of this platform alone: its wrapper's lock file names others that npm leaves out.
    execFileSync(require.resolve('@dbmate/linux-x64/bin/dbmate'), ['--url', server, '--migrations-dir', folder, '--no-dump-schema', 'migrate'], { stdio: 'inherit' })
  },
}
await tools[tool]()
