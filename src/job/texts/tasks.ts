import type { FoundProblems, Searchable } from '../output/find-problems.ts';
import type { FoundTest } from '../reports/collection.ts';
import type { ActionManifest } from './action-manifest.ts';
import type { Evaluable, Evaluated } from './evaluate.ts';

/** What can be done with a text of a job, by name: what it takes, and what comes of it. */
export interface TextWork {
  evaluate: { task: Evaluable; result: Evaluated };
  problems: { task: Searchable; result: FoundProblems };
  manifest: { task: { text: string; shown: string }; result: ActionManifest };
  report: { task: string; result: FoundTest[] };
}

export type TextTask = { [Kind in keyof TextWork]: { kind: Kind; task: TextWork[Kind]['task'] } }[keyof TextWork];

/** Milliseconds of processor time that it took, and what came of it; `fault` where the text is at fault, for its author. */
export type TextAnswer = { took: number } & ({ result: TextWork[keyof TextWork]['result'] } | { fault: string });
