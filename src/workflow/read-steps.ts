import { SequenceToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { readCondition } from './conditions.ts';
import type { PlannedStep } from './plan.ts';
import type { Reading } from './reading.ts';

/** As GitHub has it: ids of steps, jobs and outputs. */
export const idPattern = /^[A-Za-z_][A-Za-z0-9_-]{0,98}$/;

export const idRule = 'ids are letters, digits, "_" and "-", begin with a letter or "_", and are shorter than 100';

const actionPattern = /^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+(?:\/[^@]+)?@[^\s@]+$/;

/** The steps of a job, with an id for each. */
export function readSteps(reading: Reading, token: TemplateToken | undefined): PlannedStep[] {
  if (!(token instanceof SequenceToken)) return [];
  const ids = new StepIds();
  const steps = [...token].map((item) => readStep(reading, item, ids));
  // ids of the file's own go first: those made here give way to them
  return steps.map((step) => ({ ...step, id: step.id === '' ? ids.make(step) : step.id }));
}

function readStep(reading: Reading, token: TemplateToken, ids: StepIds): PlannedStep {
  const step: PlannedStep = { id: '', if: 'success()' };
  for (const { key, keyToken, value } of reading.entries(token)) {
    switch (key) {
      case 'id': {
        const problem = ids.take(value.toString());
        if (problem) reading.invalid(value, problem);
        else step.id = value.toString();
        break;
      }
      case 'name':
        step.name = reading.template(value);
        break;
      case 'if':
        step.if = readCondition(reading, value);
        break;
      case 'run':
        step.run = reading.template(value);
        break;
      case 'uses':
        step.uses = value.toString().trim();
        checkUses(reading, value, step.uses);
        break;
      case 'with':
        step.with = reading.templates(value);
        break;
      case 'env':
        step.env = reading.templates(value);
        break;
      case 'shell':
        step.shell = reading.template(value);
        checkShell(reading, value);
        break;
      case 'working-directory':
        step.workingDirectory = reading.template(value);
        break;
      case 'continue-on-error':
        step.continueOnError = reading.template(value);
        break;
      case 'background':
      case 'wait':
      case 'wait-all':
      case 'cancel':
      case 'parallel':
        // a step that waits for nobody is one that does not run
        if (value.toString() !== 'false')
          reading.report('unsupported', keyToken, `steps in the background are not supported yet: \`${key}\``);
        break;
      case 'timeout-minutes':
        step.timeoutMinutes = reading.template(value);
        checkPositive(reading, value, key);
        break;
    }
  }
  return step;
}

function checkUses(reading: Reading, token: TemplateToken, uses: string): void {
  if (uses.startsWith('docker://')) {
    reading.report('warning', token, 'docker actions are not supported yet: the step will end in an error');
    return;
  }
  if (uses.startsWith('./') || uses.startsWith('$/') || actionPattern.test(uses)) return;
  const remedy =
    'an action is owner/repository@ref, owner/repository/path@ref, $/path in this repository, or ./path in the workspace';
  reading.invalid(token, `"${uses}" names no action: ${remedy}`);
}

/** A number that is written down; an expression is checked when it is evaluated. */
export function checkPositive(reading: Reading, token: TemplateToken, key: string): void {
  const text = reading.template(token);
  // the parser tells what is no number
  if (typeof text === 'string' && Number(text) <= 0) {
    reading.invalidUnlessKnown(token, `${key} must be more than 0, and is ${text}`);
  }
}

const shells = new Set(['bash', 'sh', 'python', 'pwsh', 'cmd', 'powershell']);

export function checkShell(reading: Reading, token: TemplateToken): void {
  const text = reading.template(token);
  if (typeof text !== 'string' || text.trim() === '' || shells.has(text.trim().toLowerCase()) || text.includes('{0}'))
    return;
  reading.invalid(token, `"${text}" is no shell: it is bash, sh, python, pwsh, or a command line that contains {0}`);
}

/** Ids of one job's steps, as GitHub makes them: `__run`, `__run_2`, `__actions_checkout`. */
class StepIds {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** @returns what is wrong with it */
  take(id: string): string | undefined {
    if (!idPattern.test(id)) return `"${id}" cannot be an id: ${idRule}`;
    if (id.startsWith('__'))
      return `"${id}" cannot be an id: those that begin with "__" are made for steps without one`;
    if (this.#taken.has(id.toLowerCase())) return `the id "${id}" is used for another step of the job`;
    this.#taken.add(id.toLowerCase());
    return undefined;
  }

  make({ uses }: PlannedStep): string {
    const base = `__${actionName(uses).replaceAll(/[^A-Za-z0-9_-]/g, '_')}`.slice(0, 90);
    const count = (this.#counts.get(base) ?? 0) + 1;
    this.#counts.set(base, count);
    return count === 1 ? base : `${base}_${count}`;
  }
}

function actionName(uses: string | undefined): string {
  if (uses === undefined) return 'run';
  if (uses.startsWith('docker://')) return uses.slice('docker://'.length);
  if (uses.startsWith('./')) return 'self';
  if (uses.startsWith('$/')) return 'selfRepository';
  return (uses.split('@')[0] ?? '').split('/').slice(0, 2).join('/') || 'run';
}
