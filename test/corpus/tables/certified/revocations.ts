// Revocation (RFC 5280 §5, §6.3).
import { createBelow, createSigner, listRevoked, OVER } from "../../authorities.ts";
import { ARTIFACT, INVALID } from "../facts.ts";
import { attached, type Company, type Row } from "./parts.ts";

/** Revocation (RFC 5280 §5, §6.3). */
export function listRevocations({ root, between }: Company): Row[] {
  const by = createSigner(between);
  const elsewhere = createBelow(root, "Acme signing");
  const row = (name: string, bent: string, lists: string[], isGood = false): Row => ({
    name,
    bent,
    rule: "RFC 5280 §6.3: a current list of each authority, and on none of them",
    beside: attached(by),
    crls: lists.join(""),
    ...(isGood ? { fact: ARTIFACT } : { ...INVALID, differs: "revocation" as const }),
  });
  return [
    row("current lists", "nothing: a current list of each authority", [listRevoked(root), listRevoked(between)], true),
    row("a revoked certificate", "the signer's certificate is on its authority's list", [
      listRevoked(root),
      listRevoked(between, [by.certificate]),
    ]),
    row("a revoked authority", "the intermediate is on the root's list", [
      listRevoked(root, [between.certificate]),
      listRevoked(between),
    ]),
    row("a list that ran out", "nextUpdate of the intermediate's list", [
      listRevoked(root),
      listRevoked(between, [], OVER),
    ]),
    row("a revoked certificate on an old list", "on a list that ran out, and not on the current one", [
      listRevoked(root),
      listRevoked(between, [by.certificate], OVER),
      listRevoked(between),
    ]),
    row("no list of the intermediate", "only the root's list is given", [listRevoked(root)]),
    row("no list of the root", "only the intermediate's list is given", [listRevoked(between)]),
    row("a list by another key", "an authority of the same name signed the intermediate's list", [
      listRevoked(root),
      listRevoked(elsewhere),
    ]),
  ];
}
