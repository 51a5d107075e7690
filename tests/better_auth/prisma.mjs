import { betterAuth } from 'better-auth'
import { prismaAdapter } from 'better-auth/adapters/prisma'

export const auth = betterAuth({
  baseURL: 'http://localhost',
  emailAndPassword: { enabled: true },
  // To generate a schema, no client is asked for anything.
  database: prismaAdapter({}, { provider: 'postgresql' }),
})
