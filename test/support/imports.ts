/** Reads who imports whom in a source tree, and finds breaches of the layer rules. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import * as esbuild from 'esbuild';

/** One import: static, dynamic, or of types only. Paths are relative to the root. */
export interface Import {
  from: string;
  /** a path if it is a file of the tree, otherwise the package or `node:` module */
  to: string;
}

export interface Tree {
  files: string[];
  imports: Import[];
  /** each file's code without comments and types */
  code: Map<string, string>;
}

/** From the top rung down. Folders on the same rung never import each other. */
export type Ladder = readonly (string | readonly string[])[];

/** For each package, the only folders that may import it; a `*` at the end matches any rest. */
export type SoleImporters = Readonly<Record<string, readonly string[]>>;

/** What a folder must not import although the ladder allows it. */
export interface Ban {
  from: string;
  to: RegExp;
  why: string;
}

/**
 * Reads `src/` and `workers/` below a root with esbuild. esbuild drops type-only imports, so `import type` is rewritten
 * to `import`, and a search finds `import('…')` in types.
 */
export async function readTree(root: string): Promise<Tree> {
  const files = ['src', 'workers'].flatMap((folder) => list(root, folder)).filter((file) => /\.tsx?$/.test(file));
  const seen = new Set<string>();
  const imports: Import[] = [];
  const add = (from: string, specifier: string): void => {
    const to = specifier.startsWith('.') ? posix(relative(root, resolve(root, from, '..', specifier))) : specifier;
    const key = `${from} ${to}`;
    if (!seen.has(key)) imports.push({ from, to });
    seen.add(key);
  };
  const result = await esbuild.build({
    entryPoints: files,
    absWorkingDir: root,
    outdir: join(root, 'nowhere'),
    outbase: root,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    minifyWhitespace: true,
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, jsx: 'react-jsx', jsxImportSource: 'hono/jsx' } },
    plugins: [
      {
        name: 'imports',
        setup(build) {
          build.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
            if (kind === 'entry-point') return undefined;
            add(posix(relative(root, importer)), path);
            return { path, external: true };
          });
          build.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
            const text = readFileSync(path, 'utf8');
            for (const [, specifier] of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
              if (specifier) add(posix(relative(root, path)), specifier);
            }
            return {
              contents: text.replace(/^(\s*(?:import(?=\s+type\s+[\w{*])|export(?=\s+type\s+[{*]))\s+)type\s+/gm, '$1'),
              loader: path.endsWith('x') ? 'tsx' : 'ts',
            };
          });
        },
      },
    ],
  });
  const code = new Map(
    result.outputFiles.map(({ path, text }) => {
      const stem = posix(relative(join(root, 'nowhere'), path)).replace(/\.js$/, '');
      return [files.find((file) => file.replace(/\.tsx?$/, '') === stem) ?? stem, text];
    }),
  );
  // esbuild reads files in parallel, so their order is random
  imports.sort((a, b) => (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1));
  return { files, imports, code };
}

/**
 * The packages that a program loads when it starts, not only when it needs them.
 * @param entry its main file, relative to the root
 */
export async function packagesAtStart(root: string, entry: string): Promise<string[]> {
  const { metafile } = await esbuild.build({
    entryPoints: [entry],
    absWorkingDir: root,
    outdir: join(root, 'nowhere'),
    bundle: true,
    format: 'esm',
    packages: 'external',
    platform: 'node',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const packages = new Set<string>();
  const seen = new Set<string>();
  const follow = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path, kind, external } of metafile.inputs[file]?.imports ?? []) {
      if (kind === 'dynamic-import') continue;
      if (!external) follow(path);
      else if (!path.startsWith('node:')) packages.add(path);
    }
  };
  follow(entry);
  return [...packages].sort();
}

/** The folder of a file, as the rules name it: `kernel` for src/kernel/…, `workers` for workers/…. */
function layerOf(file: string): string {
  const [top = '', folder = ''] = file.split('/');
  return top === 'src' ? folder : top;
}

