/** Unpacks a layer's bytes within bounds. */
import { unfit } from "../model-signing/refusal.ts";
import { boundBytes, gatherBytes } from "./bytes.ts";
import { gunzip } from "./gzip.ts";
import type { LayerTask } from "./layer.ts";
import { boundUnpacked } from "./limits.ts";
import { unzstd } from "./zstd.ts";

/** The unpacked bytes of a layer. */
export function unpack(
  { digest, size, packing, limits }: LayerTask,
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const packed = gatherBytes(boundBytes(source, size, () => unfit(`layer ${digest} has more bytes than it says`)));
  const most = boundUnpacked(limits, size);
  const bound = (bytes: AsyncIterable<Buffer>) =>
    boundBytes(bytes, most, () => unfit(`layer ${digest} unpacks to more than ${most} bytes`));
  switch (packing) {
    case "raw":
    case "tar":
      return bound(packed);
    case "tar+gzip":
      return bound(gunzip(packed));
    case "tar+zstd":
      return bound(unzstd(packed));
  }
}
