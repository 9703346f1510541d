import { z } from 'zod';
import { mayPass, type Reason, reasons, statuses } from '../src/kernel/model.ts';
import { settings, settingsFromFiles } from '../src/kernel/settings.ts';

type Setting = (typeof settings)[number];

/** The pages that are made of the sources, as paths in the checkout. */
export function pages(): { file: string; text: string }[] {
  return [
    { file: '.env.example', text: example() },
    { file: 'docs/configuration.md', text: reference() },
    { file: 'docs/reasons.md', text: reasonsPage() },
  ];
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
  const rows = settings.map((setting) => {
    const value = defaultOf(setting);
    return `| \`${setting.env}\` | ${value === undefined ? '' : `\`${value}\``} | ${cell(meaning(setting))} |`;
  });
  return `# Configuration

Volt is configured by its environment; a command's own option, such as \`--redis\`, \`--data\` or \`--port\`, goes before it.
An empty value counts as none. [.env.example](../.env.example) has the same settings as a file to begin with. A value that
a setting cannot have ends the command with [\`bad_setting\`](errors.md), which names the setting.

| setting | default | meaning |
|---|---|---|
${rows.join('\n')}

This page is made from \`src/kernel/settings.ts\` by \`npm run docs\`.
`;
}

function reasonsPage(): string {
  const rows = Object.entries(reasons).map(
    ([code, meaning]) => `| \`${code}\` | ${cell(meaning)} | ${mayPass(code as Reason) ? 'yes' : ''} |`,
  );
  return `# Reasons

A build, a job and an attempt have one of the statuses ${statuses.map((status) => `\`${status}\``).join(', ')}. What is
not \`success\` has a reason beside a sentence for people. Reasons are stable; scripts may match on them. A job that ends in an
error before a command of its own has begun is [tried again](running.md#further-attempts) for some of them.

| reason | meaning | tried again |
|---|---|---|
${rows.join('\n')}

This page is made from \`src/kernel/model.ts\` by \`npm run docs\`.
`;
}

/** All that is said of a setting. */
function meaning(setting: Setting): string {
  const file = settingsFromFiles.has(setting.env) ? `Or ${setting.env}_FILE, a file that holds it.` : '';
  return [setting.about, choices(setting), file].filter((part) => part !== '').join(' ');
}

/** What the schema says of the values, where the text has to add it: the choices, or the bounds. */
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
