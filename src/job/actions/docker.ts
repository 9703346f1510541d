import { wordsOf } from '../../workflow/containers/options.ts';
import { ContainerProblem } from '../../workflow/containers/problem.ts';
import type { Template, Templates } from '../../workflow/template.ts';
import { runActionContainer } from '../containers/action-container.ts';
import type { ActionImage } from '../containers/action-image.ts';
import type { JobGround } from '../containers/container-ground.ts';
import { StepFault } from '../fault.ts';
import { stepPath } from '../steps/frame.ts';
import type { StepIo } from '../steps/step-io.ts';
import { inputVariable } from '../steps/variables.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import type { DockerRuns } from '../texts/action-manifest.ts';
import type { ActionCall } from './javascript.ts';
import { actionFile, type LoadedAction } from './library.ts';

/** Inputs that every action in a container has, since they may replace its program and arguments. */
export const dockerInputs = ['entryPoint', 'args'] as const;

export type DockerAction = LoadedAction & { manifest: { runs: DockerRuns } };

/** What an action in a container runs: `docker://` of a step, or an action with what replaces its program. */
export type DockerUse =
  | { image: { name: string } }
  | {
      action: DockerAction;
      /** of its `pre` or `post` */
      entrypoint?: string;
    };

/**
 * Runs an action in a container of its own.
 * @throws CommandFailed; VoltError `image_unavailable`, `engine_failed`; StepFault
 */
export async function runDockerAction(
  job: WorkflowState,
  ground: JobGround,
  use: DockerUse,
  { id, frame, env, inputs }: ActionCall,
  io: StepIo,
  signal: AbortSignal,
): Promise<void> {
  const outer = frame.action;
  const { action, entrypoint } = 'action' in use ? use : { action: undefined, entrypoint: undefined };
  const image = 'action' in use ? await imageOf(job, use.action, stepPath(frame, id)) : use.image;
  const runs = action?.manifest.runs;
  const inside = {
    ...{ path: action?.folder ?? '', source: action?.source, inputs, env: outer?.env ?? {} },
    ...{ stepPath: outer?.stepPath ?? '', depth: 1, failed: false },
  };
  const seen = action ? inside : outer;
  const own = { steps: frame.steps, ...(seen && { action: seen }) };
  const evaluation = job.evaluation({ steps: frame.steps, action: inside }, id);
  const args = runs?.args ? await evaluateAll(runs.args, (text) => evaluation.text(text)) : argsOf(inputs);
  const given = await evaluation.texts(runs?.env as Templates | undefined);
  await io.run(own, id, env, async (child) => {
    await runActionContainer(job, ground, {
      image,
      args,
      entrypoint: entrypoint ?? runs?.entrypoint ?? (inputOf(inputs, 'entrypoint') || undefined),
      env: {
        ...given,
        ...withoutHost(job, child.env, { ...job.env, ...outer?.env, ...env }),
        ...variables(inputs, inputVariable),
        ...variables(io.state, (name) => `STATE_${name}`),
      },
      output: child.output,
      signal,
    });
  });
}

/** As on GitHub, an action of the workspace is built by each step that uses it, since steps may change its files. */
async function imageOf(job: WorkflowState, action: DockerAction, step: string): Promise<ActionImage> {
  const { image } = action.manifest.runs;
  if (image.kind === 'image') return { name: image.name };
  return { dockerfile: await actionFile(job, action, image.path), use: action.source ? '' : step };
}

/** As on GitHub, the input `args` is split like a command line, without expanding anything. */
function argsOf(inputs: Readonly<Record<string, string>>): string[] {
  try {
    return wordsOf(inputOf(inputs, 'args'));
  } catch (error) {
    if (error instanceof ContainerProblem) throw new StepFault(`\`args\`: ${error.message}`);
    throw error;
  }
}

function inputOf(inputs: Readonly<Record<string, string>>, name: string): string {
  return Object.entries(inputs).find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
}

async function evaluateAll(args: readonly Template[], text: (arg: Template) => Promise<string>): Promise<string[]> {
  const values: string[] = [];
  for (const arg of args) values.push(await text(arg));
  return values;
}

function variables(values: Readonly<Record<string, string>>, name: (key: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [name(key), value]));
}

/** An action in a container has none of the variables that are the machine's or those of the job's container. */
function withoutHost(
  job: WorkflowState,
  env: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const { PATH: path, ...rest } = env;
  const kept = Object.entries(rest).filter(([name]) => Object.hasOwn(own, name) || !Object.hasOwn(job.host.env, name));
  return { ...Object.fromEntries(kept), ...(own.PATH !== undefined && { PATH: own.PATH }) };
}
