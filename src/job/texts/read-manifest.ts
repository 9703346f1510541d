import { parseDocument } from 'yaml';
import * as z from 'zod';
import { errorText } from '../../kernel/errors.ts';
import { fullImageName } from '../../workflow/containers/image-name.ts';
import { type PlannedStep, plannedStep } from '../../workflow/plan.ts';
import { readConditionText } from '../../workflow/status-condition.ts';
import { isInsert, parseTemplate, type Template, type TemplateMap, type Templates } from '../../workflow/template.ts';
import { StepFault } from '../fault.ts';
import { type ActionManifest, type ActionRuns, type DockerRuns, unsupportedAction } from './action-manifest.ts';

/** A scalar of YAML; booleans and numbers are text for an action. */
const scalar = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => (value === null ? '' : String(value)));
const texts = z.record(z.string(), scalar);
/** A mapping, or an expression for all of it. */
const entries = z.union([texts, z.string()]);
const compositeStep = z.object({
  id: scalar.optional(),
  name: scalar.optional(),
  if: scalar.optional(),
  run: scalar.optional(),
  uses: scalar.optional(),
  with: entries.nullish(),
  env: entries.nullish(),
  shell: scalar.optional(),
  'working-directory': scalar.optional(),
  'continue-on-error': scalar.optional(),
});
const file = z.object({
  name: scalar.optional(),
  inputs: z.record(z.string(), z.object({ default: scalar.optional() }).nullable()).nullish(),
  outputs: z.record(z.string(), z.object({ value: scalar.optional() }).nullable()).nullish(),
  runs: z.object({
    using: z.string(),
    main: scalar.optional(),
    pre: scalar.optional(),
    'pre-if': scalar.optional(),
    post: scalar.optional(),
    'post-if': scalar.optional(),
    image: scalar.optional(),
    args: z.array(scalar).max(1000).nullish(),
    entrypoint: scalar.optional(),
    'pre-entrypoint': scalar.optional(),
    'post-entrypoint': scalar.optional(),
    env: entries.nullish(),
    steps: z.array(compositeStep).max(1000).optional(),
  }),
});
type File = z.infer<typeof file>;

/**
 * Parses `action.yml`. The time grows with the square of the text's length.
 * @param shown the file, for people
 * @throws StepFault if it is not valid; VoltError `unsupported` if it cannot run here
 */
