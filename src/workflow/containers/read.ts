import { MappingToken, SequenceToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { StringToken } from '@actions/workflow-parser/templates/tokens/string-token';
import type { TokenRange } from '@actions/workflow-parser/templates/tokens/token-range';
import { isLiteral } from '../evaluate-value.ts';
import type { ValueTemplate } from '../template.ts';
import type { TokenReader } from '../token-reader.ts';
import { fullImageName, isNoImage } from './image-name.ts';
import type { ParsedOptions } from './option-flags.ts';
import { parseOptions, refuseEntrypoint, wordsOf } from './options.ts';
import { portsOf } from './ports.ts';
import { ContainerProblem } from './problem.ts';
import { checkRights } from './rights.ts';
import { machineVolumes, volumeOf, workspaceInContainers } from './volumes.ts';

/** Reads `jobs.<id>.container`. What has no expression is checked here, all else when the job runs. */
export function readContainer(reader: TokenReader, token: TemplateToken): ValueTemplate {
  checkContainer(reader, token, jobChecks);
  return reader.value(token);
}

/** Reads `jobs.<id>.services`, as `readContainer` does. */
export function readServices(reader: TokenReader, token: TemplateToken): ValueTemplate {
  if (token instanceof MappingToken) {
    for (const { key, value } of token) if (!key.isExpression) checkContainer(reader, value, checks);
  }
  return reader.value(token);
}

/** How to check the text of each key. The functions throw ContainerProblem. */
type Checks = Readonly<Record<string, (text: string) => void>>;

const checks: Checks = {
  image: (text) => {
    if (!isNoImage(text)) fullImageName(text);
  },
  ports: portsOf,
  volumes: checkVolume,
  options: (text) => checkOptions(parseOptions(text)),
  command: wordsOf,
};

/** For the container of a job. */
const jobChecks: Checks = {
  ...checks,
  options: (text) => {
    const options = parseOptions(text);
    refuseEntrypoint(options.entrypoint);
    checkOptions(options);
  },
};

function checkOptions({ volumes, privileged }: ParsedOptions): void {
  for (const volume of volumes) checkVolume(volume);
  checkRights({ privileged, volumes: [] }, undefined);
}

/** The path of the workspace in a job is not known here, but a path that is written out is not in it; nor is the isolation. */
function checkVolume(text: string): void {
  if (text.startsWith('/__w/')) return;
  checkRights({ privileged: [], volumes: machineVolumes([volumeOf(text, [workspaceInContainers])], false) }, undefined);
}

function checkContainer(reader: TokenReader, token: TemplateToken, checks: Checks): void {
  const check = (item: TemplateToken, key: string) => {
    if (Object.hasOwn(checks, key)) checkText(reader, item, checks[key]);
  };
  if (!(token instanceof MappingToken)) {
    check(token, 'image');
    return;
  }
  for (const { key, value } of token) {
    for (const item of value instanceof SequenceToken ? value : [value]) check(item, key.toString());
  }
  checkKeys(reader, token, ['image']);
  const credentials = token.find('credentials');
  if (credentials instanceof MappingToken) checkKeys(reader, credentials, ['username', 'password']);
}

/** Reports keys that are missing, unless expressions make some. */
function checkKeys(reader: TokenReader, token: MappingToken, keys: readonly string[]): void {
  if ([...token].some(({ key }) => key.isExpression)) return;
  for (const key of keys) if (!token.find(key)) reader.invalidUnlessKnown(token, `\`${key}\` is missing`);
}

/** Reports an action `docker://…` whose image cannot have that name. */
export function checkImageAction(reader: TokenReader, token: TemplateToken, uses: string): void {
  reportProblem(reader, token, () => fullImageName(uses));
}

function checkText(reader: TokenReader, token: TemplateToken, check: Checks[string] | undefined): void {
  if (!check || token instanceof MappingToken || !isLiteral(reader.value(token))) return;
  // the parser has reported an expression that is not valid
  if (token.toString().includes('${{')) return;
  reportProblem(reader, token, () => check(token.toString()));
}

function reportProblem(reader: TokenReader, token: TemplateToken, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ContainerProblem)) throw error;
    reader.report(error.severity === 'restricted' ? 'warning' : error.severity, token, error.message);
  }
}

/** Ranges of images that are written as an empty text, in all jobs. */
export function emptyImages(jobs: TemplateToken | undefined): (TokenRange | undefined)[] {
  return valuesOf(jobs)
    .flatMap((job) => [find(job, 'container'), ...valuesOf(find(job, 'services'))])
    .map((each) => (each instanceof MappingToken ? find(each, 'image') : each))
    .flatMap((image) => (image instanceof StringToken && image.value === '' ? [image.range] : []));
}

function find(token: TemplateToken | undefined, key: string): TemplateToken | undefined {
  return token instanceof MappingToken ? token.find(key) : undefined;
}

function valuesOf(token: TemplateToken | undefined): TemplateToken[] {
  return token instanceof MappingToken ? [...token].map(({ value }) => value) : [];
}
