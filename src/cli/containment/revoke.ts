/** `vouchsafe revoke`: what may never run again, by release, digest or signer, and whether it is refused already. */
import type { Incident } from "../../api/incident.ts";
import { AIPolicy } from "../../api/ai-policy.ts";
import { ModelRelease } from "../../api/model-release.ts";
import { ClusterRevocation, Revocation } from "../../api/revocation.ts";
import type { WarrantSpec } from "../../api/warrant.ts";
import { listValid } from "../../domain/facts.ts";
import { digestOfImage } from "../../domain/images.ts";
import { toIso } from "../../domain/time.ts";
import { isApiError } from "../../runtime/index.ts";
import { createNamed } from "../create.ts";
import { readMoment } from "../dates.ts";
import { readAll, readOne, readWarrants } from "../read.ts";
import { readStamp } from "../rights.ts";
import { type Answer, type Session, UsageError } from "../session.ts";
import { lookAfterwards } from "./afterwards.ts";
import { listLines, readIncidents } from "./read-incidents.ts";
import { until } from "./wait.ts";

export interface RevokeOptions {
  reason: string;
  since?: string;
}

/** What is revoked, and where. */
type Target =
  | { what: "release"; name: string; listed: readonly string[] }
  | { what: "digest"; digest: string; scope: "namespace" | "cluster" }
  | { what: "signer"; name: string };

/** How long a breach may take to be noticed once the revocation is in force. */
const NOTICE_MS = 3000;

function toSpec(target: Target): Record<string, unknown> {
  switch (target.what) {
    case "release":
      return { release: target.name };
    case "digest":
      return { digests: [target.digest] };
    case "signer":
      return { signer: target.name };
  }
}

const isClusterWide = (target: Target) =>
  target.what === "signer" || (target.what === "digest" && target.scope === "cluster");

const toBase = (target: Target) => (target.what === "digest" ? target.digest.slice(7, 19) : target.name);

const refusesAll = ({ images = {} }: WarrantSpec, digests: readonly string[]) =>
  digests.every((digest) => images[digest]?.refused !== undefined);

/** The digests that the Warrant refuses because of it; undefined while it is not in force here. */
async function findRefused(session: Session, target: Target, name: string): Promise<string[] | undefined> {
  const warrant = (await readWarrants(session)).get("enforce");
  if (warrant === undefined) return undefined;
  switch (target.what) {
    case "release": {
      const { status } = (await readOne<Revocation>(session, Revocation, name)) ?? {};
      const isInForce = status?.conditions?.some((one) => one.type === "InForce" && one.status === "True") === true;
      // Of a release whose images all run with others too, no digest falls.
      return isInForce && refusesAll(warrant, status.digests ?? []) ? (status.digests ?? []) : undefined;
    }
    case "digest":
      return refusesAll(warrant, [target.digest]) ? [target.digest] : undefined;
    case "signer": {
      const fallen = Object.entries(warrant.images ?? {}).filter(
        ([, entry]) => entry.refused?.code === "SignerRevoked",
      );
      return fallen.length === 0 ? undefined : fallen.map(([digest]) => digest);
    }
  }
}

const isAbout = (target: Target, digests: readonly string[]) => (incident: Incident) => {
  const { spec } = incident;
  if (spec.state !== "Open" || spec.breach === undefined) return false;
  if (target.what === "release" && spec.release === target.name) return true;
  return (spec.digests ?? []).some((digest) => digests.includes(digest));
};

async function findIncidents(session: Session, target: Target, digests: readonly string[]): Promise<Incident[]> {
  const probe = async () => {
    const found = (await readIncidents(session)).filter(isAbout(target, digests));
    return found.length === 0 ? undefined : found;
  };
  return (await until(probe, NOTICE_MS)) ?? [];
}

const sayPending = (target: Target, { namespace }: Session): string[] => [
  target.what === "signer"
    ? `No digest is refused for it in namespace ${namespace} yet: nothing there rests on this signer, or the operator is down.`
    : `Namespace ${namespace} does not refuse it yet: nothing is enforced there, or the operator is down.`,
  "It is on record and counts as soon as the operator sees it; until then what was vouched for is still admitted.",
  `Next: kubectl get warrant enforce -n ${namespace} -o yaml`,
];

/** What other releases list too, and may still run with them; whoever wants that gone too has to hear of it. */
const listSpared = (target: Target, digests: readonly string[]): string[] =>
  target.what === "release" ? target.listed.filter((digest) => !digests.includes(digest)) : [];

function saySpared(target: Target, digests: readonly string[]): string[] {
  const spared = digests.length === 0 ? [] : listSpared(target, digests);
  return spared.length === 0
    ? []
    : [
        "Not refused for it, since a release that is not revoked lists it too:",
        ...spared.map((digest) => `  ${digest}`),
        "Next, where it may not run with any release: vouchsafe revoke digest",
      ];
}

