import { mkdir } from 'node:fs/promises';
import { runCommand } from '../exec/command.ts';
import type { Scope } from '../exec/scope.ts';
import { checkOut } from '../git/checkout.ts';
import { Mirror } from '../git/mirror.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { newStep, type Reason, type Step } from '../kernel/model.ts';
import type { Credential } from '../secrets/credential.ts';
import type { GivenSecrets } from '../secrets/delivery.ts';
import { discover, isThere, lookedFor } from './discover.ts';
import { JobEnding, type JobOutcome } from './ending.ts';
import { Masker } from './output/masker.ts';

export interface JobInput {
  repo: { name: string; url: string };
  ref: string;
  sha: string;
  plan: { kind: 'discover' } | { kind: 'command'; command: string } | { kind: 'workflow' };
}

export interface JobSurroundings {
  /** an empty or missing folder of the job's own */
  workspace: string;
  /** folder of the machine's mirrors */
  mirrors: string;
  /** environment that commands start from */
  env: Readonly<Record<string, string>>;
  /** opened while the commit is checked out; it is not closed here */
  scope: Promise<Scope>;
  /** takes the log, byte for byte; a promise that it returns holds the job's output back */
  output(chunk: Buffer): void | Promise<void>;
  /** is told of all steps whenever one begins or ends */
  progress(steps: Step[]): void;
  /** the secrets that the job may use; rejects with a JobEnding where they cannot be had */
  secrets(): Promise<GivenSecrets>;
  /** what the repository is fetched with, asked for where something has to be fetched; rejects likewise */
  credential(): Promise<Credential | undefined>;
  /** aborts with a JobEnding as its reason */
  signal: AbortSignal;
}

/** A step that did not succeed ends the job with this. */
class StepFailed extends Error {
  readonly outcome: JobOutcome;

  constructor(status: 'failure' | 'error', reason: Reason, message: string, exitCode: number | null = null) {
    super(message);
    this.outcome = { status, reason, message, exitCode };
  }
}

/**
 * Runs one job from its commit to its verdict: checks out, finds the tests, runs them. Never rejects: whatever goes
 * wrong becomes the outcome, told apart as the commit's fault or ours.
 */
export async function runJob(
  input: JobInput,
  around: JobSurroundings,
): Promise<{ outcome: JobOutcome; steps: Step[] }> {
  const log = new JobLog(around);
  const steps = new Steps(around);
  // on their way while the commit is checked out
  const given = around.secrets();
  given.catch(() => undefined);
  try {
    await steps.run('checkout', () => checkout(input, around, log));
    const { values, withheld } = await given;
    log.hide(Object.values(values));
    if (withheld !== null) void log.say(`no secrets are given: ${withheld}`);
    const commands = commandsFor(input, around, log);
    const env = { ...around.env, ...values };
    for (const { name, command } of commands) await steps.run(name, () => runStep(command, { ...around, env }, log));
    await log.end();
    return { outcome: { status: 'success', reason: null, message: null, exitCode: 0 }, steps: steps.list };
  } catch (error) {
    const outcome = log.hidden(outcomeOf(error, around.signal, steps.list.length > 1));
    steps.endOpen(outcome);
    await log.say(outcome.message ?? outcome.status);
    await log.end();
    return { outcome, steps: steps.list };
  }
}

async function checkout(input: JobInput, around: JobSurroundings, log: JobLog): Promise<null> {
  const { repo, ref, sha } = input;
  await log.say(`checking out ${sha.slice(0, 12)} of ${repo.name} (${ref.replace(/^refs\/(heads|tags)\//, '')})`);
  try {
    await mkdir(around.workspace, { recursive: true });
    const mirror = new Mirror(around.mirrors, repo.url);
    const access = { url: repo.url, credential: () => around.credential() };
    await checkOut(mirror, { url: repo.url, ref, sha, folder: around.workspace }, { signal: around.signal, access });
  } catch (error) {
    const known = error instanceof VoltError ? error : undefined;
    // the credential could not be had
    if (known?.cause instanceof JobEnding) throw known.cause;
    const reason =
      known?.code === 'fetch_failed' || known?.code === 'commit_missing' ? 'fetch_failed' : 'checkout_failed';
    throw new StepFailed('error', reason, `${excerpt(errorText(error), 2000)}${known ? `. ${known.remedy}` : ''}`);
  }
  return null;
}

