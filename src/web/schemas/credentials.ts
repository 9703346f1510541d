import * as z from 'zod';
import { time } from '../../kernel/model/shapes.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

export const credential = name(
  'Credential',
  z.object({
    repo: z.string(),
    kind: z.enum(['https', 'ssh']),
    user: z.string().nullable().meta({ description: 'with https' }),
    publicKey: z.string().nullable().meta({ description: 'with ssh: add it to the forge as a deploy key' }),
    hostKeys: z.array(z.string()).meta({ description: "with ssh: fingerprints of the server's known keys" }),
    updatedAt: time,
  }),
);

export const credentialList = name('CredentialList', z.object({ credentials: z.array(credential), next }));

export const httpsCredentialRequest = name(
  'HttpsCredentialRequest',
  z.object({
    user: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^\p{Cc}]*$/u, 'contains a control character')
      .default('git')
      .meta({ description: 'forges accept any user name with a token' }),
    password: z
      .string()
      .min(1)
      .max(10_000)
      .regex(/^[^\p{Cc}]*$/u, 'contains a control character')
      .meta({ description: 'or a token' }),
  }),
);

export const sshCredentialRequest = name(
  'SshCredentialRequest',
  z.object({
    privateKey: z
      .string()
      .min(1)
      .max(48 * 1024)
      .optional()
      .meta({ description: 'without a passphrase; by default Volt makes a new pair' }),
    knownHosts: z
      .string()
      .min(1)
      .max(48 * 1024)
      .optional()
      .meta({ description: 'lines as in known_hosts; by default the keys that the server shows now' }),
  }),
);
