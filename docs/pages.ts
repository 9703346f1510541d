import * as z from 'zod';
import { settingsSchema } from '../src/job/discovery/settings.ts';
import { type ErrorCode, errorCodes } from '../src/kernel/errors.ts';
import { isTransient, type Reason, reasons, statuses, statusWords } from '../src/kernel/model.ts';
import { settings, settingsFromFiles } from '../src/kernel/settings.ts';
import { configJsonSchema } from '../src/web/config/json-schema.ts';
import { errorMeanings, reasonRemedies } from './codes.ts';
import { discoveryPage } from './discovery.ts';
import { rolesPage } from './roles.ts';
import { groupOf, settingGroups } from './setting-groups.ts';

type Setting = (typeof settings)[number];

/** The pages that are made from the sources, with their paths in the checkout. */
export function pages(): { file: string; text: string }[] {
  return [
    { file: '.env.example', text: example() },
    { file: 'docs/configuration.md', text: reference() },
    { file: 'docs/errors-and-reasons.md', text: codesPage() },
    { file: 'docs/discovery.md', text: discoveryPage() },
    { file: 'docs/roles.md', text: rolesPage() },
    { file: 'docs/volt-yml.schema.json', text: settingsJsonSchema() },
    { file: 'docs/config.schema.json', text: configJsonSchema() },
  ];
}

/** For editors, which complete and check `.volt.yml` by it. */
function settingsJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(settingsSchema, { io: 'input' }), null, 2)}\n`;
}

function example(): string {
  const entries = settings.map((setting) => {
    const lines = wrap(meaning(setting), 117);
    return `${lines.map((line) => `# ${line}\n`).join('')}# ${setting.env}=${defaultOf(setting) ?? ''}\n`;
  });
  return `# Every setting of Volt with its default. Volt reads its environment, but not this file. Copy the file to .env, remove
# the "# " before each setting that you change, then run
#   set -a; . ./.env; set +a; npm start
# Or give it to docker compose, or to systemd as EnvironmentFile. A command's own option, such as --redis, --data or
# --port, overrides the environment. An empty value counts as unset.
# Generated from src/kernel/settings.ts by \`npm run docs\`.

${entries.join('\n')}`;
}

function reference(): string {
  const row = (setting: Setting) => {
    const value = defaultOf(setting);
    return `| \`${setting.env}\` | ${value ? `\`${value}\`` : ''} | ${cell(meaning(setting))} |\n`;
  };
  const known = new Map<string, Setting>(settings.map((setting) => [setting.env, setting]));
  const groups = Object.entries(settingGroups).map(([group, title]) => {
    const names = Object.entries(groupOf).flatMap(([name, its]) => (its === group ? [name] : []));
    const rows = names.map((name) => row(known.get(name) as Setting));
    return `## ${title}\n\n| setting | default | meaning |\n|---|---|---|\n${rows.join('')}`;
  });
  return `# Configuration

You configure Volt with environment variables. A command's own option, such as \`--redis\`, \`--data\` or \`--port\`, overrides
them. An empty value is the same as no value. [.env.example](../.env.example) has the same settings as a file to start
with. An invalid value ends the command with the error [\`bad_setting\`](errors-and-reasons.md), which names the setting.

${groups.join('\n')}
This page is made from \`src/kernel/settings.ts\` by \`npm run docs\`.
`;
}

function codesPage(): string {
  const reasonRows = (Object.keys(reasons) as Reason[]).map(
    (reason) =>
      `| \`${reason}\` | ${cell(sentence(reasons[reason]))} ${cell(reasonRemedies[reason])} | ${isTransient(reason) ? 'yes' : ''} |`,
  );
  const errorRows = (Object.keys(errorCodes) as ErrorCode[]).map((code) => {
    const { exit, http } = errorCodes[code];
    return `| \`${code}\` | ${exit} | ${http} | ${cell(errorMeanings[code])} |`;
  });
  const words = statuses.map((status) =>
    status === statusWords[status] ? `\`${status}\`` : `\`${status}\` (shown as "${statusWords[status]}")`,
  );
  return `# Errors and reasons

A *reason* says why a build, a job or an attempt did not pass. An *error code* says why a command, a request or a stage
failed. Both are stable, so scripts can match on them.

## Reasons

The statuses are ${words.join(', ')}. A status other than \`success\` comes with a reason and a message. \`failure\`: the commit
broke something. \`error\`: the job could not run, because of Volt, the machine or the configuration. If a job ends in an
error before one of its commands has started, Volt [retries](running.md#further-attempts) it for the reasons marked "yes".

| reason | meaning, and what to do | retried |
|---|---|---|
${reasonRows.join('\n')}

## Error codes

Each error has a code, a message (what happened) and a remedy (what to do). Commands print \`error <code>: <message>\` and
the remedy to standard error, or JSON with \`--json\`. The API answers \`{"error": {"code", "message", "remedy"}}\`. *Exit* is
the exit code of the command: 2 for wrong usage, 3 for a problem of Volt or its environment. *HTTP* is the status of the
response.

| code | exit | HTTP | meaning, and what to do |
|---|---|---|---|
${errorRows.join('\n')}

This page is made from \`docs/codes.ts\` by \`npm run docs\`.
`;
}

/** A text as a sentence: with a capital letter and a full stop. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The whole description of a setting. */
function meaning(setting: Setting): string {
  const file = settingsFromFiles.has(setting.env) ? `Or set ${setting.env}_FILE to a file that contains it.` : '';
  return [setting.about, choices(setting), file].filter((part) => part !== '').join(' ');
}

/** The choices or the bounds of a setting, from its schema. */
function choices({ schema }: Setting): string {
  const json = z.toJSONSchema(schema) as {
    enum?: string[];
    type?: string;
    minimum?: number;
    exclusiveMinimum?: number;
    maximum?: number;
  };
  if (json.enum) return `One of: ${json.enum.join(', ')}.`;
  if (json.type !== 'number' && json.type !== 'integer') return '';
  const { minimum, exclusiveMinimum, maximum } = json;
  // a whole number's bounds may be those of the type
  if (maximum === undefined || maximum === Number.MAX_SAFE_INTEGER) return '';
  return `${exclusiveMinimum === undefined ? `From ${minimum ?? 0}` : `Above ${exclusiveMinimum}, up`} to ${maximum}.`;
}

function defaultOf({ schema }: Setting): string | undefined {
  const value: unknown = schema.safeParse(undefined).data;
  return value === undefined ? undefined : String(value);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

/** Lines of at most so many characters. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
