import { VoltError } from '../kernel/errors.ts';
import { parseLabels } from '../kernel/names.ts';
import { fullImageName } from '../workflow/containers/image-name.ts';
import { ContainerProblem } from '../workflow/containers/problem.ts';

/** The images that a runner has for jobs which name none. */
export interface RunnerImages {
  /** for jobs that ask for a label, in the order of the settings */
  byLabel: ReadonlyMap<string, string>;
  /** for all jobs */
  usual?: string | undefined;
  /** whether each job runs in a container */
  isRequired: boolean;
}

/**
 * Reads `--image` or VOLT_RUNNER_IMAGES.
 * @param entries `IMAGE` or `LABEL=IMAGE`
 * @throws VoltError `bad_setting`, `bad_label`
 */
export function parseRunnerImages(entries: readonly string[]): Omit<RunnerImages, 'isRequired'> {
  const byLabel = new Map<string, string>();
  let usual: string | undefined;
  for (const entry of entries) {
    const [image = '', given] = entry
      .split('=', 2)
      .reverse()
      .map((part) => part.trim());
    checkImage(image);
    const [label] = given === undefined ? [] : parseLabels([given]);
    if (given !== undefined && label === undefined)
      throw new VoltError('bad_setting', `"${entry}" names no label`, { remedy: 'Give IMAGE or LABEL=IMAGE.' });
    const before = label === undefined ? usual : byLabel.get(label);
    if (before !== undefined && before !== image) {
      const what = label === undefined ? 'for all jobs' : `for the label ${label}`;
      throw new VoltError('bad_setting', `two images are given ${what}: ${before} and ${image}`, {
        remedy: 'Give one IMAGE, and one LABEL=IMAGE for each label.',
      });
    }
    if (label === undefined) usual = image;
    else byLabel.set(label, image);
  }
  return { byLabel, usual };
}

/** @throws VoltError `bad_setting` if no image can have that name */
export function checkImage(name: string): void {
  try {
    fullImageName(name);
  } catch (error) {
    if (!(error instanceof ContainerProblem)) throw error;
    throw new VoltError('bad_setting', error.message, { remedy: 'Give an image such as node:22.', cause: error });
  }
}
