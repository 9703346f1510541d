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
const inText = new RegExp(`(${repository})/(${file})@([^\\s'"#,}\\]]+)`, 'g');
const localInText = new RegExp(`[.$]/(${file})`, 'g');
const local = new RegExp(`^[.$]/(${file})$`);

/** @returns undefined for what names no workflow of another repository */
export function parseCalled(uses: string): CalledFile | undefined {
  const [, repository, path, ref] = whole.exec(uses) ?? [];
  return repository === undefined || path === undefined || ref === undefined ? undefined : { repository, path, ref };
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
 * What the text of a workflow may call in other repositories. It is not parsed: one too many does no harm.
 * @param from where the text is from, if it is another repository: its own files are in there, too
 */
export function calledIn(text: string, from?: Pick<CalledFile, 'repository' | 'ref'>): CalledFile[] {
  const remote = [...text.matchAll(inText)].map(([, repository = '', path = '', ref = '']) => ({
    repository,
    path,
    ref,
  }));
  if (!from) return remote;
  const own = [...text.matchAll(localInText)].map(([, path = '']) => ({ ...from, path }));
  return [...remote, ...own];
}
