import * as z from 'zod';
import { type Role, roles } from '../../kernel/roles.ts';
import { runnerKeyRequest } from './access.ts';
import { environmentRequest } from './environments.ts';
import { forgeRequest, forgeScope } from './forges.ts';
import { patterns, who } from './grants.ts';
import { noticeFilter, targetRequest } from './notices.ts';
import { handle, newPerson } from './people.ts';
import { clientId, providerGiven, providerRequest } from './providers.ts';
import { name } from './registry.ts';
import { givenSettings, newRepository } from './repositories.ts';
import { trustedRefRequest } from './secrets.ts';
import { repositoryName } from './terms.ts';

/**
 * The settings of a Volt as one file. A schema named `…Entry` is that of one entry without the entries inside of it; what an
 * entry leaves out has its usual value.
 */

/** Where the value of a secret is, on the machine on which the file is applied. */
export const secretSource = z
  .union(
    [
      z.strictObject({
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/)
          .meta({ description: 'environment variable' }),
      }),
      z.strictObject({ file: z.string().min(1).max(4096).meta({ description: 'path, relative to this file' }) }),
    ],
    { error: 'is a secret: say where its value is, as { env: NAME } or { file: PATH }' },
  )
  .meta({
    description: 'where the value is when the file is applied; without a value there, Volt keeps the one that it has',
  });
export type SecretSource = z.output<typeof secretSource>;

const secrets = z
  .array(z.string().min(1).max(255))
  .max(100)
  .optional()
  .meta({ description: 'names of secrets that must be set; the file does not contain their values' });

export const variableEntry = z.string();
const variables = z.record(z.string().max(255), variableEntry).optional().meta({ description: 'values by name' });

export const environmentEntry = z.strictObject({ ...environmentRequest.partial().shape });

const refs = trustedRefRequest.shape.refs.unwrap();

export const repositoryEntry = z.strictObject({
  url: newRepository.shape.url.meta({ description: "URL, or an absolute path on Volt's machine" }),
  ...givenSettings.shape,
  trustedRefs: refs.optional().meta({
    description:
      'globs of branches or of full names of refs whose builds may have secrets; by default the default branch and tags',
  }),
});

export const noticeEntry = z.strictObject({
  kind: targetRequest.shape.kind,
  to: z
    .union([targetRequest.shape.to, secretSource], { error: 'must be an address, { env: NAME } or { file: PATH }' })
    .meta({
      description:
        'mail: addresses with commas between them, or "committers"; else a URL, which is a secret for most kinds',
    }),
  secret: secretSource.optional(),
  ...noticeFilter,
  options: targetRequest.shape.options,
});

export const forgeEntry = z.strictObject({
  kind: forgeRequest.shape.kind,
  ...forgeScope,
  token: secretSource.optional(),
  app: z
    .strictObject({
      id: z.number().int().positive().meta({ description: 'id of the App' }),
      key: secretSource.optional(),
      webhookSecret: secretSource.optional(),
    })
    .optional()
    .meta({ description: 'in place of a token: the GitHub App that Volt is' }),
  jobToken: secretSource.optional(),
});

export const runnerKeyEntry = z.strictObject({
  publicKey: runnerKeyRequest.shape.publicKey.unwrap(),
  repos: runnerKeyRequest.shape.repos.unwrap().optional(),
});

export const providerEntry = z.strictObject({
  kind: providerRequest.shape.kind,
  url: providerRequest.shape.url,
  allowHttp: z.boolean().optional().meta({ description: 'whether the address may be http on another machine' }),
  clientId,
  ...providerGiven,
  clientSecret: secretSource.optional(),
});

export const personEntry = z.strictObject({
  displayName: newPerson.shape.displayName.meta({
    description: 'of somebody new; later the provider says it. The name by default',
  }),
  identities: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}:\P{C}{1,255}$/u, 'must be PROVIDER:SUBJECT'))
    .max(20)
    .optional()
    .meta({ description: 'identities with which the person signs in: a provider, and the id there' }),
  addresses: z
    .array(z.string().max(254))
    .max(50)
    .optional()
    .meta({ description: 'mail addresses whose commits are those of the person, besides those that providers tell' }),
  blocked: z.boolean().optional().meta({ description: 'whether the person is kept out; stays as it is by default' }),
});

type AccessShape = { [R in Role]: z.ZodOptional<typeof patterns> };
const accessShape = Object.fromEntries(roles.map((role) => [role, patterns.optional()])) as AccessShape;

export const accessEntry = z
  .strictObject(accessShape)
  .meta({ description: 'patterns of names of repositories, by role; all by *' });

/** The version of the form of the file. A later Volt may read older ones. */
const version = z.literal(1).meta({ description: 'version of the form of this file' });

const environments = z
  .record(
    z.string().min(1).max(255),
    environmentEntry.extend({ variables, secrets }).meta({ description: 'rules for jobs that name it' }),
  )
  .optional()
  .meta({ description: 'environments that its jobs deploy to, by name' });

