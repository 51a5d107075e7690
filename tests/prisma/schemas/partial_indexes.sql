-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "State" AS ENUM ('OPEN', 'CLOSED');

-- CreateTable
CREATE TABLE "Ticket" (
    "id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "owner" TEXT NOT NULL,
    "state" "State" NOT NULL,
    "is_done" BOOLEAN NOT NULL,
    "score" DOUBLE PRECISION,
    "deleted" TIMESTAMP(3),

    CONSTRAINT "Ticket_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Ticket_number_key" ON "Ticket"("number") WHERE ("deleted" IS NULL);

-- CreateIndex
CREATE INDEX "Ticket_owner_idx" ON "Ticket"("owner") WHERE (score > 1.5 AND deleted IS NOT NULL);

-- CreateIndex
CREATE INDEX "Ticket_state_idx" ON "Ticket"("state") WHERE ("owner" = 'it''s me' AND "score" IS NOT NULL AND "id" = 1);

-- CreateIndex
CREATE INDEX "best" ON "Ticket"("score" DESC) WHERE ("is_done" != true);

-- CreateIndex
CREATE INDEX "Ticket_number_idx" ON "Ticket" USING HASH ("number") WHERE ("score" = -1.5);

-- CreateIndex
CREATE UNIQUE INDEX "Ticket_owner_number_key" ON "Ticket"("owner", "number") WHERE ("is_done" = false AND "state" != 'CLOSED');
