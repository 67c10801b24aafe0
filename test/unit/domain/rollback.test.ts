// Where a workload goes back to: the newest state that ran well and is still vouched for, or nowhere.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelRelease } from "../../../src/api/model-release.ts";
import {
  chooseSnapshot,
  isSameTemplate,
  listSwaps,
  type RollbackCase,
  type Snapshot,
} from "../../../src/domain/rollback.ts";
import { make, MODEL6, toReleaseSpec } from "./voice.ts";

const snap = (release: string, rest: Partial<Snapshot> = {}): Snapshot => ({
  name: `lkg-${release}`,
  release,
  images: [],
  template: {},
  configMaps: {},
  recordedAt: "2026-11-20T00:00:00Z",
  ...rest,
});

const toFrom = (rollback?: object) =>
  make<ModelRelease>(ModelRelease, "v6", {
    ...toReleaseSpec(MODEL6, "v6"),
    ...(rollback === undefined ? {} : { rollback }),
  });

const PUBLISHED = new Map([
  ["v3", 3],
  ["v4", 4],
  ["v5", 5],
  ["v6", 6],
]);

/** A workload that runs v6 and ran v3, v4 and v5 well, each still vouched for. */
const toCase = (change: Partial<RollbackCase> = {}): RollbackCase => ({
  snapshots: [snap("v4"), snap("v5"), snap("v3")],
  from: toFrom(),
  published: PUBLISHED,
  judge: () => undefined,
  hasConfigMap: () => true,
  isRolledBack: false,
  recent: 0,
  ...change,
});

const refuse =
  (...releases: string[]): RollbackCase["judge"] =>
  ({ release }) =>
    releases.includes(release) ? `${release} is revoked` : undefined;

describe("where it goes", () => {
  test.each<[string, Partial<RollbackCase>, string]>([
    ["to the newest release", {}, "lkg-v5"],
    [
      "whatever is newer in time only",
      { snapshots: [snap("v4", { recordedAt: "2026-11-24T00:00:00Z" }), snap("v5")] },
      "lkg-v5",
    ],
    ["past one that is no longer vouched for", { judge: refuse("v5") }, "lkg-v4"],
    ["past several", { judge: refuse("v5", "v4") }, "lkg-v3"],
    [
      "by the policy of the release: newestVouched",
      { from: toFrom({ to: "newestVouched" }), judge: refuse("v5") },
      "lkg-v4",
    ],
    ["to the release that it names", { from: toFrom({ to: "release", release: "v3" }) }, "lkg-v3"],
    [
      "past one whose ConfigMap is gone, to the next older",
      {
        snapshots: [snap("v5", { configMaps: { tuning: "sha256:x" } }), snap("v4")],
        hasConfigMap: (name) => name !== "tuning",
      },
      "lkg-v4",
    ],
    [
      "to a release whose ConfigMaps are there",
      { snapshots: [snap("v5", { configMaps: { tuning: "sha256:x" } }), snap("v4")] },
      "lkg-v5",
    ],
    [
      "to the state of a release that was recorded last",
      {
        snapshots: [
          snap("v5", { name: "lkg-old", recordedAt: "2026-11-19T00:00:00Z" }),
          snap("v5", { name: "lkg-new", recordedAt: "2026-11-21T00:00:00Z" }),
        ],
      },
      "lkg-new",
    ],
    ["never to the state of the release that runs", { snapshots: [snap("v6"), snap("v4")] }, "lkg-v4"],
    ["from an image that no release lists", { from: undefined }, "lkg-v5"],
    ["after two rollbacks within the hour", { recent: 2 }, "lkg-v5"],
  ])("%s", (_, change, expected) => {
    const found = chooseSnapshot(toCase(change));
    expect(found.choice === "rollBack" ? found.snapshot.name : found.why).toBe(expected);
  });
});

describe("it goes nowhere, and says why", () => {
  test.each<[string, Partial<RollbackCase>, RegExp]>([
    ["where nothing was recorded", { snapshots: [] }, /no other release was seen to run well/],
    ["where only the present release was", { snapshots: [snap("v6")] }, /no other release was seen to run well/],
    ["where nothing vouched is left", { judge: refuse("v3", "v4", "v5") }, /nothing vouched is left: v5 is revoked/],
    ["where its release forbids it", { from: toFrom({ to: "none" }) }, /v6 names no release to go back to/],
    [
      "where the named release is revoked",
      { from: toFrom({ to: "release", release: "v4" }), judge: refuse("v4") },
      /v4 is revoked/,
    ],
    [
      "where the named release never ran here",
      { from: toFrom({ to: "release", release: "v9" }) },
      /release v9 was not seen/,
    ],
    [
      "where all that is left lacks its ConfigMap",
      { snapshots: [snap("v5", { configMaps: { tuning: "x" } })], hasConfigMap: () => false },
      /needs ConfigMap tuning, which is gone/,
    ],
    ["where what runs is a rollback itself", { isRolledBack: true }, /a rollback is not rolled back/],
    ["where it goes back and forth", { recent: 3 }, /3 times within an hour/],
    [
      "and the flap guard does not hide that nothing is left",
      { recent: 3, judge: refuse("v3", "v4", "v5") },
      /nothing vouched is left/,
    ],
  ])("%s", (_, change, why) => {
    const found = chooseSnapshot(toCase(change));
    expect(found).toEqual({ choice: "stop", why: expect.stringMatching(why) });
  });
});

