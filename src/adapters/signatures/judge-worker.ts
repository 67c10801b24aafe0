/** What runs in the other thread. A Buffer arrives there as plain bytes. */
import { type Case, judgeCandidates, type JudgedCandidate } from "./judge-candidates.ts";

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Judges in this thread what was sent to it. */
export default function judge({ subject, candidates, signers, now }: Case): Promise<JudgedCandidate[]> {
  return judgeCandidates({
    subject,
    candidates: candidates.map(({ payload, envelope, ...candidate }) => ({
      ...candidate,
      bundle: toBuffer(candidate.bundle),
      ...(payload === undefined ? {} : { payload: toBuffer(payload) }),
      ...(envelope === undefined
        ? {}
        : { envelope: { bytes: toBuffer(envelope.bytes), stamp: toBuffer(envelope.stamp) } }),
    })),
    signers,
    now,
  });
}
