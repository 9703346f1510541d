import { sizeOf } from '../result-size.ts';
import type { Frame } from './frame.ts';
import type { WorkflowState } from './workflow-state.ts';

/** Characters of the address of a deployment. */
const longestUrl = 2000;

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

/**
 * The address of a job's deployment, `environment.url`, after its last step. It is a link on pages, so only http and https count.
 * @param warn takes a sentence about an address that is left out
 * @returns undefined if it has none
 */
export async function deploymentUrl(
  job: WorkflowState,
  frame: Frame,
  warn: (message: string) => void,
): Promise<string | undefined> {
  const template = job.plan.environment?.url;
  if (template === undefined) return undefined;
  try {
    const text = (await job.evaluation(frame, '').text(template)).trim();
    if (text === '') return undefined;
    if (job.masker.text(text) !== text) throw new Error('it may contain a secret');
    const { protocol, href } = new URL(text);
    if (!/^https?:$/.test(protocol) || href.length > longestUrl) throw new Error('it is no address of a web page');
    return href;
  } catch (error) {
    warn(`Skip the url of the environment: ${(error as Error).message}`);
    return undefined;
  }
}
