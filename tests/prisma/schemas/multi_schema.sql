-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "base";

-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "shop";

-- CreateEnum
CREATE TYPE "base"."Kind" AS ENUM ('A', 'B');

-- CreateEnum
CREATE TYPE "shop"."Same" AS ENUM ('X');

-- CreateEnum
CREATE TYPE "base"."Same" AS ENUM ('Y');

-- CreateTable
CREATE TABLE "base"."User" (
    "id" SERIAL NOT NULL,
    "kind" "base"."Kind" NOT NULL DEFAULT 'A',
    "kinds" "base"."Kind"[] DEFAULT ARRAY['A', 'B']::"base"."Kind"[],

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "shop"."User" (
    "id" INTEGER NOT NULL,
    "userId" INTEGER NOT NULL,
    "same" "shop"."Same" NOT NULL,
    "too" "base"."Same",

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Tag" (
    "id" INTEGER NOT NULL,

    CONSTRAINT "Tag_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "_TagToUser" (
    "A" INTEGER NOT NULL,
    "B" INTEGER NOT NULL,

    CONSTRAINT "_TagToUser_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateIndex
CREATE INDEX "User_userId_idx" ON "shop"."User"("userId");

-- CreateIndex
CREATE INDEX "_TagToUser_B_index" ON "_TagToUser"("B");

-- AddForeignKey
ALTER TABLE "shop"."User" ADD CONSTRAINT "User_userId_fkey" FOREIGN KEY ("userId") REFERENCES "base"."User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_TagToUser" ADD CONSTRAINT "_TagToUser_A_fkey" FOREIGN KEY ("A") REFERENCES "Tag"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_TagToUser" ADD CONSTRAINT "_TagToUser_B_fkey" FOREIGN KEY ("B") REFERENCES "base"."User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
