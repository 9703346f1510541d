import { yieldToOthers } from '../../system/event-loop.ts';
import type { JobGround } from '../containers/container-ground.ts';
import { StepFault } from '../fault.ts';
import type { ActionStep } from '../steps/action-step.ts';
import { CommandFailed } from '../steps/command.ts';
import { type ActionFrame, type Frame, stepPath } from '../steps/frame.ts';
import { writeHeader } from '../steps/step-header.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import type { CompositeRuns, JavaScriptRuns } from '../texts/action-manifest.ts';
import { type BuiltinAction, builtinAction } from './builtin-actions.ts';
import { type DockerAction, dockerInputs, runDockerAction } from './docker.ts';
import { inputsOf, isWritten } from './inputs.ts';
import { type ActionCall, runActionScript } from './javascript.ts';
import { type ActionLibrary, deepest, type LoadedAction } from './library.ts';

/** Runs an action. @throws any error of it */
export async function useAction(
  job: WorkflowState,
  library: ActionLibrary,
  ground: JobGround,
  use: ActionStep,
): Promise<void> {
  const { step, evaluation, io, uses } = use;
  const reference = library.resolve(uses, use.frame.action?.source);
  const served = builtinAction(reference, job.context.ownActions);
  if (served) return serve(job, served, use);
  if (reference.kind === 'image') return useImage(job, ground, reference.image, use);
  const action = await library.load(reference);
  const { inputs: defaults, inputNames, runs } = action.manifest;
  const { values, unknown } = await inputsOf({ defaults, names: inputNames }, step.with, evaluation);
  await writeHeader(job.log, `Run ${uses}`, '', {
    with: values,
    env: { ...job.env, ...use.frame.action?.env, ...use.env },
  });
  const valid = runs.using === 'docker' ? [...inputNames, ...dockerInputs] : inputNames;
  const strange = unknown.filter((name) => !valid.some((each) => each.toLowerCase() === name.toLowerCase()));
  if (strange.length > 0) await io.report('warning', unexpected(strange, valid));
  if (reference.kind === 'local' && (await hasPre(library, action))) {
    await io.report('warning', `\`pre\` execution is not supported for local action from './${reference.path}'`);
  }
  if (runs.using === 'node') await runJavaScript(job, action, runs, values, use);
  else if (runs.using === 'composite') await runComposite(job, action, runs, values, use);
  else await runDocker(job, ground, { ...action, manifest: { ...action.manifest, runs } }, values, use);
}

/** In the words of GitHub's runner. */
function unexpected(inputs: readonly string[], valid: readonly string[]): string {
  return `Unexpected input(s) '${inputs.join("', '")}', valid inputs are ['${valid.join("', '")}']`;
}

/** Runs Volt's implementation of an action. */
async function serve(
  job: WorkflowState,
  served: BuiltinAction,
  { step, evaluation, io, uses, frame, signal, posts }: ActionStep,
): Promise<void> {
  const inputs = await evaluation.texts(step.with);
  await writeHeader(job.log, `Run ${uses}`, '', { with: inputs });
  const unknown = Object.keys(inputs).filter((name) => served.inputs && !served.inputs.includes(name));
  if (served.inputs && unknown.length > 0) {
    await io.report('warning', unexpected(unknown, served.inputs));
  }
  const call = { job, inputs, isWritten: (name: string) => isWritten(step.with, name), io, signal };
  const { post } = served;
  if (post) {
    posts.push({
      name: `Post ${frame.action ? `Run ${uses}` : io.shown.name}`,
      condition: post.condition,
      state: io.state,
      run: (later, until) => post.run({ ...call, io: later, signal: until }),
    });
  }
  Object.assign(io.outputs, await served.main(call));
}

