import { MappingToken, SequenceToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { Cron } from 'croner';
import { errorText } from '../kernel/errors.ts';
import { mostInList, parsePattern } from './filters.ts';
import { defaultProblem } from './inputs.ts';
import type { TokenReader } from './token-reader.ts';
import type { CallInterface, InputDefinition, PushFilter, Schedule, Triggers } from './workflow.ts';

const filterKeys: Readonly<Record<string, keyof PushFilter>> = {
  branches: 'branches',
  'branches-ignore': 'branchesIgnore',
  tags: 'tags',
  'tags-ignore': 'tagsIgnore',
  paths: 'paths',
  'paths-ignore': 'pathsIgnore',
};

/** Reads the events that start the workflow. */
export function readTriggers(reader: TokenReader, token: TemplateToken | undefined): Triggers {
  const triggers: Triggers = { others: [] };
  for (const { event, value } of events(reader, token)) {
    switch (event) {
      case 'push':
        triggers.push = readFilter(reader, value);
        break;
      case 'schedule':
        triggers.schedule = readSchedule(reader, value);
        break;
      case 'workflow_dispatch':
        triggers.workflow_dispatch = { inputs: readInputs(reader, field(reader, value, 'inputs')) };
        break;
      case 'workflow_call':
        triggers.workflow_call = readInterface(reader, value);
        break;
      case 'repository_dispatch':
        triggers.repository_dispatch = readTypes(reader, value);
        break;
      case 'pull_request':
      case 'pull_request_target':
      case 'merge_group':
        triggers[event] = { ...readFilter(reader, value), ...readTypes(reader, value) };
        break;
      case 'workflow_run': {
        const workflows = field(reader, value, 'workflows');
        const named = workflows && { workflows: reader.texts(workflows) };
        triggers.workflow_run = { ...readFilter(reader, value), ...readTypes(reader, value), ...named };
        break;
      }
      default:
        triggers.others.push({ event, ...readTypes(reader, value) });
    }
  }
  return triggers;
}

function events(reader: TokenReader, token: TemplateToken | undefined): { event: string; value?: TemplateToken }[] {
  if (!token) return [];
  if (token instanceof MappingToken) return reader.entries(token).map(({ key, value }) => ({ event: key, value }));
  return reader.texts(token).map((event) => ({ event }));
}

function field(reader: TokenReader, token: TemplateToken | undefined, key: string): TemplateToken | undefined {
  return reader.entries(token).find((entry) => entry.key === key)?.value;
}

function readTypes(reader: TokenReader, token: TemplateToken | undefined): { types?: string[] } {
  const types = field(reader, token, 'types');
  return types ? { types: reader.texts(types) } : {};
}

function readFilter(reader: TokenReader, token: TemplateToken | undefined): PushFilter {
  const filter: PushFilter = {};
  for (const { key, keyToken, value } of reader.entries(token)) {
    const name = filterKeys[key];
    if (!name) continue;
    const texts = reader.texts(value);
    if (texts.length > mostInList) {
      reader.invalid(value, `\`${key}\` has ${texts.length} patterns; at most ${mostInList} are allowed`);
      continue;
    }
    const items = value instanceof SequenceToken ? [...value] : [value];
    texts.forEach((text, index) => {
      const pattern = parsePattern(text);
      if (typeof pattern === 'string') reader.invalid(items[index], `"${text}" is not a valid pattern: ${pattern}`);
    });
    if (!key.endsWith('-ignore') && texts.length > 0 && texts.every((text) => text.startsWith('!'))) {
      // besides `branches`, people write `tags: ['!**']` to exclude all tags
      const other = { branches: 'tags', tags: 'branches' }[key];
      const isMeant = other !== undefined && field(reader, token, other) !== undefined;
      const effect = `\`${key}\` matches nothing, because all its patterns begin with "!"; use \`${key}-ignore\``;
      if (!isMeant) reader.report('warning', value, effect);
    }
    const opposite = key.endsWith('-ignore') ? key.slice(0, -'-ignore'.length) : undefined;
    if (opposite !== undefined && field(reader, token, opposite)) {
      reader.invalid(keyToken, `\`${opposite}\` and \`${key}\` cannot be used together; use "!" in \`${opposite}\``);
    }
    filter[name] = texts;
  }
  return filter;
}

function readSchedule(reader: TokenReader, token: TemplateToken | undefined): Schedule[] {
  if (!(token instanceof SequenceToken)) return [];
  return [...token].flatMap((item) => {
    const cron = field(reader, item, 'cron');
    const timezone = field(reader, item, 'timezone');
    if (!cron) return [];
    const schedule = { cron: cron.toString(), ...(timezone && { timezone: timezone.toString() }) };
    const problem = scheduleProblem(schedule);
    if (problem === undefined) {
      const oddity = scheduleOddity(schedule);
      if (oddity !== undefined) reader.report('warning', cron, oddity);
      return [schedule];
    }
    reader.invalid(cron, `"${schedule.cron}" is not a valid schedule: ${problem}`);
    return [];
  });
}

function scheduleProblem({ cron, timezone }: Schedule): string | undefined {
  if (cron.trim().split(/\s+/).length !== 5) {
    return 'it needs five fields: minute, hour, day of the month, month, day of the week';
  }
  try {
    // any time will do: this only checks whether it can be parsed
    new Cron(cron, { paused: true, timezone: timezone ?? 'UTC' }).nextRun(new Date(0));
    return undefined;
  } catch (error) {
    return errorText(error).replace(/^CronPattern: /, '');
  }
}

/** A warning about a schedule that GitHub accepts but that does not do what it seems to do. */
function scheduleOddity({ cron, timezone }: Schedule): string | undefined {
  const times = new Cron(cron, { paused: true, timezone: timezone ?? 'UTC' }).nextRuns(20, new Date(0));
  if (times.length === 0) return `the schedule "${cron}" never occurs`;
  const isClose = times.some((time, index) => time.getTime() - (times[index - 1]?.getTime() ?? -Infinity) < 300_000);
  return isClose ? `GitHub runs schedules at most every 5 minutes; "${cron}" runs more often only in Volt` : undefined;
}

function readInterface(reader: TokenReader, token: TemplateToken | undefined): CallInterface {
  const secrets = reader.entries(field(reader, token, 'secrets')).map(({ key, value }) => ({
    name: key,
    required: field(reader, value, 'required')?.toString() === 'true',
  }));
  const outputs = reader.entries(field(reader, token, 'outputs')).flatMap(({ key, value }) => {
    const output = field(reader, value, 'value');
    return output ? [[key, reader.template(output)] as const] : [];
  });
  return {
    inputs: readInputs(reader, field(reader, token, 'inputs')),
    secrets,
    outputs: Object.fromEntries(outputs),
  };
}

function readInputs(reader: TokenReader, token: TemplateToken | undefined): InputDefinition[] {
  return reader.entries(token).map(({ key, value }) => {
    const fields = new Map(reader.entries(value).map((entry) => [entry.key, entry.value]));
    const type = (fields.get('type')?.toString() ?? 'string') as InputDefinition['type'];
    const [standard, options, description] = ['default', 'options', 'description'].map((name) => fields.get(name));
    if (type === 'choice' && !options)
      reader.invalid(value, `the input "${key}" has the type choice but no \`options\``);
    const input: InputDefinition = {
      name: key,
      type,
      required: fields.get('required')?.toString() === 'true',
      ...(description && { description: description.toString() }),
      ...(standard && { default: reader.template(standard) }),
      ...(options && { options: reader.texts(options) }),
    };
    const problem = defaultProblem(input);
    if (problem !== undefined) reader.invalid(standard, problem);
    return input;
  });
}
