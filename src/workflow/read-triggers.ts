import { MappingToken, SequenceToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { Cron } from 'croner';
import { errorText } from '../kernel/errors.ts';
import { mostInList, parsePattern } from './filters.ts';
import { defaultProblem } from './inputs.ts';
import type { Reading } from './reading.ts';
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
export function readTriggers(reading: Reading, token: TemplateToken | undefined): Triggers {
  const triggers: Triggers = { others: [] };
  for (const { event, value } of events(reading, token)) {
    switch (event) {
      case 'push':
        triggers.push = readFilter(reading, value);
        break;
      case 'schedule':
        triggers.schedule = readSchedule(reading, value);
        break;
      case 'workflow_dispatch':
        triggers.workflow_dispatch = { inputs: readInputs(reading, field(reading, value, 'inputs')) };
        break;
      case 'workflow_call':
        triggers.workflow_call = readInterface(reading, value);
        break;
      case 'repository_dispatch':
        triggers.repository_dispatch = readTypes(reading, value);
        break;
      case 'pull_request':
        triggers.pull_request = { ...readFilter(reading, value), ...readTypes(reading, value) };
        break;
      default:
        triggers.others.push({ event, ...readTypes(reading, value) });
    }
  }
  return triggers;
}

function events(reading: Reading, token: TemplateToken | undefined): { event: string; value?: TemplateToken }[] {
  if (!token) return [];
  if (token instanceof MappingToken) return reading.entries(token).map(({ key, value }) => ({ event: key, value }));
  return reading.texts(token).map((event) => ({ event }));
}

function field(reading: Reading, token: TemplateToken | undefined, key: string): TemplateToken | undefined {
  return reading.entries(token).find((entry) => entry.key === key)?.value;
}

function readTypes(reading: Reading, token: TemplateToken | undefined): { types?: string[] } {
  const types = field(reading, token, 'types');
  return types ? { types: reading.texts(types) } : {};
}

function readFilter(reading: Reading, token: TemplateToken | undefined): PushFilter {
  const filter: PushFilter = {};
  for (const { key, keyToken, value } of reading.entries(token)) {
    const name = filterKeys[key];
    if (!name) continue;
    const texts = reading.texts(value);
    if (texts.length > mostInList) {
      reading.invalid(value, `\`${key}\` has ${texts.length} patterns; at most ${mostInList} are allowed`);
      continue;
    }
    const items = value instanceof SequenceToken ? [...value] : [value];
    texts.forEach((text, index) => {
      const pattern = parsePattern(text);
      if (typeof pattern === 'string') reading.invalid(items[index], `"${text}" is not a valid pattern: ${pattern}`);
    });
    if (!key.endsWith('-ignore') && texts.length > 0 && texts.every((text) => text.startsWith('!'))) {
      // besides `branches`, people write `tags: ['!**']` to exclude all tags
      const other = { branches: 'tags', tags: 'branches' }[key];
      const isMeant = other !== undefined && field(reading, token, other) !== undefined;
      const effect = `\`${key}\` matches nothing, because all its patterns begin with "!"; use \`${key}-ignore\``;
      if (!isMeant) reading.report('warning', value, effect);
    }
    const opposite = key.endsWith('-ignore') ? key.slice(0, -'-ignore'.length) : undefined;
    if (opposite !== undefined && field(reading, token, opposite)) {
      reading.invalid(keyToken, `\`${opposite}\` and \`${key}\` cannot be used together; use "!" in \`${opposite}\``);
    }
    filter[name] = texts;
  }
  return filter;
}

function readSchedule(reading: Reading, token: TemplateToken | undefined): Schedule[] {
  if (!(token instanceof SequenceToken)) return [];
  return [...token].flatMap((item) => {
    const cron = field(reading, item, 'cron');
    const timezone = field(reading, item, 'timezone');
    if (!cron) return [];
    const schedule = { cron: cron.toString(), ...(timezone && { timezone: timezone.toString() }) };
    const problem = scheduleProblem(schedule);
    if (problem === undefined) {
      const oddity = scheduleOddity(schedule);
      if (oddity !== undefined) reading.report('warning', cron, oddity);
      return [schedule];
    }
    reading.invalid(cron, `"${schedule.cron}" is not a valid schedule: ${problem}`);
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

function readInterface(reading: Reading, token: TemplateToken | undefined): CallInterface {
  const secrets = reading.entries(field(reading, token, 'secrets')).map(({ key, value }) => ({
    name: key,
    required: field(reading, value, 'required')?.toString() === 'true',
  }));
  const outputs = reading.entries(field(reading, token, 'outputs')).flatMap(({ key, value }) => {
    const output = field(reading, value, 'value');
    return output ? [[key, reading.template(output)] as const] : [];
  });
  return {
    inputs: readInputs(reading, field(reading, token, 'inputs')),
    secrets,
    outputs: Object.fromEntries(outputs),
  };
}

function readInputs(reading: Reading, token: TemplateToken | undefined): InputDefinition[] {
  return reading.entries(token).map(({ key, value }) => {
    const fields = new Map(reading.entries(value).map((entry) => [entry.key, entry.value]));
    const type = (fields.get('type')?.toString() ?? 'string') as InputDefinition['type'];
    const [standard, options] = [fields.get('default'), fields.get('options')];
    if (type === 'choice' && !options)
      reading.invalid(value, `the input "${key}" has the type choice but no \`options\``);
    const input: InputDefinition = {
      name: key,
      type,
      required: fields.get('required')?.toString() === 'true',
      ...(standard && { default: reading.template(standard) }),
      ...(options && { options: reading.texts(options) }),
    };
    const problem = defaultProblem(input);
    if (problem !== undefined) reading.invalid(standard, problem);
    return input;
  });
}
