// Which Incidents are opened for what was found: one per breach, whatever happens in between.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Incident } from "../../../src/api/incident.ts";
import { BREACHES } from "../../../src/api/reaction.ts";
import { decideIncidents as decide, type IncidentWrite } from "../../../src/controllers/breaches/decide.ts";
import type { Breach } from "../../../src/domain/breach.ts";
import { make, MODEL, MODEL6, NOW, valid } from "../domain/voice.ts";

const nothing = () => undefined;
const decideIncidents = (
  breaches: readonly Breach[],
  incidents: readonly Incident[],
  since: () => string | undefined,
  now: number,
) => decide(breaches, incidents.map(valid), since, now);
const toDigest = (number: number) => `sha256:${number.toString(16).padStart(64, "0")}`;

const REVOKED: Breach = {
  kind: "ReleaseRevoked",
  system: "gate",
  release: "v6",
  order: undefined,
  digests: [MODEL6],
  pods: ["gate-1", "gate-2"],
  why: { code: "DigestRevoked", text: "v6 drops callers" },
};

const open = (name: string, spec: object = {}): Incident =>
  make<Incident>(Incident, name, {
    system: "gate",
    release: "v6",
    type: "breach",
    breach: "ReleaseRevoked",
    severity: "major",
    summary: "v6 drops callers",
    digests: [MODEL6],
    detectedAt: "2026-11-24T11:00:00Z",
    ...spec,
  });
const closed = (name: string, spec: object = {}) => open(name, { state: "Closed", ...spec });

/** The Incidents once a decision is carried out. */
function carryOut(incidents: readonly Incident[], writes: readonly IncidentWrite[]): Incident[] {
  const opened = writes.flatMap((one) => (one.write === "open" ? [make<Incident>(Incident, one.name, one.spec)] : []));
  const kept = incidents.map((incident) => {
    const wider = writes.find((one) => one.write === "widen" && one.incident === incident);
    return wider?.write === "widen" ? { ...incident, spec: { ...incident.spec, digests: wider.digests } } : incident;
  });
  return [...kept, ...opened];
}

describe("a breach", () => {
  test("opens an Incident that says what, since when and how bad", () => {
    const since = () => "2026-11-24T11:59:58Z";
    expect(decideIncidents([REVOKED], [], since, NOW)).toEqual([
      {
        write: "open",
        name: "gate-release-revoked-2611d89f",
        pods: ["gate-1", "gate-2"],
        spec: {
          system: "gate",
          release: "v6",
          type: "breach",
          breach: "ReleaseRevoked",
          severity: "major",
          summary: "v6 drops callers",
          digests: [MODEL6],
          occurredAt: "2026-11-24T11:59:58Z",
          detectedAt: "2026-11-24T12:00:00.000Z",
          state: "Open",
        },
      },
    ]);
  });

  test("of what governs names neither system nor digest", () => {
    const breach: Breach = {
      ...REVOKED,
      kind: "GovernanceChanged",
      system: undefined,
      release: undefined,
      digests: [],
    };
    const [one] = decideIncidents([breach], [], nothing, NOW);
    if (one?.write !== "open") throw new Error("an Incident was expected");
    expect(one.spec).not.toHaveProperty("system");
    expect(one.spec).not.toHaveProperty("digests");
    expect(one.spec).not.toHaveProperty("occurredAt");
  });

  test.each<[string, Incident[], string | undefined]>([
    ["that is open already opens none", [open("any-name")], undefined],
    [
      "that people closed once is a second episode",
      [closed("gate-release-revoked-2611d89f")],
      "gate-release-revoked-2611d89f-2",
    ],
    [
      "that was closed twice is a third one",
      [closed("gate-release-revoked-2611d89f"), closed("gate-release-revoked-2611d89f-2")],
      "gate-release-revoked-2611d89f-3",
    ],
    ["that is open in its second episode opens none", [closed("a"), open("b")], undefined],
    ["of another release is another one", [open("a", { release: "v5" })], "gate-release-revoked-2611d89f"],
    ["of another system is another one", [open("a", { system: "other" })], "gate-release-revoked-2611d89f"],
    ["of another kind is another one", [open("a", { breach: "DigestRevoked" })], "gate-release-revoked-2611d89f"],
    ["of another order is another one", [open("a", { order: "halt" })], "gate-release-revoked-2611d89f"],
    // Names can be foretold: nobody keeps a breach from being contained by an Incident of that name.
    [
      "whose name people gave to something else takes the next one",
      [open("gate-release-revoked-2611d89f", { type: "concern", breach: undefined })],
      "gate-release-revoked-2611d89f-2",
    ],
  ])("%s", (_, incidents, name) => {
    const writes = decideIncidents([REVOKED], incidents, nothing, NOW);
    expect(writes.map((one) => (one.write === "open" ? one.name : one.write))).toEqual(
      name === undefined ? [] : [name],
    );
  });

  test("whose name an Incident has that cannot be read takes the next one", () => {
    const unread = { outcome: "invalid" as const, metadata: { name: "gate-release-revoked-2611d89f" }, why: "x" };
    expect(decide([REVOKED], [unread], nothing, NOW)).toMatchObject([{ name: "gate-release-revoked-2611d89f-2" }]);
  });

  test("that grows widens its Incident, and keeps what was known", () => {
    const incident = open("a");
    const writes = decideIncidents([{ ...REVOKED, digests: [MODEL] }], [closed("z"), incident], nothing, NOW);
    expect(writes).toEqual([{ write: "widen", incident, digests: [MODEL, MODEL6] }]);
  });

  test("of more digests than an Incident holds drops none that it holds back already", () => {
    const known = Array.from({ length: 60 }, (_, index) => toDigest(1000 + index));
    const fresh = Array.from({ length: 10 }, (_, index) => toDigest(index));
    const [one] = decideIncidents([{ ...REVOKED, digests: fresh }], [open("a", { digests: known })], nothing, NOW);
    if (one?.write !== "widen") throw new Error("a wider Incident was expected");
    expect(one.digests).toHaveLength(64);
    expect(one.digests).toEqual(expect.arrayContaining(known));
    expect(one.digests).toEqual(one.digests.toSorted());
  });
});

