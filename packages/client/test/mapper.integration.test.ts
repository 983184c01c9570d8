import { isHelixError } from "@helix/core";
import { createTestKeyspace, type FaultProxy, startFaultProxy, waitFor } from "@helix/testkit";
import { Client, mapping, types } from "cassandra-driver";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { HelixClient } from "../src/index.ts";
import { errorOf, FakeReplayer } from "./two-clusters.ts";

// What the driver's own tests of its Mapper promise, over both clusters: after each test these have the same rows.

const { Mapper, UnderscoreCqlToCamelCaseMappings, q } = mapping;
const { Uuid } = types;
type Doc = Record<string, unknown>;

const KEYSPACE = "client_mapper";
const pair = inject("cassandra");
const TABLES = {
  videos: `video_id uuid PRIMARY KEY, user_id uuid, added timestamp, name text, description text, tags set<text>,
    thumbnails map<text, text>`,
  user_videos: `user_id uuid, added timestamp, video_id uuid, name text, preview text,
    PRIMARY KEY (user_id, added, video_id)`,
  latest_videos: `day text, added timestamp, video_id uuid, name text, preview text,
    PRIMARY KEY (day, added, video_id)`,
  users: "user_id uuid PRIMARY KEY, first_name text, last_name text",
  ratings: "video_id uuid PRIMARY KEY, stars counter",
};
type Table = keyof typeof TABLES;
const NAMES = Object.keys(TABLES) as Table[];

const replayer = new FakeReplayer();
const direct = { A: plain("A"), B: plain("B") };
let proxies: Record<"A" | "B", FaultProxy>;
let client: HelixClient;
let videos: mapping.ModelMapper;
let users: mapping.ModelMapper;
let mapper: mapping.Mapper;

function plain(cluster: "A" | "B"): Client {
  const { contactPoint, localDataCenter } = pair[cluster];
  return new Client({ contactPoints: [contactPoint], localDataCenter, protocolOptions: { maxVersion: 4 } });
}

function addressOf(cluster: "A" | "B") {
  const { localDataCenter } = pair[cluster];
  return { contactPoints: [proxies[cluster].contactPoint], localDataCenter, keyspace: KEYSPACE };
}

function newClient(): HelixClient {
  return new HelixClient({ clusters: { A: addressOf("A"), B: addressOf("B") }, replayer });
}

function mapperOver(over: HelixClient, columns: Doc = {}): mapping.Mapper {
  const mappings = new UnderscoreCqlToCamelCaseMappings();
  return new Mapper(over.asDriver(), {
    models: {
      Video: {
        tables: ["videos", "user_videos", "latest_videos"],
        mappings,
        columns: { video_id: "id", ...columns } as Record<string, string>,
      },
      User: { tables: ["users"], mappings, columns: { user_id: "id" } },
      Rating: { tables: ["ratings"], mappings, columns: { video_id: "id" } },
    },
  });
}

async function onBoth<T>(run: (driver: Client) => Promise<T>): Promise<{ A: T; B: T }> {
  const [A, B] = await Promise.all([run(direct.A), run(direct.B)]);
  return { A, B };
}

/** What a cluster has in its tables, as JSON has it. */
async function contentOf(driver: Client): Promise<Record<Table, Doc[]>> {
  const found = {} as Record<Table, Doc[]>;
  for (const table of NAMES) {
    const { rows } = await driver.execute(`SELECT JSON * FROM ${KEYSPACE}.${table}`);
    found[table] = rows.map((row) => JSON.parse(row["[json]"]));
  }
  return found;
}

/** What both clusters have, which must be the same. */
async function stored(): Promise<Record<Table, Doc[]>> {
  const { A, B } = await onBoth(contentOf);
  expect(B).toEqual(A);
  return A;
}

/** In all three tables of a video. */
function newVideo(more: Doc = {}): Doc {
  const id = Uuid.random();
  const added = new Date("2012-06-01T06:00:00Z");
  return { id, userId: Uuid.random(), added, day: "2012-06-01", name: "cat", ...more };
}

