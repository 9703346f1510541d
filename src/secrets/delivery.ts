import * as z from 'zod';
import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import { credentialSchema } from './credential.ts';

/**
 * What a dispatcher seals to the runner of an attempt on request: the secrets of the job, or the credential of its repository.
 */
export const deliveryKinds = ['secrets', 'credential'] as const;
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
} as const;
export type Delivered<K extends DeliveryKind> = z.infer<(typeof deliverySchemas)[K]>;

export type GivenSecrets = Delivered<'secrets'>;

/** The text that a runner signs to prove that `publicKey` is its key for boxes. */
export function boxKeyStatement(runner: RunnerId, publicKey: string): string {
  return JSON.stringify([runner, publicKey]);
}

/** The context of a box, which must be equal for sealer and receiver. */
export function boxContext(ref: AttemptRef, runner: RunnerId, kind: DeliveryKind): string {
  return `${kind} for ${attemptName(ref)} on ${runner}`;
}
