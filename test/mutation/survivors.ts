// Says at once which mutant nobody noticed, as a plugin of Stryker.
import { relative } from "node:path";
import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { isSurvivor, type Mutant } from "./report.ts";

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Reporter, "survivors", {
    onMutantTested: (mutant: Mutant) => {
      if (!isSurvivor(mutant)) return;
      const { fileName, location, mutatorName, replacement = "", status } = mutant;
      const { start, end } = location;
      const where = `${relative(process.cwd(), fileName)}:${start.line}:${start.column}-${end.line}:${end.column}`;
      process.stdout.write(`${status} ${where} ${mutatorName}: ${replacement.replaceAll(/\s+/g, " ").slice(0, 160)}\n`);
    },
  }),
];
