import { MappingToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { isBasicExpression } from '@actions/workflow-parser/templates/tokens/type-guards';
import { hint } from '../kernel/similar-words.ts';
import { keyOfCalled, parseCalled, parseLocal } from './called-file.ts';
import { readCondition } from './conditions.ts';
import { readContainer, readServices } from './containers/read.ts';
import { formatDiagnostic } from './diagnostics.ts';
import { readEnvironment } from './environment.ts';
import { readPermissions } from './read-permissions.ts';
import { checkPositive, checkShell, idPattern, idRule, readSteps } from './read-steps.ts';
import { readRunsOn, readStrategy } from './read-strategy.ts';
import { readUnsupportedKeys } from './read-unsupported.ts';
import { hasExpressionKey, type TokenReader } from './token-reader.ts';
import type { CallJob, Concurrency, RunDefaults, StepsJob, WorkflowJob } from './workflow.ts';

/** Reads the jobs. An unsupported key of the workflow itself applies to all of them. */
export function readJobs(reader: TokenReader, token: TemplateToken | undefined): WorkflowJob[] {
  const refusedAbove = reader.diagnostics.find(({ severity }) => severity === 'unsupported');
  const needsAt = new Map<string, TemplateToken>();
  const jobs = reader.entries(token).map(({ key, keyToken, value }) => {
    const before = reader.diagnostics.length;
    if (!idPattern.test(key)) reader.invalid(keyToken, `"${key}" is not a valid job id: ${idRule}`);
    const needs = reader.entries(value).find((entry) => entry.key === 'needs');
    if (needs) needsAt.set(key, needs.value);
    const job = readJob(reader, keyToken, value);
    const refused = reader.diagnostics.slice(before).find(({ severity }) => severity === 'unsupported') ?? refusedAbove;
    return refused ? { ...job, unsupported: formatDiagnostic(refused) } : job;
  });
  if (jobs.length === 0 && token) reader.invalidUnlessKnown(token, 'the workflow has no jobs');
  return resolveNeeds(reader, jobs, needsAt);
}

function readJob(reader: TokenReader, key: TemplateToken, token: TemplateToken): WorkflowJob {
  const id = key.toString();
  const fields = new Map(reader.entries(token).map(({ key, value }) => [key, value]));
  const get = (key: string) => fields.get(key);
  const has = <T>(key: string, read: (value: TemplateToken) => T): T | undefined => {
    const value = fields.get(key);
    return value && read(value);
  };
  readUnsupportedKeys(reader, fields);
  const name = has('name', (value) => reader.template(value));
  const concurrency = has('concurrency', (value) => readConcurrency(reader, value));
  const strategy = has('strategy', (value) => readStrategy(reader, value));
  const permissions = has('permissions', (value) => readPermissions(reader, value));
  const any = {
    id,
    location: { line: key.line ?? 1, column: key.col ?? 1 },
    needs: has('needs', (value) => reader.texts(value)) ?? [],
    if: readCondition(reader, get('if')),
    ...(name === undefined ? {} : { name }),
    ...(concurrency && { concurrency }),
    ...(strategy && { strategy }),
    ...(permissions && { permissions }),
  };
  const ending = get('cancel-timeout-minutes');
  if (ending) {
    const effect = 'has no effect: Volt gives steps five minutes after a cancel';
    reader.report('warning', ending, `\`cancel-timeout-minutes\` ${effect}`);
  }
  const uses = get('uses');
  if (uses) return { ...any, ...readCall(reader, fields, uses) };
  const timeoutMinutes = has('timeout-minutes', (value) => {
    checkPositive(reader, value, 'timeout-minutes');
    return reader.template(value);
  });
  const container = has('container', (value) => readContainer(reader, value));
  const services = has('services', (value) => readServices(reader, value));
  const environment = has('environment', (value) => readEnvironment(reader, value));
  const steps: StepsJob = {
    ...any,
    kind: 'steps',
    runsOn: has('runs-on', (value) => readRunsOn(reader, value)) ?? null,
    continueOnError: has('continue-on-error', (value) => reader.template(value)) ?? 'false',
    ...(timeoutMinutes === undefined ? {} : { timeoutMinutes }),
    env: reader.templates(get('env')),
    defaults: readDefaults(reader, get('defaults')),
    ...(container !== undefined && { container }),
    ...(services !== undefined && { services }),
    ...(environment && { environment }),
    outputs: reader.templateMap(get('outputs')),
    steps: readSteps(reader, get('steps')),
  };
  // do not report a misspelt key as missing as well
  if (steps.steps.length === 0 && !reader.hasReported(token, 'did you mean "steps"')) {
    reader.invalidUnlessKnown(get('steps') ?? key, `the job "${id}" has no steps`);
  }
  return steps;
}

function readCall(
  reader: TokenReader,
  fields: Map<string, TemplateToken>,
  token: TemplateToken,
): Pick<CallJob, 'kind' | 'uses' | 'with' | 'secrets' | 'locations'> {
  const written = token.toString().trim();
  const uses = calledPath(reader.file, written);
  if (uses === undefined) {
    const remedy = 'use ./.github/workflows/name.yml or owner/repository/.github/workflows/name.yml@ref';
    reader.invalid(token, `"${written}" is not a workflow: ${remedy}`);
  }
  const values = reader.entries(fields.get('with'));
  const secrets = fields.get('secrets');
  const locations = [...values, ...reader.entries(secrets)].map(({ key, keyToken }) => [
    key,
    { line: keyToken.line ?? 1, column: keyToken.col ?? 1 },
  ]);
  return {
    kind: 'call',
    uses: uses ?? written,
    with: values.map(({ key, value }) => [key, reader.value(value)]),
    secrets: secrets instanceof MappingToken || !secrets ? reader.templateMap(secrets) : 'inherit',
    locations: Object.fromEntries(locations),
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

export function readConcurrency(reader: TokenReader, token: TemplateToken): Concurrency {
  if (!(token instanceof MappingToken)) return { group: reader.template(token), cancelInProgress: 'false' };
  const fields = new Map(reader.entries(token).map(({ key, value }) => [key, value]));
  const [group, cancel] = [fields.get('group'), fields.get('cancel-in-progress')];
  return { group: group ? reader.template(group) : '', cancelInProgress: cancel ? reader.template(cancel) : 'false' };
}

export function readDefaults(reader: TokenReader, token: TemplateToken | undefined): RunDefaults {
  const run = reader.entries(token).find(({ key }) => key === 'run')?.value;
  if (hasExpressionKey(run) || (run && isBasicExpression(run))) return { run: reader.templates(run) };
  const fields = new Map(reader.entries(run).map(({ key, value }) => [key, value]));
  const [shell, folder] = [fields.get('shell'), fields.get('working-directory')];
  if (shell) checkShell(reader, shell);
  return {
    ...(shell && { shell: reader.template(shell) }),
    ...(folder && { workingDirectory: reader.template(folder) }),
  };
}

/** Resolves needs to job ids; reports unknown jobs and cycles. */
function resolveNeeds(reader: TokenReader, jobs: WorkflowJob[], needsAt: Map<string, TemplateToken>): WorkflowJob[] {
  const ids = new Map(jobs.map(({ id }) => [id.toLowerCase(), id]));
  const resolved = jobs.map((job) => ({
    ...job,
    needs: [...new Set(job.needs.map((need) => need.toLowerCase()))].flatMap((need) => {
      const id = ids.get(need);
      if (id !== undefined) return [id];
      const message = `the job "${job.id}" needs the job "${need}", which does not exist`;
      reader.invalid(needsAt.get(job.id), message + hint(need, ids.values()));
      return [];
    }),
  }));
  for (const job of circular(resolved)) {
    reader.invalid(needsAt.get(job), `the job "${job}" depends on itself through its needs`);
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
