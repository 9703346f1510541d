import * as z from 'zod';
import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import { credentialSchema } from './credential.ts';

/**
 * What a dispatcher seals to the runner of an attempt on request: the secrets of the job, the credential of its repository, or a token
 * that says which job it is.
 */
export const deliveryKinds = ['secrets', 'credential', 'id-token'] as const;
export type DeliveryKind = (typeof deliveryKinds)[number];

/** The content of the box, by kind. */
export const deliverySchemas = {
  secrets: z.object({
    /** by name */
    values: z.record(z.string(), z.string()),
    /** of the environment of a called workflow's job: they replace what the calls pass on */
    environment: z.record(z.string(), z.string()).optional(),
    /** why the job gets none, for people; null where it gets them */
    withheld: z.string().nullable(),
  }),
  /** null where the repository has none */
  credential: credentialSchema.nullable(),
  /** `withheld`: why the job gets none, for people */
  'id-token': z.union([z.object({ token: z.string() }), z.object({ withheld: z.string() })]),
} as const;
export type Delivered<K extends DeliveryKind> = z.infer<(typeof deliverySchemas)[K]>;

export type GivenSecrets = Delivered<'secrets'>;

/** The text that a runner signs to prove that `publicKey` is its key for boxes. */
export function boxKeyStatement(runner: RunnerId, publicKey: string): string {
  return JSON.stringify([runner, publicKey]);
}

/** What a runner asks for. */
export interface DeliveryRequest<K extends DeliveryKind = DeliveryKind> {
  kind: K;
  /** tells requests of one kind apart, since a job may ask for several ID tokens; absent for what an attempt gets once */
  request?: string | undefined;
  /** of an ID token */
  audience?: string | undefined;
}

/**
 * The context of a box, which must be equal for sealer and receiver. It names what the runner has asked for: a request whose audience
 * somebody has changed on its way has an answer that does not open.
 */
export function boxContext(ref: AttemptRef, runner: RunnerId, { kind, request, audience }: DeliveryRequest): string {
  const asked = [kind, ...(request === undefined ? [] : [request])].join(' ');
  const whom = audience === undefined ? '' : ` for the audience ${JSON.stringify(audience)}`;
  return `${asked} for ${attemptName(ref)} on ${runner}${whom}`;
}

/** Characters of an audience that a job may ask for. */
export const longestAudience = 1000;
