/** What a zip is, by what its directory lists and how that begins. */
import type { FileFormat } from "../../../api/file-formats.ts";
import { tellPickle } from "./pickle.ts";
import type { Sample } from "./sample.ts";
import { tellNpy } from "./structures.ts";
import { listMembers, type ZipMember } from "./zip.ts";
import { createPeek, hasOverlap } from "./zip-content.ts";

type MemberKind = "pickle" | "npy" | "other" | "unseen";

function tellMember({ name, size }: ZipMember, peek: () => Buffer | undefined): MemberKind {
  if (/\.(pkl|pickle|joblib)$/i.test(name)) return "pickle";
  if (size === 0 || name.endsWith("/")) return "other";
  const head = peek();
  if (head === undefined) return "unseen";
  // Only its beginning is at hand: a member that may go on as a pickle counts as one.
  if (tellPickle(head, size) !== "none") return "pickle";
  return tellNpy(head) ?? "other";
}

/** Tells a zip. Where a member was not seen, or would be more work than the bounds allow, it is no more than a zip. */
export function tellZip(sample: Sample): FileFormat {
  const listing = listMembers(sample);
  if (listing === undefined || listing.members.length === 0) return "unknown";
  const { members } = listing;
  const names = new Set(members.map(({ name }) => name));
  if (names.size < members.length || hasOverlap(sample, listing)) return "polyglot";
  const peek = createPeek(sample);
  const kinds = new Set(members.map((member) => tellMember(member, () => peek(member))));
  if (kinds.has("pickle")) return members.some(({ name }) => /(^|\/)data\.pkl$/.test(name)) ? "pytorch" : "pickle";
  if (kinds.has("unseen")) return "zip";
  if (kinds.size === 1 && kinds.has("npy")) return "npz";
  if (["metadata.json", "config.json", "model.weights.h5"].every((name) => names.has(name))) return "keras";
  return "zip";
}
