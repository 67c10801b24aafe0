/**
 * The vouchsafe command as commander sees it: names, options and what `--help` teaches. What a command does is loaded when
 * it is asked for, so that each starts without what the others need.
 */
import { Command, Option } from "commander";
import type { ApproveOptions } from "./approve.ts";
import { addContainment } from "./containment/program.ts";
import type { Answer, GlobalOptions, Machine, Session } from "./session.ts";
import { addVerification } from "./verify/program.ts";
import { VERSION } from "./version.ts";

const EXIT_CODES = `
Exit status: 0 yes, or done; 1 the answer is no (refused, not ready); 2 usage or environment.`;

/** What runs the commands: those that ask a cluster, and those that need none. */
export interface Runners {
  run: Runner;
  runLocally: (options: GlobalOptions, act: (machine: Machine) => Promise<Answer>) => Promise<void>;
}

/** What runs a command and prints its answer. */
type Runner = (options: GlobalOptions, act: (session: Session) => Promise<Answer>) => Promise<void>;

/** Prints an answer as it was asked for; gives the exit status. */
export function print({ output }: GlobalOptions, { exit, json, lines, warnings = [] }: Answer): number {
  for (const warning of warnings) process.stderr.write(`vouchsafe: warning: ${warning}\n`);
  process.stdout.write(output === "json" ? `${JSON.stringify(json, null, 2)}\n` : `${lines.join("\n")}\n`);
  return exit;
}

/** Opens the cluster, runs, prints; gives the exit status. */
export async function answer(options: GlobalOptions, act: (session: Session) => Promise<Answer>): Promise<number> {
  const { openSession } = await import("./open-session.ts");
  const session = await openSession(options);
  try {
    return print(options, await act(session));
  } finally {
    await session.client.close();
  }
}

/** Builds the program; `run` is called with what the chosen command does, `exit` with commander's own exit status. */
export function buildProgram({ run, runLocally }: Runners, exit: (status: number) => never): Command {
  const program = new Command("vouchsafe")
    // Inherited by the commands below, so it comes first.
    .exitOverride(({ exitCode }) => exit(exitCode))
    .description(
      "Ask why an AI workload may run or not, decide on releases and risks under your own name, stop and revoke, handle incidents; verify signatures anywhere.",
    )
    .version(VERSION)
    .option("--kubeconfig <path>", "kubeconfig; KUBECONFIG, ~/.kube/config or the pod's own where it is left out")
    .option("--context <name>", "context of the kubeconfig")
    .option("-n, --namespace <name>", "namespace; the context's where it is left out")
    .addOption(new Option("-o, --output <format>", "json for machines").choices(["json"]))
    .addHelpText("after", EXIT_CODES);
  const globals = () => program.opts<GlobalOptions>();

  program
    .command("status")
    .description("show every AI system with what may run and what it waits for")
    .option("-A, --all-namespaces", "all namespaces")
    .action((options: { allNamespaces?: boolean }) =>
      run(globals(), async (session) => (await import("./status.ts")).status(session, options.allNamespaces === true)),
    );

  const explain = program.command("explain").description("say why something may run or not, and what to do next");
  explain
    .command("system <name>")
    .description("an AISystem with its risk, its releases, and who has to decide")
    .action((name: string) =>
      run(globals(), async (session) => (await import("./explain.ts")).explainSystem(session, name)),
    );
  explain
    .command("release <name>")
    .description("a ModelRelease: what was verified, who approved, until when")
    .action((name: string) =>
      run(globals(), async (session) => (await import("./explain.ts")).explainRelease(session, name)),
    );
  explain
    .command("image <reference>")
    .description("an image, by tag or digest: for which system it may run, or why not")
    .action((image: string) =>
      run(globals(), async (session) => (await import("./explain.ts")).explainImage(session, image)),
    );
  explain
    .command("pod <name>")
    .description("a pod that runs: whether it would be admitted now")
    .action((name: string) =>
      run(globals(), async (session) => (await import("./explain.ts")).explainPod(session, name)),
    );
  explain
    .command("namespace <name>")
    .description("a namespace, also before it is governed: which of its pods a policy refuses")
    .option("--policy <name>", "AIPolicy to try; the one that the namespace names where it is left out")
    .action((name: string, options: { policy?: string }) =>
      run(globals(), async (session) =>
        (await import("./explain-namespace.ts")).explainNamespace(session, name, options.policy),
      ),
    );

  program
    .command("approve <kind> <name>")
    .description("approve a modelrelease or accept a riskassessment, as it stands, in a role that you hold")
    .option("--role <role>", "the role; needed where several are wanted")
    .option(
      "--until <date>",
      "last day, such as 2027-02-01; the longest that is allowed, 90 days at most, where it is left out",
    )
    .option("--days <number>", "days instead of a date")
    .requiredOption("--reason <text>", "why")
    .option("--reject", "reject it instead: nothing runs on it until the rejection is withdrawn")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      `
Shows what is decided on and asks, unless --yes is given. The Approval names the digest of the present content:
an edit voids it. Authors cannot approve what they wrote. \`vouchsafe whoami\` shows your roles.

  vouchsafe approve modelrelease voice-gate-v5 -n voice --reason "Noise suite passed."
  vouchsafe approve ra voice-gate -n voice --days 30 --reason "Accepted until the new filter is in."`,
    )
    .action((kind: string, name: string, options: ApproveOptions) =>
      run(globals(), async (session) => (await import("./approve.ts")).approve(session, kind, name, options)),
    );
  program
    .command("withdraw <approval>")
    .description("take an Approval back; it counts no longer from then on")
    .requiredOption("--reason <text>", "why")
    .action((name: string, options: { reason: string }) =>
      run(globals(), async (session) => (await import("./approve.ts")).withdraw(session, name, options)),
    );
  program
    .command("whoami")
    .description("show who the API server takes you for, in which roles you may decide, and what you may stop")
    .action(() => run(globals(), async (session) => (await import("./whoami.ts")).whoami(session)));
  addContainment(program, (act) => run(globals(), act));
  addVerification(program, (act) => runLocally(globals(), act));
  return program;
}
