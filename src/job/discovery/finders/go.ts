import { shellWord } from '../../../system/shell-word.ts';
import { type Finder, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/** A Go module, or all modules of a workspace. */
export const go: Finder = (tree) => {
  if (tree.has('go.work')) return ofWorkspace(tree);
  const because = 'go.mod';
  if (!tree.has(because)) return undefined;
  const inside = nestedModules(tree);
  const isEmpty = inside.length > 0 && !hasPackages(tree);
  const folders = isEmpty ? inside : ['', ...inside];
  const why = isEmpty
    ? `it has no package of its own, so go tests the modules ${inside.join(', ')}`
    : `go tests all packages${inside.length > 0 ? `, also those of the modules ${inside.join(', ')}` : ''}`;
  const tests = folders.map((folder) =>
    folder === '' ? 'go test -v ./...' : `(cd ${shellWord(folder)} && go test -v ./...)`,
  );
  return {
    kind: 'go',
    because,
    why,
    runner: 'go test',
    steps: [...download(tree, because), step('test', tests.join(' && '), ['go'])],
  };
};

function ofWorkspace(tree: Tree): ReturnType<Finder> {
  const because = 'go.work';
  const modules = usedIn(tree.text(because)).filter((folder) =>
    tree.has(folder === '.' ? 'go.mod' : `${folder}/go.mod`),
  );
  if (modules.length === 0) return { because, why: 'go.work uses no module of this repository' };
  const patterns = modules.map((folder) => shellWord(folder === '.' ? './...' : `./${folder}/...`));
  return {
    kind: 'go',
    because,
    why: `it uses the modules ${modules.join(', ')}`,
    runner: 'go test',
    steps: [...download(tree, because), step('test', `go test -v ${patterns.join(' ')}`)],
  };
}

/** Modules in folders that have tests; `./...` leaves them out. */
function nestedModules(tree: Tree): string[] {
  const tested = new Set(tree.own('_test.go').flatMap(foldersAbove));
  return foldersOfModules(tree).filter((folder) => tested.has(folder));
}

/** Whether some code is in no module of a folder: without any, `go test ./...` fails. */
function hasPackages(tree: Tree): boolean {
  const modules = new Set(foldersOfModules(tree));
  return tree.own('.go').some((path) => !foldersAbove(path).some((folder) => modules.has(folder)));
}

function foldersOfModules(tree: Tree): string[] {
  return tree.own('/go.mod').map((path) => path.slice(0, -'/go.mod'.length));
}

/** The folders that a file is in, from the innermost, without the root. */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.push(path.slice(0, at));
  return folders;
}

/** Fetches what the modules require, unless the repository holds it. */
function download(tree: Tree, file: string) {
  const requires = file === 'go.work' || /^require\b/m.test(tree.text(file));
  return requires && !tree.hasFolder('vendor') ? [step('install', 'go mod download')] : [];
}

/** The folders after `use`, alone or in a block. */
function usedIn(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/\/\/.*$/, '').trim());
  const used: string[] = [];
  let inBlock = false;
  for (const line of lines) {
    const [first = '', second = ''] = line.split(/\s+/);
    if (inBlock && first === ')') inBlock = false;
    else if (inBlock) used.push(first);
    else if (first === 'use' && second === '(') inBlock = true;
    else if (first === 'use') used.push(second);
  }
  return used
    .map((path) =>
      path
        .replace(/^"(.*)"$/, '$1')
        .replace(/^\.\/(?=.)/, '')
        .replace(/\/$/, ''),
    )
    .filter((path) => path !== '');
}
