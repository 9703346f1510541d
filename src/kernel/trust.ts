/**
 * How far the code of one ref is trusted, and with which other refs of its repository its jobs may share what they write:
 * homes, user ids, tools, kept checkouts and caches belong to one repository and one class.
 */
export interface Trust {
  /** a person stands behind it: it is of the default class, or its ref was named by `volt secret trust` */
  trusted: boolean;
  /** `default`, else the full name of the ref (of a bare commit its id), which is then alone in its class */
  class: string;
}

/** What is known about a repository that decides about its refs. */
export interface TrustRules {
  /** name of the branch that HEAD points to; null where none is known */
  defaultBranch: string | null;
  /** matches the refs that a person has named; null where nobody has, and the usual ones count */
  named: ((ref: string) => boolean) | null;
}

/** The class of the default branch and of tags. */
export const defaultClass = 'default';

/** A person's own work tree, tested by their own command. */
export const ownTrust: Trust = { trusted: true, class: defaultClass };

/** Of what nobody has said anything about. */
export function unknownTrust(ref: string): Trust {
  return { trusted: false, class: classOf(ref) };
}

/** Whether builds of a ref may have secrets: those of the default branch and of tags, unless a person has named others. */
export function mayHaveSecrets(ref: string, { defaultBranch, named }: TrustRules): boolean {
  return named ? named(ref) : isDefaultBranch(ref, defaultBranch) || isTag(ref);
}

/**
 * A tag is of the default class only where it may have secrets if and only if the default branch may: a class never
 * holds refs with secrets together with refs without.
 */
export function trustOf(ref: string, rules: TrustRules): Trust {
  const { defaultBranch, named } = rules;
  const branch = `refs/heads/${defaultBranch}`;
  const withDefault = (): boolean =>
    named === null || (defaultBranch !== null && mayHaveSecrets(branch, rules) === mayHaveSecrets(ref, rules));
  if (isDefaultBranch(ref, defaultBranch) || (isTag(ref) && withDefault())) return ownTrust;
  return { trusted: named?.(ref) ?? false, class: classOf(ref) };
}

/** That of a ref which is alone; full names and commit ids are never the name of the other. */
function classOf(ref: string): string {
  return ref === defaultClass ? `refs/${ref}` : ref;
}

function isDefaultBranch(ref: string, defaultBranch: string | null): boolean {
  return defaultBranch !== null && ref === `refs/heads/${defaultBranch}`;
}

function isTag(ref: string): boolean {
  return ref.startsWith('refs/tags/');
}
