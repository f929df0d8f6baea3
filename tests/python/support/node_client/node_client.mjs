// Asks a warehouse through @databricks/sql and prints one JSON object: an answer for each question.
//
// node node_client.mjs FOLDER, where FOLDER has node_modules. The address is in the variables of
// `medallion up --env`. An error is an object with `error` (the message).

import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "node_modules", "any.js"));
const { DBSQLClient, DBSQLLogger, DBSQLParameter, DBSQLParameterType, LogLevel } =
  require("@databricks/sql");

const LONG =
  "select count(*) from range(1000000) a cross join range(1000000) b where (a.id * b.id) % 7 = 3";
const answers = {};

async function answer(question, work) {
  try {
    answers[question] = await work();
  } catch (error) {
    answers[question] = { error: String(error.message) };
  }
}

async function rows(operation) {
  const found = await operation.fetchAll();
  await operation.close();
  return found;
}

const url = new URL(process.env.DATABRICKS_HOST);
const client = new DBSQLClient({ logger: new DBSQLLogger({ level: LogLevel.error }) });
await client.connect({
  host: url.hostname,
  port: Number(url.port),
  path: process.env.DATABRICKS_HTTP_PATH,
  token: process.env.DATABRICKS_TOKEN,
  telemetryEnabled: false,
});
const session = await client.openSession({
  initialCatalog: process.env.DATABRICKS_CATALOG,
  initialSchema: "s",
});
const query = async (text, options) => rows(await session.executeStatement(text, options));

await answer("catalogs", async () => rows(await session.getCatalogs()));
await answer("schemas", async () =>
  rows(await session.getSchemas({ catalogName: "medallion", schemaName: "s%" })));
await answer("tables", async () =>
  rows(await session.getTables({ catalogName: "medallion", schemaName: "s", tableName: "%" })));
await answer("views", async () =>
  rows(await session.getTables({ schemaName: "s", tableTypes: ["VIEW"] })));
await answer("table types", async () => rows(await session.getTableTypes()));
await answer("columns", async () =>
  rows(await session.getColumns({ schemaName: "s", tableName: "child" })));
await answer("primary keys", async () =>
  rows(await session.getPrimaryKeys({
    catalogName: "medallion", schemaName: "s", tableName: "parent",
  })));
await answer("cross reference", async () =>
  rows(await session.getCrossReference({
    parentCatalogName: "medallion", parentSchemaName: "s", parentTableName: "parent",
    foreignCatalogName: "medallion", foreignSchemaName: "s", foreignTableName: "child",
  })));
await answer("functions", async () => rows(await session.getFunctions({ functionName: "%" })));
await answer("type info", async () => (await rows(await session.getTypeInfo())).length);

await answer("values", () => query("select * from s.kinds order by a_int"));
await answer("types", async () => {
  const operation = await session.executeStatement("select * from s.kinds");
  const schema = await operation.getSchema();
  await operation.close();
  return schema.columns.map((one) => [
    one.columnName, one.typeDesc.types[0].primitiveEntry.type,
  ]);
});
await answer("no rows", () => query("select id from s.child where false"));
await answer("the session", () => query("select current_catalog() as c, current_schema() as s"));
await answer("many rows", async () => {
  const found = await query("select id from range(250000)", { maxRows: 20000 });
  return [found.length, found.at(-1).id];
});
await answer("pieces", async () => {
  const operation = await session.executeStatement("select id from range(10)");
  const sizes = [];
  do {
    sizes.push((await operation.fetchChunk({ maxRows: 4 })).length);
  } while (await operation.hasMoreRows());
  await operation.close();
  return sizes;
});

await answer("named parameters", () =>
  query("select :i as i, :t as t, :b as b, :x as x, :n as n, typeof(:d) as d", {
    namedParameters: {
      i: 7, t: "it's a \\ ? `", b: true, x: 1.5, n: null,
      d: new DBSQLParameter({ type: DBSQLParameterType.DATE, value: "2024-02-29" }),
    },
  }));
await answer("ordinal parameters", () =>
  query("select name from s.child where id = ? or name = ? order by id", {
    ordinalParameters: [1, "b"],
  }));
await answer("a missing parameter", () => query("select ?, ?", { ordinalParameters: [1] }));

await answer("created", () => query("create or replace table s.by_node (id int, name string)"));
await answer("inserted", () => query("insert into s.by_node values (1, 'a'), (2, 'b')"));
await answer("written", () => query("select * from s.by_node order by id"));

await answer("a missing table", () => query("select * from s.nothing"));
await answer("a division by zero", () => query("select 1 / 0"));
await answer("cancelled", async () => {
  const operation = await session.executeStatement(LONG, { runAsync: true });
  setTimeout(() => operation.cancel(), 1500);
  return rows(operation);
});
await answer("after the errors", () => query("select 1 as one"));

await session.close();
await client.close();
console.log(JSON.stringify(answers, (_, value) =>
  typeof value === "bigint" ? String(value) : value));