/** What is refused now, of a release also what is not, and what came of it. */
const sayRefused = (
  session: Session,
  target: Target,
  digests: readonly string[],
  incidents: readonly Incident[],
): string[] => [
  digests.length === 0
    ? "It is in force; every image of the release runs with other releases too, so no digest is refused for it alone."
    : `The API server refuses in namespace ${session.namespace}:`,
  ...digests.map((digest) => `  ${digest}`),
  ...saySpared(target, digests),
  ...(incidents.length === 0
    ? ["No Incident came of it here: nothing that runs uses it."]
    : ["Open Incidents about it:", ...listLines(incidents, session)]),
];

/** Waits until it is refused, and then for a breach to be noticed. */
async function see(session: Session, target: Target, name: string) {
  const digests = await until(() => findRefused(session, target, name));
  return { digests, incidents: digests === undefined ? [] : await findIncidents(session, target, digests) };
}

function readPast(text: string, now: number): number {
  const moment = readMoment(text, "--since");
  if (moment > now) throw new UsageError(`--since ${text} is in the future: name when the fault began`);
  return moment;
}

/** The signers that any AIPolicy names; undefined where the user may not read them. */
async function listSigners(session: Session): Promise<string[] | undefined> {
  try {
    const policies = listValid(await readAll<AIPolicy>(session, AIPolicy));
    return [...new Set(policies.flatMap(({ spec }) => spec.signers.map(({ name }) => name)))];
  } catch (error) {
    if (isApiError(error, "Forbidden")) return undefined;
    throw error;
  }
}

async function revoke(session: Session, target: Target, options: RevokeOptions): Promise<Answer> {
  const kind = isClusterWide(target) ? ClusterRevocation : Revocation;
  const since = options.since === undefined ? {} : { since: toIso(readPast(options.since, session.now)) };
  const by = await readStamp(session);
  const spec = { ...toSpec(target), reason: options.reason, ...since, by };
  const written = await createNamed(session, kind, toBase(target), spec);
  if (written.outcome === "refused") {
    return { exit: 1, json: { refused: written.message }, lines: [written.message] };
  }
  const { name } = written.object.metadata;
  const head = `${kind.singular}.vouchsafe.dev/${name} created by ${by.username}; it is for good.`;
  session.tell(`Revocation ${name} is on record; waiting until it is refused.`);
  const look = await lookAfterwards(() => see(session, target, name));
  if (look.outcome === "unseen")
    return {
      exit: 0,
      json: { revocation: written.object, refused: null, incidents: [] },
      lines: [head, ...look.lines],
    };
  const { digests, incidents } = look.value;
  const lines = digests === undefined ? sayPending(target, session) : sayRefused(session, target, digests, incidents);
  const elsewhere = kind.namespaced ? [] : ["Other namespaces: kubectl get incidents -A"];
  return {
    exit: 0,
    json: {
      revocation: written.object,
      refused: digests ?? null,
      spared: digests === undefined ? null : listSpared(target, digests),
      incidents,
    },
    lines: [head, ...lines, ...elsewhere],
  };
}

/** Revokes a release of the namespace. */
export async function revokeRelease(session: Session, name: string, options: RevokeOptions): Promise<Answer> {
  const release = await readOne<ModelRelease>(session, ModelRelease, name);
  if (release === undefined) {
    throw new UsageError(
      `there is no ModelRelease ${name} in namespace ${session.namespace}; one that was deleted is revoked by its digests: vouchsafe revoke digest`,
    );
  }
  const listed = [...new Set(release.spec.artifacts.map(({ image }) => digestOfImage(image)))];
  return revoke(session, { what: "release", name, listed }, options);
}

/** Revokes a digest, here or everywhere. */
export function revokeDigest(
  session: Session,
  text: string,
  options: RevokeOptions & { cluster?: boolean },
): Promise<Answer> {
  const [, hex] = /^(?:[^@\s]+@)?(?:sha256:)?([a-f0-9]{64})$/.exec(text) ?? [];
  if (hex === undefined) throw new UsageError(`${text} is no digest such as sha256:…, of 64 digits 0-9 and a-f`);
  const scope = options.cluster === true ? "cluster" : "namespace";
  return revoke(session, { what: "digest", digest: `sha256:${hex}`, scope }, options);
}

/** Revokes a signer, everywhere. A slip in the name would be on record for good, and refuse nothing. */
export async function revokeSigner(
  session: Session,
  name: string,
  options: RevokeOptions & { force?: boolean },
): Promise<Answer> {
  const known = options.force === true ? undefined : await listSigners(session);
  if (known !== undefined && !known.includes(name))
    throw new UsageError(
      `no AIPolicy names a signer ${name}, only: ${known.join(", ") || "none"}; --force revokes one that was deleted`,
    );
  return revoke(session, { what: "signer", name }, options);
}
