import * as z from 'zod';

/** The credential for a repository that is not public. */
export const credentialSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('https'), user: z.string().min(1), password: z.string() }),
  z.object({
    kind: z.literal('ssh'),
    /** in OpenSSH's or PEM form, without a passphrase */
    privateKey: z.string().min(1),
    /** lines as in known_hosts(5): the only accepted keys of the server */
    knownHosts: z.string().min(1),
  }),
]);
export type Credential = z.infer<typeof credentialSchema>;

/** Texts of a credential that must be hidden: its values, also URL-encoded and as HTTP Basic sends them. */
export function hiddenParts(credential: Credential): string[] {
  if (credential.kind === 'ssh') return credential.privateKey.split('\n').filter((line) => line.length >= 16);
  const { user, password } = credential;
  if (password === '') return [user];
  return [password, encodeURIComponent(password), Buffer.from(`${user}:${password}`).toString('base64')];
}
