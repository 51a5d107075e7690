-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "Keys" (
    "a" INTEGER NOT NULL,
    "b" TEXT NOT NULL,
    "c" TIMESTAMP(3) NOT NULL,
    "d" INTEGER NOT NULL,

    CONSTRAINT "keys_are_two" PRIMARY KEY ("a","b")
);

-- CreateTable
CREATE TABLE "OneOfList" (
    "a" INTEGER NOT NULL,

    CONSTRAINT "OneOfList_pkey" PRIMARY KEY ("a")
);

-- CreateTable
CREATE TABLE "OnlyUnique" (
    "code" TEXT NOT NULL,
    "other" INTEGER
);

-- CreateTable
CREATE TABLE "named table" (
    "id" INTEGER NOT NULL,
    "column_a" INTEGER NOT NULL,
    "column b" INTEGER NOT NULL,

    CONSTRAINT "named_key" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Methods" (
    "id" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "short" VARCHAR(10) NOT NULL,
    "json" JSONB NOT NULL,
    "list" TEXT[],
    "ints" INTEGER[],
    "inet" INET NOT NULL,
    "time" TIMESTAMP(3) NOT NULL,
    "zoned" TIMESTAMPTZ(3) NOT NULL,
    "uuid" UUID NOT NULL,
    "num" DECIMAL(65,30) NOT NULL,
    "other" tsvector NOT NULL,

    CONSTRAINT "Methods_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Keys_b_c_key" ON "Keys"("b", "c");

-- CreateIndex
CREATE UNIQUE INDEX "by_time" ON "Keys"("c", "d" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "Keys_d_key" ON "Keys"("d");

-- CreateIndex
CREATE UNIQUE INDEX "only_code" ON "OnlyUnique"("code" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "OnlyUnique_other_key" ON "OnlyUnique"("other");

-- CreateIndex
CREATE INDEX "named table_column_a_column b_idx" ON "named table"("column_a", "column b");

-- CreateIndex
CREATE INDEX "an index" ON "named table"("column b");

-- CreateIndex
CREATE INDEX "old_way" ON "named table"("column_a");

-- CreateIndex
CREATE INDEX "Methods_text_short_idx" ON "Methods"("text" DESC, "short" ASC);

-- CreateIndex
CREATE INDEX "Methods_text_idx" ON "Methods" USING HASH ("text");

-- CreateIndex
CREATE INDEX "pattern" ON "Methods"("text" text_pattern_ops);

-- CreateIndex
CREATE INDEX "pattern_down" ON "Methods"("text" varchar_pattern_ops DESC, "id");

-- CreateIndex
CREATE INDEX "Methods_json_idx" ON "Methods" USING GIN ("json");

-- CreateIndex
CREATE INDEX "json_paths" ON "Methods" USING GIN ("json" jsonb_path_ops);

-- CreateIndex
CREATE INDEX "Methods_json_list_idx" ON "Methods" USING GIN ("json" jsonb_ops, "list" array_ops);

-- CreateIndex
CREATE INDEX "Methods_list_idx" ON "Methods" USING GIN ("list");

-- CreateIndex
CREATE INDEX "Methods_ints_idx" ON "Methods" USING GIN ("ints");

-- CreateIndex
CREATE INDEX "Methods_inet_idx" ON "Methods" USING GIST ("inet" inet_ops);

-- CreateIndex
CREATE INDEX "inet_sp" ON "Methods" USING SPGIST ("inet");

-- CreateIndex
CREATE INDEX "short_sp" ON "Methods" USING SPGIST ("short" text_ops);

-- CreateIndex
CREATE INDEX "Methods_time_idx" ON "Methods" USING BRIN ("time");

-- CreateIndex
CREATE INDEX "Methods_zoned_idx" ON "Methods" USING BRIN ("zoned" timestamptz_minmax_multi_ops);

-- CreateIndex
CREATE INDEX "Methods_uuid_num_idx" ON "Methods" USING BRIN ("uuid" uuid_bloom_ops, "num" numeric_minmax_ops);

-- CreateIndex
CREATE INDEX "inet_brin" ON "Methods" USING BRIN ("inet" inet_inclusion_ops);

-- CreateIndex
CREATE INDEX "Methods_other_idx" ON "Methods" USING GIN ("other");
