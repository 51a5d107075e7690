-- Declaring Prisma schemas: what is taken, where an error is, what is no drift.
-- That the SQL is Prisma's own is for cases/prisma_ddl.sh.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
CREATE SCHEMA test;
CREATE VIEW test.left_behind AS SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaguard_scratch%';
CREATE FUNCTION test.declared() RETURNS TABLE (object text) LANGUAGE sql AS $$
  SELECT kind || ' ' || array_to_string(identity, '.') AS o FROM schemaguard.declared_object
   WHERE version = (SELECT max(version) FROM schemaguard.declared) ORDER BY kind COLLATE "C", identity::text COLLATE "C"
$$;
\t on
\a

\set users 'datasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n\nmodel User {\n  id    Int    @id @default(autoincrement())\n  email String @unique\n  role  Role   @default(USER)\n  posts Post[]\n\n  @@map("users")\n}\n\nmodel Post {\n  id       Int  @id\n  author   User @relation(fields: [authorId], references: [id])\n  authorId Int  @map("author_id")\n}\n\nenum Role {\n  USER\n  ADMIN @map("the boss")\n}\n'
SELECT schemaguard.declare(E:'users', 'prisma');
SELECT * FROM test.declared();
-- the user's own text is kept
SELECT format, schemas, source = E:'users' FROM schemaguard.declared;
SELECT object_type, object, change FROM schemaguard.drift();

