import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import type { Step } from '../kernel/model.ts';
import { yieldToOthers } from '../system/event-loop.ts';
import type { ContainerSpec } from '../workflow/containers/spec.ts';
import { grantsIdTokens } from '../workflow/permissions.ts';
import type { PlannedStep, WorkflowPlan } from '../workflow/plan.ts';
import { sourceOf, type Template } from '../workflow/template.ts';
import { neededImages } from './actions/action-images.ts';
import { runDockerAction } from './actions/docker.ts';
import { inputsOf } from './actions/inputs.ts';
import { runActionScript } from './actions/javascript.ts';
import { ActionLibrary } from './actions/library.ts';
import { actionFrame, hasPre, useAction } from './actions/use.ts';
import { actionImage } from './containers/action-image.ts';
import { chooseImage } from './containers/chosen-image.ts';
import { JobGround } from './containers/container-ground.ts';
import { type JobContainers, jobContainers } from './containers/job-containers.ts';
import { RunningContainers } from './containers/running-containers.ts';
import { containerOfImage } from './containers/test-container.ts';
import { makeFoldersInside, writeInside } from './files/hand-over.ts';
import { IdTokenEndpoint } from './id-token-endpoint.ts';
import type { JobInput, JobResult } from './input-and-result.ts';
import type { StepContext } from './job-context.ts';
import type { MaskedOutput } from './masked-output.ts';
import { isTimeLimit, type JobOutcome, mayBeRepeated } from './outcome.ts';
import { annotationOf } from './output/annotation.ts';
import { makeToolCache } from './sandbox/tool-cache.ts';
import type { StepList } from './step-list.ts';
import { CommandFailed } from './steps/command.ts';
import type { Evaluation } from './steps/evaluation.ts';
import { type Frame, stepPath } from './steps/frame.ts';
import { deploymentUrl, jobOutputs } from './steps/outputs.ts';
import { outcomeOf, problemOf } from './steps/problem.ts';
import { StepIo } from './steps/step-io.ts';
import type { StepResult } from './steps/step-result.ts';
import { insideOf, StepRunner } from './steps/step-runner.ts';
import { StepSignal } from './steps/step-signal.ts';
import { WorkflowState } from './steps/workflow-state.ts';
import { jsonReader, TestSearch } from './test-search.ts';

/** Characters of a step's name. */
const longestName = 255;

/**
 * Runs one job of a workflow. Never rejects: every error becomes the outcome, which says whether the commit or Volt is
 * at fault.
 */
export async function runWorkflowJob(
  input: JobInput,
  plan: WorkflowPlan,
  context: StepContext,
  masked: MaskedOutput,
): Promise<JobResult> {
  const { log, steps } = masked;
  const search = new TestSearch(
    join(context.folder, 'workspace'),
    log.masker,
    jsonReader(context.texts),
    input.repo.reports,
  );
  masked.onLog = (chunk) => search.push(chunk);
  let outputs: Record<string, string> = {};
  let url: string | undefined;
  let job: WorkflowState | undefined;
  try {
    context.signal.throwIfAborted();
    const given = await context.secrets();
    if (given.withheld !== null) await log.say(`no secrets are given: ${given.withheld}`);
    job = new WorkflowState(input, plan, { context, log, search }, given);
    ({ outputs, url } = await new WorkflowJob(job, steps).run());
  } catch (error) {
    const preparing = steps.list.every(({ status }, index) => index === 0 || status === 'waiting');
    const outcome = outcomeOf(error, context.signal, log.masker, !preparing);
    if (job) job.fail(outcome);
    else return { outcome, begun: false, steps: steps.list, outputs };
  }
  const outcome = endOf(job) ?? { status: 'success', reason: null, message: null, exitCode: 0 };
  steps.close(outcome);
  if (outcome.message !== null) await log.say(outcome.message);
  const tests = await search.end(log);
  return { outcome, begun: job.begun, steps: steps.list, outputs, url, image: job.image, ...(tests && { tests }) };
}