function commandsFor(input: JobInput, around: JobSurroundings, log: JobLog): { name: string; command: string }[] {
  if (input.plan.kind === 'command') return [{ name: 'test', command: input.plan.command }];
  if (input.plan.kind === 'workflow') {
    throw new StepFailed('error', 'unsupported', 'this runner does not run workflows');
  }
  const found = discover(around.workspace);
  if (!found) {
    throw new StepFailed(
      'error',
      'no_tests_found',
      `found no tests. Volt looks for: ${lookedFor}; or give it a command by --command`,
    );
  }
  const lacking = found.steps.find(({ program }) => !isThere(program, around.workspace, around.env.PATH ?? ''));
  if (lacking) {
    throw new StepFailed(
      'error',
      'tool_missing',
      `${found.because} asks for \`${lacking.command}\`, and this runner has no ${lacking.program}. Install it there, or give the repository another command by --command`,
    );
  }
  void log.say(`found ${found.because}: ${found.steps.map((step) => step.command).join(', then ')}`);
  return found.steps;
}

async function runStep(command: string, around: JobSurroundings, log: JobLog): Promise<number> {
  const { workspace, env, signal } = around;
  await log.say(`$ ${command}`);
  let end: Awaited<ReturnType<typeof runCommand>>;
  try {
    const scope = await around.scope;
    end = await runCommand({
      scope,
      argv: ['sh', '-c', command],
      cwd: workspace,
      env: { ...env, PWD: workspace },
      output: (chunk) => log.write(chunk),
      signal,
    });
  } catch (error) {
    throw new StepFailed('error', 'spawn_failed', excerpt(errorText(error), 2000));
  }
  signal.throwIfAborted();
  const what = `"${excerpt(command, 300)}"`;
  if (end.signal !== null) throw new StepFailed('failure', 'signal', `${what} was ended by ${end.signal}`);
  if (end.exitCode !== 0) {
    throw new StepFailed('failure', 'exit_code', `${what} exited with code ${end.exitCode}`, end.exitCode);
  }
  return 0;
}

/**
 * An ending from outside goes first: what it does to a command is not the command's own failure.
 * @param begun whether a command of the job's own was started
 */
function outcomeOf(error: unknown, signal: AbortSignal, begun: boolean): JobOutcome {
  if (signal.reason instanceof JobEnding) return begun ? signal.reason.outcome : signal.reason.early;
  if (error instanceof StepFailed || error instanceof JobEnding) return error.outcome;
  return { status: 'error', reason: 'runner_failed', message: excerpt(errorText(error), 2000), exitCode: null };
}

/** A sentence for people stays one, however long the command or the error is that it speaks of. */
function excerpt(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

const newline = 10;

/** The log: a job's output byte for byte, and Volt's own lines, each of which begins on a line of its own. */
class JobLog {
  readonly #around: JobSurroundings;
  readonly #masker = new Masker();
  #lineOpen = false;

  constructor(around: JobSurroundings) {
    this.#around = around;
  }

  write(chunk: Buffer): void | Promise<void> {
    this.#lineOpen = chunk.at(-1) !== newline;
    const shown = this.#masker.push(chunk);
    if (shown.length > 0) return this.#around.output(shown);
  }

  /** Hides these values from now on. */
  hide(values: readonly string[]): void {
    for (const value of values) this.#masker.add(value);
  }

  hidden(outcome: JobOutcome): JobOutcome {
    return outcome.message === null ? outcome : { ...outcome, message: this.#masker.text(outcome.message) };
  }

  /** Nothing follows. */
  async end(): Promise<void> {
    const rest = this.#masker.end();
    if (rest.length > 0) await this.#around.output(rest);
  }

  async say(text: string): Promise<void> {
    await this.write(Buffer.from(`${this.#lineOpen ? '\n' : ''}[volt] ${text}\n`));
  }
}

/** The steps so far; each change is told. */
class Steps {
  readonly list: Step[] = [];
  readonly #around: JobSurroundings;

  constructor(around: JobSurroundings) {
    this.#around = around;
  }

  /** @param work gives the exit code, or null for a step that is no command */
  async run(name: string, work: () => Promise<number | null>): Promise<void> {
    this.#around.signal.throwIfAborted();
    const step: Step = { ...newStep(name), status: 'running', startedAt: new Date().toISOString() };
    this.list.push(step);
    this.#around.progress(this.list);
    step.exitCode = await work();
    step.status = 'success';
    step.finishedAt = new Date().toISOString();
    this.#around.progress(this.list);
  }

  endOpen(outcome: JobOutcome): void {
    for (const step of this.list) {
      if (step.finishedAt !== null) continue;
      step.status = outcome.status;
      step.exitCode = outcome.exitCode;
      step.finishedAt = new Date().toISOString();
    }
  }
}
