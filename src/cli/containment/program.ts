/** The commands of containment as commander sees them: stop, resume, revoke, incident. Each is loaded when it is asked for. */
import type { Command } from "commander";
import type { Answer, Session } from "../session.ts";
import type { ReviewOptions } from "./complete-incident.ts";
import type { RevokeOptions } from "./revoke.ts";
import type { StopOptions } from "./stop.ts";

/** Runs what a command does, with the options of the whole program. */
type Act = (act: (session: Session) => Promise<Answer>) => Promise<void>;

const AUTHORITY = "the entry of its oversight.stopAuthority; the first one that you hold where it is left out";

function addStop(program: Command, act: Act): void {
  program
    .command("stop <system>")
    .description("order that an AI system stands still")
    .requiredOption("--reason <text>", "why; people whose pods are refused read it")
    .option("--authority <name>", AUTHORITY)
    .addHelpText(
      "after",
      `
Works with the operator down, as far as the API server alone can do it: from the moment the Stop is there, new pods of
the system are refused. Freezing evidence and ending the pods that run is the operator's part. The command waits for it
for 10 seconds; where the operator is not there it says so, and its exit status is still 0: the order stands, and the
operator takes it up when it is back.

  vouchsafe stop voice-gate -n voice --reason "It drops callers with an accent."`,
    )
    .action((system: string, options: StopOptions) =>
      act(async (session) => (await import("./stop.ts")).stop(session, system, options)),
    );
  program
    .command("resume <system>")
    .description("lift every Stop of an AI system; the records stay")
    .requiredOption("--reason <text>", "why it may run again")
    .option("--authority <name>", AUTHORITY)
    .action((system: string, options: StopOptions) =>
      act(async (session) => (await import("./resume.ts")).resume(session, system, options)),
    );
}

function addRevoke(program: Command, act: Act): void {
  const revoke = program
    .command("revoke")
    .description("say that something may never run again, and see what comes of it");
  const add = (usage: string, description: string) =>
    revoke
      .command(usage)
      .description(description)
      .requiredOption("--reason <text>", "why; people whose workload is refused read it")
      .option("--since <date>", "since when the fault is known, such as 2027-02-01");
  add("release <name>", "a ModelRelease of the namespace, by its name and its digests").action(
    (name: string, options: RevokeOptions) =>
      act(async (session) => (await import("./revoke.ts")).revokeRelease(session, name, options)),
  );
  add("digest <sha256>", "one digest, whichever release lists it")
    .option("--cluster", "in every namespace, not only in this one")
    .action((digest: string, options: RevokeOptions & { cluster?: boolean }) =>
      act(async (session) => (await import("./revoke.ts")).revokeDigest(session, digest, options)),
    );
  add("signer <name>", "a signer; its signatures count in no namespace any more")
    .option("--force", "also where no AIPolicy names the signer, such as one that was deleted")
    .action((name: string, options: RevokeOptions & { force?: boolean }) =>
      act(async (session) => (await import("./revoke.ts")).revokeSigner(session, name, options)),
    );
}

function addIncident(program: Command, act: Act): void {
  const incident = program
    .command("incident")
    .description("see what stopped being vouched for, what was done about it, and complete the record");
  incident
    .command("list")
    .description("open Incidents of the namespace, newest first")
    .option("--all", "closed ones too")
    .action((options: { all?: boolean }) =>
      act(async (session) => (await import("./show-incident.ts")).listIncidents(session, options)),
    );
  incident
    .command("show <name>")
    .description("one Incident: timeline, actions, frozen evidence, workloads, and the next step")
    .action((name: string) => act(async (session) => (await import("./show-incident.ts")).showIncident(session, name)));
  incident
    .command("review <name>")
    .description("add what people found and did; what is left out stays as it is")
    .option("--cause <text>", "the cause")
    .option("--action <text>", "what is done so that it does not happen again")
    .option("--check-due <date>", "when the action's effect is checked, such as 2027-02-01")
    .option("--check-result <text>", "what the check showed")
    .action((name: string, options: ReviewOptions) =>
      act(async (session) => (await import("./complete-incident.ts")).reviewIncident(session, name, options)),
    );
  incident
    .command("go <name> <rung>")
    .description("let a rung go ahead that waits for a holder of stopAuthority")
    .option("--authority <name>", AUTHORITY)
    .action((name: string, rung: string, options: { authority?: string }) =>
      act(async (session) => (await import("./complete-incident.ts")).letGo(session, name, rung, options)),
    );
  incident
    .command("close <name>")
    .description("close an Incident for good; it takes cause, action and the result of a check")
    .action((name: string) =>
      act(async (session) => (await import("./complete-incident.ts")).closeIncident(session, name)),
    );
}

/** Adds the commands to the program. */
export function addContainment(program: Command, act: Act): void {
  addStop(program, act);
  addRevoke(program, act);
  addIncident(program, act);
}