beforeAll(async () => {
  await createTestKeyspace(pair, KEYSPACE);
  await onBoth(async (driver) => {
    for (const [name, columns] of Object.entries(TABLES)) {
      await driver.execute(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.${name} (${columns})`);
    }
  });
  const proxy = ({ host, port }: { host: string; port: number }) =>
    startFaultProxy({ target: { host, port } });
  proxies = { A: await proxy(pair.A), B: await proxy(pair.B) };
  client = newClient();
  await client.connect({ waitFor: "all" });
  mapper = mapperOver(client);
  videos = mapper.forModel("Video");
  users = mapper.forModel("User");
});
beforeEach(async () => {
  replayer.payloads.length = 0;
  await onBoth(async (driver) => {
    for (const table of NAMES) await driver.execute(`TRUNCATE ${KEYSPACE}.${table}`);
  });
});
afterEach(async () => {
  if (replayer.payloads.length === 0) await stored();
});
afterAll(async () => {
  await client?.close();
  await Promise.all([direct.A.shutdown(), direct.B.shutdown(), proxies?.A.close(), proxies?.B.close()]);
});

describe("insert", () => {
  test("writes to every table whose keys the document has, on both clusters", async () => {
    const video = newVideo({ description: "plays", tags: ["b", "a"], thumbnails: { p: "q" } });
    const result = await videos.insert(video);
    expect([result.wasApplied(), result.toArray()]).toEqual([true, []]);
    const { videos: rows, user_videos, latest_videos } = await stored();
    expect(rows).toMatchObject([{ video_id: String(video.id), tags: ["a", "b"], thumbnails: { p: "q" } }]);
    expect(user_videos).toMatchObject([{ user_id: String(video.userId), name: "cat", preview: null }]);
    expect(latest_videos).toMatchObject([{ day: "2012-06-01", added: "2012-06-01 06:00:00.000Z" }]);
  });

  test("leaves out the tables whose keys are missing, and with `fields` the rest of the document", async () => {
    const { day, ...video } = newVideo();
    await videos.insert(video);
    await videos.insert({ id: Uuid.random(), name: "only one table" });
    await videos.insert(newVideo(), { fields: ["id", "name"] });
    const { videos: rows, user_videos, latest_videos } = await stored();
    expect([rows.length, user_videos.length, latest_videos.length]).toEqual([3, 1, 0]);
    expect(rows.filter((row) => row.user_id === null)).toHaveLength(2);
  });

  test("takes a time to live", async () => {
    await users.insert({ id: Uuid.random(), firstName: "Ada" }, { ttl: 1_000 });
    const ttls = await onBoth(async (driver) => {
      const { rows } = await driver.execute(`SELECT TTL(first_name) AS ttl FROM ${KEYSPACE}.users`);
      return rows[0]?.ttl;
    });
    for (const ttl of Object.values(ttls)) expect(ttl).toBeGreaterThan(900);
  });

  test("takes the timestamp that it is given, and a profile by its name", async () => {
    const id = Uuid.random();
    await users.insert({ id, firstName: "new" }, {}, { timestamp: 20, executionProfile: "default" });
    await users.insert({ id, firstName: "old" }, {}, { timestamp: types.Long.fromNumber(10) });
    expect((await stored()).users).toMatchObject([{ first_name: "new" }]);
  });
});

describe("update", () => {
  test("changes every table whose keys and columns the document has, and no other", async () => {
    const video = newVideo();
    await videos.insert(video);
    await videos.update({ ...video, name: "dog" });
    await videos.update({ id: video.id, name: "one table" });
    const { videos: rows, user_videos, latest_videos } = await stored();
    expect([rows[0]?.name, user_videos[0]?.name, latest_videos[0]?.name]).toEqual([
      "one table",
      "dog",
      "dog",
    ]);
  });

  test("with `fields` leaves the rest as it is", async () => {
    const video = newVideo({ description: "kept" });
    await videos.insert(video);
    await videos.update({ ...video, name: "dog", description: "lost" }, { fields: ["id", "name"] });
    expect((await stored()).videos).toMatchObject([{ name: "dog", description: "kept" }]);
  });

  test("adds to a set and takes from it", async () => {
    const { id } = newVideo();
    await videos.insert({ id, tags: ["a", "b"] });
    await videos.update({ id, tags: q.append(["c"]) });
    await videos.update({ id, tags: q.remove(["a"]) });
    expect((await stored()).videos).toMatchObject([{ tags: ["b", "c"] }]);
  });
});

describe("remove", () => {
  test("deletes from every table whose keys the document has, and no other", async () => {
    const [gone, half] = [newVideo(), newVideo()];
    for (const video of [gone, half]) await videos.insert(video);
    await videos.remove(gone);
    await videos.remove({ id: half.id });
    const { videos: rows, user_videos } = await stored();
    expect(rows).toEqual([]);
    expect(user_videos).toMatchObject([{ video_id: String(half.id) }]);
  });

  test("with `deleteOnlyColumns` leaves the row", async () => {
    const { id } = newVideo();
    await videos.insert({ id, name: "gone", description: "kept" });
    await videos.remove({ id, name: "gone" }, { fields: ["id", "name"], deleteOnlyColumns: true });
    expect((await stored()).videos).toMatchObject([{ name: null, description: "kept" }]);
  });
});

describe("find, findAll and get", () => {
  test("choose the table by the keys, the fields and the order", async () => {
    const video = newVideo({ preview: "p" });
    await videos.insert(video);
    const { id, userId, added, day } = video;
    const byUser = await videos.find({ userId }, { fields: ["id", "preview"] });
    expect(byUser.toArray()).toEqual([{ id, preview: "p" }]);
    const byDay = await videos.find({ day }, { fields: ["name"], orderBy: { added: "desc" } });
    expect(byDay.first()).toEqual({ name: "cat" });
    expect(await videos.get({ id })).toMatchObject({ name: "cat" });
    expect(await videos.get({ userId, added, id })).toMatchObject({ preview: "p" });
    expect(await videos.get({ id: Uuid.random() })).toBeNull();
    const some: Doc[] = [];
    (await videos.findAll({ fields: ["id"], limit: 1 })).forEach((doc) => {
      some.push(doc);
    });
    expect(some).toEqual([{ id }]);
  });

  test("understand the operators", async () => {
    const { id, day, added, name } = newVideo();
    await videos.insert({ id, day, added, name });
    const earlier = new Date((added as Date).getTime() - 1);
    const found = async (condition: mapping.q.QueryOperator) =>
      (await videos.find({ day, added: condition })).toArray().length;
    expect(await found(q.in_([added]))).toBe(1);
    expect([await found(q.gt(earlier)), await found(q.gt(added))]).toEqual([1, 0]);
    expect([await found(q.gte(added)), await found(q.lt(added)), await found(q.lte(added))]).toEqual([
      1, 0, 1,
    ]);
    expect(await found(q.and(q.gt(earlier), q.lte(added)))).toBe(1);
  });

  test("go through the pages by the page state of a result", async () => {
    const { userId, added } = newVideo();
    for (let n = 0; n < 5; n++) await videos.insert({ id: Uuid.random(), userId, added, name: `v${n}` });
    const names: string[] = [];
    let pageState: string | undefined;
    do {
      // The declarations take a page state for a number; a string is what a result has.
      const options = { fetchSize: 2, pageState: pageState as unknown as number };
      const result: mapping.Result & { pageState?: string } = await videos.find({ userId }, {}, options);
      expect(result.toArray().length).toBeLessThanOrEqual(2);
      names.push(...result.toArray().map(({ name }) => name));
      pageState = result.pageState ?? undefined;
    } while (pageState !== undefined);
    expect(names.sort()).toEqual(["v0", "v1", "v2", "v3", "v4"]);
  });

  test("refuse what no table can answer, in the driver's words", async () => {
    await expect(videos.get({})).rejects.toThrow("Expected object with keys");
    await expect(videos.find({ name: "cat" })).rejects.toThrow("No table matches the filter");
    await expect(videos.insert({ name: "cat" })).rejects.toThrow("No table matches");
    await expect(mapper.forModel("nowhere").get({ id: 1 })).rejects.toThrow(
      'Table "nowhere" could not be retrieved',
    );
  });
});

describe("a batch", () => {
  test("of several models and documents reaches every table of each with one timestamp", async () => {
    const [a, b, c] = [newVideo({ name: "a" }), newVideo({ name: "b" }), newVideo({ name: "c" })];
    await videos.insert(c);
    const user = { id: Uuid.random(), firstName: "Ada", lastName: "Lovelace" };
    const { batching } = videos;
    // Without `fields` the driver takes the update of a document with the same keys for it: its cache is the same.
    const result = await mapper.batch(
      [
        batching.update(a),
        batching.insert(b),
        batching.remove(c, { fields: ["id", "userId", "added", "day"] }),
        users.batching.insert(user),
      ],
      { logged: false },
    );
    expect([result.wasApplied(), result.toArray()]).toEqual([true, []]);
    const { videos: rows, latest_videos, users: people } = await stored();
    for (const table of [rows, latest_videos]) {
      expect(table.map(({ name }) => name).sort()).toEqual(["a", "b"]);
    }
    expect(people).toMatchObject([{ last_name: "Lovelace" }]);
  });

  test("of nothing, or of what is no item, is refused in the driver's words", async () => {
    await expect(mapper.batch([])).rejects.toThrow("1 or more ModelBatchItem");
    await expect(mapper.batch([{}])).rejects.toThrow("must be instances of ModelBatchItem");
  });
});

describe("what is not safe on two clusters is refused, and nothing is written", () => {
  test("conditions, in a statement of the Mapper's or of one's own, and in a batch", async () => {
    const user = { id: Uuid.random(), firstName: "Ada" };
    const own = users.mapWithQuery(
      "UPDATE users SET first_name = ? WHERE user_id = ? IF EXISTS",
      ({ firstName, id }) => [firstName, id],
    );
    for (const call of [
      () => users.insert(user, { ifNotExists: true }),
      () => users.update(user, { ifExists: true }),
      () => users.update(user, { when: { lastName: "x" } }),
      () => users.remove({ id: user.id }, { ifExists: true }),
      () => own(user),
      () => mapper.batch([users.batching.insert(user, { ifNotExists: true })]),
    ]) {
      const error = await errorOf(call());
      expect(isHelixError(error, "HELIX_NOT_REPLAYABLE")).toBe(true);
    }
    expect((await stored()).users).toEqual([]);
    await expect(videos.insert(newVideo(), { ifNotExists: true })).rejects.toThrow(
      "cannot span multiple tables",
    );
  });

  test("counters in a batch", async () => {
    const ratings = mapper.forModel("Rating");
    const error = await errorOf(
      mapper.batch([ratings.batching.update({ id: Uuid.random(), stars: q.incr(1) })]),
    );
    expect(isHelixError(error, "HELIX_NOT_REPLAYABLE")).toBe(true);
    expect((await stored()).ratings).toEqual([]);
  });
});

test("over one cluster alone conditions and counters are the driver's, and their results documents", async () => {
  const id = Uuid.random();
  const ada = { id, firstName: "Ada", lastName: "Lovelace" };
  for (const cluster of ["A", "B"] as const) {
    await using alone = new HelixClient({ clusters: { A: addressOf(cluster) } });
    const over = mapperOver(alone);
    const [people, ratings] = [over.forModel("User"), over.forModel("Rating")];
    expect((await people.insert(ada, { ifNotExists: true })).wasApplied()).toBe(true);
    for (const refused of [
      await people.update({ ...ada, lastName: "Byron" }, { when: { firstName: "Eve", lastName: "x" } }),
      await over.batch([people.batching.update(ada, { when: { firstName: "Eve", lastName: q.notEq("y") } })]),
    ]) {
      expect(refused.wasApplied()).toBe(false);
      expect(refused.toArray()).toMatchObject([{ firstName: "Ada", lastName: "Lovelace" }]);
    }
    const nobody = await people.update({ ...ada, id: Uuid.random() }, { ifExists: true });
    expect([nobody.wasApplied(), nobody.toArray()]).toEqual([false, []]);
    expect(
      (await people.update({ ...ada, lastName: "King" }, { when: { firstName: "Ada" } })).wasApplied(),
    ).toBe(true);
    await over.batch([ratings.batching.update({ id, stars: q.incr(5) })]);
    await ratings.update({ id, stars: q.decr(2) });
  }
  const { users: rows, ratings } = await stored();
  expect([rows[0]?.last_name, ratings[0]?.stars]).toEqual(["King", 3]);
});

describe("mappings", () => {
  test("of a query of one's own give documents", async () => {
    const video = newVideo();
    await videos.insert(video);
    const byId = videos.mapWithQuery("SELECT * FROM videos WHERE video_id = ?", ({ id }) => [id]);
    expect((await byId({ id: video.id })).first()).toMatchObject({ id: video.id, name: "cat" });
    const rename = videos.mapWithQuery(
      "UPDATE videos SET name = ? WHERE video_id = ?",
      ({ name, id }) => [name, id],
      { isIdempotent: true },
    );
    expect((await rename({ id: video.id, name: "dog" })).wasApplied()).toBe(true);
    expect((await stored()).videos).toMatchObject([{ name: "dog" }]);
  });

  test("of values by functions apply both ways, and what they throw is told", async () => {
    const functions = {
      user_id: { name: "userId", fromModel: Uuid.fromString, toModel: String },
      description: { fromModel: JSON.stringify, toModel: JSON.parse },
    };
    const model = mapperOver(client, functions).forModel("Video");
    const video = newVideo({ userId: String(Uuid.random()), description: { a: 1 } });
    await model.insert(video);
    expect(await model.get({ id: video.id })).toMatchObject({
      userId: video.userId,
      description: { a: 1 },
    });
    expect((await model.find({ userId: video.userId })).first()).toMatchObject({ name: "cat" });
    const fail = () => {
      throw new Error("no such user");
    };
    const broken = mapperOver(client, { user_id: { name: "userId", fromModel: fail, toModel: fail } });
    await expect(broken.forModel("Video").insert(newVideo())).rejects.toThrow("no such user");
    const result = await broken.forModel("Video").find({ id: video.id });
    expect(() => result.toArray()).toThrow("no such user");
  });

  test("are those of the table itself where a model has none, and a line of the log says so", async () => {
    const lines: unknown[] = [];
    const off = client.on("log", (...line) => lines.push(line));
    const table = new Mapper(client.asDriver()).forModel("users");
    off();
    expect(lines).toEqual([
      ["info", "HelixClient", expect.stringContaining("creating default mapping"), "", undefined],
    ]);
    const user_id = Uuid.random();
    await table.insert({ user_id, first_name: "Ada" });
    await table.update({ user_id, last_name: "Lovelace" });
    expect((await table.findAll()).toArray()).toMatchObject([{ first_name: "Ada", last_name: "Lovelace" }]);
    await table.remove({ user_id });
    expect(await table.get({ user_id })).toBeNull();
  });
});

describe("a client that is not connected", () => {
  test.each<[string, (model: mapping.ModelMapper) => Promise<unknown>]>([
    ["insert", (model) => model.insert({ id: Uuid.random(), firstName: "Ada" })],
    ["update", (model) => model.update({ id: Uuid.random(), firstName: "Ada" })],
    ["remove", (model) => model.remove({ id: Uuid.random() })],
    ["find", (model) => model.find({ id: Uuid.random() })],
  ])("is connected by the Mapper's first %s", async (_, call) => {
    await using late = newClient();
    await call(mapperOver(late).forModel("User"));
    await waitFor(
      () => late.clusterStates.A?.connected === true && late.clusterStates.B?.connected === true,
      {
        timeoutMs: 10_000,
        describe: "both clusters are there",
      },
    );
  });
});

describe("while a cluster is away", () => {
  async function setAway(...clusters: ("A" | "B")[]) {
    for (const cluster of clusters) await proxies[cluster].set("refuse");
    await waitFor(() => clusters.every((cluster) => client.clusterStates[cluster]?.connected === false), {
      timeoutMs: 10_000,
      describe: "they are away",
    });
  }

  afterEach(async () => {
    for (const proxy of Object.values(proxies)) await proxy.set("pass");
    await waitFor(() => Object.values(client.clusterStates).every(({ breaker }) => breaker === "closed"), {
      timeoutMs: 20_000,
      describe: "both are back",
    });
  });

  test("the Mapper goes on by the tables of the other, and what was missed is queued", async () => {
    await setAway("A");
    const fresh = mapperOver(client).forModel("Video");
    const video = newVideo();
    await fresh.insert(video);
    expect(await fresh.get({ id: video.id })).toMatchObject({ name: "cat" });
    expect(replayer.payloads.map(({ targetCluster }) => targetCluster)).toEqual(["A"]);
    expect(client.driver("A")).toBeUndefined();
    expect(client.driver("B")?.metadata).toBe(client.metadata);
    expect(client.getState().getConnectedHosts()).toHaveLength(1);
  });

  test("and the other as well, it says so, and does not wait for them", async () => {
    await setAway("A", "B");
    const error = await errorOf(
      mapperOver(client).forModel("User").insert({ id: Uuid.random(), lastName: "x" }),
    );
    expect(isHelixError(error, "HELIX_NO_CLUSTER_AVAILABLE")).toBe(true);
    expect(() => client.hosts).toThrow("No cluster is there");
  });
});
