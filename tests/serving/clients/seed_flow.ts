// What the documents do with a collection, through the official TypeScript client; prints what it found.
import assert from "node:assert/strict";
import { CollectionInsertManyError, DataAPIClient, DataAPIResponseError } from "@datastax/astra-db-ts";

const client = new DataAPIClient(process.env.ASTRA_DB_APPLICATION_TOKEN, { environment: "hcd" });
const db = client.db(process.env.ASTRA_DB_API_ENDPOINT!, { keyspace: "default_keyspace" });
const service = {
  provider: "huggingfaceDedicated",
  modelName: "endpoint-defined-model",
  authentication: { providerKey: process.env.CREDENTIAL! },
  parameters: { endpointName: "mtp1x7muf6qyn3yh", regionName: "us-east-2", cloudName: "aws" },
};

async function refusal<T extends Error>(kind: new (...given: never[]) => T, work: Promise<unknown>): Promise<T> {
  const error = await work.then(() => assert.fail("it was not refused"), (reason: unknown) => reason);
  assert(error instanceof kind, `${error}`);
  return error;
}

const { embeddingProviders } = await db.admin({ environment: "hcd" }).findEmbeddingProviders();
assert.equal(embeddingProviders.huggingfaceDedicated?.displayName, "Hugging Face - Dedicated");

const created = await db.createCollection("flow", { vector: { dimension: 8, metric: "cosine", service } });
assert.deepEqual((await db.listCollections({ nameOnly: true })).filter((name) => name === "flow"), ["flow"]);
assert.equal((await created.options()).vector?.service?.modelName, "endpoint-defined-model");

const inserted = await created.insertMany(
  [
    { _id: "saw", $vectorize: "cuts wood", price: 12, bought: new Date("2026-01-02T03:04:05Z") },
    { _id: "pen", $vectorize: "writes words", price: 2 },
    ...Array.from({ length: 120 }, (_, number) => ({ _id: `n${number}`, number })),
  ],
  { ordered: true },
);
assert.equal(inserted.insertedCount, 122);

const near = created.find({}, { sort: { $vectorize: "cuts wood" }, limit: 2, includeSimilarity: true });
const found = await near.toArray();
assert.equal(found[0]?._id, "saw");
assert((found[0]?.$similarity ?? 0) > 0.99);
assert(found[0]?.bought instanceof Date);
assert.equal((await created.find({ number: { $gte: 0 } }, { projection: { _id: 1 } }).toArray()).length, 120);
assert.equal((await created.findOneAndUpdate({ _id: "pen" }, { $inc: { price: 1 } }, { returnDocument: "after" }))?.price, 3);
assert.equal(await created.countDocuments({ price: { $gt: 1 } }, 10), 2);

const taken = await refusal(CollectionInsertManyError, created.insertMany([{ _id: "saw" }, { _id: "new" }]));
assert.equal(taken.insertedIds().length, 1);
const both = await refusal(DataAPIResponseError, created.insertOne({ $vectorize: "a", $vector: Array(8).fill(1) }));
const wrong = { ...service, authentication: { providerKey: "unknown-key" } };
const scope = await refusal(
  DataAPIResponseError,
  db.createCollection("other", { vector: { dimension: 8, service: wrong } }),
);
console.log(both.errorDescriptors[0]?.errorCode, scope.errorDescriptors[0]?.errorCode);
await db.dropCollection("flow");
