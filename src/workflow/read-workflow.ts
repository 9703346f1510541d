import { FeatureFlags } from '@actions/expressions/features';
import { TemplateContext, TemplateValidationErrors } from '@actions/workflow-parser/templates/template-context';
import { readTemplate } from '@actions/workflow-parser/templates/template-reader';
import { MappingToken, NullToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import type { TokenRange } from '@actions/workflow-parser/templates/tokens/token-range';
import { NoOperationTraceWriter } from '@actions/workflow-parser/templates/trace-writer';
import { parseWorkflow } from '@actions/workflow-parser/workflows/workflow-parser';
import { getWorkflowSchema } from '@actions/workflow-parser/workflows/workflow-schema';
import { errorText } from '../kernel/errors.ts';
import { emptyImages } from './containers/read.ts';
import type { Diagnostic } from './diagnostics.ts';
import { longestFile, type WorkflowFile } from './files.ts';
import { explainParserMessage, findErrorLocation } from './parser-messages.ts';
import { readConcurrency, readDefaults, readJobs } from './read-jobs.ts';
import { readPermissions } from './read-permissions.ts';
import { readTriggers } from './read-triggers.ts';
import { mostDiagnostics, TokenReader } from './token-reader.ts';
import type { Workflow } from './workflow.ts';
import { BoundedYamlReader, tooManyValues } from './yaml-reader.ts';

export interface ReadWorkflow {
  /** absent if the file is invalid */
  workflow?: Workflow;
  /** the readable part of an invalid file, for checking calls */
  draft?: Workflow;
  /** in the order of the file */
  diagnostics: Diagnostic[];
}

/**
 * Reads one workflow file and checks everything that does not depend on other files. GitHub's parser checks keys, types,
 * and which contexts and functions an expression may use; the rest is checked here. It takes about 20 ms for each 1,000
 * lines, and 100 ms more for the first file of a process, so a stage that must answer reads in another process. It never
 * throws because of the content of a file.
 */
export function readWorkflow(file: WorkflowFile): ReadWorkflow {
  const reader = new TokenReader(file.path);
  let workflow: Workflow | undefined;
  try {
    workflow = read(reader, file);
  } catch (error) {
    const message = error instanceof RangeError ? 'the file is nested too deeply' : errorText(error);
    reader.report('invalid', undefined, message);
  }
  const diagnostics = reader.diagnostics.sort((a, b) => a.line - b.line || a.column - b.column);
  return { ...(workflow && (reader.isInvalid ? { draft: workflow } : { workflow })), diagnostics };
}

function read(reader: TokenReader, { path, text }: WorkflowFile): Workflow | undefined {
  if (Buffer.byteLength(text) > longestFile) {
    reader.report('invalid', undefined, `the file is larger than ${longestFile / 1024} KB`);
    return undefined;
  }
  const context = newContext();
  const id = context.getFileId(path);
  const yaml = new BoundedYamlReader(id, text);
  for (const { message, range } of yaml.errors)
    reader.report('invalid', range, explainParserMessage(firstLine(message)));
  if (reader.isInvalid) return undefined;
  const tags = new Set<number | undefined>();
  for (const { message, linePos } of yaml.warnings) {
    const location = linePos && { line: linePos[0].line, column: linePos[0].col };
    tags.add(location?.line);
    reader.report('invalid', location, `${firstLine(message)}; put the value in quotes or into \${{ }}`);
  }
  if (yaml.isEmpty) {
    reader.report('invalid', undefined, 'the file is empty');
    return undefined;
  }
  const root = readTemplate(context, 'workflow-root-strict', yaml, id);
  reportErrors(reader, context, { path, text }, root, tags);
  const fields = new Map(reader.entries(root).map(({ key, value }) => [key, value]));
  const [name, runName, concurrency, permissions] = ['name', 'run-name', 'concurrency', 'permissions'].map((key) =>
    fields.get(key),
  );
  return {
    path,
    name: name?.toString().trim() || path,
    ...(runName && { runName: reader.template(runName) }),
    on: readTriggers(reader, fields.get('on')),
    env: reader.templates(fields.get('env')),
    defaults: readDefaults(reader, fields.get('defaults')),
    ...(concurrency && { concurrency: readConcurrency(reader, concurrency) }),
    ...(permissions && { permissions: readPermissions(reader, permissions) }),
    jobs: readJobs(reader, fields.get('jobs')),
  };
}

/**
 * Reports the errors of the parser. If there are some, the file is parsed again without our YAML reader, which gives
 * better locations inside texts of several lines.
 */
function reportErrors(
  reader: TokenReader,
  context: TemplateContext,
  { path, text }: WorkflowFile,
  root: TemplateToken | undefined,
  tags: ReadonlySet<number | undefined>,
): void {
  const loose = looseEvents(root);
  // the parser loses a YAML tag, so errors on its line are misleading
  const real = (error: ParserError) => !isFalse(error, loose) && !tags.has(error.range?.start.line);
  const found = context.errors.getErrors().filter(real);
  if (found.length === 0) return;
  // the stock reader would expand the aliases without limit
  const tooMuch = found.some(({ rawMessage }) => rawMessage.endsWith(tooManyValues));
  const stock = tooMuch ? [] : stockErrors(path, text).filter(real);
  const reported = stock.length === found.length ? stock : found;
  // each error is searched in the whole file
  for (const { rawMessage, range } of reported.slice(0, mostDiagnostics)) {
    reader.report('invalid', range, explainParserMessage(rawMessage, findErrorLocation(root, range)));
  }
}

function stockErrors(path: string, text: string): ParserError[] {
  const { context } = parseWorkflow({ name: path, content: text }, newContext());
  return context.errors.getErrors();
}

function newContext(): TemplateContext {
  const context = new TemplateContext(
    new TemplateValidationErrors(),
    getWorkflowSchema(),
    new NoOperationTraceWriter(),
  );
  context.state.featureFlags = new FeatureFlags({ allowBackgroundSteps: true });
  return context;
}

interface ParserError {
  rawMessage: string;
  range: TokenRange | undefined;
}

/**
 * Whether GitHub accepts what the schema rejects: `on: repository_dispatch`, some forms of `workflow_dispatch` and its
 * inputs, settings of events that only a forge has, and empty images, which mean no container.
 */
function isFalse({ rawMessage, range }: ParserError, dispatch: LooseEvents): boolean {
  if (rawMessage === "Unexpected value 'repository_dispatch'" || dispatch.ofForge(range)) return true;
  const here = (other: TokenRange | undefined) =>
    other?.start.line === range?.start.line && other?.start.column === range?.start.column;
  if (rawMessage === "Unexpected value ''") return dispatch.empty.some(here);
  return /^Unexpected value '/.test(rawMessage) && dispatch.unknown(range);
}

/** Events whose settings Volt uses; unknown settings of other events have no effect on GitHub. */
const ownEvents = ['push', 'schedule', 'workflow_dispatch', 'workflow_call', 'repository_dispatch'];

interface LooseEvents {
  /** ranges of `inputs`, or of single inputs, without a value, and of empty images */
  empty: readonly (TokenRange | undefined)[];
  /** whether a range is a key of `workflow_dispatch` other than `inputs`, which GitHub ignores */
  unknown(range: TokenRange | undefined): boolean;
  /** whether a range is inside the settings of an event of a forge */
  ofForge(range: TokenRange | undefined): boolean;
}

function looseEvents(root: TemplateToken | undefined): LooseEvents {
  const find = (token: TemplateToken | undefined, key: string) =>
    token instanceof MappingToken ? token.find(key) : undefined;
  const on = find(root, 'on');
  const dispatch = find(on, 'workflow_dispatch');
  const events = on instanceof MappingToken ? [...on] : [];
  const forge = events.flatMap(({ key, value }) => (ownEvents.includes(key.toString()) ? [] : [value]));
  const inputs = find(dispatch, 'inputs');
  const empty = [...(inputs instanceof NullToken ? [inputs.range] : []), ...emptyImages(find(root, 'jobs'))];
  if (inputs instanceof MappingToken) {
    for (const { value } of inputs) if (value instanceof NullToken) empty.push(value.range);
  }
  return {
    empty,
    unknown: (range) => {
      const around = dispatch instanceof MappingToken ? dispatch.range : undefined;
      return isInside(range, around) && !isInside(range, inputs?.range);
    },
    ofForge: (range) => forge.some((event) => event instanceof MappingToken && isInside(range, event.range)),
  };
}

function isInside(inner: TokenRange | undefined, outer: TokenRange | undefined): boolean {
  if (!inner || !outer) return false;
  const before = (one: { line: number; column: number }, other: { line: number; column: number }) =>
    one.line < other.line || (one.line === other.line && one.column <= other.column);
  return before(outer.start, inner.start) && before(inner.end, outer.end);
}

/** The first line of a YAML error; the others quote the file. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
}
