// The client against a server that misbehaves: what is sent again, what is not, and what an error says.
import { afterEach, expect, test } from "vitest";
import { createClient } from "../../../src/runtime/client.ts";
import { type FaultyServer, sendJson, startFaultyServer } from "../../harness/http.ts";

const PODS = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "n" } };

let server: FaultyServer | undefined;
afterEach(() => server?.stop());

async function connect(
  answer: Parameters<typeof startFaultyServer>[0],
  authorize = () => Promise.resolve<string | undefined>(undefined),
) {
  server = await startFaultyServer(answer);
  const client = createClient({ server: server.url, namespace: undefined, tls: {}, authorize });
  return { client, requests: server.requests };
}

const fail =
  (status: number, reason = "", headers = {}) =>
  (response: Parameters<typeof sendJson>[0]) =>
    sendJson(response, status, { kind: "Status", message: `failed with ${status}`, reason }, headers);

test("a read is tried again after 500 and 429, a write after 429 only", async () => {
  const { client, requests } = await connect(({ number, line }, response) => {
    if (line.startsWith("GET") && number === 0) return fail(500)(response);
    if (line.startsWith("GET") && number === 1) return fail(429, "", { "retry-after": "0" })(response);
    if (line.startsWith("POST") && number === 3) return fail(429, "", { "retry-after": "0" })(response);
    if (line.startsWith("PUT")) return fail(500)(response);
    return sendJson(response, 200, POD);
  });
  await client.get(PODS, { namespace: "n", name: "p" });
  await client.create(PODS, POD);
  await expect(client.replace(PODS, POD)).rejects.toMatchObject({ code: "ServerError", message: "failed with 500" });
  expect(requests.map(({ line }) => line.split(" ")[0])).toEqual(["GET", "GET", "GET", "POST", "POST", "PUT"]);
});

test.each([
  [404, "NotFound", "NotFound"],
  [409, "Conflict", "Conflict"],
  [409, "AlreadyExists", "AlreadyExists"],
  [410, "Expired", "Gone"],
  [403, "Forbidden", "Forbidden"],
  [422, "Invalid", "Invalid"],
  [413, "RequestEntityTooLarge", "TooLarge"],
])("HTTP %i %s is %s", async (status, reason, code) => {
  const { client } = await connect((_, response) => fail(status, reason)(response));
  await expect(client.create(PODS, POD)).rejects.toMatchObject({ code, status, message: `failed with ${status}` });
});

test("plain text and cut-off JSON are errors that can be read", async () => {
  const { client } = await connect((_, response) =>
    response.writeHead(403, { "content-type": "text/plain" }).end("proxy says no"),
  );
  await expect(client.create(PODS, POD)).rejects.toMatchObject({
    code: "Forbidden",
    message: expect.stringContaining("proxy says no"),
  });
});

test("a connection that breaks is a Network error, never an answer", async () => {
  const { client } = await connect((_, response) => response.destroy());
  await expect(client.create(PODS, POD)).rejects.toMatchObject({ code: "Network" });
});

test("lists are read to their last page", async () => {
  const { client, requests } = await connect(({ line }, response) => {
    const isSecond = line.includes("continue=two");
    sendJson(response, 200, {
      metadata: { resourceVersion: "7", ...(isSecond ? {} : { continue: "two" }) },
      items: [{ metadata: { name: isSecond ? "b" : "a" } }],
    });
  });
  const { items, resourceVersion } = await client.list(PODS, { namespace: "n", labelSelector: "x=y" });
  expect(items.map(({ metadata, kind }) => `${kind} ${metadata.name}`)).toEqual(["Pod a", "Pod b"]);
  expect(resourceVersion).toBe("7");
  expect(requests[0]?.line).toBe("GET /api/v1/namespaces/n/pods?limit=500&labelSelector=x%3Dy");
});

test.each(["../secrets", "a/b", "..", "", "a%2fb", "a?x", "a#x", "a\\b", "a b", "a\nb"])(
  "the name %j never becomes a path",
  async (name) => {
    const { client, requests } = await connect((_, response) => sendJson(response, 200, POD));
    await expect(client.get(PODS, { namespace: "n", name })).rejects.toMatchObject({ code: "BadRequest" });
    await expect(client.get(PODS, { namespace: name, name: "p" })).rejects.toMatchObject({ code: "BadRequest" });
    expect(requests).toEqual([]);
  },
);

test("after 401 the next request asks for a fresh token", async () => {
  let issued = 0;
  const { client, requests } = await connect(
    ({ headers }, response) =>
      headers.authorization === "Bearer t1" ? fail(401)(response) : sendJson(response, 200, POD),
    () => {
      issued += 1;
      return Promise.resolve(`Bearer t${issued}`);
    },
  );
  await expect(client.get(PODS, { namespace: "n", name: "p" })).rejects.toMatchObject({ code: "Unauthorized" });
  await client.get(PODS, { namespace: "n", name: "p" });
  expect(requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer t1", "Bearer t2"]);
});

test("a patch says what it is, apply names its manager", async () => {
  const { client, requests } = await connect((_, response) =>
    sendJson(response, 200, POD, { warning: '299 - "mind the gap"' }),
  );
  const warnings: string[] = [];
  await client.apply(PODS, POD, {
    fieldManager: "me",
    force: true,
    subresource: "status",
    onWarnings: (w) => void warnings.push(...w),
  });
  await client.patchJson(PODS, { namespace: "n", name: "p" }, [{ op: "test", path: "/x", value: 1 }]);
  expect(requests.map(({ line, headers }) => [line, headers["content-type"]])).toEqual([
    ["PATCH /api/v1/namespaces/n/pods/p/status?fieldManager=me&force=true", "application/apply-patch+yaml"],
    ["PATCH /api/v1/namespaces/n/pods/p", "application/json-patch+json"],
  ]);
  expect(warnings).toEqual(["mind the gap"]);
});
