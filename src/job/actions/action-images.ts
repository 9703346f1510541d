import { fullImageName } from '../../workflow/containers/image-name.ts';
import type { PlannedStep } from '../../workflow/plan.ts';
import { readConditionText } from '../../workflow/status-condition.ts';
import type { ActionImage } from '../containers/action-image.ts';
import type { ActionSource } from '../steps/frame.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { type ActionLibrary, actionFile, deepest } from './library.ts';

/** An image that is got before the first step of a job. */
export interface NeededImage {
  /** of the step that gets it, for people */
  title: string;
  image: ActionImage;
}

/** The condition of a step that has none of its own. */
const usual = readConditionText('');

/**
 * The images of actions that a job needs for sure, each once: of its steps without a condition, and of those in actions of other
 * repositories. An action of the workspace may not be there yet, and a step with a condition may need none.
 * @param within the action that the steps are in
 * @throws StepFault if an action lacks its Dockerfile; VoltError `action_unavailable`
 */
export async function neededImages(
  job: WorkflowState,
  library: ActionLibrary,
  steps: readonly PlannedStep[],
  within?: ActionSource,
  depth = 1,
): Promise<NeededImage[]> {
  const found = new Map<string, NeededImage>();
  const add = (title: string, image: ActionImage) => found.set(JSON.stringify(image), { title, image });
  for (const { uses, if: condition } of steps) {
    if (uses === undefined || condition !== usual) continue;
    if (uses.startsWith('docker://')) add(`Pull ${uses.slice('docker://'.length)}`, { name: fullImageName(uses) });
    const action = await library.remote(uses, within);
    const { runs } = action?.manifest ?? {};
    if (!action || !runs) continue;
    if (runs.using === 'docker') {
      const { image } = runs;
      if (image.kind === 'image') add(`Pull ${image.name}`, { name: image.name });
      else add(`Build ${uses}`, { dockerfile: await actionFile(job, action, image.path), use: '' });
    } else if (runs.using === 'composite' && depth < deepest) {
      for (const { title, image } of await neededImages(job, library, runs.steps, action.source, depth + 1))
        add(title, image);
    }
  }
  return [...found.values()];
}