/** Whether an action, or one inside it, has something to run before the job's first step. */
export async function hasPre(
  library: ActionLibrary,
  { manifest: { runs }, source }: LoadedAction,
  depth = 1,
  seen = new Set<string>(),
): Promise<boolean> {
  if (runs.using !== 'composite') return runs.pre !== undefined;
  for (const { uses } of depth < deepest ? runs.steps : []) {
    // many actions may use the same ones
    const key = `${depth} ${uses} ${JSON.stringify(source)}`;
    if (uses === undefined || seen.has(key)) continue;
    seen.add(key);
    const inner = await library.remote(uses, source);
    if (inner && (await hasPre(library, inner, depth + 1, seen))) return true;
  }
  return false;
}

async function runJavaScript(
  job: WorkflowState,
  action: LoadedAction,
  runs: JavaScriptRuns,
  inputs: Record<string, string>,
  { step, frame, env, io, signal, posts, uses }: ActionStep,
): Promise<void> {
  const call = { id: step.id, frame, env, inputs };
  const { post, postIf } = runs;
  // `post` also runs if the main part failed
  if (post !== undefined) {
    posts.push({
      name: `Post ${frame.action ? `Run ${uses}` : io.shown.name}`,
      condition: postIf,
      state: io.state,
      run: (later, until) => runActionScript(job, action, post, call, later, until),
    });
  }
  await runActionScript(job, action, runs.main, call, io, signal);
}

/** `docker://` in a step. */
async function useImage(job: WorkflowState, ground: JobGround, name: string, use: ActionStep): Promise<void> {
  const { step, frame, env, evaluation, io, signal, uses } = use;
  const inputs = await evaluation.texts(step.with);
  await writeHeader(job.log, `Run ${uses}`, '', { with: inputs, env: { ...job.env, ...frame.action?.env, ...env } });
  await runDockerAction(job, ground, { image: { name } }, { id: step.id, frame, env, inputs }, io, signal);
}

async function runDocker(
  job: WorkflowState,
  ground: JobGround,
  action: DockerAction,
  inputs: Record<string, string>,
  { step, frame, env, io, signal, posts, uses }: ActionStep,
): Promise<void> {
  const call = { id: step.id, frame, env, inputs };
  const { post, postIf } = action.manifest.runs;
  // `post` also runs if the main part failed
  if (post !== undefined) {
    posts.push({
      name: `Post ${frame.action ? `Run ${uses}` : io.shown.name}`,
      condition: postIf,
      state: io.state,
      run: async (later, until) => runDockerAction(job, ground, { action, entrypoint: post }, call, later, until),
    });
  }
  await runDockerAction(job, ground, { action }, call, io, signal);
}

async function runComposite(
  job: WorkflowState,
  loaded: LoadedAction,
  runs: CompositeRuns,
  inputs: Record<string, string>,
  { step, frame, env, io, signal, runNested }: ActionStep,
): Promise<void> {
  const depth = (frame.action?.depth ?? 0) + 1;
  if (depth > deepest) throw new StepFault(`actions are nested more than ${deepest} deep`);
  const action = actionFrame(loaded, { id: step.id, frame, env, inputs });
  const inner: Frame = { steps: {}, action };
  let failed: CommandFailed | undefined;
  for (const nested of runs.steps) {
    await yieldToOthers();
    const { conclusion, problem } = await runNested(nested, inner);
    signal.throwIfAborted();
    if (conclusion !== 'failure' || !problem) continue;
    action.failed = true;
    failed ??= new CommandFailed(problem);
  }
  Object.assign(io.outputs, await job.evaluation(inner, step.id).texts(runs.outputs));
  if (!failed) return;
  io.logged.add(failed);
  throw failed;
}

/** The frame of the steps inside a composite action. */
export function actionFrame({ folder, source }: LoadedAction, { id, frame, env, inputs }: ActionCall): ActionFrame {
  const depth = (frame.action?.depth ?? 0) + 1;
  const own = { path: folder, source, inputs, env: { ...frame.action?.env, ...env } };
  return { ...own, stepPath: stepPath(frame, id), depth, failed: false };
}
