// What the authorities' names allow (RFC 5280 §4.2.1.10).
import type { Holder } from "../../../harness/sigstore/certificates.ts";
import { constrain, createBelow, createSigner, EMAIL, MAIL, SUBJECT, URI } from "../../authorities.ts";
import { ARTIFACT, INVALID } from "../facts.ts";
import { attached, type Company, type Row } from "./parts.ts";

/** What the authorities' names allow (RFC 5280 §4.2.1.10). */
export function listConstraints({ root }: Company): Row[] {
  const below = (...extensions: Buffer[]) => createBelow(root, "Acme narrow", { extensions });
  const narrow = below(constrain([[MAIL, "acme.example"]]));
  const wider = createBelow(narrow, "Acme wider", { extensions: [constrain([[MAIL, "evil.example"]])] });
  const excluding = below(constrain([], [[MAIL, "evil.example"]]));
  const nobody = below(constrain([], [[MAIL, ""]]));
  const mailbox = below(constrain([[MAIL, EMAIL]]));
  const host = below(constrain([[URI, "acme.example"]]));
  const ofPipeline = below(constrain([[SUBJECT, createSigner(root).name]]));
  const ofOthers = below(constrain([[SUBJECT, root.name]]));
  const hosts = below(constrain([[URI, ".acme.example"]]));
  const row = (name: string, bent: string, authorities: Holder[], names: string[]): Row => ({
    name,
    bent,
    rule: "RFC 5280 §6.1.3 (b), (c): each name is permitted by each authority above, and excluded by none",
    beside: attached(createSigner(authorities[0] ?? root, { names })),
    roots: [...authorities, root],
    identity: { exact: names.at(-1) ?? "" },
    ...INVALID,
  });
  const good = (name: string, bent: string, authority: Holder, as: string): Row => {
    const { problems: _, ...rest } = row(name, bent, [authority], [as]);
    return { ...rest, as, fact: ARTIFACT };
  };
  return [
    good("a permitted address", "nothing: the authority may name acme.example", narrow, EMAIL),
    good("a permitted mailbox", "nothing: the authority may name this mailbox", mailbox, EMAIL),
    good("a permitted host", "nothing: the authority may name acme.example", host, "https://acme.example/voice"),
    good(
      "a permitted host below",
      "nothing: the authority may name hosts below acme.example",
      hosts,
      "https://ci.acme.example/voice",
    ),
    good("an address that is not excluded", "nothing: the authority may not name evil.example", excluding, EMAIL),
    {
      ...good("a permitted subject", "nothing: the authority may issue for this subject", ofPipeline, EMAIL),
      differs: "subject-constraint",
    },
    row("a subject outside", "the authority may issue for another subject alone", [ofOthers], [EMAIL]),
    row("any address excluded", "the authority may name no address at all", [nobody], [EMAIL]),
    row(
      "an address that is none",
      "no mailbox before the host, below an authority that may name one host alone",
      [host],
      ["@acme.example"],
    ),
    {
      ...row(
        "a signer called as its authority",
        "an address outside beside one inside, and the authority's own name as subject",
        [narrow],
        ["ml@evil.example"],
      ),
      beside: attached(createSigner(narrow, { common: "Acme narrow", names: [EMAIL, "ml@evil.example"] })),
    },
    row("an address outside", "the authority may name acme.example alone", [narrow], ["ml@evil.example"]),
    {
      ...row(
        "an address of a host below",
        "the authority may name addresses at acme.example itself alone",
        [narrow],
        ["ml@ci.acme.example"],
      ),
      differs: "mail-host",
    },
    row("another mailbox", "the authority may name another mailbox alone", [mailbox], ["eve@acme.example"]),
    row(
      "an address outside beside one inside",
      "two names, one of them permitted",
      [narrow],
      [EMAIL, "ml@evil.example"],
    ),
    row(
      "a wider authority below a narrow one",
      "the lower authority permits itself what the upper one may not",
      [wider, narrow],
      ["ml@evil.example"],
    ),
    row("an excluded address", "the authority may not name evil.example", [excluding], ["ml@evil.example"]),
    row("an excluded address in capitals", "the authority may not name evil.example", [excluding], ["ml@EVIL.example"]),
    row(
      "an address with two at signs",
      "the part in the middle is permitted",
      [narrow],
      ["ml@acme.example@evil.example"],
    ),
    row("a host outside", "the authority may name acme.example alone", [host], ["https://evil.example/acme.example"]),
    row(
      "a host after a user",
      "the permitted host is in the user's place",
      [host],
      ["https://acme.example:x@evil.example/"],
    ),
    row(
      "a host that ends alike",
      "evilacme.example ends with what is permitted",
      [hosts],
      ["https://evilacme.example/"],
    ),
    row("an address without a host", "a URI without an authority", [host], ["urn:acme.example"]),
  ];
}
