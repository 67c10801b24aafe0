// A command from its start to its answer, as people wait for it: commands that do the same, one after the other.
import { runTimed, type Spent } from "./timed.ts";

export type Command = [string, ...string[]];

/** What each command took in each round; the first round is not counted. */
export async function measureStarts(
  commands: Readonly<Record<string, Command>>,
  rounds: number,
): Promise<Record<string, Spent[]>> {
  const names = Object.keys(commands);
  const spent = Object.fromEntries(names.map((name) => [name, [] as Spent[]]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, [command, ...args]] of Object.entries(commands)) {
      const took = await runTimed(command, args);
      if (round >= 0) spent[name]?.push(took);
    }
  }
  return spent;
}
