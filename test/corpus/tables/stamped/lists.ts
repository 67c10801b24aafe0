// Timestamps and revocation: once revoked, always revoked.
import { keepsSince, listRevoked, LONG, OVER } from "../../authorities.ts";
import { ARTIFACT, INVALID } from "../facts.ts";
import { type Company, type Row, stamped } from "./parts.ts";

export function listLists({ root, between, stampRoot, stamper, over }: Company): Row[] {
  const keeping = (revoked: Buffer[] = [], since = LONG.from) =>
    listRevoked(between, revoked, LONG, [keepsSince(since)]);
  const above = [listRevoked(root), listRevoked(stampRoot)];
  const row = (name: string, bent: string, lists: readonly string[], isGood = false): Row => ({
    name,
    bent,
    rule: "X.509 §9.5.2.8: a current list that keeps what ran out, of each authority, and on none of them",
    beside: stamped(over, stamper),
    crls: lists.join(""),
    ...(isGood ? { fact: ARTIFACT } : { ...INVALID, differs: "revocation" as const }),
  });
  return [
    row("lists that keep what ran out", "nothing: expiredCertsOnCRL", [...above, keeping()], true),
    row("a list that may have dropped it", "the list of its issuer does not say whether it keeps what ran out", [
      ...above,
      listRevoked(between),
    ]),
    row("a list that kept it too late", "the list keeps what ran out since a day after", [
      ...above,
      keeping([], OVER.until + 86_400_000),
    ]),
    row("a revoked certificate", "revoked, and stamped before it ran out", [...above, keeping([over.certificate])]),
    row("a revoked authority of timestamps", "the authority's certificate is on its root's list", [
      listRevoked(root),
      listRevoked(stampRoot, [stamper.certificate]),
      keeping(),
    ]),
    row("no list for the authority of timestamps", "only the signer's authorities have lists", [
      listRevoked(root),
      keeping(),
    ]),
  ];
}
