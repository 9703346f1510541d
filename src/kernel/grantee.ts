import { VoltError } from './errors.ts';
import { repositoryNamePattern } from './names.ts';

/** Who a role is given to: a person, or everybody in a group of a provider. */
export type Grantee = { person: string } | { group: string };

/** How people name a group: `group:PROVIDER/GROUP`. */
const groupPattern = /^group:([a-z0-9][a-z0-9._-]{0,63}\/\P{Cc}{1,255})$/u;

/** @throws VoltError `bad_name` */
export function parseGrantee(text: string): Grantee {
  const group = groupPattern.exec(text)?.[1];
  if (group !== undefined) return { group };
  if (repositoryNamePattern.test(text)) return { person: text };
  throw new VoltError('bad_name', `"${text}" names neither a person nor a group`, {
    remedy: 'Give the name of a person, as `volt people ls` shows it, or group:PROVIDER/GROUP.',
    field: 'who',
  });
}

export function granteeText(grantee: Grantee): string {
  return 'person' in grantee ? grantee.person : `group:${grantee.group}`;
}
