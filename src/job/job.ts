import { join } from 'node:path';
import { runCommand } from '../exec/command.ts';
import { limitThatEnded } from '../exec/limits.ts';
import type { ProcessGroup } from '../exec/process-group.ts';
import { checkOut } from '../git/checkout.ts';
import { Mirror } from '../git/mirror/mirror.ts';
import { checkOutSubmodules } from '../git/submodules.ts';
import { errorText } from '../kernel/errors.ts';
import type { Reason } from '../kernel/model.ts';
import { networkPasswords } from '../system/environment.ts';
import { workflowPlan } from '../workflow/plan.ts';
import type { Project } from './discovery/project.ts';
import { logLongFetch } from './fetch-progress.ts';
import { makeFoldersInside } from './files/hand-over.ts';
import type { JobInput, JobResult } from './input-and-result.ts';
import { installPackages, makeEnvironment } from './installs/install-project.ts';
import type { JobContext, StepContext } from './job-context.ts';
import type { JobLog } from './log.ts';
import { MaskedOutput } from './masked-output.ts';
import type { JobOutcome } from './outcome.ts';
import { ownModules } from './own-modules.ts';
import { askForReport } from './project-reporter.ts';
import { checkOutStaged } from './sandbox/staged-checkout.ts';
import { excerpt, StepFailed } from './step-failed.ts';
import { CommandFailed } from './steps/command.ts';
import { outcomeOf, problemOf } from './steps/problem.ts';
import { type TestPlan, testCommands } from './test-commands.ts';
import { jsonReader, TestSearch } from './test-search.ts';
import { isByExitCodeAlone, judge } from './verdict/judge.ts';
import { OutputTail } from './verdict/output-tail.ts';
import { signalText } from './verdict/signals.ts';
import { runWorkflowJob } from './workflow-job.ts';

/**
 * Runs one job from the checkout to its outcome. Never rejects: every error becomes the outcome, which says whether the
 * commit or Volt is at fault.
 */
export async function runJob(input: JobInput, { output, progress, ...context }: JobContext): Promise<JobResult> {
  const masked = new MaskedOutput({ output, progress });
  return masked.result(await run(input, context, masked));
}

async function run(input: JobInput, context: StepContext, masked: MaskedOutput): Promise<JobResult> {
  for (const password of networkPasswords(context.env)) masked.log.masker.add(password);
  if (input.plan.kind !== 'workflow') return runTests(input, input.plan, context, masked);
  const plan = workflowPlan.safeParse(input.plan);
  if (plan.success) return runWorkflowJob(input, plan.data, context, masked);
  const issue = plan.error.issues[0];
  const message = `the plan of the job cannot be understood: ${issue?.path.join('.')}: ${issue?.message}`;
  const outcome = { status: 'error', reason: 'bad_message', message, exitCode: null } as const;
  return { outcome, begun: false, steps: [], outputs: {} };
}

/** Why a checkout may fail; anything else is `checkout_failed`. */
const checkoutReasons: readonly Reason[] = ['fetch_failed', 'checkout_too_large', 'secrets_unavailable'];

/** Checks out, finds the tests, runs them. */
async function runTests(
  input: JobInput,
  plan: TestPlan,
  context: StepContext,
  masked: MaskedOutput,
): Promise<JobResult> {
  const workspace = join(context.folder, 'workspace');
  const search = new TestSearch(workspace, masked.log.masker, jsonReader(context.texts), input.repo.reports);
  const { log, steps } = masked;
  const tail = new OutputTail();
  masked.onLog = (chunk) => {
    search.push(chunk);
    tail.push(chunk);
  };
  const run = async (name: string, work: () => Promise<number | null>) => {
    context.signal.throwIfAborted();
    const step = steps.add(name);
    tail.clear();
    steps.begin(step);
    steps.end(step, 'success', await work());
  };
  // fetched while the commit is checked out
  const given = context.secrets();
  given.catch(() => undefined);
  let begun = false;
  let found: Project | undefined;
  const ended = async (byCode: JobOutcome): Promise<JobResult> => {
    const output = tail.text();
    const tests = await search.end(log);
    const last = steps.list.at(-1);
    const own = async () => (plan.kind === 'command' ? undefined : await ownModules(input, context));
    const runner = search.isWhole ? found?.runner : undefined;
    const { runners, unfinished } = search;
    const evidence = { step: last?.name ?? '', output, tests, runners, unfinished, runner, kind: found?.kind, own };
    const outcome = masked.hide(await judge(byCode, evidence));
    if (last && byCode.status === 'success' && outcome.status !== 'success')
      steps.end(last, outcome.status, outcome.exitCode);
    steps.close(outcome);
    if (outcome.status === 'success' && isByExitCodeAlone(evidence))
      await log.say('found no test results in the output: the exit code alone decides');
    if (outcome.status !== 'success') await log.say(outcome.message ?? outcome.status);
    return { outcome, begun, steps: steps.list, outputs: {}, ...(tests && { tests }) };
  };
  try {
    await run('checkout', () => checkout(input, workspace, context, log));
    const { values, withheld } = await given;
    for (const value of Object.values(values)) log.masker.add(value);
    if (withheld !== null) void log.say(`no secrets are given: ${withheld}`);
    const commands = await testCommands(input, plan, workspace, context, log);
    let env: Record<string, string> = { ...context.env, ...commands.env, ...values };
    search.globs.push(...commands.reports);
    await search.begin();
    const began = () => {
      begun = true;
    };
    const { project } = commands;
    found = project;
    const installing = ({ folder }: Project) => ({
      ...{ input, log, context: { ...context, env } },
      run: (command: string, own: Readonly<Record<string, string>>) =>
        runStep(command, join(workspace, folder), { ...context, env: own }, log, began),
    });
    if (project?.environment)
      await run('install', async () => {
        env = await makeEnvironment(project, installing(project));
        return 0;
      });
    const added = project && askForReport(project, env, context);
    env = added?.env ?? env;
    search.globs.push(...(added?.reports ?? []));
    for (const { name, command, folder } of commands.steps)
      await run(name, async () => {
        const isProjects = name === 'install' && folder === join(workspace, project?.folder ?? '');
        const isDone = isProjects && project && (await installPackages(project, command, installing(project)));
        if (isDone) return 0;
        const reported = name === 'test' && added ? added.command(command) : command;
        return runStep(reported, folder, { ...context, env }, log, began);
      });
    await log.end();
    return await ended({ status: 'success', reason: null, message: null, exitCode: 0 });
  } catch (error) {
    return ended(masked.hide(outcomeOf(error, context.signal, log.masker, steps.list.length > 1)));
  }
}

