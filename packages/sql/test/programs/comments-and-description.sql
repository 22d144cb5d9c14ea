CREATE OR REPLACE STREAM "OrderDataWithCreateTime" (
"key_order" VARCHAR(20),
"quantity" VARCHAR(20))
DESCRIPTION 'Creates origin stream for pump';
/* block
   comment; with a semicolon */
CREATE OR REPLACE PUMP "feed" DESCRIPTION 'feeds the origin stream' AS INSERT INTO "OrderDataWithCreateTime" SELECT STREAM "k", "q" FROM "SOURCE_SQL_STREAM_001"; -- trailing; comment
CREATE OR REPLACE STREAM "OrderData" (
"key_order" VARCHAR(20),
"quantity" VARCHAR(20))
DESCRIPTION 'It''s the destination stream for the pump';
CREATE OR REPLACE PUMP "200-ConditionedOrdersPump" AS
INSERT INTO "OrderData" (
"key_order", "quantity")
//note that this list matches that of the query
SELECT STREAM
"key_order", "quantity"
//note that this list matches that of the insert statement
FROM "OrderDataWithCreateTime";