describe("for any breaches", () => {
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/);
  const maybe = fc.option(name, { nil: undefined });
  const breach: fc.Arbitrary<Breach> = fc.record({
    kind: fc.constantFrom(...BREACHES),
    system: maybe,
    release: maybe,
    order: maybe,
    digests: fc.uniqueArray(fc.nat(200).map(toDigest), { maxLength: 80 }).map((digests) => digests.toSorted()),
    pods: fc.array(name, { maxLength: 3 }),
    why: fc.record({
      code: fc.constant("ImageUnknown" as const),
      text: fc.oneof(
        {
          weight: 9,
          arbitrary: fc.string({ minLength: 1, maxLength: 900, unit: "grapheme" }).map((text) => `x${text}`),
        },
        fc.constant("a line\nand\r\nanother\u2028one"),
      ),
    }),
  });
  const key = (one: Breach) => JSON.stringify([one.kind, one.system, one.release, one.order]);
  const breaches = fc.uniqueArray(breach, { selector: key, maxLength: 4 });

  test("the API server takes every Incident, and its name is a label value", () => {
    fc.assert(
      fc.property(breaches, (found) => {
        for (const one of decideIncidents(found, [], nothing, NOW)) {
          if (one.write !== "open") throw new Error("nothing was there to widen");
          expect(Incident.spec.safeParse(one.spec).error?.message).toBeUndefined();
          expect(one.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
        }
      }),
    );
  });

  test("once it is carried out, nothing is left to write: a restart opens no second one", () => {
    fc.assert(
      fc.property(breaches, breaches, (first, second) => {
        let incidents: Incident[] = [];
        for (const found of [first, second]) {
          expect(decideIncidents(found, incidents, nothing, NOW)).toEqual(
            decideIncidents(found, incidents, nothing, NOW),
          );
          incidents = carryOut(incidents, decideIncidents(found, incidents, nothing, NOW));
          expect(decideIncidents(found, incidents, nothing, NOW + 1)).toEqual([]);
        }
        expect(new Set(incidents.map(({ metadata }) => metadata.name)).size).toBe(incidents.length);
      }),
    );
  });
});
