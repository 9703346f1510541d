import pLimit from 'p-limit';
import type { GitLimits } from '../git/command.ts';
import { type FileBounds, filesIn } from '../git/files.ts';
import { Mirror } from '../git/mirror.ts';
import { isOfOwner } from '../git/owner.ts';
import type { Reach } from '../git/reach.ts';
import { remoteCommit } from '../git/tree.ts';
import { asVoltError, VoltError, withRemedy } from '../kernel/errors.ts';
import { shaPattern } from '../kernel/names.ts';
import { pause } from '../system/wait.ts';
import { type CalledFile, type CalledRepository, calledIn, keyOfCalled } from '../workflow/called-file.ts';
import { longestFile, workflowFolders } from '../workflow/files.ts';

/** What one commit may call in other repositories; GitHub allows 50 workflows in a run. */
const most = { repositories: 20, files: 50 };
/** Repositories of one commit that are fetched from at once. */
const atOnce = 4;
/** Milliseconds that one repository may take, with all that is tried again; and before each further try. */
const usualTimes = { patience: 90_000, pauses: [1000, 5000] };
/** Milliseconds that a server may be silent. */
const silence = 20_000;
/** What will not be otherwise the next time. */
const lasting = new Set(['address_refused', 'action_unavailable', 'commit_missing', 'bad_ref', 'too_large']);

/** Where called workflows come from, and what may be fetched. */
export interface CalledPlace {
  mirrors: string;
  /** what `owner/name` is appended to */
  baseUrl: string;
  /** of the repository that is built */
  url: string;
  reach: Reach;
  limits: GitLimits;
  times?: typeof usualTimes;
}

/** What is asked for of one repository at one ref. */
interface Wish {
  repository: string;
  ref: string;
  paths: Set<string>;
}

/**
 * Fetches the workflows of other repositories that files call, and those that these call, and so on. A ref is looked up
 * once; what is here already by its commit id needs no network. Never rejects for what a repository does: what could not
 * be had says why.
 * @param room bytes of all texts together, as JSON
 */
export async function fetchCalled(
  place: CalledPlace,
  texts: readonly string[],
  room: number,
  signal?: AbortSignal,
): Promise<CalledRepository[]> {
  const found = new Map<string, CalledRepository>();
  const seen = new Set<string>();
  const turn = pLimit(atOnce);
  let wanted = texts.flatMap((text) => calledIn(text));
  while (wanted.length > 0) {
    const wishes = wishesOf(wanted, seen, found);
    const fetched = await Promise.all(
      wishes.map((wish) =>
        turn(async () => {
          const known = found.get(refKey(wish));
          const bounds = { file: longestFile, total: room, files: most.files };
          return { wish, got: await fetchOne(place, wish, known?.sha ?? wish.ref, bounds, signal) };
        }),
      ),
    );
    wanted = [];
    for (const { wish, got } of fetched) {
      const known = found.get(refKey(wish));
      const files = got.files.map(({ path, text }) => {
        const size = text === null ? 0 : Buffer.byteLength(JSON.stringify(text));
        if (size > room) return { path, text: null };
        room -= size;
        return { path, text };
      });
      found.set(refKey(wish), { ...got, files: [...(known?.files ?? []), ...files] });
      wanted.push(...files.flatMap(({ text }) => (text === null ? [] : calledIn(text, wish))));
    }
  }
  return [...found.values()];
}

/** What is new of what is asked for, by repository and ref, no more than may be. */
function wishesOf(
  files: readonly CalledFile[],
  seen: Set<string>,
  found: ReadonlyMap<string, CalledRepository>,
): Wish[] {
  const wishes = new Map<string, Wish>();
  for (const file of files) {
    const key = refKey(file);
    const isNew = !found.has(key) && !wishes.has(key);
    if (seen.has(keyOfCalled(file)) || seen.size >= most.files) continue;
    if (found.get(key)?.problem !== undefined || (isNew && found.size + wishes.size >= most.repositories)) continue;
    seen.add(keyOfCalled(file));
    const wish = wishes.get(key) ?? { repository: file.repository, ref: file.ref, paths: new Set() };
    wish.paths.add(file.path);
    wishes.set(key, wish);
  }
  return [...wishes.values()];
}

function refKey({ repository, ref }: Pick<CalledFile, 'repository' | 'ref'>): string {
  return `${repository.toLowerCase()}@${ref}`;
}

async function fetchOne(
  place: CalledPlace,
  { repository, ref, paths }: Wish,
  wanted: string,
  bounds: FileBounds,
  stop: AbortSignal | undefined,
): Promise<CalledRepository> {
  const inherits = isOfOwner(place.url, place.baseUrl, repository.split('/')[0] ?? '');
  const { patience, pauses } = place.times ?? usualTimes;
  const limit = AbortSignal.timeout(patience);
  const signal = stop ? AbortSignal.any([stop, limit]) : limit;
  for (let attempt = 0; ; attempt++) {
    try {
      return { repository, ref, inherits, ...(await filesOf(place, repository, wanted, paths, bounds, signal)) };
    } catch (error) {
      const wait = pauses[attempt];
      const known = asVoltError(error);
      if (wait !== undefined && !lasting.has(known.code) && !signal.aborted) {
        await pause(wait, signal);
        if (!signal.aborted) continue;
      }
      const late = limit.aborted ? ` It was given up after ${patience / 1000} s.` : '';
      return { repository, ref, inherits, sha: null, files: [], problem: `${withRemedy(known).slice(0, 5000)}${late}` };
    }
  }
}

/** @param wanted the ref, or the commit that it stands for */
async function filesOf(
  { mirrors, baseUrl, reach, limits }: CalledPlace,
  repository: string,
  wanted: string,
  paths: ReadonlySet<string>,
  bounds: FileBounds,
  signal: AbortSignal,
): Promise<Pick<CalledRepository, 'sha' | 'files'>> {
  const { url, access, stranger, reader } = await reach.to(`${baseUrl.replace(/\/+$/, '')}/${repository}`);
  const options = { access, stranger, limits, signal, silence };
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
