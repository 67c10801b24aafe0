/** How far verification is with the layers of a release, in words. */
import type { ArtifactReading } from "../api/model-release.ts";
import { flatten, type Stated } from "./findings.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Both in the unit that fits the second, such as `0.4 of 12.0 GiB`. */
function sayShare(done: number, all: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(all, 1)) / 10), UNITS.length - 1);
  const digits = power === 0 ? 0 : 1;
  const say = (bytes: number) => (bytes / 1024 ** power).toFixed(digits);
  return `${say(done)} of ${say(all)} ${UNITS[power]}`;
}

const sum = (readings: readonly ArtifactReading[], of: "layers" | "bytes", what: "done" | "all") =>
  readings.reduce((total, reading) => total + reading[of][what], 0);

/** How far it is with these artifacts together, such as `2 of 5 layers, 3.1 of 12.0 GiB`. */
export function sayReading(readings: readonly ArtifactReading[]): string {
  const layers = `${sum(readings, "layers", "done")} of ${sum(readings, "layers", "all")} layers`;
  return `${layers}, ${sayShare(sum(readings, "bytes", "done"), sum(readings, "bytes", "all"))}`;
}

/** Adds to what waits for verification how far that is; anything else stays as it is stated. */
export function addReading(stated: Stated, readings: readonly ArtifactReading[] = []): Stated {
  if (stated.code !== "VerificationPending" || readings.length === 0) return stated;
  return { ...stated, text: flatten(`${stated.text}. Read so far: ${sayReading(readings)}`) };
}
