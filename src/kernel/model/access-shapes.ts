import * as z from 'zod';
import { auditOutcomes } from '../audit-words.ts';
import { roles } from '../roles.ts';
import { buildId, jobId, status, time } from './shapes.ts';

/** What people see of who may do what, of who did, and of what jobs are given; each shape is declared here only. */

export const token = z.object({
  name: z.string(),
  role: z.enum(roles).meta({ description: 'each includes those before it' }),
  repos: z
    .array(z.string())
    .nullable()
    .meta({ description: 'the repositories that it is for, private ones too; null for all that are not private' }),
  person: z.string().meta({ description: 'its owner' }),
  createdBy: z.string().meta({ description: 'name of the token that it was made with' }),
  createdAt: time,
  lastUsedAt: time.nullable().meta({ description: 'to the minute' }),
});
export type Token = z.output<typeof token>;

export const grant = z.object({
  id: z.number().int(),
  who: z.string().meta({ description: 'name of a person, or group:PROVIDER/GROUP' }),
  role: z.enum(roles),
  repos: z.string().meta({ description: 'pattern of names of repositories, private ones too; * for all' }),
  createdBy: z.string().meta({ description: 'who gave it' }),
  createdAt: time,
});
/** A role that was given to a person or to a group. */
export type Grant = z.output<typeof grant>;

/** A key that runners sign with; several runners may share one. */
export const runnerKey = z.object({
  name: z.string(),
  publicKey: z.string().meta({ description: 'Ed25519, base64url of 32 bytes' }),
  repos: z
    .array(z.string())
    .meta({ description: 'patterns of the repositories that its runners serve; empty for all' }),
  own: z.boolean().meta({ description: 'made by runners that share the data directory of the dispatcher' }),
  createdBy: z.string(),
  createdAt: time,
});
export type RunnerKey = z.output<typeof runnerKey>;

/** A person's order that a runner takes no more jobs. */
export const runnerDrain = z.object({
  runner: z.string().meta({ description: 'name of the runner' }),
  reason: z.string().nullable(),
  by: z.string().meta({ description: 'name of the token; owner for the main one' }),
  since: time,
});
export type RunnerDrain = z.output<typeof runnerDrain>;

export const auditEntry = z.object({
  id: z.number().int(),
  at: time,
  actor: z.string().meta({
    description: 'name of the token, owner for the main one, an account at a forge, unknown for a failed sign-in',
  }),
  person: z
    .object({
      id: z.number().int().meta({ description: 'never given to anybody else' }),
      name: z.string().nullable().meta({ description: 'as the person is called now; null for one who was removed' }),
    })
    .nullable()
    .meta({ description: 'who did it, whatever they were called then; null for what is no person' }),
  address: z.string().meta({ description: 'network address of the sender' }),
  action: z.string().meta({ description: 'stable, for example builds.cancel' }),
  target: z.string().meta({ description: 'what was changed, for example the id of a build' }),
  about: z.string().nullable().meta({ description: 'the target as people know it: app#12; null where it is the same' }),
  repo: z.string().nullable().meta({ description: 'the repository that it belongs to; null for none, or several' }),
  status: z.number().int().meta({ description: 'HTTP status of the answer' }),
  outcome: z.enum(auditOutcomes).meta({
    description: 'done; open: asked for, and not done yet; refused: the person may not; failed: anything else',
  }),
  error: z.string().nullable().meta({ description: 'why what was asked for could not be done, where that came later' }),
});
/** An entry of the audit log: who did what with a token or from a signed-in browser, or tried to sign in. */
export type AuditEntry = z.output<typeof auditEntry>;

const entry = z.object({
  name: z.string(),
  repo: z.string().nullable().meta({ description: 'null for all repositories' }),
  updatedAt: time,
});

export const inEnvironment = z
  .boolean()
  .meta({ description: 'whether jobs without a workflow have it in their environment' });

export const secret = entry.extend({ inEnvironment });
export type Secret = z.output<typeof secret>;

export const variable = entry.extend({ value: z.string() });
export type Variable = z.output<typeof variable>;

export const shownCredential = z.object({
  kind: z.enum(['https', 'ssh']),
  user: z.string().nullable().meta({ description: 'with https' }),
  publicKey: z.string().nullable().meta({ description: 'with ssh: add it to the forge as a deploy key' }),
  hostKeys: z.array(z.string()).meta({ description: "with ssh: fingerprints of the server's known keys" }),
});
export type ShownCredential = z.output<typeof shownCredential>;

export const credential = z.object({ repo: z.string(), ...shownCredential.shape, updatedAt: time });

export const environment = z.object({
  name: z.string(),
  branches: z
    .array(z.string())
    .meta({ description: 'globs of full names of the refs that may deploy to it; empty for all' }),
  approve: z.boolean().meta({ description: 'whether a person must approve each deployment' }),
  waitMinutes: z.number().int().meta({ description: 'how long each deployment waits; 0 for not at all' }),
  updatedAt: time,
});
/** Rules for the jobs that name it in `environment`. */
export type Environment = z.output<typeof environment>;

export const deployment = z.object({
  id: z.number().int(),
  environment: z.string(),
  build: buildId,
  number: z.number().int().meta({ description: 'of the build in its repository' }),
  job: z.object({ id: jobId, name: z.string() }),
  ref: z.string(),
  sha: z.string(),
  status: status.meta({ description: 'of the newest attempt that belongs to it' }),
  url: z.string().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
});
export type Deployment = z.output<typeof deployment>;