/** Imports that go up or sideways, and files outside all folders of the ladder. */
export function breachesOfLadder(tree: Tree, ladder: Ladder): string[] {
  const rung = new Map(ladder.flatMap((layers, index) => [layers].flat().map((layer) => [layer, index] as const)));
  const strangers = tree.files
    .filter((file) => !rung.has(layerOf(file)))
    .map((file) => `${file} is in no folder of the layout`);
  const breaches = tree.imports.flatMap(({ from, to }) => {
    const here = rung.get(layerOf(from));
    const there = tree.files.includes(to) ? rung.get(layerOf(to)) : undefined;
    if (here === undefined || there === undefined || layerOf(from) === layerOf(to) || there > here) return [];
    const way = there === here ? 'sideways' : 'up';
    return [`${from} imports ${to}: ${layerOf(from)} → ${layerOf(to)} goes ${way}, imports go down only`];
  });
  return [...strangers, ...breaches];
}

/** Imports of packages by folders that may not import them. */
export function breachesOfSoleImporters(tree: Tree, rules: SoleImporters): string[] {
  return tree.imports.flatMap(({ from, to }) =>
    Object.entries(rules).flatMap(([name, layers]) => {
      const matches = name.endsWith('*') ? to.startsWith(name.slice(0, -1)) : to === name || to.startsWith(`${name}/`);
      if (!matches || layers.includes(layerOf(from))) return [];
      return [`${from} imports ${to}: only ${layers.join(' and ')} may import ${name}`];
    }),
  );
}

/** Imports that a ban forbids. */
export function breachesOfBans(tree: Tree, bans: readonly Ban[]): string[] {
  return tree.imports.flatMap((edge) =>
    bans
      .filter(({ from, to }) => layerOf(edge.from) === from && to.test(edge.to))
      .map(({ why }) => `${edge.from} imports ${edge.to}: ${why}`),
  );
}

/**
 * Circles of imports inside one folder, at every depth. A file and a subfolder count as one entry each; the entries of
 * a folder import each other in one direction. A cycle of files is a circle, too.
 * @returns one line for each folder, with the imports of its circle, as `src/job: a.ts → b, b → a.ts (…)`
 */
export function circles(tree: Tree): string[] {
  const known = new Set(tree.files);
  const levels = new Map<string, Import[]>();
  for (const { from, to } of tree.imports) {
    if (!known.has(to) || from === to) continue;
    const [a, b] = [from.split('/'), to.split('/')];
    const depth = a.findIndex((name, index) => name !== b[index]);
    const folder = a.slice(0, depth).join('/');
    levels.set(folder, [...(levels.get(folder) ?? []), { from, to }]);
  }
  return [...levels].sort().flatMap(([folder, imports]) => {
    const entryOf = (path: string) => path.slice(folder === '' ? 0 : folder.length + 1).split('/')[0] ?? '';
    const circle = circleOf(imports.map(({ from, to }) => [entryOf(from), entryOf(to)] as const));
    if (circle.length === 0) return [];
    const next = new Map(circle.map((entry, index) => [entry, circle[(index + 1) % circle.length]]));
    const closing = imports.filter(({ from, to }) => next.get(entryOf(from)) === entryOf(to));
    const ring = [...circle, circle[0]].join(' → ');
    return [`${folder}: ${ring} (${closing.map(({ from, to }) => `${from} imports ${to}`).join(', ')})`];
  });
}

/** The first circle of a graph, without repeating its first entry; empty if there is none. */
function circleOf(edges: readonly (readonly [string, string])[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) next.set(from, (next.get(from) ?? new Set()).add(to));
  const done = new Set<string>();
  const visit = (entry: string, path: readonly string[]): string[] => {
    if (path.includes(entry)) return path.slice(path.indexOf(entry));
    if (done.has(entry)) return [];
    for (const to of next.get(entry) ?? []) {
      const circle = visit(to, [...path, entry]);
      if (circle.length > 0) return circle;
    }
    done.add(entry);
    return [];
  };
  for (const entry of next.keys()) {
    const circle = visit(entry, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

/** Files that read the environment, except the one that may. */
export function readersOfEnvironment(tree: Tree, allowed: string): string[] {
  const pattern =
    /\bprocess\??\.\??(env\b|\["?env)|\bprocess\["env"\]|\{[^}]*\benv\b[^}]*\}=process\b|\{[^}]*\benv\b[^}]*\}from"(node:)?process"/;
  return [...tree.code]
    .filter(([file, text]) => file !== allowed && pattern.test(text))
    .map(([file]) => `${file} reads process.env: only ${allowed} may`);
}

function list(root: string, folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => posix(relative(root, join(entry.parentPath, entry.name))))
      .sort();
  } catch {
    return [];
  }
}

function posix(path: string): string {
  return path.split(sep).join('/');
}
