import pLimit from 'p-limit';
import type { FetchPolicy } from '../git/access/fetch-policy.ts';
import { isOfOwner } from '../git/access/owner.ts';
import type { GitLimits } from '../git/command/runner.ts';
import { type FileBounds, filesIn } from '../git/commit-files.ts';
import { remoteCommit } from '../git/fetch-tree.ts';
import { Mirror } from '../git/mirror/mirror.ts';
import { asVoltError, VoltError, withRemedy } from '../kernel/errors.ts';
import { shaPattern } from '../kernel/names.ts';
import { pause } from '../system/wait.ts';
import { type CalledFile, type CalledRepository, calledIn, keyOfCalled } from '../workflow/called-file.ts';
import { longestFile, workflowFolders } from '../workflow/files.ts';

/** Limits of what one commit calls in other repositories; GitHub allows 50 workflows in a run. */
const most = { repositories: 20, files: 50 };
/** Repositories of one commit that are fetched at once. */
const atOnce = 4;
/** Milliseconds that one repository may take with all its retries, and before each retry. */
const usualTimes = { patience: 90_000, pauses: [1000, 5000] };
/** Milliseconds that a server may be silent. */
const silence = 20_000;
/** Errors that a retry does not change. */
const lasting = new Set(['address_refused', 'action_unavailable', 'commit_missing', 'bad_ref', 'too_large']);

/** Where called workflows come from, and what may be fetched. */
export interface CalledSource {
  mirrors: string;
  /** URL or folder that `owner/name` is appended to */
  baseUrl: string;
  /** URL of the repository that is built */
  url: string;
  fetchPolicy: FetchPolicy;
  limits: GitLimits;
  times?: typeof usualTimes;
}

/** Files of one repository at one ref. */
interface Wanted {
  repository: string;
  ref: string;
  paths: Set<string>;
}

/**
 * Fetches the workflows of other repositories that files call, and those that these call, and so on. A ref is resolved
 * once; a commit that the mirror has needs no network. Never rejects for what a repository does: `problem` says why a
 * file could not be fetched.
 * @param room bytes of all texts together, as JSON
 */
export async function fetchCalled(
  source: CalledSource,
  texts: readonly string[],
  room: number,
  signal?: AbortSignal,
): Promise<CalledRepository[]> {
  const found = new Map<string, CalledRepository>();
  const seen = new Set<string>();
  const limit = pLimit(atOnce);
  let wanted = texts.flatMap((text) => calledIn(text));
  while (wanted.length > 0) {
    const requests = notFetched(wanted, seen, found);
    const fetched = await Promise.all(
      requests.map((request) =>
        limit(async () => {
          const known = found.get(refKey(request));
          const bounds = { file: longestFile, total: room, files: most.files };
          return { request, got: await fetchOne(source, request, known?.sha ?? request.ref, bounds, signal) };
        }),
      ),
    );
    wanted = [];
    for (const { request, got } of fetched) {
      const known = found.get(refKey(request));
      const files = got.files.map(({ path, text }) => {
        const size = text === null ? 0 : Buffer.byteLength(JSON.stringify(text));
        if (size > room) return { path, text: null };
        room -= size;
        return { path, text };
      });
      found.set(refKey(request), { ...got, files: [...(known?.files ?? []), ...files] });
      wanted.push(...files.flatMap(({ text }) => (text === null ? [] : calledIn(text, request))));
    }
  }
  return [...found.values()];
}

/** The files that have not been fetched, by repository and ref, up to the limits. */
function notFetched(
  files: readonly CalledFile[],
  seen: Set<string>,
  found: ReadonlyMap<string, CalledRepository>,
): Wanted[] {
  const requests = new Map<string, Wanted>();
  for (const file of files) {
    const key = refKey(file);
    const isNew = !found.has(key) && !requests.has(key);
    if (seen.has(keyOfCalled(file)) || seen.size >= most.files) continue;
    if (found.get(key)?.problem !== undefined || (isNew && found.size + requests.size >= most.repositories)) continue;
    seen.add(keyOfCalled(file));
    const request = requests.get(key) ?? { repository: file.repository, ref: file.ref, paths: new Set() };
    request.paths.add(file.path);
    requests.set(key, request);
  }
  return [...requests.values()];
}

function refKey({ repository, ref }: Pick<CalledFile, 'repository' | 'ref'>): string {
  return `${repository.toLowerCase()}@${ref}`;
}

async function fetchOne(
  source: CalledSource,
  { repository, ref, paths }: Wanted,
  wanted: string,
  bounds: FileBounds,
  stop: AbortSignal | undefined,
): Promise<CalledRepository> {
  const inherits = isOfOwner(source.url, source.baseUrl, repository.split('/')[0] ?? '');
  const { patience, pauses } = source.times ?? usualTimes;
  const late = AbortSignal.timeout(patience);
  const signal = stop ? AbortSignal.any([stop, late]) : late;
  for (let attempt = 0; ; attempt++) {
    try {
      return { repository, ref, inherits, ...(await filesOf(source, repository, wanted, paths, bounds, signal)) };
    } catch (error) {
      const wait = pauses[attempt];
      const known = asVoltError(error);
      if (wait !== undefined && !lasting.has(known.code) && !signal.aborted) {
        await pause(wait, signal);
        if (!signal.aborted) continue;
      }
      const givenUp = late.aborted ? ` Volt gave up after ${patience / 1000} s.` : '';
      return {
        repository,
        ref,
        inherits,
        sha: null,
        files: [],
        problem: `${withRemedy(known).slice(0, 5000)}${givenUp}`,
      };
    }
  }
}

/** @param wanted the ref, or its commit where that is known */
async function filesOf(
  { mirrors, baseUrl, fetchPolicy, limits }: CalledSource,
  repository: string,
  wanted: string,
  paths: ReadonlySet<string>,
  bounds: FileBounds,
  signal: AbortSignal,
): Promise<Pick<CalledRepository, 'sha' | 'files'>> {
  const { url, access, untrusted, reader } = await fetchPolicy.to(`${baseUrl.replace(/\/+$/, '')}/${repository}`);
  const options = { access, untrusted, limits, signal, silence };
  const mirror = new Mirror(mirrors, url, { filter: 'blob:none', reader });
  const sha = shaPattern.test(wanted) ? wanted : await remoteCommit(url, wanted, options);
  if (sha === undefined) {
    throw new VoltError('action_unavailable', `${repository} has no branch or tag "${wanted}"`, {
      remedy: 'Correct the ref in the workflow.',
    });
  }
  await mirror.requireCommit(sha, options);
  await mirror.requireFolders(sha, workflowFolders, options);
  const files: CalledRepository['files'] = [];
  for (const folder of workflowFolders) {
    const names = [...paths].flatMap((path) => (path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : []));
    if (names.length === 0) continue;
    files.push(...(await filesIn(mirror.path, sha, [folder], { test: (name) => names.includes(name) }, bounds)));
  }
  return { sha, files };
}
