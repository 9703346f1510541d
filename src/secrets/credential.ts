import { z } from 'zod';

/** How a repository that is not open to everybody is fetched. */
export const credentialSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('https'), user: z.string().min(1), password: z.string() }),
  z.object({
    kind: z.literal('ssh'),
    /** in OpenSSH's or PEM form, without a passphrase */
    privateKey: z.string().min(1),
    /** lines as in known_hosts(5): the only keys that the server may show */
    knownHosts: z.string().min(1),
  }),
]);
export type Credential = z.infer<typeof credentialSchema>;

/** What must not be shown of it: the values themselves, and the form in which HTTP's Basic scheme sends them. */
export function hiddenParts(credential: Credential): string[] {
  if (credential.kind === 'ssh') return credential.privateKey.split('\n').filter((line) => line.length >= 16);
  const { user, password } = credential;
  if (password === '') return [user];
  return [password, encodeURIComponent(password), Buffer.from(`${user}:${password}`).toString('base64')];
}
