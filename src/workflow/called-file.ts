/** A workflow file of another repository that a job calls. */
export interface CalledFile {
  /** `owner/name`, as in the file */
  repository: string;
  /** below the repository's root */
  path: string;
  /** branch, tag or commit id */
  ref: string;
}

/** The fetched files of a repository that workflows call. */
export interface CalledRepository {
  repository: string;
  ref: string;
  /** the commit of the ref; null if fetching failed */
  sha: string | null;
  /** whether its owner is that of the repository that is built, so that `secrets: inherit` passes secrets on */
  inherits: boolean;
  /** the requested files that exist; the text is null if it is too large */
  files: { path: string; text: string | null }[];
  /** why fetching failed, for people */
  problem?: string | undefined;
}

const repository = '[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+';
const file = String.raw`\.(?:github|volt)/workflows/[^/@\s'"]+\.ya?ml`;
const whole = new RegExp(`^(${repository})/(${file})@(\\S+)$`);
/** Path and ref after the repository's name in a text; longer ones cannot be fetched. */
const restInText = /\/(\.(?:github|volt)\/workflows\/[^/@\s'"]{1,200}?\.ya?ml)(?:@([^\s'"#,}\]]{1,255}))?/y;
const marks = ['/.github/workflows/', '/.volt/workflows/'];
/** The most characters of `owner/name`. */
const longestRepository = 201;
/** The most matches in one text that are examined; files of well-known projects have fewer than 30. */
const mostMatches = 1000;
const local = new RegExp(`^[.$]/(${file})$`);

/** @returns undefined if the text does not name a workflow of another repository */
export function parseCalled(uses: string): CalledFile | undefined {
  const [, repository, path, ref] = whole.exec(uses) ?? [];
  if (repository === undefined || path === undefined || ref === undefined || isFolderAbove(repository))
    return undefined;
  return { repository, path, ref };
}

/** Whether a name contains `.` or `..`, which would lead out of a folder that actions come from. */
function isFolderAbove(repository: string): boolean {
  return repository.split('/').some((part) => part === '.' || part === '..');
}

/** The path of a workflow of the same repository: `./…`, or `$/…`. */
export function parseLocal(uses: string): string | undefined {
  return local.exec(uses)?.[1];
}

/** The key of a called file. Names of repositories are case-insensitive. */
export function keyOfCalled({ repository, path, ref }: CalledFile): string {
  return `${repository.toLowerCase()}/${path}@${ref}`;
}

/**
 * The files of other repositories that the text of a workflow may call. The text is not parsed, since a false match does
 * no harm. Takes linear time for any text.
 * @param from repository of the text, if it is not the one that is built; then its own files are included
 */
export function calledIn(text: string, from?: Pick<CalledFile, 'repository' | 'ref'>): CalledFile[] {
  const found: CalledFile[] = [];
  for (const mark of marks) {
    let count = 0;
    for (let at = text.indexOf(mark); at >= 0 && count++ < mostMatches; at = text.indexOf(mark, at + 1)) {
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

/** The `owner/name` that ends at a position of a text. */
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