async function checkout(input: JobInput, workspace: string, context: StepContext, log: JobLog): Promise<null> {
  const { repo, ref, sha } = input;
  await log.say(`checking out ${sha.slice(0, 12)} of ${repo.name} (${ref.replace(/^refs\/(heads|tags)\//, '')})`);
  try {
    const mirror = new Mirror(context.mirrors, repo.url, repo);
    const access = { url: repo.url, credential: () => context.credential() };
    const { fetchPolicy } = context;
    const options = { signal: context.signal, access, runner: context.git, limits: context.gitLimits, fetchPolicy };
    const notice = (text: string) => void log.say(`${repo.name}: ${text}`);
    const submodules = await logLongFetch(log, repo.name, async (progress) => {
      const write = async (folder: string) => {
        const kept = await context.tree?.take();
        await checkOut(mirror, { url: repo.url, ref, sha, folder, kept }, { ...options, progress, notice });
        const project = { mirrors: context.mirrors, url: repo.url, sha, folder };
        return checkOutSubmodules(project, { ...options, progress }, { fetchPolicy });
      };
      const written = (folder: string) => context.tree?.note(folder, sha);
      if (context.sandbox.isClosed) return checkOutStaged(context, { folder: workspace, clean: true, write, written });
      makeFoldersInside(context.folder, [workspace], undefined);
      const found = await write(workspace);
      await written(workspace);
      return found;
    });
    if (submodules.length > 0) await log.say(`checked out the submodules ${excerpt(submodules.join(', '), 500)}`);
  } catch (error) {
    const problem = problemOf(error, log.masker);
    const isTold = problem.reason !== null && checkoutReasons.includes(problem.reason);
    throw new CommandFailed(isTold ? problem : { ...problem, status: 'error', reason: 'checkout_failed' });
  }
  return null;
}

/** @param began is called when the command has started */
async function runStep(
  command: string,
  folder: string,
  context: StepContext,
  log: JobLog,
  began: () => void,
): Promise<number> {
  const { env, signal } = context;
  await log.say(`$ ${command}`);
  let end: Awaited<ReturnType<typeof runCommand>>;
  let processes: ProcessGroup;
  try {
    processes = await context.processes;
    end = await runCommand({
      processes,
      argv: ['sh', '-c', command],
      cwd: folder,
      env: { ...env, PWD: folder },
      output: (chunk) => log.write(chunk),
      signal,
    });
  } catch (error) {
    throw new StepFailed('error', 'spawn_failed', excerpt(errorText(error), 2000));
  }
  began();
  signal.throwIfAborted();
  const what = `"${excerpt(log.masker.text(command), 300)}"`;
  const limit = limitThatEnded(end, processes.limits);
  if (limit !== undefined) throw new StepFailed('failure', 'resource_limit', `${what} ${limit}`, end.exitCode);
  if (end.signal !== null) throw new StepFailed('failure', 'signal', `${what} was ended by ${signalText(end.signal)}`);
  if (end.exitCode !== 0) {
    const { exitCode } = end;
    throw new StepFailed('failure', 'exit_code', `${what} exited with code ${exitCode}`, exitCode);
  }
  return 0;
}
