// Schemas as the engine in use wants them.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isSix } from './library.mjs'

// Prisma 7 refuses what 6 wants in the schema, and one feature that 6 had.
const forSeven = (text) =>
  text.replace(/^[ \t]*(url|directUrl|shadowDatabaseUrl)\s*=.*\n/gm, '').replace(/, "metrics"|"metrics",? ?/, '')
const forSix = (text) =>
  text.replace(/^datasource \w+ \{.*\n(?![^}]*\burl\b)/m, '$&  url = "postgresql://localhost"\n')

export const fitting = isSix ? forSix : forSeven

/** FILE[,FILE…] as the engine takes them. */
export const schemaFiles = (list) =>
  list.split(',').map((file) => ({ path: path.basename(file), content: fitting(readFileSync(file, 'utf8')) }))
