import * as z from 'zod';
import * as shapes from '../../kernel/model/access-shapes.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

export const credential = name('Credential', shapes.credential);

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
