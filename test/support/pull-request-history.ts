import { execFileSync } from 'node:child_process';
import { Random } from './random.ts';
import type { TestRepository } from './repository.ts';

interface File {
  mode: string;
  text: string;
}
type Files = ReadonlyMap<string, File>;
type Kind = keyof typeof changes;

export interface MadePullRequest {
  base: string;
  head: string;
  /** what was done on either side */
  kinds: ReadonlySet<Kind | 'criss-cross'>;
}

const words = ['river', 'stone', 'lamp', 'cloud', 'field', 'bridge', 'garden', 'window', 'letter', 'market'];
const line = (random: Random) => Array.from({ length: 4 }, () => words[random.between(0, 9)]).join(' ');

/**
 * Makes pull requests with everything that git merges in a way of its own. The same seed makes the same history.
 * @returns each with the base that it is to be merged into now
 */
export function makePullRequests(repository: TestRepository, count: number, seed: number): MadePullRequest[] {
  const random = new Random(seed);
  const stream: string[] = [];
  const commit = (files: Files, parents: readonly number[]): number => {
    const mark = stream.length + 1;
    const time = 1_700_000_000 + mark * 60;
    const [from, merge] = parents;
    stream.push(
      [
        `commit refs/made/${mark}\nmark :${mark}\ncommitter Ada <ada@example.com> ${time} +0000\ndata 1\nx`,
        ...(from === undefined ? [] : [`from :${from}`]),
        ...(merge === undefined ? [] : [`merge :${merge}`]),
        'deleteall',
        ...[...files].map(
          ([path, { mode, text }]) => `M ${mode} inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}`,
        ),
        '',
      ].join('\n'),
    );
    return mark;
  };
  const made: { base: number; head: number; kinds: Set<Kind | 'criss-cross'> }[] = [];
  for (let index = 0; index < count; index++) {
    const kinds = new Set<Kind | 'criss-cross'>();
    const change = (files: Files) => changed(files, random, kinds);
    const first = firstFiles(random);
    const root = commit(first, []);
    let ours = change(first);
    let theirs = change(first);
    let base = commit(ours, [root]);
    let head = commit(theirs, [root]);
    if (index % 5 === 0) {
      // each side merges the other, and solves it in a way of its own
      const before = [base, head] as const;
      kinds.add('criss-cross');
      ours = change(new Map([...theirs, ...ours]));
      theirs = change(new Map([...ours, ...theirs]));
      base = commit(ours, before);
      head = commit(theirs, [before[1], before[0]]);
    }
    for (let more = random.between(0, 2); more > 0; more--) {
      theirs = change(theirs);
      head = commit(theirs, [head]);
    }
    made.push({ base, head, kinds });
  }
  execFileSync('git', ['fast-import', '--quiet'], { cwd: repository.path, input: stream.join('\n') });
  const listed = repository.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/made');
  const ids = new Map(listed.split('\n').map((each) => each.slice('refs/made/'.length).split(' ') as [string, string]));
  const idOf = (mark: number) => ids.get(String(mark)) as string;
  return made.map(({ base, head, kinds }) => ({ base: idOf(base), head: idOf(head), kinds }));
}

function firstFiles(random: Random): Files {
  const files = new Map<string, File>();
  for (const folder of ['', 'lib/', 'lib/inner/', 'docs/'])
    for (let index = 0; index < 5; index++)
      files.set(`${folder}file${index}.txt`, {
        mode: '100644',
        text: `${Array.from({ length: 30 }, () => line(random)).join('\n')}\n`,
      });
  files.set('image.bin', { mode: '100644', text: `\0\u0001${line(random)}\0` });
  files.set('link', { mode: '120000', text: 'lib/file0.txt' });
  return files;
}

/** One to three changes; most files are touched by one side alone, so that most pull requests can be merged. */
function changed(before: Files, random: Random, kinds: Set<Kind | 'criss-cross'>): Files {
  const files = new Map(before);
  const names = Object.keys(changes) as Kind[];
  for (let left = random.between(1, 3); left > 0; left--) {
    const kind = names[random.between(0, names.length - 1)] as Kind;
    if (changes[kind](files, random)) kinds.add(kind);
  }
  return files;
}

const changes = {
  edit: (files: Map<string, File>, random: Random) => replaceLine(files, anyText(files, random), random),
  rename: (files: Map<string, File>, random: Random) => {
    const path = anyText(files, random);
    return move(files, path, `${path.replace(/\.txt$/, '')}-moved.txt`);
  },
  'rename and edit': (files: Map<string, File>, random: Random) => {
    const path = anyText(files, random);
    replaceLine(files, path, random);
    return move(files, path, `other/${path}`);
  },
  'rename a folder': (files: Map<string, File>, random: Random) => {
    const folder = random.between(0, 1) === 0 ? 'docs/' : 'lib/inner/';
    const inside = [...files.keys()].filter((path) => path.startsWith(folder));
    for (const path of inside) move(files, path, `new-${path}`);
    return inside.length > 0;
  },
  add: (files: Map<string, File>, random: Random) => {
    const folder = ['', 'lib/', 'lib/inner/', 'docs/'][random.between(0, 3)];
    files.set(`${folder}added${random.between(0, 9)}.txt`, { mode: '100644', text: `${line(random)}\n` });
    return true;
  },
  delete: (files: Map<string, File>, random: Random) => files.delete(anyText(files, random) ?? ''),
  mode: (files: Map<string, File>, random: Random) => {
    const path = anyText(files, random);
    const file = files.get(path);
    if (file) files.set(path, { ...file, mode: '100755' });
    return file !== undefined;
  },
  binary: (files: Map<string, File>, random: Random) => {
    files.set('image.bin', { mode: '100644', text: `\0\u0002${line(random)}\0` });
    return true;
  },
  link: (files: Map<string, File>, random: Random) => {
    files.set('link', { mode: '120000', text: `lib/file${random.between(1, 3)}.txt` });
    return true;
  },
  'file to folder': (files: Map<string, File>, random: Random) => {
    const path = anyText(files, random);
    return move(files, path, `${path}/inner.txt`);
  },
};

function anyText(files: Map<string, File>, random: Random): string {
  const paths = [...files.keys()].filter((path) => path.endsWith('.txt')).sort();
  return paths[random.between(0, paths.length - 1)] as string;
}

function replaceLine(files: Map<string, File>, path: string, random: Random): boolean {
  const file = files.get(path) as File;
  const lines = file.text.split('\n');
  lines[random.between(0, lines.length - 1)] = line(random);
  files.set(path, { ...file, text: lines.join('\n') });
  return true;
}

function move(files: Map<string, File>, from: string, to: string): boolean {
  const file = files.get(from);
  if (!file || [...files.keys()].some((path) => path === to || path.startsWith(`${to}/`))) return false;
  files.delete(from);
  files.set(to, file);
  return true;
}
