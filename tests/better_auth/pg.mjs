import { betterAuth } from 'better-auth'
import pg from 'pg'

export const auth = betterAuth({
  baseURL: 'http://localhost',
  emailAndPassword: { enabled: true },
  // The database is looked at, for what is there already.
  database: new pg.Pool(),
})