-- Prisma's SQL, and what Prisma keeps for itself
CREATE TYPE "Role" AS ENUM ('USER', 'the boss');
CREATE TABLE "users" ("id" SERIAL NOT NULL, "email" TEXT NOT NULL, "role" "Role" NOT NULL DEFAULT 'USER', CONSTRAINT "users_pkey" PRIMARY KEY ("id"));
CREATE TABLE "Post" ("id" INTEGER NOT NULL, "author_id" INTEGER NOT NULL, CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");
ALTER TABLE "Post" ADD CONSTRAINT "Post_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE TABLE "_prisma_migrations" (id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0);
SELECT * FROM schemaguard.drift();
ALTER TABLE "Post" ALTER author_id DROP NOT NULL;
CREATE TABLE other (id int);
SELECT object_type, object, change, attribute, fix FROM schemaguard.drift();
-- in a declaration of SQL it is a table like any other
SELECT schemaguard.declare('CREATE TABLE other (id int);', name => 'sql') > 0;
SELECT object FROM schemaguard.drift('sql') WHERE object_type = 'table' ORDER BY object COLLATE "C";

--
-- Several files
--
SELECT schemaguard.declare_files(ARRAY[E'model A {\n  id Int @id\n  bs B[]\n}', E'model B {\n  id  Int @id\n  a   A   @relation(fields: [aId], references: [id])\n  aId Int\n}\n'], ARRAY['a.prisma', 'models/b.prisma'], name => 'files') > 0;
SELECT * FROM test.declared();
SELECT source FROM schemaguard.declared WHERE name = 'files';
-- that text is a schema itself
SELECT schemaguard.declare(source, format, 'again') > 0 FROM schemaguard.declared WHERE name = 'files';
SELECT schemaguard.declare_files(ARRAY[E'model A {\n  id Int @id\n}\n', E'\nmodel B {\n  id Int @id\n  a  Nothing\n}\n'], ARRAY['a.prisma', 'models/b.prisma'], name => 'files');
\echo :SQLSTATE
SELECT schemaguard.declare_files(ARRAY[E'model A {\n  id Int @id\n}\n', E'\nmodel B {\n  id Int @id\n  a  Unsupported("nothing")\n}\n'], ARRAY['a.prisma', 'models/b.prisma'], name => 'files');
SELECT schemaguard.declare_files(ARRAY['', ''], ARRAY['a.prisma']);
SELECT schemaguard.declare_files(ARRAY['', NULL], ARRAY['a.prisma', 'b.prisma']);
SELECT schemaguard.declare_files('{}'::text[], '{}'::text[]);
SELECT schemaguard.declare_files(ARRAY['SELECT 1'], ARRAY['a.sql'], 'sql');

--
-- Where the error is
--
SELECT schemaguard.declare(E'model A {\n  id   Int @id\n  name string\n}\n', 'prisma');
\echo :SQLSTATE
-- all of them
SELECT schemaguard.declare(E'model A {\n  id   Int @id\n  name Strng\n  owner Usr\n  größe Int @default("ü")\n}\nenum E {\n}\n', 'prisma');
SELECT schemaguard.declare(E'model A {\n  id   Int @id\n  größe Int @default("ü")\n  n Int @default(1.5)\n}\n', 'prisma');
-- what only the server knows
SELECT schemaguard.declare(E'model A {\n  id   String @id @default(dbgenerated("nothing()"))\n}\n', 'prisma');
SELECT schemaguard.declare(E'model A {\n  id   String @id\n  n    Int    @default(dbgenerated("1 +"))\n  m    Int\n}\n', 'prisma');
SELECT schemaguard.declare(E'model A {\n  id   String @id\n  s    String\n\n  @@index([s(ops: raw("no_such_ops"))], type: Gin)\n}\n', 'prisma');
SELECT schemaguard.declare(E'generator client {\n  provider = "prisma-client"\n  previewFeatures = ["partialIndexes"]\n}\nmodel A {\n  id   Int @id\n  code Int @unique(where: { id: 1 })\n  bs   B[]\n}\nmodel B {\n  id    Int @id\n  a     A   @relation(fields: [aCode], references: [code])\n  aCode Int\n}\n', 'prisma');
SELECT schemaguard.declare(E'model A {\n  id   Int @id\n  list Int[] @default(autoincrement())\n}\n', 'prisma');
SELECT schemaguard.declare(E'enum E {\n  A @map("a")\n  B @map("a")\n}\nmodel A {\n  id   Int @id\n  e    E\n}\n', 'prisma');
SELECT schemaguard.declare(E'generator client {\n  provider = "prisma-client"\n  previewFeatures = ["partialIndexes"]\n}\nmodel A {\n  id Int @id\n\n  @@index([id], where: raw("no_column > 1"))\n}\n', 'prisma');
-- Prisma allows it, the server has no such name
SELECT schemaguard.declare(E'model A {\n  id Int @id\n  n  Int @map("")\n}\n', 'prisma');
SELECT schemaguard.declare('CREATE TABLE a (id int)', 'prisma');
SELECT schemaguard.declare(NULL, 'prisma');
SELECT max(version) FROM schemaguard.declared WHERE name = 'main';

--
-- Schemas
--
SELECT schemaguard.declare(E'model A {\n  id Int @id\n}\n', 'prisma', 'app', ARRAY['app']) > 0;
SELECT * FROM test.declared();
SELECT schemaguard.declare(E'datasource db {\n  provider = "postgresql"\n  schemas  = ["one", "two", "unused"]\n}\nmodel A {\n  id Int @id\n\n  @@schema("one")\n}\nmodel B {\n  id Int @id\n\n  @@schema("two")\n}\n', 'prisma', 'many') > 0;
SELECT schemas FROM schemaguard.declared WHERE name = 'many';
SELECT schemaguard.declare(source, 'prisma', 'many', ARRAY['two']) > 0 FROM schemaguard.declared WHERE name = 'many';
SELECT * FROM test.declared();
SELECT schemaguard.declare(E'datasource db {\n  provider = "postgresql"\n  schemas  = ["one"]\n}\nmodel A {\n  id Int @id\n\n  @@schema("one")\n}\n', 'prisma', 'many', ARRAY['three']);
-- an empty one: no table is wanted
SELECT schemaguard.declare('', 'prisma', 'empty') > 0;
SELECT object FROM schemaguard.drift('empty') WHERE object_type = 'table' ORDER BY object COLLATE "C";

--
-- The session's settings change nothing of it
--
CREATE SCHEMA elsewhere;
SET search_path = elsewhere, public;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT schemaguard.declare(E'model A {\n  id Int @id\n  path String @default("C:\\\\temp\\\\it''s")\n  bytes Bytes @default("SGVsbG8=")\n}\n', 'prisma', 'settings') > 0;
RESET standard_conforming_strings;
SELECT * FROM test.declared();
RESET search_path;
SELECT attributes ->> 'default' FROM schemaguard.declared_object WHERE version = (SELECT max(version) FROM schemaguard.declared) AND identity[3] IN ('path', 'bytes') ORDER BY 1;

--
-- Tables of pairs, as Prisma 5 made them
--
\set pairs 'model A {\n  id Int @id\n  bs B[]\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n'
SELECT schemaguard.declare(E:'pairs', 'prisma', 'six') > 0;
SELECT * FROM test.declared() WHERE object LIKE '%\_AToB%';
SELECT schemaguard.declare(E:'pairs', 'prisma5', 'five') > 0;
SELECT * FROM test.declared() WHERE object LIKE '%\_AToB%';
SELECT schemaguard.declare(E:'pairs', 'prisma4', 'four');

--
-- An ordinary role, and text that would be more than it says
--
CREATE ROLE sg_prisma LOGIN;
GRANT EXECUTE ON FUNCTION schemaguard.declare, schemaguard.declare_files TO sg_prisma;
SET ROLE sg_prisma;
SELECT schemaguard.declare(E:'users', 'prisma', 'who') > 0;
SELECT schemaguard.declare(E'model A {\n  id Int @id\n  n Int @default(dbgenerated("1); ALTER ROLE sg_prisma SUPERUSER; CREATE TABLE b (id int"))\n}\n', 'prisma', 'who');
SELECT schemaguard.declare(E'model A {\n  id Int @id @map("id\\" int); DROP TABLE x; --")\n\n  @@map("a\\"; DROP TABLE y; --")\n}\n', 'prisma', 'who') > 0;
RESET ROLE;
SELECT * FROM test.declared();
SELECT rolsuper FROM pg_roles WHERE rolname = 'sg_prisma';
SELECT * FROM test.left_behind;
DROP OWNED BY sg_prisma;
DROP ROLE sg_prisma;
