import { sizeOf } from '../result-size.ts';
import type { Frame } from './frame.ts';
import type { WorkflowState } from './workflow-state.ts';

/** Bytes that the outputs of a job may have together; one message contains them. */
const mostOutput = 262_144;

/**
 * The outputs of a job after its last step. One that contains a secret is left out, as on GitHub: outputs are stored
 * unencrypted.
 * @param warn takes a sentence about each output that is left out
 */
export async function jobOutputs(
  job: WorkflowState,
  frame: Frame,
  warn: (message: string) => void,
): Promise<Record<string, string>> {
  const evaluation = job.evaluation(frame, '');
  const outputs: Record<string, string> = {};
  let length = 0;
  for (const [name, template] of Object.entries(job.plan.outputs)) {
    try {
      const value = await evaluation.text(template);
      length += sizeOf(name) + sizeOf(value);
      if (length > mostOutput)
        warn(`Skip output '${name}' since the outputs of the job have more than ${mostOutput / 1024} kB.`);
      else if (job.masker.text(value) !== value) warn(`Skip output '${name}' since it may contain secret.`);
      else outputs[name] = value;
    } catch (error) {
      warn(`Skip output '${name}': ${(error as Error).message}`);
    }
  }
  return outputs;
}
