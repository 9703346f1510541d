import type { Annotation } from '../../kernel/model.ts';
import { StepFault } from '../fault.ts';
import { readInside } from '../files/inside.ts';
import { annotationOf } from '../output/annotation.ts';
import { parseMatchers } from '../output/matcher.ts';
import type { WorkflowCommand } from '../output/workflow-command.ts';
import type { WorkflowState } from './workflow-state.ts';

/** Bytes of a file of problem matchers, which is parsed at once. */
const largestMatcherFile = 65_536;

/** What a step has set by commands in its output. */
export interface StepEffects {
  outputs: Record<string, string>;
  /** for the `post` of an action */
  state: Record<string, string>;
  /** whether a command was refused, so that the step fails */
  refused: boolean;
}

/**
 * Runs a command that changes the state of the step or the job.
 * @throws Error with what is wrong with it
 */
export function actOn(
  job: WorkflowState,
  effects: StepEffects,
  env: Readonly<Record<string, string>>,
  command: WorkflowCommand,
): void {
  const { name, data } = command;
  const named = () => {
    const key = command.properties.get('name');
    if (!key) throw new Error(`${name} needs a name, as in ::${name} name=…::…`);
    return key;
  };
  switch (name) {
    case 'add-mask':
      if (data.trim() === '') throw new Error("Can't add secret mask for empty string in ##[add-mask] command.");
      job.masker.add(data);
      return;
    case 'set-output':
      job.valueBudget.take(named(), data);
      effects.outputs[named()] = data;
      return;
    case 'save-state':
      job.valueBudget.take(named(), data);
      effects.state[named()] = data;
      return;
    case 'set-env':
    case 'add-path':
      // printed text may come from anywhere; see GitHub's advisory CVE-2020-15228
      if (env.ACTIONS_ALLOW_UNSECURE_COMMANDS !== 'true') {
        effects.refused = true;
        throw new Error(
          `The \`${name}\` command is disabled. Write to the file $GITHUB_${name === 'set-env' ? 'ENV' : 'PATH'} instead.`,
        );
      }
      job.valueBudget.take('', data);
      if (name === 'set-env') job.env[named()] = data;
      else job.paths.unshift(data);
      return;
    case 'add-matcher':
      job.matchers.add(readMatchers(job, data));
      return;
    case 'remove-matcher':
      for (const owner of ownersOf(job, command)) job.matchers.remove(owner);
      return;
  }
}

/** Characters of the environment of later steps; the system starts no program with more. */
const mostEnvironment = 2_097_152;

/**
 * Sets the variables in a step's `GITHUB_ENV`.
 * @throws StepFault if the environment becomes too large
 */
export function setVariables(
  job: WorkflowState,
  pairs: readonly [string, string][],
  annotate: (annotation: Annotation) => void,
): void {
  const next = { ...job.env };
  for (const [name, value] of pairs) {
    // it would run code in each later step, see GitHub's documentation of workflow commands
    if (name.toUpperCase() === 'NODE_OPTIONS') {
      annotate(annotationOf('error', "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."));
    } else next[name] = value;
  }
  const size = Object.entries(next).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > mostEnvironment) {
    throw new StepFault(`the environment of the job's steps would have more than ${mostEnvironment} characters`);
  }
  job.env = next;
}

function ownersOf(job: WorkflowState, { properties, data }: WorkflowCommand): string[] {
  const owner = properties.get('owner');
  if (owner) return [owner];
  if (data.trim() === '') throw new Error('remove-matcher needs an owner or a file');
  return parseMatchers(readMatchers(job, data)).map(({ owner: name }) => name);
}

/** Reads a file of matchers, which must be in the job's folder. */
function readMatchers({ folders }: WorkflowState, path: string): string {
  const file = path.trim().startsWith('/') ? path.trim() : `${folders.workspace}/${path.trim()}`;
  try {
    return readInside(folders.root, file, largestMatcherFile);
  } catch (error) {
    throw new Error(`cannot read the problem matchers of ${path.trim()}: ${(error as Error).message}`);
  }
}