describe("for any records", () => {
  const record = fc.record({
    release: fc.constantFrom("v3", "v4", "v5", "v6"),
    day: fc.integer({ min: 10, max: 12 }),
    needs: fc.subarray(["tuning", "voices"]),
  });
  const anyCase = fc.record({
    records: fc.array(record, { maxLength: 6 }),
    revoked: fc.subarray(["v3", "v4", "v5"]),
    missing: fc.subarray(["tuning", "voices"]),
  });
  const build = ({ records, revoked, missing }: typeof anyCase extends fc.Arbitrary<infer T> ? T : never) =>
    toCase({
      snapshots: records.map(({ release, day, needs }, index) =>
        snap(release, {
          name: `lkg-${index}`,
          recordedAt: `2026-11-${day}T00:00:00Z`,
          configMaps: Object.fromEntries(needs.map((name) => [name, "sha256:x"])),
        }),
      ),
      judge: refuse(...revoked),
      hasConfigMap: (name) => !missing.includes(name),
    });

  test("it goes to a vouched state of another release, and no newer one would do", () => {
    fc.assert(
      fc.property(anyCase, (drawn) => {
        const about = build(drawn);
        const fits = about.snapshots.filter(
          (one) =>
            one.release !== "v6" &&
            about.judge(one) === undefined &&
            Object.keys(one.configMaps).every((name) => about.hasConfigMap(name)),
        );
        const found = chooseSnapshot(about);
        expect(found.choice).toBe(fits.length === 0 ? "stop" : "rollBack");
        if (found.choice !== "rollBack") return;
        expect(fits).toContain(found.snapshot);
        const age = (one: Snapshot) => `${one.release} ${one.recordedAt}`;
        expect(fits.filter((one) => age(one) > age(found.snapshot))).toEqual([]);
      }),
    );
  });

  test("the order in which they were read changes nothing", () => {
    fc.assert(
      fc.property(anyCase, (drawn) => {
        const about = build(drawn);
        const turned = { ...about, snapshots: about.snapshots.toReversed() };
        expect(chooseSnapshot(turned)).toEqual(chooseSnapshot(about));
      }),
    );
  });
});

describe("a template after the API server's defaulting", () => {
  const wanted = { spec: { containers: [{ name: "a", image: "x@1" }], volumes: [] } };
  const container = { name: "a", image: "x@1", imagePullPolicy: "IfNotPresent" };

  test.each<[string, unknown, unknown, boolean]>([
    ["itself", wanted, wanted, true],
    [
      "with defaults added",
      { spec: { containers: [container], volumes: [], dnsPolicy: "ClusterFirst" } },
      wanted,
      true,
    ],
    ["with another image", { spec: { containers: [{ ...container, image: "x@2" }], volumes: [] } }, wanted, false],
    [
      "with a sidecar that somebody adds",
      { spec: { containers: [container, { name: "b" }], volumes: [] } },
      wanted,
      false,
    ],
    ["with a container less", { spec: { containers: [], volumes: [] } }, wanted, false],
    [
      "with a list that turned into something else",
      { spec: { containers: { 0: container }, volumes: [] } },
      wanted,
      false,
    ],
    ["without a field", { spec: { volumes: [] } }, wanted, false],
    ["not there at all", undefined, wanted, false],
    ["a false that was dropped", { a: {} }, { a: { b: false } }, false],
    // Kubernetes 1.35 no longer writes `creationTimestamp: null` into templates; a record of an earlier one has it.
    [
      "without an empty moment",
      { metadata: { labels: {} } },
      { metadata: { creationTimestamp: null, labels: {} } },
      true,
    ],
    [
      "with a moment where none was",
      { metadata: { creationTimestamp: "x" } },
      { metadata: { creationTimestamp: null } },
      false,
    ],
  ])("%s", (_, found, expected, isSame) => {
    expect(isSameTemplate(found, expected)).toBe(isSame);
  });

  test("whatever is added to objects, it stays the same; whatever is changed, it does not", () => {
    const object = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.oneof(fc.string(), fc.integer(), fc.boolean()), {
      minKeys: 1,
    });
    fc.assert(
      fc.property(object, object, (inner, extra) => {
        const wantedHere = { spec: inner, list: [inner] };
        const more = { ...extra, ...inner };
        expect(isSameTemplate({ spec: more, list: [more], extra }, wantedHere)).toBe(true);
        const [key = ""] = Object.keys(inner);
        expect(isSameTemplate({ spec: { ...inner, [key]: "changed!" }, list: [inner] }, wantedHere)).toBe(
          inner[key] === "changed!",
        );
      }),
    );
  });
});

test.each<[string, [string, string][], [string, string][], Record<string, string>]>([
  [
    "a model that was replaced",
    [
      ["container model", "m6"],
      ["container server", "s"],
    ],
    [
      ["container model", "m5"],
      ["container server", "s"],
    ],
    { m6: "m5" },
  ],
  ["a container that is gone", [["container old", "o"]], [["container new", "n"]], {}],
  [
    "two slots with one digest",
    [
      ["init pull", "m6"],
      ["volume model", "m6"],
    ],
    [
      ["init pull", "m5"],
      ["volume model", "m5"],
    ],
    { m6: "m5" },
  ],
])("what took the place of what: %s", (_, before, after, expected) => {
  expect(listSwaps(new Map(before), new Map(after))).toEqual(expected);
});
