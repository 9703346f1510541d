import { VoltError } from '../../kernel/errors.ts';
import type { Step } from '../../kernel/model.ts';
import { longestTimer } from '../../system/wait.ts';
import type { PlannedStep } from '../../workflow/plan.ts';
import type { Json } from '../../workflow/template.ts';
import type { JobOutcome } from '../outcome.ts';
import type { UseAction } from './action-step.ts';
import type { Evaluation } from './evaluation.ts';
import { type Frame, stepPath } from './frame.ts';
import type { PostStep } from './post-step.ts';
import { problemOf } from './problem.ts';
import { prepareScript } from './script.ts';
import { writeHeader } from './step-header.ts';
import { StepIo } from './step-io.ts';
import type { StepResult } from './step-result.ts';
import { StepSignal } from './step-signal.ts';
import { runUserCommand } from './user-command.ts';
import type { WorkflowState } from './workflow-state.ts';

const cancelled: StepResult = { outcome: 'cancelled', conclusion: 'cancelled', problem: undefined };

export interface StepCall {
  begin?: (evaluation: Evaluation) => Promise<void>;
  signal?: AbortSignal;
}

/** Runs the steps of a job, and those inside composite actions. */
export class StepRunner {
  /** run at the end of the job, in reverse order */
  readonly posts: PostStep[] = [];
  /** state that the `pre` of an action has saved, by the path of its step */
  readonly states = new Map<string, Record<string, string>>();
  readonly #job: WorkflowState;
  readonly #useAction: UseAction;

  constructor(job: WorkflowState, useAction: UseAction) {
    this.#job = job;
    this.#useAction = useAction;
  }

  /**
   * Runs one step and stores its result in the frame. Never rejects.
   * @param shown the job's step that people see; for a step inside an action, that of the action
   * @param call `begin` is called once the condition holds; `signal` ends the step, if not only the job's signal does
   */
  async run(step: PlannedStep, frame: Frame, shown: Step, call: StepCall = {}): Promise<StepResult> {
    const job = this.#job;
    const io = new StepIo(job, shown, this.states.get(stepPath(frame, step.id)));
    let result: StepResult = { outcome: 'success', conclusion: 'success', problem: undefined };
    let env: Record<string, string> = {};
    const evaluationNow = () => insideOf(job, frame, step.id, env);
    const bound = call.signal ? undefined : new StepSignal(job, () => evaluationNow().condition(step.if));
    const outer = call.signal ?? (bound as StepSignal).signal;
    let timer: AbortSignal | undefined;
    let begun = false;
    const begin = async () => {
      begun = true;
      await call.begin?.(evaluationNow());
    };
    try {
      // the step's own environment applies to all its expressions, its condition included
      env = await job.evaluation(frame, step.id).texts(step.env);
      const evaluation = evaluationNow();
      if (await evaluation.condition(step.if)) {
        await begin();
        timer = await timerOf(step, evaluation);
        const signal = timer ? AbortSignal.any([outer, timer]) : outer;
        await this.#execute(step, frame, env, io, signal);
      } else result = { ...result, outcome: 'skipped', conclusion: 'skipped' };
    } catch (error) {
      if (outer.aborted) result = cancelled;
      else {
        if (!begun) await begin();
        result = await this.#failed(error, step, evaluationNow(), io, timer);
      }
    } finally {
      bound?.release();
    }
    const { outcome, conclusion } = result;
    frame.steps[step.id] = { outputs: io.outputs as Record<string, Json>, outcome, conclusion };
    return result;
  }

  async #execute(
    step: PlannedStep,
    frame: Frame,
    env: Readonly<Record<string, string>>,
    io: StepIo,
    signal: AbortSignal,
  ): Promise<void> {
    const job = this.#job;
    const evaluation = insideOf(job, frame, step.id, env);
    if (step.uses !== undefined) {
      await this.#useAction({
        ...{ step, uses: step.uses, frame, env, evaluation, io, signal, posts: this.posts },
        runNested: (nested, inner) => this.run(nested, inner, io.shown, { signal }),
      });
    } else {
      await io.run(frame, step.id, env, async (child) => {
        const script = await prepareScript(job, step, frame, evaluation, child.env);
        const title = `Run ${script.text.trim().split('\n', 1)[0] ?? ''}`;
        await writeHeader(job.log, title, script.text, {
          shell: script.argv.join(' '),
          env: { ...job.env, ...frame.action?.env, ...env },
        });
        await runUserCommand(job, { ...script, ...child, signal });
      });
    }
    signal.throwIfAborted();
  }

  async #failed(
    error: unknown,
    step: PlannedStep,
    evaluation: Evaluation,
    io: StepIo,
    timer: AbortSignal | undefined,
  ): Promise<StepResult> {
    const job = this.#job;
    // a slow registry is not the step's failure
    const isOurs = error instanceof VoltError && error.code === 'image_unavailable';
    const isLate = timer?.aborted === true && !isOurs;
    const problem = isLate ? await timedOut(step, evaluation) : problemOf(error, job.masker);
    // an error inside an action is in the log already
    if (!io.logged.has(error)) await io.report('error', problem.message ?? '');
    const goesOn = await continuesOnError(step, evaluation);
    return { outcome: 'failure', conclusion: goesOn ? 'success' : 'failure', problem };
  }
}

/** The evaluation of a step: the present contexts, and the environment with the step's own. */
export function insideOf(
  job: WorkflowState,
  frame: Frame,
  id: string,
  env: Readonly<Record<string, string>>,
): Evaluation {
  const evaluation = job.evaluation(frame, id);
  if (Object.keys(env).length === 0) return evaluation;
  return evaluation.withEnvironment({ ...job.env, ...frame.action?.env, ...env });
}

async function timerOf(step: PlannedStep, evaluation: Evaluation): Promise<AbortSignal | undefined> {
  if (step.timeoutMinutes === undefined) return undefined;
  const minutes = await evaluation.number(step.timeoutMinutes);
  return minutes > 0 ? AbortSignal.timeout(Math.min(minutes * 60_000, longestTimer)) : undefined;
}

async function timedOut(step: PlannedStep, evaluation: Evaluation): Promise<JobOutcome> {
  const minutes = step.timeoutMinutes === undefined ? 0 : await evaluation.number(step.timeoutMinutes);
  const message = `The step has timed out after ${minutes} minutes.`;
  return { status: 'failure', reason: 'timeout', message, exitCode: null };
}

/** Evaluates `continue-on-error`. If it cannot be evaluated, the failure counts. */
async function continuesOnError(step: PlannedStep, evaluation: Evaluation): Promise<boolean> {
  if (step.continueOnError === undefined) return false;
  return evaluation.boolean(step.continueOnError).catch(() => false);
}
