import type { VoltError } from './errors.ts';

/** Bounds of the groups of a person: how many there are, and characters of each, which are those that a role can be given to. */
const most = { groups: 1000, characters: 255 };

/**
 * The names of the groups that a provider or a proxy tells of a person. A name is taken as it is, or not at all: a changed one could
 * be another. None is left out of too many, since which roles a person has would then go by the order in which they are told.
 * Keycloak begins the path of a group with a slash.
 * @param told unchecked; what is no name of a group does not count
 * @param refused the error for too many groups
 * @throws VoltError that error
 */
export function groupNames(told: readonly unknown[], refused: (how: string) => VoltError): string[] {
  const names = new Set<string>();
  for (const one of told) {
    if (typeof one !== 'string' || !isName(one)) continue;
    const name = one.replace(/^\/+/, '');
    if (name !== '') names.add(name);
  }
  if (names.size > most.groups) throw refused(`${names.size} groups, more than ${most.groups}`);
  return [...names];
}

/** No characters that would mislead on pages and terminals. */
function isName(text: string): boolean {
  return text.length <= most.characters && !/\p{C}|[^\S ]|^ | $| {2}/u.test(text);
}
