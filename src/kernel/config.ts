import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type * as z from 'zod';
import { environment } from '../system/environment.ts';
import { VoltError } from './errors.ts';
import { settingFromFile, withPassword } from './setting-files.ts';
import { passwords, settings, settingsFromFiles } from './settings.ts';
import { validationMessage } from './validation-message.ts';

type Setting = (typeof settings)[number];
type Values = { [S in Setting as KeyOf<S['env']>]: z.output<S['schema']> };

/** The key of a setting: VOLT_HTTP_PORT is `httpPort`. */
type KeyOf<Env> = Env extends `VOLT_${infer Name}` ? Camel<Lowercase<Name>> : never;
type Camel<Name> = Name extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Name;

export interface Config extends Values {
  /** absolute path */
  dataDir: string;
  /** the machine's name, as in `host:` labels */
  host: string;
}

/** Values from command-line flags, which override the environment. */
export type Overrides = { [K in keyof Values]?: Values[K] | undefined };

/**
 * Reads the settings.
 * @param overrides override the environment
 * @param defaults replace the usual defaults
 * @throws VoltError `bad_setting` with the variable and its allowed values
 */
export function loadConfig(overrides: Overrides = {}, defaults: Overrides = {}): Config {
  const values: Record<string, unknown> = {};
  for (const { env, schema } of settings) {
    const key = keyOf(env);
    const given = overrides[key] ?? (inEnvironment(env) || defaults[key]);
    const parsed = schema.safeParse(given, { error: validationMessage });
    if (!parsed.success) {
      throw new VoltError(
        'bad_setting',
        `${env} ${parsed.error.issues[0]?.message ?? 'is not valid'}${passwords.has(env) ? '' : `, and is "${String(given)}"`}`,
        {
          remedy: `Correct ${env}, or unset it to use the default; see .env.example.`,
        },
      );
    }
    values[key] = parsed.data;
  }
  const config = values as unknown as Values;
  return { ...withPasswords(config), dataDir: resolve(config.dataDir), host: hostname() };
}

function keyOf(env: Setting['env']): keyof Values {
  const name = env.slice('VOLT_'.length).toLowerCase();
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()) as keyof Values;
}

/** The files that contain settings. */
export function settingFiles(): string[] {
  return [...settingsFromFiles].flatMap((env) => environment[`${env}_FILE`] ?? []);
}

/** The value of a setting in the environment, or in the file that the environment names. */
function inEnvironment(env: string): string | undefined {
  const variable = `${env}_FILE`;
  const file = settingsFromFiles.has(env) ? environment[variable] : undefined;
  if (!file) return environment[env];
  if (!environment[env]) return settingFromFile(variable, file);
  throw new VoltError('bad_setting', `${env} and ${variable} are both set`, {
    remedy: 'Unset one of them.',
  });
}

/** Puts password settings into their addresses. */
function withPasswords(values: Values): Values {
  const { redisUrl, redisPassword, databaseUrl, databasePassword } = values;
  return {
    ...values,
    ...(redisUrl && redisPassword ? { redisUrl: withPassword(redisUrl, redisPassword) } : {}),
    ...(databaseUrl && databasePassword ? { databaseUrl: withPassword(databaseUrl, databasePassword) } : {}),
  };
}
