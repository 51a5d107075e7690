-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "Plain" (
    "id" INTEGER NOT NULL,
    "int" INTEGER NOT NULL,
    "bigInt" BIGINT NOT NULL,
    "float" DOUBLE PRECISION NOT NULL,
    "boolean" BOOLEAN NOT NULL,
    "string" TEXT NOT NULL,
    "dateTime" TIMESTAMP(3) NOT NULL,
    "json" JSONB NOT NULL,
    "bytes" BYTEA NOT NULL,
    "decimal" DECIMAL(65,30) NOT NULL,

    CONSTRAINT "Plain_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Optional" (
    "id" INTEGER NOT NULL,
    "int" INTEGER,
    "bigInt" BIGINT,
    "float" DOUBLE PRECISION,
    "boolean" BOOLEAN,
    "string" TEXT,
    "dateTime" TIMESTAMP(3),
    "json" JSONB,
    "bytes" BYTEA,
    "decimal" DECIMAL(65,30),

    CONSTRAINT "Optional_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Lists" (
    "id" INTEGER NOT NULL,
    "int" INTEGER[],
    "bigInt" BIGINT[],
    "float" DOUBLE PRECISION[],
    "boolean" BOOLEAN[],
    "string" TEXT[],
    "dateTime" TIMESTAMP(3)[],
    "json" JSONB[],
    "bytes" BYTEA[],
    "decimal" DECIMAL(65,30)[],

    CONSTRAINT "Lists_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Native" (
    "smallInt" SMALLINT NOT NULL,
    "integer" INTEGER NOT NULL,
    "oid" OID NOT NULL,
    "bigInt" BIGINT NOT NULL,
    "real" REAL NOT NULL,
    "double" DOUBLE PRECISION NOT NULL,
    "decimal" DECIMAL(10,2) NOT NULL,
    "decimalAll" DECIMAL(1000,0) NOT NULL,
    "decimalBare" DECIMAL NOT NULL,
    "money" MONEY NOT NULL,
    "text" TEXT NOT NULL,
    "varChar" VARCHAR(200) NOT NULL,
    "varCharBare" VARCHAR NOT NULL,
    "char" CHAR(2) NOT NULL,
    "charBare" CHAR NOT NULL,
    "bit" BIT(8) NOT NULL,
    "bitBare" BIT NOT NULL,
    "varBit" VARBIT(8) NOT NULL,
    "varBitBare" VARBIT NOT NULL,
    "uuid" UUID NOT NULL,
    "xml" XML NOT NULL,
    "inet" INET NOT NULL,
    "stamp" TIMESTAMP(0) NOT NULL,
    "stampBare" TIMESTAMP NOT NULL,
    "stampZone" TIMESTAMPTZ(6) NOT NULL,
    "stampZoneB" TIMESTAMPTZ NOT NULL,
    "date" DATE NOT NULL,
    "time" TIME(3) NOT NULL,
    "timeBare" TIME NOT NULL,
    "timeZone" TIMETZ(3) NOT NULL,
    "timeZoneB" TIMETZ NOT NULL,
    "json" JSON NOT NULL,
    "jsonB" JSONB NOT NULL,
    "bytes" BYTEA NOT NULL,
    "boolean" BOOLEAN NOT NULL,

    CONSTRAINT "Native_pkey" PRIMARY KEY ("uuid")
);

-- CreateTable
CREATE TABLE "NativeLists" (
    "id" UUID NOT NULL,
    "uuids" UUID[],
    "names" VARCHAR(20)[],
    "stamps" TIMESTAMPTZ(3)[],
    "numbers" DECIMAL(5,1)[],

    CONSTRAINT "NativeLists_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Unsupported" (
    "id" INTEGER NOT NULL,
    "circle" circle NOT NULL,
    "point" point DEFAULT '(0,0)'::point,
    "vectors" tsvector[],
    "range" int4range NOT NULL DEFAULT '[1,10)'::int4range,
    "interval" interval(3),
    "char" "char",

    CONSTRAINT "Unsupported_pkey" PRIMARY KEY ("id")
);
