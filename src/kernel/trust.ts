/**
 * How far the code of a ref is trusted, and with which other refs of its repository its jobs share writable data: homes, user
 * ids, tools, kept checkouts and caches belong to one repository and one class.
 */
export interface Trust {
  /** the ref has the default class, or a person named it with `volt secret trust` */
  trusted: boolean;
  /**
   * `default`, otherwise the full name of the ref (for a commit without a ref its id), which is alone in its class; for a
   * pull request see `pullRequestTrust`
   */
  class: string;
}

/** The facts of a repository that decide on its refs. */
export interface TrustRules {
  /** name of the branch that HEAD points to; null where unknown */
  defaultBranch: string | null;
  /** matches the refs that a person has named; null without such refs, when the defaults count */
  named: ((ref: string) => boolean) | null;
}

/** The class of the default branch and of tags. */
export const defaultClass = 'default';

/** The trust of a person's own work tree, for `volt exec`. */
export const ownTrust: Trust = { trusted: true, class: defaultClass };

/** The trust of a ref without rules. */
export function unknownTrust(ref: string): Trust {
  return { trusted: false, class: classOf(ref) };
}

/**
 * The trust of a pull request: none, whatever refs a person has named, since anybody can make one. A build of the same ref
 * that a person has asked for is in another class; a space is in no name of a ref.
 */
export function pullRequestTrust(ref: string): Trust {
  return { trusted: false, class: `pull request ${ref}` };
}

/** Whether builds of a ref may have secrets: the default branch and tags, unless a person has named other refs. */
export function mayHaveSecrets(ref: string, { defaultBranch, named }: TrustRules): boolean {
  return named ? named(ref) : isDefaultBranch(ref, defaultBranch) || isTag(ref);
}

/**
 * A tag has the default class only if it and the default branch both may have secrets, or neither: a class never contains refs with
 * secrets together with refs without.
 */
export function trustOf(ref: string, rules: TrustRules): Trust {
  const { defaultBranch, named } = rules;
  const branch = `refs/heads/${defaultBranch}`;
  const withDefault = (): boolean =>
    named === null || (defaultBranch !== null && mayHaveSecrets(branch, rules) === mayHaveSecrets(ref, rules));
  if (isDefaultBranch(ref, defaultBranch) || (isTag(ref) && withDefault())) return ownTrust;
  return { trusted: named?.(ref) ?? false, class: classOf(ref) };
}

/** The class of a single ref; full names and commit ids never collide with `default`. */
function classOf(ref: string): string {
  return ref === defaultClass ? `refs/${ref}` : ref;
}

function isDefaultBranch(ref: string, defaultBranch: string | null): boolean {
  return defaultBranch !== null && ref === `refs/heads/${defaultBranch}`;
}

function isTag(ref: string): boolean {
  return ref.startsWith('refs/tags/');
}
