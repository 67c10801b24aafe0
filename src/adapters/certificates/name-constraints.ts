/**
 * Name constraints (RFC 5280 §4.2.1.10, §6.1.3 b and c): each name of each certificate is permitted by each authority
 * above it, and excluded by none. The engine asks only whether one of a certificate's names is permitted by one of the
 * authorities, and takes what stands before a colon or between two at signs for the host.
 */
import { type GeneralName, NameConstraints, type RelativeDistinguishedNames } from "pkijs";
import type { RuledCertificate } from "./light-certificate.ts";
import { listGeneralNames } from "./names.ts";
import { CertificateRefusal } from "./refusal.ts";

const NAME_CONSTRAINTS = "2.5.29.30";
/** Tags of GeneralName that are compared here. */
const [MAIL, HOST, DIRECTORY, URI] = [1, 2, 4, 6];

const refuse = (why: string) => new CertificateRefusal(`its certificate is not trusted: ${why}`);

const LABELS = /^[a-z0-9_](?:[-_a-z0-9]*[a-z0-9_])?(?:\.[a-z0-9_](?:[-_a-z0-9]*[a-z0-9_])?)*$/;
const isHost = (text: string) => LABELS.test(text) && !/^[0-9.]+$/.test(text);

/** Whether a host is the one that is named, or where that begins with a dot, lies below it. */
const isHostWithin = (host: string, named: string) => (named.startsWith(".") ? host.endsWith(named) : host === named);

/** A mailbox without quotes (RFC 5321 §4.1.2), in which everybody finds the same host. */
const MAILBOX = /^[-!#$%&'*+/=?^_`{|}~a-z0-9]+(?:\.[-!#$%&'*+/=?^_`{|}~a-z0-9]+)*@([^@]+)$/i;

function findMailHost(address: string): string | undefined {
  const host = MAILBOX.exec(address)?.[1]?.toLowerCase();
  return host !== undefined && isHost(host) ? host : undefined;
}

function findUriHost(uri: string): string | undefined {
  const host = /^[a-z][-+.a-z0-9]*:\/\/([^/?#\\@:\s]+)(?::[0-9]*)?(?:[/?#]|$)/i.exec(uri)?.[1]?.toLowerCase();
  return host !== undefined && isHost(host) ? host : undefined;
}

/** Whether the name lies within the constraint; undefined where nobody can tell. */
function isWithin(type: number, name: string, constraint: string): boolean | undefined {
  const named = constraint.toLowerCase();
  // Whatever one puts in front of nothing is below it, of the types that are told by a text.
  if (named === "") return type === MAIL || type === HOST || type === URI ? true : undefined;
  switch (type) {
    case MAIL: {
      const host = findMailHost(name);
      if (host === undefined) return undefined;
      if (!constraint.includes("@")) return isHostWithin(host, named);
      const [local] = constraint.split("@");
      return name.startsWith(`${local}@`) && host === findMailHost(constraint);
    }
    case HOST: {
      const host = name.toLowerCase().replace(/^\*\./, "");
      return isHost(host) ? host === named || host.endsWith(`.${named.replace(/^\./, "")}`) : undefined;
    }
    case URI: {
      const host = findUriHost(name);
      return host === undefined ? undefined : isHostWithin(host, named);
    }
    default:
      return undefined;
  }
}

/** Whether a subject begins with the constraint, part by part. */
function isBelow({ typesAndValues: own }: RelativeDistinguishedNames, of: RelativeDistinguishedNames): boolean {
  return of.typesAndValues.every((part, at) => own[at]?.isEqual(part) === true);
}

function isClear({ type, text }: { type: number; text: string }): boolean {
  if (type === MAIL) return findMailHost(text) !== undefined;
  return type !== URI || findUriHost(text) !== undefined;
}

type Name = { type: number; text: string } | { type: number; directory: RelativeDistinguishedNames };

function toName({ type, value }: GeneralName): Name {
  if (type === DIRECTORY) return { type, directory: value as RelativeDistinguishedNames };
  return { type, text: typeof value === "string" ? value : "" };
}

/** All that a certificate is called; its subject where that is not empty. */
function listNames(certificate: RuledCertificate): Name[] {
  const { subject } = certificate;
  const own = subject.typesAndValues.length === 0 ? [] : [{ type: DIRECTORY, directory: subject }];
  return [...own, ...listGeneralNames(certificate).map(toName)];
}

function demandWithin(name: Name, constraints: NameConstraints): void {
  const listTrees = (trees: NameConstraints["permittedSubtrees"]) =>
    (trees ?? []).map(({ base }) => toName(base)).filter(({ type }) => type === name.type);
  const unclear = () => refuse("it is called by a name that its authorities' constraints cannot be held to");
  const compare = (constraint: Name): boolean => {
    if ("directory" in name) return "directory" in constraint && isBelow(name.directory, constraint.directory);
    const found = "text" in constraint ? isWithin(name.type, name.text, constraint.text) : undefined;
    if (found === undefined) throw unclear();
    return found;
  };
  // Go refuses these below any constraint; a name whose host nobody knows is not one to be lenient with.
  if ("text" in name && !isClear(name)) throw unclear();
  const permitted = listTrees(constraints.permittedSubtrees);
  if (permitted.length > 0 && !permitted.map(compare).includes(true))
    throw refuse("one of its authorities may not issue for a name in it");
  if (listTrees(constraints.excludedSubtrees).map(compare).includes(true))
    throw refuse("one of its authorities may not issue for a name in it");
}

const findConstraints = ({ extensions = [] }: RuledCertificate): NameConstraints | undefined => {
  const found = extensions.find(({ extnID }) => extnID === NAME_CONSTRAINTS);
  if (found === undefined) return undefined;
  if (found.parsedValue instanceof NameConstraints) return found.parsedValue;
  throw refuse("the name constraints of one of its authorities cannot be read");
};

/** Holds the names on a path, the signer's certificate first, to what its authorities may issue for. */
export function demandPermittedNames(path: readonly RuledCertificate[]): void {
  for (const [step, authority] of path.entries()) {
    const constraints = step === 0 ? undefined : findConstraints(authority);
    if (constraints === undefined) continue;
    for (const [below, certificate] of path.slice(0, step).entries()) {
      // An authority that issued itself anew is not constrained by its own constraints.
      if (below > 0 && certificate.issuer.isEqual(certificate.subject)) continue;
      for (const name of listNames(certificate)) demandWithin(name, constraints);
    }
  }
}
