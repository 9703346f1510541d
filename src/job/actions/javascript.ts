import type { Frame } from '../steps/frame.ts';
import type { StepIo } from '../steps/step-io.ts';
import { runUserCommand } from '../steps/user-command.ts';
import { inputVariable } from '../steps/variables.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { actionFile, type LoadedAction } from './library.ts';

/** The step that uses a JavaScript action. */
export interface ActionCall {
  /** of the step */
  id: string;
  frame: Frame;
  /** environment of the step itself */
  env: Readonly<Record<string, string>>;
  inputs: Readonly<Record<string, string>>;
}

/**
 * Runs one file of a JavaScript action.
 * @param file `pre`, `main` or `post`, relative to the action's folder
 */
export async function runActionScript(
  job: WorkflowState,
  action: LoadedAction,
  file: string,
  { id, frame, env, inputs }: ActionCall,
  io: StepIo,
  signal: AbortSignal,
): Promise<void> {
  const script = await actionFile(job, action, file);
  const outer = frame.action;
  const inside = {
    path: action.folder,
    source: action.source,
    inputs,
    env: outer?.env ?? {},
    stepPath: outer?.stepPath ?? '',
    depth: 1,
    failed: false,
  };
  await io.run({ steps: frame.steps, action: inside }, id, env, async (child) => {
    const given = Object.entries(inputs).map(([name, value]) => [inputVariable(name), value]);
    const state = Object.entries(io.state).map(([name, value]) => [`STATE_${name}`, value]);
    const started = await job.host.node(script, { ...child.env, ...Object.fromEntries([...given, ...state]) });
    await runUserCommand(job, {
      ...started,
      cwd: job.folders.workspace,
      output: child.output,
      signal,
    });
  });
}
