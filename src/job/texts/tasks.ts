import type { Discovery } from '../discovery/discover.ts';
import type { TreeListing } from '../discovery/packed-tree.ts';
import type { FoundProblems, Searchable } from '../output/find-problems.ts';
import type { FoundTest } from '../reports/collection.ts';
import type { ActionManifest } from './action-manifest.ts';
import type { Evaluable, Evaluated } from './evaluate.ts';

/** The tasks of the text process, by name: their input and their result. */
export interface TextWork {
  evaluate: { task: Evaluable; result: Evaluated };
  problems: { task: Searchable; result: FoundProblems };
  manifest: { task: { text: string; shown: string }; result: ActionManifest };
  /** finds the tests of a commit */
  discover: { task: TreeListing; result: Discovery };
  report: { task: string; result: FoundTest[] };
}

export type TextTask = { [Kind in keyof TextWork]: { kind: Kind; task: TextWork[Kind]['task'] } }[keyof TextWork];

/**
 * The milliseconds of processor time that the task took, and its result; `fault` is an error in the text, for its
 * author.
 */
export type TextAnswer = { took: number } & ({ result: TextWork[keyof TextWork]['result'] } | { fault: string });