export const configFile = name(
  'ConfigFile',
  z
    .strictObject({
      version,
      providers: z
        .record(repositoryName, providerEntry)
        .optional()
        .meta({ description: 'where people sign in, by name' }),
      people: z
        .record(handle, personEntry)
        .optional()
        .meta({ description: 'people by name; those that the file leaves out stay, with --prune, too' }),
      access: z
        .record(who, accessEntry)
        .optional()
        .meta({ description: 'roles of people and groups, by the name of a person or group:PROVIDER/GROUP' }),
      variables: variables.meta({ description: 'variables of the workflows of all repositories' }),
      secrets,
      repositories: z
        .record(
          repositoryName,
          repositoryEntry.extend({
            credential: z.enum(['https', 'ssh']).optional().meta({
              description: 'the kind of credential that must be set to fetch it; the file does not contain it',
            }),
            variables,
            secrets,
            environments,
          }),
        )
        .optional()
        .meta({ description: 'watched repositories, by name' }),
      forges: z
        .record(repositoryName, forgeEntry)
        .optional()
        .meta({ description: 'forges that get statuses, by name' }),
      notices: z.record(repositoryName, noticeEntry).optional().meta({ description: 'targets of notices, by name' }),
      runnerKeys: z
        .record(repositoryName, runnerKeyEntry)
        .optional()
        .meta({ description: 'public keys of runners on other machines, by name' }),
    })
    .meta({
      title: 'Settings of a Volt CI',
      description:
        'Sections and lists that are left out stay as they are. What an entry leaves out has its usual value. Entries that only Volt has are removed with --prune.',
    }),
);
export type ConfigFile = z.output<typeof configFile>;

/** The values of secrets, as they are where the file is applied. */
const values = z
  .strictObject({
    env: z
      .record(z.string(), z.string().max(10_000))
      .default({})
      .meta({ description: 'of environment variables, by name' }),
    file: z.record(z.string(), z.string().max(10_000)).default({}).meta({ description: 'of files, by path' }),
  })
  .default({ env: {}, file: {} });
export type SecretValues = z.output<typeof values>;

const given = {
  config: z
    .record(z.string(), z.unknown())
    .meta({ description: 'as `GET /config` answers it; what is wrong in it is answered, each with its place' }),
  values: values.meta({ description: 'of the secrets whose sources the settings name' }),
  prune: z.boolean().default(false).meta({ description: 'whether entries that only Volt has are removed' }),
};

export const configDiffRequest = name('ConfigDiffRequest', z.object(given));

export const configApplyRequest = name(
  'ConfigApplyRequest',
  z.object({
    ...given,
    digest: z.string().optional().meta({
      description: 'of the difference that a person has seen: if Volt has changed since, nothing is applied',
    }),
  }),
);

export const configAnswer = name('Config', z.object({ config: configFile }));

const path = z.array(z.string()).meta({ description: 'the keys that lead to it in the settings' });

const change = name(
  'ConfigChange',
  z.object({
    path,
    act: z.enum(['add', 'change', 'remove']),
    fields: z
      .array(
        z.object({
          field: z.string(),
          before: z.unknown().optional(),
          after: z.unknown().optional(),
          secret: z.boolean().meta({ description: 'whether its values are left out' }),
        }),
      )
      .meta({ description: 'what differs; of a removed entry nothing' }),
  }),
);
export type ConfigChange = z.output<typeof change>;

const need = name(
  'ConfigNeed',
  z.object({ path, what: z.string(), command: z.string().meta({ description: 'sets it' }) }),
);
export type ConfigNeed = z.output<typeof need>;

const problem = name(
  'ConfigProblem',
  z.object({
    path,
    key: z.string().optional().meta({ description: 'the key there that is wrong, not its value' }),
    message: z.string(),
  }),
);
export type ConfigProblem = z.output<typeof problem>;

const outcome = z.object({
  changes: z.array(change),
  kept: z.array(path).meta({ description: 'entries that only Volt has, and that would be removed with `prune`' }),
  missing: z.array(need).meta({ description: 'secrets that the settings name and nobody has set' }),
});

export const configDifference = name(
  'ConfigDifference',
  outcome.extend({
    problems: z
      .array(problem)
      .meta({ description: 'what is wrong; then nothing can be applied, and no changes are listed' }),
    digest: z.string().meta({ description: "of Volt's settings before" }),
  }),
);
export type ConfigDifference = z.output<typeof configDifference>;

export const configApplied = name(
  'ConfigApplied',
  outcome.extend({
    made: z
      .array(z.object({ path, secret: z.string() }))
      .meta({ description: 'secrets of webhooks that Volt has made; they cannot be read again' }),
  }),
);
export type ConfigApplied = z.output<typeof configApplied>;
