import { VoltError } from '../../kernel/errors.ts';
import type { PlannedStep } from '../../workflow/plan.ts';
import type { Template, TemplateMap, Templates } from '../../workflow/template.ts';

/** The content of the file `action.yml`. */
export interface ActionManifest {
  name: string;
  /** defaults, by the name of the input */
  inputs: TemplateMap;
  /** names of all inputs, with or without a default */
  inputNames: string[];
  runs: ActionRuns;
}

export type ActionRuns = JavaScriptRuns | CompositeRuns | DockerRuns;

export interface JavaScriptRuns {
  using: 'node';
  /** files, relative to the action's folder */
  main: string;
  pre: string | undefined;
  preIf: string;
  post: string | undefined;
  postIf: string;
}

export interface CompositeRuns {
  using: 'composite';
  steps: PlannedStep[];
  outputs: TemplateMap;
}

export interface DockerRuns {
  using: 'docker';
  image:
    | { kind: 'image'; name: string }
    /** a file, relative to the action's folder */
    | { kind: 'dockerfile'; path: string };
  /** undefined if the step's `args` count */
  args: Template[] | undefined;
  /** one program each, which replaces the image's entry point */
  entrypoint: string | undefined;
  pre: string | undefined;
  preIf: string;
  post: string | undefined;
  postIf: string;
  env: Templates | undefined;
}

/** The error for an action of a kind that Volt does not run. */
export function unsupportedAction(what: string): VoltError {
  return new VoltError('unsupported', what, { remedy: 'JavaScript, composite and docker actions are supported.' });
}
