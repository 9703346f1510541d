import { join } from 'node:path';
import type { CommandEnd } from '../exec/launcher.ts';
import { limitThatEnded } from '../exec/limits.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { checkout } from './checkout.ts';
import { type ChosenImage, chooseImage } from './containers/chosen-image.ts';
import { JobGround } from './containers/container-ground.ts';
import { startTestContainer, testContainerJob } from './containers/test-container.ts';
import type { Project } from './discovery/project.ts';
import type { JobInput, JobResult, TestPlan } from './input-and-result.ts';
import { installPackages, makeEnvironment } from './installs/install-project.ts';
import type { StepContext } from './job-context.ts';
import type { JobLog } from './log.ts';
import type { MaskedOutput } from './masked-output.ts';
import type { JobOutcome } from './outcome.ts';
import { ownModules } from './own-modules.ts';
import { askForReport } from './project-reporter.ts';
import { excerpt, StepFailed } from './step-failed.ts';
import { outcomeOf, problemOf } from './steps/problem.ts';
import { testCommands } from './test-commands.ts';
import type { TestHost } from './test-host.ts';
import { inContainer, onMachine } from './test-hosts.ts';
import { jsonReader, TestSearch } from './test-search.ts';
import { isByExitCodeAlone, judge } from './verdict/judge.ts';
import { OutputTail } from './verdict/output-tail.ts';
import { signalText } from './verdict/signals.ts';

/** Steps before the first command of the commit. */
const preparing = ['checkout', 'container'];

/**
 * Runs a job without a workflow: checks out, finds the tests, runs them on the machine or in a container. Never rejects.
 * @param around `own` is the image that the job itself names
 */
export async function runTestJob(
  input: JobInput,
  plan: TestPlan,
  { context, own, masked }: { context: StepContext; own?: ChosenImage; masked: MaskedOutput },
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
  const ground = new JobGround(context);
  const contained = testContainerJob(input, { context, log });
  const ended = async (byCode: JobOutcome): Promise<JobResult> => {
    const output = tail.text();
    const tests = await search.end(log);
    const last = steps.list.at(-1);
    const modules = async () => (plan.kind === 'command' ? undefined : await ownModules(input, context));
    const runner = search.isWhole ? found?.runner : undefined;
    const { runners, unfinished } = search;
    const told = { tests, runners, unfinished, runner };
    const where = { step: last?.name ?? '', inImage: contained.image !== undefined };
    const evidence = { ...told, ...where, output, kind: found?.kind, own: modules };
    const outcome = masked.hide(await judge(byCode, evidence));
    if (last && byCode.status === 'success' && outcome.status !== 'success')
      steps.end(last, outcome.status, outcome.exitCode);
    steps.close(outcome);
    if (outcome.status === 'success' && isByExitCodeAlone(evidence))
      await log.say('found no test results in the output: the exit code alone decides');
    if (outcome.status !== 'success') await log.say(outcome.message ?? outcome.status);
    return { outcome, begun, steps: steps.list, outputs: {}, image: contained.image, ...(tests && { tests }) };
  };
  const testing = async (): Promise<JobOutcome> => {
    const image = chooseImage({ own, labels: input.labels ?? [] }, context.images);
    await run('checkout', () => checkout(input, workspace, context, log));
    const { values, withheld } = await given;
    for (const value of Object.values(values)) log.masker.add(value);
    if (withheld !== null) void log.say(`no secrets are given: ${withheld}`);
    const machine = onMachine(context);
    let host: TestHost = machine;
    if (image)
      await run('container', async () => {
        await log.say(`runs in the image ${image.name}: ${image.why}`);
        const container = await startTestContainer(contained, image.name, ground);
        host = inContainer(container.host, { name: image.name, id: container.image.id });
        return null;
      });
    const commands = await testCommands(input, plan, workspace, { context: { ...context, env: host.env }, host, log });
    let env: Record<string, string> = { ...host.env, ...commands.env, ...values };
    search.globs.push(...commands.reports);
    await search.begin();
    const began = () => {
      begun = true;
    };
    const { project } = commands;
    found = project;
    const installing = ({ folder }: Project) => ({
      ...{ input, log, host, machine, context: { ...context, env } },
      run: (command: string, own: Readonly<Record<string, string>>) =>
        runCommand(command, join(workspace, folder), { context: { ...context, env: own }, host, log, began }),
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
        return runCommand(reported, folder, { context: { ...context, env }, host, log, began });
      });
    await log.end();
    return { status: 'success', reason: null, message: null, exitCode: 0 };
  };
  const isBegun = () => steps.list.some(({ name }) => !preparing.includes(name));
  const outcome = await testing()
    .catch((error) => {
      const { tooSlow } = contained;
      // the time limit has ended a pull, which is not the commit's failure
      return masked.hide(
        tooSlow ? problemOf(tooSlow, log.masker) : outcomeOf(error, context.signal, log.masker, isBegun()),
      );
    })
    // it ends all processes of the tests, before what they have written is read
    .finally(async () => {
      const left = await ground.remove();
      if (left !== undefined) await log.line(`##[warning]${left}`);
    });
  return ended(outcome);
}

interface Running {
  context: Pick<StepContext, 'env' | 'signal'>;
  host: TestHost;
  log: JobLog;
  /** is called when the command has started */
  began: () => void;
}

/** Runs a command of the project, or of its repository's settings. @throws StepFailed */
async function runCommand(command: string, folder: string, { context, host, log, began }: Running): Promise<number> {
  const { env, signal } = context;
  await log.say(`$ ${command}`);
  let end: CommandEnd;
  try {
    end = await host.run({
      argv: ['sh', '-c', command],
      cwd: folder,
      env: { ...env, PWD: folder },
      output: (chunk) => log.write(chunk),
      signal,
    });
  } catch (error) {
    const isEngine = error instanceof VoltError && error.code === 'engine_failed';
    throw new StepFailed('error', isEngine ? 'engine_failed' : 'spawn_failed', excerpt(errorText(error), 2000));
  }
  began();
  signal.throwIfAborted();
  const what = `"${excerpt(log.masker.text(command), 300)}"`;
  const limit = limitThatEnded(end, await host.limits);
  if (limit !== undefined) throw new StepFailed('failure', 'resource_limit', `${what} ${limit}`, end.exitCode);
  if (end.signal !== null) throw new StepFailed('failure', 'signal', `${what} was ended by ${signalText(end.signal)}`);
  if (end.exitCode !== 0) {
    const { exitCode } = end;
    throw new StepFailed('failure', 'exit_code', `${what} exited with code ${exitCode}`, exitCode);
  }
  return 0;
}
