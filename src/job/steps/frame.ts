import type { Json } from '../../workflow/template.ts';

/** The level on which steps run: that of the job, or inside of a composite action. */
export interface Frame {
  /** the `steps` context: what those that have ended came to, by id */
  readonly steps: Record<string, Json>;
  /** undefined at the level of the job */
  readonly action?: ActionFrame;
}

/** Where an action is from. */
export interface ActionSource {
  repository: string;
  ref: string;
  /** whether it is the repository that is built, at the commit that is */
  isOwn: boolean;
}

/** What the steps inside of a composite action see of it. */
export interface ActionFrame {
  /** folder of its files */
  readonly path: string;
  /** where it came from; undefined for one of the workspace */
  readonly source: ActionSource | undefined;
  readonly inputs: Record<string, Json>;
  /** environment of the step that uses it */
  readonly env: Readonly<Record<string, string>>;
  /** ids of the steps that lead to it, that of the job's first */
  readonly place: string;
  /** how many actions it is inside of, itself included */
  readonly depth: number;
  /** one of its steps has failed, so far */
  failed: boolean;
}

/** What tells a step from all others of the job. */
export function placeOf({ action }: Frame, id: string): string {
  return action ? `${action.place}/${id}` : id;
}
