import { isRefName } from '../kernel/ref-name.ts';

/** A ref of a pull request's head. */
interface HeadRef {
  number: number;
  /** of Gerrit, which has a ref for each version of a change; the highest is the head */
  patchSet: number;
}

/** How a kind of forge names the refs of pull requests. */
export interface RefKind {
  /** how all of them begin */
  prefix: string;
  /** undefined for a ref of another kind */
  parse(ref: string): HeadRef | undefined;
  /** how the refs of one pull request begin, and as few others as possible */
  of(number: number): string;
  /**
   * how the refs of the pull requests after one begin, in groups: the first one is of the next numbers, and each other one of as
   * many numbers again. They cover many numbers with few texts, and few older numbers
   */
  after(number: number): string[][];
}

/** A pull request in a list of refs. */
export interface ListedPullRequest {
  number: number;
  ref: string;
  head: string;
}

/** How many numbers beyond the highest known one are asked for. Forges give numbers to issues, too. */
const ahead = 1000;
/** The same of Gerrit, whose refs are in folders by their last digits: each number is asked for by itself. */
const changesAhead = 100;
const changesInGroup = 20;

/** The numbers of pull requests that Volt supports. */
const numeral = /^[1-9]\d{0,8}$/;

/** Refs that differ in a number in their middle. */
function numbered(prefix: string, end: string): RefKind {
  return {
    prefix,
    parse: (ref) => {
      if (ref.length < prefix.length + end.length || !ref.startsWith(prefix) || !ref.endsWith(end)) return undefined;
      const digits = ref.slice(prefix.length, ref.length - end.length);
      return numeral.test(digits) ? { number: Number(digits), patchSet: 0 } : undefined;
    },
    of: (number) => `${prefix}${number}${end}`,
    after: (number) => {
      const groups: string[][] = [[]];
      let isNear = true;
      for (let next = number + 1; next <= number + ahead; ) {
        // `refs/pull/58` covers 5800 to 5899, and with them 58 and 580 to 589
        const size = next % 10 > 0 ? 1 : next % 100 > 0 ? 10 : 100;
        const text = size === 1 ? `${prefix}${next}${end}` : `${prefix}${next / size}`;
        if (isNear) groups[0]?.push(text);
        else groups.push([text]);
        isNear &&= size < 100;
        next += size;
      }
      return groups;
    },
  };
}

const ofChange = (number: number) => `refs/changes/${String(number % 100).padStart(2, '0')}/${number}/`;

/** Gerrit: the last two digits, the number of the change, the patch set. */
const changes: RefKind = {
  prefix: 'refs/changes/',
  parse: (ref) => {
    const [, number = '', patchSet = ''] = /^refs\/changes\/\d\d\/(\d+)\/(\d+)$/.exec(ref) ?? [];
    if (!numeral.test(number) || !numeral.test(patchSet) || !ref.startsWith(ofChange(Number(number)))) return undefined;
    return { number: Number(number), patchSet: Number(patchSet) };
  },
  of: ofChange,
  after: (number) =>
    Array.from({ length: changesAhead / changesInGroup }, (_, group) =>
      Array.from({ length: changesInGroup }, (_, index) => ofChange(number + 1 + group * changesInGroup + index)),
    ),
};

const known: readonly RefKind[] = [
  // GitHub, Gitea, Forgejo, Pagure
  numbered('refs/pull/', '/head'),
  // GitLab
  numbered('refs/merge-requests/', '/head'),
  // Bitbucket Data Center
  numbered('refs/pull-requests/', '/from'),
  changes,
];

/** @param pattern of a repository's own refs; null for those of the known forges */
export function refKinds(pattern: string | null): readonly RefKind[] {
  if (pattern === null) return known;
  const [prefix = '', end = ''] = pattern.split('*');
  return [numbered(prefix, end)];
}

/** Whether a text names refs of pull requests: the full name of one, with one `*` for its number. */
export function isRefPattern(text: string): boolean {
  const parts = text.split('*');
  if (parts.length !== 2 || !isRefName(parts.join('1'))) return false;
  // branches and tags are built as such, and a poll must not list all refs
  return /^refs\/(?!heads\/|tags\/)[^/]+\//.test(parts[0] ?? '');
}

/** The pull requests among refs, each with its newest head. Where two kinds have the same number, the first kind counts. */
export function pullRequestsIn(
  kinds: readonly RefKind[],
  refs: ReadonlyMap<string, string>,
): Map<number, ListedPullRequest> {
  const found = new Map<number, ListedPullRequest & { patchSet: number }>();
  for (const kind of kinds) {
    const own = new Set<number>();
    for (const [ref, head] of refs) {
      const { number, patchSet } = kind.parse(ref) ?? {};
      if (number === undefined || patchSet === undefined) continue;
      const before = found.get(number);
      if (before && !(own.has(number) && before.patchSet < patchSet)) continue;
      own.add(number);
      found.set(number, { number, ref, head, patchSet });
    }
  }
  return found;
}
