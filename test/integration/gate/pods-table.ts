// What a pod is, and the code of its refusal: the API server and the offline judgement are held to the same table.
import { at, EXPIRED, MODEL, OTHER, PENDING, type PodShape, REVOKED, SERVER, SIDECAR } from "./shapes.ts";

export const UNKNOWN = at(`sha256:${"9".repeat(64)}`);
const two = (image: string) => ({
  containers: [
    { name: "c", image: at(MODEL) },
    { name: "d", image },
  ],
});
const init = (image: string) => ({ initContainers: [{ name: "i", image }] });
const volume = (reference: string) => ({ volumes: [{ name: "v", image: { reference } }] });

/** What a pod is, and the code of the refusal; undefined where it is admitted. */
export const PODS: [string, PodShape, string | undefined][] = [
  ["a vouched image", {}, undefined],
  ["two images of one release", { spec: two(at(SERVER)) }, undefined],
  ["a vouched image with a tag beside its digest", { image: `registry.example/x:v5@${MODEL}` }, undefined],
  ["a supporting sidecar", { spec: two(at(SIDECAR)) }, undefined],
  ["a supporting image alone, without a system", { image: at(SIDECAR), system: "" }, undefined],
  ["an unknown digest", { image: UNKNOWN }, "ImageUnknown"],
  ["a revoked digest", { image: at(REVOKED) }, "DigestRevoked"],
  ["a digest that is not approved", { image: at(PENDING) }, "ApprovalMissing"],
  ["an expired grant", { image: at(EXPIRED) }, "GrantExpired"],
  ["an unpinned tag", { image: "registry.example/x:v9" }, "ImageNotPinned"],
  ["no tag at all", { image: "x" }, "ImageNotPinned"],
  ["two @", { image: `x@sha256:1@${MODEL}` }, "ImageNotPinned"],
  ["a digest in upper case", { image: `x@sha256:${"A".repeat(64)}` }, "ImageNotPinned"],
  ["a sha512 digest", { image: `x@sha512:${"a".repeat(128)}` }, "ImageNotPinned"],
  ["a line break after the digest", { image: `x@${MODEL}\nx` }, "ImageNotPinned"],
  ["another system's release", { image: at(OTHER) }, "ReleasesMixed"],
  [
    "v5's model with v6's server only",
    {
      spec: {
        containers: [
          { name: "c", image: at(OTHER) },
          { name: "d", image: at(MODEL) },
        ],
      },
    },
    "ReleasesMixed",
  ],
  ["an unknown init container", { spec: init(UNKNOWN) }, "ImageUnknown"],
  ["a revoked init container beside a vouched one", { spec: init(at(REVOKED)) }, "DigestRevoked"],
  ["an unknown image volume", { spec: volume(UNKNOWN) }, "ImageUnknown"],
  ["an unpinned image volume", { spec: volume("registry.example/m:v9") }, "ImageNotPinned"],
  ["a vouched image volume", { spec: volume(at(SERVER)) }, undefined],
  ["no system label", { system: "" }, "SystemLabelMissing"],
  ["a system that is not there", { system: "nobody" }, "SystemUnknown"],
  ["the host's network", { spec: { hostNetwork: true } }, "HostNetworkForbidden"],
];
