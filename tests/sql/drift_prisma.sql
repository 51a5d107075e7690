-- Drift from a schema that Prisma declares, in Prisma's words.
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
SELECT schemaguard.declare($$
datasource db {
  provider = "postgresql"
}

enum Role {
  USER
  ADMIN
}

model User {
  id      Int      @id @default(autoincrement())
  email   String   @unique
  name    String?  @map("full_name")
  role    Role     @default(USER)
  tags    String[]
  links   String[] @default([])
  posts   Post[]
  @@map("users")
}

model Post {
  id       Int    @id @default(autoincrement())
  title    String
  authorId Int
  author   User   @relation(fields: [authorId], references: [id])
  @@index([title])
}
$$, 'prisma') > 0 AS declared;
-- What Prisma itself would have made.
SELECT sql FROM schemaguard.fix() ORDER BY step \gexec
SELECT count(*) FROM schemaguard.drift();
CREATE TEMP VIEW found AS SELECT object_type, object, change, attribute, severity, source FROM schemaguard.drift();

-- The order of columns and of an enum's values, and how an empty list is written, are nothing of the schema's.
BEGIN;
ALTER TYPE "Role" RENAME TO old;
CREATE TYPE "Role" AS ENUM ('ADMIN', 'USER');
ALTER TABLE users ALTER role DROP DEFAULT, ALTER role TYPE "Role" USING role::text::"Role", ALTER role SET DEFAULT 'USER';
DROP TYPE old;
ALTER TABLE users DROP COLUMN full_name, ADD full_name text, ALTER links SET DEFAULT '{}';
SELECT * FROM found;
ROLLBACK;

-- What breaks the client.
BEGIN;
ALTER TABLE users DROP COLUMN full_name, ALTER email DROP NOT NULL, ADD must text NOT NULL, ADD may text;
ALTER TABLE "Post" ALTER title TYPE varchar(10);
ALTER TYPE "Role" ADD VALUE 'GUEST';
SELECT * FROM found;
ROLLBACK;
BEGIN;
DROP TABLE "Post";
SELECT * FROM found;
ROLLBACK;
-- The client writes defaults itself, but for what it leaves to the database.
BEGIN;
ALTER TABLE users ALTER role DROP DEFAULT, ALTER full_name SET DEFAULT 'x', ALTER id DROP DEFAULT;
SELECT * FROM found;
ROLLBACK;

-- What Prisma has no words for: shown, and left alone.
CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION t();
ALTER TABLE users ADD CONSTRAINT has_at CHECK (email LIKE '%@%');
CREATE INDEX lower_email ON users (lower(email));
CREATE UNIQUE INDEX one_admin ON users (role) WHERE role = 'ADMIN';
CREATE INDEX plain ON users (full_name);
CREATE VIEW names AS SELECT full_name FROM users;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON users USING (true);
ALTER TABLE users ALTER tags SET NOT NULL, ALTER email SET STORAGE EXTERNAL;
COMMENT ON TABLE users IS 'people';
CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, migration_name text);
CREATE INDEX ON _prisma_migrations (migration_name);
SELECT * FROM found;
SELECT DISTINCT fix FROM schemaguard.drift() WHERE change = 'unmanaged';
SELECT sql, note FROM schemaguard.fix(prove => true) ORDER BY step;
SELECT count(*) > 8 AS has_them FROM schemaguard.fix(unmanaged => true);

-- Another form of the same.
DROP INDEX users_email_key, plain;
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);
ALTER TABLE "Post" DROP CONSTRAINT "Post_authorId_fkey",
  ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES users (id) ON DELETE RESTRICT;
SELECT * FROM found WHERE object LIKE '%key';
ALTER TABLE "Post" DROP CONSTRAINT "Post_authorId_fkey",
  ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE;
SELECT * FROM found WHERE object LIKE '%key';

-- DDL beside Prisma's is nobody's drift; DDL against it is.
SET schemaguard.on_drift = refuse;
CREATE TRIGGER u BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION t();
CREATE TABLE more (id integer);
