import { VoltError } from '../../kernel/errors.ts';
import { groupNames } from '../../kernel/group-names.ts';
import { isMailAddress } from '../../kernel/mail-address.ts';
import type { ToldIdentity } from '../../record/identities.ts';

/** Bounds of what a provider tells: characters of each text, and how many there are. Subjects: OpenID Connect Core 1.0, 2. */
const most = { subject: 255, text: 100, addresses: 20 };

/** What a provider has told, unchecked. */
export interface Told {
  subject: unknown;
  login: unknown;
  displayName: unknown;
  groups: readonly unknown[];
  /** verified addresses of mail */
  addresses: readonly unknown[];
}

/**
 * What a provider tells about somebody, as it is kept: bounded, and without characters that would mislead on pages and terminals.
 * @throws VoltError `provider_refused` without a subject, and with too many groups
 */
export function identityFrom(of: { provider: string; issuer: string }, told: Told): ToldIdentity {
  const subject = typeof told.subject === 'number' ? String(told.subject) : told.subject;
  // a database keeps none of these characters as they are, and what is cut off would make one person of two
  if (typeof subject !== 'string' || !/^\P{C}+$/u.test(subject) || subject.length > most.subject) {
    throw new VoltError(
      'provider_refused',
      `${of.provider} has not told who you are: its answer has no usable subject`,
      {
        remedy: 'Check the provider: `volt provider check`.',
      },
    );
  }
  const login = plainText(told.login, most.text) ?? 'person';
  const addresses = told.addresses.filter((one): one is string => typeof one === 'string' && isMailAddress(one));
  return {
    ...{ ...of, subject, login, displayName: plainText(told.displayName, most.text) ?? login },
    groups: groupNames(told.groups, (how) => tooMany(of.provider, how)),
    addresses: addresses.slice(0, most.addresses),
  };
}

/** A text of a provider in one line. @returns undefined for no text */
export function plainText(text: unknown, longest: number): string | undefined {
  if (typeof text !== 'string') return undefined;
  const plain = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return plain.slice(0, longest).trim() || undefined;
}

function tooMany(provider: string, how: string): VoltError {
  return new VoltError('provider_refused', `${provider} tells ${how}`, {
    remedy: 'Have the provider tell Volt only the groups that have roles in Volt.',
  });
}