function tooSlowStart(): VoltError {
  return new VoltError('engine_failed', 'the time limit of the job ended the start of its containers', {
    remedy: 'The log says how far it was; look at the load of the machine, or raise the time limit.',
  });
}

/** Its first failure; what was too slow instead of the time limit that has ended it. */
function endOf({ outcome, tooSlow, masker }: WorkflowState): JobOutcome | undefined {
  return outcome?.reason === 'timeout' && tooSlow ? problemOf(tooSlow, masker) : outcome;
}

class WorkflowJob {
  readonly #job: WorkflowState;
  readonly #steps: StepList;
  readonly #library: ActionLibrary;
  readonly #runner: StepRunner;
  readonly #ground: JobGround;
  readonly #frame: Frame = { steps: {} };
  /** how many there are between "Set up job" and the first `pre` step */
  #setUpSteps = 0;

  constructor(job: WorkflowState, steps: StepList) {
    this.#job = job;
    this.#ground = new JobGround(job.context);
    this.#steps = steps;
    this.#library = new ActionLibrary(job);
    this.#runner = new StepRunner(job, (step) => useAction(job, this.#library, this.#ground, step));
  }

  /** @returns the job's outputs, and the address of its deployment */
  async run(): Promise<{ outputs: Record<string, string>; url: string | undefined }> {
    const { plan } = this.#job;
    const setUp = this.#steps.add('Set up job');
    this.#steps.begin(setUp);
    const asked = await this.#setUp();
    const shown: Step[] = [];
    for (const step of plan.steps)
      shown.push(this.#steps.add(await this.#nameOf(step, this.#job.evaluation(this.#frame, step.id))));
    await this.#library.prepare(plan.steps.map((step) => step.uses));
    this.#steps.end(setUp, 'success', null);
    try {
      await this.#getImages(asked);
      const containers = await this.#startContainers(asked);
      try {
        await this.#openIdTokens(containers);
        await this.#runSteps(shown);
      } finally {
        await this.#job.idTokens?.close();
        if (containers) await this.#stopContainers(containers);
      }
    } finally {
      await this.#removeContainers();
    }
    const warn = (message: string) => new StepIo(this.#job, setUp).annotate(annotationOf('warning', message));
    const outputs = await jobOutputs(this.#job, this.#frame, warn);
    return { outputs, url: await deploymentUrl(this.#job, this.#frame, warn) };
  }

  async #runSteps(shown: readonly Step[]): Promise<void> {
    const { plan } = this.#job;
    for (const [index, step] of plan.steps.entries()) await this.#pre(step, this.#frame, (shown[index] as Step).name);
    for (const [index, step] of plan.steps.entries()) await this.#main(step, shown[index] as Step);
    for (const post of this.#runner.posts.reverse()) {
      await this.#own(post.name, post.condition, post.state, post.run);
    }
    await this.#checkAborted();
  }

  /** @returns the containers that it asks for */
  async #setUp(): Promise<JobContainers> {
    const { folders, plan, context } = this.#job;
    const event = this.#job.github.event ?? {};
    makeToolCache(context);
    const { owner } = context.sandbox;
    const { root, workspace, temp, commands, actions, event: eventFolder } = folders;
    makeFoldersInside(root, [workspace, temp, commands, actions, eventFolder], owner);
    writeInside(root, String(this.#job.github.event_path), JSON.stringify(event, undefined, 2), owner);
    for (const env of [plan.env.workflow, plan.env.job]) {
      Object.assign(this.#job.env, await this.#job.evaluation(this.#frame, '').texts(env));
    }
    const asked = await jobContainers(this.#job, this.#job.evaluation(this.#frame, ''));
    return { ...asked, container: asked.container ?? (await this.#givenContainer()) };
  }

  /** The container of a job that names none, on a runner that has an image for it. */
  async #givenContainer(): Promise<ContainerSpec | undefined> {
    const { context, input, log, plan } = this.#job;
    const labels = [...(plan.runsOn ?? []), ...(input.labels ?? [])];
    const image = chooseImage({ labels, repository: input.repo.image }, context.images);
    if (!image) return undefined;
    await log.say(`runs in the image ${image.name}: ${image.why}`);
    return containerOfImage(image.name);
  }

  /** Gets the images of actions that will run, as on GitHub before anything starts. */
  async #getImages({ services }: JobContainers): Promise<void> {
    for (const { title, image } of await neededImages(this.#job, this.#library, this.#job.plan.steps)) {
      await this.#checkAborted();
      const shown = this.#steps.add(title.slice(0, longestName), ++this.#setUpSteps);
      this.#steps.begin(shown);
      await this.#ground.open(services.length > 0);
      await actionImage(this.#job, this.#ground, image, this.#job.signal);
      this.#steps.end(shown, 'success', null);
    }
  }

  /** Starts the services and the container of the job; in the latter all steps run from then on. */
  async #startContainers(asked: JobContainers): Promise<RunningContainers | undefined> {
    if (!asked.container && asked.services.length === 0) return undefined;
    await this.#checkAborted();
    const shown = this.#steps.add('Initialize containers', ++this.#setUpSteps);
    this.#steps.begin(shown);
    const containers = await this.#inTime(RunningContainers.start(this.#job, asked, this.#ground, this.#job.signal));
    this.#job.enter(containers);
    this.#steps.end(shown, 'success', null);
    return containers;
  }

  /** Lets the steps ask for ID tokens, if the job may have some. */
  async #openIdTokens(containers: RunningContainers | undefined): Promise<void> {
    const { plan, masker, context } = this.#job;
    if (!context.idToken || !grantsIdTokens(plan.permissions)) return;
    const processes = await context.processes;
    const pid = containers?.container?.first.pid ?? (processes.network === 'machine' ? undefined : processes.pid);
    const place = pid === undefined ? undefined : { pid, isRootless: processes.groupKind === 'user-namespace' };
    this.#job.idTokens = await IdTokenEndpoint.open({ ask: context.idToken, masker }, place);
  }

  /** None of the commit's commands has begun: if the time runs out meanwhile, that is not the commit's failure. */
  async #inTime<T>(start: Promise<T>): Promise<T> {
    try {
      return await start;
    } catch (error) {
      if (isTimeLimit(this.#job.context.signal.reason)) this.#job.tooSlow ??= tooSlowStart();
      throw error;
    }
  }

  async #stopContainers(containers: RunningContainers): Promise<void> {
    const shown = this.#steps.add('Stop containers');
    this.#steps.begin(shown);
    const { outcome } = this.#job;
    const dead = outcome?.status === 'failure' ? await containers.deadService() : undefined;
    // the steps may have failed because of it
    if (dead) this.#job.outcome = { ...problemOf(dead, this.#job.masker), exitCode: outcome?.exitCode ?? null };
    await containers.close();
    await this.#removeContainers();
    this.#steps.end(shown, 'success', null);
  }

  async #removeContainers(): Promise<void> {
    const left = await this.#ground.remove();
    if (left !== undefined) await this.#job.log.line(`##[warning]${left}`);
  }

  async #main(step: PlannedStep, shown: Step): Promise<void> {
    await this.#checkAborted();
    const result = await this.#runner.run(step, this.#frame, shown, {
      begin: async (evaluation) => {
        shown.name = await this.#nameOf(step, evaluation);
        this.#steps.begin(shown);
      },
    });
    this.#end(shown, result, step.run === undefined ? null : 0);
  }

  /** Runs what an action of another repository, or one inside it, runs before the job's first step (`pre`). */
  async #pre(step: PlannedStep, frame: Frame, name: string): Promise<void> {
    const action = step.uses === undefined ? undefined : await this.#library.remote(step.uses, frame.action?.source);
    if (!action) return;
    // a few nested actions make many steps
    await yieldToOthers();
    this.#job.context.signal.throwIfAborted();
    const { runs, inputs: defaults, inputNames: names } = action.manifest;
    const call = async () => {
      const env = await this.#job.evaluation(frame, step.id).texts(step.env);
      const evaluation = insideOf(this.#job, frame, step.id, env);
      const { values } = await inputsOf({ defaults, names }, step.with, evaluation);
      return { id: step.id, frame, env, inputs: values };
    };
    if (!(await hasPre(this.#library, action))) return;
    if (runs.using === 'composite') {
      // an error in an expression is reported when the step itself runs
      const given = await call().catch(() => undefined);
      if (!given) return;
      const inner: Frame = { steps: {}, action: actionFrame(action, given) };
      for (const nested of runs.steps) await this.#pre(nested, inner, `Run ${nested.uses}`);
      return;
    }
    if (runs.pre === undefined) return;
    const { pre, preIf } = runs;
    const { states } = this.#runner;
    const state: Record<string, string> = {};
    states.set(stepPath(frame, step.id), state);
    await this.#own(
      `Pre ${name}`,
      preIf,
      state,
      async (io, signal) => {
        const given = await call();
        if (runs.using === 'node') return runActionScript(this.#job, action, pre, given, io, signal);
        const docker = { action: { ...action, manifest: { ...action.manifest, runs } }, entrypoint: pre };
        return runDockerAction(this.#job, this.#ground, docker, given, io, signal);
      },
      this.#setUpSteps + states.size,
    );
  }

  /** Runs a step of an action, before or after the workflow's steps. */
  async #own(
    name: string,
    condition: string,
    state: Record<string, string>,
    work: (io: StepIo, signal: AbortSignal) => Promise<void>,
    before?: number,
  ): Promise<void> {
    await this.#checkAborted();
    const job = this.#job;
    const shown = this.#steps.add(name.slice(0, longestName), before);
    let result: StepResult = { outcome: 'success', conclusion: 'success', problem: undefined };
    const holds = () => job.evaluation(this.#frame, '').condition(condition);
    const bound = new StepSignal(job, holds);
    const { signal } = bound;
    try {
      if (await holds()) {
        this.#steps.begin(shown);
        await work(new StepIo(job, shown, state), signal);
        signal.throwIfAborted();
      } else result = { ...result, outcome: 'skipped', conclusion: 'skipped' };
    } catch (error) {
      if (signal.aborted) result = { outcome: 'cancelled', conclusion: 'cancelled', problem: undefined };
      else {
        const problem = problemOf(error, job.masker);
        await job.log.line(`##[error]${problem.message}`);
        result = { outcome: 'failure', conclusion: 'failure', problem };
      }
    } finally {
      bound.release();
    }
    this.#end(shown, result, null);
  }

  #end(shown: Step, { outcome, conclusion, problem }: StepResult, exitCode: number | null): void {
    const failed = conclusion === 'failure' && problem !== undefined;
    const ended = outcome === 'success' ? exitCode : (problem?.exitCode ?? null);
    this.#steps.end(shown, failed ? problem.status : conclusion, ended, outcome);
    if (!failed) return;
    this.#job.fail({ ...problem, message: `${shown.name}: ${problem.message}` });
    // steps that run in any case would report a failure that the next attempt may not have
    if (this.#job.input.repeatable && mayBeRepeated(problem, this.#job.begun)) throw new CommandFailed(problem);
  }

  /** After a cancel or a timeout, steps that run in any case get extra time. Any other cause ends the job at once. */
  async #checkAborted(): Promise<void> {
    const job = this.#job;
    const { signal, processes } = job.context;
    if (!signal.aborted) return;
    if (!job.beginCleanup()) throw signal.reason;
    job.signal.throwIfAborted();
    // another runner may have the job by now
    if (!(await processes).alive) throw signal.reason;
  }

  /** The name of a step for people. An expression that cannot be evaluated yet is shown as it is written. */
  async #nameOf(step: PlannedStep, evaluation: Evaluation): Promise<string> {
    const text = (template: Template) => evaluation.text(template).catch(() => sourceOf(template));
    const name = step.name === undefined ? '' : (await text(step.name)).trim();
    const what = step.uses ?? (step.run === undefined ? '' : await text(step.run)).trim().split('\n', 1)[0];
    return this.#job.masker.text(name || `Run ${what}`).slice(0, longestName);
  }
}
