// What the documents do with a table: types, columns, indexes, rows, and everything taken away again.
import { DataAPIClient, vector } from "@datastax/astra-db-ts";

const client = new DataAPIClient(process.env.ASTRA_DB_APPLICATION_TOKEN!);
const db = client.db(process.env.ASTRA_DB_API_ENDPOINT!);

await db.createType("address", { definition: { fields: { street: "text", zip: "int" } }, ifNotExists: true });
const table = await db.createTable("notes", {
  definition: {
    columns: {
      shop: "text",
      at: "int",
      body: "text",
      tags: { type: "set", valueType: "text" },
      counts: { type: "map", keyType: "int", valueType: "text" },
      home: { type: "userDefined", udtName: "address" },
      own: { type: "vector", dimension: 3 },
    },
    primaryKey: { partitionBy: ["shop"], partitionSort: { at: -1 } },
  },
});
type Wider = { shop: string; at: number; gone?: string };
const wider = await table.alter<Wider>({ operation: { add: { columns: { price: "decimal", gone: "text" } } } });
await wider.alter({ operation: { drop: { columns: ["gone"] } } });
await table.createVectorIndex("by_own", "own", { options: { metric: "dot_product" } });
await table.createIndex("by_tag", "tags");
await table.createIndex("by_key", { counts: "$keys" });
await table.createTextIndex("by_word", "body");
console.log((await table.listIndexes({ nameOnly: true })).sort().join(" "));
console.log((await db.listTables({ nameOnly: true })).join(" "), Object.keys((await table.definition()).columns).length);

await table.insertMany([
  { shop: "north", at: 1, body: "a blue bicycle", own: vector([1, 0, 0]), tags: new Set(["b", "a"]) },
  { shop: "north", at: 2, body: "a red saw", own: vector([0, 1, 0]), counts: new Map([[1, "one"]]) },
  { shop: "north", at: 3, home: { street: "Main", zip: 7 } },
]);
const rows = await table.find({ shop: "north" }).toArray();
console.log(rows.map((row) => row.at).join(" "), rows[0]!.home!.street, rows[1]!.counts!.get(1), [...rows[2]!.tags!].join(""));
const near = await table.findOne({}, { sort: { own: vector([0.1, 0.9, 0]) }, includeSimilarity: true });
console.log(near?.at);
await table.updateOne({ shop: "north", at: 1 }, { $set: { body: "a green bicycle" } });
console.log((await table.findOne({ shop: "north", at: 1 }))?.body);
await table.deleteMany({ shop: "north", at: { $gt: 1 } });
console.log((await table.find({}).toArray()).length);

await db.dropTableIndex("by_own");
await table.drop();
await db.dropType("address");
console.log((await db.listTypes({ nameOnly: true })).length);
