import type { Json } from '../../workflow/template.ts';

/** The level on which steps run: the job, or a composite action. */
export interface Frame {
  /** the `steps` context: the results of finished steps, by id */
  readonly steps: Record<string, Json>;
  /** undefined at the level of the job */
  readonly action?: ActionFrame;
}

/** The repository that an action is from. */
export interface ActionSource {
  repository: string;
  ref: string;
  /** whether it is the built repository at the built commit */
  isOwn: boolean;
}

/** A composite action, for the steps inside it. */
export interface ActionFrame {
  /** folder of the action's files */
  readonly path: string;
  /** undefined for an action in the workspace */
  readonly source: ActionSource | undefined;
  readonly inputs: Record<string, Json>;
  /** environment of the step that uses it */
  readonly env: Readonly<Record<string, string>>;
  /** ids of the steps that contain it, joined by slashes, from the job's step on */
  readonly stepPath: string;
  /** number of actions around its steps, itself included */
  readonly depth: number;
  /** whether one of its steps has failed so far */
  failed: boolean;
}

/** A step's path, which is unique in the job. */
export function stepPath({ action }: Frame, id: string): string {
  return action ? `${action.stepPath}/${id}` : id;
}
