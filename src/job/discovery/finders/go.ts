import { shellWord } from '../../../system/shell-word.ts';
import { type Finder, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/** A Go module, or all modules of a workspace. */
export const go: Finder = (tree) => {
  if (tree.has('go.work')) return ofWorkspace(tree);
  const because = 'go.mod';
  if (!tree.has(because)) return undefined;
  const inside = nestedModules(tree);
  const why =
    inside.length === 0
      ? 'go tests all packages'
      : `go tests all packages, also those of the modules ${inside.join(', ')}`;
  const nested = inside.map((folder) => `(cd ${shellWord(folder)} && go test -v ./...)`);
  return {
    kind: 'go',
    because,
    why,
    runner: 'go test',
    steps: [...download(tree, because), step('test', ['go test -v ./...', ...nested].join(' && '))],
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
  const tested = new Set<string>();
  for (const path of tree.own('_test.go'))
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) tested.add(path.slice(0, at));
  return tree
    .own('/go.mod')
    .map((path) => path.slice(0, -'/go.mod'.length))
    .filter((folder) => tested.has(folder));
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
