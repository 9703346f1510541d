import { SequenceToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { readCondition } from './conditions.ts';
import { checkImageAction } from './containers/read.ts';
import type { PlannedStep } from './plan.ts';
import type { TokenReader } from './token-reader.ts';

/** Ids of steps, jobs and outputs, as on GitHub. */
export const idPattern = /^[A-Za-z_][A-Za-z0-9_-]{0,98}$/;

export const idRule = 'use letters, digits, "_" and "-", beginning with a letter or "_", fewer than 100 characters';

const actionPattern = /^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+(?:\/[^@]+)?@[^\s@]+$/;

/** The steps of a job, with an id for each. */
export function readSteps(reader: TokenReader, token: TemplateToken | undefined): PlannedStep[] {
  if (!(token instanceof SequenceToken)) return [];
  const ids = new StepIds();
  const steps = [...token].map((item) => readStep(reader, item, ids));
  // ids in the file are taken first; the others are made around them
  return steps.map((step) => ({ ...step, id: step.id === '' ? ids.make(step) : step.id }));
}

function readStep(reader: TokenReader, token: TemplateToken, ids: StepIds): PlannedStep {
  const step: PlannedStep = { id: '', if: 'success()' };
  for (const { key, keyToken, value } of reader.entries(token)) {
    switch (key) {
      case 'id': {
        const problem = ids.take(value.toString());
        if (problem) reader.invalid(value, problem);
        else step.id = value.toString();
        break;
      }
      case 'name':
        step.name = reader.template(value);
        break;
      case 'if':
        step.if = readCondition(reader, value);
        break;
      case 'run':
        step.run = reader.template(value);
        break;
      case 'uses':
        step.uses = value.toString().trim();
        checkUses(reader, value, step.uses);
        break;
      case 'with':
        step.with = reader.templates(value);
        break;
      case 'env':
        step.env = reader.templates(value);
        break;
      case 'shell':
        step.shell = reader.template(value);
        checkShell(reader, value);
        break;
      case 'working-directory':
        step.workingDirectory = reader.template(value);
        break;
      case 'continue-on-error':
        step.continueOnError = reader.template(value);
        break;
      case 'background':
      case 'wait':
      case 'wait-all':
      case 'cancel':
      case 'parallel':
        // a value of false means that the step does not use the feature
        if (value.toString() !== 'false')
          reader.report('unsupported', keyToken, `background steps are not supported yet: \`${key}\``);
        break;
      case 'timeout-minutes':
        step.timeoutMinutes = reader.template(value);
        checkPositive(reader, value, key);
        break;
    }
  }
  return step;
}

function checkUses(reader: TokenReader, token: TemplateToken, uses: string): void {
  if (uses.startsWith('docker://')) {
    checkImageAction(reader, token, uses);
    return;
  }
  if (uses.startsWith('./') || uses.startsWith('$/') || actionPattern.test(uses)) return;
  const remedy =
    'use owner/repository@ref, owner/repository/path@ref, $/path (in this repository) or ./path (in the workspace)';
  reader.invalid(token, `"${uses}" is not an action: ${remedy}`);
}

/** Checks a literal number; an expression is checked when it is evaluated. */
export function checkPositive(reader: TokenReader, token: TemplateToken, key: string): void {
  const text = reader.template(token);
  // the parser reports values that are not numbers
  if (typeof text === 'string' && Number(text) <= 0) {
    reader.invalidUnlessKnown(token, `${key} must be more than 0, not ${text}`);
  }
}

const shells = new Set(['bash', 'sh', 'python', 'pwsh', 'cmd', 'powershell']);

export function checkShell(reader: TokenReader, token: TemplateToken): void {
  const text = reader.template(token);
  if (typeof text !== 'string' || text.trim() === '' || shells.has(text.trim().toLowerCase()) || text.includes('{0}'))
    return;
  reader.invalid(token, `"${text}" is not a shell: use bash, sh, python, pwsh, or a command line that contains {0}`);
}

/** Ids of one job's steps, as GitHub makes them: `__run`, `__run_2`, `__actions_checkout`. */
class StepIds {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** @returns an error message, or undefined */
  take(id: string): string | undefined {
    if (!idPattern.test(id)) return `"${id}" is not a valid id: ${idRule}`;
    if (id.startsWith('__')) return `"${id}" is not a valid id: the prefix "__" is reserved for steps without an id`;
    if (this.#taken.has(id.toLowerCase())) return `another step of the job has the id "${id}"`;
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
