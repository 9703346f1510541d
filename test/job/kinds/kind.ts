/** Files by path. `{registry}` in a text stands for the address of a registry that has no packages. */
export type Files = { [path: string]: string };

/** What a job must end with. */
export interface Ending {
  status: 'success' | 'failure' | 'error';
  reason: string | null;
  /** what its message says, if it has one */
  message?: RegExp;
}

/** A state of a project, and the verdict on it. */
export interface Variant {
  /** beside those of the kind */
  files: Files;
  /** by default that of a job whose tests pass or fail, as the variant's name says */
  ends?: Ending;
  /** names of the tests that passed and failed, each with its suite */
  passed?: string[];
  failed?: string[];
  /** how many tests passed, where the runner does not name them */
  count?: number;
}

/** A small project of one kind, in the states that a repository may be in. None needs a download. */
export interface Kind {
  /** the kind, and the tools that this project is tested with */
  what: string;
  /** the kind of src/job/discovery/kinds.ts that it belongs to */
  title: string;
  /** those of all variants */
  files: Files;
  /** what runs in the green project, in order; beginnings of commands */
  commands: string[];
  green: Variant;
  /** missing where the tool takes tens of seconds of the processor to say so; its words are in test/job/reports/ */
  red?: Variant;
  'missing dependency'?: Variant;
  'no tests'?: Variant;
  /** something ends the tests with exit code 0 before they tell a result */
  'ended early'?: Variant;
  /** Whether this machine has what the tests need. */
  possible?(): boolean;
  /** a program of which a first one on the search path may do nothing, as that of rustup */
  program?: string;
  /** a program from npm's registry that the project is tested with, and how it makes the lock file */
  by?: { tool: NpmTool; lock: string; file: string };
}

export const variants = ['green', 'red', 'missing dependency', 'no tests', 'ended early'] as const;

/** Tools that are installed from npm's registry for these tests. */
export type NpmTool = 'pnpm' | 'yarn 1' | 'yarn 4' | 'bun';

export const noTests = { status: 'error', reason: 'no_tests_found' } as const;
export const noDependency = { status: 'error', reason: 'dependencies_failed' } as const;
