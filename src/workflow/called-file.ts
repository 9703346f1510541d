/** A file of a workflow of another repository, as a job calls it. */
export interface CalledFile {
  /** `owner/name`, as it is written */
  repository: string;
  /** below the repository's root */
  path: string;
  /** branch, tag or commit id */
  ref: string;
}

/** What has been fetched of a repository that workflows call. */
export interface CalledRepository {
  repository: string;
  ref: string;
  /** the commit that the ref stood for; null where it could not be had */
  sha: string | null;
  /** whether it is of the owner of the repository that is built, so that `secrets: inherit` gives it the secrets */
  inherits: boolean;
  /** those that were asked for and are there; the text is null where it is too large */
  files: { path: string; text: string | null }[];
  /** why it could not be had, a sentence for people */
  problem?: string | undefined;
}

const repository = '[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+';
const file = String.raw`\.(?:github|volt)/workflows/[^/@\s'"]+\.ya?ml`;
const whole = new RegExp(`^(${repository})/(${file})@(\\S+)$`);
/** What comes behind the repository, in a text: neither path nor ref is longer in any that can be fetched. */
const restInText = /\/(\.(?:github|volt)\/workflows\/[^/@\s'"]{1,200}?\.ya?ml)(?:@([^\s'"#,}\]]{1,255}))?/y;
const marks = ['/.github/workflows/', '/.volt/workflows/'];
/** Characters of `owner/name`. */
const longestRepository = 201;
/** Places of one text that are looked at; files of well-known projects have below 30. */
const mostPlaces = 1000;
const local = new RegExp(`^[.$]/(${file})$`);

/** @returns undefined for what names no workflow of another repository */
export function parseCalled(uses: string): CalledFile | undefined {
  const [, repository, path, ref] = whole.exec(uses) ?? [];
  if (repository === undefined || path === undefined || ref === undefined || isFolderAbove(repository))
    return undefined;
  return { repository, path, ref };
}

/** Where actions come from a folder of the machine, these would lead out of it. */
function isFolderAbove(repository: string): boolean {
  return repository.split('/').some((part) => part === '.' || part === '..');
}

/** The path of a workflow of the same repository: `./…`, or `$/…`. */
export function parseLocal(uses: string): string | undefined {
  return local.exec(uses)?.[1];
}

/** What a called file goes by. Names of repositories do not count their case. */
export function keyOfCalled({ repository, path, ref }: CalledFile): string {
  return `${repository.toLowerCase()}/${path}@${ref}`;
}

/**
 * What the text of a workflow may call in other repositories. It is not parsed: one too many does no harm. Takes time in
 * proportion to its length, whatever it holds.
 * @param from where the text is from, if it is another repository: its own files are in there, too
 */
export function calledIn(text: string, from?: Pick<CalledFile, 'repository' | 'ref'>): CalledFile[] {
  const found: CalledFile[] = [];
  for (const mark of marks) {
    let places = 0;
    for (let at = text.indexOf(mark); at >= 0 && places++ < mostPlaces; at = text.indexOf(mark, at + 1)) {
      restInText.lastIndex = at;
      const [, path, ref] = restInText.exec(text) ?? [];
      if (path === undefined) continue;
      const before = text.charAt(at - 1);
      const repository = ref === undefined ? undefined : repositoryBefore(text, at);
      if (repository !== undefined && ref !== undefined) found.push({ repository, path, ref });
      else if (from && (before === '.' || before === '$')) found.push({ ...from, path });
    }
  }
  return found;
}

/** The `owner/name` that ends at a place of a text. */
function repositoryBefore(text: string, end: number): string | undefined {
  const least = Math.max(0, end - longestRepository);
  let start = end;
  let slash = -1;
  for (; start > least; start--) {
    const letter = text.charAt(start - 1);
    if (letter === '/' && slash < 0) slash = start - 1;
    else if (!/[A-Za-z0-9_.-]/.test(letter)) break;
  }
  const found = text.slice(start, end);
  return slash > start && slash < end - 1 && !isFolderAbove(found) ? found : undefined;
}
