-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "zebras" (
    "zebra_id" SERIAL NOT NULL,

    CONSTRAINT "zebras_pkey" PRIMARY KEY ("zebra_id")
);

-- CreateTable
CREATE TABLE "Apple" (
    "id" UUID NOT NULL,

    CONSTRAINT "Apple_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tag" (
    "code" VARCHAR(10) NOT NULL,

    CONSTRAINT "tag_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "Herd" (
    "number" BIGINT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "Herd_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "AModelWithANameThatIsNearlyAsLongAsANameMayBeXX" (
    "id" INTEGER NOT NULL,

    CONSTRAINT "AModelWithANameThatIsNearlyAsLongAsANameMayBeXX_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "BModelWithALongNameOfItsOwn" (
    "id" INTEGER NOT NULL,

    CONSTRAINT "BModelWithALongNameOfItsOwn_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "_AppleToZebra" (
    "A" UUID NOT NULL,
    "B" INTEGER NOT NULL,

    CONSTRAINT "_AppleToZebra_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateTable
CREATE TABLE "_AppleTotag" (
    "A" UUID NOT NULL,
    "B" VARCHAR(10) NOT NULL,

    CONSTRAINT "_AppleTotag_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateTable
CREATE TABLE "_belongs to" (
    "A" BIGINT NOT NULL,
    "B" INTEGER NOT NULL,

    CONSTRAINT "_belongs to_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateTable
CREATE TABLE "_Following" (
    "A" BIGINT NOT NULL,
    "B" BIGINT NOT NULL,

    CONSTRAINT "_Following_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateTable
CREATE TABLE "_AModelWithANameThatIsNearlyAsLongAsANameMayBeXXToBModelWithALo" (
    "A" INTEGER NOT NULL,
    "B" INTEGER NOT NULL,

    CONSTRAINT "_AModelWithANameThatIsNearlyAsLongAsANameMayBeXXToBMode_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateIndex
CREATE INDEX "_AppleToZebra_B_index" ON "_AppleToZebra"("B");

-- CreateIndex
CREATE INDEX "_AppleTotag_B_index" ON "_AppleTotag"("B");

-- CreateIndex
CREATE INDEX "_belongs to_B_index" ON "_belongs to"("B");

-- CreateIndex
CREATE INDEX "_Following_B_index" ON "_Following"("B");

-- CreateIndex
CREATE INDEX "_AModelWithANameThatIsNearlyAsLongAsANameMayBeXXToBMode_B_index" ON "_AModelWithANameThatIsNearlyAsLongAsANameMayBeXXToBModelWithALo"("B");

-- AddForeignKey
ALTER TABLE "_AppleToZebra" ADD CONSTRAINT "_AppleToZebra_A_fkey" FOREIGN KEY ("A") REFERENCES "Apple"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_AppleToZebra" ADD CONSTRAINT "_AppleToZebra_B_fkey" FOREIGN KEY ("B") REFERENCES "zebras"("zebra_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_AppleTotag" ADD CONSTRAINT "_AppleTotag_A_fkey" FOREIGN KEY ("A") REFERENCES "Apple"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_AppleTotag" ADD CONSTRAINT "_AppleTotag_B_fkey" FOREIGN KEY ("B") REFERENCES "tag"("code") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_belongs to" ADD CONSTRAINT "_belongs to_A_fkey" FOREIGN KEY ("A") REFERENCES "Herd"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_belongs to" ADD CONSTRAINT "_belongs to_B_fkey" FOREIGN KEY ("B") REFERENCES "zebras"("zebra_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_Following" ADD CONSTRAINT "_Following_A_fkey" FOREIGN KEY ("A") REFERENCES "Herd"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_Following" ADD CONSTRAINT "_Following_B_fkey" FOREIGN KEY ("B") REFERENCES "Herd"("number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_AModelWithANameThatIsNearlyAsLongAsANameMayBeXXToBModelWithALo" ADD CONSTRAINT "_AModelWithANameThatIsNearlyAsLongAsANameMayBeXXToBModel_A_fkey" FOREIGN KEY ("A") REFERENCES "AModelWithANameThatIsNearlyAsLongAsANameMayBeXX"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_AModelWithANameThatIsNearlyAsLongAsANameMayBeXXToBModelWithALo" ADD CONSTRAINT "_AModelWithANameThatIsNearlyAsLongAsANameMayBeXXToBModel_B_fkey" FOREIGN KEY ("B") REFERENCES "BModelWithALongNameOfItsOwn"("id") ON DELETE CASCADE ON UPDATE CASCADE;
