import { VoltError } from '../../kernel/errors.ts';
import type { RunnerImages } from '../runner-images.ts';

/** The image that a job runs in, and why, as the end of a sentence. */
export interface ChosenImage {
  name: string;
  why: string;
}

/** What decides on the image of a job. */
export interface ImageWish {
  /** the one that the job itself names */
  own?: ChosenImage | undefined;
  /** labels that it asks for, as they are written and as Volt has replaced them */
  labels: readonly string[];
  /** image of its repository, for jobs of workflows */
  repository?: string | undefined;
}

/**
 * The image of a job: its own, else the one that the runner has for a label of the job. On a runner that has an image for all
 * jobs, or runs each job in a container, it is else that of the repository, and then that of the runner.
 * @param images of the runner; absent where it has none
 * @returns undefined for a job that runs on the machine
 * @throws VoltError `image_unavailable` if the job must run in a container, and nothing names an image
 */
export function chooseImage({ own, labels, repository }: ImageWish, images?: RunnerImages): ChosenImage | undefined {
  if (own || !images) return own;
  const { byLabel, usual, isRequired } = images;
  const label = labels.find((each) => byLabel.has(each));
  if (label !== undefined)
    return { name: byLabel.get(label) as string, why: `this runner has it for the label ${label}` };
  if (usual === undefined && !isRequired) return undefined;
  if (repository !== undefined) return { name: repository, why: 'the settings of the repository name it' };
  if (usual !== undefined) return { name: usual, why: 'this runner has it for all jobs' };
  throw new VoltError(
    'image_unavailable',
    'this runner runs each job in a container, and nothing names an image for it',
    {
      remedy:
        'Name one: `volt repo set NAME --image IMAGE` for the repository, `image: IMAGE` in .volt.yml, `container: IMAGE` in the workflow, or `--image IMAGE` for the runner.',
    },
  );
}
