-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "e" AS ENUM ('A', 'B');

-- CreateTable
CREATE TABLE "Glued" (
    "id" INTEGER NOT NULL,
    "b" INTEGER NOT NULL DEFAULT 1,
    "c" VARCHAR(3),
    "d" INTEGER,
    "e" INTEGER[],

    CONSTRAINT "Glued_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Next" (
    "id" INTEGER NOT NULL,

    CONSTRAINT "Next_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "i" ON "Glued"("b", "c");
