// A validating webhook that admits everything: what the gate is compared with. Runs as a process of its own.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const dir = process.argv[2] ?? "";
const tls = { cert: readFileSync(join(dir, "apiserver.crt")), key: readFileSync(join(dir, "apiserver.key")) };
const server = createServer(tls, (request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => {
    body += text;
  });
  request.once("end", () => {
    const { request: review } = JSON.parse(body) as { request: { uid: string } };
    const answer = {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: review.uid, allowed: true },
    };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.once("disconnect", () => process.exit(0));
