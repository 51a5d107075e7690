-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "Used" (
    "id" INTEGER NOT NULL,
    "hidden" TEXT,
    "oldId" INTEGER,

    CONSTRAINT "Used_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Ignored" (
    "id" INTEGER,
    "name" TEXT NOT NULL,

    CONSTRAINT "Ignored_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "NoKey" (
    "a" INTEGER
);

-- AddForeignKey
ALTER TABLE "Used" ADD CONSTRAINT "Used_oldId_fkey" FOREIGN KEY ("oldId") REFERENCES "Ignored"("id") ON DELETE SET NULL ON UPDATE CASCADE;
