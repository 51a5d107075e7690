-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "Color" AS ENUM ('RED', 'dark red', 'it is; odd');

-- CreateTable
CREATE TABLE "Numbers" (
    "id" SERIAL NOT NULL,
    "serial" SERIAL NOT NULL,
    "small" SMALLSERIAL NOT NULL,
    "big" BIGSERIAL NOT NULL,
    "optional" SERIAL,
    "zero" INTEGER NOT NULL DEFAULT 0,
    "minus" INTEGER NOT NULL DEFAULT -5,
    "biggest" BIGINT NOT NULL DEFAULT 9223372036854775807,
    "smallest" BIGINT NOT NULL DEFAULT -9223372036854775808,
    "float" DOUBLE PRECISION NOT NULL DEFAULT 1.50,
    "whole" DOUBLE PRECISION NOT NULL DEFAULT 100,
    "tiny" DOUBLE PRECISION NOT NULL DEFAULT -0.000000001,
    "padded" DOUBLE PRECISION NOT NULL DEFAULT 12.340,
    "decimal" DECIMAL(65,30) NOT NULL DEFAULT 1.50,
    "text" DECIMAL(65,30) NOT NULL DEFAULT 1.500,
    "exponent" DECIMAL(65,30) NOT NULL DEFAULT 100000,
    "negative" DECIMAL(65,30) NOT NULL DEFAULT -0.0015,
    "boolean" BOOLEAN NOT NULL DEFAULT true,
    "no" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "Numbers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Texts" (
    "id" TEXT NOT NULL,
    "cuid2" TEXT NOT NULL,
    "uuid" UUID NOT NULL,
    "uuid7" TEXT NOT NULL,
    "nano" TEXT NOT NULL,
    "ulid" TEXT NOT NULL,
    "text" TEXT NOT NULL DEFAULT 'it''s "quoted" and
in two lines; -- not a comment é 😀 /',
    "empty" TEXT NOT NULL DEFAULT '',
    "slashed" TEXT NOT NULL DEFAULT 'C:\temp\new',
    "json" JSONB NOT NULL DEFAULT '{"a": [1, "it''s"]}',
    "bytes" BYTEA NOT NULL DEFAULT '\x48656c6c6f',
    "none" BYTEA NOT NULL DEFAULT '\x',
    "color" "Color" NOT NULL DEFAULT 'dark red',
    "odd" "Color" DEFAULT 'it is; odd',

    CONSTRAINT "Texts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Times" (
    "id" INTEGER NOT NULL,
    "now" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "zoned" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "day" DATE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated" TIMESTAMP(3) NOT NULL,
    "both" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "fixed" TIMESTAMP(3) NOT NULL DEFAULT '2020-02-29 12:30:00.120 +02:00',
    "fixedZ" TIMESTAMPTZ(3) NOT NULL DEFAULT '2020-01-01 00:00:00 +00:00',
    "lists" TIMESTAMP(3)[] DEFAULT ARRAY['2020-01-01 00:00:00 +00:00']::TIMESTAMP(3)[],

    CONSTRAINT "Times_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Lists" (
    "id" INTEGER NOT NULL,
    "ints" INTEGER[] DEFAULT ARRAY[1, 2, -3]::INTEGER[],
    "texts" TEXT[] DEFAULT ARRAY['a', 'b''c', 'd"e']::TEXT[],
    "none" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "floats" DOUBLE PRECISION[] DEFAULT ARRAY[1.0, 2]::DOUBLE PRECISION[],
    "decimals" DECIMAL(65,30)[] DEFAULT ARRAY[1.0, 2]::DECIMAL(65,30)[],
    "booleans" BOOLEAN[] DEFAULT ARRAY[true, false]::BOOLEAN[],
    "json" JSONB[] DEFAULT ARRAY['{"a": 1}', '[]']::JSONB[],
    "bytes" BYTEA[] DEFAULT ARRAY['\x48656c6c6f']::BYTEA[],
    "colors" "Color"[] DEFAULT ARRAY['RED', 'dark red']::"Color"[],
    "short" VARCHAR(5)[] DEFAULT ARRAY['x']::VARCHAR(5)[],

    CONSTRAINT "Lists_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Generated" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "none" TEXT NOT NULL,
    "sum" INTEGER NOT NULL DEFAULT 1 + 1,
    "json" JSONB NOT NULL DEFAULT jsonb_build_object('a', now()::text),
    "color" "Color" NOT NULL DEFAULT 'RED',
    "list" INTEGER[] DEFAULT ARRAY[1, 2],
    "time" TIMESTAMP(3) NOT NULL DEFAULT now() + '1 day'::interval,

    CONSTRAINT "Generated_pkey" PRIMARY KEY ("id")
);
