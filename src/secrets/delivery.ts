import { z } from 'zod';
import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import { credentialSchema } from './credential.ts';

/**
 * What a dispatcher seals to the runner of one attempt, when that asks: the secrets of its job, or the credential that
 * its repository is fetched with.
 */
export const deliveryKinds = ['secrets', 'credential'] as const;
export type DeliveryKind = (typeof deliveryKinds)[number];

/** The content of the box, by kind. */
export const deliverySchemas = {
  secrets: z.object({
    /** by name */
    values: z.record(z.string(), z.string()),
    /** why none are given, for people; null where nothing stands against it */
    withheld: z.string().nullable(),
  }),
  /** null where the repository has none any more */
  credential: credentialSchema.nullable(),
} as const;
export type Delivered<K extends DeliveryKind> = z.infer<(typeof deliverySchemas)[K]>;

export type GivenSecrets = Delivered<'secrets'>;

/** What a runner signs to say that boxes for it are to be sealed to that key. */
export function boxKeyStatement(runner: RunnerId, publicKey: string): string {
  return JSON.stringify([runner, publicKey]);
}

/** What a box is for; sealer and receiver must mean the same. */
export function boxContext(ref: AttemptRef, runner: RunnerId, kind: DeliveryKind): string {
  return `${kind} for ${attemptName(ref)} on ${runner}`;
}
