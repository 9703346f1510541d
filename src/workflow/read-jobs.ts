import { MappingToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { isBasicExpression } from '@actions/workflow-parser/templates/tokens/type-guards';
import { keyOfCalled, parseCalled, parseLocal } from './called-file.ts';
import { readCondition } from './conditions.ts';
import { formatDiagnostic, nearest } from './diagnostics.ts';
import { checkPositive, checkShell, idPattern, idRule, readSteps } from './read-steps.ts';
import { readRunsOn, readStrategy } from './read-strategy.ts';
import { readUnsupportedKeys } from './read-unsupported.ts';
import { hasExpressionKey, type Reading } from './reading.ts';
import type { CallJob, Concurrency, RunDefaults, StepsJob, WorkflowJob } from './workflow.ts';

/** Reads the jobs. An unsupported key of the workflow itself applies to all of them. */
export function readJobs(reading: Reading, token: TemplateToken | undefined): WorkflowJob[] {
  const refusedAbove = reading.diagnostics.find(({ severity }) => severity === 'unsupported');
  const needsAt = new Map<string, TemplateToken>();
  const jobs = reading.entries(token).map(({ key, keyToken, value }) => {
    const before = reading.diagnostics.length;
    if (!idPattern.test(key)) reading.invalid(keyToken, `"${key}" is not a valid job id: ${idRule}`);
    const needs = reading.entries(value).find((entry) => entry.key === 'needs');
    if (needs) needsAt.set(key, needs.value);
    const job = readJob(reading, keyToken, value);
    const refused =
      reading.diagnostics.slice(before).find(({ severity }) => severity === 'unsupported') ?? refusedAbove;
    return refused ? { ...job, unsupported: formatDiagnostic(refused) } : job;
  });
  if (jobs.length === 0 && token) reading.invalidUnlessKnown(token, 'the workflow has no jobs');
  return resolveNeeds(reading, jobs, needsAt);
}

function readJob(reading: Reading, key: TemplateToken, token: TemplateToken): WorkflowJob {
  const id = key.toString();
  const fields = new Map(reading.entries(token).map(({ key, value }) => [key, value]));
  const get = (key: string) => fields.get(key);
  const has = <T>(key: string, read: (value: TemplateToken) => T): T | undefined => {
    const value = fields.get(key);
    return value && read(value);
  };
  const refusals = readUnsupportedKeys(reading, fields);
  const name = has('name', (value) => reading.template(value));
  const concurrency = has('concurrency', (value) => readConcurrency(reading, value));
  const strategy = has('strategy', (value) => readStrategy(reading, value));
  const any = {
    id,
    place: { line: key.line ?? 1, column: key.col ?? 1 },
    needs: has('needs', (value) => reading.texts(value)) ?? [],
    if: readCondition(reading, get('if')),
    ...(name === undefined ? {} : { name }),
    ...(concurrency && { concurrency }),
    ...(strategy && { strategy }),
  };
  const ending = get('cancel-timeout-minutes');
  if (ending) {
    const effect = 'has no effect: Volt gives steps five minutes after a cancel';
    reading.report('warning', ending, `\`cancel-timeout-minutes\` ${effect}`);
  }
  const uses = get('uses');
  if (uses) return { ...any, ...readCall(reading, fields, uses) };
  const timeoutMinutes = has('timeout-minutes', (value) => {
    checkPositive(reading, value, 'timeout-minutes');
    return reading.template(value);
  });
  const steps: StepsJob = {
    ...any,
    kind: 'steps',
    runsOn: has('runs-on', (value) => readRunsOn(reading, value)) ?? null,
    continueOnError: has('continue-on-error', (value) => reading.template(value)) ?? 'false',
    ...(timeoutMinutes === undefined ? {} : { timeoutMinutes }),
    env: reading.templates(get('env')),
    defaults: readDefaults(reading, get('defaults')),
    outputs: reading.templateMap(get('outputs')),
    steps: readSteps(reading, get('steps')),
    ...(refusals.length > 0 && { refusals }),
  };
  // do not report a misspelt key as missing as well
  if (steps.steps.length === 0 && !reading.hasReported(token, 'did you mean "steps"')) {
    reading.invalidUnlessKnown(get('steps') ?? key, `the job "${id}" has no steps`);
  }
  return steps;
}

function readCall(
  reading: Reading,
  fields: Map<string, TemplateToken>,
  token: TemplateToken,
): Pick<CallJob, 'kind' | 'uses' | 'with' | 'secrets' | 'places'> {
  const written = token.toString().trim();
  const uses = calledPath(reading.file, written);
  if (uses === undefined) {
    const remedy = 'use ./.github/workflows/name.yml or owner/repository/.github/workflows/name.yml@ref';
    reading.invalid(token, `"${written}" is not a workflow: ${remedy}`);
  }
  const values = reading.entries(fields.get('with'));
  const secrets = fields.get('secrets');
  const places = [...values, ...reading.entries(secrets)].map(({ key, keyToken }) => [
    key,
    { line: keyToken.line ?? 1, column: keyToken.col ?? 1 },
  ]);
  return {
    kind: 'call',
    uses: uses ?? written,
    with: values.map(({ key, value }) => [key, reading.value(value)]),
    secrets: secrets instanceof MappingToken || !secrets ? reading.templateMap(secrets) : 'inherit',
    places: Object.fromEntries(places),
  };
}

/** @param file the calling file; a path in its own repository means the same ref */
function calledPath(file: string, uses: string): string | undefined {
  const called = parseCalled(uses);
  if (called) return keyOfCalled(called);
  const path = parseLocal(uses);
  const caller = parseCalled(file);
  return path === undefined || !caller ? path : keyOfCalled({ ...caller, path });
}

export function readConcurrency(reading: Reading, token: TemplateToken): Concurrency {
  if (!(token instanceof MappingToken)) return { group: reading.template(token), cancelInProgress: 'false' };
  const fields = new Map(reading.entries(token).map(({ key, value }) => [key, value]));
  const [group, cancel] = [fields.get('group'), fields.get('cancel-in-progress')];
  return { group: group ? reading.template(group) : '', cancelInProgress: cancel ? reading.template(cancel) : 'false' };
}

export function readDefaults(reading: Reading, token: TemplateToken | undefined): RunDefaults {
  const run = reading.entries(token).find(({ key }) => key === 'run')?.value;
  if (hasExpressionKey(run) || (run && isBasicExpression(run))) return { run: reading.templates(run) };
  const fields = new Map(reading.entries(run).map(({ key, value }) => [key, value]));
  const [shell, folder] = [fields.get('shell'), fields.get('working-directory')];
  if (shell) checkShell(reading, shell);
  return {
    ...(shell && { shell: reading.template(shell) }),
    ...(folder && { workingDirectory: reading.template(folder) }),
  };
}

/** Resolves needs to job ids; reports unknown jobs and cycles. */
function resolveNeeds(reading: Reading, jobs: WorkflowJob[], needsAt: Map<string, TemplateToken>): WorkflowJob[] {
  const ids = new Map(jobs.map(({ id }) => [id.toLowerCase(), id]));
  const resolved = jobs.map((job) => ({
    ...job,
    needs: [...new Set(job.needs.map((need) => need.toLowerCase()))].flatMap((need) => {
      const id = ids.get(need);
      if (id !== undefined) return [id];
      const meant = nearest(need, ids.values());
      const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
      reading.invalid(needsAt.get(job.id), `the job "${job.id}" needs the job "${need}", which does not exist${hint}`);
      return [];
    }),
  }));
  for (const job of circular(resolved)) {
    reading.invalid(needsAt.get(job), `the job "${job}" depends on itself through its needs`);
  }
  return resolved;
}

/** Ids of jobs that can never run because they are in a cycle or need a job in one. */
function circular(jobs: readonly WorkflowJob[]): string[] {
  const left = new Map(jobs.map(({ id, needs }) => [id, needs]));
  for (let moved = true; moved; ) {
    moved = false;
    for (const [id, needs] of left) {
      if (needs.some((need) => left.has(need))) continue;
      left.delete(id);
      moved = true;
    }
  }
  return [...left.keys()];
}