export function parseManifest(text: string, shown: string): ActionManifest {
  const parsed = file.safeParse(read(text, shown));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StepFault(`${shown} is not valid: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { data } = parsed;
  const inputs = mapOf(
    Object.entries(data.inputs ?? {}).map(([name, input]) => [name, input?.default]),
    shown,
  );
  return { name: data.name ?? shown, inputs, inputNames: Object.keys(data.inputs ?? {}), runs: runsOf(data, shown) };
}

function read(text: string, shown: string): unknown {
  const document = parseDocument(text);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw new StepFault(`${shown} is not valid: ${problem.message}`);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new StepFault(`${shown} is not valid: ${(error as Error).message}`);
  }
}

/** An action whose folder has no file `action.yml`, only a Dockerfile. @param shown how the workflow names it, for people */
export function dockerfileManifest(path: string, shown: string): ActionManifest {
  return { name: shown, inputs: {}, inputNames: [], runs: dockerRuns({ using: 'docker', image: path }, shown) };
}

function runsOf({ runs, outputs }: File, shown: string): ActionRuns {
  const using = runs.using.toLowerCase();
  if (/^node\d+$/.test(using)) {
    if (!runs.main) throw new StepFault(`${shown} is not valid: runs.main is missing`);
    const condition = (key: 'pre-if' | 'post-if') => conditionOf(runs[key] ?? 'always()', shown);
    return {
      using: 'node',
      main: runs.main,
      pre: runs.pre,
      preIf: condition('pre-if'),
      post: runs.post,
      postIf: condition('post-if'),
    };
  }
  if (using === 'composite') {
    if (!runs.steps) throw new StepFault(`${shown} is not valid: runs.steps is missing`);
    const values = Object.entries(outputs ?? {}).map(([name, output]) => [name, output?.value] as const);
    return { using: 'composite', steps: stepsOf(runs.steps, shown), outputs: mapOf(values, shown) };
  }
  if (using === 'docker') return dockerRuns(runs, shown);
  throw unsupportedAction(`${shown} asks for "${using.slice(0, 50)}"`);
}

function dockerRuns(runs: File['runs'], shown: string): DockerRuns {
  const condition = (key: 'pre-if' | 'post-if') => conditionOf(runs[key] ?? 'always()', shown);
  return {
    using: 'docker',
    image: imageOf(runs.image ?? '', shown),
    args: runs.args?.map((text) => templateOf(text, shown)),
    entrypoint: runs.entrypoint || undefined,
    pre: runs['pre-entrypoint'] || undefined,
    preIf: condition('pre-if'),
    post: runs['post-entrypoint'] || undefined,
    postIf: condition('post-if'),
    env: entriesOf(runs.env, shown),
  };
}

function imageOf(text: string, shown: string): DockerRuns['image'] {
  const name = text.split('/').at(-1) ?? '';
  try {
    if (/^docker:\/\//i.test(text)) return { kind: 'image', name: fullImageName(text.slice('docker://'.length)) };
  } catch (error) {
    throw new StepFault(`${shown} is not valid: ${errorText(error)}`);
  }
  if (/^Dockerfile\.|Dockerfile$/i.test(name)) return { kind: 'dockerfile', path: text };
  throw new StepFault(`${shown}: '${text}' should be either '[path]/Dockerfile' or 'docker://image[:tag]'.`);
}

function stepsOf(steps: NonNullable<File['runs']['steps']>, shown: string): PlannedStep[] {
  const ids = new Set(steps.flatMap(({ id }) => id ?? []));
  return steps.map((step, index) => {
    const where = `${shown}, step ${index + 1}`;
    if ((step.run === undefined) === (step.uses === undefined))
      throw new StepFault(`${where}: it must have either run or uses`);
    if (step.run !== undefined && !step.shell) throw new StepFault(`${where}: Required property is missing: shell`);
    const template = (text: string | undefined) => (text === undefined ? undefined : templateOf(text, where));
    return plannedStep.parse({
      id: step.id || freeId(step, ids),
      name: template(step.name),
      if: conditionOf(step.if ?? '', where),
      run: template(step.run),
      uses: step.uses,
      with: entriesOf(step.with, where),
      env: entriesOf(step.env, where),
      shell: template(step.shell),
      workingDirectory: template(step['working-directory']),
      continueOnError: template(step['continue-on-error']),
    });
  });
}

/** An id that no expression refers to by accident. */
function freeId({ uses }: { uses?: string | undefined }, ids: Set<string>): string {
  const stem = `__${uses?.split('@')[0]?.replace(/[^A-Za-z0-9_-]+/g, '_') ?? 'run'}`;
  let id = stem;
  for (let count = 2; ids.has(id); count++) id = `${stem}_${count}`;
  ids.add(id);
  return id;
}

function mapOf(entries: readonly (readonly [string, string | undefined])[], shown: string): TemplateMap {
  return Object.fromEntries(
    entries.flatMap(([name, text]) => (text === undefined ? [] : [[name, templateOf(text, shown)]])),
  );
}

/** A mapping, which may have expressions as keys, or one expression for all of it. */
function entriesOf(given: string | Record<string, string> | null | undefined, shown: string): Templates | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === 'string') return [{ insert: templateOf(given, shown) }];
  const all = Object.entries(given);
  if (!all.some(([name]) => name.includes('${{'))) return mapOf(all, shown);
  return all.map(([name, text]) => {
    const value = templateOf(text, shown);
    return isInsert(name) ? { insert: value } : { name: templateOf(name, shown), value };
  });
}

function conditionOf(text: string, shown: string): string {
  try {
    return readConditionText(text);
  } catch (error) {
    throw new StepFault(`${shown}: ${errorText(error)}`);
  }
}

function templateOf(text: string, shown: string): Template {
  const template = parseTemplate(text);
  if (template === undefined) throw new StepFault(`${shown}: an expression is not closed: ${text.slice(0, 100)}`);
  return template;
}
